"""Takes pictures of a window: waits for what is to be seen, at each size and in both themes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QAbstractAnimation, QDeadlineTimer, QEvent, QEventLoop, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from tests.corpus.steady import drawn_by_thread
from tests.guards.garbage import collect_when_due
from tests.gui.desk import PATIENCE_MS, Desk, End
from tests.gui.held_clock import SteppedClock
from tests.gui.setup_desk import SetupDesk
from tgwizard.gui.style.theme import Theme
from tgwizard.model.appearance import ThemeChoice

Take = Callable[[str, QImage], None]
Sizes = Mapping[str, tuple[int, int]]
AnyDesk = TypeVar("AnyDesk", Desk, SetupDesk)

USUAL = (1440, 900)
LARGE: Sizes = {"-large": USUAL, "-large-1024": (1024, 768)}
"""With text of twice the size."""
THEMES = (ThemeChoice.LIGHT, ThemeChoice.DARK)
BEAT_MS = 20


def live_until(true: Callable[[], bool]) -> None:
    """Let the window live until `true`; TimeoutError after a minute."""
    beat = QTimer()
    beat.start(BEAT_MS)
    deadline = QDeadlineTimer(PATIENCE_MS)
    while not true():
        if deadline.hasExpired():
            raise TimeoutError("the window did not come to the state to be grabbed")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


LAYOUTS = 8
"""How deep they are nested, at most."""


STILL = 4
"""In so many beats nothing may change: between two frames of a movement everything looks still."""


def at_rest(window: QWidget) -> QImage:
    """What the window shows once nothing in it changes from one beat to the next."""
    collect_when_due()
    seen = [window.grab().toImage()]

    def same() -> bool:
        # A new height goes up from layout to layout, one in a turn; a picture in between looks as the one before.
        for _ in range(LAYOUTS):
            QApplication.processEvents()
        seen.append(window.grab().toImage())
        # What moves may do so where the page is scrolled away.
        if any(one.state() is QAbstractAnimation.State.Running for one in window.findChildren(QAbstractAnimation)):
            return False
        return len(seen) > STILL and all(one == seen[-1] for one in seen[-STILL:-1])

    live_until(same)
    return seen[-1]


LONGEST_S = 1.0
"""So far time goes on at once when no job waits for it."""


def is_settled(desk: Desk | SetupDesk, clock: SteppedClock) -> bool:
    """Whether every job rests, all they told is shown, and nothing is to follow by itself; lets the window live."""
    if not clock.all_rest():
        return False
    desk.bridge.finish()
    for _ in range(LAYOUTS):
        QApplication.processEvents()
    soon = (timer for timer in desk.window.findChildren(QTimer) if timer.isSingleShot() and timer.isActive())
    return clock.all_rest() and desk.bridge.drain() == 0 and next(soon, None) is None


@dataclass(frozen=True)
class Studio(Generic[AnyDesk]):
    """A desk, the sizes it is to be shown in, and who takes the pictures."""

    desk: AnyDesk
    sizes: Sizes
    take: Take

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window live until `true`; TimeoutError after a minute.

        On a stepped clock `true` is asked at rest alone, and time goes on from rest to rest.
        """
        clock = self.desk.rig.clock
        if not isinstance(clock, SteppedClock):
            live_until(true)
            return

        def stepped() -> bool:
            if not is_settled(self.desk, clock):
                return False
            if true():
                return True
            clock.wake_next(LONGEST_S)
            return False

        live_until(stepped)

    def until_said(self, start: str) -> None:
        """Let the window live until something in it is called so."""
        self.until(lambda: self.desk.says(start))

    def settle(self) -> None:
        """Let the window live until nothing follows by itself, while time stands still."""
        clock = self.desk.rig.clock
        if isinstance(clock, SteppedClock):
            live_until(lambda: is_settled(self.desk, clock))

    def let_pass(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.desk.rig.clock.monotonic() + seconds
        self.until(lambda: self.desk.rig.clock.monotonic() >= end)

    def grab(self, state: str) -> None:
        """One picture for each size and theme."""
        window, theme = self.desk.window, self.desk.theme
        for mark, size in self.sizes.items():
            window.resize(*size)
            for choice in THEMES:
                theme.choose(choice)
                self.take(f"{state}{mark}-{choice.value}", at_rest(window))
        theme.choose(ThemeChoice.LIGHT)


@contextmanager
def studio(
    app: QApplication, scale: float, sizes: Sizes, take: Take, make: Callable[[Theme, Path], tuple[AnyDesk, End]]
) -> Iterator[Studio[AnyDesk]]:
    """A studio round a window of its own, in a folder of its own."""
    theme = Theme(app, ThemeChoice.LIGHT, scale)
    blinking = app.cursorFlashTime()
    app.setCursorFlashTime(0)
    # The folder is shown on some pages: below it, its name is the same every time.
    with TemporaryDirectory() as folder, chdir(folder), drawn_by_thread():
        desk, end = make(theme, Path("tgwizard"))
        try:
            yield Studio(desk, sizes, take)
        finally:
            end()
            theme.deleteLater()
            # Now, not when an event loop comes by: a ring that outlives its studio draws over that of the next.
            app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            app.setCursorFlashTime(blinking)


def develop(out: Path, wanted: Callable[[str], bool], render: Callable[[Take], None]) -> None:
    """Save the wanted ones of the pictures that `render` takes, and say how many there were."""
    out.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []

    def take(name: str, image: QImage) -> None:
        if wanted(name):
            image.save(str(out / f"{name}.png"))
            taken.append(name)

    render(take)
    sys.stdout.write(f"{len(taken)} pictures in {out}\n")
