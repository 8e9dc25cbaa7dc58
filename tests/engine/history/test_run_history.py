"""History is told from the journals alone: steps, request ids, both interfaces before and after, and the report."""

from __future__ import annotations

import html.parser
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.rig import Rig, inline_journal, rig
from tests.spoil import HOSTILE as EVERYWHERE
from tests.spoil import spoilt
from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import RunHistory, cluster_history, find_run
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.runs.records import WriteAnswer
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Event, Step
from tgwizard.model.problem import UserError
from tgwizard.model.text import sanitize

HOSTILE = '<b>"x"</b> $(reboot) \u202egnp.exe'


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(Latency.FAST, state=tmp_path / "state")


def past(it: Rig) -> tuple[RunHistory, ...]:
    return cluster_history(it.services, it.setup).runs


def test_that_a_run_is_told_with_its_steps_writes_and_request_ids(it: Rig) -> None:
    finished = it.fail_over()
    (run,) = past(it)
    assert run.run == finished.run
    assert [step.step for step in run.steps] == [Step.DETACH, Step.ATTACH, Step.CONFIRM]
    assert [(made.step, made.member, made.answer) for made in run.attempts] == [
        (Step.DETACH, "tg-node-a", WriteAnswer.ACCEPTED),
        (Step.ATTACH, "tg-node-b", WriteAnswer.ACCEPTED),
    ]
    assert len({made.arm_request for made in run.attempts}) == len({made.request for made in run.attempts}) == 2
    assert all(made.arm_request and made.request for made in run.attempts)
    assert run.ended is not None
    assert (run.ended.outcome, run.ended.holder) == (Outcome.DONE, "tg-node-b")


def test_that_both_interfaces_are_compared_after_each_run(it: Rig) -> None:
    it.fail_over()
    losing, gaining = past(it)[0].compared
    assert (losing.nic, losing.before, losing.after) == ("tg-node-a-inside", "tg-floating", None)
    assert (gaining.nic, gaining.before, gaining.after) == ("tg-node-b-inside", None, "tg-floating")
    assert (losing.sentence, gaining.sentence) == ("tg-floating was removed", "tg-floating was added")
    assert losing.by_other == gaining.by_other == ()


def test_that_an_administrators_change_during_the_run_is_kept_and_listed(it: Rig) -> None:
    edited: list[str] = []

    def administrator(event: Event) -> None:
        if isinstance(event, CallMade) and event.method == "PUT" and not edited:
            edited.append(event.target)
            it.clock.sleep(5)
            it.edit(it.a, lambda body: body.setdefault("tags", {}).update(owner=HOSTILE))

    it.events = _Heard(administrator)
    it.fail_over()
    losing, _ = past(it)[0].compared
    assert [(item.path, item.before) for item in losing.by_other] == [("tags.owner", "not set")]
    assert "<b>" in losing.by_other[0].after
    assert it.nic(it.a).body["tags"]["owner"] == HOSTILE


def test_that_a_refused_write_keeps_its_reason(it: Rig) -> None:
    it.lab.faults.add(
        Fault(
            "PUT",
            "tg-node-b-inside",
            FaultAnswer(409, '{"error": {"code": "AnotherOperationInProgress", "message": "It is busy."}}'),
            nth=2,
        )
    )
    it.fail_over()
    answers = [made.answer for made in past(it)[0].attempts]
    assert WriteAnswer.REFUSED in answers
    told = next(made for made in past(it)[0].attempts if made.answer is WriteAnswer.REFUSED)
    assert told.problem


def test_that_runs_are_told_newest_first_and_a_journal_is_never_made_by_looking(it: Rig) -> None:
    assert past(it) == ()
    assert not it.services.journal_file(it.setup).exists()
    first, second = it.fail_over().run, it.fail_over(it.a).run
    assert [run.run for run in past(it)] == [second, first]


def test_that_a_run_without_an_end_says_so(it: Rig) -> None:
    it.fail_over()
    (run,) = past(it)
    with_no_end = RunHistory(run.began, run.steps, run.attempts, "", None, None)
    assert run_report.outcome(with_no_end) == "Not finished"
    assert "tgwizard resume edge-dallas" in run_report.reason(with_no_end)
    assert [seen.sentence for seen in with_no_end.compared] == ["not read at the end", "not read at the end"]


