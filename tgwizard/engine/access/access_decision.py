"""Whether an identity may do something: what grants it, what takes it away, and what is not known. Pure.

The one judgement of preflight, plan, verify and rehearsal. How far a role, a denial or a lock reaches is
``model.permission.reaches``' to say and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from tgwizard.engine.access.required_rights import NIC_WRITE
from tgwizard.engine.azure_call_error import MissingRight
from tgwizard.model.access_facts import NOT_ASKED, AccessFacts, FactKind, IdentityRights, Queried
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import Caller
from tgwizard.model.permission import (
    DenyAssignment,
    HeldRole,
    PermissionSet,
    allows,
    matches,
    reaches,
    scope_in_words,
)
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import WRITE_ASSIGNMENT, WRITE_ROLE, LockSeen, PrincipalKind, RoleAssignment
from tgwizard.model.role_condition import Attributes, holds
from tgwizard.model.setup_plan import Obstacle, Right, SetupChange, WhoMay
from tgwizard.model.text import join_words, sanitize

DELETE_ASSIGNMENT = "Microsoft.Authorization/roleAssignments/delete"
WRITE_VM = "Microsoft.Compute/virtualMachines/write"
RESTART_VM = "Microsoft.Compute/virtualMachines/restart/action"
UNLOCK = "Microsoft.Authorization/locks/delete"
LIFT_DENIAL = "Microsoft.Authorization/denyAssignments/delete"

_ASSIGNERS = ("Role Based Access Control Administrator", "User Access Administrator", "Owner")
_WOULD_DO = (
    (WRITE_ROLE, ("User Access Administrator", "Owner")),
    (WRITE_ASSIGNMENT, _ASSIGNERS),
    (DELETE_ASSIGNMENT, _ASSIGNERS),
    ("Microsoft.Compute/*", ("Virtual Machine Contributor", "Contributor", "Owner")),
    ("Microsoft.Network/*", ("Network Contributor", "Contributor", "Owner")),
)
"""Azure's own roles that contain an action, the narrowest first."""
_MACHINE = PrincipalKind.SERVICE_PRINCIPAL.value


@dataclass(frozen=True, slots=True)
class ScopedAction:
    """An action at a scope (a full id). ``attributes``: what a condition may ask of the call."""

    action: str
    scope: str
    attributes: Attributes = field(default_factory=dict, hash=False)


class RightState(Enum):
    """What came of it.

    CONDITION: only assignments grant it whose conditions cannot be judged from here. NOT_KNOWN: what would grant it, or
    what may take it away, was not read.
    """

    YES = "yes"
    MISSING = "missing"
    CONDITION = "condition"
    DENIED = "denied"
    LOCKED = "locked"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement.

    ``denial`` or ``lock`` is what stops it, ``refusing`` the assignment whose condition says no, ``unread`` why it is
    not known.
    """

    state: RightState
    denial: DenyAssignment | None = None
    lock: LockSeen | None = None
    refusing: HeldRole | None = None
    unread: Problem | None = None


def decide(
    wanted: ScopedAction,
    roles: Queried[tuple[HeldRole, ...]],
    denials: Queried[tuple[DenyAssignment, ...]] = NOT_ASKED,
    locks: Queried[tuple[LockSeen, ...]] = NOT_ASKED,
) -> Decision:
    """Judge one action. ``roles`` and ``denials``: those that concern the identity; what was not asked takes nothing.

    A lock or a denial is told before a missing right: no role helps against either. What is certain is told before what
    is not known.
    """
    for lock in locks.known:
        if lock.stops(wanted.action, wanted.scope):
            return Decision(RightState.LOCKED, lock=lock)
    for denial in denials.known:
        if denial.takes(wanted.action, wanted.scope):
            return Decision(RightState.DENIED, denial=denial)
    granting = [
        role for role in roles.known if reaches(role.scope, wanted.scope) and allows((role.grants,), wanted.action)
    ]
    judged = [(role, condition_holds(role.condition, wanted)) for role in granting]
    if any(result for _, result in judged):
        unread = denials.problem or locks.problem
        return Decision(RightState.YES) if unread is None else Decision(RightState.NOT_KNOWN, unread=unread)
    if any(result is None for _, result in judged):
        return Decision(RightState.CONDITION)
    if roles.value is None or roles.problem is not None:
        return Decision(RightState.NOT_KNOWN, unread=roles.problem)
    return Decision(RightState.MISSING, refusing=judged[0][0] if judged else None)


def decide_own(wanted: ScopedAction, facts: AccessFacts) -> Decision:
    """Judge it for the signed-in identity, by what Azure lists at that very scope."""
    return decide(wanted, held_here(facts.own_at(wanted.scope), wanted.scope), facts.own_denials)


def decide_for(wanted: ScopedAction, identity: IdentityRights | None) -> Decision:
    """Judge it for a machine's identity; one that is not there holds nothing."""
    if identity is None:
        return Decision(RightState.NOT_KNOWN)
    if identity.principal.value == "":
        return Decision(RightState.MISSING)
    decision = decide(wanted, identity.roles, identity.denials)
    return replace(decision, unread=identity.principal.problem) if identity.principal.problem is not None else decision


