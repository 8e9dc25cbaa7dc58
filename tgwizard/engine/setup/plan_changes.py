"""The rows of a plan: one function for each kind of change, with its words, its permissions and who may do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from operator import itemgetter
from typing import TypeVar

from tgwizard.engine.access.access_decision import (
    DELETE_ASSIGNMENT,
    RESTART_VM,
    WRITE_VM,
    ScopedAction,
    assignments_of,
    giving,
    lets_write,
    removing,
    right_for,
)
from tgwizard.engine.access.matching_roles import affected_by
from tgwizard.engine.access.required_rights import NIC_WRITE, SUBNET_JOIN, RequiredRight, linked_rights, scope_name
from tgwizard.engine.setup.planned_role import PlannedRole
from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.change import NIC_UPDATE, Prediction
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller, NicFound, VmFound
from tgwizard.model.permission import reaches, same_scope
from tgwizard.model.role import WRITE_ASSIGNMENT, WRITE_ROLE, RoleAssignment, RoleDefinition, assignment_guid
from tgwizard.model.setup_plan import (
    Assign,
    ChangeKind,
    EnableIdentity,
    PlaceAddress,
    PutRole,
    RemoveStale,
    Restart,
    Right,
    ScopeReason,
    SetupChange,
    WhoMay,
)
from tgwizard.model.snapshot import Power
from tgwizard.model.text import counted, join_words, sanitize

T = TypeVar("T")

_AUTHORIZATION = "providers/Microsoft.Authorization"
_INSTANT = Prediction(0.0, 0.0, "nothing is written")
_IDENTITY_S = Prediction(5.0, 9.0, "Azure turned identities on in 3 to 9 s")
_ROLE_S = Prediction(2.0, 75.0, "a new role was listed after 1 to 75 s")
_ASSIGN_S = Prediction(1.0, 10.0, "an assignment is accepted at once when its identity is known")
_ASSIGN_NEW_S = Prediction(16.0, 269.0, "a new identity was known after 5 to 269 s, half of them within 16 s")
_RESTART_S = Prediction(4.0, 42.0, "Azure restarted machines in up to 42 s; the appliance then starts by itself")
_ALREADY = Right(WhoMay.YOU)


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """What the assignment rows share: the role, its row's key when it is written, the identity rows by machine."""

    role: RoleDefinition
    role_key: str
    identity_keys: Mapping[ResourceId, str]


def identity_change(vm: VmFound, facts: AccessFacts, caller: Caller | None) -> SetupChange:
    """Turn on a machine's system-assigned identity, or say that it is on."""
    on = vm.identity.system_assigned
    name = sanitize(vm.id.name, 90)
    others = len(vm.identity.user_assigned)
    beside = f"; {counted(others, 'user-assigned identity stays', 'user-assigned identities stay')}" if others else ""
    asks = (ScopedAction(WRITE_VM, vm.id.text),)
    return SetupChange(
        key=f"identity:{vm.id.key}",
        kind=ChangeKind.RIGHT if on else ChangeKind.ADD,
        write=EnableIdentity(vm.id, vm.identity.user_assigned),
        target=vm.id.text,
        sentence=f"The identity of {name} is on" if on else f"Turn on the identity of {name}",
        note=f"{sanitize(vm.id.group, 90)}{'' if on else ', no restart needed for this'}{beside}",
        before="on" if on else "off",
        after="on",
        method="PATCH",
        path=vm.id.text,
        permissions=(WRITE_VM,),
        predicted=_INSTANT if on else _IDENTITY_S,
        right=_ALREADY if on else right_for(asks, facts, caller),
        undo="" if on else "Turn the identity off again; only when asked for.",
    )


