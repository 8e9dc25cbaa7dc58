"""A real window on a real X server with a real window manager, by keyboard alone; a second program watches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.programs import DEADLINE_S, Document, Program, status, tgwizard, wait_for

pytestmark = pytest.mark.full

_NEEDED = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "xprop": "x11-utils"}

_SHOOT = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv)
picture = app.primaryScreen().grabWindow(0)
assert picture.save(sys.argv[1])
image = picture.toImage()
colours = {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
print(image.width(), image.height(), len(colours))
"""


class Screen:
    """An X server without a monitor, with a window manager on it."""

    def __init__(self, stack: ExitStack) -> None:
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(_stop, server)
        os.close(write)
        with os.fdopen(read) as said:
            number = said.readline().strip()
        assert number, "Xvfb did not start"
        self.environment = {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        manager = subprocess.Popen(
            ["openbox"], env=self.everything, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(_stop, manager)
        wait_for(lambda: "_NET_SUPPORTING_WM_CHECK" in self.ask("xprop", "-root"), "the window manager is there")

    @property
    def everything(self) -> dict[str, str]:
        """The environment of a program on this screen."""
        return {**os.environ, **self.environment}

    def ask(self, *command: str) -> str:
        """Run a program on this screen; its output, empty when it failed."""
        answer = subprocess.run(
            command, env=self.everything, capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        return answer.stdout if answer.returncode == 0 else ""

    def window(self, title: str) -> str:
        """The id of the visible window of that title, once there is one."""
        wait_for(lambda: bool(self._search(title)), f"a window titled {title!r}")
        return self._search(title)

    def _search(self, title: str) -> str:
        return self.ask("xdotool", "search", "--onlyvisible", "--name", f"^{title}$").strip()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, in whatever has the focus."""
        subprocess.run(["xdotool", "key", "--delay", "200", *keys], env=self.everything, check=True, timeout=DEADLINE_S)

    def activate(self, window: str) -> None:
        """Give the window the focus."""
        subprocess.run(["xdotool", "windowactivate", window], env=self.everything, check=True, timeout=DEADLINE_S)
        wait_for(lambda: self.ask("xdotool", "getactivewindow").strip() == window, "the window has the focus")

    def picture(self, path: Path) -> tuple[int, int, int]:
        """Save what the screen shows; its width, height and number of colours."""
        with Program(sys.executable, "-c", _SHOOT, str(path), environment=self.environment) as shooter:
            assert shooter.end() == 0, shooter
            width, height, colours = map(int, shooter.printed[-1].split())
        return width, height, colours


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(DEADLINE_S)


@pytest.fixture
def screen() -> Iterator[Screen]:
    missing = sorted(package for program, package in _NEEDED.items() if shutil.which(program) is None)
    if missing:
        words = " ".join(missing)
        pytest.fail(
            f"a real window needs {words}, which this computer does not have. "
            f"packaging/dev test --full installs them; by hand: apt-get install --no-install-recommends {words}",
            pytrace=False,
        )
    with ExitStack() as stack:
        yield Screen(stack)


def _started(folder: Path) -> bool:
    """Whether the address has begun to move. Several looks, each by a second program."""
    return any(_moved(status(folder)) for _ in range(2))


def _moved(seen: Document) -> bool:
    return bool(seen["verdict"] == "moving" or seen["holder"] == "tg-node-b")


def test_that_the_keyboard_alone_fails_over_and_a_second_program_sees_it(screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with tgwizard("--lab-dir", folder, environment=screen.environment) as window:
        seen = screen.window("edge-dallas - tgwizard")
        screen.activate(seen)
        assert status(folder)["holder"] == "tg-node-a"
        for _ in range(8):
            screen.press("ctrl+g")
            # By the time that another program has asked the same lab, the question's own check has been answered.
            status(folder)
            screen.press("Tab", "space")
            if _started(folder):
                break
            screen.press("Escape")
        else:
            pytest.fail("the failover did not start")
        wait_for(lambda: status(folder)["holder"] == "tg-node-b", "tg-node-b holds the address")
        width, height, colours = screen.picture(tmp_path / "done.png")
        assert (width, height) == (1600, 1000)
        assert colours > 50, "the screen is blank"
        assert window.process.poll() is None
        screen.activate(seen)
        screen.press("alt+F4")
        assert window.end() == 0, window
        assert window.said == ""
    after = status(folder)
    assert (after["holder"], after["verdict"]) == ("tg-node-b", "in_sync")


def test_that_ctrl_g_alone_and_enter_never_start_anything(screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with tgwizard("--lab-dir", folder, environment=screen.environment) as window:
        seen = screen.window("edge-dallas - tgwizard")
        screen.activate(seen)
        status(folder)
        screen.press("ctrl+g")
        status(folder)
        screen.press("Tab", "Return", "KP_Enter")
        assert not _started(folder)
        screen.press("Escape", "alt+F4")
        assert window.end() == 0, window
    assert status(folder)["holder"] == "tg-node-a"


def test_that_sigterm_closes_the_window_with_its_lab_saved(screen: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with tgwizard("--lab-dir", folder, environment=screen.environment) as window:
        screen.window("edge-dallas - tgwizard")
        window.process.terminate()
        assert window.end() == 0, window
        assert window.said == ""
    assert (folder / "world.json").exists()
    assert not (folder / "lab.json").exists()
