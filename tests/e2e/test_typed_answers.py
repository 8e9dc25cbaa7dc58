"""The question before a failover, answered at a real terminal: nothing is written unless the answer is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.e2e.programs import LabProcess, settled

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminal of this kind", allow_module_level=True)

from tests.e2e.terminal import CTRL_C, CTRL_D, Terminal

pytestmark = pytest.mark.full

TYPE_NAME = "Type the cluster's name (edge-dallas) to start: "
YES_OR_NO = "Fail over to tg-node-b? [y/N] "
NOTHING = "Cancelled. Nothing was written"


_NAMED = {"\n": "Enter", CTRL_D: "Ctrl+D", CTRL_C: "Ctrl+C", TYPE_NAME: "type the name", YES_OR_NO: "yes or no"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabProcess]:
    """One lab for every question; only the last tests of the file move its address."""
    with LabProcess(tmp_path_factory.mktemp("typed") / "lab") as running:
        yield running


def asked(lab: LabProcess, verb: str, to: str = "tg-node-b") -> Terminal:
    """The command up to its question."""
    return Terminal("failover", "--lab-dir", lab.folder, "--to", to, verb)


def etags(lab: LabProcess) -> list[str]:
    """The versions of both interfaces: any write changes one."""
    return [str(member) for member in settled(lab.folder)["members"]]


@pytest.mark.parametrize(
    ("verb", "question", "keys"),
    [
        ("--forced", TYPE_NAME, "edge-houston\n"),
        ("--forced", TYPE_NAME, "y\n"),
        ("--forced", TYPE_NAME, "\n"),
        ("--forced", TYPE_NAME, CTRL_D),
        ("--forced", TYPE_NAME, CTRL_C),
        ("--graceful", YES_OR_NO, "n\n"),
        ("--graceful", YES_OR_NO, "\n"),
        ("--graceful", YES_OR_NO, "edge-dallas\n"),
        ("--graceful", YES_OR_NO, CTRL_D),
        ("--graceful", YES_OR_NO, CTRL_C),
    ],
    ids=lambda value: _NAMED.get(value, value.strip().strip("-")),
)
def test_that_any_other_answer_writes_nothing(verb: str, question: str, keys: str, lab: LabProcess) -> None:
    before = etags(lab)
    with asked(lab, verb) as terminal:
        terminal.until(question)
        terminal.press(keys)
        assert terminal.end() == 6, terminal.shown
    assert terminal.shown.splitlines()[-1].startswith(NOTHING)
    assert "Traceback" not in terminal.shown
    assert "Done:" not in terminal.shown
    seen = settled(lab.folder)
    assert seen["holder"] == "tg-node-a"
    assert etags(lab) == before


def test_that_yes_starts_a_graceful_failover_and_the_name_a_forced_one(lab: LabProcess) -> None:
    with asked(lab, "--graceful") as terminal:
        terminal.until(YES_OR_NO)
        assert settled(lab.folder)["holder"] == "tg-node-a", "asking writes nothing"
        terminal.press("y\n")
        assert terminal.end() == 0, terminal.shown
    assert "Done: tg-node-b holds 10.20.2.50." in terminal.shown
    with asked(lab, "--forced", to="tg-node-a") as terminal:
        terminal.until("Force failover to tg-node-a? " + TYPE_NAME)
        assert settled(lab.folder)["holder"] == "tg-node-b", "asking writes nothing"
        terminal.press("edge-dallas\n")
        assert terminal.end() == 0, terminal.shown
    assert "Done: tg-node-a holds 10.20.2.50." in terminal.shown
    assert settled(lab.folder)["holder"] == "tg-node-a"
