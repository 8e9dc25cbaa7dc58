"""Renders the window in both themes: `python -m tests.gui.pictures OUT`, or `--kept` for the pictures in git.

It is a program, not a test: it opens the real window offscreen on a lab, fails over, and grabs what it sees. Time goes
on only when every job rests, and ids are drawn in order: two runs of one state of the program give equal files, which
`python -m tests.gui.compare_pictures A B` tells.

Names are STATE-THEME.png at 1440x900, beside it STATE-900-THEME.png and so on for the other sizes, STATE-large-THEME
for text of 200 %, and STATE-x2-THEME for a screen of 2560x1440 at scale 2. Six pictures are kept in git, for README and
help, and compared in `test_pictures.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from tests.gui.application import make_app
from tests.gui.desk import Desk, End, open_desk
from tests.gui.held_clock import SteppedClock
from tests.gui.studio import LARGE, USUAL, Sizes, Studio, Take, develop, studio
from tgwizard import paths
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.watch.traffic_probe import PERIOD_S, gaps
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.failover.run_traffic_card import BEFORE_S
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ClusterIdentity, Verb
from tgwizard.model.snapshot import LocationKind

SIZES: Sizes = {"": USUAL, "-900": (900, 600), "-1024": (1024, 768), "-2560": (2560, 1440)}

AT_SCALE_2: Sizes = {"-x2": (1280, 720)}
"""The logical size of a screen of 2560x1440 at scale 2; the scale is one of the process."""

SCALE_2 = "--scale-2"
KEPT = (
    "monitor-light",
    "monitor-dark",
    "clusters-light",
    "settings-light",
    "failover-confirm-light",
    "failover-confirm-forced-dark",
)
"""The pictures in git."""

READ = {NavPage.SET_UP: "Signed in", NavPage.HISTORY: "Failovers ", NavPage.REPORTS: "No report is kept yet"}
"""What stands on a page that reads first, once it has."""

PART_S = 1.5
"""How far into the attaching a run is shown."""

AFTER_S = 2.0
"""How long is measured after the end of a run."""

SILENCE = '{"error": {"code": "ServiceUnavailable", "message": "try again"}}'


def kept_folder() -> Path:
    """Where the pictures in git lie."""
    return paths.resources() / "pictures"


def ready(shown: Studio[Desk]) -> None:
    """Wait for the first reading, and for the subnet's range, which is read after it."""
    shown.until(lambda: may_begin(shown.desk, Verb.GRACEFUL))
    shown.until(partial(rights_are_known, shown.desk))
    shown.until(lambda: (now := shown.desk.session.snapshot) is not None and bool(now.ranges.value))


def may_begin(desk: Desk, verb: Verb) -> bool:
    """Whether the cluster shown has been read, and its button for `verb` is on."""
    return desk.session.state is not None and desk.session.reason_against(verb) is None


def may_be_seen(desk: Desk, place: NavPage) -> bool:
    """Whether the page shown has read what it shows."""
    if place is NavPage.LAB:
        return desk.says("Read at ")
    return desk.says(READ.get(place, ""))


def places(shown: Studio[Desk]) -> None:
    """Every place of the rail."""
    for place in NavPage:
        shown.desk.window.go_to(place)
        shown.until(partial(may_be_seen, shown.desk, place))
        shown.grab(place.name.lower().replace("_", "-"))
    shown.desk.window.open_cluster(shown.desk.session.setup.name)


def rights_are_known(desk: Desk) -> bool:
    """Whether both cards of the page have the answers about rights, which are asked when it opens."""
    state = desk.session.state
    return state is not None and None not in {state.graceful.rights_age_s, state.forced.rights_age_s}


def told_later(desk: Desk) -> bool:
    """Whether the page behind a question is still to hear what the question was told."""
    return any(timer.isActive() and timer.isSingleShot() for timer in desk.session.findChildren(QTimer))


def questions(shown: Studio[Desk]) -> None:
    """Both confirm dialogs, answered by the pre-flight."""
    for verb, state in ((Verb.GRACEFUL, "failover-confirm"), (Verb.FORCED, "failover-confirm-forced")):
        shown.desk.window.ask(verb)
        dialog = shown.desk.window.dialog
        if dialog is None:
            raise RuntimeError(f"the question did not open: {verb.value}")
        shown.until(dialog.isVisible)
        shown.until(lambda: not shown.desk.says("State: Asking Azure"))
        shown.until(lambda: not told_later(shown.desk))
        shown.grab(state)
        dialog.reject()


