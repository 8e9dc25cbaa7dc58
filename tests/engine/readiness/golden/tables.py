"""The cases. One function for each group, one expected file for each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.engine.readiness.golden.scene import (
    ASG,
    EVERYTHING,
    FORCED,
    FREED,
    GATEWAY,
    GRACEFUL,
    GROUP,
    HOLDING,
    NOBODY,
    NSG,
    PIP,
    POOL,
    READER,
    ROLE_ACTIONS,
    RULE,
    SILENT_WORDS,
    SUBSCRIPTION,
    UNREAD_WORDS,
    VNET,
    Checked,
    Planned,
    Table,
    at,
    carrying,
    elsewhere,
    ended,
    good,
    holding,
    locked,
    members,
    nic,
    probed,
    with_access,
    with_held,
    world,
)
from tests.model.seen import FOREIGN_NIC, FREE, HOLDS, SUBNET, UNREAD, A, B, but, configuration
from tgwizard.engine.access.required_rights import NIC_WRITE
from tgwizard.engine.access.write_probe import ProbeOutcome
from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.model.access_facts import NOT_ASKED, Queried
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.failover_options import Fence, FenceRequest, StopMethod, Strategy
from tgwizard.model.inventory import AddressAnswer
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet
from tgwizard.model.role import LockLevel, LockSeen
from tgwizard.model.snapshot import Power

SUBNET_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
STOP, OPTIONAL = FenceRequest(Fence.STOP), FenceRequest(Fence.STOP, optional=True)


def places() -> Table:
    """Where the address is."""
    table = Table()
    table.both("held by the losing member", world())
    table.both("held by the target already", world(but(FREED, document=nic("10.20.2.11")), but(HOLDING)))
    table.both("on no interface", NOBODY)
    table.both("on a stranger's interface", world(but(FREED), but(FREED), elsewhere=(FOREIGN_NIC,)))
    table.both("on no member, others could not be listed", world(but(FREED), but(FREED), elsewhere=None))
    table.both("named by both interfaces", world(HOLDING, but(HOLDING)))
    table.both("losing interface never read", world(UNREAD))
    table.both("gaining interface could not be read", world(HOLDING, but(UNREAD, misses=1)))
    table.both("read forty seconds ago", world(but(HOLDING, age_s=40.0)))
    table.both("losing interface missed three times", world(but(HOLDING, misses=3)))
    table.both("back from tg-node-b to tg-node-a", world(but(FREED), but(HOLDING)), to=A)
    return table


def powers() -> Table:
    """Both machines in every state."""
    table = Table()
    for power in (*Power, None):
        word = power.value if power else "unread"
        table.both(f"losing machine {word}", world(but(HOLDING, power=power)))
        table.both(f"gaining machine {word}", world(HOLDING, but(FREED, power=power)))
    return table


def interfaces() -> Table:
    """Both interfaces in every state and shape."""
    table = Table()
    for state in Provisioning:
        if state is not Provisioning.SUCCEEDED:
            losing = but(HOLDING, document=nic("10.20.2.11", floating={}, state=state))
            gaining = but(FREED, document=nic("10.20.2.12", state=state))
            table.both(f"losing interface {state.value}", world(losing))
            table.both(f"gaining interface {state.value}", world(HOLDING, gaining))
    two = [configuration("one", "10.20.2.12"), configuration("two", "10.20.2.13")]
    bare = NicDocument.parse(
        {"properties": {"provisioningState": "Succeeded", "ipConfigurations": two, "virtualMachine": {"id": B.vm.text}}}
    )
    table.both("gaining interface without a primary", world(HOLDING, but(FREED, document=bare)))
    unattached = but(FREED, document=nic("10.20.2.12", machine=""))
    table.both("gaining interface belongs to no machine", world(HOLDING, unattached))
    silent = but(FREED, document=nic("10.20.2.12", forwards=False))
    table.both("IP forwarding off on the gaining interface", world(HOLDING, silent))
    other = nic("10.20.9.12")
    properties = other.body["properties"]["ipConfigurations"][0]["properties"]
    properties["subnet"] = {"id": SUBNET.replace("snet-inside", "snet-outside")}
    table.both("gaining interface in another subnet", world(HOLDING, but(FREED, document=other)))
    table.both("floating IP is a primary address", world(but(HOLDING, document=nic("10.20.2.50"))))
    plain = but(FREED, document=nic("10.20.2.12", nsg="", asgs=()))
    table.both(
        "interfaces without security groups",
        world(but(HOLDING, document=nic("10.20.2.11", floating={}, nsg="", asgs=())), plain),
    )
    return table


def probes() -> Table:
    """Every outcome of the probe, on each side."""
    table = Table()
    seen = world()
    for member, side in ((B, "gaining"), (A, "losing")):
        write = MissingRight(NIC_WRITE, member.nic.text)
        join = MissingRight(SUBNET_JOIN, SUBNET)
        table.both(f"{side}: write refused", seen, probed(seen, member, ProbeOutcome.REFUSED, write))
        table.both(f"{side}: join of the subnet refused", seen, probed(seen, member, ProbeOutcome.REFUSED, join))
        table.both(f"{side}: refused by a policy", seen, probed(seen, member, ProbeOutcome.REFUSED))
        table.both(f"{side}: locked", seen, probed(seen, member, ProbeOutcome.LOCKED))
        table.both(f"{side}: no clear answer", seen, probed(seen, member, ProbeOutcome.UNCLEAR))
        table.both(f"{side}: busy, not sent", seen, probed(seen, member, ProbeOutcome.BUSY))
        table.both(f"{side}: applied all the same", seen, probed(seen, member, ProbeOutcome.APPLIED))
        unclear = probed(seen, member, ProbeOutcome.UNCLEAR)
        weak = with_held(unclear, Queried(READER), NSG, ASG)
        table.both(f"{side}: no clear answer, two joins missing by roles", seen, weak)
    return table


def travelling() -> Table:
    """What travels with the address and is not in the probe's body."""
    table = Table()
    things: dict[str, tuple[str, dict[str, Any]]] = {
        "public IP": (PIP, {"publicIPAddress": {"id": PIP}}),
        "backend pool": (POOL, {"loadBalancerBackendAddressPools": [{"id": POOL}]}),
        "NAT rule": (RULE, {"loadBalancerInboundNatRules": [{"id": RULE}]}),
    }
    for name, (thing, more) in things.items():
        seen = world(carrying(**more))
        table.both(f"{name} that may be attached", seen)
        table.both(f"{name} that may not be attached", seen, holding(seen, thing, Queried(READER)))
        table.both(f"{name}, rights not read", seen, holding(seen, thing, Queried(problem=UNREAD_WORDS)))
    gateway = world(carrying(applicationGatewayBackendAddressPools=[{"id": GATEWAY}]))
    table.both("application gateway pool on the losing interface", gateway)
    file = elsewhere(carried=CarriedConfiguration.of(ResourceId(PIP)))
    lost = world(but(FREED, document=nic("10.20.2.11")), setup=file)
    table.add(
        "public IP from the cluster file, forced",
        Checked(lost, good(lost, availability=Queried(AddressAnswer(True))), FORCED),
    )
    short = holding(lost, PIP, Queried(READER), availability=Queried(AddressAnswer(True)))
    table.add("public IP from the cluster file, not allowed, forced", Checked(lost, short, FORCED))
    return table


