"""A window on a lab that has no cluster yet, and the steps a person takes through the wizard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.gui.desk import LEAVE_WITHIN_S, End, Found, is_still_to_appear, whole_window
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.jobs import JobGroup
from tgwizard.engine.ports import SignIn
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_page import SetupPage
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.focus_ring import FocusRing
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.clock import LabTime
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency

P = TypeVar("P", bound=StepPage)


def page_among(pages: Iterable[StepPage], kind: type[P]) -> P:
    """The one of that kind."""
    (page,) = (page for page in pages if isinstance(page, kind))
    return page


@dataclass
class SetupDesk(Found):
    """The window, the lab behind it, and how many clicks it has taken so far."""

    window: MainWindow
    bridge: Bridge
    rig: SetupRig
    theme: Theme
    state: Path
    clusters: Path
    clicks: int = field(default=0)

    @property
    def page(self) -> SetupPage:
        """The wizard."""
        page = self.window.stack.currentWidget()
        assert isinstance(page, SetupPage)
        return page

    def step_page(self, kind: type[P]) -> P:
        """The page of a step that was shown already."""
        return page_among(self.page.pages.values(), kind)

    @property
    def wizard(self) -> WizardController:
        """What stands behind it, now that the program is open."""
        wizard = self.page.wizard
        assert wizard is not None
        return wizard

    @property
    def all_there(self) -> bool:
        """Whether everything known is shown, and where it stays."""
        page = self.page
        if page._later.isActive() or any(is_still_to_appear(widget) for widget in page.findChildren(QWidget)):
            return False
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        return True

    @property
    def idle(self) -> bool:
        """Whether no task of the wizard is under way, and everything known is shown."""
        return self.all_there and not any(group.under_way for group in self.groups)

    @property
    def groups(self) -> list[JobGroup]:
        """The jobs of the wizard, of every kind."""
        wizard, session = self.wizard, self.wizard.session
        parts = (session, session.account, wizard.applier, wizard.verifier, wizard.ending, wizard.drafts)
        found = [kept for part in parts for kept in vars(part).values()]
        return [*session._reads.values(), *(kept for kept in found if isinstance(kept, JobGroup))]

    @property
    def at_rest(self) -> bool:
        """Whether the one way on is on, and stays so."""
        return self.page.frame.footer.go_on.isEnabled() and self.idle

    def press(self, start: str) -> None:
        """Click, and count it."""
        self.clicks += 1
        super().press(start)

    def click_at(self, widget: QWidget) -> None:
        """Click a part, and count it."""
        self.clicks += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def open_setup_desk(
    theme: Theme,
    folder: Path,
    scenario: str = "fresh",
    *,
    latency: Latency = Latency.INSTANT,
    state: Path | None = None,
    early: bool = False,
    clock: LabTime | None = None,
    before: Callable[[SetupRig], None] = lambda _rig: None,
    signing_in: Callable[[SetupRig], SignIn] | None = None,
    is_lab: bool = True,
    lab: Lab | None = None,
) -> tuple[SetupDesk, End]:
    """A shown window on a lab of `scenario`, real SDK, real jobs; call the end when done.

    `state`: where another window kept its draft and journals. `early`: the wizard is opened before the program is.
    `clock`: a virtual one makes Azure's waits free, up to Apply; watching a cluster would never rest on it.
    `before`: what someone did in the lab before the window was opened. `signing_in`: another way in than the lab's.
    `is_lab`: whether it is known that this is a lab, where one can ask in the machines' own names.
    `lab`: one that is there already, in place of a new one.
    """
    state, clusters = state or folder / "state", folder / "clusters"
    time = clock or cast("LabTime", SystemClock())
    made = setup_rig(scenario, latency, lab=lab, clock=time, state=state, members=is_lab)
    before(made)
    if signing_in is not None:
        made = replace(made, services=replace(made.services, sign_in=signing_in(made)))
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    ring = FocusRing(app, theme)
    bridge = Bridge()
    context = AppContext("Embedded in this window", is_lab=is_lab, clusters_folder=clusters)
    window = whole_window(theme, bridge, context)
    bridge.start()
    window.show()
    if early:
        window.go_to(NavPage.SET_UP)
    window.show_opened(OpenedProgram(made.services, ()))
    if not early:
        window.go_to(NavPage.SET_UP)

    def end() -> None:
        for session in window.sessions.values():
            session.stop()
        still = made.services.jobs.close(LEAVE_WITHIN_S)
        bridge.stop()
        window.hide()
        window.deleteLater()
        ring.deleteLater()
        bridge.deleteLater()
        assert not still, f"jobs outlived the window: {still}"

    return SetupDesk(window, bridge, made, theme, state, clusters), end
