"""Existing roles and assignments found by meaning: what each role has, lacks and does not need here, and who holds it.

A role counts as one of ours by its actions, never by its name. Roles of other subscriptions are not listed by Azure,
although names are unique in the whole tenant: so a free name is free only as far as can be seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum

from tgwizard.engine.access.required_rights import (
    NIC_WRITE,
    NOT_NEEDED,
    REASONS,
    SUBNET_JOIN,
    AskedBy,
    RequiredRight,
    asked_by,
    extra_actions,
    needed_actions,
    things_of,
)
from tgwizard.model import fields
from tgwizard.model.access_facts import AccessFacts
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import NicFound, VmFound
from tgwizard.model.permission import allows, matches, reaches, same_scope
from tgwizard.model.problem import Problem
from tgwizard.model.role import (
    DEFAULT_ROLE_NAME,
    LONGEST_ROLE_NAME,
    NETWORK_CONTRIBUTOR,
    TEN_ACTIONS,
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
)
from tgwizard.model.setup_plan import ScopeReason
from tgwizard.model.text import sanitize

BUILT_IN_NETWORK_CONTRIBUTOR = RoleDefinition(
    NETWORK_CONTRIBUTOR,
    "Network Contributor",
    "Lets you manage networks, but not access to them.",
    RoleKind.BUILT_IN,
    (
        RolePermission(
            (
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Network/*",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Support/*",
            )
        ),
    ),
    ("/",),
)
"""What Azure documents for it, for a list that lacks it (engine/README.md 5.6)."""


class HeldToday(Enum):
    """How an action stands in a role; the values are the words beside it."""

    HAS = "has it"
    HAS_UNUSED = "has it, unused here"
    TO_ADD = "to be added"
    MISSING = "missing"
    OFFERED = "offered"
    NOT_ASKED = "missing, not asked"
    NOT_NEEDED = "not needed here"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action with its reason, what it is needed on here, and how it stands. ``extra``: beyond Trustgrid's ten."""

    action: str
    why: str
    today: HeldToday
    on: tuple[ResourceId, ...]
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """An assignment of a role that is about to change: who gains, and from where downwards."""

    assignment: RoleAssignment
    scope: str
    principal: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class RoleCandidate:
    """An existing custom role that means the same.

    ``missing``: in Trustgrid's role or needed here, and not granted. ``refused``: of those, the ones without which
    Azure refuses a failover. ``withheld``: of those, the ones that its notActions take away, which an
    update would never override. ``uncovered``: scopes that its assignable scopes leave out. ``wider``: it grants
    more than Trustgrid's role and what is needed here. ``held_by``: how many of the two machines hold it already.
    ``others``: how many of its ``assignments`` are not theirs.
    """

    role: RoleDefinition
    missing: tuple[str, ...]
    refused: tuple[str, ...]
    withheld: tuple[str, ...]
    uncovered: tuple[str, ...]
    wider: bool
    held_by: int
    assignments: int
    others: int

    @property
    def complete(self) -> bool:
        """Whether it can be used as it is, with nothing left to say."""
        return not self.missing and not self.uncovered


def candidates(
    facts: AccessFacts,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    principals: tuple[str, ...] = (),
) -> tuple[RoleCandidate, ...]:
    """The custom roles that are for this and have at least half of what is needed, best first.

    For this is a role that lets an interface be written, or one that has nothing but what Trustgrid's role has: it may
    have lost just that.
    """
    found = [
        judge_role(role, facts, needs, scopes, principals)
        for role in facts.roles.known
        if role.kind is RoleKind.CUSTOM and (allows(role.held, NIC_WRITE) or within(role, needs))
    ]
    wanted = len(needed_actions(needs))
    likely = [item for item in found if len(item.missing) * 2 <= wanted]
    return tuple(
        sorted(
            likely,
            key=lambda item: (
                not item.complete,
                -item.held_by,
                len(item.missing),
                item.wider,
                item.role.name.lower(),
                item.role.guid,
            ),
        )
    )