def identities() -> Table:
    """The members by themselves: rights worked out from assignments."""
    table = Table()
    seen = world()
    full = members()
    table.both("Trustgrid's ten actions on the subscription", seen, full(seen))
    table.both(
        "the same on every group", seen, members(scopes=(GROUP, f"{SUBSCRIPTION}/resourceGroups/rg-security"))(seen)
    )
    table.both("the role not assigned on the security group's group", seen, members(scopes=(GROUP,))(seen))
    for action in ROLE_ACTIONS:
        less = tuple(item for item in ROLE_ACTIONS if item != action)
        table.both(f"without {action.split('/', 1)[1]}", seen, members(less)(seen))
    table.both(
        "Network Contributor",
        seen,
        members(("Microsoft.Network/*", "*/read"), not_actions=("Microsoft.Compute/*",))(seen),
    )
    table.both(
        "a role with a hole in it", seen, members(("*",), not_actions=("Microsoft.Network/*/join/action",))(seen)
    )
    table.both("no role at all", seen, members(roles=Queried(()))(seen))
    table.both("no identity", seen, members(principal=Queried(""))(seen))
    table.both("identity not read", seen, members(principal=Queried(problem=UNREAD_WORDS), roles=Queried())(seen))
    table.both("roles not read", seen, members(roles=Queried(problem=UNREAD_WORDS))(seen))
    table.both("deny assignments not read", seen, members(denials=Queried(problem=UNREAD_WORDS))(seen))
    deny = DenyAssignment("stack-guard", GROUP, PermissionSet((NIC_WRITE,)))
    table.both("write denied on the group", seen, members(denials=Queried((deny,)))(seen))
    table.both(
        "write denied on the group alone", seen, members(denials=Queried((replace(deny, this_scope_only=True),)))(seen)
    )
    above = "/providers/Microsoft.Management/managementGroups/mg-root"
    table.both(
        "write denied at a management group", seen, members(denials=Queried((replace(deny, scope=above),)))(seen)
    )
    table.both("write denied at the root", seen, members(denials=Queried((replace(deny, scope="/"),)))(seen))
    table.both("the role at a management group", seen, members(scopes=(above,))(seen))
    limits = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))"
    for name, condition in (
        ("limits who may be given roles", limits),
        ("cannot be judged from here", "@Environment[isPrivateLink] BoolEquals true"),
        ("does not hold for a write", "(ActionMatches{'*/read'})"),
    ):
        conditional = tuple(HeldRole(SUBSCRIPTION, PermissionSet(ROLE_ACTIONS), text) for text in (condition,))
        table.both(f"a role with a condition that {name}", seen, members(roles=Queried(conditional))(seen))
    table.both(
        "write denied on the losing interface", seen, members(denials=Queried((replace(deny, scope=A.nic.text),)))(seen)
    )
    split: Queried[tuple[HeldRole, ...]] = Queried(
        (HeldRole(B.nic.text, PermissionSet(("*",))), HeldRole(VNET, PermissionSet(("*",))))
    )
    table.both("roles on single resources", seen, members(roles=split)(seen))
    live = world(setup=elsewhere(cloud="public"))
    table.both("a live pair, the members by themselves", live, full(live))
    table.both("a live pair, the operator", live)
    floating = world(carrying(publicIPAddress={"id": PIP}))
    table.both("a public IP travels, Trustgrid's role", floating, full(floating))
    return table