def role_change(
    planned: PlannedRole,
    scopes: tuple[ScopeReason, ...],
    needs: tuple[RequiredRight, ...],
    facts: AccessFacts,
    caller: Caller | None,
) -> SetupChange:
    """Create or update the role, or say that it is right as it is."""
    role, before = planned.role, planned.before
    name = sanitize(role.name, 128)
    at = _write_scope(role, scopes)
    asks = tuple(
        ScopedAction(WRITE_ROLE, scope) for scope in dict.fromkeys((*((at,) if at else ()), *role.assignable_scopes))
    )
    if not planned.writes:
        kind, sentence, then, note = ChangeKind.RIGHT, f"The role {name} fits", "already right, not touched", ""
        now = _count(role)
    elif before is None:
        kind, sentence = ChangeKind.ADD, f"Make the role {name}"
        now, then = "none", f"{_count(role)}, assignable on {_where(role.assignable_scopes)}"
        note = _extras(role, needs)
    else:
        kind, sentence, now = ChangeKind.CHANGE, f"{_added_words(planned)} {name}", _count(before)
        then, note = _update_words(planned), f"{_affected_words(planned, facts)}{_grown_words(planned)}"
    return SetupChange(
        key=f"role:{role.guid.lower()}",
        kind=kind,
        write=PutRole(role, before, at),
        target=role.id or f"{at}/{_AUTHORIZATION}/roleDefinitions/{role.guid}",
        sentence=sentence,
        note=note,
        before=now,
        after=then,
        method="PUT",
        path=f"{at}/{_AUTHORIZATION}/roleDefinitions/{role.guid}",
        permissions=(WRITE_ROLE,),
        predicted=_ROLE_S if planned.writes else _INSTANT,
        right=right_for(asks, facts, caller) if planned.writes else _ALREADY,
        undo=("Delete the role, unless others use it by then." if before is None else "Put the former role back.")
        if planned.writes
        else "",
    )


def assign_change(
    vm: VmFound, reason: ScopeReason, table: AssignmentPlan, facts: AccessFacts, caller: Caller | None
) -> SetupChange:
    """Give the role to a machine's identity at a scope, or name the assignment that does so already."""
    existing = existing_assignment(vm, reason.scope, table.role, facts)
    name, where, role = sanitize(vm.id.name, 90), scope_name(reason.scope), sanitize(table.role.name, 128)
    principal = vm.identity.principal_id if vm.identity.system_assigned else ""
    guid = (
        existing.guid
        if existing
        else assignment_guid(reason.scope, principal, table.role.guid, facts.assignments.known)
        if principal
        else "{named after the new identity}"
    )
    needs_first = (table.role_key, table.identity_keys.get(vm.id, ""))
    return SetupChange(
        key=f"assign:{vm.id.key}:{reason.scope.lower()}:{table.role.guid.lower()}",
        kind=ChangeKind.RIGHT if existing else ChangeKind.ADD,
        write=Assign(vm.id, reason.scope, table.role.guid, existing),
        target=reason.scope,
        sentence=f"Role for {name} on {where}",
        note=_held_words(existing, reason.scope) if existing else reason.sentence,
        before=role if existing else "none",
        after="already there, not touched" if existing else role,
        method="PUT",
        path=f"{existing.scope if existing else reason.scope}/{_AUTHORIZATION}/roleAssignments/{guid}",
        permissions=(WRITE_ASSIGNMENT,),
        predicted=_INSTANT if existing else _ASSIGN_S if principal else _ASSIGN_NEW_S,
        right=_ALREADY if existing else right_for((giving(table.role.guid, principal, reason.scope),), facts, caller),
        after_keys=() if existing else tuple(key for key in needs_first if key),
        undo="" if existing else "Remove the assignment.",
    )


def existing_assignment(vm: VmFound, scope: str, role: RoleDefinition, facts: AccessFacts) -> RoleAssignment | None:
    """The assignment that means the same: this role to this identity, here or above; through a group too.

    One whose condition does not let an interface be written counts only where no other one can be made.
    """
    if not vm.identity.system_assigned or not vm.identity.principal_id:
        return None
    fitting = [
        item
        for item in assignments_of(vm.identity.principal_id, facts)
        if item.role_guid.lower() == role.guid.lower()
        and reaches(item.scope, scope)
        and (same_scope(item.scope, scope) or lets_write(item) is not False)
    ]
    return next((item for item in fitting if same_scope(item.scope, scope)), fitting[0] if fitting else None)


