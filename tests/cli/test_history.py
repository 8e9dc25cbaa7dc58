"""``history`` and ``report``: words, the JSON contract, files, and what is refused."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bench import Shell, fits, validator
from tests.engine.setup.apply.plans import answers_for, plan_for
from tests.rig import Rig, rig
from tgwizard.cli.arguments import parse
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.runs.setup_journal import setup_journal_file
from tgwizard.engine.setup.apply import apply_job
from tgwizard.lab.latency import Latency
from tgwizard.model.problem import UserError
from tgwizard.model.run_origin import Program


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    found = rig(Latency.FAST, state=tmp_path / "state")
    found.services = replace(found.services, program=Program.COMMAND_LINE, machine="ops-laptop")
    return found


def test_that_history_lists_the_runs_and_fits_its_schema(it: Rig) -> None:
    run = it.fail_over().run
    answered = Shell(it)("history", "--json")
    assert answered.code == 0
    (document,) = answered.lines
    fits(document, "history")
    assert [told["run"] for told in document["clusters"][0]["runs"]] == [run]
    words = Shell(it)("history", "edge-dallas").out
    assert "Graceful failover of 10.20.2.50 to tg-node-b\n    Done, in 8.0 s, gap as read 4.0 s" in words
    assert "By operator@lab.example, from the command line on ops-laptop" in words
    assert run not in words
    shown = words.split('tgwizard report "')[1].split('"')[0]
    assert "Graceful failover of 10.20.2.50" in Shell(it)("report", shown).out


def test_that_the_past_is_narrowed_by_words_and_days(it: Rig) -> None:
    it.fail_over()
    assert "Graceful failover" in Shell(it)("history", "--search", "graceful", "--since", "2026-03-02").out
    for words in (("--search", "forced"), ("--since", "2026-03-03"), ("--until", "2026-03-01")):
        answered = Shell(it)("history", *words, "--json")
        fits(answered.lines[0], "history")
        assert answered.lines[0]["clusters"][0]["runs"] == []
        assert "Nothing of what happened here matches." in Shell(it)("history", *words).out


@pytest.mark.parametrize("day", ["30.11.2026", "today", "2026-02-30"])
def test_that_a_wrong_day_is_refused_with_the_option_and_an_example(day: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(("history", "--since", day), Path, ("fast",))
    assert "--since" in caught.value.problem.what
    assert "such as 2026-11-30" in caught.value.problem.why


def test_that_set_ups_are_told_as_json_with_their_changes(it: Rig) -> None:
    group = it.setup.members[0].nic.text.rsplit("/providers/", 1)[0]
    apply_job(it.services, answers_for(group), plan_for(group), lambda _event: None, CancelToken())
    (document,) = Shell(it)("history", "--json").lines
    fits(document, "history")
    (told,) = document["clusters"][0]["setups"]
    assert (told["job"], told["account"], told["machine"]) == ("apply", "operator@lab.example", "ops-laptop")
    assert document["unsaved_setups"] == []


def test_that_a_machine_that_was_started_stands_in_history_in_words_and_as_json(it: Rig) -> None:
    it.call("POST", f"{it.b.vm.text}/powerOff").raise_for_status()
    shell = Shell(it)
    started = shell("start", "--member", it.b.name)
    assert started.code == 0, started.err
    (document,) = shell("history", "--json").lines
    fits(document, "history")
    (told,) = document["clusters"][0]["setups"]
    assert told["job"] == "start"
    assert "Start tg-node-b" in shell("history").out


def test_that_every_program_that_begins_a_run_is_one_of_the_schemas() -> None:
    programs = {program.value for program in Program} | {None}
    for name in ("history", "report"):
        told = [found["enum"] for found in named("program", validator(name).schema)]
        assert told
        assert all(set(enum) == programs for enum in told), name


def named(name: str, schema: object) -> Iterator[Any]:
    """Every property of that name in a schema."""
    if isinstance(schema, dict):
        yield from (schema["properties"][name],) if name in schema.get("properties", {}) else ()
        for inner in schema.values():
            yield from named(name, inner)


def test_that_history_without_runs_says_so(it: Rig) -> None:
    answered = Shell(it)("history")
    assert answered.code == 0
    assert "Nothing happened here yet." in answered.out


def test_that_a_damaged_journal_is_told_beside_the_list(it: Rig) -> None:
    it.services.journal_file(it.setup).write_bytes(b"no database at all " * 60)
    answered = Shell(it)("history", "--json")
    assert answered.code == 2
    fits(answered.lines[0], "history")
    assert answered.lines[0]["clusters"][0]["problem"]["code"] == "journal-damaged"


NO_JOURNAL = b"no database at all " * 60


@pytest.mark.parametrize(
    "words",
    [
        ("history",),
        ("failover", "--to", "tg-node-b", "--graceful", "--dry-run"),
        ("failover", "--to", "tg-node-b", "--graceful", "--yes"),
        ("failover", "--to", "tg-node-b", "--forced", "--yes"),
        ("failover", "--to", "tg-node-b", "--forced", "--yes", "--json"),
        ("resume", "--to", "tg-node-b"),
        ("report", "abc"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("unusable", ["damaged", "another schema", "a folder"])
def test_that_a_journal_that_cannot_be_used_has_one_exit_code(it: Rig, words: tuple[str, ...], unusable: str) -> None:
    file = it.services.journal_file(it.setup)
    if unusable == "a folder":
        file.mkdir(parents=True)
    elif unusable == "damaged":
        file.write_bytes(NO_JOURNAL)
    else:
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA user_version=99")
    answered = Shell(it)(*words)
    assert answered.code == 2
    assert "journal" in answered.out + answered.err
    assert it.puts() == []


@pytest.mark.parametrize("words", [("apply", "--yes"), ("undo", "--yes"), ("verify", "--no-wait")], ids=" ".join)
def test_that_a_setup_journal_that_cannot_be_used_has_the_same_exit_code(it: Rig, words: tuple[str, ...]) -> None:
    setup_journal_file(it.services.state_dir, it.setup.identity).write_bytes(NO_JOURNAL)
    answered = Shell(it)("setup", *words)
    assert answered.code == 2
    assert "is damaged" in answered.out + answered.err


def test_that_a_report_tells_ids_and_interfaces_and_fits_its_schema(it: Rig) -> None:
    run = it.fail_over().run
    answered = Shell(it)("report", run[:5], "--json")
    assert answered.code == 0
    (document,) = answered.lines
    fits(document, "report")
    assert [write["step"] for write in document["writes"]] == ["detach", "attach"]
    assert all(write["arm_request_id"] and write["client_request_id"] for write in document["writes"])
    assert [(nic["before"], nic["after"]) for nic in document["interfaces"]] == [
        ("tg-floating", None),
        (None, "tg-floating"),
    ]
    words = Shell(it)("report", run).out
    assert "tg-node-a-inside of tg-node-a: tg-floating was removed" in words


@pytest.mark.parametrize("ending", ["html", "json"])
def test_that_a_report_is_written_whole(it: Rig, tmp_path: Path, ending: str) -> None:
    run = it.fail_over().run
    file = tmp_path / f"report.{ending}"
    answered = Shell(it)("report", run, "--out", str(file))
    assert answered.code == 0
    assert answered.out == f"Written: {file}\n"
    text = file.read_text()
    if ending == "json":
        fits(json.loads(text), "report")
    else:
        assert text.startswith("<!doctype html>")
        assert run in text
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]


@pytest.mark.parametrize(("out", "code"), [("report.pdf", "report-kind"), ("none/report.html", "report-not-written")])
def test_that_a_report_that_cannot_be_written_is_told(it: Rig, tmp_path: Path, out: str, code: str) -> None:
    run = it.fail_over().run
    answered = Shell(it)("report", run, "--out", str(tmp_path / out), "--json")
    assert answered.code == 2
    assert json.loads(answered.err)["error"]["problems"][0]["code"] == code
    assert not (tmp_path / out).exists()


def test_that_an_unknown_run_is_a_usage_error(it: Rig) -> None:
    answered = Shell(it)("report", "nope")
    assert answered.code == 2
    assert "There is no run nope in the journals here." in answered.err


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_that_a_wrong_limit_is_refused(it: Rig, limit: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(("history", "--limit", limit), Path, ("fast",))
    assert "--limit" in caught.value.problem.what