def locks() -> Table:
    """What each lock really stops."""
    table = Table()
    seen = world()
    unclear = probed(seen, A, ProbeOutcome.UNCLEAR).probes
    for name, scope in (
        ("losing interface", A.nic.text),
        ("gaining interface", B.nic.text),
        ("group", GROUP),
        ("subscription", SUBSCRIPTION),
        ("virtual network", VNET),
        ("application security group", ASG),
    ):
        table.add(f"ReadOnly on the {name}, probes took", Checked(seen, locked(seen, scope)))
        table.add(f"ReadOnly on the {name}, nothing proved", Checked(seen, locked(seen, scope, probes=unclear)))
        table.add(f"CanNotDelete on the {name}", Checked(seen, locked(seen, scope, LockLevel.CAN_NOT_DELETE)))
    floating = world(carrying(publicIPAddress={"id": PIP}))
    table.both("ReadOnly on a public IP that travels", floating, locked(floating, PIP))
    unread: Queried[tuple[LockSeen, ...]] = Queried(problem=UNREAD_WORDS)
    table.both("locks not read, writes proved", seen, with_access(good(seen), locks=unread))
    table.both(
        "locks not read, nothing proved",
        seen,
        with_access(good(seen, probes=unclear), locks=Queried(problem=UNREAD_WORDS)),
    )
    alone = with_access(members()(seen), locks=locked(seen, GROUP).access.locks)
    table.both("members, ReadOnly on the group", seen, alone)
    return table


def addresses() -> Table:
    """The subnet's range, conflicts, the sign-in, the operation's right."""
    table = Table()
    seen = world()
    table.both("range not read, but held there", seen, good(seen, prefixes=Queried(problem=UNREAD_WORDS)))
    table.both("held outside the range", seen, good(seen, prefixes=Queried(("10.20.9.0/24",))))
    table.both("two ranges, one fits", seen, good(seen, prefixes=Queried(("fd00::/64", "10.20.2.0/25"))))
    for address, name in (("10.20.2.3", "one of the first four"), ("10.20.2.255", "the last")):
        lost = world(but(FREED, document=nic("10.20.2.11")), setup=at(address))
        table.add(f"address is {name} of the subnet, forced", Checked(lost, good(lost), FORCED))
    answers = {
        "free": Queried(AddressAnswer(True)),
        "in use": Queried(AddressAnswer(False, ("10.20.2.77", "10.20.2.78"))),
        "reserved": Queried(AddressAnswer(False, ("10.20.2.77",), reserved=True)),
        "not told": Queried(problem=UNREAD_WORDS),
    }
    for name, answer in answers.items():
        table.both(f"on no interface, Azure says {name}", NOBODY, good(NOBODY, availability=answer))
    table.add(
        "on no interface, range not read, forced",
        Checked(NOBODY, good(NOBODY, prefixes=Queried(problem=UNREAD_WORDS)), FORCED),
    )
    table.both("sign-in ends in four minutes", seen, good(seen, token_life_s=Queried(240.0)))
    table.both("no sign-in", seen, good(seen, token_life_s=Queried(problem=replace(SILENT_WORDS, sign_in=True))))
    table.both("sign-in not read", seen, good(seen, token_life_s=Queried(problem=SILENT_WORDS)))
    table.add("operation's right missing", Checked(seen, with_held(good(seen), Queried(READER[:0]), SUBSCRIPTION)))
    table.add(
        "operation's right not read", Checked(seen, with_held(good(seen), Queried(problem=UNREAD_WORDS), SUBSCRIPTION))
    )
    table.add(
        "a run asks no more than it needs",
        Checked(seen, with_access(with_held(good(seen, prefixes=NOT_ASKED), NOT_ASKED, SUBSCRIPTION), locks=NOT_ASKED)),
    )
    short = holding(
        seen, B.nic.text, Queried((PermissionSet(("*",), ("Microsoft.Network/networkInterfaces/ipconfigurations/*",)),))
    )
    table.add("actions missing that are not needed", Checked(seen, short))
    return table