def test_that_a_damaged_journal_is_told_and_kept(it: Rig) -> None:
    file = it.services.journal_file(it.setup)
    file.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    before = file.read_bytes()
    told = cluster_history(it.services, it.setup)
    assert told.problem is not None
    assert told.problem.code == "journal-damaged"
    assert file.read_bytes() == before


def test_that_a_run_is_found_by_the_beginning_of_its_id(it: Rig) -> None:
    run = it.fail_over().run
    setup, found = find_run(it.services, [it.setup], run[:6])
    assert (setup, found.run) == (it.setup, run)


@pytest.mark.parametrize("wanted", ["", "zz", "*", "' OR 1=1 --"])
def test_that_an_unknown_run_is_told_in_words(it: Rig, wanted: str) -> None:
    it.fail_over()
    with pytest.raises(UserError) as caught:
        find_run(it.services, [it.setup], wanted)
    assert caught.value.problem.code == "run-unknown"


def test_that_several_runs_of_one_beginning_ask_for_more_of_it(it: Rig) -> None:
    it.fail_over()
    (run,) = past(it)
    with closing(inline_journal(it.services.journal_file(it.setup), it.setup.identity)) as journal:
        for ending in ("1", "2"):
            journal.append(f"same{ending}", replace(run.began, run=f"same{ending}"))
    with pytest.raises(UserError) as caught:
        find_run(it.services, [it.setup], "same")
    assert caught.value.problem.code == "run-not-named"


def test_that_predictions_come_from_every_cluster_of_the_subscription(it: Rig) -> None:
    it.fail_over()
    (measured,) = measured_runs(it.services, it.setup)
    assert measured.detach_s is not None
    assert measured.attach_s is not None
    (it.services.state_dir / "journal-broken.sqlite").write_bytes(b"not a database")
    assert measured_runs(it.services, it.setup) == (measured,)


def test_that_the_report_is_a_page_without_script_and_foreign_text_stays_text(it: Rig) -> None:
    def administrator(event: Event) -> None:
        if isinstance(event, CallMade) and event.method == "PUT" and "owner" not in it.nic(it.a).body.get("tags", {}):
            it.clock.sleep(5)
            it.edit(it.a, lambda body: body.setdefault("tags", {}).update(owner=HOSTILE))

    it.events = _Heard(administrator)
    it.fail_over()
    page = _Page()
    page.feed(run_report.run_report_page(past(it)[0], it.setup))
    assert "script" not in page.tags
    assert page.tags.count("b") == 0
    assert "Graceful failover of 10.20.2.50 to tg-node-b" in page.words
    assert "$(reboot)" in page.words
    assert "\u202e" not in page.words


@pytest.mark.parametrize("text", EVERYWHERE, ids=range(len(EVERYWHERE)))
def test_that_foreign_text_in_any_record_is_only_text_in_the_report(it: Rig, text: str) -> None:
    it.lab.faults.add(
        Fault(
            "PUT",
            "tg-node-b-inside",
            FaultAnswer(409, '{"error": {"code": "AnotherOperationInProgress", "message": "It is busy."}}'),
            nth=2,
        )
    )
    it.fail_over()
    (run,) = past(it)
    facts = frozenset(
        {"at", "run", "address", "nics", "configuration", "losing_body", "gaining_body", "losing", "gaining"}
    )
    page = _Page()
    members = (replace(it.a, name=text), replace(it.b, name=text))
    page.feed(run_report.run_report_page(spoilt(run, text, keep=facts), replace(it.setup, name=text, members=members)))
    assert {"script", "img"}.isdisjoint(page.tags)
    assert page.tags.count("b") == 0
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page.words)
    assert sanitize(text, 60)[:8] in page.words


def test_that_a_forced_run_says_so(it: Rig) -> None:
    it.fail_over(verb=Verb.FORCED)
    assert run_report.title(past(it)[0]) == "Forced failover of 10.20.2.50 to tg-node-b"


class _Heard(list[Event]):
    """Events that a second actor listens to."""

    def __init__(self, ear: Any) -> None:
        super().__init__()
        self._ear = ear

    def append(self, event: Event) -> None:
        """Keep it and tell the actor."""
        super().append(event)
        self._ear(event)


class _Page(html.parser.HTMLParser):
    """Tags and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        """Note it."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.words += data
