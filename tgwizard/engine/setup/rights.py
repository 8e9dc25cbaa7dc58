"""Who may carry out a change: worked out from the signed-in identity's roles, denials and locks (DESIGN 4g)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tgwizard.model.inventory import Caller
from tgwizard.model.permission import PermissionSet, allows, matches, reaches
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import DenyAssignment, LockLevel, LockSeen
from tgwizard.model.setup_facts import FactKind, SetupFacts
from tgwizard.model.setup_plan import Right, WhoMay
from tgwizard.model.text import listed, tame

WRITE_ROLE = "Microsoft.Authorization/roleDefinitions/write"
WRITE_ASSIGNMENT = "Microsoft.Authorization/roleAssignments/write"
DELETE_ASSIGNMENT = "Microsoft.Authorization/roleAssignments/delete"
WRITE_VM = "Microsoft.Compute/virtualMachines/write"
RESTART_VM = "Microsoft.Compute/virtualMachines/restart/action"

_JOINS = ("/join/action", "/joinipconfiguration/action")

_ASSIGNERS = ("Role Based Access Control Administrator", "User Access Administrator", "Owner")
_WOULD_DO = (
    (WRITE_ROLE, ("User Access Administrator", "Owner")),
    (WRITE_ASSIGNMENT, _ASSIGNERS),
    (DELETE_ASSIGNMENT, _ASSIGNERS),
    ("Microsoft.Compute/*", ("Virtual Machine Contributor", "Contributor", "Owner")),
    ("Microsoft.Network/*", ("Network Contributor", "Contributor", "Owner")),
)
"""Azure's own roles that contain an action, the narrowest first (trustgrid.md 4.5)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing a change needs: an action at a scope (a full id)."""

    action: str
    scope: str


def right_for(asks: Iterable[Ask], facts: SetupFacts, caller: Caller | None) -> Right:
    """Whether the signed-in identity may do all of it; the first scope where it may not is named."""
    asked = tuple(asks)
    unsure: Right | None = None
    for scope in dict.fromkeys(ask.scope for ask in asked):
        actions = tuple(dict.fromkeys(ask.action for ask in asked if ask.scope == scope))
        for judged in (_locked(actions, scope, facts), _denied(actions, scope, facts, caller)):
            if judged is not None:
                return judged
        held, sure = held_at(scope, facts)
        missing = tuple(action for action in actions if not allows(held, action))
        if missing and sure:
            return Right(WhoMay.OTHERS, scope, missing, roles_for(missing), _missing_problem(missing, scope))
        if missing:
            why = facts.failure(FactKind.OWN_RIGHTS)
            unsure = unsure or Right(WhoMay.NOT_KNOWN, scope, missing, roles_for(missing), why)
    return unsure or _conditions(asked, facts, caller) or Right(WhoMay.YOU)


def held_at(scope: str, facts: SetupFacts) -> tuple[tuple[PermissionSet, ...], bool]:
    """What the identity holds at a scope, and whether that is the whole of it.

    Azure was asked at some scopes; what is held above counts below, but below there may be more.
    """
    exact = next((own for own in facts.own if own.scope.lower() == scope.lower()), None)
    if exact is not None:
        return exact.held, True
    above = [own for own in facts.own if reaches(own.scope, scope)]
    return tuple(block for own in above for block in own.held), False


def roles_for(actions: Iterable[str]) -> tuple[str, ...]:
    """Azure's own roles that would allow all of the actions, the narrowest first."""
    wanted = tuple(actions)
    fitting = [roles for action in wanted for pattern, roles in _WOULD_DO if matches(pattern, action)]
    if not wanted or len(fitting) < len(wanted):
        return ("Owner",)
    return tuple(role for role in fitting[0] if all(role in roles for roles in fitting)) or ("Owner",)


def locks_on(scope: str, facts: SetupFacts) -> tuple[LockSeen, ...]:
    """The locks that stand on the scope or above it."""
    return tuple(lock for lock in facts.locks if reaches(lock.scope, scope))


