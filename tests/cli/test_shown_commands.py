"""The command that a page shows makes the plan of that page, change by change, on the same lab."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.cli.bench import Shell
from tests.rig import SetupRig, rig, setup_rig
from tgwizard.cli.arguments import Failover, parse
from tgwizard.cli.setup_arguments import ProveHow, Undo, Verify
from tgwizard.cli.setup_documents import setup_plan_document
from tgwizard.engine.access.required_rights import computed_scopes, extra_actions, required_rights
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.subnet_addresses import suggested_addresses
from tgwizard.engine.failover.failover_command_line import failover_command
from tgwizard.engine.failover.failover_plan import plan
from tgwizard.engine.observe import Observer
from tgwizard.engine.setup.loading import prepare, read_needed
from tgwizard.engine.setup.portal_help import portal_guide
from tgwizard.engine.setup.setup_command_line import cluster_command
from tgwizard.engine.setup.suggestions import chosen_machines_in, occupancy_in, proposed_answers, role_candidates
from tgwizard.engine.setup.wizard_state import WizardState, answer
from tgwizard.engine.setup.wizard_steps import answer_all, blockers, plan_of
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import NO_FENCE, Fence, FenceRequest, RunIntent, Strategy, resolve_strategy
from tgwizard.model.role import NETWORK_CONTRIBUTOR
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse, SetupStep

SCENARIOS = ("fresh", "vnet-elsewhere", "busy-nic", "old-role", "ready")


@dataclass(frozen=True, repr=False)
class Wizard:
    """The wizard as it stands when everything was read and suggested, and the lab behind it."""

    rig: SetupRig
    state: WizardState

    def __repr__(self) -> str:
        return command_of(self.state)


@cache
def wizard_on(scenario: str) -> Wizard:
    rig = setup_rig(scenario)
    answers = Answers(cloud=rig.services.cloud)
    saved = Shell(rig)._connect(None).profiles.readable()  # type: ignore[arg-type]
    state = prepare(rig.services.azure, rig.clock, answers, saved, lambda _event: None, CancelToken())
    return Wizard(rig, state)


def shown(state: WizardState) -> dict[str, Any]:
    """The plan of the page as the command would print it."""
    document = setup_plan_document(state, plan_of(state), blockers(state), "")
    return {key: value for key, value in json.loads(json.dumps(document)).items() if key != "at"}


def printed(rig: SetupRig, command: str) -> dict[str, Any]:
    """The plan that the command prints."""
    program, *words = shlex.split(command)
    assert program == "tgwizard"
    answered = Shell(rig)(*words, "--json")
    assert answered.lines, (command, answered.err)
    return {key: value for key, value in answered.lines[-1].items() if key != "at"}


def command_of(state: WizardState) -> str:
    return portal_guide(state, SetupStep.REVIEW).command


def disagreements(rig: SetupRig, state: WizardState) -> list[str]:
    """Where the plan of the shown command is not the page's."""
    command = command_of(state)
    page, terminal = shown(state), printed(rig, command)
    keys = ("answers", "role", "scopes", "changes", "allowed", "writes", "mine", "problems", "warnings", "notes")
    return [
        f"{command}\n{key} on the page: {page[key]}\n{key} by the command: {terminal[key]}"
        for key in keys
        if terminal[key] != page[key]
    ]


def walked(it: Wizard, answers: Answers) -> WizardState:
    """The wizard with these answers, everything read that they want, and every step continued from."""
    azure, clock = it.rig.services.azure, it.rig.clock
    state = answer(it.state, answers)
    for _ in range(3):
        state = read_needed(azure, clock, state, lambda _event: None, CancelToken())
        state = answer_all(replace(state, step=SetupStep.SIGN_IN))
    return read_needed(azure, clock, state, lambda _event: None, CancelToken())


