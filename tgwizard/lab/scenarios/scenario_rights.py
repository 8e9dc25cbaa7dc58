"""Accounts, roles and assignments of a scenario, older than the lab itself and so in force from the start.

`[[account]]` has `name`, `kind` (`user`, `service-principal`) and `display`; `[[directory_group]]` has `name` and
`members`. `[[grant]]` has `to` (`operator`, an account, a group, a VM), `role` (a built-in role's name, or a custom
one's with its `actions`, `not_actions`, `description` and `assignable` groups the first time it is named) and where:
`group`, `resource` ("group/provider/type/name"), `subscription` (by name), `management_group`, or `scope`
(`subscription`: the one with the clusters, the default; `management-group`: the tenant's root). `[[deny]]` has `name`,
`actions`, `not_actions`, `group`, `to`.
`[authorization]` has `propagation` (`instant`, `fast`, `azure`), `flicker`, and the statuses of `UNSETTLED`.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from tgwizard.lab import ids
from tgwizard.lab.entra import access_tokens
from tgwizard.lab.rbac.builtin_roles import BY_NAME, READER
from tgwizard.lab.rbac.role_records import (
    EVERYONE,
    UNSETTLED,
    LabDenyAssignment,
    LabRoleAssignment,
    LabRoleDefinition,
    LabRoleKind,
    PermissionRecord,
    Propagation,
    RoleHistory,
)
from tgwizard.lab.wire import Json
from tgwizard.lab.world import Group, LabPrincipalKind, Principal, World

AUTOMATION = "tgwizard-automation"
"""The service principal that every lab has, with the operator's own assignments: for az and for scripts."""
READER_ACCOUNT = "reader@lab.example"
"""The user that every lab has, who may read the subscription and nothing else."""
AGE = timedelta(days=30)

_PEOPLE = uuid.UUID("8d2f7d0a-7b4e-4a55-9d0c-3f1f6f0f9a11")
_KINDS = {"user": LabPrincipalKind.USER, "service-principal": LabPrincipalKind.SERVICE_PRINCIPAL}


def add_accounts(world: World, items: list[Json]) -> None:
    """Store the scenario's accounts and the two that every lab has."""
    wanted = [(item["name"], _KINDS[item["kind"]], item.get("display", "")) for item in items]
    wanted += [(AUTOMATION, LabPrincipalKind.SERVICE_PRINCIPAL, ""), (READER_ACCOUNT, LabPrincipalKind.USER, "")]
    for name, kind, display in wanted:
        # From the lab's id and not its counter: another scenario in the same lab has the same people.
        oid, app_id = (str(uuid.uuid5(_PEOPLE, f"{world.lab_id}:{name}:{what}")) for what in ("object", "application"))
        world.accounts.append(Principal(oid, app_id, name, kind=kind, display=display))


def add_rights(world: World, source: Json, now: datetime) -> None:
    """Store the scenario's roles, assignments and deny assignments."""
    begun = now - AGE
    settings = source.get("authorization", {})
    world.authorization.propagation = Propagation(settings.get("propagation", Propagation.INSTANT.value))
    world.authorization.flicker = bool(settings.get("flicker", False))
    for name, allowed in UNSETTLED.items():
        if settings.get(name, next(iter(allowed))) not in allowed:
            raise ValueError(f"scenario {world.scenario}: {name} is one of {sorted(allowed)}")
        setattr(world.authorization, name, settings.get(name, getattr(world.authorization, name)))
    people = {item.name: item for item in (*world.principals, *world.accounts)} | {"operator": world.operator}
    _add_groups(world, source.get("directory_group", []), people)
    for item in source.get("grant", []):
        role, scope = _role(world, item, begun), _scope(world, item)
        holder, place = people[item["to"]], world.subscription_with(ids.subscription_of(scope))
        tenant = place.tenant if place is not None else world.subscription.tenant
        assign(world, access_tokens.guest(world, holder, tenant), role, scope, begun)
        if holder is world.operator and tenant == world.subscription.tenant:
            assign(world, people[AUTOMATION], role, scope, begun)
    assign(world, people[READER_ACCOUNT], READER.guid, ids.subscription_id(world.subscription.id), begun)
    for item in source.get("deny", []):
        world.authorization.deny.append(
            LabDenyAssignment(
                guid=world.guid(),
                name=item["name"],
                scope=_scope(world, item),
                actions=tuple(item["actions"]),
                not_actions=tuple(item.get("not_actions", [])),
                principals=(people[item["to"]].oid if "to" in item else EVERYONE,),
                description=item.get("description", ""),
            )
        )


