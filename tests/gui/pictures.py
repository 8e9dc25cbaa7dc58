"""Renders the window in both themes: `python -m tests.gui.pictures OUT`, or `--kept` for the pictures in git.

It is a program, not a test: it opens the real window offscreen on a lab in real time, fails over, and grabs what it
sees. Names are STATE-THEME.png at 1440x900, and STATE-1024-THEME.png, STATE-3840-THEME.png and STATE-large-THEME.png
(200 % text) beside it. Six pictures are kept in git, for README and help, and compared in `test_pictures.py`.
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

from tests.gui.desk import Desk, open_desk
from tgwizard import paths
from tgwizard.gui.places import Place
from tgwizard.gui.start import make_app
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import ThemeChoice
from tgwizard.lab.faults import Answer, Fault
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.snapshot import PlaceKind

USUAL = (1440, 900)
SIZES: Mapping[str, tuple[int, int]] = {"": USUAL, "-1024": (1024, 700), "-3840": (3840, 2160)}
LARGE: Mapping[str, tuple[int, int]] = {"-large": USUAL, "-large-1024": (1024, 700)}
THEMES = (ThemeChoice.LIGHT, ThemeChoice.DARK)
KEPT = (
    "monitor-light",
    "monitor-dark",
    "clusters-light",
    "settings-light",
    "failover-confirm-light",
    "failover-confirm-forced-dark",
)
"""The pictures in git: none of them changes with the time of day or the length of a run by more than a few digits."""

PATIENCE_S = 60.0
SILENCE = '{"error": {"code": "ServiceUnavailable", "message": "try again"}}'


def kept_folder() -> Path:
    """Where the pictures in git lie."""
    return paths.resources() / "pictures"


@dataclass(frozen=True)
class Studio:
    """A desk, the sizes it is to be shown in, and who takes the pictures."""

    desk: Desk
    sizes: Mapping[str, tuple[int, int]]
    take: Callable[[str, QImage], None]
    themes: tuple[ThemeChoice, ...] = THEMES

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
        """One picture for each theme and size."""
        window, theme = self.desk.window, self.desk.theme
        for mark, size in self.sizes.items():
            window.resize(*size)
            for choice in self.themes:
                theme.choose(choice)
                self.turn(0.12)
                self.take(f"{state}{mark}-{choice.value}", window.grab().toImage())
        theme.choose(ThemeChoice.LIGHT)

    def ready(self) -> None:
        """Wait for the first reading."""
        self.until(lambda: self.desk.says("Fail over to tg-node-b…"))
        self.turn(0.4)

    def places(self) -> None:
        """Every place of the rail."""
        for place in Place:
            self.desk.window.go_to(place)
            self.turn(0.2)
            self.grab(place.name.lower().replace("_", "-"))
        self.desk.window.open_cluster(self.desk.session.setup.name)

    def questions(self) -> None:
        """Both confirm dialogs, answered by the pre-flight."""
        for verb, state in ((Verb.GRACEFUL, "failover-confirm"), (Verb.FORCED, "failover-confirm-forced")):
            self.desk.window.ask(verb)
            dialog = self.desk.window.dialog
            if dialog is None:
                raise RuntimeError(f"the question did not open: {verb.value}")
            self.until(dialog.isVisible)
            self.until(lambda: not self.desk.says("State: Asking Azure"))
            self.turn(0.2)
            self.grab(state)
            dialog.reject()
            self.turn(0.1)

    def failover(self) -> None:
        """A run in the middle and at its end."""
        session = self.desk.session
        session.fail_over(self.desk.rig.b, Verb.GRACEFUL)
        self.until(lambda: session.run is not None and session.run.place.kind is PlaceKind.ATTACHING)
        self.turn(0.6)
        self.grab("failover-running")
        self.until(lambda: session.run is not None and session.run.finished is not None)
        self.turn(0.6)
        self.grab("failover-result")
        self.desk.window.open_cluster(session.setup.name)
        self.turn(2.5)
        self.grab("monitor-after")

    def stale(self) -> None:
        """Azure answers no more."""
        for member in self.desk.rig.setup.members:
            self.desk.rig.lab.faults.add(Fault("GET", member.nic.name, Answer(503, SILENCE), times=10_000))

        def missed() -> bool:
            self.desk.session.read_now()
            return self.desk.says("Verdict: Last known")

        self.until(missed)
        self.grab("monitor-stale")


@contextmanager
def studio(
    app: QApplication,
    take: Callable[[str, QImage], None],
    sizes: Mapping[str, tuple[int, int]],
    scale: float,
    latency: Latency,
) -> Iterator[Studio]:
    """A studio round a window of its own."""
    theme = Theme(app, ThemeChoice.LIGHT, scale)
    with tempfile.TemporaryDirectory() as folder:
        desk, end = open_desk(theme, Path(folder), latency=latency)
        try:
            yield Studio(desk, sizes, take)
        finally:
            end()
            theme.deleteLater()


def render_kept(app: QApplication, take: Callable[[str, QImage], None]) -> None:
    """The pictures in git, and the same states in the other theme."""
    with studio(app, take, {"": USUAL}, 1.0, Latency.INSTANT) as shown:
        shown.ready()
        shown.grab("monitor")
        shown.questions()
        shown.places()


def render_all(app: QApplication, take: Callable[[str, QImage], None]) -> None:
    """Every page and state, at every size, and with large text."""
    from tests.gui.setup_pictures import render_setup
    from tests.gui.shell_pictures import render_shell

    for sizes, scale in ((SIZES, 1.0), (LARGE, 2.0)):
        with studio(app, take, sizes, scale, Latency.FAST) as shown:
            shown.grab("monitor-unread")
            shown.ready()
            shown.grab("monitor")
            shown.questions()
            shown.places()
            shown.failover()
            shown.stale()
        render_shell(app, take, sizes, scale)
        render_setup(app, take, sizes, scale)


def main(arguments: list[str]) -> int:
    """Render into the folder given, or those in git into theirs; the exit code."""
    app = make_app(["tgwizard-pictures"])
    kept = "--kept" in arguments
    out = kept_folder() if kept else Path(next(iter(arguments), "pictures"))
    out.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []

    def take(name: str, image: QImage) -> None:
        if not kept or name in KEPT:
            image.save(str(out / f"{name}.png"))
            taken.append(name)

    if kept:
        render_kept(app, take)
    else:
        render_all(app, take)
    sys.stdout.write(f"{len(taken)} pictures in {out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
