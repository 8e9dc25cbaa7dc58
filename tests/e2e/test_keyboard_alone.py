"""Someone who sees nothing and has no mouse: sets scenario `fresh` up and fails over, in a real session.

Every key is one of the X server's, and goes to whatever has the focus. Where that is, is known from AT-SPI alone, as a
screen reader knows it.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.programs import DEADLINE_S, ROOT, status, tgwizard, wait_for
from tests.e2e.test_window import Screen

pytestmark = pytest.mark.full

SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = "at-spi2-core dbus gir1.2-atspi-2.0 openbox python3-gi xdotool xvfb"
MOST_KEYS = 24
MOST_TABS = 40


class Reader:
    """Hears what a screen reader hears, presses keys, and counts them."""

    def __init__(self, screen: Screen, stack: ExitStack) -> None:
        self.screen = screen
        self.keys: list[str] = []
        self.focus: dict[str, Any] = {"name": ""}
        self.spoken: list[str] = []
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._answers: list[list[dict[str, Any]]] = []
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(ROOT / "tests" / "e2e" / "at_spi.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=screen.everything,
        )
        stack.callback(self._end)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.until(lambda: self._ready, "the reader is ready")

    _ready = False

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE_S)
        self._thread.join(DEADLINE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "ready":
                self._ready = True
            case "focus":
                self.focus = event
            case "said":
                self.spoken.append(event["words"])
            case "found":
                self._answers.append(event["parts"])
            case _:
                pass

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Hear on until it is so."""
        give_up = time.monotonic() + DEADLINE_S
        while not true():
            try:
                self._take(self._events.get(timeout=max(0.0, give_up - time.monotonic())))
            except queue.Empty:
                last = self.spoken[-3:]
                pytest.fail(f"not within {DEADLINE_S:.0f} s: {what}; the focus is on {self.focus}, last said: {last}")

    def press(self, key: str) -> None:
        """One key."""
        self.screen.press(key)
        self.keys.append(key)

    def wait_on(self, start: str) -> None:
        """Until the focus is on what is called so, without a key."""
        self.until(lambda: self.focus["name"].startswith(start), f"the focus is on {start!r}")

    def tab_to(self, start: str, key: str = "Tab") -> None:
        """Press Tab until the focus is on what is called so."""
        for _ in range(MOST_TABS):
            if self.focus["name"].startswith(start):
                return
            before = self.focus
            self.press(key)
            self.until(lambda before=before: self.focus is not before, "Tab moves the focus")  # type: ignore[misc]
        pytest.fail(f"{MOST_TABS} times {key}, and never on {start!r}: {self.focus}")

    def hears(self, words: str) -> None:
        """Until it was announced."""
        self.until(lambda: any(words in one for one in self.spoken), f"{words!r} is said")

    def parts(self, start: str) -> list[dict[str, Any]]:
        """What is called so now."""
        answers = self._answers = []
        assert self._process.stdin is not None
        self._process.stdin.write(f"{start}\n")
        self._process.stdin.flush()
        self.until(lambda: bool(answers), "an answer of the reader")
        return answers[0]

    def is_on(self, start: str) -> bool:
        """Whether a button is called so and can be pressed."""
        return any(one["role"] == "push button" and "enabled" in one["states"] for one in self.parts(start))


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A session of its own: screen, window manager, message bus, and a screen reader."""
    bindings = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"],
        capture_output=True,
        check=False,
    )
    programs = ("Xvfb", "openbox", "xdotool", "dbus-daemon")
    if bindings.returncode or any(shutil.which(program) is None for program in programs):
        pytest.skip(
            f"this computer has not all of {PACKAGES}; packaging/dev test --full installs them where it may, "
            f"by hand: apt-get install --no-install-recommends {PACKAGES}"
        )
    with ExitStack() as stack:
        screen = Screen(stack)
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--print-address", "--nofork"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=screen.everything,
        )
        assert bus.stdout is not None
        stack.callback(bus.stdout.close)
        stack.callback(bus.wait, DEADLINE_S)
        stack.callback(bus.terminate)
        screen.environment |= {
            "DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip(),
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        yield Reader(screen, stack)


def test_that_the_keyboard_alone_sets_a_cluster_up_and_fails_it_over(
    reader: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lab"
    with tgwizard("lab", "run", "--lab-dir", folder, "--scenario", "fresh", "--latency", "fast") as lab:
        assert lab.document()["ready"]
        lab.interrupt()
        lab.end()
    with tgwizard("--lab-dir", folder, environment=reader.screen.environment) as window:
        reader.screen.activate(reader.screen.window("Clusters - tgwizard"))
        wait_for(lambda: bool(reader.parts("No clusters yet")), "the program is open")
        reader.press("ctrl+2")
        for number, button in enumerate(
            ("Continue", "Continue", "Continue", "Continue", "Continue with", "Continue", "Continue", "Apply 5"), 1
        ):
            reader.hears(f"Step {number} of 10")
            reader.wait_on(button)
            reader.press("Return")
        reader.hears("Step 9 of 10")
        reader.wait_on("Continue")
        reader.press("Return")
        reader.hears("Step 10 of 10")
        reader.wait_on("Restart: 1. tg-node-b, the standby")
        reader.press("Return")
        reader.wait_on("Restart: 2. tg-node-a, which holds the address")
        reader.press("Return")
        reader.wait_on("Do not restart")
        reader.tab_to("Restart tg-node-a now", "shift+Tab")
        reader.press("space")
        wait_for(lambda: bool(reader.parts("Verified")), "worked out, proved and restarted, both machines")
        reader.wait_on("Finish")
        reader.press("Return")
        set_up = len(reader.keys)
        reader.screen.window("edge-dallas - tgwizard")
        assert status(folder)["holder"] == "tg-node-a"
        wait_for(lambda: reader.is_on("Fail over to tg-node-b"), "a failover may be asked for")
        reader.press("ctrl+g")
        reader.wait_on("Cancel")
        reader.hears("Checked: State: Ready")
        reader.tab_to("Fail over to tg-node-b")
        reader.press("space")
        reader.hears("Done: tg-node-b holds")
        failover = len(reader.keys) - set_up
        assert status(folder)["holder"] == "tg-node-b"
        window.process.terminate()
        assert window.end() == 0, window
        # Qt says this of itself when a registry asks for more than it knows.
        assert [line for line in window.said.splitlines() if not line.startswith("qt.accessibility")] == []
    with capsys.disabled():
        words = f"{set_up} keys from launch to verified and finished, {failover} for a failover"
        sys.stdout.write(f"\nfresh, by keyboard and screen reader alone: {words}\n")
    assert len(reader.keys) <= MOST_KEYS
