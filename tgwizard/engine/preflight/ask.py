"""``ask``: port calls -> ``Facts``. Nothing is judged here and nothing is changed.

The attach side is asked before the detach side. The asking as a whole is bounded: what was not asked when the time is
up is not known, and says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tgwizard.engine.patience import Patience
from tgwizard.engine.ports import Azure, CallFailed, Cause, Certainty, Clock
from tgwizard.engine.preflight.facts import By, Extent, Fact, Facts, IdentityRights, OwnRights, Probe, Probed
from tgwizard.engine.preflight.needs import carried_with, holds_it_there, sides, things
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.fence import FenceWish
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import PermissionSet
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen
from tgwizard.model.snapshot import PlaceKind, Snapshot

IMPOSSIBLE_ETAG = 'W/"00000000-0000-0000-0000-000000000000"'
"""No resource ever has this version, so a write that carries it can never be applied."""

T = TypeVar("T")


@dataclass(slots=True)
class _Asking:
    """Puts questions until the time is up."""

    azure: Azure
    clock: Clock
    budget_s: float
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.clock.monotonic() + self.budget_s

    def fact(self, what: str, question: Callable[[], T]) -> Fact[T]:
        if self.clock.monotonic() > self.until:
            why = f"The checks had taken {self.budget_s:.0f} s already."
            return Fact(problem=Problem("not-asked", f"{what} was not asked.", why, "Check again."))
        try:
            return Fact(Patience(self.clock, self.until).ask(question))
        except CallFailed as failure:
            return Fact(problem=failure.problem)


def ask(azure: Azure, clock: Clock, snapshot: Snapshot, to: Member, verb: Verb, extent: Extent) -> Facts:
    """Ask everything that the run depends on."""
    by, fence, thorough = extent.by, extent.fence, extent.thorough
    setup, asking = snapshot.setup, _Asking(azure, clock, extent.budget_s)
    losing = setup.other(to)
    on_no_nic = snapshot.place.kind is PlaceKind.NO_NIC
    operator = by is By.OPERATOR
    life: Fact[float] = asking.fact("The sign-in", azure.token_life_s) if operator else Fact()
    prefixes: Fact[tuple[str, ...]] = Fact()
    if thorough or not holds_it_there(snapshot):
        prefixes = asking.fact(f"The range of {setup.subnet.name}", lambda: azure.subnet_prefixes(setup.subnet))
    probes = tuple(_probes(azure, snapshot, to)) if operator and extent.probes else ()
    own = tuple(_own(asking, snapshot, to, probes, fence)) if operator else ()
    everywhere: Fact[tuple[PermissionSet, ...]] = Fact()
    if operator and thorough:
        everywhere = asking.fact("Your rights", lambda: azure.permissions_in_subscription(setup.subscription))
    locks: Fact[tuple[LockSeen, ...]] = Fact()
    if thorough or not (operator and extent.probes) or any(probe.outcome is not Probed.ALLOWED for probe in probes):
        touched = _touched(snapshot, to) + ((losing.vm,) if fence.stops else ())
        locks = asking.fact("The locks", lambda: azure.locks_over(touched))
    writers = dict.fromkeys((to,) if verb is Verb.FORCED or on_no_nic else (to, losing))
    return Facts(
        by=by,
        at=snapshot.now,
        fence=fence,
        to_dead_machine=extent.to_dead_machine,
        token_life_s=life,
        prefixes=prefixes,
        availability=(
            asking.fact(f"Whether {setup.address} is free", lambda: azure.check_address(setup.subnet, snapshot.address))
            if on_no_nic
            else Fact()
        ),
        probes=probes,
        own=own,
        in_subscription=everywhere,
        identities=() if operator else tuple(_identity(asking, snapshot, member) for member in writers),
        locks=locks,
    )


def _touched(snapshot: Snapshot, to: Member) -> tuple[ResourceId, ...]:
    """Every resource that the writes name: interfaces, and all they refer to."""
    found: list[ResourceId] = []
    for _, member in sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        found += [member.nic, *(document.references() if document else ())]
    return tuple(dict.fromkeys([*found, *things(carried_with(snapshot, to))]))


def _probes(azure: Azure, snapshot: Snapshot, to: Member) -> list[Probe]:
    found = []
    for _, member in sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        if document is not None:
            found.append(_probe(azure, member.nic, document))
    return found


def _probe(azure: Azure, nic: ResourceId, document: NicDocument) -> Probe:
    if document.provisioning is Provisioning.UPDATING:
        return Probe(nic, Probed.BUSY)
    try:
        azure.write_nic(nic, document, if_match=IMPOSSIBLE_ETAG, request_id=str(uuid.uuid4()))
    except CallFailed as failure:
        if failure.cause is Cause.ETAG_MOVED:
            return Probe(nic, Probed.ALLOWED)
        if failure.certainty is Certainty.REFUSED and failure.cause is Cause.LOCKED:
            return Probe(nic, Probed.LOCKED, failure.problem)
        if failure.certainty is Certainty.REFUSED and failure.cause in (Cause.NOT_ALLOWED, Cause.SIGN_IN):
            return Probe(nic, Probed.REFUSED, failure.problem, failure.refused)
        return Probe(nic, Probed.UNCLEAR, failure.problem)
    return Probe(nic, Probed.APPLIED)


def _own(
    asking: _Asking, snapshot: Snapshot, to: Member, probes: tuple[Probe, ...], fence: FenceWish
) -> list[OwnRights]:
    """One's own rights are proved by the probes; they are read for what a probe does not name or did not settle."""
    asked = [to.nic, snapshot.setup.subnet, *things(carried_with(snapshot, to))]
    settled = {probe.nic for probe in probes if probe.outcome is Probed.ALLOWED}
    for _, member in sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        if document is not None and member.nic not in settled:
            asked += [member.nic, *document.references()]
    if fence.stops:
        asked.append(snapshot.setup.other(to).vm)
    return [
        OwnRights(one, asking.fact(f"Your rights on {one.name}", lambda one=one: asking.azure.permissions_at(one)))  # type: ignore[misc]
        for one in dict.fromkeys(asked)
    ]


def _identity(asking: _Asking, snapshot: Snapshot, member: Member) -> IdentityRights:
    azure, subscription = asking.azure, snapshot.setup.subscription
    principal = asking.fact(f"The identity of {member.vm.name}", lambda: azure.identity_of(member.vm))
    if not principal.value:
        return IdentityRights(member, principal)
    oid = principal.value
    return IdentityRights(
        member,
        principal,
        asking.fact("The role assignments", lambda: azure.roles_of(oid, subscription)),
        asking.fact("The deny assignments", lambda: azure.denials_of(oid, subscription)),
    )
