"""A new user sets up scenario `fresh` in a real window, by mouse, from launch to applied and verified.

Every click is a click of an X pointer on what the window itself calls by that name. Trustgrid's own way through the
portal is counted beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import DEADLINE_S, Program, run, status, tgwizard, wait_for
from tests.e2e.test_window import Screen
from tgwizard.engine.setup.portal_help import replaced_clicks
from tgwizard.engine.setup.wizard_state import begin

pytestmark = pytest.mark.full

MOST_CLICKS = 14
MOST_TYPED = 1


@dataclass
class Pointer:
    """Clicks on what the window calls by a name, and counts."""

    screen: Screen
    file: Path
    clicks: int = 0
    typed: int = 0
    named: list[str] = field(default_factory=list)

    def parts(self, name: str) -> list[dict[str, Any]]:
        """What is called so now, seen and not scrolled away."""
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [part for part in found if part["name"].startswith(name) and part["seen"]]

    def says(self, name: str) -> bool:
        """Whether something is called so."""
        return bool(self.parts(name))

    def click(self, name: str) -> None:
        """Wait until it is on and stays where it is, then click it once."""
        seen: list[tuple[int, int]] = []

        def settled() -> bool:
            # A heading may be called as its button is, and Qt names no order: the first button from the top left.
            on = sorted((part["y"], part["x"]) for part in self.parts(name) if part["button"] and part["on"])
            seen.extend((x, y) for y, x in on[:1])
            # As long as a person needs to look and aim.
            threading.Event().wait(0.2)
            return bool(on) and len(seen) > 2 and len(set(seen[-3:])) == 1

        wait_for(settled, f"{name!r} is on")
        x, y = seen[-1]
        # Not --sync: it waits for a movement, and 15 s long when the pointer is there already.
        command = ["xdotool", "mousemove", str(x), str(y), "click", "1"]
        subprocess.run(command, env=self.screen.everything, check=True, timeout=DEADLINE_S)
        self.clicks += 1
        self.named.append(name)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with ExitStack() as stack:
        yield Screen(stack)


def test_that_a_new_user_sets_a_cluster_up_in_fourteen_clicks(
    screen: Screen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, places = tmp_path / "lab", tmp_path / "places.json"
    with tgwizard("lab", "run", "--lab-dir", folder, "--scenario", "fresh", "--latency", "fast") as lab:
        assert lab.document()["ready"]
        lab.interrupt()
        lab.end()
    command = (sys.executable, "-m", "tests.e2e.pointing", str(places), "--lab-dir", str(folder))
    with Program(*command, environment=screen.environment) as window:
        screen.window("Clusters - tgwizard")
        pointer = Pointer(screen, places)
        pointer.click("Set up a cluster")
        for question, button in (
            ("Who sets this up?", "Continue"),
            ("Which subscription are the machines in?", "Continue"),
            ("Which two machines form the cluster?", "Continue"),
            ("Which interface carries the floating IP?", "Continue"),
            ("Which address should float?", "Continue with"),
            ("What may the two machines do?", "Continue"),
            ("Where may they do it?", "Continue"),
            ("Five changes, nothing else", "Apply 5 changes"),
            ("Verdict: All 5 changes are done", "Continue"),
        ):
            wait_for(lambda question=question: pointer.says(question), question)  # type: ignore[misc]
            pointer.click(button)
        pointer.click("Restart: 1. tg-node-b, the standby")
        pointer.click("Restart: 2. tg-node-a, which holds the address")
        pointer.click("Restart tg-node-a now")
        wait_for(lambda: pointer.says("Verified"), "worked out, proved and restarted, both machines")
        assert not pointer.says("Restart:")
        for machine in ("tg-node-a", "tg-node-b"):
            assert pointer.says(f"{machine} on rg-tg-prod: machine restarted"), "every bar is full"
            assert not pointer.says(f"{machine} on rg-tg-prod: machine restarted,"), "nothing is waited for"
        pointer.click("Finish")
        screen.window("edge-dallas - tgwizard")
        assert status(folder)["verdict"] == "in_sync"
        moved = run("failover", "--lab-dir", folder, "--to", "tg-node-b", "--graceful", "--yes", "--json").finished
        assert moved["outcome"] == "done", moved["reason"]
        assert window.process.poll() is None
        window.process.terminate()
        assert window.end() == 0, window
        assert window.said == ""
    clicks, typed = replaced_clicks(begin())
    with capsys.disabled():
        words = f"{pointer.clicks} clicks and {pointer.typed} typed fields; the portal takes {clicks} and {typed}"
        sys.stdout.write(f"\nfresh, from launch to applied and verified: {words}\n")
    assert pointer.clicks <= MOST_CLICKS
    assert pointer.typed <= MOST_TYPED
    assert clicks > 2 * pointer.clicks
