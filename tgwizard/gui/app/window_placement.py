"""Keeps the window where it was left, and inside the area that the screens leave free."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from tgwizard.gui.app.window_geometry import Box, Frame, WindowPlace, fitted, least_size

FRAMED_MS = 300
"""So long after it was shown, the window has the frame that the window manager gives it."""


def free_areas(first: QScreen) -> list[Box]:
    """What the system leaves free of each screen; that of `first` comes first."""
    others = [screen for screen in QGuiApplication.screens() if screen is not first]
    return [_box(screen.availableGeometry()) for screen in (first, *others)]


def _box(area: QRect) -> Box:
    return Box(area.x(), area.y(), area.width(), area.height())


class WindowPlacement(QObject):
    """Of one top-level window; `appear` shows it."""

    def __init__(self, window: QWidget, left: WindowPlace) -> None:
        """Put the window where it was `left`, as far as the screens there are now allow."""
        super().__init__(window)
        self._window = window
        self._maximised = left.maximised
        self._framed = QTimer(self, singleShot=True, interval=FRAMED_MS)
        self._framed.timeout.connect(self.fit)
        window.setGeometry(*fitted(left.box, free_areas(window.screen())))
        self._bound()

    def appear(self) -> None:
        """Show the window as it was left; from now on it is known which screen it is on, and when that changes."""
        if self._maximised:
            self._window.showMaximized()
        else:
            self._window.show()
        handle = self._window.windowHandle()
        handle.screenChanged.connect(self._on_screen)
        self._on_screen(handle.screen())
        # The frame is the window manager's, and comes after the window.
        self._framed.start()

    @property
    def left(self) -> WindowPlace:
        """Where it stands now, to be found there again."""
        window = self._window
        box = window.normalGeometry() if window.isMaximized() or window.isFullScreen() else window.geometry()
        return WindowPlace(_box(box) if box.isValid() else None, window.isMaximized())

    @Slot()
    def fit(self) -> None:
        """Stay inside the area that the screens leave free, now that it is known, or is another one."""
        self._bound()
        window = self._window
        if window.isVisible() and not window.isMaximized() and not window.isFullScreen():
            now = _box(window.geometry())
            box = fitted(now, free_areas(window.screen()), self._frame())
            if box != now:
                window.setGeometry(*box)

    @Slot(QScreen)
    def _on_screen(self, screen: QScreen) -> None:
        self._bound()
        screen.availableGeometryChanged.connect(self.fit)

    def _bound(self) -> None:
        area, *_ = free_areas(self._window.screen())
        self._window.setMinimumSize(*least_size(area))

    def _frame(self) -> Frame:
        outer, inner = self._window.frameGeometry(), self._window.geometry()
        left, top = inner.left() - outer.left(), inner.top() - outer.top()
        return Frame(left, top, outer.right() - inner.right(), outer.bottom() - inner.bottom())
