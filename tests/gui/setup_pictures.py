"""The pictures of the wizard, step by step: part of `python -m tests.gui.pictures OUT`, or alone.

It walks scenario `fresh` to the end, and stops at the pages that look otherwise elsewhere: a reader's review, a role of
nine actions, a network in another group, a busy interface.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.walk import wrong
from tgwizard.gui.start import make_app
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import ThemeChoice
from tgwizard.lab.latency import Latency
from tgwizard.model.setup_answers import SetupStep

SIZES: Mapping[str, tuple[int, int]] = {
    "": (1440, 900),
    "-1024": (1024, 700),
    "-1920": (1920, 1080),
    "-3840": (3840, 2160),
}
LARGE: Mapping[str, tuple[int, int]] = {"-large": (1440, 900), "-large-1024": (1024, 700)}
THEMES = (ThemeChoice.LIGHT, ThemeChoice.DARK)
PATIENCE_S = 60.0


@dataclass(frozen=True)
class SetupStudio:
    """A desk, the sizes it is to be shown in, and who takes the pictures."""

    desk: SetupDesk
    sizes: Mapping[str, tuple[int, int]]
    take: Callable[[str, QImage], None]

    def turn(self, seconds: float = 0.02) -> None:
        """Let the window live for a moment."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            QApplication.processEvents()
            time.sleep(0.005)

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window live until `true`; TimeoutError after a minute."""
        last = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > last:
                raise TimeoutError("the window did not come to the state to be grabbed")
            self.turn()

    def grab(self, state: str) -> None:
        """One picture for each theme and size; what is wrong with one is told."""
        window, theme = self.desk.window, self.desk.theme
        for mark, size in self.sizes.items():
            window.resize(*size)
            for choice in THEMES:
                theme.choose(choice)
                self.turn(0.12)
                name = f"wizard-{state}{mark}-{choice.value}"
                self.take(name, window.grab().toImage())
            for what in wrong(window):
                sys.stderr.write(f"wizard-{state}{mark}: {what}\n")
        theme.choose(ThemeChoice.LIGHT)

    def go_on(self) -> None:
        """Continue, when it is on, to another step."""
        page, step = self.desk.page, self.desk.page.step
        self.until(page.frame.footer.go_on.isEnabled)
        self.turn(0.1)
        self.desk.press(page.frame.footer.go_on.accessibleName())
        self.until(lambda: page.step is not step)
        self.until(lambda: page.frame.footer.go_on.isEnabled() or page.writing)
        self.turn(0.2)

    def walk(self, last: SetupStep) -> None:
        """Every page up to `last`."""
        self.until(self.desk.page.frame.footer.go_on.isEnabled)
        while True:
            step = self.desk.page.step
            self.turn(0.3)
            self.grab(step.name.lower().replace("_", "-"))
            if step is last:
                return
            self.go_on()

    def to(self, step: SetupStep) -> None:
        """Straight to a step."""
        while self.desk.page.step is not step:
            self.go_on()


@contextmanager
def studio(
    app: QApplication,
    take: Callable[[str, QImage], None],
    sizes: Mapping[str, tuple[int, int]],
    scale: float,
    scenario: str,
) -> Iterator[SetupStudio]:
    """A studio round a wizard of its own."""
    theme = Theme(app, ThemeChoice.LIGHT, scale)
    with tempfile.TemporaryDirectory() as folder:
        desk, end = open_setup_desk(theme, Path(folder), scenario, latency=Latency.INSTANT)
        try:
            yield SetupStudio(desk, sizes, take)
        finally:
            end()
            theme.deleteLater()


def render_setup(
    app: QApplication, take: Callable[[str, QImage], None], sizes: Mapping[str, tuple[int, int]], scale: float
) -> None:
    """Every page, at every size."""
    with studio(app, take, sizes, scale, "fresh") as shown:
        shown.walk(SetupStep.VERIFY)
        shown.turn(1.0)
        shown.grab("verify-waits")
    with studio(app, take, sizes, scale, "old-role") as shown:
        shown.to(SetupStep.MACHINES)
        shown.until(lambda: shown.desk.says("tg-node-a and tg-node-b"))
        shown.desk.press("tg-node-a and tg-node-b")
        shown.to(SetupStep.ROLE)
        shown.desk.press("Update ")
        shown.turn(0.3)
        shown.grab("role-update")
        shown.desk.press("JSON")
        shown.turn(0.2)
        shown.grab("role-json")


def main(arguments: list[str]) -> int:
    """Render into the folder given; the exit code. `--usual`: the usual size alone."""
    app = make_app(["tgwizard-pictures"])
    out = Path(next((word for word in arguments if not word.startswith("-")), "pictures"))
    out.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []

    def take(name: str, image: QImage) -> None:
        image.save(str(out / f"{name}.png"))
        taken.append(name)

    render_setup(app, take, {"": SIZES[""]} if "--usual" in arguments else SIZES, 1.0)
    if "--usual" not in arguments:
        render_setup(app, take, LARGE, 2.0)
    sys.stdout.write(f"{len(taken)} pictures in {out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
