"""The role that the plan ends with: new, found, updated or built in; and what stands in the way of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tgwizard.engine.access.matching_roles import (
    RoleCandidate,
    check_role_name,
    judge_role,
    missing_rights,
    network_contributor,
    within,
)
from tgwizard.engine.access.required_rights import (
    NOT_ASKED,
    AskedBy,
    RequiredRight,
    asked_by,
    needed_actions,
    scope_name,
)
from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.permission import allows
from tgwizard.model.problem import Problem
from tgwizard.model.role import (
    DEFAULT_ROLE_DESCRIPTION,
    TEN_ACTIONS,
    RoleDefinition,
    RoleKind,
    RolePermission,
    role_guid,
)
from tgwizard.model.setup_answers import RoleAnswer, RoleUse
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.text import join_words, sanitize


@dataclass(frozen=True, slots=True)
class PlannedRole:
    """``role`` as it is to be; ``before``: as it is now, None when it is not there. ``problems`` forbid the plan."""

    role: RoleDefinition
    before: RoleDefinition | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it has to be written."""
        return self.before is None or self.role != self.before

    @property
    def dropped(self) -> tuple[str, ...]:
        """The assignable scopes that the update takes away."""
        kept = {scope.lower() for scope in self.role.assignable_scopes}
        before = self.before.assignable_scopes if self.before else ()
        return tuple(scope for scope in before if scope.lower() not in kept)

    @property
    def added(self) -> tuple[str, ...]:
        """The actions that the update adds."""
        before = {action.lower() for action in self.before.actions} if self.before else set()
        return tuple(action for action in self.role.actions if action.lower() not in before)


def new_role(
    answer: RoleAnswer, subscription: str, scopes: tuple[ScopeReason, ...], facts: AccessFacts
) -> RoleDefinition:
    """Trustgrid's role under the chosen name, with the extra actions that were taken, for the computed scopes."""
    name = answer.name.strip()
    actions = _with(tuple(item.action for item in TEN_ACTIONS), answer.extra)
    return RoleDefinition(
        role_guid(subscription, name, facts.roles.known),
        name,
        DEFAULT_ROLE_DESCRIPTION,
        RoleKind.CUSTOM,
        (RolePermission(actions),),
        tuple(reason.scope for reason in scopes),
    )


def plan_role(
    answer: RoleAnswer,
    subscription: str,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    facts: AccessFacts,
) -> PlannedRole:
    """Resolve the answer against what is there."""
    planned = _resolved(answer, subscription, needs, scopes, facts)
    if not answer.dropped:
        return planned
    name = sanitize(planned.role.name, 128)
    if answer.use in (RoleUse.NETWORK_CONTRIBUTOR, RoleUse.REUSE):
        what = f"No scope can be dropped from {name}: the role is used as it is."
        own = answer.use is RoleUse.NETWORK_CONTRIBUTOR or planned.role.kind is RoleKind.BUILT_IN
        why = "It is one of Azure's own roles, which cannot be changed." if own else ""
        role = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{planned.role.guid}"
        fix = "Leave --drop-scope out." if own else f"Add --update-role --role-id {role}"
        return replace(planned, problems=(*planned.problems, Problem("scope-not-dropped", what, why, fix)))
    dropped = {_as_compared(scope) for scope in answer.dropped}
    before = {_as_compared(scope) for scope in planned.before.assignable_scopes} if planned.before else set[str]()
    needed = {_as_compared(item.scope) for item in scopes}
    problems = tuple(_needed_there(name, scope) for scope in answer.dropped if _as_compared(scope) in needed)
    warnings = tuple(_not_there(name, scope) for scope in answer.dropped if _as_compared(scope) not in before | needed)
    kept = tuple(
        scope
        for scope in planned.role.assignable_scopes
        if _as_compared(scope) not in dropped or _as_compared(scope) in needed
    )
    return replace(
        planned,
        role=replace(planned.role, assignable_scopes=kept),
        problems=(*planned.problems, *problems),
        warnings=(*planned.warnings, *warnings),
    )