def stale_change(assignment: RoleAssignment, facts: AccessFacts, caller: Caller | None) -> SetupChange:
    """Remove an assignment whose identity is gone."""
    role = facts.role(assignment.role_guid)
    name = sanitize(role.name, 128) if role else assignment.role_guid
    path = assignment.id or f"{assignment.scope}/{_AUTHORIZATION}/roleAssignments/{assignment.guid}"
    return SetupChange(
        key=f"stale:{assignment.scope.lower()}:{assignment.guid.lower()}",
        kind=ChangeKind.CHANGE,
        write=RemoveStale(assignment),
        target=path,
        sentence=f"Remove a rebuilt machine's assignment on {scope_name(assignment.scope)}",
        note=f"identity {sanitize(assignment.principal_id, 60)}, which no longer exists",
        before=name,
        after="none",
        method="DELETE",
        path=path,
        permissions=(DELETE_ASSIGNMENT,),
        predicted=_ASSIGN_S,
        right=right_for((removing(assignment),), facts, caller),
        undo="Not undone: its identity no longer exists.",
    )


def place_change(
    address: IPv4Address,
    configuration: str,
    chosen: ChosenMachines,
    facts: AccessFacts,
    caller: Caller | None,
    before: tuple[str, ...] = (),
) -> SetupChange:
    """Create the first Azure IP Configuration on the active machine's interface, or say where it is already.

    ``before``: the role and its assignments. An address whose members could not move it is not put into service.
    """
    holder = next((nic for nic in chosen.nics if has_floating_ip(nic, address)), None)
    nic = holder or chosen.nics[0]
    name, shown = sanitize(nic.id.name, 90), sanitize(configuration, 80)
    asks = [ScopedAction(NIC_WRITE, nic.id.text), ScopedAction(SUBNET_JOIN, chosen.subnet.text)]
    asks += [ScopedAction(action, thing.text) for action, thing in linked_rights(nic.references)]
    return SetupChange(
        key=f"place:{nic.id.key}:{address}",
        kind=ChangeKind.RIGHT if holder else ChangeKind.ADD,
        write=PlaceAddress(nic.id, str(address), configuration),
        target=nic.id.text,
        sentence=f"{address} is on {name}" if holder else f"Put {address} on {name}",
        note="already there, not touched" if holder else f"as the Azure IP Configuration {shown}, static",
        before=f"on {name}" if holder else "on no interface",
        after=f"on {name}",
        method="PUT",
        path=nic.id.text,
        permissions=tuple(dict.fromkeys(ask.action for ask in asks)),
        predicted=_INSTANT if holder else NIC_UPDATE,
        right=_ALREADY if holder else right_for(asks, facts, caller),
        not_if_failed=() if holder else before,
        undo="" if holder else "Take the configuration off again.",
    )


def restart_change(
    vm: VmFound, after: tuple[str, ...], facts: AccessFacts, caller: Caller | None
) -> SetupChange | None:
    """The restart afterwards, never sent by apply; None for a machine that is off and picks its rights up at start."""
    if vm.power in (Power.STOPPED, Power.DEALLOCATED, Power.DEALLOCATING):
        return None
    name = sanitize(vm.id.name, 90)
    return SetupChange(
        key=f"restart:{vm.id.key}",
        kind=ChangeKind.RESTART,
        write=Restart(vm.id),
        target=vm.id.text,
        sentence=f"Afterwards: restart {name}",
        note="one at a time, the standby first, each only when you say so",
        before="running",
        after="restarted, with its new rights",
        method="POST",
        path=f"{vm.id.text}/restart",
        permissions=(RESTART_VM,),
        predicted=_RESTART_S,
        right=right_for((ScopedAction(RESTART_VM, vm.id.text),), facts, caller),
        after_keys=after,
    )


