"""What each machine may do of what a failover does, and how far its right has come. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tgwizard.engine.access.access_decision import (
    Decision,
    RightState,
    ScopedAction,
    assignments_of,
    decide,
    denials_of,
    roles_of,
)
from tgwizard.engine.access.required_rights import (
    CONFIGURATION_JOIN,
    CONFIGURATION_READ,
    NETWORK_READ,
    NIC_READ,
    NIC_WRITE,
    NOT_ASKED,
    SUBNET_JOIN,
    SUBNET_READ,
    VM_READ,
    AskedBy,
    asked_by,
    linked_rights,
)
from tgwizard.engine.access.write_probe import ProbeAnswer, ProbeResult
from tgwizard.engine.ports import Access
from tgwizard.model.access_facts import AccessFacts, FactKind, Queried
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import NicFound, VmFound
from tgwizard.model.permission import HeldRole, allows, reaches
from tgwizard.model.role import RoleAssignment, RoleDefinition, assignment_guid
from tgwizard.model.setup_events import PropagationStage
from tgwizard.model.text import join_words, sanitize
from tgwizard.model.verify_result import RehearsalCell, RehearsalRow, RehearsalState, StageSeen

_READS = (NIC_READ, CONFIGURATION_READ)
_CARRIED = {
    "microsoft.network/publicipaddresses": "Keep the public IP",
    "microsoft.network/loadbalancers/backendaddresspools": "Keep the load balancer pools",
    "microsoft.network/loadbalancers/inboundnatrules": "Keep the NAT rules",
    "microsoft.network/applicationgateways/backendaddresspools": "Keep the application gateway pools",
    "microsoft.network/loadbalancers/frontendipconfigurations": "Keep the gateway load balancer",
    "microsoft.network/virtualnetworktaps": "Keep the virtual network taps",
}
_LACKING = (RightState.MISSING, RightState.DENIED)
_NSG = "microsoft.network/networksecuritygroups"
_ASG = "microsoft.network/applicationsecuritygroups"


@dataclass(frozen=True, slots=True)
class RehearsedAction:
    """One action on one thing."""

    action: str
    on: ResourceId


def rehearse_rights(chosen: ChosenMachines, facts: AccessFacts) -> tuple[RehearsalRow, ...]:
    """The rows, as a failover goes: look, take it off the other, add it to one's own, and what that is linked to."""
    first, second = chosen.nics
    both = (first, second)
    subnet, network = chosen.subnet, chosen.network
    reads = [RehearsedAction(action, nic.id) for nic in both for action in _READS]
    own = {nic.id: [RehearsedAction(NIC_WRITE, nic.id)] for nic in both}
    rows = [
        _row("read", "Read both interfaces", chosen, facts, lambda _: reads),
        _row(
            "machines",
            "Find both machines",
            chosen,
            facts,
            lambda _: [RehearsedAction(VM_READ, vm.id) for vm in chosen.vms],
        ),
        _row("take", "Take the address off the other interface", chosen, facts, lambda i: own[both[1 - i].id]),
        _row(
            "add",
            "Add it to its own interface",
            chosen,
            facts,
            lambda i: [*own[both[i].id], RehearsedAction(CONFIGURATION_JOIN, both[i].id)],
        ),
        _row(
            "subnet",
            f"Join {sanitize(subnet.name, 90)} in {sanitize(subnet.group, 90)}",
            chosen,
            facts,
            lambda _: [RehearsedAction(SUBNET_JOIN, subnet)],
        ),
        _row(
            "network",
            f"Find {sanitize(network.name, 90)}",
            chosen,
            facts,
            lambda _: [RehearsedAction(NETWORK_READ, network), RehearsedAction(SUBNET_READ, subnet)],
        ),
        _row("nsg", "Keep the security group", chosen, facts, lambda _: _linked(both, _NSG)),
        _row("asgs", "Keep the application security groups", chosen, facts, lambda _: _linked(both, _ASG)),
    ]
    for kind, sentence in _CARRIED.items():
        carried = _linked(both, kind)
        if carried:
            rows.append(_row(kind.rsplit("/", 1)[-1], sentence, chosen, facts, _always(carried)))
    return tuple(rows)


def _always(doings: list[RehearsedAction]) -> Callable[[int], list[RehearsedAction]]:
    return lambda _: doings


def _linked(nics: Iterable[NicFound], kind: str) -> list[RehearsedAction]:
    named = (thing for nic in nics for thing in nic.references if thing.type.lower() == kind)
    return [RehearsedAction(action, thing) for action, thing in linked_rights(named)]


def _row(
    key: str, sentence: str, chosen: ChosenMachines, facts: AccessFacts, of: Callable[[int], list[RehearsedAction]]
) -> RehearsalRow:
    doings = [of(place) for place in range(2)]
    first, second = (_cell(vm, wanted, facts) for vm, wanted in zip(chosen.vms, doings, strict=True))
    things = tuple(dict.fromkeys(doing.on for wanted in doings for doing in wanted))
    return RehearsalRow(key, sentence, (first, second), things)