def _add_groups(world: World, items: list[Json], people: dict[str, Principal]) -> None:
    """Store the directory's groups; a group may be a member of a later one."""
    for item in items:
        oid = str(uuid.uuid5(_PEOPLE, f"{world.lab_id}:{item['name']}:group"))
        principal = Principal(oid, "", item["name"], kind=LabPrincipalKind.GROUP)
        world.groups.append(Group(principal, [people[name].oid for name in item.get("members", [])]))
        people[item["name"]] = principal


def assign(world: World, holder: Principal, role: str, scope: str, begun: datetime) -> None:
    """Store one assignment that is in force already."""
    guid = world.guid()
    world.authorization.assignments.setdefault(holder.oid, {})[guid] = LabRoleAssignment(
        guid=guid,
        scope=scope,
        role=role,
        principal=holder.oid,
        principal_type=holder.kind.value,
        created_on=begun,
        updated_on=begun,
        created_by=world.operator.oid,
        updated_by=world.operator.oid,
    )


def _role(world: World, item: Json, begun: datetime) -> str:
    """Return the guid of the role a grant names, which is made if it is a custom one and new."""
    name = item["role"]
    if name in BY_NAME:
        return BY_NAME[name].guid
    for history in world.authorization.roles.values():
        if history.current.name == name:
            widen(history, _assignable(world, item))
            return history.current.guid
    guid = world.guid()
    world.authorization.roles[guid] = RoleHistory(
        [
            LabRoleDefinition(
                guid=guid,
                name=name,
                kind=LabRoleKind.CUSTOM,
                description=item.get("description", "Manage Trustgrid Cluster IP Failover"),
                scopes=_assignable(world, item),
                permissions=(PermissionRecord(tuple(item["actions"]), tuple(item.get("not_actions", []))),),
                created_on=begun,
                updated_on=begun,
                created_by=world.operator.oid,
                updated_by=world.operator.oid,
            )
        ]
    )
    return guid


def _assignable(world: World, item: Json) -> tuple[str, ...]:
    groups = item.get("assignable", [])
    if groups:
        return tuple(_group(world, name) for name in groups)
    return (_scope(world, item),)


def widen(history: RoleHistory, scopes: tuple[str, ...]) -> None:
    """Add assignable scopes to a role as it is."""
    role = history.current
    missing = tuple(item for item in scopes if item not in role.scopes)
    history.versions[-1] = replace(role, scopes=role.scopes + missing)


def _scope(world: World, item: Json) -> str:
    if "resource" in item:
        group, provider, *rest = item["resource"].split("/")
        return f"{_group(world, group)}/providers/{provider}/{'/'.join(rest)}"
    if "group" in item:
        return _group(world, item["group"])
    if "management_group" in item:
        return ids.management_group_id(item["management_group"])
    if item.get("scope", "subscription") == "management-group":
        return world.management_group
    wanted = item.get("subscription", world.subscription.name)
    (place,) = (found for found in world.subscriptions if found.name == wanted)
    return ids.subscription_id(place.id)


def _group(world: World, name: str) -> str:
    """Return the scope of a resource group, in whichever subscription it is. Raises ValueError for none."""
    (place,) = (found for found in world.subscriptions if world.group(name, found.id) is not None)
    return ids.group_id(place.id, name)