def held_here(held: Queried[tuple[PermissionSet, ...]], scope: str) -> Queried[tuple[HeldRole, ...]]:
    """What Azure lists for the signed-in identity at a scope, as roles: it lists neither conditions nor denials."""
    roles = tuple(HeldRole(scope, grants) for grants in held.known)
    return Queried(None if held.value is None else roles, held.problem)


def with_denials_applied(
    refused: Iterable[MissingRight], denials: Iterable[DenyAssignment]
) -> tuple[MissingRight, ...]:
    """The rights that a refusal named, those as denied that one of the denials takes, whatever the refusal says.

    Azure says of a linked right that a deny assignment takes away only that the permission is not there.
    """
    known = Queried(tuple(denials))
    return tuple(
        _or_denied(one, decide(ScopedAction(one.action, one.scope), NOT_ASKED, known).denial) for one in refused
    )


def _or_denied(right: MissingRight, denial: DenyAssignment | None) -> MissingRight:
    if right.denied or denial is None:
        return right
    return replace(right, denied=True, by=sanitize(denial.name, 120), by_scope=sanitize(denial.scope, 400))


def denied_in_words(right: MissingRight) -> str:
    """That a deny assignment takes this right away, and on what."""
    by = f"The deny assignment {right.by}" if right.by else "A deny assignment"
    by += f" on {scope_in_words(right.by_scope)}" if right.by_scope else ""
    return f"{by} forbids {right.action} on {place_in_words(right.scope)}, whatever role"


def why_refused(right: MissingRight, *, unread: bool = False) -> str:
    """Why Azure refuses something to the caller. ``unread``: whether a denial takes it away could not be read."""
    if right.denied:
        return f"{denied_in_words(right)} you have."
    if unread:
        return (
            f"{right.action} on {place_in_words(right.scope)} is refused: no role of yours has it, or a deny "
            "assignment takes it away. Which of the two is not known: the deny assignments could not be read."
        )
    return f"{right.action} is missing on {place_in_words(right.scope)}."


def explain_refusal(
    problem: Problem, refused: tuple[MissingRight, ...], denials: tuple[DenyAssignment, ...] | None
) -> Problem:
    """A refused write with its cause: Azure says the same of a linked right that no role has and of one that is denied.

    ``denials``: those that concern the caller, None when they could not be read.
    """
    told = with_denials_applied(refused, denials or ())
    if told == refused and (denials is not None or all(one.denied for one in refused)):
        return problem
    why = " ".join(why_refused(one, unread=denials is None) for one in told)
    if any(one.denied for one in told):
        return replace(
            problem, code="denied", why=why, fix=f"{LIFT}. {NO_ROLE_HELPS}", who=Fixer.ADMIN, right=LIFT_DENIAL
        )
    return replace(problem, why=why, fix=LOOK_FOR_BOTH)


