"""A person at the window: finds things by their accessible name, as a screen reader's user does, and presses them."""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QDeadlineTimer, QEvent, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from tests.gui.held_clock import SteppedClock
from tests.rig import ARM, Rig, rig
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Endpoint
from tgwizard.gui.app.app_context import AppContext, LabLocation, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.app.first_glance import FirstGlance
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.fleet.fleet_page import FleetPage
from tgwizard.gui.lab.lab_page import LabPage
from tgwizard.gui.settings.settings_page import SettingsPage
from tgwizard.gui.shell.main_window import MainWindow
from tgwizard.gui.style.focus_ring import FocusRing
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.clock import LabTime
from tgwizard.lab.control_client import HttpLabControl
from tgwizard.lab.data_plane import DataPlane
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.fronts.tls_server import LOOPBACK
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup

End = Callable[[], None]

PATIENCE_MS = 120_000
"""How long a test waits for what is to come, on a machine that does much else. It passes only when it does not come."""

FIRST_PORT = 21_000
"""Of those that a lab gives to addresses, where it is to be the same every time."""

_PID = os.getpid()
OWN_HOST = f"127.{_PID >> 16}.{_PID >> 8 & 255}.{_PID & 255}" if sys.platform == "linux" else LOOPBACK
"""A loopback address of this process alone, where there are many: its ports are free, whoever else runs a lab."""

LEAVE_WITHIN_S = 60.0
"""How long the jobs of a window may take to end when it closes; the same."""


def accessible_name(widget: QWidget) -> str:
    """What assistive technology is told to call the widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name)


def accessible_description(widget: QWidget) -> str:
    """What assistive technology is told about the widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Description)


def whole_window(theme: Theme, bridge: Bridge, context: AppContext) -> MainWindow:
    """A window that is complete before it is shown; `start` shows it first."""
    window = MainWindow(theme, FirstGlance(context.place, context.is_lab))
    window.complete(bridge, context)
    return window


def clusters_page(window: MainWindow) -> FleetPage:
    """The Clusters page of a window."""
    page = window.pages.page(NavPage.CLUSTERS)
    assert isinstance(page, FleetPage)
    return page


def lab_page(window: MainWindow) -> LabPage:
    """The Lab page of a window."""
    page = window.pages.page(NavPage.LAB)
    assert isinstance(page, LabPage)
    return page


def settings_page(window: MainWindow) -> SettingsPage:
    """The Settings page of a window."""
    page = window.pages.page(NavPage.SETTINGS)
    assert isinstance(page, SettingsPage)
    return page


def focusable(root: QWidget) -> Iterator[QWidget]:
    """Every visible widget below `root` that can get the keyboard focus."""
    for widget in root.findChildren(QWidget):
        if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus and widget.isVisibleTo(root):
            yield widget


def is_still_to_appear(widget: QWidget) -> bool:
    """Whether it was put into a layout that is seen, and Qt shows it in a later turn of the event loop only."""
    parent = widget.parentWidget()
    hidden = widget.testAttribute(Qt.WidgetAttribute.WA_WState_Hidden)
    by_word = widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
    return hidden and not by_word and not widget.isWindow() and parent is not None and parent.isVisible()


class Found:
    """What a person finds in a window, by accessible names."""

    window: MainWindow

    def all_named(self, start: str) -> list[QWidget]:
        """Every visible widget whose accessible name begins with `start`."""
        # What was put into a layout is shown in a later turn of the event loop: a person never sees the page before.
        QApplication.sendPostedEvents(None, QEvent.Type.MetaCall.value)
        return [
            widget
            for widget in self.window.findChildren(QWidget)
            if widget.isVisible() and accessible_name(widget).startswith(start)
        ]

    def find(self, start: str) -> QWidget:
        """The one visible button whose accessible name begins with `start`, else the first such widget."""
        found = self.all_named(start)
        buttons = [widget for widget in found if isinstance(widget, QAbstractButton)]
        assert found, f"nothing visible is called {start!r}"
        return buttons[-1] if buttons else found[0]

    def press(self, start: str) -> None:
        """Click the button so called with the mouse."""
        button = self.find(start)
        assert button.isEnabled(), f"{start!r} is off: {accessible_description(button)}"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def says(self, start: str) -> bool:
        """Whether something visible has an accessible name that begins with `start`."""
        return bool(self.all_named(start))


@dataclass(frozen=True)
class Desk(Found):
    """A window on a lab, with the rig behind it."""

    window: MainWindow
    bridge: Bridge
    rig: Rig
    theme: Theme

    @property
    def session(self) -> ClusterSession:
        """The one cluster's session."""
        return next(iter(self.window.sessions.values()))


def until_followed(plane: DataPlane, made: Rig) -> None:
    """Wait until whoever tries the floating IP finds what the lab says."""
    subnet, address = made.setup.subnet.text, str(made.setup.address)
    port, deadline = plane.port(subnet, address), QDeadlineTimer(PATIENCE_MS)
    while not deadline.hasExpired():
        with socket.socket() as one:
            if (one.connect_ex((OWN_HOST, port)) == 0) is made.lab.answers(subnet, address):
                return
    raise TimeoutError("nobody follows the lab")


def open_desk(
    theme: Theme,
    folder: Path,
    *,
    latency: Latency = Latency.INSTANT,
    open_journal: Callable[[Path, ClusterIdentity], FailoverJournal] = FailoverJournal.open,
    traffic: bool = False,
    scenario: str = "ready",
    clock: LabTime | SystemClock | None = None,
) -> tuple[Desk, End]:
    """A shown window on a scenario of one cluster, real SDK, real jobs, in real time but for `clock`; call the end when
    done.

    `clock`: one that a test can put forward.
    `traffic`: the lab's floating IPs can be reached on loopback, as in a lab that is served.
    """
    time = cast("LabTime", clock or SystemClock())
    lab = Lab.from_scenario(scenario, clock=time, latency=latency, seed=0)
    made = rig(latency, lab=lab, clock=time, state=folder / "state", open_journal=open_journal)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    ring = FocusRing(app, theme)
    bridge = Bridge()
    window = whole_window(theme, bridge, AppContext("Embedded in this window", is_lab=True))
    bridge.start()
    window.show()
    control = HttpLabControl(lab_session(made.lab), lambda: ARM, lambda: made.lab.control_token)
    stepped = isinstance(time, SteppedClock)
    host = OWN_HOST if stepped else LOOPBACK
    plane = DataPlane(made.lab, itertools.count(FIRST_PORT).__next__, host) if stepped else DataPlane(made.lab)
    services = made.services
    if traffic:
        made.lab.traffic_port, made.lab.on_change = plane.port, plane.look
        if isinstance(time, SteppedClock):
            time.between = partial(until_followed, plane, made)

        def endpoint(setup: ClusterSetup) -> Endpoint:
            return replace(control.endpoint(setup.subnet.text, str(setup.address)), host=host)

        services = replace(services, endpoint=endpoint)
    where = LabLocation(str(folder), "https://localhost:8443", str(folder / "tls" / "ca.pem"))
    window.show_opened(OpenedProgram(services, (replace(made.setup),), lab=control, lab_where=where))

    def end() -> None:
        for session in window.sessions.values():
            session.stop()
        still = made.services.jobs.close(LEAVE_WITHIN_S)
        bridge.stop()
        window.hide()
        window.deleteLater()
        ring.deleteLater()
        bridge.deleteLater()
        control.close()
        plane.close()
        assert not still, f"jobs outlived the window: {still}"

    return Desk(window, bridge, made, theme), end
