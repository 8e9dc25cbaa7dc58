"""What Azure says about roles, identities, rights and locks: calls of the ports to ``AccessFacts``. Nothing is written.

``read_access`` reads the lists of a subscription for a set-up and for verifying. With the machines not yet chosen it
reads what the whole subscription tells, which is enough to see which pairs are set up already. ``read_identity``,
``read_own_rights``, ``read_own_denials`` and ``read_locks_over`` ask about one identity, or some resources, alone. What
is asked, and within which bounds, is the caller's to say; what cannot be read is named with its reason.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from tgwizard.engine.access.access_decision import denials_concerning, explain_refusal
from tgwizard.engine.access.matching_roles import could_be_ours
from tgwizard.engine.access.required_rights import computed_scopes
from tgwizard.engine.azure_call_error import AzureCallError, Cause, MissingRight
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import Access, AzurePorts, Clock
from tgwizard.engine.runs.task_runner import read_all
from tgwizard.model.access_facts import AccessFacts, FactKind, IdentityRights, OwnRights, Queried
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.event_base import Stamp
from tgwizard.model.inventory import Inventory
from tgwizard.model.permission import DenyAssignment, HeldRole, PermissionSet, reaches, scope_in_words
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import NETWORK_CONTRIBUTOR, LockSeen, RoleAssignment
from tgwizard.model.setup_answers import Answers, RoleUse
from tgwizard.model.setup_events import FactRead, SetupEvent

T = TypeVar("T")


class Key(NamedTuple):
    """One reading: what is read, about whom or what, and at which scope where one thing is asked at several."""

    kind: FactKind
    about: str = ""
    at: str = ""


_LISTED = (FactKind.ROLES, FactKind.ASSIGNMENTS, FactKind.DENIALS)

_MOST_LOOKED_UP = 1000
"""Object ids asked of the directory in one go; more roles than that are not a cluster's."""


class Asker(Protocol):
    """Puts questions within bounds of its own."""

    def fact(self, what: str, question: Callable[[], T]) -> Queried[T]:
        """What a question brought. ``what`` is not known without the answer: the start of a sentence."""


# -- one identity, some resources -------------------------------------------------------------------------------------


def read_own_rights(access: Access, scopes: Iterable[str], asker: Asker) -> tuple[OwnRights, ...]:
    """What the signed-in identity holds at each of these scopes; deny assignments are not part of it."""
    return tuple(
        OwnRights(scope, asker.fact(f"Your rights on {_name(scope)}", partial(access.own_permissions, scope)))
        for scope in scopes
    )


def read_identity(azure: AzurePorts, machine: ResourceId, asker: Asker) -> IdentityRights:
    """What a machine's identity holds in its subscription, and which deny assignments concern it."""
    principal = asker.fact(f"The identity of {machine.name}", lambda: azure.compute.vm(machine).identity.principal_id)
    if not principal.value:
        return IdentityRights(machine, principal)
    oid, subscription = principal.value, machine.subscription
    return IdentityRights(
        machine,
        principal,
        asker.fact("The role assignments", lambda: read_roles_of(azure.access, oid, subscription)),
        asker.fact("The deny assignments", lambda: read_denials_of(azure.access, oid, subscription)),
    )


def read_roles_of(access: Access, principal: str, subscription: str) -> tuple[HeldRole, ...]:
    """Every role that an identity (object id) holds at, above or below a subscription, through groups too, defined.

    An assignment whose role was deleted meanwhile grants nothing and is left out. AzureCallError.
    """
    scope = f"/subscriptions/{subscription}"
    known: dict[str, tuple[PermissionSet, ...]] = {}
    held: list[HeldRole] = []
    for assignment in access.assignments_to(scope, principal):
        guid = assignment.role_guid
        if guid not in known:
            role = access.role_definition(scope, guid)
            known[guid] = role.held if role else ()
        held += [HeldRole(assignment.scope, grants, assignment.condition) for grants in known[guid]]
    return tuple(held)


