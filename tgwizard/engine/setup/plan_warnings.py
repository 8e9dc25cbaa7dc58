"""What qualifies a plan: what would stop the members later, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from tgwizard.engine.access.access_decision import UNLOCK, assignments_of, denials_of, lets_write
from tgwizard.engine.access.required_rights import NIC_WRITE, RequiredRight
from tgwizard.engine.discovery.subnet_addresses import floating_now
from tgwizard.engine.setup.role_target import RoleTarget
from tgwizard.model.access_facts import FactKind, SetupFacts
from tgwizard.model.inventory import VmFound
from tgwizard.model.permission import allows, reaches
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.role import WRITE_ASSIGNMENT, RoleAssignment
from tgwizard.model.setup_answers import Answers, Placement, RoleUse
from tgwizard.model.setup_plan import Obstacle, SetupChange, WhoMay
from tgwizard.model.text import listed, tame
from tgwizard.model.topology import Topology

_UNREAD = {
    FactKind.ROLES: "Whether a fitting role, or one of the same name, is there already is not known.",
    FactKind.ASSIGNMENTS: "What the machines hold already is not known; what exists is found when it is written.",
    FactKind.DENIALS: "A deny assignment would win over the role.",
    FactKind.LOCKS: "A read-only lock would stop the set-up and every failover.",
    FactKind.OWN_RIGHTS: "Who may carry out which change is not known.",
}


def member_warnings(topology: Topology, needs: tuple[RequiredRight, ...], facts: SetupFacts) -> tuple[Problem, ...]:
    """Deny assignments and locks that would stop a failover whatever the role allows."""
    found: dict[str, Problem] = {}
    principals = tuple(vm.identity.principal_id for vm in topology.vms)
    for denial in dict.fromkeys(denial for one in principals for denial in denials_of(one, facts)):
        taken = dict.fromkeys(need.action for need in needs if denial.takes(need.action, need.on.text))
        if taken:
            name = tame(denial.name, 120)
            found[f"denial:{name}"] = Problem(
                "member-denied",
                f"The deny assignment {name} forbids the machines {listed(taken)}.",
                f"It stands on {tame(denial.scope, 200)} and wins over every role.",
                "Have the machines' identities excluded from it; until then a failover is refused.",
                who=Fixer.ADMIN,
            )
    for nic in topology.nics:
        for lock in facts.locks:
            if lock.stops(NIC_WRITE, nic.id.text):
                name = tame(lock.name, 90)
                found[f"lock:{name}"] = Problem(
                    "member-locked",
                    f"The read-only lock {name} stops every failover.",
                    f"It stands on {tame(lock.scope, 200)}, so Azure refuses to change the interfaces.",
                    "Have the lock removed, or replaced by one against deletion only.",
                    who=Fixer.ADMIN,
                    right=UNLOCK,
                )
    for vm in topology.vms:
        for item in assignments_of(vm.identity.principal_id, facts) if vm.identity.principal_id else ():
            role = facts.role(item.role_guid)
            meant = role is not None and allows(role.held, NIC_WRITE)
            if meant and lets_write(item) is not True and any(reaches(item.scope, need.on.text) for need in needs):
                found[f"condition:{item.guid}"] = _conditional(vm, item, sure=lets_write(item) is False)
    return tuple(found.values())


def _conditional(vm: VmFound, item: RoleAssignment, *, sure: bool) -> Problem:
    name = tame(vm.id.name, 90)
    does = "does not let it write an interface" if sure else "may not let it write an interface"
    return Problem(
        "member-condition",
        f"A role assignment of {name} has a condition that {does}.",
        f"It stands on {tame(item.scope, 200)}. Azure takes no second assignment of the same role there.",
        "Take the condition off in the Azure portal, under Access control (IAM).",
        tame(item.condition, 600),
        Fixer.ADMIN,
        WRITE_ASSIGNMENT,
    )


def other_floating(topology: Topology, address: IPv4Address | None) -> tuple[Problem, ...]:
    """Another address that a LAN interface already has beside its own."""
    return tuple(
        Problem(
            "other-floating-address",
            f"{tame(nic.id.name, 90)} already has {found} beside its own address.",
            "If that is the cluster's floating IP, a second one would be set up here.",
            f"Choose {found} if it is the one that floats.",
        )
        for found, nic in floating_now(topology)
        if found != address and address not in {one for one, _ in floating_now(topology)}
    )


def doubts(changes: Iterable[SetupChange]) -> tuple[Problem, ...]:
    """Conditions of the caller's own assignments that may refuse a change, when that cannot be told from here."""
    rights = (change.right for change in changes if change.writes and change.right.who is WhoMay.NOT_KNOWN)
    return tuple(right.problem for right in rights if right.problem and right.obstacle is Obstacle.CONDITION)


def not_read(facts: SetupFacts) -> tuple[Problem, ...]:
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


def notes(
    answers: Answers, target: RoleTarget, stale: tuple[RoleAssignment, ...], facts: SetupFacts
) -> tuple[str, ...]:
    """What else the review says."""
    found = []
    if target.before is None:
        found.append(
            "Role names are unique in the whole directory, and roles of other subscriptions cannot be seen from here. "
            "If the name is taken there, Azure says so and the role is not made."
        )
    elif target.writes:
        found.append("Assignments of this role in other subscriptions cannot be seen from here; they gain the same.")
    if answers.role is not None and answers.role.use is RoleUse.NETWORK_CONTRIBUTOR:
        found.append("No role is made: Network Contributor is one of Azure's own.")
    if answers.placement is Placement.BY_APPLIANCE:
        found.append("The appliance will create the Azure IP Configuration itself when it becomes active.")
    if stale:
        gone = listed(dict.fromkeys(tame(item.principal_id, 60) for item in stale))
        one = len(stale) == 1
        found.append(
            f"{len(stale)} {'assignment belongs' if one else 'assignments belong'} to an identity that no longer "
            f"exists ({gone}): left by a machine that was rebuilt. {'It does' if one else 'They do'} no harm and "
            f"{'is' if one else 'are'} kept unless you choose to remove {'it' if one else 'them'}."
        )
    if facts.failure(FactKind.PRINCIPALS) is not None:
        found.append("The directory could not be asked, so assignments of rebuilt machines are not looked for.")
    return tuple(found)