def judge_role(
    role: RoleDefinition,
    facts: AccessFacts,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    principals: tuple[str, ...] = (),
) -> RoleCandidate:
    """What a role lacks for this topology."""
    missing = tuple(item.action for item in needed_actions(needs) if not allows(role.held, item.action))
    withheld = tuple(
        action
        for action in missing
        if any(
            any(matches(pattern, action) for pattern in block.actions)
            or any(matches(pattern, action) for pattern in block.not_actions)
            for block in role.permissions
        )
    )
    uses = tuple(item for item in facts.assignments.known if item.role_guid.lower() == role.guid.lower())
    wanted = {one.lower() for one in principals if one}
    return RoleCandidate(
        role,
        missing,
        tuple(action for action in missing if asked_by(action) is AskedBy.AZURE),
        withheld,
        uncovered_scopes(role, scopes),
        not within(role, needs),
        len(wanted & {item.principal_id.lower() for item in uses}),
        len(uses),
        sum(item.principal_id.lower() not in wanted for item in uses),
    )


def within(role: RoleDefinition, needs: tuple[RequiredRight, ...]) -> bool:
    """Whether a role grants something, and nothing beyond Trustgrid's ten actions and what is needed here."""
    known = {*REASONS, *(need.action.lower() for need in needs)}
    data = any(block.data_actions for block in role.permissions)
    return bool(role.actions) and not data and all(action.lower() in known for action in role.actions)


def uncovered_scopes(role: RoleDefinition, scopes: tuple[ScopeReason, ...]) -> tuple[str, ...]:
    """The scopes at which the role could not be assigned."""
    held = role.assignable_scopes
    return tuple(reason.scope for reason in scopes if not any(reaches(one, reason.scope) for one in held))


def action_rows(
    needs: tuple[RequiredRight, ...],
    existing: RoleDefinition | None,
    *,
    extra: tuple[str, ...] = (),
    update: bool = False,
) -> tuple[ActionRow, ...]:
    """The ten actions of Trustgrid's role and what else this topology needs, as they stand in a role.

    ``existing`` None: a new role, which gets the ten and ``extra``. ``update``: what it lacks is going to be added.
    """
    taken = {action.lower() for action in extra}
    rows = []
    for item in TEN_ACTIONS:
        on = things_of(needs, item.action)
        rows.append(ActionRow(item.action, item.why, _today(existing, item.action, bool(on), update), on))
    for item in extra_actions(needs):
        today = HeldToday.OFFERED
        if existing is not None and allows(existing.held, item.action):
            today = HeldToday.HAS
        elif item.action.lower() in taken:
            today = HeldToday.TO_ADD
        rows.append(ActionRow(item.action, item.why, today, things_of(needs, item.action), extra=True))
    rows += [ActionRow(item.action, item.why, HeldToday.NOT_NEEDED, (), extra=True) for item in NOT_NEEDED]
    return tuple(rows)


def network_contributor(facts: AccessFacts) -> RoleDefinition:
    """The built-in role that Trustgrid offers instead, as Azure lists it, or as documented when the list lacks it."""
    return facts.role(NETWORK_CONTRIBUTOR) or BUILT_IN_NETWORK_CONTRIBUTOR


def missing_rights(role: RoleDefinition, needs: tuple[RequiredRight, ...]) -> tuple[str, ...]:
    """What the role does not grant of what is needed here; for Network Contributor, reading virtual machines."""
    return tuple(item.action for item in needed_actions(needs) if not allows(role.held, item.action))


def affected_by(role: RoleDefinition, facts: AccessFacts) -> tuple[Affected, ...]:
    """Every assignment that an update of the role reaches, as far as this account may read assignments."""
    return tuple(
        Affected(item, item.scope, principal_words(item, facts), facts.is_gone(item.principal_id))
        for item in facts.assignments.known
        if item.role_guid.lower() == role.guid.lower()
    )


def principal_words(assignment: RoleAssignment, facts: AccessFacts) -> str:
    """Who an assignment is for, by display name where the directory gave one."""
    name = sanitize(facts.principal_name(assignment.principal_id), 120)
    kind = {
        PrincipalKind.USER: "user",
        PrincipalKind.GROUP: "group",
        PrincipalKind.SERVICE_PRINCIPAL: "identity",
        PrincipalKind.OTHER: "principal",
    }[assignment.principal_kind]
    return name or f"{kind} {sanitize(assignment.principal_id, 60)}"


def check_role_name(name: str, facts: AccessFacts, own_guid: str = "") -> Problem | None:
    """Why a new role cannot have the name, or None. A name taken in another subscription cannot be seen from here."""
    wrong = fields.ROLE_NAME.check(name)
    if wrong is not None:
        return fields.ROLE_NAME.wrong(name, wrong)
    taken = next((role for role in facts.roles.known if role.name.strip().lower() == name.strip().lower()), None)
    if taken is None or taken.guid.lower() == own_guid.lower():
        return None
    if taken.kind is RoleKind.BUILT_IN:
        why, fix = "It is a built-in role, which nobody can change.", "Use another name, or choose that role as it is."
    else:
        why = "Role names are unique in the whole directory, and that one does not fit this cluster as it is."
        fix = "Use another name, or update that role."
    return Problem(
        "role-name-taken",
        f"A role named {sanitize(name, 128)} is there already.",
        why,
        fix,
        taken.id,
    )


