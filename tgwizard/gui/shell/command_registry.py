"""What Ctrl+K offers now: the clusters with their state, the actions on the one shown, the pages, the settings."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.cluster_view_model import state_shape
from tgwizard.gui.page import Shell
from tgwizard.gui.shell.context_commands import verb_command
from tgwizard.gui.shell.navigation_rail import ICONS
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.command import Command
from tgwizard.gui.widgets.shortcuts import Shortcut, page_keys
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import PINNED, THEME


def commands_of(window: Shell) -> tuple[Command, ...]:
    """Everything that can be found or run now; what is off says why."""
    current = window.sessions.get(window.current)
    return (
        *(_verb(window, session, verb) for session in _meant(window, current) for verb in Verb),
        *_always(window, current),
        *(_cluster(window, session) for session in window.sessions.values()),
        *(
            Command(f"Go to {place.value}", partial(window.go_to, place), page_keys(number), ICONS[place])
            for number, place in enumerate(NavPage, start=1)
        ),
        *_themes(window),
    )


def _cluster(window: Shell, session: ClusterSession) -> Command:
    name = session.setup.name
    words = f"open {session.setup.address} {' '.join(member.name for member in session.setup.members)}"
    return Command(name, partial(window.visit_cluster, name), words=words, state=partial(_state, session))


def _state(session: ClusterSession) -> tuple[Shape, str]:
    state = session.state
    return (Shape.NOT_KNOWN, "not read yet") if state is None else (state_shape(state.state), state.sentence)


def _meant(window: Shell, current: ClusterSession | None) -> tuple[ClusterSession, ...]:
    """The cluster a failover may be asked for: the one shown, or the only one there is."""
    if current is not None:
        return (current,)
    return tuple(window.sessions.values()) if len(window.sessions) == 1 else ()


def _verb(window: Shell, session: ClusterSession, verb: Verb) -> Command:
    found = verb_command(window, session, verb)
    name = session.setup.name
    return found if name == window.current else replace(found, name=f"{name}: {found.name}")


def _always(window: Shell, current: ClusterSession | None) -> tuple[Command, ...]:
    locked = window.lock.locked
    lock = Command(
        "Unlock: allow changes again…" if locked else "Lock: make every screen read-only",
        window.ask_lock,
        str(Shortcut.LOCK),
        Icon.UNLOCKED if locked else Icon.LOCK,
    )
    read = Command("Read again now", window.read_again, str(Shortcut.READ_AGAIN), Icon.REFRESH)
    if current is None:
        return read, lock
    name = current.setup.name
    pinned = name in window.settings_store.get(PINNED)
    words = f"Take {name} off the rail" if pinned else f"Pin {name} to the rail"
    return read, lock, Command(words, partial(window.pin, name), "", Icon.CLUSTERS)


def _themes(window: Shell) -> tuple[Command, ...]:
    now = window.settings_store.get(THEME)
    names = {ThemeChoice.SYSTEM: "Follow the system's theme", ThemeChoice.LIGHT: "Use the light theme"}
    names[ThemeChoice.DARK] = "Use the dark theme"
    return tuple(
        Command(words, partial(window.settings_store.set, THEME, choice), "", Icon.THEME)
        for choice, words in names.items()
        if choice is not now
    )