@st.composite
def changes(draw: st.DrawFn, it: Wizard) -> Wizard:
    """Some answers that a person gives in place of the suggested ones, each step after the one before it."""
    state = it.state
    now = proposed_answers(state)
    if draw(st.booleans()):
        state = walked(it, replace(state.answers, name=draw(st.sampled_from(("edge-dallas", "Far.Site_2", "x.toml")))))
    now = proposed_answers(state)
    if now.machines is not None and draw(st.booleans()):
        first, second = now.machines
        state = walked(it, replace(state.answers, machines=(second, first), nics=None, address=None, role=None))
    now = proposed_answers(state)
    chosen, taken = chosen_machines_in(state, now), occupancy_in(state, now)
    if chosen is not None and taken is not None and draw(st.booleans()):
        offered = suggested_addresses(taken, chosen)
        address = draw(st.sampled_from((*offered, "10.20.2.77")))
        state = walked(it, replace(state.answers, address=IPv4Address(address)))
    if draw(st.booleans()):
        name = draw(st.sampled_from(("tg-floating", "tg-other", "Q_1")))
        state = walked(it, replace(state.answers, ip_configuration=name))
    state = walked(it, replace(state.answers, placement=draw(st.sampled_from(list(Placement)))))
    if draw(st.booleans()):
        state = walked(it, replace(state.answers, whole_subscription=True))
    state = walked(it, replace(state.answers, role=draw(roles(state))))
    now = proposed_answers(state)
    chosen = chosen_machines_in(state, now)
    if chosen is not None and not now.whole_subscription and draw(st.booleans()):
        scopes = [reason.scope for reason in computed_scopes(chosen)]
        left = draw(st.lists(st.sampled_from(scopes), unique=True, max_size=len(scopes) - 1))
        state = walked(it, replace(state.answers, narrowed=tuple(left)))
    return Wizard(it.rig, walked(it, replace(state.answers, remove_stale=draw(st.booleans()))))


@st.composite
def roles(draw: st.DrawFn, state: WizardState) -> RoleAnswer | None:
    now = proposed_answers(state)
    chosen = chosen_machines_in(state, now)
    if now.role is None or chosen is None:
        return None
    offered = [item.action for item in extra_actions(required_rights(chosen))]
    added = tuple(action for action in dict.fromkeys(offered) if draw(st.booleans()))
    declined = tuple(action for action in dict.fromkeys(offered) if action not in added)
    found = [item.role for item in role_candidates(state, now)]
    choices = [
        now.role,
        replace(now.role, extra=added, declined=declined),
        RoleAnswer(
            RoleUse.NEW, draw(st.sampled_from(("my role", "it's $(mine)", "Rolle für tg"))), "", added, declined
        ),
        RoleAnswer(RoleUse.NETWORK_CONTRIBUTOR, guid=NETWORK_CONTRIBUTOR),
        *(RoleAnswer(RoleUse.REUSE, role.name, role.guid) for role in found),
        *(RoleAnswer(RoleUse.UPDATE, role.name, role.guid, added, declined) for role in found),
    ]
    return draw(st.sampled_from(choices))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_that_the_command_of_the_review_is_bare_where_everything_is_as_suggested(scenario: str) -> None:
    it = wizard_on(scenario)
    name = proposed_answers(it.state).name
    assert command_of(it.state) == f"tgwizard setup plan {name or 'CLUSTER'}"


@pytest.mark.parametrize("scenario", SCENARIOS)
@given(data=st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_that_the_command_of_the_review_makes_the_plan_of_the_page(scenario: str, data: st.DataObject) -> None:
    answered = data.draw(changes(wizard_on(scenario)))
    assume(answered.state.step is SetupStep.REVIEW)
    assert disagreements(answered.rig, answered.state) == []


@pytest.mark.parametrize("stops", [NO_FENCE, FenceRequest(Fence.STOP), FenceRequest(Fence.STOP, optional=True)])
@pytest.mark.parametrize("strategy", [Strategy.DETACH_ATTACH, Strategy.ATOMIC])
@pytest.mark.parametrize("verb", list(Verb))
def test_that_the_command_of_a_failover_plans_what_its_question_shows(
    verb: Verb, strategy: Strategy, stops: FenceRequest
) -> None:
    made = rig()
    fence = stops if verb is Verb.FORCED else NO_FENCE
    snapshot = Observer(made.services.azure, made.services.clock, made.setup).look()
    intent = RunIntent(made.b, verb, strategy, fence)
    command = failover_command(made.setup, intent, accept_unknown=True)
    _, *words = shlex.split(command)
    (document,) = Shell(made)(*words, "--dry-run", "--json").lines
    wanted = plan(snapshot, intent, ())
    assert [change["path"] for change in document["changes"]] == [change.path for change in wanted.changes]
    assert [change["after"] for change in document["changes"]] == [change.after for change in wanted.changes]
    assert document["predicted_s"] == wanted.predicted_s
    parsed = parse(words, Path, ()).command
    assert isinstance(parsed, Failover)
    assert (parsed.verb, parsed.fence, parsed.accept_unknown) == (verb, fence, True)
    assert resolve_strategy(parsed.strategy, made.setup, verb) is strategy


def test_that_the_commands_of_undo_and_verify_mean_the_cluster_of_the_page() -> None:
    made = rig()
    assert parse(cluster_command("verify", made.setup.name).split()[1:], Path, ()).command == Verify(
        made.setup.name, True, (), (), ProveHow.NO, False, None, 9000
    )
    undo = shlex.split(cluster_command("undo", "edge dallas", "--identities"))
    assert parse(undo[1:], Path, ()).command == Undo("edge dallas", True, False)