LIFT = "Have whoever made it (a deployment stack, a managed application) lift it, or exclude you from it"
NO_ROLE_HELPS = "No role helps against it."
LOOK_FOR_BOTH = (
    "Have an administrator look at both: your role, and the deny assignments there "
    "(in the portal under Access control)."
)


def place_in_words(scope: str) -> str:
    """A resource with its group; anything wider as it is."""
    at = ResourceId(scope)
    return f"{at.name} in resource group {at.group}" if at.group else scope_in_words(scope)


def giving(role_guid: str, principal: str, scope: str) -> ScopedAction:
    """To give a role to a machine's identity; ``principal`` empty: it does not exist yet."""
    known = {"request:roledefinitionid": role_guid.lower(), "request:principaltype": _MACHINE}
    return ScopedAction(
        WRITE_ASSIGNMENT, scope, known | ({"request:principalid": principal.lower()} if principal else {})
    )


def removing(assignment: RoleAssignment) -> ScopedAction:
    """To take an assignment away."""
    known = {
        "resource:roledefinitionid": assignment.role_guid.lower(),
        "resource:principalid": assignment.principal_id.lower(),
    }
    if assignment.principal_kind is not PrincipalKind.OTHER:
        known["resource:principaltype"] = assignment.principal_kind.value
    return ScopedAction(DELETE_ASSIGNMENT, assignment.scope, known)


def condition_holds(condition: str, wanted: ScopedAction) -> bool | None:
    """Whether an assignment counts for the action; None when its condition cannot be judged from here."""
    return holds(condition, wanted.action, wanted.attributes) if condition else True


def lets_write(assignment: RoleAssignment) -> bool | None:
    """Whether the condition of a machine's assignment lets it write an interface; None: that cannot be told."""
    return condition_holds(assignment.condition, ScopedAction(NIC_WRITE, assignment.scope))


def principals_of(principal: str, facts: AccessFacts) -> tuple[str, ...]:
    """The object ids by which an identity is known: its own, and those of groups that it holds roles through."""
    about = principal.lower()
    return tuple(
        dict.fromkeys((about, *(item.principal_id.lower() for of, item in facts.through_groups if of.lower() == about)))
    )


def assignments_of(principal: str, facts: AccessFacts) -> tuple[RoleAssignment, ...]:
    """What an identity holds, by itself and through groups."""
    about = principal.lower()
    own = [item for item in facts.assignments.known if item.principal_id.lower() == about]
    return (*own, *(item for of, item in facts.through_groups if of.lower() == about))


def roles_of(principal: str, facts: AccessFacts) -> Queried[tuple[HeldRole, ...]]:
    """The same as what is granted from where downwards; an assignment whose role is not known grants nothing."""
    held = tuple(
        HeldRole(item.scope, grants, item.condition)
        for item in assignments_of(principal, facts)
        if (role := facts.role(item.role_guid)) is not None
        for grants in role.held
    )
    return Queried(held, facts.assignments.problem or facts.roles.problem)


def denials_of(principal: str, facts: AccessFacts) -> Queried[tuple[DenyAssignment, ...]]:
    """The deny assignments that concern an identity, as far as its groups are known."""
    through = (denial for of, denial in facts.denied if of.lower() == principal.lower())
    found = denials_concerning(principals_of(principal, facts), facts.denials.known, through)
    return replace(facts.denials, value=found)


def denials_concerning(
    principals: Iterable[str], denials: Iterable[DenyAssignment], through: Iterable[DenyAssignment]
) -> tuple[DenyAssignment, ...]:
    """Those of the denials that concern an identity, known by these object ids.

    ``through``: those that Azure names for it when asked, for they may name a group that nothing else tells of.
    """
    named, known = frozenset(through), tuple(principals)
    meant = (replace(denial, principals=()) if denial in named else denial for denial in denials)
    return tuple(denial for denial in meant if denial.concerns(known))


# -- the signed-in identity -------------------------------------------------------------------------------------------


