"""``read_access``: what Azure says about roles, identities, rights and the address, as far as the answers go.

With the machines not yet chosen it reads what the whole subscription tells, which is enough to see which pairs are set
up already. Every fact is read apart; one that cannot be read is named with its reason. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tgwizard.engine.access.matching_roles import could_be_ours
from tgwizard.engine.access.required_rights import computed_scopes
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.subnet_addresses import occupancy, worth_asking
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.runs.task_runner import read_all
from tgwizard.model.access_facts import AccessFacts, AddressChecked, FactKind, OwnRights, Queried
from tgwizard.model.chosen_machines import ChosenMachines, chosen_machines
from tgwizard.model.event_base import Stamp
from tgwizard.model.inventory import AddressAnswer, Inventory
from tgwizard.model.problem import UserError
from tgwizard.model.role import NETWORK_CONTRIBUTOR, RoleAssignment
from tgwizard.model.setup_answers import Answers, RoleUse
from tgwizard.model.setup_events import FactRead, SetupEvent

Key = tuple[FactKind, str]

_LISTED = (FactKind.ROLES, FactKind.ASSIGNMENTS, FactKind.DENIALS)

_MOST_LOOKED_UP = 1000
"""Object ids asked of the directory in one go; more roles than that are not a cluster's."""


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
        roles=first[FactKind.ROLES, ""],
        assignments=first[FactKind.ASSIGNMENTS, ""],
        denials=first[FactKind.DENIALS, ""],
        locks=first[FactKind.LOCKS, ""],
        machines=tuple(a.value for (kind, _), a in first.items() if kind is FactKind.MACHINES and a.value),
        nics=tuple(a.value for (kind, _), a in first.items() if kind is FactKind.INTERFACES and a.value),
    )
    chosen = _chosen_machines(answers, inventory, facts)
    at = reading.scope
    if chosen is not None and any(facts.failure(kind) is not None for kind in _LISTED):
        facts, at = _group_by_group(reading, facts, chosen), computed_scopes(chosen)[0].scope
    second = reading.all(_second(azure, answers, inventory, facts, chosen, at))
    return _with(facts, _to_look_up(facts, answers), second)


def ask_address(
    azure: AzurePorts, answers: Answers, inventory: Inventory, facts: AccessFacts | None = None
) -> AddressChecked | None:
    """Ask Azure about the chosen address; None when it is of no use to ask. AzureCallError when it does not answer."""
    chosen = _chosen_machines(answers, inventory, facts)
    if chosen is None or answers.address is None or not _askable(answers, inventory, chosen):
        return None
    return AddressChecked(str(answers.address), azure.network.check_address(chosen.subnet, str(answers.address)))


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
        for (kind, about), answer in answers.items():
            stamp = Stamp(self._clock.wall(), self._clock.monotonic())
            self._report(FactRead(stamp, kind, about, answer.problem))
        return answers


def _group_by_group(reading: _Reading, facts: AccessFacts, chosen: ChosenMachines) -> AccessFacts:
    """Lists that Azure refused for the subscription, read in each group that is touched.

    Who has rights in some groups only is refused above them; a group's list names what is above it all the same. A
    kind that is then known everywhere it matters is no longer one that failed.
    """
    access = reading.azure.access
    lists: dict[FactKind, Callable[[str], tuple[Any, ...]]] = {
        FactKind.ROLES: access.role_definitions,
        FactKind.ASSIGNMENTS: access.role_assignments,
        FactKind.DENIALS: access.deny_assignments,
    }
    kinds = [kind for kind in lists if facts.failure(kind) is not None]
    groups = [reason.scope for reason in computed_scopes(chosen)]
    answers = reading.all({(kind, at): partial(lists[kind], at) for kind in kinds for at in groups})

    def found(kind: FactKind, refused: Queried[Any]) -> Queried[Any]:
        if kind not in kinds:
            return refused
        whole = all(answers[kind, at].problem is None for at in groups)
        several = tuple(dict.fromkeys(item for at in groups for item in answers[kind, at].known))
        return Queried(several, None if whole else refused.problem)

    return replace(
        facts,
        roles=found(FactKind.ROLES, facts.roles),
        assignments=found(FactKind.ASSIGNMENTS, facts.assignments),
        denials=found(FactKind.DENIALS, facts.denials),
    )


