"""Turns options into the answers of the wizard: names are looked up, offered fixes are taken when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tgwizard.cli.setup_arguments import GivenOptions, is_subscription, parsed
from tgwizard.engine.access.required_rights import extra_actions, required_rights
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.engine.files.file_reading import is_file
from tgwizard.engine.jobs import Report
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup.assignment_scopes import narrowed_to
from tgwizard.engine.setup.loading import prepare, read_needed
from tgwizard.engine.setup.planner import answers_of
from tgwizard.engine.setup.suggestions import chosen_machines_in, proposed_answers
from tgwizard.engine.setup.validation import Fix, FixKind
from tgwizard.engine.setup.wizard_state import WizardState, answer
from tgwizard.engine.setup.wizard_steps import answer_all, problems_of, take_fix
from tgwizard.model import fields
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import Inventory, SubscriptionSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.role import NETWORK_CONTRIBUTOR
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep
from tgwizard.model.setup_events import SetupEvent
from tgwizard.model.text import join_words, sanitize

_MOST_CURES = 10


def saved_or_new(profiles: ClusterFolder, cluster: str | None) -> tuple[Answers, tuple[ClusterSetup, ...]]:
    """The answers that a saved cluster gives, or a new one of that name; and the other saved clusters."""
    known = tuple(profiles.readable())
    if cluster is None:
        return Answers(), known
    try:
        setup = profiles.find(cluster)
    except UserError as error:
        path = Path(cluster)
        if error.problem.code != "cluster-unknown" or path.suffix == ".toml" or is_file(path):
            raise
        return Answers(name=parsed(fields.NAME, cluster)), known
    others = tuple(one for one in known if one.identity != setup.identity)
    return answers_of(setup), others


def answers_given(
    services: Services, start: Answers, given: GivenOptions, report: Report[SetupEvent], token: CancelToken
) -> Answers:
    """The answers with what the options gave in place. UserError: a name that is not there, or there twice."""
    answers = _plain(start, given)
    wanted = given.one(fields.SUBSCRIPTION)
    names = [*given.values.get(fields.MEMBER_VM.key, ()), *given.values.get(fields.MEMBER_NIC.key, ())]
    looked_up = any(not name.startswith("/") for name in names)
    if wanted is None and not names and start.subscription is None:
        return answers
    try:
        subscriptions = services.azure.directory.subscriptions()
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure
    answers = replace(answers, subscription=_subscription(answers, wanted, names, subscriptions))
    inventory: Inventory | None = None
    if looked_up and answers.subscription is not None:
        inventory = discover(services.azure, answers.subscription, services.clock, report, token)
    machines = _pair(given.values.get(fields.MEMBER_VM.key), lambda text: _machine(text, inventory))
    nics = _pair(given.values.get(fields.MEMBER_NIC.key), lambda text: _interface(text, inventory))
    return replace(answers, machines=machines or answers.machines, nics=nics or answers.nics)


def filled(
    services: Services,
    answers: Answers,
    given: GivenOptions,
    saved: Iterable[ClusterSetup],
    report: Report[SetupEvent],
    token: CancelToken,
) -> WizardState:
    """Walk the wizard as far as it goes, taking the offered fixes that the options ask for."""
    state = prepare(services.azure, services.clock, answers, saved, report, token)
    state = _one_by_one(state, given)
    wanted = [
        kind
        for kind, asked in (
            (FixKind.ADD_ACTIONS, given.add_actions),
            (FixKind.LEAVE_OUT_ACTIONS, given.leave_out_actions),
            (FixKind.UPDATE_ROLE, given.update_role),
        )
        if asked
    ]
    try:
        for _ in range(_MOST_CURES):
            offered = [fix for item in problems_of(state) for fix in item.fixes if fix.kind in wanted]
            if not offered:
                return _scoped(_dropping(state, given), given)
            state = read_needed(services.azure, services.clock, take_fix(state, offered[0]), report, token)
            state = read_needed(services.azure, services.clock, answer_all(state), report, token)
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure
    return _scoped(_dropping(state, given), given)


def _one_by_one(state: WizardState, given: GivenOptions) -> WizardState:
    """The same, with single actions added to the role or left out of it. UserError: one that is not offered here."""
    chosen = chosen_machines_in(state, proposed_answers(state)) if given.added or given.left_out else None
    offered = [item.action for item in extra_actions(required_rights(chosen))] if chosen is not None else []
    known = {action.lower() for action in offered}
    strange = [action for action in (*given.added, *given.left_out) if action.lower() not in known]
    if strange and chosen is not None:
        what = f"{sanitize(strange[0], 120)} is no action that these interfaces need beyond Trustgrid's ten."
        raise UserError(Problem("usage", what, f"Needed are {join_words(offered) or 'none'}."))
    for kind, actions in ((FixKind.ADD_ACTIONS, given.added), (FixKind.LEAVE_OUT_ACTIONS, given.left_out)):
        if actions:
            state = answer_all(take_fix(state, Fix(kind, "", actions)))
    return state


def _scoped(state: WizardState, given: GivenOptions) -> WizardState:
    """The same, with the role assigned where the options say, and nowhere else."""
    answers = proposed_answers(state)
    chosen = chosen_machines_in(state, answers)
    if not given.scopes or chosen is None:
        return state
    left_out = narrowed_to(given.scopes, chosen)
    if answers.whole_subscription:
        return state
    return answer_all(replace(answer(state, replace(state.answers, narrowed=left_out)), step=SetupStep.ROLE))


def _dropping(state: WizardState, given: GivenOptions) -> WizardState:
    """The same, with scopes taken out of the role that is there."""
    role = proposed_answers(state).role
    if not given.drop_scopes or role is None:
        return state
    changed = answer(state, replace(state.answers, role=replace(role, dropped=given.drop_scopes)))
    return answer_all(replace(changed, step=SetupStep.ROLE))  # what follows from the role is looked at again


def _plain(start: Answers, given: GivenOptions) -> Answers:
    """Everything that needs no look into Azure."""
    answers = replace(
        start,
        whole_subscription=given.whole_subscription or any(is_subscription(scope) for scope in given.scopes),
        placement=given.placement,
        remove_stale=given.remove_stale,
    )
    name, address = given.one(fields.NAME), given.one(fields.ADDRESS)
    configuration = given.one(fields.IP_CONFIGURATION)
    if name is not None:
        answers = replace(answers, name=parsed(fields.NAME, name))
    if address is not None:
        answers = replace(answers, address=parsed(fields.ADDRESS, address))
    if configuration is not None:
        answers = replace(answers, ip_configuration=parsed(fields.IP_CONFIGURATION, configuration))
    return replace(answers, role=_role(answers, given))


def _role(answers: Answers, given: GivenOptions) -> RoleAnswer | None:
    role_id, role_name = given.one(fields.ROLE_ID), given.one(fields.ROLE_NAME)
    if role_id is not None:
        guid = str(parsed(fields.ROLE_ID, role_id)).rsplit("/", 1)[-1].lower()
        if guid == NETWORK_CONTRIBUTOR:
            return RoleAnswer(RoleUse.NETWORK_CONTRIBUTOR, guid=guid)
        return RoleAnswer(RoleUse.UPDATE if given.update_role else RoleUse.REUSE, guid=guid)
    if role_name is not None:
        return RoleAnswer(RoleUse.NEW, parsed(fields.ROLE_NAME, role_name))
    return answers.role


def _subscription(
    answers: Answers, wanted: str | None, names: list[str], found: tuple[SubscriptionSeen, ...]
) -> SubscriptionSeen | None:
    if wanted is None and answers.subscription is not None:
        wanted = answers.subscription.id
    if wanted is None:
        ids = {ResourceId(name).subscription.lower() for name in names if name.startswith("/")}
        usable = [one for one in found if one.enabled and (not ids or one.id.lower() in ids)]
        return usable[0] if len(usable) == 1 else None
    fitting = [one for one in found if wanted.lower() in (one.id.lower(), one.name.lower())]
    if len(fitting) == 1:
        return fitting[0]
    what = f"There is no subscription {sanitize(wanted, 80)} for this account."
    if fitting:
        what = f"{len(fitting)} subscriptions are named {sanitize(wanted, 80)}."
    raise UserError(Problem("subscription-unknown", what, seen_subscriptions(found), "Name one of them by its GUID."))


def seen_subscriptions(found: tuple[SubscriptionSeen, ...]) -> str:
    """Those that the account sees, as a sentence; of many the first ten."""
    names = [f"{sanitize(one.name, 60)} ({one.id})" for one in found[:10]]
    more = [f"{len(found) - 10} more"] if len(found) > 10 else []
    return f"The account sees {join_words([*names, *more]) or 'none'}."


def _pair(texts: tuple[str, ...] | None, find: Callable[[str], ResourceId]) -> tuple[ResourceId, ResourceId] | None:
    if texts is None:
        return None
    first, second = (find(text) for text in texts)
    return first, second


def _machine(text: str, inventory: Inventory | None) -> ResourceId:
    if text.startswith("/"):
        found: ResourceId = parsed(fields.MEMBER_VM, text)
        return found
    return _named(text, "virtual machine", [vm.id for vm in inventory.vms] if inventory else [])


def _interface(text: str, inventory: Inventory | None) -> ResourceId:
    if text.startswith("/"):
        found: ResourceId = parsed(fields.MEMBER_NIC, text)
        return found
    return _named(text, "network interface", [nic.id for nic in inventory.nics] if inventory else [])


def _named(text: str, kind: str, ids: list[ResourceId]) -> ResourceId:
    fitting = [found for found in ids if found.name.lower() == text.lower()]
    if len(fitting) == 1:
        return fitting[0]
    what = f"There is no {kind} named {sanitize(text, 90)} in the subscription."
    fix = "tgwizard discover lists what is there."
    if fitting:
        what = f"{len(fitting)} {kind}s are named {sanitize(text, 90)}."
        fix = f"Give the full id: {join_words(found.text for found in fitting[:4])}"
    raise UserError(Problem("not-found", what, "", fix))
