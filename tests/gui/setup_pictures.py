"""The pictures of the wizard, step by step: part of `python -m tests.gui.pictures OUT`, or alone.

It walks scenario `fresh` to the end, and stops at the pages that look otherwise elsewhere: a reader's review, a role of
nine actions, a network in another group, a busy interface.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from tests.gui.application import make_app
from tests.gui.desk import End
from tests.gui.held_clock import SteppedClock
from tests.gui.setup_desk import SetupDesk, open_setup_desk
from tests.gui.studio import LARGE, USUAL, Sizes, Studio, Take, develop, studio
from tests.gui.walk import wrong
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.latency import Latency
from tgwizard.model.setup_answers import SetupStep

SIZES: Sizes = {"": USUAL, "-1024": (1024, 768), "-1920": (1920, 1080), "-3840": (3840, 2160)}


def grab(shown: Studio[SetupDesk], state: str) -> None:
    """One picture for each size and theme; what is wrong with the page is told."""
    shown.grab(f"wizard-{state}")
    for what in wrong(shown.desk.window):
        sys.stderr.write(f"wizard-{state}: {what}\n")


def go_on(shown: Studio[SetupDesk]) -> None:
    """Continue, when it is on, to another step."""
    page, step = shown.desk.page, shown.desk.page.step
    shown.until(lambda: shown.desk.at_rest)
    shown.desk.press(page.frame.footer.go_on.accessibleName())
    shown.until(lambda: page.step is not step)
    shown.until(lambda: shown.desk.at_rest or page.writing)


def walk(shown: Studio[SetupDesk], last: SetupStep) -> None:
    """Every page up to `last`."""
    shown.until(lambda: shown.desk.at_rest)
    while True:
        step = shown.desk.page.step
        grab(shown, step.name.lower().replace("_", "-"))
        if step is last:
            return
        go_on(shown)


def to(shown: Studio[SetupDesk], step: SetupStep) -> None:
    """Straight to a step."""
    while shown.desk.page.step is not step:
        go_on(shown)


def on_scenario(scenario: str) -> Callable[[Theme, Path], tuple[SetupDesk, End]]:
    """A wizard in a lab of that scenario."""
    return lambda theme, folder: open_setup_desk(theme, folder, scenario, latency=Latency.INSTANT, clock=SteppedClock())


def render_setup(app: QApplication, take: Take, sizes: Sizes, scale: float) -> None:
    """Every page, at every size."""
    with studio(app, scale, sizes, take, on_scenario("fresh")) as shown:
        walk(shown, SetupStep.VERIFY)
        shown.until_said("Restart: 1. tg-node-b, the standby")
        grab(shown, "verify-waits")
    with studio(app, scale, sizes, take, on_scenario("old-role")) as shown:
        to(shown, SetupStep.MACHINES)
        shown.until_said("tg-node-a and tg-node-b")
        shown.desk.press("tg-node-a and tg-node-b")
        to(shown, SetupStep.ROLE)
        shown.desk.press("Update ")
        grab(shown, "role-update")
        shown.desk.press("JSON")
        grab(shown, "role-json")


def main(arguments: list[str]) -> int:
    """Render into the folder given; the exit code. `--usual`: the usual size alone."""
    app = make_app(["tgwizard-pictures"])
    out = Path(next((word for word in arguments if not word.startswith("-")), "pictures"))

    def render(take: Take) -> None:
        if "--usual" in arguments:
            render_setup(app, take, {"": USUAL}, 1.0)
        else:
            render_setup(app, take, SIZES, 1.0)
            render_setup(app, take, LARGE, 2.0)

    develop(out, lambda _name: True, render)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
