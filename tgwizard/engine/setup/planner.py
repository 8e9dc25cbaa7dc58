"""``make_plan: (answers, inventory, facts) -> SetupPlan``: every intended write, before anything is written.

And what qualifies the plan, and the cluster that it makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address

from tgwizard.engine.access.access_decision import UNLOCK, assignments_of, denials_of, lets_write
from tgwizard.engine.access.matching_roles import stale_assignments
from tgwizard.engine.access.required_rights import NIC_WRITE, RequiredRight, required_rights
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.discovery.pairs import appliance_doubts
from tgwizard.engine.discovery.subnet_addresses import floating_now, judge_address, occupancy
from tgwizard.engine.ports import AzurePorts
from tgwizard.engine.setup.assignment_scopes import chosen_scopes, narrowing_warnings, other_subscription_problems
from tgwizard.engine.setup.plan_changes import (
    AssignmentPlan,
    assign_change,
    has_floating_ip,
    identity_change,
    place_change,
    restart_change,
    restart_order,
    role_change,
    stale_change,
)
from tgwizard.engine.setup.planned_role import PlannedRole, plan_role
from tgwizard.engine.setup.typed_answers import in_field, wrong_values
from tgwizard.model.access_facts import AccessFacts, FactKind
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.cluster import ClusterIdentity, Member, ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration, ClusterSetup, SavedRole
from tgwizard.model.finding import Level
from tgwizard.model.inventory import Inventory, SubscriptionSeen, VmFound
from tgwizard.model.nic import NicDocument, carried_of
from tgwizard.model.permission import allows, reaches
from tgwizard.model.problem import Fixer, Problem, UserError
from tgwizard.model.role import (
    DEFAULT_ROLE_NAME,
    NETWORK_CONTRIBUTOR,
    WRITE_ASSIGNMENT,
    RoleAssignment,
    RoleKind,
    role_id,
)
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse
from tgwizard.model.setup_plan import Obstacle, ScopeReason, SetupChange, SetupPlan, WhoMay
from tgwizard.model.text import join_words, sanitize


def make_plan(answers: Answers, inventory: Inventory, facts: AccessFacts) -> SetupPlan:
    """The plan. UserError when an answer is missing or the chosen machines cannot form a cluster."""
    chosen = chosen_machines(answers, inventory, facts)
    needs = required_rights(chosen)
    scopes = chosen_scopes(answers, chosen)
    planned = plan_role(answers.role or RoleAnswer(), inventory.subscription.id, needs, scopes, facts)
    stale = stale_assignments(planned.role, scopes, facts)
    forbids, qualifies = _address(answers, chosen, inventory, facts)
    wrong = [wanted.wrong(in_field(answers, wanted), error) for wanted, error in wrong_values(answers)]
    forbids = [*wrong, *other_subscription_problems(chosen), *planned.problems, *no_scope_problem(scopes), *forbids]
    warnings = (
        *appliance_doubts(chosen.vms, inventory),
        *planned.warnings,
        *narrowing_warnings(answers, chosen),
        *qualifies,
        *member_warnings(chosen, needs, facts),
        *other_address_warnings(chosen, answers.address),
        *unread_warnings(facts),
    )
    changes = _changes(answers, chosen, needs, scopes, planned, facts)
    warnings = (*warnings, *condition_warnings(changes))
    if answers.remove_stale:
        at = next(
            (i for i, change in enumerate(changes) if change.key.startswith(("place:", "restart:"))), len(changes)
        )
        changes[at:at] = [stale_change(item, facts, answers.caller) for item in stale]
    notes = plan_notes(answers, planned, () if answers.remove_stale else stale, facts)
    return SetupPlan(tuple(changes), scopes, planned.role, _without_repeats(forbids), notes, _without_repeats(warnings))


def _changes(
    answers: Answers,
    chosen: ChosenMachines,
    needs: tuple[RequiredRight, ...],
    scopes: tuple[ScopeReason, ...],
    planned: PlannedRole,
    facts: AccessFacts,
) -> list[SetupChange]:
    """The rows: identities, role, assignments by scope and machine, the first placement, restarts afterwards."""
    caller = answers.caller
    identities = [identity_change(vm, facts, caller) for vm in chosen.vms]
    role = role_change(planned, scopes, needs, facts, caller)
    first = {vm.id: row.key for vm, row in zip(chosen.vms, identities, strict=True) if row.writes}
    table = AssignmentPlan(planned.role, role.key if role.writes else "", first)
    assigned = [assign_change(vm, reason, table, facts, caller) for reason in scopes for vm in chosen.vms]
    rows = [*identities, role, *assigned]
    if answers.address is not None and answers.placement is Placement.NOW:
        given = tuple(row.key for row in (role, *assigned) if row.writes)
        rows.append(place_change(answers.address, answers.ip_configuration, chosen, facts, caller, given))
    written = tuple(row.key for row in (*identities, role, *assigned) if row.writes)
    if written:
        # The standby first, so that the address stays where it is for as long as possible.
        before: tuple[str, ...] = ()
        for vm in restart_order(chosen.vms, tuple(has_floating_ip(nic, answers.address) for nic in chosen.nics)):
            row = restart_change(vm, (*written, *before), facts, caller)
            if row is not None:
                rows.append(row)
                before = (row.key,)
    return rows


def _address(
    answers: Answers, chosen: ChosenMachines, inventory: Inventory, facts: AccessFacts
) -> tuple[list[Problem], list[Problem]]:
    """What forbids the address, and what about it is not known."""
    if answers.address is None:
        raise UserError(
            Problem(
                "setup-incomplete", "The floating IP is not chosen yet.", "", "Choose a free address of the subnet."
            )
        )
    subnet = inventory.subnet(chosen.subnet)
    if subnet is None:
        unknown = Problem(
            "subnet-not-read",
            f"The range of {sanitize(chosen.subnet.name, 90)} is not known.",
            "The virtual network could not be read, so whether the address fits is not known.",
            "Have someone who may read the network check it, or give your account Reader there.",
            chosen.subnet.text,
        )
        return [], [unknown]
    checked = facts.address if facts.address and facts.address.address == str(answers.address) else None
    found = judge_address(answers.address, occupancy(subnet, inventory, chosen), checked.answer if checked else None)
    forbids = [finding.problem for finding in found if finding.level is Level.BLOCKS and finding.problem]
    unsure = [
        finding.problem or Problem("address-not-asked", f"{finding.fact}.", finding.evidence)
        for finding in found
        if finding.level is Level.NOT_KNOWN
    ]
    taken_name = name_taken(answers, chosen)
    return [*forbids, *([taken_name] if taken_name else [])], unsure


def name_taken(answers: Answers, chosen: ChosenMachines) -> Problem | None:
    """Configurations are named within their interface; ours must not be another address's, on either of the two."""
    for nic in chosen.nics:
        for item in nic.configurations:
            if item.name.lower() == answers.ip_configuration.lower() and item.address != str(answers.address):
                return Problem(
                    "configuration-name-taken",
                    f"{sanitize(nic.id.name, 90)} already has "
                    f"an Azure IP Configuration named {sanitize(item.name, 90)}.",
                    f"It carries {sanitize(item.address, 60) or 'another address'}.",
                    "Choose another name for the Azure IP Configuration.",
                )
    return None


