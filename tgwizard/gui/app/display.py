"""The display: why there is none, and what happens when it goes away.

Qt ends the process in both cases and asks nobody: without a display it aborts, when the X server goes away it leaves
the event loop with 1 or, inside a call of Xlib, calls ``exit``, and when a Wayland compositor goes away it calls
``_exit``. Before each of these it says so, in the thread that would end the process. So Qt's messages are listened to
here: whoever is told keeps that thread, and ends the process when what is under way has been finished.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

_GONE = ("The X11 connection broke", "The Wayland connection ")
"""How the messages of Qt 6.11 begin that are its last words."""

_ANSWER_S = 5.0
"""How long a display on another computer may take to answer, in seconds."""


class QtMessages:
    """Passes Qt's messages on to standard error.

    ``unusable`` is called in the place of Qt's abort when there is no display to begin with, ``gone`` in the place of
    its end when the display went away. Neither may return.
    """

    def __init__(self, unusable: Callable[[], NoReturn], gone: Callable[[], NoReturn]) -> None:
        """Listen from now on, until `stop`."""
        self._unusable = unusable
        self._gone = gone
        self._started = False
        self._kept: list[str] = []
        self._before = qInstallMessageHandler(self._take)

    def started(self) -> None:
        """There is a display: what Qt said until now is passed on, and an abort from here on is one."""
        self._started = True
        while self._kept:
            self._tell(self._kept.pop(0))

    def stop(self) -> None:
        """Let Qt speak for itself again."""
        qInstallMessageHandler(self._before)

    def _take(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        category = "" if context.category in (None, "default") else f"{context.category}: "
        if self._started:
            if message.startswith(_GONE):
                self._gone()
            self._tell(category + message)
        elif kind is QtMsgType.QtFatalMsg:
            self._unusable()
        else:
            self._kept.append(category + message)

    def _tell(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{message}\n")


def leave_out_unreachable() -> Mapping[str, str]:
    """Take WAYLAND_DISPLAY out of the environment where it cannot lead anywhere; the environment as it was.

    Its library would complain on standard error by itself, and the X display be used all the same.
    """
    before = dict(os.environ)
    if not before.get("XDG_RUNTIME_DIR") and not before.get("WAYLAND_DISPLAY", "/").startswith("/"):
        del os.environ["WAYLAND_DISPLAY"]
    return before


def why_none(environment: Mapping[str, str]) -> str:
    """Why no window can be opened, and what to do, in one sentence. Asked after Qt has failed to open one."""
    reason = _reason(environment)
    fix = "Start it in a desktop session, or use a command: tgwizard --help lists them."
    return f"tgwizard cannot open its window: {reason}. {fix}"


def _reason(environment: Mapping[str, str]) -> str:
    chosen = environment.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if chosen and not chosen.startswith(("xcb", "wayland")):
        return f"QT_QPA_PLATFORM={chosen} does not work here"
    if sys.platform in ("win32", "darwin"):
        return "Qt found no display"
    named = [name for name in ("WAYLAND_DISPLAY", "DISPLAY") if environment.get(name)]
    if not named:
        return "there is no display, neither DISPLAY nor WAYLAND_DISPLAY is set"
    answers = {"WAYLAND_DISPLAY": _wayland_answers, "DISPLAY": _x_answers}
    dead = [name for name in named if not answers[name](environment)]
    if dead == named:
        said = " and ".join(f"{name}={environment[name]}" for name in dead)
        return f"the display does not answer or does not let this user in, {said}"
    return f"Qt's part for the display cannot be loaded{_missing_library()}"


def _wayland_answers(environment: Mapping[str, str]) -> bool:
    import socket  # with its enumerations it would cost the first paint milliseconds

    path = Path(environment.get("XDG_RUNTIME_DIR", "/")) / environment["WAYLAND_DISPLAY"]
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_ANSWER_S)
        return line.connect_ex(str(path)) == 0


def _x_answers(environment: Mapping[str, str]) -> bool:
    """Ask the library that Qt asks: it knows every form of the name, and the keys of the X authority."""
    import ctypes

    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # the missing library is the reason then
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    answered: list[bool] = []

    def ask() -> None:
        line = xcb.xcb_connect(environment["DISPLAY"].encode(), None)
        answered.append(not xcb.xcb_connection_has_error(line))
        xcb.xcb_disconnect(line)

    # Another computer that is away lets one wait for minutes.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER_S)
    return answered == [True]


def _missing_library() -> str:
    """Which library of the system is missing, as the loader says it; empty when it is not that."""
    import ctypes

    import PySide6

    folder = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms"
    for plugin in (folder / "libqxcb.so", folder / "libqwayland.so"):
        try:
            ctypes.CDLL(str(plugin))
        except OSError as error:
            return f", {error}"
    return ""