def _first(azure: AzurePorts, answers: Answers, scope: str) -> dict[Key, Callable[[], object]]:
    access, compute, network = azure.access, azure.compute, azure.network
    readings: dict[Key, Callable[[], object]] = {
        (FactKind.ROLES, ""): lambda: access.role_definitions(scope),
        (FactKind.ASSIGNMENTS, ""): lambda: access.role_assignments(scope),
        (FactKind.DENIALS, ""): lambda: access.deny_assignments(scope),
        (FactKind.LOCKS, ""): lambda: access.locks(scope),
    }
    for vm in answers.machines or ():
        readings[FactKind.MACHINES, vm.text] = lambda vm=vm: compute.vm(vm)  # type: ignore[misc]
    for nic in answers.nics or ():
        readings[FactKind.INTERFACES, nic.text] = lambda nic=nic: network.nic(nic)  # type: ignore[misc]
    return readings


def _second(
    azure: AzurePorts,
    answers: Answers,
    inventory: Inventory,
    facts: AccessFacts,
    chosen: ChosenMachines | None,
    scope: str,
) -> dict[Key, Callable[[], object]]:
    """What can be asked only when the first answers are there."""
    access = azure.access
    readings: dict[Key, Callable[[], object]] = {}
    whole = (f"/subscriptions/{inventory.subscription.id}",) if answers.whole_subscription else ()
    for at in dict.fromkeys((*_scopes_to_ask(scope, chosen), *whole)):
        readings[FactKind.OWN_RIGHTS, at] = lambda at=at: access.own_permissions(at)  # type: ignore[misc]
    wanted = _to_look_up(facts, answers)
    if wanted:
        readings[FactKind.PRINCIPALS, ""] = lambda: azure.directory.known_principals(wanted)
    caller = (answers.caller.object_id,) if answers.caller and chosen else ()
    guid = answers.role.guid if answers.role is not None else ""
    if guid and facts.role(guid) is None:
        # A list may leave a role out for a minute after it was written; its own reading never does.
        readings[FactKind.ROLES, guid] = lambda: access.role_definition(scope, guid)
    for principal in dict.fromkeys((*_principals(chosen), *caller)):
        # Through groups too, where Azure tells: the subscription's list names the group only.
        readings[FactKind.ASSIGNMENTS, principal] = lambda principal=principal: access.assignments_to(  # type: ignore[misc]
            scope, principal
        )
    if chosen is not None and answers.address is not None and _askable(answers, inventory, chosen):
        address, subnet = str(answers.address), chosen.subnet
        readings[FactKind.ADDRESS, address] = lambda: azure.network.check_address(subnet, address)
    return readings


def _with(facts: AccessFacts, wanted: tuple[str, ...], second: dict[Key, Queried[Any]]) -> AccessFacts:
    through: list[tuple[str, RoleAssignment]] = []
    own: list[OwnRights] = []
    roles, assignments = facts.roles, facts.assignments
    principals: Queried[tuple[tuple[str, str], ...]] = Queried()
    looked_up: tuple[str, ...] = ()
    address: AddressChecked | None = None
    for (kind, about), answer in second.items():
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
        elif kind is FactKind.ADDRESS and isinstance(answer.value, AddressAnswer):
            address = AddressChecked(about, answer.value)
    return replace(
        facts,
        roles=roles,
        assignments=assignments,
        own=tuple(own),
        principals=principals,
        looked_up=looked_up,
        through_groups=tuple(through),
        address=address,
    )


def _chosen_machines(answers: Answers, inventory: Inventory, facts: AccessFacts | None) -> ChosenMachines | None:
    """The chosen parts, or None while they are not chosen or do not fit: the wizard says why."""
    try:
        return chosen_machines(answers, inventory, facts)
    except UserError:
        return None


def _askable(answers: Answers, inventory: Inventory, chosen: ChosenMachines) -> bool:
    subnet = inventory.subnet(chosen.subnet)
    if subnet is None or answers.address is None:
        return False
    taken = occupancy(subnet, inventory, chosen)
    return worth_asking(answers.address, taken)


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
