"""What is asked before a failover, and the answers as frozen values. Nothing is judged here and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from tgwizard.engine.access.read_access import read_identity, read_locks_over, read_own_denials, read_own_rights
from tgwizard.engine.access.required_rights import (
    LOAD_BALANCER,
    PUBLIC_IP,
    Writer,
    WriteSide,
    carried_resources,
    carried_with,
    holds_it_there,
    write_sides,
)
from tgwizard.engine.access.write_probe import AttachProbe, ProbeOutcome, WriteProbe, probe_write
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.files.outdated_writes import OutdatedWrites, OutdatedWriteSighting
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.retry import RetryPolicy
from tgwizard.model.access_facts import NOT_ASKED, NOTHING_READ, AccessFacts, OwnRights, Queried
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, RunIntent
from tgwizard.model.inventory import AddressAnswer, BalancerSeen, PublicIpSeen
from tgwizard.model.nic import NicDocument, NicDocumentError
from tgwizard.model.permission import DenyAssignment
from tgwizard.model.problem import Problem
from tgwizard.model.role import LockSeen
from tgwizard.model.snapshot import LocationKind, Snapshot

T = TypeVar("T")

BUDGET_S = 40.0
"""How long the asking may take in all. A failover at night must not wait for a service that only adds evidence."""


@dataclass(frozen=True, slots=True)
class PreflightScope:
    """What is asked: for whom, and whether for evidence too.

    ``thorough`` asks as well for what a probe has proved already and what stops nothing: a dry run wants it, a run
    that is about to write does not wait for it. Without ``probes`` only reads are sent, and one's own rights are
    worked out from one's roles. ``budget_s``: how long the asking may take in all.
    """

    by: Writer = Writer.OPERATOR
    thorough: bool = True
    probes: bool = True
    budget_s: float = BUDGET_S


EVERYTHING = PreflightScope()
"""The extent of a dry run by the operator."""


@dataclass(frozen=True, slots=True)
class ResourceSeen:
    """A public IP or a load balancer that travels, or that the gaining interface names already. ``gone``: Azure says
    that there is none.
    """

    at: ResourceId
    seen: Queried[PublicIpSeen | BalancerSeen]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class PreflightFacts:
    """All answers. ``at`` is when the asking began (monotonic seconds): the findings are good for two minutes.

    ``outdated`` is what was seen of outdated writes before this asking. In ``access`` the signed-in identity's rights
    on the whole subscription are those that the right to the operation's URL is checked by; its deny assignments are
    asked for when no probe is sent, when one names a right as missing, and when a machine is to be stopped.
    """

    by: Writer
    at: float
    fence: FenceRequest = NO_FENCE
    to_dead_machine: bool = False
    token_life_s: Queried[float] = NOT_ASKED
    prefixes: Queried[tuple[str, ...]] = NOT_ASKED
    availability: Queried[AddressAnswer] = NOT_ASKED
    probes: tuple[WriteProbe, ...] = ()
    outdated: OutdatedWriteSighting | None = None
    things: tuple[ResourceSeen, ...] = ()
    access: AccessFacts = NOTHING_READ

    def probe_of(self, nic: ResourceId) -> WriteProbe | None:
        """The probe of this interface, None when it was not sent."""
        return next((probe for probe in self.probes if probe.nic == nic), None)

    def thing(self, resource: ResourceId) -> ResourceSeen | None:
        """What was read of this public IP or load balancer, None when it was not asked for."""
        return next((thing for thing in self.things if thing.at == resource), None)


@dataclass(slots=True)
class _Asking:
    """Puts questions until the time is up."""

    azure: AzurePorts
    clock: Clock
    budget_s: float
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = self.clock.monotonic() + self.budget_s

    @property
    def retry_policy(self) -> RetryPolicy:
        """What fails for a moment is asked again, while there is time."""
        return RetryPolicy(self.clock, self.until)

    def fact(self, what: str, question: Callable[[], T]) -> Queried[T]:
        if self.clock.monotonic() > self.until:
            why = f"The checks had taken {self.budget_s:.0f} s already."
            return Queried(problem=Problem("not-asked", f"{what} was not asked.", why, "Check again."))
        try:
            return Queried(self.retry_policy.ask(question))
        except AzureCallError as failure:
            return Queried(problem=failure.problem)

    def thing(self, at: ResourceId, read: Callable[[ResourceId], PublicIpSeen | BalancerSeen]) -> ResourceSeen:
        gone = False

        def question() -> PublicIpSeen | BalancerSeen:
            nonlocal gone
            try:
                return read(at)
            except AzureCallError as failure:
                gone = failure.cause is Cause.NOT_FOUND
                raise

        return ResourceSeen(at, self.fact(f"What {at.name} is", question), gone)


def ask_preflight(
    azure: AzurePorts,
    clock: Clock,
    snapshot: Snapshot,
    intent: RunIntent,
    extent: PreflightScope,
    kept: OutdatedWrites | None = None,
) -> PreflightFacts:
    """Ask everything that the run depends on. ``kept``: what was seen of outdated writes in this cloud, if anywhere."""
    by, thorough = extent.by, extent.thorough
    to, fence = intent.to, intent.fence
    setup, asking = snapshot.setup, _Asking(azure, clock, extent.budget_s)
    losing = setup.other(to)
    on_no_nic = snapshot.place.kind is LocationKind.NO_NIC
    operator = by is Writer.OPERATOR
    life: Queried[float] = asking.fact("The sign-in", azure.directory.token_life_s) if operator else NOT_ASKED
    prefixes: Queried[tuple[str, ...]] = NOT_ASKED
    if thorough or not holds_it_there(snapshot):
        prefixes = asking.fact(f"The range of {setup.subnet.name}", lambda: azure.network.subnet_prefixes(setup.subnet))
    outdated = kept.seen(setup.subscription) if kept is not None else None
    probes = tuple(_probes(asking, snapshot, to, outdated)) if operator and extent.probes else ()
    _keep(kept, snapshot, probes)
    read = tuple(_things(asking, snapshot, to))
    own = _own(asking, snapshot, to, probes, fence) if operator else []
    if operator and thorough:
        own += read_own_rights(azure.access, (f"/subscriptions/{setup.subscription}",), asking)
    denials: Queried[tuple[DenyAssignment, ...]] = NOT_ASKED
    refused = any(not one.denied for probe in probes for one in probe.refused)
    if operator and (not extent.probes or refused or fence.stops):
        # Azure words the refusal of a linked right in one way, whether no role gives it or a denial takes it; and what
        # it lists as one's rights leaves denials out. No probe asks whether the losing VM may be stopped.
        denials = asking.fact("Your deny assignments", lambda: read_own_denials(azure, setup.subscription))
    locks: Queried[tuple[LockSeen, ...]] = NOT_ASKED
    if (
        thorough
        or not (operator and extent.probes)
        or any(probe.outcome is not ProbeOutcome.ALLOWED for probe in probes)
    ):
        touched = _touched(snapshot, to) + ((losing.vm,) if fence.stops else ())
        locks = asking.fact("The locks", lambda: read_locks_over(azure.access, touched))
    writers = dict.fromkeys((to,) if intent.verb is Verb.FORCED or on_no_nic else (to, losing))
    return PreflightFacts(
        by=by,
        at=snapshot.now,
        fence=fence,
        to_dead_machine=intent.to_dead_machine,
        token_life_s=life,
        prefixes=prefixes,
        availability=(
            asking.fact(
                f"Whether {setup.address} is free", lambda: azure.network.check_address(setup.subnet, snapshot.address)
            )
            if on_no_nic
            else NOT_ASKED
        ),
        probes=probes,
        outdated=outdated,
        things=read,
        access=AccessFacts(
            snapshot.now,
            own=tuple(own),
            own_denials=denials,
            identities=() if operator else tuple(read_identity(azure, one.vm, asking) for one in writers),
            locks=locks,
        ),
    )


def _touched(snapshot: Snapshot, to: Member) -> tuple[ResourceId, ...]:
    """Every resource that the writes name: interfaces, and all they refer to."""
    found: list[ResourceId] = []
    for _, member in write_sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        found += [member.nic, *(document.references() if document else ())]
    return tuple(dict.fromkeys([*found, *carried_resources(carried_with(snapshot, to))]))


def _probes(
    asking: _Asking, snapshot: Snapshot, to: Member, outdated: OutdatedWriteSighting | None
) -> list[WriteProbe]:
    """The losing interface first: when its own body is refused for its version, the gaining is asked with the attach.

    Where a cloud applies outdated writes, the first that it applies is the last.
    """
    found: list[WriteProbe] = []
    for side, member in reversed(write_sides(snapshot, to)):
        document = snapshot.seen(member).nic.value
        if document is None or any(probe.outcome is ProbeOutcome.APPLIED for probe in found):
            continue
        if outdated is not None and not outdated.refused:
            found.append(WriteProbe(member.nic, ProbeOutcome.IGNORED))
            continue
        attach = _attach(snapshot, to, document) if side is WriteSide.ATTACH else None
        heeded = any(probe.outcome is ProbeOutcome.ALLOWED for probe in found)
        found.append(
            probe_write(asking.azure, member.nic, document, attach, heeded=heeded, retry_policy=asking.retry_policy)
        )
    return found


def _attach(snapshot: Snapshot, to: Member, gaining: NicDocument) -> AttachProbe | None:
    """The very body that will be sent; None when there can be none, which has a finding of its own."""
    setup = snapshot.setup
    try:
        made = gaining.new_configuration(setup.ip_configuration, snapshot.address, carried_with(snapshot, to))
    except NicDocumentError:
        return None
    return AttachProbe(gaining.plus(made), setup.other(to).nic)


def _keep(kept: OutdatedWrites | None, snapshot: Snapshot, probes: tuple[WriteProbe, ...]) -> None:
    """Keep what the probes showed of outdated writes, for the next time."""
    if kept is None:
        return
    outcomes = {probe.outcome for probe in probes}
    if ProbeOutcome.APPLIED in outcomes:
        kept.keep(snapshot.setup.subscription, OutdatedWriteSighting(refused=False, at=snapshot.wall))
    elif ProbeOutcome.ALLOWED in outcomes:
        kept.keep(snapshot.setup.subscription, OutdatedWriteSighting(refused=True, at=snapshot.wall))


def _things(asking: _Asking, snapshot: Snapshot, to: Member) -> Iterator[ResourceSeen]:
    """The public IPs and load balancers that travel, and, when any do, those that the gaining interface has already."""
    travels = [part for part in map(_readable, carried_with(snapshot, to).references) if part is not None]
    gaining = snapshot.seen(to).nic.value
    if not travels or gaining is None:
        return
    there = [part for part in map(_readable, gaining.references()) if part is not None]
    for one in dict.fromkeys((*travels, *there)):
        read: Callable[[ResourceId], PublicIpSeen | BalancerSeen]
        read = asking.azure.network.read_balancer if _is_balancer(one) else asking.azure.network.read_public_ip
        yield asking.thing(one, read)


def _readable(thing: ResourceId) -> ResourceId | None:
    kind = thing.type.lower()
    if kind == PUBLIC_IP:
        return thing
    return thing.parent if kind.startswith(f"{LOAD_BALANCER}/") else None


def _is_balancer(thing: ResourceId) -> bool:
    return thing.type.lower() == LOAD_BALANCER


def _own(
    asking: _Asking, snapshot: Snapshot, to: Member, probes: tuple[WriteProbe, ...], fence: FenceRequest
) -> list[OwnRights]:
    """One's own rights are proved by the probes; they are read for what a probe does not name or did not settle."""
    settled = {probe.nic: probe.attach for probe in probes if probe.outcome is ProbeOutcome.ALLOWED}
    asked = [to.nic, snapshot.setup.subnet]
    if not settled.get(to.nic):
        asked += carried_resources(carried_with(snapshot, to))
    for _, member in write_sides(snapshot, to):
        document = snapshot.seen(member).nic.value
        if document is not None and member.nic not in settled:
            asked += [member.nic, *document.references()]
    if fence.stops:
        asked.append(snapshot.setup.other(to).vm)
    scopes = tuple(one.text for one in dict.fromkeys(asked))
    return list(read_own_rights(asking.azure.access, scopes, asking))
