"""The past as one list: who and from where, both gaps, set-ups beside failovers, and what it is narrowed to."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import answers_for, plan_for
from tests.rig import Rig, SetupRig, rig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.history import run_report
from tgwizard.engine.history.history_entries import EntryKind, HistoryFilter, entries_of, parse_day
from tgwizard.engine.history.run_history import RunHistory, cluster_history, find_run, history_of
from tgwizard.engine.history.setup_history import SetupRun
from tgwizard.engine.runs.setup_journal import setup_journal_file
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.setup.planner import identity_of
from tgwizard.engine.setup.undo import undo_job
from tgwizard.lab.latency import Latency
from tgwizard.model.appearance import TimeZoneChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.problem import UserError
from tgwizard.model.run_origin import Program, RunOrigin
from tgwizard.model.text import Moments

FROM = RunOrigin("operator@lab.example", Program.COMMAND_LINE, "ops-laptop")


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    found = rig(Latency.FAST, state=tmp_path / "state")
    found.services = replace(found.services, program=FROM.program, machine=FROM.machine)
    return found


@pytest.fixture
def fresh(tmp_path: Path) -> SetupRig:
    found = setup_rig("fresh", Latency.FAST, state=tmp_path / "state")
    found.services = replace(found.services, program=Program.WINDOW, machine="ops-laptop")
    return found


def the_run(it: Rig) -> RunHistory:
    (run,) = cluster_history(it.services, it.setup).runs
    return run


def test_that_a_run_tells_who_began_it_and_from_where(it: Rig) -> None:
    it.fail_over()
    run = the_run(it)
    assert run.began.origin == FROM
    assert run_report.began_by(run.origin) == "operator@lab.example, from the command line on ops-laptop"
    page = run_report.run_report_page(run, it.setup)
    assert "operator@lab.example" in page
    assert "the command line on ops-laptop" in page


def test_that_a_run_of_an_older_program_says_that_nobody_recorded_who(it: Rig) -> None:
    it.fail_over()
    run = the_run(it)
    older = replace(run, began=replace(run.began, origin=None))
    assert (older.origin.who, older.origin.where) == ("not recorded", "not recorded")
    assert "not recorded" in run_report.run_report_page(older, it.setup)


def test_that_a_run_whose_account_nobody_can_tell_is_journalled_all_the_same(it: Rig) -> None:
    it.fail_over()
    origin = RunOrigin("", Program.WINDOW, "")
    assert run_report.began_by(origin) == "not recorded, from the window"


@pytest.mark.parametrize(
    ("verb", "title"),
    [(Verb.GRACEFUL, "Graceful failover of 10.20.2.50 to tg-node-b"), (Verb.FORCED, "Forced failover of 10.20.2.50")],
)
def test_that_an_entry_names_its_verb(it: Rig, verb: Verb, title: str) -> None:
    it.fail_over(verb=verb)
    (entry,) = entries_of(history_of(it.services, [it.setup]))
    assert entry.what.startswith(title)
    assert entry.verb == f"{verb.value.capitalize()} failover"


def test_that_both_gaps_are_told_apart_and_what_was_not_measured_says_so(it: Rig) -> None:
    it.fail_over()
    run = the_run(it)
    assert run_report.gaps(run) == (
        ("Gap as read", "4.0 s, between our readings of Azure"),
        ("Traffic gap", "not measured"),
    )
    with closing(it.services.journal(it.setup)) as journal:
        journal.traffic_measured(run.run, it.clock.wall(), 4.25, answered=True)
    measured = the_run(it)
    assert run_report.gaps(measured)[1] == ("Traffic gap", "4.2 s, from this computer")
    assert "traffic gap 4.2 s, from this computer" in entries_of(history_of(it.services, [it.setup]))[0].note
    assert measured.ended == run.ended
    with closing(it.services.journal(it.setup)) as journal:
        assert [end.run for end in journal.ends()] == [run.run]
        journal.traffic_measured(run.run, it.clock.wall(), 9.0, answered=False)
    assert run_report.gaps(the_run(it))[1] == ("Traffic gap", "nothing answers this computer")


def test_that_a_run_is_found_by_the_time_that_lists_show(it: Rig) -> None:
    run = it.fail_over().run
    shown = run_report.when(the_run(it).began.at).rsplit(" ", 1)[0]
    for typed in (shown, shown[:16], shown.replace(" ", "T"), f"{shown} UTC", shown[:10]):
        assert find_run(it.services, [it.setup], typed)[1].run == run
    it.fail_over(it.a)
    with pytest.raises(UserError) as caught:
        find_run(it.services, [it.setup], shown[:10])
    assert caught.value.problem.code == "run-not-named"
    with pytest.raises(UserError) as caught:
        find_run(it.services, [it.setup], "1999-01-01")
    assert caught.value.problem.code == "run-unknown"


def test_that_set_ups_and_undos_are_entries_too_also_of_a_cluster_that_was_never_saved(fresh: SetupRig) -> None:
    plan, answers = plan_for(fresh.group()), answers_for(fresh.group())
    identity = identity_of(answers)
    assert identity is not None
    assert apply_job(fresh.services, answers, plan, lambda _event: None, CancelToken()).outcome.value == "done"
    fresh.clock.sleep(60)
    undo_job(fresh.services, identity, lambda _event: None, CancelToken())
    undo, apply = entries_of(history_of(fresh.services, []))
    assert (apply.kind, apply.verb, undo.verb) == (EntryKind.SETUP, "Set-up", "Undo")
    assert apply.what == "Set-up of 10.20.2.50: 5 changes made"
    assert apply.note.startswith("Done: ")
    assert apply.by == undo.by == "operator@lab.example, from the window on ops-laptop"
    assert isinstance(apply.source, SetupRun)
    assert [change.outcome for change in apply.source.changes] == ["done"] * 5
    assert undo.what.startswith("Undo of the set-up of 10.20.2.50: ")


def test_that_a_saved_cluster_has_its_own_set_ups_and_they_stand_once(it: Rig) -> None:
    group = it.setup.members[0].nic.text.rsplit("/providers/", 1)[0]
    apply_job(it.services, answers_for(group), plan_for(group), lambda _event: None, CancelToken())
    past = history_of(it.services, [it.setup])
    assert len(past.clusters[0].setups) == 1
    assert past.unsaved == ()


def test_that_looking_makes_no_journal_and_a_damaged_one_is_told(it: Rig) -> None:
    file = setup_journal_file(it.services.state_dir, it.setup.identity)
    assert history_of(it.services, [it.setup]).clusters[0].problem is None
    assert not file.exists()
    it.fail_over()
    file.write_bytes(b"no database at all " * 60)
    (told,) = history_of(it.services, [it.setup]).clusters
    assert told.problem is not None
    assert told.problem.code == "journal-damaged"
    assert len(told.runs) == 1
    file.rename(file.with_name("setup-unknown.sqlite"))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's time zone cannot be changed for one process")
def test_that_a_day_is_one_of_the_time_that_is_told(it: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    it.fail_over()
    (entry,) = entries_of(history_of(it.services, [it.setup]))
    late = replace(entry, at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    second, third = (HistoryFilter(since=day, until=day) for day in (date(2026, 3, 2), date(2026, 3, 3)))
    in_utc = Moments(TimeZoneChoice.UTC)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert (second.admits(late), third.admits(late)) == (False, True)
        assert (replace(second, moments=in_utc).admits(late), replace(third, moments=in_utc).admits(late)) == (
            True,
            False,
        )
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (HistoryFilter(), 1),
        (HistoryFilter("GRACEFUL tg-node-b"), 1),
        (HistoryFilter("operator ops-laptop"), 1),
        (HistoryFilter("2026-03-02"), 1),
        (HistoryFilter("forced"), 0),
        (HistoryFilter(since=date(2026, 3, 2), until=date(2026, 3, 2)), 1),
        (HistoryFilter(since=date(2026, 3, 4)), 0),
        (HistoryFilter(until=date(2026, 2, 28)), 0),
        (HistoryFilter(kind=EntryKind.RUN), 1),
        (HistoryFilter(kind=EntryKind.SETUP), 0),
    ],
)
def test_that_the_past_is_narrowed_by_words_days_and_kind(it: Rig, wanted: HistoryFilter, found: int) -> None:
    it.fail_over()
    entries = entries_of(history_of(it.services, [it.setup]))
    assert len([entry for entry in entries if wanted.admits(entry)]) == found


def test_that_a_day_is_read_as_it_is_written_and_anything_else_says_how() -> None:
    assert parse_day(" 2026-11-30 ") == date(2026, 11, 30)
    assert parse_day("") is None
    for typed in ("30.11.2026", "2026-13-01", "yesterday", "\u202e2026"):
        with pytest.raises(UserError) as caught:
            parse_day(typed)
        assert "such as 2026-11-30" in caught.value.problem.fix
