"""A sentence beside the thing it speaks of, for a few seconds: why a key did nothing. It covers, and moves nothing."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QAccessible, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import TextLabel

SHOWN_MS = 6000
WIDEST = 420
APART = 6


class Callout(QWidget):
    """One for each window. It goes after a while, by Esc, by a click on it, and when the next one comes."""

    accessible_role = QAccessible.Role.AlertMessage

    def __init__(self, theme: Theme, over: QWidget) -> None:
        """Nothing is said yet; it is shown over `over`."""
        super().__init__(over)
        self._theme = theme
        self._over = over
        self._words = TextLabel(theme, "", TextRole.BODY, wrap=True)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(14), theme.px(10), theme.px(16), theme.px(10))
        row.setSpacing(theme.px(10))
        row.addWidget(ShapeMark(theme, Shape.NOTE, 16), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self._end = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._end.timeout.connect(self.hide)
        self.hide()
        theme.changed.connect(self.update)

    @property
    def text_shown(self) -> str:
        """What is said now; empty when nothing is."""
        return "" if self.isHidden() else self._words.text_shown

    def say(self, sentence: str, near: QWidget | None = None) -> None:
        """Say it under `near`, or above it where there is no room; else at the foot of the window."""
        self._words.say(sentence)
        self.setAccessibleName(sentence)
        room = self._over.rect()
        width = min(self._theme.px(WIDEST), room.width() - 2 * APART)
        self.setFixedWidth(width)
        height = self._row.heightForWidth(width)
        self.setFixedHeight(height)
        self.move(self._place(near, room, width, height))
        self.show()
        self.raise_()
        self._end.start()
        announce(self, sentence)

    def _place(self, near: QWidget | None, room: QRect, width: int, height: int) -> QPoint:
        if near is None or not near.isVisible() or near.visibleRegion().isEmpty():
            return QPoint((room.width() - width) // 2, room.height() - height - self._theme.px(24))
        box = QRect(near.mapTo(self._over, QPoint(0, 0)), near.size())
        below = box.bottom() + APART
        y = below if below + height <= room.height() else box.top() - APART - height
        x = min(max(box.left(), APART), room.width() - width - APART)
        return QPoint(x, min(max(y, APART), max(APART, room.height() - height - APART)))

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """It was read."""
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        paint_ground(painter, self._theme, box, Token.CARD, Token.ACCENT_TEXT, Radius.CONTROL, 1.5)
