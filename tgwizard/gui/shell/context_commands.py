"""What the context menus of clusters and members offer: the commands of Ctrl+K, and what to copy or open of Azure."""

from __future__ import annotations

import shlex
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tgwizard.engine.setup.portal_help import portal_url
from tgwizard.gui.cluster.action_card import button_text
from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.page import Shell
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.widgets.command import Command, copy_command
from tgwizard.gui.widgets.context_menu import Entries
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.cloud import KNOWN
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.settings import PINNED
from tgwizard.model.text import sanitize

NO_PORTAL_IN_LAB = "A lab has no portal."
PORTAL_NOT_KNOWN = "The portal of this cloud is not known."


def cluster_menu(shell: Shell, name: str) -> Entries:
    """Of a cluster, in the table or in the rail; nothing for one that is gone."""
    session = shell.sessions.get(name)
    if session is None:
        return ()
    setup = session.setup
    pinned = name in shell.settings_store.get(PINNED)
    pin = f"Take {name} off the rail and the top" if pinned else f"Pin {name} to the rail and the top"
    nics = "\n".join(member.nic.text for member in setup.members)
    holder = _holder(session) or setup.members[0]
    return (
        Command(f"Open {name}", partial(shell.visit_cluster, name)),
        *(verb_command(shell, session, verb) for verb in Verb),
        None,
        copy_command("Copy the address", str(setup.address)),
        copy_command("Copy the resource ids of both interfaces", nics),
        copy_command("Copy the command that tells its state", _typed(shell, "status", name)),
        *(_failover_command(shell, session, verb) for verb in Verb),
        None,
        portal_command(setup, holder.nic),
        Command("Read again now", session.read_now, mark=Icon.REFRESH),
        Command(pin, partial(shell.pin, name)),
    )


def address_menu(shell: Shell, name: str) -> Entries:
    """Of the floating IP on the cluster's page."""
    session = shell.sessions.get(name)
    if session is None:
        return ()
    setup = session.setup
    holder = _holder(session)
    nic = (holder or setup.members[0]).nic
    where = (
        portal_command(setup, nic)
        if holder
        else Command(
            "Open its interface in the Azure portal", _nothing, off="Which interface holds the address is not known."
        )
    )
    return (
        copy_command("Copy the address", str(setup.address)),
        copy_command("Copy the subnet's resource id", setup.subnet.text),
        *(_failover_command(shell, session, verb) for verb in Verb),
        None,
        *(verb_command(shell, session, verb) for verb in Verb),
        None,
        where,
    )


def member_menu(shell: Shell, name: str, number: int) -> Entries:
    """Of one member on the cluster's page."""
    session = shell.sessions.get(name)
    if session is None:
        return ()
    setup = session.setup
    member = setup.members[number]
    snapshot = session.snapshot
    nic = snapshot.seen(member).nic.value if snapshot is not None else None
    own = nic.own_address if nic is not None else ""
    return (
        *(_to_member(shell, session, verb, member) for verb in Verb),
        None,
        copy_command("Copy its own address", own, off="" if own else "Its interface has not been read."),
        copy_command("Copy the resource id of the VM", member.vm.text),
        copy_command("Copy the resource id of the interface", member.nic.text),
        copy_command("Copy the command that starts the VM", f"az vm start --ids {shlex.quote(member.vm.text)}"),
        copy_command("Copy the command that restarts the VM", f"az vm restart --ids {shlex.quote(member.vm.text)}"),
        None,
        portal_command(setup, member.vm),
        portal_command(setup, member.nic),
    )


def offer_menus(shell: Shell, page: ClusterPage) -> None:
    """Give the picture of a cluster's page its menus."""
    name = page.session.setup.name
    members = tuple(partial(member_menu, shell, name, number) for number in range(2))
    page.offer_menus(partial(address_menu, shell, name), members)


def verb_command(shell: Shell, session: ClusterSession, verb: Verb) -> Command:
    """Ask for a failover of a cluster; off with the reason."""
    name, target, against = session.setup.name, session.target, session.reason_against(verb)
    text = button_text(verb, "the other member" if target is None else target.name)
    keys = Shortcut.GRACEFUL if verb is Verb.GRACEFUL else Shortcut.FORCED
    icon = Icon.SWAP if verb is Verb.GRACEFUL else Icon.BOLT
    reason = "" if against is None else against.sentence()
    if name == shell.current:
        return Command(text, partial(shell.ask, verb), str(keys), icon, reason)

    def open_and_ask() -> None:
        shell.open_cluster(name)
        shell.ask(verb)

    return Command(text, open_and_ask, "", icon, reason)


def _to_member(shell: Shell, session: ClusterSession, verb: Verb, member: Member) -> Command:
    found = verb_command(shell, session, verb)
    if session.target == member or found.off:
        return found
    holder = _holder(session)
    why = f"{member.name} holds the address." if holder == member else f"{member.name} is not the target now."
    return Command(button_text(verb, member.name), _nothing, mark=found.mark, off=why)


def portal_address(setup: ClusterSetup, resource: ResourceId) -> str:
    """Where a resource is in the portal of the cluster's cloud; empty when that cloud has none, or it is not known."""
    portal = next((cloud.portal for cloud in KNOWN if cloud.name == setup.cloud), "")
    return portal_url(portal, setup.tenant, resource.text)


def portal_command(setup: ClusterSetup, resource: ResourceId) -> Command:
    """Open a resource in the portal of the cluster's cloud."""
    words = f"Open {sanitize(resource.name, 60)} in the Azure portal"
    url = portal_address(setup, resource)
    off = "" if url else NO_PORTAL_IN_LAB if setup.is_lab else PORTAL_NOT_KNOWN

    def show() -> None:
        QDesktopServices.openUrl(QUrl(url))

    return Command(words, show, mark=Icon.EXTERNAL, off=off)


def _failover_command(shell: Shell, session: ClusterSession, verb: Verb) -> Command:
    target = session.target
    to = "" if target is None else target.name
    text = _typed(shell, "failover", session.setup.name, "--to", to, f"--{verb.value}")
    off = "" if to else "Azure has not answered yet."
    return copy_command(f"Copy the command of the {verb.value} failover", text, off=off)


def _typed(shell: Shell, *words: str) -> str:
    """A command as it is typed, with what it needs besides to mean this environment."""
    return f"tgwizard {shlex.join(words)}{shell.context.place_options}"


def _holder(session: ClusterSession) -> Member | None:
    snapshot = session.snapshot
    return None if snapshot is None else snapshot.place.member


def _nothing() -> None:
    """An entry that is off does nothing."""
