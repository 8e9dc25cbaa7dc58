"""The focus ring: 2 px, 2 px outside the control, in `accent text` (gui/README.md 5).

One transparent overlay follows the keyboard focus. Painting it outside the control needs no spare margin in any widget.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token

REACH = 4
"""How far the ring's widget stands out of the control: 2 px of air and 2 px of line."""


class _Ring(QWidget):
    """The ring round one control, as a sibling of it."""

    def __init__(self, theme: Theme, control: QWidget, radius: float) -> None:
        super().__init__(control.parentWidget())
        self._theme = theme
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour(Token.ACCENT_TEXT), 2))
        radius = self._radius + REACH - 1
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)


class FocusRing(QObject):
    """Keeps the ring round the widget that has the focus, if that widget has a `ring_radius` attribute."""

    def __init__(self, app: QApplication, theme: Theme) -> None:
        """Follow the focus of `app` until destroyed."""
        super().__init__(app)
        self._theme = theme
        self._control: QWidget | None = None
        self._ring: _Ring | None = None
        app.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._leave()
        if new is None or new.parentWidget() is None or isinstance(new, QLineEdit):
            return
        radius = getattr(new, "ring_radius", None)
        if radius is None:
            return
        self._control = new
        self._ring = _Ring(self._theme, new, float(radius))
        self._ring.destroyed.connect(self._on_ring_gone)
        new.installEventFilter(self)
        self._follow()

    @Slot()
    def _on_ring_gone(self) -> None:
        self._ring = None
        self._control = None

    def _leave(self) -> None:
        control, ring = self._control, self._ring
        self._control, self._ring = None, None
        if control is not None:
            control.removeEventFilter(self)
        if ring is not None:
            ring.destroyed.disconnect(self._on_ring_gone)
            ring.hide()
            ring.deleteLater()

    def _follow(self) -> None:
        if self._control is None or self._ring is None:
            return
        self._ring.setGeometry(self._control.geometry().adjusted(-REACH, -REACH, REACH, REACH))
        self._ring.setVisible(self._control.isVisible())
        self._ring.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the control when it moves, grows, hides or shows."""
        if watched is self._control and event.type() in {
            QEvent.Type.Move,
            QEvent.Type.Resize,
            QEvent.Type.Show,
            QEvent.Type.Hide,
        }:
            self._follow()
        return False
