"""Two programs on one lab see the same, and only one of them moves the address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.e2e.programs import ROOT, LabProcess, is_event, run, settled, status, tgwizard

pytestmark = pytest.mark.full


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "resources" / "schema" / f"{name}.json").read_text()))


def test_that_the_issue_s_own_lines_work(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        schema("lab-ready").validate(lab.ready)
        assert lab.ready["dir"] == str(lab.folder)
        before = lab.status()
        schema("status").validate(before)
        assert (before["verdict"], before["holder"]) == ("in_sync", "tg-node-a")
        first = run("failover", "--lab-dir", lab.folder, "--to", "tg-node-b", "--graceful", "--yes", "--json")
        assert first.code == 0, first
        for event in first.events:
            schema("event").validate(event)
        assert (first.finished["outcome"], first.finished["address"]) == ("done", "tg-node-b")
        after = lab.status()
        assert (after["verdict"], after["holder"]) == ("in_sync", "tg-node-b")
        again = run("failover", "--lab-dir", lab.folder, "--to", "tg-node-b", "--graceful", "--yes", "--json")
        assert again.code == 3, again
        assert again.finished["outcome"] == "refused"
        assert again.finished["reason"] == "tg-node-b already holds 10.20.2.50. There is nothing to move."
        lab.program.interrupt()
        assert lab.program.end() == 0
        assert not (lab.folder / "lab.json").exists()
    assert status(lab.folder)["holder"] == "tg-node-b", "the next program finds the saved world"


def test_that_a_program_that_holds_the_lab_itself_is_seen_by_another(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with tgwizard("failover", "--lab-dir", folder, "--to", "tg-node-b", "--graceful", "--yes", "--json") as failover:
        failover.until(is_event("located", place="releasing"))
        seen = status(folder)
        if seen["verdict"] == "not_known":
            # On a slow machine the first program ended, and its lab with it, while the second one began to read.
            seen = status(folder)
        assert seen["verdict"] in ("moving", "in_sync")
        assert seen["holder"] in (None, "tg-node-b")
        assert failover.end() == 0
    assert status(folder)["holder"] == "tg-node-b"


def test_that_a_second_failover_is_refused_while_one_runs(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab, lab.failover() as first:
        first.until(is_event("located", place="releasing"))
        second = run("failover", "--lab-dir", lab.folder, "--to", "tg-node-b", "--graceful", "--yes", "--json")
        assert first.end() == 0
        finished = second.finished
        # On a slow machine the first may have ended meanwhile; then there is nothing to move any more.
        assert second.code == 3, second
        assert finished["outcome"] == "refused"
        assert finished["problem"]["code"] in ("cluster-locked", "already-holder")
        assert settled(lab.folder)["holder"] == "tg-node-b"


def test_that_a_watcher_sees_the_address_move(tmp_path: Path) -> None:
    with (
        LabProcess(tmp_path / "lab") as lab,
        tgwizard("status", "--watch", "--lab-dir", lab.folder, "--json") as watcher,
    ):
        watcher.until(lambda event: event["event"] == "observed" and event["status"]["holder"] == "tg-node-a")
        with lab.failover() as failover:
            assert failover.end() == 0
        watcher.until(lambda event: event["event"] == "observed" and event["status"]["verdict"] == "moving")
        last = watcher.until(lambda event: event["event"] == "observed" and event["status"]["holder"] == "tg-node-b")
        schema("event").validate(last)
        watcher.interrupt()
        assert watcher.end() == 0
        assert watcher.said == ""


def test_that_a_dry_run_shows_the_plan_and_moves_nothing(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        answer = run("failover", "--lab-dir", lab.folder, "--to", "tg-node-b", "--graceful", "--dry-run", "--json")
        assert answer.code == 0, answer
        schema("plan").validate(answer.document)
        assert answer.document["allowed"] is True
        assert [change["method"] for change in answer.document["changes"]] == ["PUT", "PUT"]
        assert lab.status()["holder"] == "tg-node-a"
