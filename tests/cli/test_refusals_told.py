"""What Azure refused, with code, request id and its own words: in commands, JSON, history and report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.bench import Shell, fits
from tests.rig import Rig, rig
from tgwizard.engine.history import runs
from tgwizard.engine.records import Answer as Answered
from tgwizard.engine.run_report import html
from tgwizard.lab.faults import Answer, Fault

GRACEFUL = ("failover", "--to", "tg-node-b", "--graceful")
WORDS = "A very own reason of Azure, with a \\u202e turn and an \\u001b[31m escape."
REFUSED = f'{{"error":{{"code":"SomethingNew","message":"{WORDS}"}}}}'
TAMED = "A very own reason of Azure, with a turn and an [31m escape."
REQUEST = "11112222-3333-4444-5555-666677778888"


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(state=tmp_path)


def refusing(it: Rig, nth: int, times: int | None = 1) -> None:
    headers = (("Content-Type", "application/json"), ("x-ms-request-id", REQUEST))
    it.lab.faults.add(Fault("PUT", "tg-node-b-inside", Answer(400, REFUSED, headers), nth=nth, times=times))


def told(text: str) -> None:
    assert "SomethingNew" in text
    assert REQUEST in text
    assert TAMED in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_that_a_refused_attach_is_told_with_azures_words_wherever_the_run_is_shown(it: Rig) -> None:
    refusing(it, nth=2)  # the first is the probe
    answered = Shell(it)(*GRACEFUL, "--yes")
    assert answered.code == 4
    assert it.holders() == ["tg-node-a"]
    told(answered.out)
    end = answered.out[answered.out.index("Failed: ") :]
    assert "The address was put back." in end
    told(end)
    journal = it.services.journal(it.setup)
    (run,) = runs(journal)
    journal.close()
    refused = next(attempt for attempt in run.attempts if attempt.answer is Answered.REFUSED)
    assert refused.arm_request == REQUEST
    told(refused.problem)
    assert run.ended is not None
    told(run.ended.detail)
    told(html(run, it.setup))


def test_that_a_refused_probe_is_told_with_azures_words_in_a_dry_run(it: Rig) -> None:
    refusing(it, nth=1, times=None)
    told(Shell(it)(*GRACEFUL, "--dry-run").out)
    told(Shell(it)("status", "--check").out)
    answered = Shell(it)(*GRACEFUL, "--yes", "--json")
    fits(answered.lines[-1], "event")
    assert REQUEST in json.dumps(answered.lines)


def test_that_history_and_report_carry_the_details(it: Rig, tmp_path: Path) -> None:
    refusing(it, nth=2)
    shell = Shell(it)
    run = shell(*GRACEFUL, "--yes", "--json").lines[-1]["run"]
    (history,) = shell("history", "--json").lines
    fits(history, "history")
    told(history["clusters"][0]["runs"][0]["detail"])
    (report,) = shell("report", run, "--json").lines
    fits(report, "report")
    told(report["detail"])
    assert next(item for item in report["writes"] if item["answer"] == "refused")["arm_request_id"] == REQUEST
    told(shell("report", run).out)
    for ending in ("html", "json"):
        shell("report", run, "--out", str(tmp_path / f"r.{ending}"))
        told((tmp_path / f"r.{ending}").read_text("utf-8"))