def concerns(denial: DenyAssignment, principals: tuple[str, ...]) -> bool:
    """Whether a deny assignment is for one of these object ids. Membership in a group cannot be told from here."""
    wanted = {principal.lower() for principal in principals}
    if wanted & {excluded.lower() for excluded in denial.excluded}:
        return False
    return not denial.principals or bool(wanted & {principal.lower() for principal in denial.principals})


def denies_at(denial: DenyAssignment, scope: str, action: str) -> bool:
    """Whether it takes an action away at a scope."""
    if denial.this_scope_only:
        there = denial.scope.strip("/").lower() == scope.strip("/").lower()
    else:
        there = reaches(denial.scope, scope)
    return there and allows((denial.denies,), action)


def _locked(actions: tuple[str, ...], scope: str, facts: SetupFacts) -> Right | None:
    """A lock stops operations on what it stands on; joining a thing from elsewhere is none."""
    actions = tuple(action for action in actions if not action.lower().endswith(_JOINS))
    if not actions:
        return None
    deletes = any(action.endswith("/delete") for action in actions)
    for lock in locks_on(scope, facts):
        if lock.level is LockLevel.READ_ONLY or deletes:
            name = tame(lock.name, 90)
            problem = Problem(
                "scope-locked",
                f"The lock {name} forbids changes here.",
                f"It is {lock.level.value} on {tame(lock.scope, 200)}. {tame(lock.notes, 200)}".strip(),
                "Have the lock removed for the time of the set-up. No role helps against a lock.",
                who=Fixer.ADMIN,
                right="Microsoft.Authorization/locks/delete",
            )
            return Right(WhoMay.OTHERS, scope, actions, ("Owner",), problem)
    return None


def _denied(actions: tuple[str, ...], scope: str, facts: SetupFacts, caller: Caller | None) -> Right | None:
    principals = (caller.object_id,) if caller else ()
    for denial in facts.denials:
        taken = tuple(action for action in actions if denies_at(denial, scope, action))
        if taken and concerns(denial, principals):
            problem = Problem(
                "scope-denied",
                f"The deny assignment {tame(denial.name, 120)} forbids {listed(taken)}.",
                f"It stands on {tame(denial.scope, 200)} and wins over every role.",
                "Someone outside the deny assignment has to do this.",
                who=Fixer.ADMIN,
            )
            return Right(WhoMay.OTHERS, scope, taken, (), problem)
    return None


def _conditions(asks: tuple[Ask, ...], facts: SetupFacts, caller: Caller | None) -> Right | None:
    """A condition on the caller's own assignment may limit which roles can be given; own rights do not show it."""
    if caller is None or not any(ask.action in (WRITE_ASSIGNMENT, DELETE_ASSIGNMENT) for ask in asks):
        return None
    for ask in asks:
        mine = [
            item
            for item in facts.assignments
            if item.principal_id.lower() == caller.object_id.lower()
            and reaches(item.scope, ask.scope)
            and (role := facts.role(item.role_guid)) is not None
            and allows(role.held, ask.action)
        ]
        if mine and all(item.condition for item in mine):
            problem = Problem(
                "right-has-condition",
                "Your right to assign roles has a condition.",
                "Conditions limit which roles may be given to whom; Azure checks them only when asked to write.",
                "Apply tells. If it is refused, hand the plan over.",
            )
            return Right(WhoMay.NOT_KNOWN, ask.scope, (ask.action,), roles_for((ask.action,)), problem)
    return None


def _missing_problem(missing: tuple[str, ...], scope: str) -> Problem:
    roles = roles_for(missing)
    return Problem(
        "right-missing",
        f"You may not do this: it needs {listed(missing)}.",
        f"Your roles on {tame(scope, 200)} do not have it.",
        f"Someone who is {' or '.join(roles)} there can do it, or can make you that.",
        who=Fixer.ADMIN,
        right=listed(missing),
    )
