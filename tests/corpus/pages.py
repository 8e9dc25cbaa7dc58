"""Every page as a screen reader meets it: role, name, description, value and state of each part, in order.

The window is the real one, offscreen, on the lab's scenarios; its clock stands still once it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication

from tests.gui import pictures, setup_pictures, shell_pictures
from tests.gui.application import make_app
from tests.gui.desk import Desk, End, open_desk
from tests.gui.fleet_desk import open_fleet
from tests.gui.held_clock import HeldClock
from tests.gui.setup_desk import SetupDesk
from tests.gui.studio import USUAL, AnyDesk, Studio, at_rest
from tgwizard.gui.shell.crash_report import CrashReportDialog
from tgwizard.gui.shell.shutdown import CloseDuringRun
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.latency import Latency
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import SetupStep

PAGES = "accessibility"
NEXT_READING_S = 20.0
STATES = ("disabled", "checked", "checkable", "expandable", "expanded", "selected", "readOnly", "focusable", "modal")
_IDS = rf"\b[0-9a-f]{{12}}\b|(?<=run )[0-9a-f]{{8}}\b|{re.escape(gettempdir())}/\S+"
_TIMES = r"(?<=read )now|\b\d+ of \d+ (s|min)\b|\b\d+ times\b|\b\d\d:\d\d(:\d\d)?\b"
_AGES = r"\b\d+(\.\d)? (s|seconds?|min)\b( ago)?|\d{4}-\d\d-\d\d"
_MOVING = re.compile(f"{_IDS}|{_TIMES}|{_AGES}")
"""Ids, folders, times and durations: of a run that was drawn, and of a wizard on a clock that goes."""


def tree(root: QAccessibleInterface, depth: int = 0) -> Iterator[str]:
    """A line for each part that can be met."""
    state = root.state()
    if state.invisible:
        return
    told = [repr(_MOVING.sub("...", root.text(QAccessible.Text.Name)))]
    for word, kind in (("description", QAccessible.Text.Description), ("value", QAccessible.Text.Value)):
        text = _MOVING.sub("...", root.text(kind))
        if text:
            told.append(f"{word} {text!r}")
    told += [name for name in STATES if getattr(state, name)]
    children = [child for child in map(root.child, range(root.childCount())) if child.isValid()]
    below = [line for child in children for line in tree(child, depth + 1)]
    if told == ["''"] and not below:
        return  # a bare surface: how many of them lie on one another is nobody's concern
    yield f"{'  ' * depth}{root.role().name} {', '.join(told)}\n"
    yield from below


@dataclass(frozen=True)
class Listener(Studio[AnyDesk]):
    """Reads where a studio takes pictures."""

    heard: dict[str, str] = field(default_factory=dict)

    def grab(self, state: str) -> None:
        """The page, or what is open before it, once nothing moves any more."""
        self.desk.window.resize(*USUAL)
        at_rest(self.desk.window)
        root = QAccessible.queryAccessibleInterface(self.desk.window)
        self.heard[state] = "".join(tree(root))


@contextmanager
def listener(
    app: QApplication, heard: dict[str, str], make: Callable[[Theme, Path], tuple[AnyDesk, End]]
) -> Iterator[Listener[AnyDesk]]:
    """A listener at a window of its own, in a folder of its own."""
    theme = Theme(app, ThemeChoice.LIGHT)
    with TemporaryDirectory() as folder:
        desk, end = make(theme, Path(folder))
        try:
            yield Listener(desk, {"": USUAL}, lambda _name, _image: None, heard)
        finally:
            end()
            theme.deleteLater()


def failover(shown: Listener[Desk], clock: HeldClock) -> None:
    """The result of a run. What is shown under way depends on what was read last, which is chance here."""
    session = shown.desk.session
    shown.until(lambda: pictures.may_begin(shown.desk, Verb.GRACEFUL))
    session.fail_over(shown.desk.rig.b, Verb.GRACEFUL)

    def on(true: Callable[[], bool]) -> bool:
        clock.advance(0.25)
        return true()

    shown.until(partial(on, lambda: session.run is not None and session.run.finished is not None))
    shown.grab("failover-result")


TROUBLE = Problem("broke", "The journal is full.", "No space is left.", "Free some space, then try again.", "disk 1")


def dialogs_of_trouble(shown: Listener[Desk]) -> None:
    """What opens when something is wrong, and what is asked when the window closes during a run."""
    desk, window = shown.desk, shown.desk.window
    window.show_dialog(lambda over: CloseDuringRun(desk.theme, over, desk.session))
    shown.grab("closing-during-a-run")
    if window.dialog is not None:
        window.dialog.reject()
    report = CrashReportDialog(desk.theme, window, "ValueError: something\n", "tgwizard.log")
    report.open()
    shown.grab("unexpected-error")
    report.reject()
    window.show_startup_errors((TROUBLE,))
    shown.grab("could-not-open")


def questions_of_verify(wizard: Listener[SetupDesk]) -> None:
    """Before the holder of the address restarts, and before what was written is taken back."""
    desk = wizard.desk
    machines = desk.wizard.session.shown.machines
    if machines is None:
        raise RuntimeError("no machines were chosen")
    holder = machines[0]
    for ask, state in ((partial(desk.wizard.ask_restart, holder), "restart"), (desk.wizard.ask_undo, "undo")):
        ask()
        dialog = desk.window.dialog
        if dialog is None:
            raise RuntimeError(f"the question did not open: {state}")
        wizard.until(dialog.isVisible)
        wizard.grab(f"wizard-question-{state}")
        dialog.reject()


def elsewhere(app: QApplication, heard: dict[str, str]) -> None:
    """Steps that look otherwise elsewhere: a role of nine actions, and a plan that its reader may not apply."""
    with listener(app, heard, setup_pictures.on_scenario("old-role")) as wizard:
        setup_pictures.to(wizard, SetupStep.MACHINES)
        wizard.until_said("tg-node-a and tg-node-b")
        wizard.desk.press("tg-node-a and tg-node-b")
        setup_pictures.to(wizard, SetupStep.ROLE)
        wizard.desk.press("Update ")
        setup_pictures.grab(wizard, "role-update")
    with listener(app, heard, setup_pictures.on_scenario("reader")) as wizard:
        setup_pictures.to(wizard, SetupStep.MACHINES)
        wizard.until_said("tg-node-a and tg-node-b")
        wizard.desk.press("tg-node-a and tg-node-b")
        setup_pictures.to(wizard, SetupStep.REVIEW)
        wizard.until(lambda: wizard.desk.idle)
        setup_pictures.grab(wizard, "review-of-a-reader")


def hear_all(app: QApplication) -> dict[str, str]:
    """Every page by its name, as the pictures are named."""
    heard: dict[str, str] = {}
    clock = HeldClock()
    clock.hold()
    with listener(app, heard, lambda theme, at: open_desk(theme, at, latency=Latency.FAST, clock=clock)) as shown:
        shown.until(lambda: pictures.may_begin(shown.desk, Verb.GRACEFUL))
        shown.until(partial(pictures.rights_are_known, shown.desk))
        clock.advance(NEXT_READING_S)  # the subnet's range is asked for after the first reading
        pictures.ready(shown)
        shown.grab("monitor")
        pictures.questions(shown)
        pictures.places(shown)
        failover(shown, clock)
        dialogs_of_trouble(shown)
    for count, listen in ((shell_pictures.COUNT, shell_pictures.many), (0, shell_pictures.none)):
        held = HeldClock()
        held.hold()
        with listener(app, heard, partial(open_fleet, count=count, is_lab=False, clock=held)) as fleet:
            listen(fleet)
    with listener(app, heard, setup_pictures.on_scenario("fresh")) as wizard:
        setup_pictures.walk(wizard, SetupStep.REVIEW)
        setup_pictures.go_on(wizard)
        wizard.until(lambda: wizard.desk.at_rest and not wizard.desk.page.writing)
        setup_pictures.grab(wizard, "apply")
        setup_pictures.go_on(wizard)
        wizard.until_said("Restart: 1. tg-node-b, the standby")
        wizard.until(lambda: wizard.desk.find("Prove it").isEnabled())
        setup_pictures.grab(wizard, "verify-waits")
        questions_of_verify(wizard)
    elsewhere(app, heard)
    return heard


def write_pages(_folder: Path) -> dict[str, bytes]:
    """What is kept of the pages, by file name."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else make_app(["tgwizard-pages"])
    return {f"{PAGES}/{name}.txt": text.encode() for name, text in hear_all(app).items()}
