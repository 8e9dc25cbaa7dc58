"""No display: one sentence and exit code 2, whatever Qt would say of it. Each program is a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tgwizard.cli.exit_code import ExitCode
from tgwizard.gui.start import WindowEnd

ROOT = Path(__file__).parents[3]
CURE = "Start it in a desktop session, or use a command: tgwizard --help lists them.\n"
DEAD = "does not answer or does not let this user in"

if sys.platform in ("win32", "darwin"):
    pytest.skip("these systems have their display without being told", allow_module_level=True)


def opened(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start the window with this environment and no other display."""
    usual = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")
    }
    return subprocess.run(
        [sys.executable, "-m", "tgwizard", *words],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
        env={**usual, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ""}, "there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":4711"}, f"the display {DEAD}, DISPLAY=:4711"),
        ({"DISPLAY": "no display"}, f"the display {DEAD}, DISPLAY=no display"),
        ({"WAYLAND_DISPLAY": "wayland-4711"}, f"the display {DEAD}, WAYLAND_DISPLAY=wayland-4711"),
        (
            {"WAYLAND_DISPLAY": "wayland-4711", "XDG_RUNTIME_DIR": ""},
            f"the display {DEAD}, WAYLAND_DISPLAY=wayland-4711",
        ),
        (
            {"DISPLAY": ":4711", "WAYLAND_DISPLAY": "wayland-4711"},
            f"the display {DEAD}, WAYLAND_DISPLAY=wayland-4711 and DISPLAY=:4711",
        ),
        ({"QT_QPA_PLATFORM": "xcb"}, "there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"QT_QPA_PLATFORM": "nonsense"}, "QT_QPA_PLATFORM=nonsense does not work here"),
    ],
    ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else None,
)
def test_that_without_a_display_one_sentence_says_why(environment: dict[str, str], reason: str, tmp_path: Path) -> None:
    done = opened("--lab-dir", str(tmp_path / "lab"), **environment)
    assert done.returncode == ExitCode.USAGE
    assert done.stderr == f"tgwizard cannot open its window: {reason}. {CURE}"
    assert done.stdout == ""


def test_that_the_whole_command_line_of_the_window_says_it_too() -> None:
    done = opened("--cloud", "public")
    assert done.returncode == ExitCode.USAGE
    assert len(done.stderr.splitlines()) == 1


def test_that_a_socket_that_nobody_listens_to_is_no_display(tmp_path: Path) -> None:
    path = str(tmp_path / "wayland")
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(path)
    done = opened("--lab-dir", str(tmp_path / "lab"), WAYLAND_DISPLAY=path)
    assert done.returncode == ExitCode.USAGE
    assert DEAD in done.stderr


def test_that_the_exit_codes_of_the_window_are_those_of_the_command_line() -> None:
    meanings = {
        WindowEnd.IN_ORDER: ExitCode.DONE,
        WindowEnd.NO_DISPLAY: ExitCode.USAGE,
        WindowEnd.DISPLAY_LOST: ExitCode.FAILED,
        WindowEnd.NOT_KNOWN: ExitCode.UNKNOWN,
    }
    assert {int(end): int(code) for end, code in meanings.items()} == {int(end): int(end) for end in WindowEnd}
