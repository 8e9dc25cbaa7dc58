"""``status`` offers first what is certainly right: a repair with its reason, or the resume of an interrupted run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bench import Answered, Shell, fits
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.file_lock import hold_lock
from tgwizard.engine.history.run_history import cluster_history
from tgwizard.engine.history.run_report import title
from tgwizard.engine.ports import Clock
from tgwizard.engine.runs.cluster_lock import cluster_in_use
from tgwizard.lab.latency import Latency

FORCED = ("failover", "--to", "tg-node-b", "--forced")


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(Latency.FAST, state=tmp_path / "state")


def stopped(it: Rig) -> Rig:
    """The holder's VM is switched off, as by the lab's power switch."""
    it.call("POST", f"{it.a.vm.text}/powerOff").raise_for_status()
    it.clock.sleep(120)
    return it


def removed(it: Rig) -> Rig:
    """Someone removed the floating configuration."""
    it.edit(it.a, lambda body: body["properties"]["ipConfigurations"].pop())
    it.clock.sleep(10)
    return it


def test_that_a_cluster_in_order_has_no_first_action(it: Rig) -> None:
    (document,) = Shell(it)("status", "--json").lines
    fits(document, "status")
    assert document["first"] is None
    assert "First:" not in Shell(it)("status").out


def test_that_the_repair_of_a_stopped_holder_comes_first_with_reason_and_command(it: Rig) -> None:
    stopped(it)
    (document,) = Shell(it)("status", "--json").lines
    fits(document, "status")
    assert document["first"] == {
        "action": "repair",
        "to": "tg-node-b",
        "either": False,
        "reason": "10.20.2.50 is on a member that cannot serve it: tg-node-a is stopped, "
        "so only tg-node-b can be active.",
        "command": "tgwizard failover edge-dallas --to tg-node-b --forced",
    }
    out = Shell(it)("status").out
    assert "  First: repair. 10.20.2.50 is on a member that cannot serve it" in out
    assert out.index("First: repair") < out.index("Repair, by a forced failover to tg-node-b")
    assert out.index("Repair, by a forced failover to tg-node-b") < out.index("Fail over to tg-node-b")


def test_that_an_address_on_no_interface_asks_which_member_is_active(it: Rig) -> None:
    removed(it)
    (document,) = Shell(it)("status", "--json").lines
    fits(document, "status")
    assert (document["first"]["action"], document["first"]["either"]) == ("repair", True)
    out = Shell(it)("status").out
    assert "Both members run: name the one that Trustgrid shows as active; if that is tg-node-b, --to tg-node-b." in out


def test_that_the_command_offered_repairs_the_cluster_after_its_name_was_typed(it: Rig) -> None:
    stopped(it)
    offered = Shell(it)("status", "--json").lines[0]["first"]["command"].split()[1:]
    shell = Shell(it, answers=["edge-dallas"])
    assert shell(*offered).code == 0
    assert shell.asked == [
        "Repair in Azure alone: move the address to tg-node-b? Type the cluster's name (edge-dallas) to start: "
    ]
    assert it.holders() == ["tg-node-b"]
    (run,) = cluster_history(it.services, it.setup).runs
    assert title(run) == "Repair in Azure of 10.20.2.50 to tg-node-b"
    assert Shell(it)("status", "--json").lines[0]["first"] is None


def left_behind(it: Rig) -> None:
    """The journal of a run that was killed."""
    Shell(it)(*FORCED, "--yes")
    (run,) = cluster_history(it.services, it.setup).runs
    with closing(inline_journal(it.services.journal_file(it.setup), it.setup.identity)) as journal:
        journal.append("begun", replace(run.began, run="begun"))


def test_that_an_interrupted_run_is_resumed_first(it: Rig) -> None:
    left_behind(it)
    (document,) = Shell(it)("status", "--json").lines
    fits(document, "status")
    first = document["first"]
    assert (first["action"], first["to"]) == ("resume", "tg-node-b")
    assert first["command"] == "tgwizard resume edge-dallas"
    assert "First: resume. A forced failover to tg-node-b was interrupted" in Shell(it)("status").out


@pytest.mark.parametrize("bad", [removed, stopped])
def test_that_an_interrupted_run_is_resumed_before_any_repair(it: Rig, bad: Callable[[Rig], Rig]) -> None:
    bad(it)
    left_behind(it)
    it.call("POST", f"{it.a.vm.text}/powerOff" if bad is stopped else f"{it.a.vm.text}/start").raise_for_status()
    it.edit(it.b, lambda body: body["properties"]["ipConfigurations"].pop())
    it.clock.sleep(120)
    answered = Shell(it)("status")
    assert "On no NIC: 10.20.2.50" in answered.out
    assert "  First: resume. " in answered.out
    assert "tgwizard resume edge-dallas" in answered.out
    assert "repair" not in answered.out.lower()
    assert answered.out.index("Resume the interrupted run") < answered.out.index("First: resume")
    (document,) = Shell(it)("status", "--json").lines
    assert document["first"]["action"] == "resume"


def test_that_a_journal_that_cannot_be_read_is_told_and_does_not_hide_the_state(it: Rig) -> None:
    it.services.journal_file(it.setup).write_bytes(b"no database at all, but long enough to be looked at" * 20)
    stopped(it)
    answered = Shell(it)("status")
    assert answered.code == 0
    assert "First: repair" in answered.out
    assert "it was not changed" in answered.err


def test_that_while_a_run_works_on_the_cluster_nothing_is_called_broken_or_interrupted(it: Rig) -> None:
    removed(it)
    with hold_lock(it.services.lock_file(it.setup.identity), cluster_in_use(it.setup.name)):
        shell = Shell(it)("status")
        assert "First:" not in shell.out
        assert "Another run works on edge-dallas on this computer." in shell.err
        (document,) = Shell(it)("status", "--json").lines
        fits(document, "status")
        assert document["first"] is None
    assert "  First: repair." in Shell(it)("status").out


class OneLook:
    """A clock that asks the program to stop when watching rests for the first time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sleep(self, seconds: float, cancel: CancelToken | None = None) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        self._clock.sleep(seconds, cancel)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)