def right_for(asks: Iterable[ScopedAction], facts: AccessFacts, caller: Caller | None) -> Right:
    """Whether the signed-in identity may do all of it; the first scope where it may not is named."""
    asked = tuple(asks)
    principal = caller.object_id if caller else ""
    # A list of denials or locks that could not be read is a warning of the whole plan, not of each change.
    denials, locks = Queried(denials_of(principal, facts).known), Queried(facts.locks.known)
    unsure: Right | None = None
    for scope in dict.fromkeys(ask.scope for ask in asked):
        here = tuple(ask for ask in asked if ask.scope == scope)
        held = held_here(facts.own_reaching(scope), scope)
        judged = [(ask, decide(ask, held, denials, locks)) for ask in here]
        for ask, decision in judged:
            if decision.lock is not None:
                return _locked(ask, decision.lock)
            if decision.denial is not None:
                return _denied(ask, decision.denial, tuple(one.action for one in here))
        missing = tuple(dict.fromkeys(ask.action for ask, decision in judged if decision.state is not RightState.YES))
        if missing and facts.own_at(scope).value is not None:
            problem = _missing_problem(missing, scope)
            return Right(WhoMay.OTHERS, scope, missing, roles_for(missing), problem, Obstacle.ROLE)
        if missing:
            why = facts.failure(FactKind.OWN_RIGHTS)
            unsure = unsure or Right(WhoMay.NOT_KNOWN, scope, missing, roles_for(missing), why)
    refused = unsure or Right(WhoMay.YOU)
    for ask in asked:
        limited = _limited(ask, roles_of(principal, facts), facts) if principal else None
        if limited is not None and limited.who is WhoMay.OTHERS:
            return limited
        refused = limited if limited is not None and refused.who is WhoMay.YOU else refused
    return refused


def roles_for(actions: Iterable[str]) -> tuple[str, ...]:
    """Azure's own roles that would allow all of the actions, the narrowest first."""
    wanted = tuple(actions)
    fitting = [roles for action in wanted for pattern, roles in _WOULD_DO if matches(pattern, action)]
    if not wanted or len(fitting) < len(wanted):
        return ("Owner",)
    return tuple(role for role in fitting[0] if all(role in roles for roles in fitting)) or ("Owner",)


def _limited(ask: ScopedAction, roles: Queried[tuple[HeldRole, ...]], facts: AccessFacts) -> Right | None:
    """What conditions on the caller's own assignments make of a right that Azure lists without them; None: nothing."""
    decision = decide(ask, Queried(roles.known))
    if decision.state is RightState.CONDITION:
        problem = Problem(
            "right-has-condition",
            "Your right to assign roles has a condition.",
            "Conditions limit which roles may be given to whom; whether this one allows it cannot be told from here.",
            "Apply tries it and says so. If it is refused, hand the plan over.",
        )
        return Right(WhoMay.NOT_KNOWN, ask.scope, (ask.action,), roles_for((ask.action,)), problem, Obstacle.CONDITION)
    if decision.refusing is None:
        return None
    held = facts.own_at(ask.scope).known
    seen = sum(reaches(role.scope, ask.scope) and allows((role.grants,), ask.action) for role in roles.known)
    if sum(allows((block,), ask.action) for block in held) > seen:
        return None  # Something else gives the right too, in a way that the lists do not tell.
    what = "give this role" if ask.action == WRITE_ASSIGNMENT else "take this assignment away"
    problem = Problem(
        "right-has-condition",
        f"Your own role assignment has a condition that does not let you {what}.",
        f"It is assigned on {sanitize(decision.refusing.scope, 200)}, "
        "and Azure refuses what its condition does not name.",
        "Someone whose right to assign roles has no such condition can do it. The plan can be exported for them.",
        sanitize(decision.refusing.condition, 600),
        Fixer.ADMIN,
        ask.action,
    )
    return Right(WhoMay.OTHERS, ask.scope, (ask.action,), roles_for((ask.action,)), problem, Obstacle.CONDITION)


