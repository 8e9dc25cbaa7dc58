"""Setting up from the command line in real processes: killed, interrupted, and begun again on one lab."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import Document, Program, is_event, run, tgwizard

pytestmark = pytest.mark.full


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A running lab of scenario `fresh`."""
    command = tgwizard("lab", "run", "--scenario", "fresh", "--latency", "fast", "--lab-dir", tmp_path / "lab")
    with command as lab:
        assert lab.document()["ready"] is True
        yield tmp_path / "lab"


def applying(folder: Path) -> Program:
    return tgwizard("setup", "apply", "--lab-dir", folder, "--yes", "--json")


def plan(folder: Path) -> Document:
    answer = run("setup", "plan", "--lab-dir", folder, "--vm", "tg-node-a", "--vm", "tg-node-b", "--json")
    assert answer.code == 0, answer
    return answer.document


def test_that_a_killed_apply_is_finished_by_the_next_one_with_nothing_twice(folder: Path) -> None:
    with applying(folder) as program:
        program.until(is_event("change_done"))
        program.kill()
    again = run("setup", "apply", "--lab-dir", folder, "--yes", "--json")
    assert again.code == 0, again
    assert again.finished["outcome"] == "done"
    saved = folder / "clusters" / "edge-dallas.toml"
    assert "[role]" in saved.read_text(encoding="utf-8")
    assert plan(folder)["writes"] == 0
    undone = run("setup", "undo", "--lab-dir", folder, "--yes", "--json")
    assert undone.code == 0, undone
    left = [item for item in plan(folder)["changes"] if item["kind"] == "add"]
    # The identity stays; what the killed run wrote is gone like the rest.
    assert {item["key"].split(":", 1)[0] for item in left} == {"role", "assign", "place"}


def test_that_ctrl_c_ends_an_apply_with_a_truthful_last_event(folder: Path) -> None:
    with applying(folder) as program:
        program.until(is_event("change_started"))
        program.interrupt()
        last = program.until(is_event("finished"))
        code = program.end()
    assert (last["outcome"], code) in (("cancelled", 6), ("done", 0))
    assert len(last["done"]) + len(last["left"]) == 5
    assert run("setup", "apply", "--lab-dir", folder, "--yes", "--json").finished["outcome"] == "done"


def test_that_two_applies_at_once_do_not_meet(folder: Path) -> None:
    with applying(folder) as first:
        first.until(is_event("change_started"))
        second = run("setup", "apply", "--lab-dir", folder, "--yes", "--json")
        assert second.finished["outcome"] in ("refused", "done")
        assert first.until(is_event("finished"))["outcome"] == "done"
        first.end()
    assert plan(folder)["writes"] == 0


def test_that_the_exported_script_can_be_piped(folder: Path) -> None:
    script = run("export", "--as", "az", "--lab-dir", folder)
    assert script.code == 0
    subprocess.run(["bash", "-n"], input=script.out, text=True, check=True)