def no_scope_problem(scopes: tuple[ScopeReason, ...]) -> list[Problem]:
    """What is wrong when every scope was taken out."""
    if scopes:
        return []
    return [
        Problem(
            "no-scope",
            "No scope is left for the role.",
            "Every resource group was taken out, so the role would be assigned nowhere.",
            "Put at least the machines' resource group back.",
        )
    ]


def _without_repeats(problems: list[Problem] | tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))


_UNREAD = {
    FactKind.ROLES: "Whether a fitting role, or one of the same name, is there already is not known.",
    FactKind.ASSIGNMENTS: "What the machines hold already is not known; what exists is found when it is written.",
    FactKind.DENIALS: "A deny assignment would win over the role.",
    FactKind.LOCKS: "A read-only lock would stop the set-up and every failover.",
    FactKind.OWN_RIGHTS: "Who may carry out which change is not known.",
}


def member_warnings(
    chosen: ChosenMachines, needs: tuple[RequiredRight, ...], facts: AccessFacts
) -> tuple[Problem, ...]:
    """Deny assignments and locks that would stop a failover whatever the role allows."""
    found: dict[str, Problem] = {}
    principals = tuple(vm.identity.principal_id for vm in chosen.vms)
    for denial in dict.fromkeys(denial for one in principals for denial in denials_of(one, facts).known):
        taken = dict.fromkeys(need.action for need in needs if denial.takes(need.action, need.on.text))
        if taken:
            name = sanitize(denial.name, 120)
            found[f"denial:{name}"] = Problem(
                "member-denied",
                f"The deny assignment {name} forbids the machines {join_words(taken)}.",
                f"It stands on {sanitize(denial.scope, 200)} and wins over every role.",
                "Have the machines' identities excluded from it; until then a failover is refused.",
                who=Fixer.ADMIN,
            )
    for nic in chosen.nics:
        for lock in facts.locks.known:
            if lock.stops(NIC_WRITE, nic.id.text):
                name = sanitize(lock.name, 90)
                found[f"lock:{name}"] = Problem(
                    "member-locked",
                    f"The read-only lock {name} stops every failover.",
                    f"It stands on {sanitize(lock.scope, 200)}, so Azure refuses to change the interfaces.",
                    "Have the lock removed, or replaced by one against deletion only.",
                    who=Fixer.ADMIN,
                    right=UNLOCK,
                )
    for vm in chosen.vms:
        for item in assignments_of(vm.identity.principal_id, facts) if vm.identity.principal_id else ():
            role = facts.role(item.role_guid)
            meant = role is not None and allows(role.held, NIC_WRITE)
            if meant and lets_write(item) is not True and any(reaches(item.scope, need.on.text) for need in needs):
                found[f"condition:{item.guid}"] = _conditional(vm, item, sure=lets_write(item) is False)
    return tuple(found.values())