def _locked(ask: ScopedAction, lock: LockSeen) -> Right:
    problem = Problem(
        "scope-locked",
        f"The lock {sanitize(lock.name, 90)} forbids changes here.",
        f"It is {lock.level.value} on {sanitize(lock.scope, 200)}.{_notes(lock)}",
        "Have the lock removed for the time of the set-up. No role helps against a lock.",
        who=Fixer.ADMIN,
        right=UNLOCK,
    )
    return Right(WhoMay.OTHERS, ask.scope, (ask.action,), (), problem, Obstacle.LOCK)


def _notes(lock: LockSeen) -> str:
    return f' Its notes say: "{sanitize(lock.notes, 200)}".' if lock.notes.strip() else ""


def _denied(ask: ScopedAction, denial: DenyAssignment, actions: tuple[str, ...]) -> Right:
    taken = tuple(dict.fromkeys(action for action in actions if denial.takes(action, ask.scope)))
    problem = Problem(
        "scope-denied",
        f"The deny assignment {sanitize(denial.name, 120)} forbids {join_words(taken)}.",
        f"It stands on {sanitize(denial.scope, 200)} and wins over every role.",
        "Someone outside the deny assignment has to do this. No role helps against it.",
        who=Fixer.ADMIN,
    )
    return Right(WhoMay.OTHERS, ask.scope, taken, (), problem, Obstacle.DENIAL)


def _missing_problem(missing: tuple[str, ...], scope: str) -> Problem:
    roles = roles_for(missing)
    return Problem(
        "right-missing",
        f"You may not do this: it needs {join_words(missing)}.",
        f"Your roles on {sanitize(scope, 200)} do not have it.",
        f"Someone who is {' or '.join(roles)} there can do it, or can make you that.",
        who=Fixer.ADMIN,
        right=join_words(missing),
    )


# -- the changes of a plan that are not the caller's to make ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotYours:
    """Changes that one kind of obstacle keeps from the signed-in user, and the whole of it in words."""

    obstacle: Obstacle
    changes: tuple[SetupChange, ...]
    problem: Problem


def not_yours(writing: tuple[SetupChange, ...]) -> tuple[NotYours, ...]:
    """What others would have to do or to lift, by obstacle: those against which no role helps come first."""
    found = []
    for obstacle in Obstacle:
        changes = tuple(
            change
            for change in writing
            if change.right.who is WhoMay.OTHERS and (change.right.obstacle or Obstacle.ROLE) is obstacle
        )
        if changes:
            found.append(NotYours(obstacle, changes, _together(obstacle, changes, len(writing))))
    return tuple(found)


def _together(obstacle: Obstacle, changes: tuple[SetupChange, ...], of: int) -> Problem:
    first = changes[0].right.problem
    one = len(changes) == 1
    part = "all of it" if len(changes) == of else f"{len(changes)} of {of} changes"
    if obstacle is Obstacle.ROLE or first is None:
        roles = join_words(dict.fromkeys(role for change in changes for role in change.right.roles[-1:]))
        all_ = len(changes) == of
        return Problem(
            "others-must",
            "None of the changes is yours to make." if all_ else f"{part} {'is' if one else 'are'} for others.",
            f"Your account does not have the rights{f'; {roles} does' if roles else ''}.",
            "Hand the plan over; nothing is written." if all_ else "Apply what you may, and hand the rest over.",
            who=Fixer.ADMIN,
            right=join_words(dict.fromkeys(action for change in changes for action in change.right.missing)),
        )
    reasons = [change.right.problem for change in changes if change.right.problem is not None]
    what = {
        Obstacle.LOCK: f"A lock stops {part}.",
        Obstacle.DENIAL: f"A deny assignment stops {part}.",
        Obstacle.CONDITION: f"The condition of your own role assignment stops {part}.",
    }[obstacle]
    why = " ".join(dict.fromkeys(f"{reason.what} {reason.why}".strip() for reason in reasons))
    return Problem(first.code, what, why, first.fix, first.detail, first.who, first.right)