def suggest_role_name(cluster: str, facts: AccessFacts) -> str:
    """A name for a new role: Trustgrid's, then with the cluster's name, then counted."""
    taken = {role.name.strip().lower() for role in facts.roles.known}
    for_cluster = f"{DEFAULT_ROLE_NAME}-{cluster}"[: LONGEST_ROLE_NAME - 4].rstrip("-_. ") if cluster else ""
    for name in filter(None, (DEFAULT_ROLE_NAME, for_cluster)):
        if name.lower() not in taken:
            return name
    stem = for_cluster or DEFAULT_ROLE_NAME
    return next(f"{stem}-{n}" for n in range(2, len(taken) + 3) if f"{stem}-{n}".lower() not in taken)


def _today(existing: RoleDefinition | None, action: str, needed: bool, update: bool) -> HeldToday:  # noqa: FBT001
    if existing is None:
        return HeldToday.TO_ADD if needed else HeldToday.NOT_NEEDED
    if allows(existing.held, action):
        return HeldToday.HAS if needed else HeldToday.HAS_UNUSED
    if not needed:
        return HeldToday.NOT_NEEDED
    if update:
        return HeldToday.TO_ADD
    return HeldToday.MISSING if asked_by(action) is AskedBy.AZURE else HeldToday.NOT_ASKED


# -- what a rebuilt machine leaves behind ------------------------------------------------------------------------------


def could_be_ours(role: RoleDefinition) -> bool:
    """Whether assignments of the role may be a cluster member's: a custom role for writing interfaces, or like ours."""
    return role.kind is RoleKind.CUSTOM and (allows(role.held, NIC_WRITE) or within(role, ()))


def stale_assignments(
    role: RoleDefinition, scopes: tuple[ScopeReason, ...], facts: AccessFacts
) -> tuple[RoleAssignment, ...]:
    """Those of this role, or of one that means the same, at the plan's own scopes, to identities that are gone."""
    guids = {found.guid.lower() for found in facts.roles.known if could_be_ours(found)} | {role.guid.lower()}
    return tuple(
        item
        for item in facts.assignments.known
        if any(same_scope(item.scope, reason.scope) for reason in scopes)
        and item.role_guid.lower() in guids
        and facts.is_gone(item.principal_id)
    )


# -- pairs that are set up already -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """Roles and assignments of the subscription, indexed by whom they are given to."""

    roles: tuple[RoleDefinition, ...]
    assignments: tuple[RoleAssignment, ...]
    _held: dict[str, list[RoleAssignment]] = field(init=False, default_factory=lambda: defaultdict(list))
    _moving: dict[str, RoleDefinition] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index once: pairs are asked for by the thousand."""
        for assignment in self.assignments:
            self._held[assignment.principal_id.lower()].append(assignment)
        for role in self.roles:
            if allows(role.held, NIC_WRITE) and allows(role.held, SUBNET_JOIN):
                self._moving[role.guid.lower()] = role

    def role_of_both(self, vms: tuple[VmFound, VmFound], nics: tuple[NicFound, NicFound]) -> RoleDefinition | None:
        """The role by which both identities may write both interfaces and join the subnet; a custom one first."""
        shared = nics[0].subnet
        if shared is None:
            return None
        targets = (nics[0].id.text, nics[1].id.text, shared.text)
        first, second = (self._reaching(vm, targets) for vm in vms)
        both = [self._moving[guid] for guid in first if guid in second]
        return min(both, key=lambda role: (role.kind is RoleKind.BUILT_IN, role.name), default=None)

    def _reaching(self, vm: VmFound, targets: tuple[str, ...]) -> set[str]:
        """The roles that an identity holds over all the targets, be it by several assignments."""
        if not vm.identity.principal_id:
            return set()
        scopes: dict[str, list[str]] = defaultdict(list)
        for assignment in self._held.get(vm.identity.principal_id.lower(), ()):
            if assignment.role_guid.lower() in self._moving:
                scopes[assignment.role_guid.lower()].append(assignment.scope)
        return {
            guid
            for guid, held in scopes.items()
            if all(any(reaches(scope, target) for scope in held) for target in targets)
        }