def _conditional(vm: VmFound, item: RoleAssignment, *, sure: bool) -> Problem:
    name = sanitize(vm.id.name, 90)
    does = "does not let it write an interface" if sure else "may not let it write an interface"
    return Problem(
        "member-condition",
        f"A role assignment of {name} has a condition that {does}.",
        f"It stands on {sanitize(item.scope, 200)}. Azure takes no second assignment of the same role there.",
        "Take the condition off in the Azure portal, under Access control (IAM).",
        sanitize(item.condition, 600),
        Fixer.ADMIN,
        WRITE_ASSIGNMENT,
    )


def other_address_warnings(chosen: ChosenMachines, address: IPv4Address | None) -> tuple[Problem, ...]:
    """Another address that a LAN interface already has beside its own."""
    return tuple(
        Problem(
            "other-floating-address",
            f"{sanitize(nic.id.name, 90)} already has {found} beside its own address.",
            "If that is the cluster's floating IP, a second one would be set up here.",
            f"Choose {found} if it is the one that floats.",
        )
        for found, nic in floating_now(chosen)
        if found != address and address not in {one for one, _ in floating_now(chosen)}
    )


def condition_warnings(changes: Iterable[SetupChange]) -> tuple[Problem, ...]:
    """Conditions of the caller's own assignments that may refuse a change, when that cannot be told from here."""
    rights = (change.right for change in changes if change.writes and change.right.who is WhoMay.NOT_KNOWN)
    return tuple(right.problem for right in rights if right.problem and right.obstacle is Obstacle.CONDITION)


def unread_warnings(facts: AccessFacts) -> tuple[Problem, ...]:
    """What could not be read, and what that leaves open."""
    return tuple(
        Problem(
            "fact-not-read",
            f"The {kind.value} could not be read." if kind is not FactKind.OWN_RIGHTS else "Your rights are not known.",
            f"{problem.what} {open_}",
            problem.fix,
            problem.detail,
        )
        for kind, open_ in _UNREAD.items()
        if (problem := facts.failure(kind)) is not None
    )


def plan_notes(
    answers: Answers, planned: PlannedRole, stale: tuple[RoleAssignment, ...], facts: AccessFacts
) -> tuple[str, ...]:
    """What else the review says."""
    found = []
    if planned.before is None:
        found.append(
            "Role names are unique in the whole directory, and roles of other subscriptions cannot be seen from here. "
            "If the name is taken there, Azure says so and the role is not made."
        )
    elif planned.writes:
        found.append("Assignments of this role in other subscriptions cannot be seen from here; they gain the same.")
    if answers.role is not None and answers.role.use is RoleUse.NETWORK_CONTRIBUTOR:
        found.append("No role is made: Network Contributor is one of Azure's own.")
    if answers.placement is Placement.BY_APPLIANCE:
        found.append("The appliance will create the Azure IP Configuration itself when it becomes active.")
    if stale:
        gone = join_words(dict.fromkeys(sanitize(item.principal_id, 60) for item in stale))
        one = len(stale) == 1
        found.append(
            f"{len(stale)} {'assignment belongs' if one else 'assignments belong'} to an identity that no longer "
            f"exists ({gone}): left by a machine that was rebuilt. {'It does' if one else 'They do'} no harm and "
            f"{'is' if one else 'are'} kept unless you choose to remove {'it' if one else 'them'}."
        )
    if facts.failure(FactKind.PRINCIPALS) is not None:
        found.append("The directory could not be asked, so assignments of rebuilt machines are not looked for.")
    return tuple(found)


