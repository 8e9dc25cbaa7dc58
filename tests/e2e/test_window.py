"""A real window on a real X server with a real window manager, by keyboard alone; a second program watches."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.programs import DEADLINE_S, Document, Program, start_x_server, status, tgwizard, wait_for

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

    def __init__(self, stack: ExitStack, size: tuple[int, int] = (1600, 1000)) -> None:
        server, display = start_x_server(size)
        stack.callback(_stop, server)
        self.environment = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
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

    def framed(self, window: str) -> tuple[int, int, int, int]:
        """Left, top, width and height of a window with its frame, in pixels of the screen."""
        extents = self.ask("xprop", "-id", window, "_NET_FRAME_EXTENTS").partition("=")[2]
        left, right, top, bottom = (int(number) for number in extents.split(",")) if extents else (0, 0, 0, 0)
        told = dict(line.split(":", 1) for line in self.ask("xwininfo", "-id", window).splitlines() if ":" in line)
        found = {key.strip(): value.strip() for key, value in told.items()}
        x, y = int(found["Absolute upper-left X"]), int(found["Absolute upper-left Y"])
        return x - left, y - top, int(found["Width"]) + left + right, int(found["Height"]) + top + bottom

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
def screens() -> Iterator[Callable[..., Screen]]:
    """Makes screens of a given size."""
    missing = sorted(package for program, package in _NEEDED.items() if shutil.which(program) is None)
    if missing:
        words = " ".join(missing)
        pytest.fail(
            f"a real window needs {words}, which this computer does not have. "
            f"packaging/dev test --full installs them; by hand: apt-get install --no-install-recommends {words}",
            pytrace=False,
        )
    with ExitStack() as stack:
        yield partial(Screen, stack)


@pytest.fixture
def screen(screens: Callable[..., Screen]) -> Screen:
    """A usual screen."""
    return screens()


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


@pytest.mark.parametrize(("size", "scale"), [((1440, 900), "1"), ((2560, 1440), "2"), ((1024, 768), "1")])
def test_that_the_window_opens_inside_the_screen_whole_and_where_it_was_left(
    screens: Callable[..., Screen], tmp_path: Path, size: tuple[int, int], scale: str
) -> None:
    screen = screens(size)
    environment = {**screen.environment, "QT_SCALE_FACTOR": scale, "TGWIZARD_CONFIG_DIR": str(tmp_path / "config")}
    words = ("--lab-dir", tmp_path / "lab")

    def inside(window: str) -> bool:
        left, top, width, height = screen.framed(window)
        return left >= 0 and top >= 0 and left + width <= size[0] and top + height <= size[1]

    def at(window: str) -> tuple[int, int, int, int]:
        return screen.framed(window)

    with tgwizard(*words, environment=environment) as program:
        window = screen.window("edge-dallas - tgwizard")
        wait_for(lambda: inside(window), f"the window is inside {size}: {screen.framed(window)}")
        first = at(window)
        screen.ask("xdotool", "windowsize", window, str(900 * int(scale)), str(600 * int(scale)))
        screen.ask("xdotool", "windowmove", window, "40", "50")
        wait_for(lambda: at(window)[2:] != first[2:], "the window is smaller")
        wait_for(lambda: at(window)[1] != first[1], "the window is elsewhere")
        screen.activate(window)
        left = at(window)
        screen.press("alt+F4")
        assert program.end() == 0, program
    with tgwizard(*words, environment=environment) as program:
        window = screen.window("edge-dallas - tgwizard")
        wait_for(lambda: at(window)[2:] == left[2:], f"the window has the size it had: {left} {at(window)}")
        wait_for(lambda: all(abs(now - was) <= 2 for now, was in zip(at(window), left, strict=True)), "and the place")
        screen.activate(window)
        screen.press("alt+F4")
        assert program.end() == 0, program
