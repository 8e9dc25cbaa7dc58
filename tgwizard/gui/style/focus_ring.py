"""The focus ring: 2 px, 2 px outside the control, in `accent text` (gui/README.md 5).

One transparent overlay follows the keyboard focus. It lies on the page, not on what holds the control: no card or box
cuts it, and only what stands at the very edge of a scrolled page needs a margin. A click hides it, a key shows it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QDialog, QLineEdit, QWidget
from shiboken6 import isValid

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token

REACH = 4
"""How far the ring's widget stands out of the control: 2 px of air and 2 px of line."""

_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide})
_HANDS = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress})


class _Ring(QWidget):
    """The ring round one control, on the page that holds it."""

    def __init__(self, theme: Theme, page: QWidget, radius: float) -> None:
        super().__init__(page)
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


def _page_of(control: QWidget) -> QWidget:
    """What moves with the control and is large: the content of a scroll area, a dialog, or all of the window."""
    page, around = control, control.parentWidget()
    while around is not None and not isinstance(page, QDialog):
        page, around = around, around.parentWidget()
        if around is None or around.isWindow() or isinstance(around.parentWidget(), QAbstractScrollArea):
            break
    return page


class FocusRing(QObject):
    """Keeps the ring round the widget that has the focus, if that widget has a `ring_radius` attribute."""

    def __init__(self, app: QApplication, theme: Theme) -> None:
        """Follow the focus of `app` until destroyed."""
        super().__init__(app)
        self._theme = theme
        self._control: QWidget | None = None
        self._ring: _Ring | None = None
        self._followed: list[QWidget] = []
        """The control, and what it stands in up to the ring's page: when one of them moves, so does the ring."""
        self._by_key = True
        """Whether a key was used since the last click."""
        app.focusChanged.connect(self._on_focus)

    @Slot(QWidget, QWidget)
    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._leave()
        if new is None or new.parentWidget() is None:
            return
        # Whatever it is, it tells whether keys are used, or the mouse.
        new.installEventFilter(self)
        self._control, self._followed = new, [new]
        radius = getattr(new, "ring_radius", None)
        if radius is None or isinstance(new, QLineEdit):
            return
        page = _page_of(new)
        self._ring = _Ring(self._theme, page, float(radius))
        self._ring.destroyed.connect(self._on_ring_gone)
        part = new.parentWidget()
        while part is not None and part is not page:
            part.installEventFilter(self)
            self._followed.append(part)
            part = part.parentWidget()
        self._follow()

    @Slot()
    def _on_ring_gone(self) -> None:
        self._ring = None
        self._control = None
        self._followed = []

    def _leave(self) -> None:
        followed, ring = self._followed, self._ring
        self._control, self._ring, self._followed = None, None, []
        for part in followed:
            if isValid(part):
                part.removeEventFilter(self)
        if ring is not None:
            ring.destroyed.disconnect(self._on_ring_gone)
            ring.hide()
            ring.deleteLater()

    def _follow(self) -> None:
        control, ring = self._control, self._ring
        page = None if ring is None else ring.parentWidget()
        if control is None or ring is None or page is None:
            return
        place = QRect(control.mapTo(page, QPoint(0, 0)), control.size())
        ring.setGeometry(place.adjusted(-REACH, -REACH, REACH, REACH))
        ring.setVisible(self._by_key and control.isVisible())
        ring.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the control when it moves, grows, hides or shows; a click hides the ring, a key shows it."""
        kind = event.type()
        if kind in _MOVES:
            self._follow()
        elif kind in _HANDS and watched is self._control and self._by_key is not (kind is QEvent.Type.KeyPress):
            self._by_key = not self._by_key
            self._follow()
        return False