def _as_compared(scope: str) -> str:
    return scope.rstrip("/").lower()


def _needed_there(name: str, scope: str) -> Problem:
    return Problem(
        "scope-needed",
        f"{sanitize(scope, 200)} cannot be dropped from {name}.",
        "The role is to be assigned there.",
        "Leave --drop-scope out, or say with --scope where the role is to be assigned.",
    )


def _not_there(name: str, scope: str) -> Problem:
    return Problem(
        "scope-not-there",
        f"{name} is not assignable on {sanitize(scope, 200)}, so nothing is dropped there.",
        "",
        "If another scope was meant, compare the name with those of the role in the Azure portal.",
    )


def _resolved(
    answer: RoleAnswer,
    subscription: str,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    facts: AccessFacts,
) -> PlannedRole:
    if answer.use is RoleUse.NETWORK_CONTRIBUTOR:
        built_in = network_contributor(facts)
        return PlannedRole(built_in, built_in, warnings=_built_in_warnings(built_in, needs))
    if answer.use is RoleUse.NEW:
        return _new(answer, subscription, needs, scopes, facts)
    existing = facts.role(answer.guid)
    if existing is None:
        missing = Problem(
            "role-not-found",
            "The chosen role is not there.",
            "It may have been deleted, or this account may not read it.",
            "Read the subscription again, or choose another role.",
            answer.guid,
        )
        return PlannedRole(new_role(answer, subscription, scopes, facts), None, (missing,))
    judged = judge_role(existing, facts, needs, scopes)
    if answer.use is RoleUse.UPDATE:
        return _updated(answer, judged, needs)
    problems = [*_reuse_problems(judged, answer)]
    return PlannedRole(existing, existing, tuple(problems), _left_out(existing, needs, answer))


def updated_role(existing: RoleDefinition, actions: tuple[str, ...], scopes: tuple[str, ...]) -> RoleDefinition:
    """The role with actions added to its first block and scopes added; nothing is ever taken away."""
    first, *others = existing.permissions or (RolePermission(),)
    blocks = (replace(first, actions=_with(first.actions, actions)), *others) if actions else existing.permissions
    return replace(existing, permissions=blocks, assignable_scopes=_with(existing.assignable_scopes, scopes))


def _new(
    answer: RoleAnswer,
    subscription: str,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    facts: AccessFacts,
) -> PlannedRole:
    wanted = new_role(answer, subscription, scopes, facts)
    warnings = _left_out(wanted, needs, answer)
    there = next((role for role in facts.roles.known if role.name.strip().lower() == wanted.name.lower()), None)
    if there is None:
        problem = check_role_name(answer.name, facts)
        return PlannedRole(wanted, None, (problem,) if problem else (), warnings)
    means_it = there.kind is RoleKind.CUSTOM and all(allows(there.held, action) for action in wanted.actions)
    uncovered = judge_role(there, facts, needs, scopes).uncovered
    ours = there.guid.lower() == wanted.guid and there.kind is RoleKind.CUSTOM
    if means_it and (ours or within(there, needs)):
        # An earlier run made it, or someone who meant the same. One that grants more is another.
        fits = updated_role(there, (), uncovered)
        return PlannedRole(fits, there, (), _left_out(fits, needs, answer))
    if ours:
        # Made by tgwizard for this name, and the answers have grown since.
        added = tuple(action for action in wanted.actions if not allows(there.held, action))
        grown = updated_role(there, added, uncovered)
        return PlannedRole(grown, there, (), _left_out(grown, needs, answer))
    problem = check_role_name(answer.name, facts)
    return PlannedRole(wanted, None, (problem,) if problem else (), warnings)


