"""Ctrl-C during a run: it leaves the gap by itself; the second one leaves the run and says how to go on."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest

from tests.e2e.programs import LabProcess, Program, code_of, is_event, run, settled

pytestmark = pytest.mark.full


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("verb", ["--graceful", "--forced"])
def test_that_a_run_asked_to_stop_in_the_detach_puts_the_address_back(
    number: signal.Signals, verb: str, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab, lab.failover(verb=verb) as failover:
        failover.until(is_event("located", place="releasing"))
        failover.process.send_signal(number)
        finished = failover.until(is_event("finished"))
        assert failover.end() == 6, failover
        assert (finished["outcome"], finished["rolled_back"]) == ("cancelled", True)
        assert finished["address"] == "tg-node-a"
        assert "Stopping: the address is put back" in failover.said
        assert settled(lab.folder)["holder"] == "tg-node-a"
        assert lab.resume().code == 3, "nothing is left to resume"


def test_that_a_run_asked_to_stop_at_its_start_leaves_the_address_where_it_is(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab, lab.failover() as failover:
        failover.until(is_event("started"))
        failover.interrupt()
        finished = failover.until(is_event("finished"))
        assert failover.end() == 6, failover
        assert (finished["outcome"], finished["address"]) == ("cancelled", "tg-node-a")
        assert settled(lab.folder)["holder"] == "tg-node-a"


def test_that_a_run_asked_to_stop_in_the_attach_goes_on_to_its_end(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab") as lab, lab.failover() as failover:
        failover.until(is_event("located", place="attaching"))
        failover.interrupt()
        failover.until(lambda event: event["event"] == "noted" and event["problem"]["code"] == "cancel-too-late")
        finished = failover.until(is_event("finished"))
        assert failover.end() == 0, failover
        assert (finished["outcome"], finished["address"]) == ("done", "tg-node-b")
        assert "The address is on its way already; the run ends by itself." in failover.said


def _second_request(failover: Program) -> str:
    """Interrupt twice; the command it prints for going on."""
    failover.interrupt()
    failover.until_said("Press Ctrl-C again to stop without waiting.")
    failover.interrupt()
    failover.until_said("To go on: ")
    return next(line.removeprefix("To go on: ") for line in failover.said.splitlines() if line.startswith("To go on: "))


@pytest.mark.parametrize("place", ["releasing", "attaching"])
def test_that_a_second_request_says_where_the_address_is_and_how_to_go_on(place: str, tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab with a space") as lab, lab.failover() as failover:
        failover.until(is_event("located", place=place))
        command = _second_request(failover)
        finished = failover.until(is_event("finished"))
        assert failover.end() == 5, failover
        assert (finished["outcome"], finished["resume"]) == ("unknown", command)
        assert "Last seen: 10.20.2.50 " in failover.said
        name, *words = shlex.split(command)
        assert name == "tgwizard"
        assert str(lab.folder) in words
        resumed = run(*words, "--json")
        assert resumed.code == code_of(resumed.finished["outcome"]), resumed
        seen = settled(lab.folder)
        assert seen["holder"] == resumed.finished["address"]
        if place == "attaching":
            assert (resumed.code, seen["holder"]) == (0, "tg-node-b")
        else:
            assert seen["holder"] in ("tg-node-a", "tg-node-b")