def _cell(vm: VmFound, doings: list[RehearsedAction], facts: AccessFacts) -> RehearsalCell:
    if not doings:
        return RehearsalCell(RehearsalState.NOT_USED, "the interfaces name none")
    principal = vm.identity.principal_id
    if not vm.identity.system_assigned or not principal:
        return RehearsalCell(RehearsalState.MAY_NOT, f"{sanitize(vm.id.name, 90)} has no system-assigned identity")
    roles, denials = roles_of(principal, facts), denials_of(principal, facts)
    judged = [
        (doing, decide(ScopedAction(doing.action, doing.on.text), roles, denials, facts.locks)) for doing in doings
    ]
    asked = [(doing, decision) for doing, decision in judged if asked_by(doing.action) is AskedBy.AZURE]
    beside = [
        doing
        for doing, decision in judged
        if (doing, decision) not in asked and (decision.state in _LACKING or _roles_unread(decision, roles))
    ]
    if not asked and beside:
        return RehearsalCell(RehearsalState.NOT_ASKED, f"{_lacks(beside)}: {NOT_ASKED}")
    for doing, decision in asked:
        if decision.denial is not None:
            return RehearsalCell(
                RehearsalState.MAY_NOT,
                f"the deny assignment {sanitize(decision.denial.name, 90)} forbids {doing.action}",
            )
        if decision.lock is not None:
            name, where = sanitize(decision.lock.name, 90), decision.lock.place
            return RehearsalCell(RehearsalState.MAY_NOT, f"the lock {name} on {where} forbids every write")
    missing = [doing for doing, decision in asked if decision.state is RightState.MISSING]
    if missing:
        return RehearsalCell(RehearsalState.MAY_NOT, _lacks(missing))
    unread = next((decision.unread for _, decision in asked if _roles_unread(decision, roles)), None)
    if unread is not None:
        return RehearsalCell(RehearsalState.NOT_KNOWN, unread.what)
    if any(decision.state is RightState.CONDITION for _, decision in judged):
        return RehearsalCell(RehearsalState.NOT_KNOWN, "it hangs on the condition of an assignment")
    for kind in (FactKind.DENIALS, FactKind.LOCKS):
        why = facts.failure(kind)
        if why is not None:
            return RehearsalCell(RehearsalState.NOT_KNOWN, f"the {kind.value} could not be read")
    return RehearsalCell(RehearsalState.MAY, f"{_lacks(beside)}: {NOT_ASKED}" if beside else "")


def _roles_unread(decision: Decision, roles: Queried[tuple[HeldRole, ...]]) -> bool:
    """Whether nothing that was read grants it, and not all was read."""
    return decision.unread is not None and decision.unread is roles.problem


def _lacks(doings: list[RehearsedAction]) -> str:
    return f"it lacks {join_words(dict.fromkeys(f'{item.action} on {sanitize(item.on.name, 90)}' for item in doings))}"


PROPAGATION = timedelta(minutes=10)
"""Azure's documented bound for an assignment to count everywhere (azure/README.md 3.4)."""

_CLOCKS_DIFFER = timedelta(minutes=15)
"""With clocks further apart nobody can sign in; what was made at another time is another assignment of that name."""

NOTHING_OF_OURS: Mapping[str, datetime] = {}
"""No assignment was written here."""

NOT_PROVED = "Not proved: only a failover that the machines make themselves shows it."
"""Said where nobody could ask in the machine's name."""


@dataclass(frozen=True, slots=True)
class HeldAssignment:
    """The assignment that gives a machine its right at a scope, as read by itself; None: there is none."""

    vm: VmFound
    scope: str
    assignment: RoleAssignment | None
    listed: bool


def find_assignment(access: Access, vm: VmFound, scope: str, role_guid: str, facts: AccessFacts) -> HeldAssignment:
    """Read it: first by the name that tgwizard gives, then whatever means the same. AzureCallError as from the port."""
    principal = vm.identity.principal_id
    if not principal:
        return HeldAssignment(vm, scope, None, listed=False)
    listed = [item for item in access.assignments_to(scope, principal) if _fits(item, scope, role_guid, facts)]
    if role_guid:
        own = access.role_assignment(scope, assignment_guid(scope, principal, role_guid))
        if own is not None and own.principal_id.lower() == principal.lower():
            return HeldAssignment(vm, scope, own, listed=own.guid in {item.guid for item in listed})
    known = [*listed, *(item for item in assignments_of(principal, facts) if _fits(item, scope, role_guid, facts))]
    for item in {item.guid: item for item in known}.values():
        # A list shows for a minute what was removed already, so the assignment's own reading decides.
        real = access.role_assignment(item.scope, item.guid)
        if real is not None:
            return HeldAssignment(vm, scope, real, listed=item in listed)
    return HeldAssignment(vm, scope, None, listed=False)


