"""The rehearsal: what each machine's identity may do of a failover, worked out, nothing written (engine/README.md 2.8).

From assignments, role definitions, deny assignments and locks. What hangs on something that could not be read, or on an
assignment's condition, is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tgwizard.engine.access.access_decision import RightState, ScopedAction, decide, denials_of, roles_of
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
from tgwizard.model.access_facts import FactKind, SetupFacts
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import NicFound, VmFound
from tgwizard.model.text import listed, tame
from tgwizard.model.topology import Topology
from tgwizard.model.verify_result import Cell, May, RehearsalRow

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
class Doing:
    """One action on one thing."""

    action: str
    on: ResourceId


def rehearse_rights(topology: Topology, facts: SetupFacts) -> tuple[RehearsalRow, ...]:
    """The rows, as a failover goes: look, take it off the other, add it to one's own, and what that is linked to."""
    first, second = topology.nics
    both = (first, second)
    subnet, network = topology.subnet, topology.network
    reads = [Doing(action, nic.id) for nic in both for action in _READS]
    own = {nic.id: [Doing(NIC_WRITE, nic.id)] for nic in both}
    rows = [
        _row("read", "Read both interfaces", topology, facts, lambda _: reads),
        _row(
            "machines", "Find both machines", topology, facts, lambda _: [Doing(VM_READ, vm.id) for vm in topology.vms]
        ),
        _row("take", "Take the address off the other interface", topology, facts, lambda i: own[both[1 - i].id]),
        _row(
            "add",
            "Add it to its own interface",
            topology,
            facts,
            lambda i: [*own[both[i].id], Doing(CONFIGURATION_JOIN, both[i].id)],
        ),
        _row(
            "subnet",
            f"Join {tame(subnet.name, 90)} in {tame(subnet.group, 90)}",
            topology,
            facts,
            lambda _: [Doing(SUBNET_JOIN, subnet)],
        ),
        _row(
            "network",
            f"Find {tame(network.name, 90)}",
            topology,
            facts,
            lambda _: [Doing(NETWORK_READ, network), Doing(SUBNET_READ, subnet)],
        ),
        _row("nsg", "Keep the security group", topology, facts, lambda _: _linked(both, _NSG)),
        _row("asgs", "Keep the application security groups", topology, facts, lambda _: _linked(both, _ASG)),
    ]
    for kind, sentence in _CARRIED.items():
        carried = _linked(both, kind)
        if carried:
            rows.append(_row(kind.rsplit("/", 1)[-1], sentence, topology, facts, _always(carried)))
    return tuple(rows)


def _always(doings: list[Doing]) -> Callable[[int], list[Doing]]:
    return lambda _: doings


def _linked(nics: Iterable[NicFound], kind: str) -> list[Doing]:
    named = (thing for nic in nics for thing in nic.references if thing.type.lower() == kind)
    return [Doing(action, thing) for action, thing in linked_rights(named)]


def _row(
    key: str, sentence: str, topology: Topology, facts: SetupFacts, of: Callable[[int], list[Doing]]
) -> RehearsalRow:
    doings = [of(place) for place in range(2)]
    first, second = (_cell(vm, wanted, facts) for vm, wanted in zip(topology.vms, doings, strict=True))
    things = tuple(dict.fromkeys(doing.on for wanted in doings for doing in wanted))
    return RehearsalRow(key, sentence, (first, second), things)


def _cell(vm: VmFound, doings: list[Doing], facts: SetupFacts) -> Cell:
    if not doings:
        return Cell(May.NOT_USED, "the interfaces name none")
    principal = vm.identity.principal_id
    if not vm.identity.system_assigned or not principal:
        return Cell(May.MAY_NOT, f"{tame(vm.id.name, 90)} has no system-assigned identity")
    roles, denials = roles_of(principal, facts), denials_of(principal, facts)
    judged = [
        (doing, decide(ScopedAction(doing.action, doing.on.text), roles, denials, facts.locks)) for doing in doings
    ]
    asked = [(doing, decision) for doing, decision in judged if asked_by(doing.action) is AskedBy.AZURE]
    beside = [doing for doing, decision in judged if (doing, decision) not in asked and decision.state in _LACKING]
    if not asked and beside:
        return Cell(May.NOT_ASKED, f"{_lacks(beside)}: {NOT_ASKED}")
    for doing, decision in asked:
        if decision.denial is not None:
            return Cell(May.MAY_NOT, f"the deny assignment {tame(decision.denial.name, 90)} forbids {doing.action}")
        if decision.lock is not None:
            name, where = tame(decision.lock.name, 90), decision.lock.place
            return Cell(May.MAY_NOT, f"the lock {name} on {where} forbids every write")
    missing = [doing for doing, decision in asked if decision.state is RightState.MISSING]
    if missing:
        why = facts.failure(FactKind.ASSIGNMENTS) or facts.failure(FactKind.ROLES)
        return Cell(May.NOT_KNOWN, why.what) if why is not None else Cell(May.MAY_NOT, _lacks(missing))
    if any(decision.state is RightState.CONDITION for _, decision in judged):
        return Cell(May.NOT_KNOWN, "it hangs on the condition of an assignment")
    for kind in (FactKind.DENIALS, FactKind.LOCKS):
        why = facts.failure(kind)
        if why is not None:
            return Cell(May.NOT_KNOWN, f"the {kind.value} could not be read")
    return Cell(May.MAY, f"{_lacks(beside)}: {NOT_ASKED}" if beside else "")


def _lacks(doings: list[Doing]) -> str:
    return f"it lacks {listed(dict.fromkeys(f'{item.action} on {tame(item.on.name, 90)}' for item in doings))}"