_LONGEST = 63


def complete_identity(answers: Answers) -> ClusterIdentity | None:
    """What locks and journals of the set-up hang on; None while an answer is missing."""
    if answers.nics is None or answers.address is None:
        return None
    return ClusterIdentity.of(*answers.nics, str(answers.address))


def identity_of(answers: Answers) -> ClusterIdentity:
    """The same of answers that are complete. UserError when one is missing."""
    identity = complete_identity(answers)
    if identity is None:
        raise UserError(_incomplete())
    return identity


def cluster_of(
    plan: SetupPlan, answers: Answers, subnet: ResourceId, carried: CarriedConfiguration | None = None
) -> ClusterSetup:
    """The file's content. ``carried``: what travels with the address, when it is on an interface already."""
    if answers.machines is None or answers.nics is None or answers.address is None or answers.subscription is None:
        raise UserError(_incomplete())
    identity = identity_of(answers)
    names = _member_names(answers.machines)
    members = tuple(Member(name, vm, nic) for name, vm, nic in zip(names, answers.machines, answers.nics, strict=True))
    role = plan.role
    kept = SavedRole(
        role.id or role_id(f"/subscriptions/{answers.subscription.id}", role.guid),
        role.name,
        role.kind,
        tuple(reason.scope for reason in plan.scopes),
    )
    return ClusterSetup(
        name=answers.name,
        id=f"{_fit_name(answers.name, _LONGEST - 9)}-{identity.digest[:8]}",
        cloud=answers.cloud,
        tenant=answers.subscription.tenant or (answers.caller.tenant if answers.caller else ""),
        subscription=answers.subscription.id,
        address=answers.address,
        subnet=subnet,
        members=(members[0], members[1]),
        ip_configuration=answers.ip_configuration,
        carried=carried or CarriedConfiguration(),
        role=kept,
    )


def answers_of(setup: ClusterSetup) -> Answers:
    """What a cluster's file answers."""
    first, second = setup.members
    role: RoleAnswer | None = None
    if setup.role is not None:
        built_in = setup.role.kind is RoleKind.BUILT_IN or setup.role.guid == NETWORK_CONTRIBUTOR
        use = RoleUse.NETWORK_CONTRIBUTOR if built_in else RoleUse.REUSE
        role = RoleAnswer(use, setup.role.name or DEFAULT_ROLE_NAME, setup.role.guid, kept=True)
    return Answers(
        cloud=setup.cloud,
        subscription=SubscriptionSeen(setup.subscription, "", setup.tenant),
        machines=(first.vm, second.vm),
        nics=(first.nic, second.nic),
        name=setup.name,
        address=setup.address,
        role=role,
        ip_configuration=setup.ip_configuration,
    )


def read_cluster(azure: AzurePorts, plan: SetupPlan, answers: Answers) -> ClusterSetup:
    """The same, with subnet and what travels read from the interfaces. UserError when they cannot be read."""
    identity_of(answers)
    documents: list[NicDocument] = []
    for nic in answers.nics or ():
        try:
            documents.append(azure.network.read_nic(nic))
        except AzureCallError as failure:
            raise UserError(failure.problem) from failure
    found = [item for document in documents if (item := document.find(str(answers.address))) is not None]
    subnet = ResourceId(documents[0].subnet)
    made = cluster_of(plan, answers, subnet, carried_of(found[0]) if found else None)
    name = str(found[0].get("name", "")) if found else ""
    return replace(made, ip_configuration=name) if name else made


def _member_names(machines: tuple[ResourceId, ResourceId]) -> tuple[str, str]:
    """Names for the members: the machines' own, fit for a cluster file, and two of them."""
    first, second = (_fit_name(vm.name, _LONGEST) for vm in machines)
    if first.lower() == second.lower():
        return first[: _LONGEST - 2] + "-1", second[: _LONGEST - 2] + "-2"
    return first, second


def _fit_name(text: str, longest: int) -> str:
    """Letters, digits, dots, dashes and underscores, beginning with a letter or digit."""
    clean = re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("._-")[:longest].rstrip("-")
    return clean or "cluster"


def _incomplete() -> Problem:
    return Problem("setup-incomplete", "Not everything is answered yet.", "", "Answer the open steps first.")