def stages_of(
    held: HeldAssignment,
    now: datetime,
    restarts: Mapping[str, datetime],
    said: frozenset[ResourceId],
    asked: ProbeResult | None = None,
    ours: Mapping[str, datetime] = NOTHING_OF_OURS,
) -> Iterator[StageSeen]:
    """The five stages, in order. ``asked``: what the machine itself was answered; None when nobody could ask.

    ``ours``: when assignments that we wrote were read back, by lower-case id and the clock that ``now`` is of.
    """
    vm, scope, found = held.vm.id, held.scope, held.assignment
    name = sanitize(vm.name, 90)
    if found is None:
        why = f"The identity of {name} has no role here that lets it write an interface. Apply the set-up again."
        yield StageSeen(vm, scope, PropagationStage.WRITTEN, done=False, sentence=why)
        for stage in (
            PropagationStage.LISTED,
            PropagationStage.EFFECTIVE,
            PropagationStage.PROVED,
            PropagationStage.RESTARTED,
        ):
            yield StageSeen(vm, scope, stage, done=False)
        return
    made = _made(found, ours)
    age = now - made if made else None
    old = age is None or age > PROPAGATION
    yield StageSeen(vm, scope, PropagationStage.WRITTEN, done=True, at=made)
    seconds = age.total_seconds() if age is not None and held.listed and not old else None
    waits = "" if held.listed else "Azure's lists do not show it yet; that takes up to 75 s."
    yield StageSeen(vm, scope, PropagationStage.LISTED, done=held.listed, seconds=seconds, sentence=waits)
    proved = asked is not None and asked.answer is ProbeAnswer.ALLOWED
    yield proved_effective(vm, scope) if proved and not old else _effective(vm, scope, made, old=old)
    yield _proved(vm, scope, asked, made)
    back = restarts.get(vm.key)
    if back is not None and (made is None or back >= made):
        early = made is not None and back - made < PROPAGATION
        note = "It restarted before the ten minutes were over: if a failover is refused, restart it once more."
        yield StageSeen(
            vm, scope, PropagationStage.RESTARTED, done=True, at=back, sentence=note if early and not proved else ""
        )
    elif vm in said:
        yield StageSeen(vm, scope, PropagationStage.RESTARTED, done=True, sentence="You said so.")
    else:
        why = f"Not seen from here: restart {name}, or say that it restarted since."
        yield StageSeen(vm, scope, PropagationStage.RESTARTED, done=False, sentence=why)


def _made(found: RoleAssignment, ours: Mapping[str, datetime]) -> datetime | None:
    """When it was written, by our own clock where we wrote it: Azure's may differ, and restarts are known by ours."""
    own = ours.get(found.id.lower())
    if own is None or found.created_on is None:
        return found.created_on
    return own if abs(found.created_on - own) <= _CLOCKS_DIFFER else found.created_on


def with_role(facts: AccessFacts, held: list[HeldAssignment]) -> list[RoleAssignment]:
    """The facts' assignments with what was read by itself in place of what a list said about it."""
    real = {item.assignment.guid.lower(): item.assignment for item in held if item.assignment is not None}
    return [*(item for item in facts.assignments.known if item.guid.lower() not in real), *real.values()]


def _effective(vm: ResourceId, scope: str, made: datetime | None, *, old: bool) -> StageSeen:
    if old or made is None:
        return StageSeen(
            vm,
            scope,
            PropagationStage.EFFECTIVE,
            done=True,
            at=made + PROPAGATION if made else None,
            sentence="worked out",
        )
    certain = made + PROPAGATION
    why = f"It counts by {certain:%H:%M:%S} UTC at the latest: Azure needs up to ten minutes."
    return StageSeen(vm, scope, PropagationStage.EFFECTIVE, done=False, sentence=why)


def proved_effective(vm: ResourceId, scope: str) -> StageSeen:
    """It counts before the ten minutes are over, for it has shown itself."""
    return StageSeen(vm, scope, PropagationStage.EFFECTIVE, done=True, sentence="shown by the proof")


def _proved(vm: ResourceId, scope: str, asked: ProbeResult | None, made: datetime | None) -> StageSeen:
    if asked is None:
        return StageSeen(vm, scope, PropagationStage.PROVED, done=False, sentence=NOT_PROVED)
    if asked.answer is not ProbeAnswer.ALLOWED:
        return StageSeen(vm, scope, PropagationStage.PROVED, done=False, sentence=asked.words)
    seconds = (asked.at - made).total_seconds() if made is not None else None
    fresh = seconds is not None and 0 <= seconds <= PROPAGATION.total_seconds()
    return StageSeen(
        vm,
        scope,
        PropagationStage.PROVED,
        done=True,
        seconds=seconds if fresh else None,
        at=asked.at,
        sentence=asked.words,
    )


def _fits(item: RoleAssignment, scope: str, role_guid: str, facts: AccessFacts) -> bool:
    if not reaches(item.scope, scope):
        return False
    if role_guid:
        return item.role_guid.lower() == role_guid.lower()
    role: RoleDefinition | None = facts.role(item.role_guid)
    return role is not None and allows(role.held, NIC_WRITE)


def all_of(chosen: ChosenMachines, scopes: tuple[str, ...]) -> tuple[tuple[VmFound, str], ...]:
    """Every machine with every scope, machine by machine."""
    return tuple((vm, scope) for vm in chosen.vms for scope in scopes)
