"""Inventories and facts made by hand: one cluster like scenario `fresh`, with everything a test may want changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address

from tgwizard.engine.access.access_decision import RightState, ScopedAction, decide
from tgwizard.model.access_facts import AccessFacts, AddressChecked, OwnRights, Queried
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import (
    AddressAnswer,
    Caller,
    IdentityKind,
    Inventory,
    IpConfigurationFound,
    NetworkFound,
    NicFound,
    SubnetFound,
    SubscriptionSeen,
    VmFound,
    VmIdentity,
)
from tgwizard.model.permission import HeldRole, PermissionSet
from tgwizard.model.role import TEN_ACTIONS, RoleAssignment, RoleDefinition, RoleKind, RolePermission, assignment_guid
from tgwizard.model.setup_answers import Answers, RoleAnswer
from tgwizard.model.setup_plan import Assign, EnableIdentity, PlaceAddress, PutRole, RemoveStale, SetupPlan
from tgwizard.model.snapshot import Power

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-2222-3333-4444-555555555555"
CALLER = Caller("operator@lab.example", "aaaaaaaa-0000-0000-0000-000000000001", TENANT)
ADDRESS = IPv4Address("10.20.2.254")
IMAGE = "/communityGalleries/trustgrid-45680719-9aa7-43b9-a376-dc03bcfdb0ac/images/trustgrid-node-2204-prod/versions/1"


def rid(group: str, rest: str) -> ResourceId:
    return ResourceId.parse(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{rest}")


def subnet_id(group: str = "rg-tg-prod", network: str = "vnet-dal-prod", name: str = "snet-inside") -> ResourceId:
    return rid(group, f"Microsoft.Network/virtualNetworks/{network}/subnets/{name}")


def nsg_id(group: str = "rg-tg-prod", name: str = "nsg-tg-inside") -> ResourceId:
    return rid(group, f"Microsoft.Network/networkSecurityGroups/{name}")


def asg_id(group: str = "rg-tg-prod", name: str = "asg-tg-nodes") -> ResourceId:
    return rid(group, f"Microsoft.Network/applicationSecurityGroups/{name}")


def public_ip(group: str = "rg-tg-prod", name: str = "pip") -> ResourceId:
    return rid(group, f"Microsoft.Network/publicIPAddresses/{name}")


def pool_id(group: str = "rg-tg-prod", name: str = "pool") -> ResourceId:
    return rid(group, f"Microsoft.Network/loadBalancers/lb/backendAddressPools/{name}")


def nic(
    name: str,
    address: str,
    *,
    group: str = "rg-tg-prod",
    subnet: ResourceId | None = None,
    forwarding: bool = True,
    nsg: ResourceId | None = None,
    asgs: tuple[ResourceId, ...] = (),
    public: ResourceId | None = None,
    pools: tuple[ResourceId, ...] = (),
    vm: ResourceId | None = None,
    floating: str = "",
) -> NicFound:
    home = subnet or subnet_id()
    configurations = [
        IpConfigurationFound("ipconfig1", address, primary=True, subnet=home, asgs=asgs, public_ip=public, pools=pools)
    ]
    if floating:
        configurations.append(IpConfigurationFound("tg-floating", floating, primary=False, subnet=home, asgs=asgs))
    return NicFound(
        rid(group, f"Microsoft.Network/networkInterfaces/{name}"),
        "southcentralus",
        tuple(configurations),
        vm,
        nsg,
        forwarding,
    )


def vm(
    name: str,
    nics: Iterable[NicFound],
    *,
    group: str = "rg-tg-prod",
    principal: str = "",
    location: str = "southcentralus",
    image: str = "",
    zone: str = "",
    size: str = "Standard_D2s_v5",
    tags: tuple[tuple[str, str], ...] = (),
    user_assigned: tuple[str, ...] = (),
) -> VmFound:
    ids = tuple(item.id for item in nics)
    kinds = {
        (False, False): IdentityKind.NONE,
        (True, False): IdentityKind.SYSTEM,
        (False, True): IdentityKind.USER,
        (True, True): IdentityKind.BOTH,
    }
    kind = kinds[bool(principal), bool(user_assigned)]
    return VmFound(
        rid(group, f"Microsoft.Compute/virtualMachines/{name}"),
        location,
        ids,
        ids[0] if ids else None,
        zone,
        size,
        image,
        VmIdentity(kind, principal, user_assigned),
        tags,
        Power.RUNNING,
    )


PRINCIPALS = ("bbbbbbbb-0000-0000-0000-00000000000a", "bbbbbbbb-0000-0000-0000-00000000000b")


def world(
    *,
    principals: tuple[str, str] = (PRINCIPALS[0], ""),
    groups: tuple[str, str] = ("rg-tg-prod", "rg-tg-prod"),
    network_group: str = "rg-tg-prod",
    nsg: ResourceId | None = None,
    asgs: tuple[ResourceId, ...] = (asg_id(),),
    public: ResourceId | None = None,
    pools: tuple[ResourceId, ...] = (),
    floating: str = "",
    prefixes: tuple[str, ...] = ("10.20.2.0/24",),
    delegations: tuple[str, ...] = (),
) -> Inventory:
    """Two appliances with an outside and an inside interface each, and an application server."""
    inside = subnet_id(network_group)
    outside = subnet_id(network_group, name="snet-outside")
    nsg = nsg or nsg_id()
    nics: list[NicFound] = []
    vms: list[VmFound] = []
    for place, letter in enumerate("ab"):
        name, group = f"tg-node-{letter}", groups[place]
        out = nic(f"{name}-outside", f"10.20.1.1{place + 1}", group=group, subnet=outside, forwarding=False)
        out = replace(out, configurations=(replace(out.configurations[0], public_ip=public_ip(name=f"pip-{name}")),))
        lan = nic(
            f"{name}-inside",
            f"10.20.2.1{place + 1}",
            group=group,
            subnet=inside,
            nsg=nsg,
            asgs=asgs,
            public=public,
            pools=pools,
            floating=floating if place == 0 else "",
        )
        machine = vm(
            name,
            (out, lan),
            group=group,
            principal=principals[place],
            zone=str(place + 1),
            tags=(("role", "trustgrid"), ("cluster", "edge-dallas")),
        )
        nics += [replace(out, vm=machine.id), replace(lan, vm=machine.id)]
        vms.append(machine)
    app_nic = nic("vm-app-01-nic", "10.20.2.4", subnet=inside, forwarding=False)
    vms.append(vm("vm-app-01", (app_nic,), size="Standard_B2s"))
    network = NetworkFound(
        inside.parent,
        "southcentralus",
        ("10.20.0.0/16",),
        (SubnetFound(inside, prefixes, delegations=delegations), SubnetFound(outside, ("10.20.1.0/24",))),
    )
    return Inventory(
        SubscriptionSeen(SUBSCRIPTION, "Trustgrid Production", TENANT),
        0.0,
        vms=tuple(vms),
        nics=(*nics, app_nic),
        networks=(network,),
    )


OWNER = PermissionSet(("*",))
READER = PermissionSet(("*/read",))


def facts(
    inventory: Inventory,
    *,
    roles: tuple[RoleDefinition, ...] = (),
    assignments: tuple[RoleAssignment, ...] = (),
    own: PermissionSet = OWNER,
    address: str = str(ADDRESS),
) -> AccessFacts:
    """What an account with ``own`` at the whole subscription reads."""
    scopes = {f"/subscriptions/{SUBSCRIPTION}", *(item.id.group_scope for item in inventory.vms)}
    scopes |= {item.id.group_scope for item in inventory.nics}
    scopes |= {item.id.text for item in inventory.vms} | {item.id.text for item in inventory.nics}
    for found in inventory.nics:
        scopes |= {thing.text for thing in found.references} | {thing.group_scope for thing in found.references}
    known = tuple((item.identity.principal_id, item.id.name) for item in inventory.vms if item.identity.principal_id)
    return AccessFacts(
        roles=Queried(roles),
        assignments=Queried(assignments),
        denials=Queried(()),
        locks=Queried(()),
        own=tuple(OwnRights(scope, Queried((own,))) for scope in sorted(scopes)),
        looked_up=(*(one for one, _ in known), *(item.principal_id for item in assignments)),
        principals=Queried(known),
        address=AddressChecked(address, AddressAnswer(free=True)),
    )


def answers(inventory: Inventory, role: RoleAnswer | None = None, **changes: object) -> Answers:
    """Everything answered: the two appliances, their inside interfaces, the highest address."""
    nics = {item.id.name: item.id for item in inventory.nics}
    done = Answers(
        "lab-test",
        CALLER,
        inventory.subscription,
        (inventory.vms[0].id, inventory.vms[1].id),
        (nics["tg-node-a-inside"], nics["tg-node-b-inside"]),
        "edge-dallas",
        ADDRESS,
        role or RoleAnswer(),
    )
    return replace(done, **changes)  # type: ignore[arg-type]


def applied(plan: SetupPlan, inventory: Inventory, before: AccessFacts) -> tuple[Inventory, AccessFacts]:
    """The world after the plan was carried out, as Azure would show it."""
    vms, nics = list(inventory.vms), list(inventory.nics)
    roles, assignments = list(before.roles.known), list(before.assignments.known)
    for change in plan.writing:
        act = change.write
        match act:
            case EnableIdentity():
                at = next(i for i, item in enumerate(vms) if item.id == act.vm)
                old = vms[at].identity
                kind = IdentityKind.BOTH if old.user_assigned else IdentityKind.SYSTEM
                vms[at] = replace(vms[at], identity=VmIdentity(kind, PRINCIPALS[at], old.user_assigned))
            case PutRole():
                roles = [role for role in roles if role.guid != act.role.guid] + [act.role]
            case Assign():
                principal = next(item for item in vms if item.id == act.vm).identity.principal_id
                guid = assignment_guid(act.scope, principal, act.role_guid, assignments)
                assignments.append(RoleAssignment(guid, act.scope, act.role_guid, principal))
            case RemoveStale():
                assignments.remove(act.assignment)
            case PlaceAddress():
                at = next(i for i, item in enumerate(nics) if item.id == act.nic)
                new = IpConfigurationFound(act.configuration, act.address, primary=False, subnet=nics[at].subnet)
                nics[at] = replace(nics[at], configurations=(*nics[at].configurations, new))
            case _:
                raise AssertionError(change)
    after = replace(inventory, vms=tuple(vms), nics=tuple(nics))
    known = tuple((item.identity.principal_id, item.id.name) for item in vms if item.identity.principal_id)
    return after, replace(
        before, roles=Queried(tuple(roles)), assignments=Queried(tuple(assignments)), principals=Queried(known)
    )


def may(principal: str, action: str, on: ResourceId, known: AccessFacts) -> bool:
    """Whether an identity may do something, by Azure's rules, from roles and assignments alone."""
    held = tuple(
        HeldRole(item.scope, block)
        for item in known.assignments.known
        if item.principal_id == principal
        for role in known.roles.known
        if role.guid == item.role_guid
        for block in role.held
    )
    return decide(ScopedAction(action, on.text), Queried(held)).state is RightState.YES


GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-tg-prod"
NINE = tuple(item.action for item in TEN_ACTIONS if not item.action.endswith("virtualNetworks/read"))


def custom(name: str, actions: tuple[str, ...], scopes: tuple[str, ...] = (GROUP,), guid: str = "") -> RoleDefinition:
    return RoleDefinition(
        guid or str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        name,
        "",
        RoleKind.CUSTOM,
        (RolePermission(actions),),
        scopes,
    )
