"""The network checks of a cluster (engine/README.md 5), worked out from what was read; nothing is written.

Routes, firewalls in between and the guest's own rules are not seen from here, and no sentence says that they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network

from tgwizard.engine.discovery.nsg_rules import ArmEndpoint, FlowAnswer, FlowEnd, FlowJudgement, TrafficFlow, judge_flow
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.finding import Finding, Level
from tgwizard.model.inventory import Inventory, NicFound, RuleDirection, SecurityGroupFound, VmFound
from tgwizard.model.problem import Problem
from tgwizard.model.text import join_words, sanitize
from tgwizard.model.verify_result import NamedFinding

HEARTBEAT_PORT = 9000
"""The usual port of the members' heartbeat, TCP (engine/README.md 5.1)."""

_ARM_PORT = 443


def network_checks(
    chosen: ChosenMachines, inventory: Inventory, *, heartbeat_port: int = HEARTBEAT_PORT
) -> tuple[NamedFinding, ...]:
    """Every check, in the order in which it is shown."""
    found = [
        *_forwarding(chosen),
        _same_subnet(chosen),
        *_single_nic(chosen),
        *_pools(chosen),
        *_heartbeat(chosen, inventory, heartbeat_port),
        *_resource_manager(chosen, inventory),
    ]
    return tuple(found)


def _forwarding(chosen: ChosenMachines) -> Iterator[NamedFinding]:
    for nic in chosen.nics:
        name = sanitize(nic.id.name, 90)
        key = f"forwarding:{nic.id.key}"
        if nic.ip_forwarding:
            yield NamedFinding(key, Finding(Level.PASSED, f"{name} forwards", "IP forwarding is on"))
            continue
        problem = Problem(
            "no-ip-forwarding",
            f"{name} does not forward.",
            "Without IP forwarding, Azure drops what the appliance passes on for others.",
            "Turn IP forwarding on: the interface's IP configurations page in the Azure portal.",
        )
        yield NamedFinding(key, Finding(Level.BLOCKS, problem.what, problem.why, problem))


def _same_subnet(chosen: ChosenMachines) -> NamedFinding:
    first, second = chosen.nics
    name = sanitize(chosen.subnet.name, 90)
    if first.subnet == second.subnet:
        return NamedFinding("same-subnet", Finding(Level.PASSED, "Both interfaces are in one subnet", name))
    problem = Problem(
        "two-subnets",
        "The interfaces are in two subnets.",
        "The floating IP moves between two interfaces of one subnet.",
        "Choose two interfaces that share a subnet.",
    )
    return NamedFinding("same-subnet", Finding(Level.BLOCKS, problem.what, problem.why, problem))


def _single_nic(chosen: ChosenMachines) -> Iterator[NamedFinding]:
    for vm in chosen.vms:
        if len(vm.nics) > 1:
            continue
        fact = f"{sanitize(vm.id.name, 90)} has one interface only"
        why = "The floating IP shares it with the control plane, and a public IP there needs an action more."
        problem = Problem("single-nic", f"{fact}.", why, "That works; two interfaces are what Trustgrid describes.")
        yield NamedFinding(f"single-nic:{vm.id.key}", Finding(Level.WARNS, fact, why, problem))


def _pools(chosen: ChosenMachines) -> Iterator[NamedFinding]:
    for nic in chosen.nics:
        kinds = []
        for item in nic.configurations:
            kinds += ["a public IP"] if item.public_ip else []
            kinds += ["load balancer pools"] if item.pools else []
            kinds += ["NAT rules"] if item.nat_rules else []
            kinds += ["application gateway pools"] if item.gateway_pools else []
            kinds += ["a gateway load balancer or taps"] if item.others else []
        name, key = sanitize(nic.id.name, 90), f"pools:{nic.id.key}"
        if not kinds:
            yield NamedFinding(key, Finding(Level.PASSED, f"{name} has no public IP and is in no pool"))
            continue
        fact = f"{name} has {join_words(dict.fromkeys(kinds))}"
        why = "Every write of the interface needs the right to join them, which Trustgrid's ten actions lack."
        yield NamedFinding(key, Finding(Level.NOTE, fact, f"{why} The rehearsal shows whether it is held."))


