"""Code to read and copy: a numbered text whose added lines are tinted, and a short command in its own ground."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import let_wrap


class CodeLines(QWidget):
    """Numbered lines; those in `added` have a tint and a plus sign. Long lines are cut; Copy has them whole."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """Nothing yet; `name` is what assistive technology calls the text."""
        super().__init__(parent)
        self._theme = theme
        self._lines: tuple[str, ...] = ()
        self._added: frozenset[int] = frozenset()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self._lines)

    def show_lines(self, text: str, added: frozenset[int] = frozenset()) -> None:
        """Replace the text; `added` holds line numbers from 0."""
        self._lines = tuple(text.splitlines())
        self._added = added
        self.setAccessibleDescription(text)
        self.updateGeometry()
        self.update()

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(TextRole.MONO)).height() + self._theme.px(3)

    def sizeHint(self) -> QSize:
        return QSize(400, math.ceil(self._line() * len(self._lines)) + self._theme.px(20))

    def minimumSizeHint(self) -> QSize:
        """All lines, cut at the right."""
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        paint_ground(painter, theme, QRectF(self.rect()), Token.CARD, Token.BORDER, Radius.CARD)
        font = theme.font(TextRole.MONO)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        line, top = self._line(), theme.px(10)
        gutter, left = theme.px(34), theme.px(64)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for number, words in enumerate(self._lines):
            box = QRectF(1, top + number * line, self.width() - 2, line)
            new = number in self._added
            if new:
                painter.fillRect(box, theme.colour(Token.ACCENT_TINT))
            painter.setPen(theme.colour(Token.TEXT3))
            at = QRectF(0, box.top(), gutter, line)
            painter.drawText(at, middle | int(Qt.AlignmentFlag.AlignRight), str(number + 1))
            painter.setPen(theme.colour(Token.ACCENT_TEXT if new else Token.TEXT))
            if new:
                painter.drawText(QRectF(theme.px(46), box.top(), theme.px(14), line), middle, "+")
            room = self.width() - left - theme.px(14)
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QRectF(left, box.top(), room, line), middle, shown)


class CommandBlock(QWidget):
    """A command on its own ground, wrapped where it must; Copy beside it has it whole."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWrapAnywhere)
        self.setAccessibleName("Command")
        let_wrap(self)
        theme.changed.connect(self.update)

    @property
    def text(self) -> str:
        return self._text

    def say(self, text: str) -> None:
        """Replace the command."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(f"Command: {text}")
            self.updateGeometry()
            self.update()

    def heightForWidth(self, width: int) -> int:
        """All of it, wrapped."""
        pad = self._theme.px(12)
        metrics = QFontMetricsF(self._theme.font(TextRole.MONO))
        room = QRectF(0, 0, max(1, width - 2 * pad), 100_000)
        return math.ceil(metrics.boundingRect(room, self._flags, self._text).height()) + 2 * self._theme.px(9)

    def sizeHint(self) -> QSize:
        """A narrow block."""
        width = self._theme.px(240)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Never less than a line."""
        return QSize(self._theme.px(120), self._theme.px(34))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        paint_ground(painter, theme, QRectF(self.rect()), Token.SUNKEN, Token.BORDER, Radius.CONTROL)
        painter.setFont(theme.font(TextRole.MONO))
        painter.setPen(theme.colour(Token.TEXT))
        pad, top = theme.px(12), theme.px(9)
        painter.drawText(QRectF(self.rect()).adjusted(pad, top, -pad, -top), self._flags, self._text)