def traffic_is_told(desk: Desk) -> bool:
    """Whether the result of the run shown has its traffic gap, with its end."""
    page = desk.window.stack.currentWidget()
    told = isinstance(page, RunPage) and "from this computer" in page.result.traffic.value
    return told and not gaps(desk.session.reachability.samples)[-1].open


def failover(shown: Studio[Desk]) -> None:
    """A run in the middle, and the end of the one back."""
    desk, session = shown.desk, shown.desk.session
    desk.press("Measure")
    shown.until(lambda: len(session.reachability.samples) > BEFORE_S / PERIOD_S)
    session.fail_over(desk.rig.b, Verb.GRACEFUL)
    shown.until(lambda: session.run is not None and session.run.place.kind is LocationKind.ATTACHING)
    shown.let_pass(PART_S)
    shown.grab("failover-running")
    shown.until(lambda: session.run is not None and session.run.finished is not None)
    desk.window.open_cluster(session.setup.name)
    shown.until(lambda: may_begin(desk, Verb.GRACEFUL))
    session.fail_over(desk.rig.a, Verb.GRACEFUL)
    shown.until(lambda: session.run is not None and session.run.finished is not None)
    shown.until(lambda: traffic_is_told(desk))
    shown.let_pass(AFTER_S)
    desk.press("Stop measuring")
    shown.settle()
    shown.grab("failover-result")
    desk.window.open_cluster(session.setup.name)
    shown.until(lambda: may_begin(shown.desk, Verb.GRACEFUL))
    shown.grab("monitor-after")


def stale(shown: Studio[Desk]) -> None:
    """Azure answers no more."""
    for member in shown.desk.rig.setup.members:
        shown.desk.rig.lab.faults.add(Fault("GET", member.nic.name, FaultAnswer(503, SILENCE), times=10_000))

    def missed() -> bool:
        shown.desk.session.read_now()
        return shown.desk.says("Verdict: Last known")

    shown.until(missed)
    shown.grab("monitor-stale")


UNREAD_S = 1.0
"""How long nothing is read yet."""


def on_a_cluster(latency: Latency) -> Callable[[Theme, Path], tuple[Desk, End]]:
    """A window on one cluster, which reads Azure after a moment."""

    def make(theme: Theme, folder: Path) -> tuple[Desk, End]:
        clock, pauses = SteppedClock(), iter((UNREAD_S,))

        def open_journal(path: Path, identity: ClusterIdentity) -> FailoverJournal:
            # Before the first request, whose own limit goes by the real clock, however long pictures take.
            for pause in pauses:
                clock.sleep(pause)
            return FailoverJournal.open(path, identity)

        return open_desk(theme, folder, latency=latency, traffic=True, clock=clock, open_journal=open_journal)

    return make


def render_kept(app: QApplication, take: Take) -> None:
    """The pictures in git, and the same states in the other theme."""
    with studio(app, 1.0, {"": USUAL}, take, on_a_cluster(Latency.INSTANT)) as shown:
        ready(shown)
        shown.grab("monitor")
        questions(shown)
        places(shown)


def render_all(app: QApplication, take: Take, kinds: Iterable[tuple[Sizes, float]]) -> None:
    """Every page and state, at every size of each kind, with text so much larger."""
    from tests.gui.setup_pictures import render_setup
    from tests.gui.shell_pictures import render_shell

    for sizes, scale in kinds:
        with studio(app, scale, sizes, take, on_a_cluster(Latency.FAST)) as shown:
            shown.settle()
            shown.grab("monitor-unread")
            ready(shown)
            shown.grab("monitor")
            questions(shown)
            places(shown)
            failover(shown)
            stale(shown)
        render_shell(app, take, sizes, scale)
        render_setup(app, take, sizes, scale)


def main(arguments: list[str]) -> int:
    """Render into the folder given, or those in git into theirs; the exit code."""
    out = Path(next((word for word in arguments if not word.startswith("-")), "pictures"))
    if not {"--kept", SCALE_2} & set(arguments):
        again = [sys.executable, "-m", "tests.gui.pictures", str(out), SCALE_2]
        subprocess.run(again, env=os.environ | {"QT_SCALE_FACTOR": "2"}, check=True)
    app = make_app(["tgwizard-pictures"])
    if "--kept" in arguments:
        develop(kept_folder(), KEPT.__contains__, lambda take: render_kept(app, take))
    else:
        kinds = ((AT_SCALE_2, 1.0),) if SCALE_2 in arguments else ((SIZES, 1.0), (LARGE, 2.0))
        develop(out, lambda _name: True, lambda take: render_all(app, take, kinds))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
