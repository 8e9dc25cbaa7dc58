"""What is asked to end while something goes on in it or beside it: a set-up, a watch, a run on its lab."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.programs import LabProcess, Program, code_of, is_event, run, settled, status, tgwizard

if sys.platform == "win32":
    pytest.skip("Windows has neither hang-ups nor terminals of this kind", allow_module_level=True)

from tests.e2e.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.full

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}


def window_run(folder: Path) -> Program:
    """A window that holds the folder's lab and begins a failover."""
    words = ("-m", "tests.e2e.window_run", "edge-dallas", "tg-node-b", "graceful", "--lab-dir", str(folder))
    return Program(sys.executable, *words, environment=OFFSCREEN)


def made(folder: Path, *words: str) -> None:
    """Make the folder's lab, slow enough to be met in the middle."""
    with tgwizard("lab", "run", "--lab-dir", folder, "--latency", "fast", *words) as lab:
        assert lab.document()["ready"]
        lab.process.terminate()
        assert lab.end() == 0, lab


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM], ids=lambda number: number.name)
def test_that_an_apply_that_is_hung_up_ends_with_a_truthful_last_event(number: signal.Signals, tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab", ("--scenario", "fresh")) as lab:
        words = ("--lab-dir", lab.folder, "--yes", "--json")
        with tgwizard("setup", "apply", *words) as applying:
            applying.until(is_event("change_started"))
            applying.process.send_signal(number)
            last = applying.until(is_event("finished"))
            code = applying.end()
        assert (last["outcome"], code) in (("cancelled", 6), ("done", 0))
        assert run("setup", "apply", *words).finished["outcome"] == "done"


def test_that_ctrl_c_at_the_question_of_an_apply_ends_it_unwritten(tmp_path: Path) -> None:
    with LabProcess(tmp_path / "lab", ("--scenario", "fresh")) as lab:
        with Terminal("setup", "apply", "--lab-dir", lab.folder) as terminal:
            terminal.until("Write this? [y/N] ")
            terminal.press(CTRL_C)
            assert terminal.end() == 6, terminal.shown
        assert "Cancelled. Nothing was written." in terminal.shown


def hang_up(program: Program) -> None:
    """The terminal it was started from is closed."""
    program.process.send_signal(signal.SIGHUP)


def stop_reading(program: Program) -> None:
    """Whoever read it goes away, as with ``| head``."""
    assert program.process.stdout is not None
    program.process.stdout.close()


@pytest.mark.parametrize("end", [hang_up, stop_reading])
def test_that_a_watch_ends_when_its_terminal_or_its_reader_is_gone(
    end: Callable[[Program], None], tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab, tgwizard("status", "--watch", "--lab-dir", lab.folder, "--json") as watch:
        watch.until(is_event("observed"))
        end(watch)
        assert watch.process.wait(240.0) == 0, watch


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda number: number.name)
def test_that_a_terminal_that_closes_over_lab_and_run_ends_the_lab_after_the_run(
    number: signal.Signals, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        with lab.failover() as failover:
            failover.until(is_event("located", place="releasing"))
            lab.program.process.send_signal(number)
            failover.process.send_signal(number)
            finished = failover.until(is_event("finished"))
            assert (failover.end(), finished["address"]) == (6, "tg-node-a"), failover
        assert lab.program.end() == 0, lab.program
        assert "A run works on this lab; the lab is stopped when that has ended." in lab.program.said
    assert status(lab.folder)["holder"] == "tg-node-a"


def test_that_a_window_that_holds_a_lab_ends_after_the_run_that_a_command_has_on_it(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    made(folder)
    with tgwizard("--lab-dir", folder, environment=OFFSCREEN) as window:
        while not (folder / "lab.json").exists():
            os.sched_yield()
        with tgwizard(*f"failover --lab-dir {folder} --to tg-node-b --graceful --yes --json".split()) as failover:
            failover.until(is_event("located", place="releasing"))
            window.process.terminate()
            assert failover.until(is_event("finished"))["outcome"] == "done"
            assert failover.end() == 0, failover
        assert window.end() == 0, window
    assert status(folder)["holder"] == "tg-node-b"


def test_that_a_second_ctrl_c_leaves_the_run_of_a_window_and_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    made(folder)
    with window_run(folder) as window:
        window.until(is_event("located", place="releasing"))
        window.interrupt()
        window.until(is_event("located", cancel="not_granted"))
        window.interrupt()
        assert window.end() == 5, window
        assert "A second request to stop came." in window.said
        (line,) = [line for line in window.said.splitlines() if line.startswith("  To go on: ")]
    name, *words = shlex.split(line.removeprefix("  To go on: "))
    assert name == "tgwizard"
    resumed = run(*words, "--json")
    assert resumed.code == code_of(resumed.finished["outcome"]), resumed
    assert settled(folder)["holder"] == resumed.finished["address"]
