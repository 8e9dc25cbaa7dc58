"""Takes pictures of a window: waits for what is to be seen, at each size and in both themes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic, TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QAbstractAnimation, QDeadlineTimer, QEventLoop, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.desk import PATIENCE_MS, Desk, End
from tests.gui.setup_desk import SetupDesk
from tgwizard.gui.style.theme import Theme
from tgwizard.model.appearance import ThemeChoice

Take = Callable[[str, QImage], None]
Sizes = Mapping[str, tuple[int, int]]
AnyDesk = TypeVar("AnyDesk", Desk, SetupDesk)

USUAL = (1440, 900)
LARGE: Sizes = {"-large": USUAL, "-large-1024": (1024, 700)}
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


def laid_out(window: QWidget) -> QImage:
    """What a window that is never at rest shows once its layouts have had their turns."""
    beats = iter(range(2 * LAYOUTS))
    live_until(lambda: next(beats, None) is None)
    return window.grab().toImage()


@dataclass(frozen=True)
class Studio(Generic[AnyDesk]):
    """A desk, the sizes it is to be shown in, and who takes the pictures."""

    desk: AnyDesk
    sizes: Sizes
    take: Take

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window live until `true`; TimeoutError after a minute."""
        live_until(true)

    def until_said(self, start: str) -> None:
        """Let the window live until something in it is called so."""
        live_until(lambda: self.desk.says(start))

    def grab(self, state: str, *, moving: bool = False) -> None:
        """One picture for each size and theme; of what is `moving`, without waiting until it rests."""
        window, theme = self.desk.window, self.desk.theme
        for mark, size in self.sizes.items():
            window.resize(*size)
            for choice in THEMES:
                theme.choose(choice)
                self.take(f"{state}{mark}-{choice.value}", laid_out(window) if moving else at_rest(window))
        theme.choose(ThemeChoice.LIGHT)


@contextmanager
def studio(
    app: QApplication, scale: float, sizes: Sizes, take: Take, make: Callable[[Theme, Path], tuple[AnyDesk, End]]
) -> Iterator[Studio[AnyDesk]]:
    """A studio round a window of its own, in a folder of its own."""
    theme = Theme(app, ThemeChoice.LIGHT, scale)
    with TemporaryDirectory() as folder:
        desk, end = make(theme, Path(folder))
        try:
            yield Studio(desk, sizes, take)
        finally:
            end()
            theme.deleteLater()


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
