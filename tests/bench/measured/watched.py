"""A real QApplication that lets a benchmark look on while the program is started by its own entry, unchanged.

`watch` puts a subclass in the place of PySide6's QApplication before the program imports it. The subclass adds nothing
but one call, when the event loop is about to begin and the windows have been told to show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import PySide6.QtWidgets
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from tests.bench.measured.event_costs import Costs, label_of

if TYPE_CHECKING:
    from tgwizard.gui.shell.main_window import MainWindow


class WatchedApplication(QApplication):
    """Calls ``about_to_run`` once, with itself, before its event loop begins."""

    about_to_run: Callable[[QApplication], None]

    def exec(self) -> int:  # type: ignore[override]  # PySide6 declares it static and calls it on the object
        """Run the event loop."""
        type(self).about_to_run(self)
        return super().exec()


class CostedApplication(WatchedApplication):
    """Tells `costs` of every event, too. That takes time itself: for finding out, not for figures."""

    costs: Costs

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        """Deliver the event."""
        label = label_of(receiver, event)
        began = self.costs.enter()
        try:
            return super().notify(receiver, event)
        finally:
            self.costs.leave(began, label)


def watch(about_to_run: Callable[[QApplication], None], costs: Costs | None = None) -> None:
    """From now on whoever imports QApplication gets the watched one; with `costs`, the one that tells of events."""
    kind: type[WatchedApplication] = WatchedApplication
    if costs is not None:
        kind, CostedApplication.costs = CostedApplication, costs
    kind.about_to_run = staticmethod(about_to_run)
    PySide6.QtWidgets.QApplication = kind  # type: ignore[misc]  # the purpose of this module


class FirstPaint(QObject):
    """Calls ``painting`` when a window begins its first paint, and ``painted`` as soon as the frame is out."""

    def __init__(self, app: QApplication, painting: Callable[[], None], painted: Callable[[], None]) -> None:
        """Look at the windows there are now."""
        super().__init__(app)
        self._painting, self._painted = painting, painted
        self._windows = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
        for window in self._windows:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """See the first Paint; what it paints is on the screen when the event loop comes round again."""
        if event.type() is QEvent.Type.Paint:
            for window in self._windows:
                window.removeEventFilter(self)
            self._windows.clear()
            self._painting()
            QTimer.singleShot(0, self, self._painted)
        return super().eventFilter(watched, event)


def find(kind: type[QWidget], name: str, among: Sequence[QWidget]) -> QWidget | None:
    """The first visible widget of a kind with this accessible name below these windows."""
    for window in among:
        for widget in window.findChildren(kind):
            if widget.accessibleName() == name and widget.isVisible():
                return widget
    return None


def complete_window() -> MainWindow | None:
    """The program's window, once it has all it works with; None until then."""
    from tgwizard.gui.shell.main_window import MainWindow  # a start is measured without it

    found = (window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow))
    return next((window for window in found if window.is_complete), None)