def _heartbeat(chosen: ChosenMachines, inventory: Inventory, port: int) -> Iterator[NamedFinding]:
    first, second = chosen.nics
    fix = f"Allow TCP {port} between the two interfaces in it, in both directions."
    for source, target in ((first, second), (second, first)):
        key = f"heartbeat:{source.id.key}"
        words = f"The heartbeat from {sanitize(source.id.name, 90)} to {sanitize(target.id.name, 90)}"
        ends = _end(source), _end(target)
        if ends[0] is None or ends[1] is None:
            fact = f"{words} cannot be judged"
            yield NamedFinding(key, Finding(Level.NOT_KNOWN, fact, "An interface has no address that was read."))
            continue
        flow = TrafficFlow(ends[0], ends[1], port, _ranges(chosen, inventory))
        hops = [
            *_hops(source, RuleDirection.OUTBOUND, inventory),
            *_hops(target, RuleDirection.INBOUND, inventory),
        ]
        effect = "Blocked one way, both members think that they are alone, and both become active."
        yield NamedFinding(key, _judge(hops, flow, f"{words} on TCP {port}", effect, lambda _: fix))


def _resource_manager(chosen: ChosenMachines, inventory: Inventory) -> Iterator[NamedFinding]:
    for vm in chosen.vms:
        key, name = f"resource-manager:{vm.id.key}", sanitize(vm.id.name, 90)
        words = f"{name} to Azure Resource Manager, TCP {_ARM_PORT}"
        nic = _outward(vm, inventory)
        end = _end(nic) if nic else None
        if nic is None or end is None:
            fact = f"{words}, cannot be judged"
            yield NamedFinding(key, Finding(Level.NOT_KNOWN, fact, "Its primary interface was not read."))
            continue
        flow = TrafficFlow(end, ArmEndpoint(), _ARM_PORT, _ranges(chosen, inventory))
        hops = list(_hops(nic, RuleDirection.OUTBOUND, inventory))
        effect = "Without it the member cannot move the floating IP."
        yield NamedFinding(key, _judge(hops, flow, words, effect, _arm_cure))


def _arm_cure(group: SecurityGroupFound | None) -> str:
    fix = "Allow outbound TCP 443 to the service tag AzureResourceManager in it."
    tags = {tag.partition(".")[0].lower() for rule in (group.rules if group else ()) for tag in rule.destinations}
    if "apimanagement" in tags:
        return f"{fix} The tag ApiManagement, which a rule there names, is another service."
    return fix


Hop = tuple[str, SecurityGroupFound | None, RuleDirection]


def _judge(
    hops: list[Hop], flow: TrafficFlow, words: str, effect: str, fix: Callable[[SecurityGroupFound | None], str]
) -> Finding:
    unsure: Finding | None = None
    for name, group, direction in hops:
        shown = sanitize(name, 90)
        if group is None:
            evidence = f"The security group {shown} could not be read."
            unsure = unsure or Finding(Level.NOT_KNOWN, f"{words}: not known", evidence)
            continue
        judged = judge_flow(group, flow, direction)
        if judged.passes is FlowAnswer.NO:
            why = f"{shown} denies it{_by(judged)}. {effect}"
            problem = Problem("nsg-denies", f"{words}: denied.", why, fix(group))
            return Finding(Level.BLOCKS, problem.what, why, problem)
        if judged.passes is FlowAnswer.NOT_KNOWN:
            evidence = f"It hangs on a rule of {shown}{_by(judged)}, which cannot be decided from here."
            unsure = unsure or Finding(Level.NOT_KNOWN, f"{words}: not known", evidence)
    if unsure is not None:
        return unsure
    if not hops:
        return Finding(Level.PASSED, f"{words}: allowed", "no security group is in the way")
    names = join_words(dict.fromkeys(sanitize(name, 90) for name, _, _ in hops))
    return Finding(Level.PASSED, f"{words}: allowed", f"worked out from {names}")


def _by(judged: FlowJudgement) -> str:
    return f" (rule {sanitize(judged.rule.name, 80)}, priority {judged.rule.priority})" if judged.rule else ""


def _hops(nic: NicFound, direction: RuleDirection, inventory: Inventory) -> Iterator[Hop]:
    subnet = inventory.subnet(nic.subnet) if nic.subnet else None
    for found in (nic.nsg, subnet.nsg if subnet else None):
        if found is not None:
            yield found.name, inventory.security_group(found), direction


def _end(nic: NicFound) -> FlowEnd | None:
    try:
        address = IPv4Address(nic.own_address)
    except ValueError:
        return None
    asgs: tuple[ResourceId, ...] = nic.primary.asgs if nic.primary else ()
    return FlowEnd(address, asgs)


def _outward(vm: VmFound, inventory: Inventory) -> NicFound | None:
    """The interface of the default route: the primary one."""
    wanted = vm.primary_nic or (vm.nics[0] if vm.nics else None)
    return inventory.nic(wanted) if wanted else None


def _ranges(chosen: ChosenMachines, inventory: Inventory) -> tuple[IPv4Network, ...]:
    found = []
    for network in inventory.networks:
        if network.id == chosen.network:
            for prefix in network.prefixes:
                try:
                    found.append(IPv4Network(prefix, strict=False))
                except ValueError:
                    continue  # IPv6
    return tuple(found)