def read_denials_of(access: Access, principal: str, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments that concern an identity: by name, as everyone, or through a group. AzureCallError.

    Its groups are known as far as a role is assigned to them: being in one that is excluded spares it too.
    """
    scope = f"/subscriptions/{subscription}"
    through = access.denials_to(scope, principal)
    found = access.deny_assignments(scope)
    known: tuple[str, ...] = (principal,)
    if any(denial.excluded for denial in found):
        known = (principal, *(item.principal_id for item in access.assignments_to(scope, principal)))
    return denials_concerning(known, found, through)


def read_own_denials(azure: AzurePorts, subscription: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments in a subscription that concern the signed-in identity. AzureCallError."""
    return read_denials_of(azure.access, azure.directory.caller().object_id, subscription)


def read_locks_over(access: Access, resources: tuple[ResourceId, ...]) -> tuple[LockSeen, ...]:
    """The locks that count at one of the resources; their groups' when only these may be read. AzureCallError."""
    found: list[LockSeen] = []
    for subscription in dict.fromkeys(item.subscription for item in resources):
        try:
            found += access.locks(f"/subscriptions/{subscription}")
        except AzureCallError as refused:
            if refused.cause is not Cause.NOT_ALLOWED:
                raise
            groups = dict.fromkeys(item.group_scope for item in resources if item.subscription == subscription)
            for group in groups:
                found += access.locks(group)
    return tuple(lock for lock in dict.fromkeys(found) if any(reaches(lock.scope, item.text) for item in resources))


def look_up_cause(azure: AzurePorts, subscription: str, problem: Problem, refused: tuple[MissingRight, ...]) -> Problem:
    """A refused write's problem with its cause: a deny assignment by name, no role, or that this is not known."""
    denials: tuple[DenyAssignment, ...] | None = None
    with contextlib.suppress(AzureCallError):
        denials = read_own_denials(azure, subscription)
    return explain_refusal(problem, refused, denials)


def _name(scope: str) -> str:
    """A scope as the name of what it is."""
    return ResourceId(scope).name if "/providers/" in scope.lower() else scope_in_words(scope)


# -- a subscription ---------------------------------------------------------------------------------------------------


def read_access(
    azure: AzurePorts,
    answers: Answers,
    inventory: Inventory,
    clock: Clock,
    report: Report[SetupEvent],
    token: CancelToken,
) -> AccessFacts:
    """Read the facts; Cancelled when the token was set."""
    reading = _Reading(azure, clock, report, token, f"/subscriptions/{inventory.subscription.id}")
    started = clock.monotonic()
    first = reading.all(_first(azure, answers, reading.scope))
    facts = AccessFacts(
        started,
        roles=first[Key(FactKind.ROLES)],
        assignments=first[Key(FactKind.ASSIGNMENTS)],
        denials=first[Key(FactKind.DENIALS)],
        locks=first[Key(FactKind.LOCKS)],
        machines=tuple(a.value for key, a in first.items() if key.kind is FactKind.MACHINES and a.value),
        nics=tuple(a.value for key, a in first.items() if key.kind is FactKind.INTERFACES and a.value),
    )
    chosen = _chosen_machines(answers, inventory, facts)
    scopes: tuple[str, ...] = (reading.scope,)
    if chosen is not None and any(facts.failure(kind) is not None for kind in (*_LISTED, FactKind.LOCKS)):
        refused = any(facts.failure(kind) is not None for kind in _LISTED)
        facts = _group_by_group(reading, facts, chosen)
        scopes = tuple(reason.scope for reason in computed_scopes(chosen)) if refused else scopes
    second = reading.all(_second(azure, answers, inventory, facts, chosen, scopes))
    return _with(facts, _to_look_up(facts, answers), second)


class _Reading:
    """Reads several facts at once and tells of each."""

    def __init__(
        self, azure: AzurePorts, clock: Clock, report: Report[SetupEvent], token: CancelToken, scope: str
    ) -> None:
        self.azure, self.scope = azure, scope
        self._clock, self._report, self._token = clock, report, token

    def all(self, readings: dict[Key, Callable[[], object]]) -> dict[Key, Queried[Any]]:
        """What each came to."""
        answers = read_all(readings, self._clock, self._token)
        for key, answer in answers.items():
            stamp = Stamp(self._clock.wall(), self._clock.monotonic())
            self._report(FactRead(stamp, key.kind, key.about, answer.problem))
        return answers


def _group_by_group(reading: _Reading, facts: AccessFacts, chosen: ChosenMachines) -> AccessFacts:
    """Lists that Azure refused for the subscription, read in each group that is touched.

    Who has rights in some groups only is refused above them; a group's list names what is above it all the same, but
    for locks. A kind that is then known everywhere it matters is no longer one that failed.
    """
    access = reading.azure.access
    lists: dict[FactKind, Callable[[str], tuple[Any, ...]]] = {
        FactKind.ROLES: access.role_definitions,
        FactKind.ASSIGNMENTS: access.role_assignments,
        FactKind.DENIALS: access.deny_assignments,
        FactKind.LOCKS: access.locks,
    }
    kinds = [kind for kind in lists if facts.failure(kind) is not None]
    groups = [reason.scope for reason in computed_scopes(chosen)]
    answers = reading.all({Key(kind, at): partial(lists[kind], at) for kind in kinds for at in groups})

    def found(kind: FactKind, refused: Queried[Any]) -> Queried[Any]:
        if kind not in kinds:
            return refused
        whole = kind is not FactKind.LOCKS and all(answers[Key(kind, at)].problem is None for at in groups)
        several = tuple(dict.fromkeys(item for at in groups for item in answers[Key(kind, at)].known))
        return Queried(several, None if whole else refused.problem)

    return replace(
        facts,
        roles=found(FactKind.ROLES, facts.roles),
        assignments=found(FactKind.ASSIGNMENTS, facts.assignments),
        denials=found(FactKind.DENIALS, facts.denials),
        locks=found(FactKind.LOCKS, facts.locks),
    )


def _first(azure: AzurePorts, answers: Answers, scope: str) -> dict[Key, Callable[[], object]]:
    access, compute, network = azure.access, azure.compute, azure.network
    readings: dict[Key, Callable[[], object]] = {
        Key(FactKind.ROLES): lambda: access.role_definitions(scope),
        Key(FactKind.ASSIGNMENTS): lambda: access.role_assignments(scope),
        Key(FactKind.DENIALS): lambda: access.deny_assignments(scope),
        Key(FactKind.LOCKS): lambda: access.locks(scope),
    }
    for vm in answers.machines or ():
        readings[Key(FactKind.MACHINES, vm.text)] = partial(compute.vm, vm)
    for nic in answers.nics or ():
        readings[Key(FactKind.INTERFACES, nic.text)] = partial(network.nic, nic)
    return readings


def _second(
    azure: AzurePorts,
    answers: Answers,
    inventory: Inventory,
    facts: AccessFacts,
    chosen: ChosenMachines | None,
    scopes: tuple[str, ...],
) -> dict[Key, Callable[[], object]]:
    """What can be asked only when the first answers are there.

    ``scopes``: the subscription, or each group that is touched where the lists of the subscription are refused.
    """
    access, scope = azure.access, scopes[0]
    readings: dict[Key, Callable[[], object]] = {}
    whole = (f"/subscriptions/{inventory.subscription.id}",) if answers.whole_subscription else ()
    for at in dict.fromkeys((*_scopes_to_ask(scope, chosen), *whole)):
        readings[Key(FactKind.OWN_RIGHTS, at)] = partial(access.own_permissions, at)
    wanted = _to_look_up(facts, answers)
    if wanted:
        readings[Key(FactKind.PRINCIPALS)] = lambda: azure.directory.known_principals(wanted)
    caller = (answers.caller.object_id,) if answers.caller and chosen else ()
    guid = answers.role.guid if answers.role is not None else ""
    if guid and facts.role(guid) is None:
        # A list may leave a role out for a minute after it was written; its own reading never does.
        readings[Key(FactKind.ROLES, guid)] = lambda: access.role_definition(scope, guid)
    # Through groups too, where Azure tells: the lists of all name the group only. A scope's answer leaves out what
    # stands beside it, so each is asked.
    asked: list[tuple[FactKind, Callable[[str, str], object]]] = [(FactKind.ASSIGNMENTS, access.assignments_to)]
    if any(denial.principals for denial in facts.denials.known):
        asked.append((FactKind.DENIALS, access.denials_to))
    for kind, question in asked:
        for principal in dict.fromkeys((*_principals(chosen), *caller)):
            for at in scopes:
                readings[Key(kind, principal, at)] = partial(question, at, principal)
    return readings


def _with(facts: AccessFacts, wanted: tuple[str, ...], second: dict[Key, Queried[Any]]) -> AccessFacts:
    through: list[tuple[str, RoleAssignment]] = []
    named: list[tuple[str, DenyAssignment]] = []
    own: list[OwnRights] = []
    roles, assignments, denials = facts.roles, facts.assignments, facts.denials
    principals: Queried[tuple[tuple[str, str], ...]] = Queried()
    looked_up: tuple[str, ...] = ()
    for (kind, about, _), answer in second.items():
        if kind is FactKind.OWN_RIGHTS:
            own.append(OwnRights(about, answer))
        elif kind is FactKind.PRINCIPALS:
            principals, looked_up = answer, wanted if answer.problem is None else ()
        elif kind is FactKind.ASSIGNMENTS:
            through += [(about, item) for item in answer.known if item.principal_id.lower() != about.lower()]
            assignments = replace(assignments, problem=assignments.problem or answer.problem)
        elif kind is FactKind.ROLES:
            found = (answer.value,) if answer.value is not None else ()
            roles = Queried((*roles.known, *found), roles.problem or answer.problem)
        elif kind is FactKind.DENIALS:
            named += [(about, item) for item in answer.known]
            denials = replace(denials, problem=denials.problem or answer.problem)
    return replace(
        facts,
        roles=roles,
        assignments=assignments,
        denials=denials,
        denied=tuple(dict.fromkeys(named)),
        own=tuple(own),
        principals=principals,
        looked_up=looked_up,
        through_groups=tuple(dict.fromkeys(through)),
    )


def _chosen_machines(answers: Answers, inventory: Inventory, facts: AccessFacts | None) -> ChosenMachines | None:
    """The chosen parts, or None while they are not chosen or do not fit: the wizard says why."""
    try:
        return chosen_machines(answers, inventory, facts)
    except UserError:
        return None


def _scopes_to_ask(scope: str, chosen: ChosenMachines | None) -> tuple[str, ...]:
    """The subscription, every group that is touched, and each thing that is written or joined."""
    if chosen is None:
        return (scope,)
    things = [*(vm.id for vm in chosen.vms), *(nic.id for nic in chosen.nics)]
    things += [thing for nic in chosen.nics for thing in nic.references]
    asked = [scope, *(reason.scope for reason in computed_scopes(chosen)), *(thing.text for thing in things)]
    return tuple({at.lower(): at for at in asked}.values())


def _principals(chosen: ChosenMachines | None) -> tuple[str, ...]:
    found = [vm.identity.principal_id for vm in chosen.vms] if chosen else []
    return tuple(principal for principal in found if principal)


def _to_look_up(facts: AccessFacts, answers: Answers) -> tuple[str, ...]:
    """Whose assignments may be a cluster member's: those of roles that let an interface be written."""
    ours = {role.guid.lower() for role in facts.roles.known if could_be_ours(role)}
    if answers.role is not None and answers.role.use is RoleUse.NETWORK_CONTRIBUTOR:
        ours.add(NETWORK_CONTRIBUTOR)
    found = [item.principal_id for item in facts.assignments.known if item.role_guid.lower() in ours]
    return tuple(sorted(set(found)))[:_MOST_LOOKED_UP]