def _updated(answer: RoleAnswer, judged: RoleCandidate, needs: tuple[RequiredRight, ...]) -> PlannedRole:
    existing = judged.role
    if existing.kind is RoleKind.BUILT_IN:
        problem = Problem(
            "role-built-in",
            f"{sanitize(existing.name, 128)} is one of Azure's own roles.",
            "Azure's own roles cannot be changed.",
            "Make a new role, or use it as it is.",
        )
        return PlannedRole(existing, existing, (problem,))
    if judged.withheld:
        problem = Problem(
            "role-withholds",
            f"{sanitize(existing.name, 128)} takes away {join_words(judged.withheld)} on purpose.",
            "Its notActions name that, and tgwizard does not undo what someone decided.",
            "Make a new role.",
        )
        return PlannedRole(existing, existing, (problem,))
    extras = {need.action.lower() for need in needs if not need.in_role}
    taken = {action.lower() for action in answer.extra}
    wanted = tuple(action for action in judged.missing if action.lower() not in extras or action.lower() in taken)
    wanted += tuple(action for action in answer.extra if not allows(existing.held, action) and action not in wanted)
    role = updated_role(existing, wanted, judged.uncovered)
    return PlannedRole(role, existing, (), _left_out(role, needs, answer))


def _reuse_problems(judged: RoleCandidate, answer: RoleAnswer) -> list[Problem]:
    name = sanitize(judged.role.name, 128)
    problems = []
    declined = {action.lower() for action in answer.declined}
    missing = [action for action in judged.refused if action.lower() not in declined]
    if missing:
        problems.append(
            Problem(
                "role-lacks-actions",
                f"{name} lacks {join_words(missing)}.",
                "Without that, Azure refuses the failover.",
                "Update the role, or make a new one.",
            )
        )
    if judged.uncovered:
        where = join_words(scope_name(scope) for scope in judged.uncovered)
        problems.append(
            Problem(
                "role-not-assignable",
                f"{name} cannot be assigned on {where}.",
                "Its assignable scopes leave that out.",
                "Update the role, which adds them, or make a new one.",
            )
        )
    return problems


def _left_out(role: RoleDefinition, needs: tuple[RequiredRight, ...], answer: RoleAnswer) -> tuple[Problem, ...]:
    """What the finished role still lacks, each with what then fails."""
    declined = {action.lower() for action in answer.declined}
    found, beside = [], list[str]()
    for item in needed_actions(needs):
        if allows(role.held, item.action):
            continue
        if asked_by(item.action) is not AskedBy.AZURE:
            beside.append(item.action)
            continue
        if answer.use is RoleUse.REUSE and item.action.lower() not in declined:
            continue  # A problem of its own forbids it.
        on = join_words(dict.fromkeys(sanitize(need.on.name, 90) for need in needs if need.action == item.action))
        found.append(
            Problem(
                "role-without-action",
                f"The role is without {item.action}.",
                f"It is needed to {item.why} ({on}); without it Azure refuses the failover.",
                "Add the action to the role.",
            )
        )
    if beside:
        found.append(_not_asked(role, beside))
    return tuple(found)


def _not_asked(role: RoleDefinition, actions: list[str]) -> Problem:
    return Problem(
        "role-without-brief-action",
        f"{sanitize(role.name, 128)} lacks {join_words(actions)}.",
        f"{'That is' if len(actions) == 1 else 'Those are'} {NOT_ASKED}: a failover is not refused without.",
        "Update the role to have what Trustgrid documents.",
    )


def _built_in_warnings(role: RoleDefinition, needs: tuple[RequiredRight, ...]) -> tuple[Problem, ...]:
    absent = missing_rights(role, needs)
    wide = Problem(
        "role-is-wide",
        f"{sanitize(role.name, 128)} may change every network resource in the scopes below.",
        "Trustgrid's role has ten actions; this one has all of Microsoft.Network.",
        "A custom role gives the machines no more than they need.",
    )
    if not absent:
        return (wide,)
    return (
        wide,
        Problem(
            "role-without-action",
            f"{sanitize(role.name, 128)} lacks {join_words(absent)}.",
            f"It is {NOT_ASKED}: a failover is not refused without. A machine finds its own interface with it; "
            "whether the appliance does without is not documented.",
            "Give Reader on the same groups as well, or use a custom role.",
        ),
    )


def _with(held: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    known = {item.lower() for item in held}
    added = dict.fromkeys(item for item in more if item.lower() not in known)
    return (*held, *added)
