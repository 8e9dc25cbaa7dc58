from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.setup.hand_made import CALLER, world
from tests.engine.setup.walker import fed, signed_in
from tgwizard.engine.setup.draft import delete_draft, load_draft, resume, save_draft
from tgwizard.engine.setup.wizard_state import StepProgress, WizardState, go_back, state_of, with_caller
from tgwizard.engine.setup.wizard_steps import answer_all, plan_of
from tgwizard.model.inventory import SubscriptionSeen
from tgwizard.model.problem import UserError
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse, SetupStep

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def finished() -> WizardState:
    return answer_all(fed(signed_in(), world()))


def test_that_a_draft_resumes_where_it_was_left(tmp_path: Path) -> None:
    state = go_back(go_back(finished()))
    path = tmp_path / "state" / "setup-draft.json"
    save_draft(path, state, NOW)
    read = load_draft(path)
    assert read.problem is None
    assert read.draft is not None
    assert read.draft.saved_at == "2026-11-24T12:00:00.000Z"
    resumed = resume(read.draft, CALLER)
    assert (resumed.answers, resumed.step, resumed.done) == (state.answers, state.step, state.done)
    assert plan_of(fed(resumed, world())) == plan_of(state)


def test_that_a_draft_without_a_signed_in_account_starts_with_signing_in(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(path, finished(), NOW)
    draft = load_draft(path).draft
    assert draft is not None
    resumed = resume(draft, None)
    assert resumed.step is SetupStep.SIGN_IN
    assert resumed.answers.caller is None
    again = with_caller(resumed, "lab-test", CALLER)
    assert again.answers == finished().answers


def test_that_another_account_has_the_steps_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(path, finished(), NOW)
    draft = load_draft(path).draft
    assert draft is not None
    other = resume(draft, replace(CALLER, object_id="someone-else"))
    assert other.answers.caller is not None
    assert other.answers.caller.object_id == "someone-else"
    assert state_of(other, SetupStep.SUBSCRIPTION) is StepProgress.TO_CHECK


def test_that_a_draft_that_cannot_be_read_is_told_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    for text in ("{", '{"schema": 99}', "[]", '{"schema": 1, "answers": {}}', "\x00", "9" * 5000):
        path.write_text(text)
        read = load_draft(path)
        assert read.draft is None
        assert read.problem is not None
        assert str(path) in read.problem.sentence()
        delete_draft(path)
        assert path.read_text() == text
        save_draft(path, finished(), NOW)
        assert load_draft(path).draft is not None
        path.unlink()
    assert len(list(tmp_path.glob("draft-kept-*.json"))) == 6


def test_that_every_changed_value_of_a_draft_is_told_or_used_but_never_breaks(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(path, finished(), NOW)
    whole = json.loads(path.read_text())
    for name in whole["answers"]:
        for wrong in (None, 3, "x", [1], {"a": 1}, True):
            path.write_text(json.dumps({**whole, "answers": {**whole["answers"], name: wrong}}))
            read = load_draft(path)
            assert (read.draft is None) != (read.problem is None)


@pytest.mark.parametrize(
    ("place", "wrong", "told"),
    [
        (("answers", "caller", "kind"), None, "a value is missing: answers.caller.kind"),
        (("answers", "subscription", "enabled"), None, "a value is missing: answers.subscription.enabled"),
        (("answers", "role", "extra"), "x", "answers.role.extra is of the wrong type"),
        (("answers", "role", "use"), "none", "answers.role.use has an unknown value"),
        (("answers", "address"), "10.0.0.999", "answers.address: "),
        (("answers", "machines"), ["/x", "/y"], "answers.machines: a full resource id is needed"),
        (("answers", "remove_stale"), 1, "answers.remove_stale is of the wrong type"),
        (("step",), "beginning", "beginning is no step"),
    ],
)
def test_that_damage_of_a_draft_is_told_with_its_place(
    tmp_path: Path, place: tuple[str, ...], wrong: object, told: str
) -> None:
    """None: the value is not there. A default of the answers does not stand in for it: it would be another answer."""
    path = tmp_path / "draft.json"
    save_draft(path, finished(), NOW)
    whole = json.loads(path.read_text())
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner.pop(place[-1])
    if wrong is not None:
        inner[place[-1]] = wrong
    path.write_text(json.dumps(whole))
    problem = load_draft(path).problem
    assert problem is not None
    assert told in problem.why


def test_that_a_draft_of_an_older_program_and_of_a_newer_one_of_the_same_schema_are_read(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    save_draft(path, finished(), NOW)
    read = load_draft(path)
    whole = json.loads(path.read_text())
    del whole["answers"]["role"]["dropped"]
    whole["answers"]["newer"] = whole["answers"]["role"]["newer"] = whole["newer"] = {"a": 1}
    path.write_text(json.dumps(whole))
    assert load_draft(path) == read


def test_that_a_draft_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(UserError, match="could not be kept"):
        save_draft(blocked / "draft.json", finished(), NOW)


def test_that_no_draft_is_no_problem_and_a_done_one_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    assert load_draft(path).draft is None
    assert load_draft(path).problem is None
    delete_draft(path)
    save_draft(path, finished(), NOW)
    assert path.stat().st_mode & 0o077 == 0
    delete_draft(path)
    assert not path.exists()


text = st.text(max_size=40)


@given(
    st.builds(
        Answers,
        cloud=text,
        caller=st.just(CALLER),
        subscription=st.none() | st.builds(SubscriptionSeen, text, text, text, st.booleans()),
        name=text,
        address=st.none() | st.ip_addresses(v=4),
        role=st.none()
        | st.builds(
            RoleAnswer, st.sampled_from(RoleUse), text, text, st.lists(text).map(tuple), st.lists(text).map(tuple)
        ),
        whole_subscription=st.booleans(),
        narrowed=st.lists(text).map(tuple),
        placement=st.sampled_from(Placement),
        ip_configuration=text,
        remove_stale=st.booleans(),
    ),
    st.sampled_from(SetupStep),
    st.frozensets(st.sampled_from(SetupStep)),
)
def test_that_any_answers_survive_being_kept(
    tmp_path_factory: pytest.TempPathFactory, answers: Answers, step: SetupStep, done: frozenset[SetupStep]
) -> None:
    path = tmp_path_factory.mktemp("draft") / "draft.json"
    save_draft(path, WizardState(answers, step, done), NOW)
    read = load_draft(path)
    assert read.draft is not None
    resumed = resume(read.draft, CALLER)
    assert (resumed.answers, resumed.step, resumed.done) == (answers, step, done)
    assert resumed.answers.address is None or isinstance(resumed.answers.address, IPv4Address)