def fences() -> Table:
    """The stop of the losing machine."""
    table = Table()
    seen = world()
    off, dealloc = StopMethod.POWER_OFF.action, StopMethod.DEALLOCATE.action
    rights: dict[str, Queried[tuple[PermissionSet, ...]]] = {
        "both ways allowed": Queried(EVERYTHING),
        "only deallocate": Queried((PermissionSet((dealloc,)),)),
        "only powerOff": Queried((PermissionSet((off,)),)),
        "neither": Queried(READER),
        "rights not read": Queried(problem=UNREAD_WORDS),
    }
    for name, held in rights.items():
        for wish, word in ((STOP, "must"), (OPTIONAL, "may")):
            table.add(f"{name}, {word} stop", Checked(seen, holding(seen, A.vm.text, held, fence=wish), FORCED))
    stop = DenyAssignment("stack-guard", GROUP, PermissionSet(("Microsoft.Compute/*/action",)))
    denials: dict[str, Queried[tuple[DenyAssignment, ...]]] = {
        "every stop denied": Queried((stop,)),
        "powerOff denied": Queried((replace(stop, denies=PermissionSet((off,))),)),
        "deny assignments not read": Queried(problem=UNREAD_WORDS),
    }
    for name, against in denials.items():
        for wish, word in ((STOP, "must"), (OPTIONAL, "may")):
            facts = with_access(good(seen, fence=wish), own_denials=against)
            table.add(f"{name}, {word} stop", Checked(seen, facts, FORCED))
    for power in (Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.STARTING):
        state = world(but(HOLDING, power=power))
        table.add(f"machine {power.value}", Checked(state, good(state, fence=STOP), FORCED))
    table.add("ReadOnly lock on the machine", Checked(seen, locked(seen, A.vm.text, fence=STOP), FORCED))
    table.add(
        "CanNotDelete lock on the machine",
        Checked(seen, locked(seen, A.vm.text, LockLevel.CAN_NOT_DELETE, fence=STOP), FORCED),
    )
    return table


def plans() -> Table:
    """What would be sent."""
    table = Table()
    plain = world(but(HOLDS), but(FREE))
    past = (ended(2.0, 3.0), ended(4.0, 5.0), ended(20.0, None), ended(None, None))
    scenes = {
        "groups on both interfaces": world(),
        "no groups": plain,
        "a public IP travels": world(carrying(publicIPAddress={"id": PIP})),
        "on no interface": NOBODY,
        "on a stranger": world(but(FREED), but(FREED), elsewhere=(FOREIGN_NIC,)),
        "held by the target": world(but(FREED), but(HOLDING)),
        "losing machine stopped": world(but(HOLDING, power=Power.STOPPED)),
        "losing interface unread": world(UNREAD),
    }
    for name, seen in scenes.items():
        for verb in Verb:
            table.add(f"{name}, {verb.value}", Planned(seen, verb))
        table.add(f"{name}, forced with a fence", Planned(seen, FORCED, fence=STOP))
    table.add("learned from four runs", Planned(world(), GRACEFUL, past))
    table.add("learned from one run", Planned(world(), GRACEFUL, past[:1]))
    table.add("atomic", Planned(world(), GRACEFUL, strategy=Strategy.ATOMIC))
    table.add("atomic with a fence", Planned(world(), FORCED, strategy=Strategy.ATOMIC, fence=STOP))
    table.add("atomic on no interface", Planned(NOBODY, FORCED, strategy=Strategy.ATOMIC))
    table.add("back to tg-node-a", Planned(world(but(FREED), but(HOLDING)), to=A))
    return table


TABLES = {
    "places": places,
    "powers": powers,
    "interfaces": interfaces,
    "probes": probes,
    "travelling": travelling,
    "identities": identities,
    "locks": locks,
    "addresses": addresses,
    "fences": fences,
    "plans": plans,
}
"""The groups; each has its expected file of the same name."""