def watched_once(it: Rig, *words: str) -> Answered:
    """What `status --watch` tells until its first pause."""
    clock = OneLook(it.services.clock)
    return Shell(replace(it, services=replace(it.services, clock=clock)))("status", "--watch", *words)


def test_that_watching_a_cluster_offers_the_resume_as_status_does(it: Rig) -> None:
    left_behind(it)
    line = watched_once(it, "--json").lines[0]
    fits(line, "event")
    assert line["status"]["first"]["command"] == "tgwizard resume edge-dallas"
    assert line["status"]["first"]["action"] == "resume"


def test_that_watching_a_cluster_tells_of_a_run_in_another_program(it: Rig) -> None:
    removed(it)
    with hold_lock(it.services.lock_file(it.setup.identity), cluster_in_use(it.setup.name)):
        out = watched_once(it).out
        line = watched_once(it, "--json").lines[0]
    assert out.splitlines()[0].endswith("  Another program on this computer works on edge-dallas")
    fits(line, "event")
    assert line["status"]["first"] is None
    assert line["status"]["readiness"]["graceful"]["state"] == "blocked"
    line = watched_once(it, "--json").lines[0]
    assert line["status"]["first"]["action"] == "repair"


def test_that_a_journal_that_cannot_be_read_hides_nothing_from_who_watches(it: Rig) -> None:
    it.services.journal_file(it.setup).write_bytes(b"no database at all, but long enough to be looked at" * 20)
    answered = watched_once(it)
    assert answered.code == 0
    assert "In sync: tg-node-a holds 10.20.2.50" in answered.out
    assert "it was not changed" in answered.err


@pytest.mark.parametrize(
    "words",
    [
        ("failover", "--to", "tg-node-b", "--graceful", "--yes"),
        ("failover", "--to", "tg-node-b", "--forced", "--dry-run"),
        ("history",),
        ("history", "edge-dallas", "--json"),
        ("setup", "verify", "--no-wait"),
    ],
    ids=" ".join,
)
def test_that_every_command_of_the_cluster_offers_the_resume_first(it: Rig, words: tuple[str, ...]) -> None:
    left_behind(it)
    assert Shell(it)(*words).err.startswith(
        "First: resume. A forced failover to tg-node-b was interrupted, and its end is not known.\n"
        "  tgwizard resume edge-dallas\n"
    )


def test_that_without_an_interrupted_run_nothing_is_offered(it: Rig) -> None:
    assert Shell(it)("history").err == ""
