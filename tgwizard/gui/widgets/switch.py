"""A switch: on or off at once, with its label and what it comes to. The whole row is the target."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import pressed_by_enter

_TRACK = (34, 20)
_WIDE = 10_000


class Switch(QCheckBox):
    """A check box painted as a switch: on it also carries a tick, so that it reads in grey."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, name: str, consequence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._consequence = consequence
        self.setAccessibleName(name)
        self.setAccessibleDescription(consequence)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def hasHeightForWidth(self) -> bool:
        """The consequence wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Name, and as many lines as the consequence needs."""
        title = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG)).height()
        words = self._words_box(QRectF(0, 0, width, 1000), title)
        return round(title + words.height() + self._theme.px(8))

    def sizeHint(self) -> QSize:
        """One line each: whoever lays it out asks for the height of the width there is."""
        return QSize(self._theme.px(420), self.heightForWidth(_WIDE))

    def minimumSizeHint(self) -> QSize:
        """Room for the switch and some words."""
        return QSize(self._theme.px(220), self.heightForWidth(_WIDE))

    def hitButton(self, _position: object) -> bool:
        """The whole row is the target."""
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter turns it as Space does."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def _words_box(self, box: QRectF, title: float) -> QRectF:
        room = QRectF(box.left(), box.top() + title + 2, box.width() - self._theme.px(_TRACK[0] + 24), 1000)
        metrics = QFontMetricsF(self._theme.font(TextRole.CAPTION))
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        return metrics.boundingRect(room, flags, self._consequence)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint words at left, the track and its knob at right."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        font = theme.font(TextRole.BODY_STRONG)
        height = QFontMetricsF(font).height()
        painter.setFont(font)
        painter.setPen(theme.colour(Token.TEXT))
        painter.drawText(QRectF(box.left(), box.top(), box.width(), height), self._name)
        painter.setFont(theme.font(TextRole.CAPTION))
        painter.setPen(theme.colour(Token.TEXT2))
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self._words_box(box, height), flags, self._consequence)
        on = self.isChecked()
        width, tall = theme.px(_TRACK[0]), theme.px(_TRACK[1])
        track = QRectF(box.right() - width, box.center().y() - tall / 2, width, tall)
        painter.setPen(QPen(theme.colour(Token.ACCENT if on else Token.INPUT), 1.5))
        painter.setBrush(theme.colour(Token.ACCENT if on else Token.CARD))
        painter.drawRoundedRect(track, tall / 2, tall / 2)
        centre = QPointF(track.right() - tall / 2 if on else track.left() + tall / 2, track.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.ON_FILL if on else Token.INPUT))
        painter.drawEllipse(centre, tall * 0.31, tall * 0.31)
        if on:
            painter.setPen(QPen(theme.colour(Token.ON_FILL), 1.6, c=Qt.PenCapStyle.RoundCap))
            left = track.left() + tall * 0.38
            middle = track.center().y()
            painter.drawLine(QPointF(left, middle), QPointF(left + tall * 0.14, middle + tall * 0.15))
            painter.drawLine(QPointF(left + tall * 0.14, middle + tall * 0.15), QPointF(left + 0.4 * tall, middle - 3))