def restart_order(machines: tuple[T, ...], holds: tuple[bool, ...]) -> tuple[T, ...]:
    """The machines as they are restarted: who holds the address comes last.

    While nobody holds it, the first machine is the one meant to be active, so it comes last as well.
    """
    if any(holds) and not all(holds):
        return tuple(one for one, _ in sorted(zip(machines, holds, strict=True), key=itemgetter(1)))
    return tuple(reversed(machines))


def has_floating_ip(nic: NicFound, address: IPv4Address | None) -> bool:
    """Whether an interface has the floating IP beside its own address."""
    return any(item.address == str(address) and item is not nic.primary for item in nic.configurations)


def _write_scope(role: RoleDefinition, scopes: tuple[ScopeReason, ...]) -> str:
    """Where the role is written: a scope of this plan that the role can be assigned at, its first one otherwise."""
    ours = [one.scope for one in scopes if any(reaches(held, one.scope) for held in role.assignable_scopes)]
    return next(iter(ours), role.assignable_scopes[0] if role.assignable_scopes else "")


def _count(role: RoleDefinition) -> str:
    number = len(role.actions)
    if any("*" in action for action in role.actions):
        return f"{counted(number, 'action')}, wildcards among them"
    words = {9: "nine actions", 10: "ten actions"}
    return words.get(number) or counted(number, "action")


def _where(scopes: tuple[str, ...]) -> str:
    return join_words(scope_name(scope) for scope in scopes)


def _short(actions: tuple[str, ...]) -> str:
    return join_words(action.removeprefix("Microsoft.Network/") for action in actions)


def _extras(role: RoleDefinition, needs: tuple[RequiredRight, ...]) -> str:
    extra = {need.action.lower() for need in needs if not need.in_role}
    taken = tuple(action for action in role.actions if action.lower() in extra)
    if taken:
        return f"beyond Trustgrid's ten: {_short(taken)}"
    asked = {need.action.lower() for need in needs if need.asked and need.in_role}
    return f"Trustgrid's ten; Azure asks for {len(asked)} of them when this address moves"


def _added_words(planned: PlannedRole) -> str:
    if not planned.added:
        return "Change the scopes of" if planned.dropped else "Add scopes to"
    return "Add one action to" if len(planned.added) == 1 else f"Add {len(planned.added)} actions to"


def _update_words(planned: PlannedRole) -> str:
    parts = [f"{_count(planned.role)}, with {_short(planned.added)}"] if planned.added else []
    return ", ".join((*parts, *_assignable_too(planned)))


def _grown_words(planned: PlannedRole) -> str:
    """What an update adds, for the line below it."""
    added = (f"adds {_short(planned.added)}",) if planned.added else ()
    return "".join(f"; {part}" for part in (*added, *_assignable_too(planned)))


def _assignable_too(planned: PlannedRole) -> tuple[str, ...]:
    known = {scope.lower() for scope in planned.before.assignable_scopes} if planned.before else set()
    grown = tuple(scope for scope in planned.role.assignable_scopes if scope.lower() not in known)
    dropped = (f"no longer assignable on {_where(planned.dropped)}",) if planned.dropped else ()
    return (*((f"assignable on {_where(grown)} too",) if grown else ()), *dropped)


def _affected_words(planned: PlannedRole, facts: AccessFacts) -> str:
    if not planned.added:
        return "what it grants and to whom stays as it is"
    affected = affected_by(planned.role, facts)
    if not affected:
        return "assigned to no one that can be seen from here"
    who = list(dict.fromkeys(item.principal for item in affected))
    shown = join_words(who) if len(who) <= 3 else f"{', '.join(who[:3])} and {len(who) - 3} more"
    return f"changes {counted(len(affected), 'assignment')}: {shown}"


def _held_words(existing: RoleAssignment, scope: str) -> str:
    when = f"assigned {existing.created_on:%Y-%m-%d}" if existing.created_on else "assigned before"
    if not same_scope(existing.scope, scope):
        return f"{when}, on {scope_name(existing.scope)}"
    return when
