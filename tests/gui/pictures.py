"""Renders the window's states in both themes and at two sizes: `python -m tests.gui.pictures OUT`.

It is a program, not a test: it opens the real window offscreen on a lab in real time, fails over, and grabs what it
sees. Names are STATE-THEME.png at 1440x900 and STATE-1024-THEME.png at 1024x700, as beside STYLE.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from tests.gui.desk import Desk, open_desk
from tgwizard.gui.start import make_app
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import ThemeChoice
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.snapshot import PlaceKind

SIZES = {"": (1440, 900), "-1024": (1024, 700)}
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Studio:
    """A desk, and where its pictures go."""

    desk: Desk
    out: Path

    def turn(self, seconds: float = 0.02) -> None:
        """Let the window live for a moment."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            QApplication.processEvents()
            time.sleep(0.005)

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window live until `true`; TimeoutError after half a minute."""
        last = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > last:
                raise TimeoutError("the window did not come to the state to be grabbed")
            self.turn()

    def grab(self, state: str) -> None:
        """One picture for each theme and size."""
        window, theme = self.desk.window, self.desk.theme
        for choice in (ThemeChoice.LIGHT, ThemeChoice.DARK):
            theme.choose(choice)
            for mark, size in SIZES.items():
                window.resize(*size)
                self.turn(0.12)
                window.grab().save(str(self.out / f"{state}{mark}-{choice.value}.png"))
        theme.choose(ThemeChoice.LIGHT)
        window.resize(*SIZES[""])

    def questions(self) -> None:
        """Both confirm dialogs."""
        for verb, state in ((Verb.GRACEFUL, "failover-confirm"), (Verb.FORCED, "failover-confirm-forced")):
            self.desk.window.ask(verb)
            self.turn(1.0)
            self.grab(state)
            if self.desk.window.dialog is not None:
                self.desk.window.dialog.reject()

    def failover(self) -> None:
        """A run in the middle and at its end."""
        session = self.desk.session
        session.fail_over(self.desk.rig.b, Verb.GRACEFUL)
        self.until(lambda: session.run is not None and session.run.place.kind is PlaceKind.ATTACHING)
        self.turn(1.0)
        self.grab("failover-running")
        self.until(lambda: session.run is not None and session.run.finished is not None)
        self.turn(1.0)
        self.grab("failover-result")


def main(out: Path) -> int:
    """Render everything into `out`; the exit code."""
    out.mkdir(parents=True, exist_ok=True)
    theme = Theme(make_app(["tgwizard-pictures"]), ThemeChoice.LIGHT)
    with tempfile.TemporaryDirectory() as folder:
        desk, end = open_desk(theme, Path(folder), latency=Latency.FAST)
        studio = Studio(desk, out)
        studio.until(lambda: desk.session.snapshot is not None)
        studio.turn(0.5)
        studio.grab("monitor")
        studio.questions()
        studio.failover()
        desk.window.open_cluster(desk.session.setup.name)
        studio.turn(1.0)
        studio.grab("monitor-after")
        end()
    sys.stdout.write(f"{len(list(out.glob('*.png')))} pictures in {out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")))
