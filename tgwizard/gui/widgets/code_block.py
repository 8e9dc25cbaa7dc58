"""Code to read and copy: a numbered text whose added lines are tinted, and a short command in its own ground."""

from __future__ import annotations

import itertools
import math
import re

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import let_wrap, plain_tip


class CodeLines(QWidget):
    """Numbered lines; those in `added` have a tint and a plus sign. Tooltip and Copy have long ones whole."""

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
        room = self.width() - left - theme.px(14)
        cut: list[str] = []
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
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(QRectF(left, box.top(), room, line), middle, shown)
            if shown != words:
                cut.append(words.strip())
        tip = plain_tip("\n".join(cut))
        if tip != self.toolTip():
            self.setToolTip(tip)


_OPTION = re.compile(r" (?=--?[a-zA-Z])")
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*\"""")
_GOES_ON = " \\"
_INDENT = "  "
_CUT = "…"


def wrapped_command(command: str, room: int) -> str:
    """`command` on lines of at most `room` characters: a line ends before an option, as a shell would have it go on.

    An option with its value that no line holds is parted at its spaces, and a single word that is too long for a line
    loses its middle: whoever shows this has the whole in reach.
    """
    return "\n".join(
        row for line in command.splitlines() for row in ([line] if len(line) <= room else _rows(line, room))
    )


def _rows(line: str, room: int) -> list[str]:
    """One line of a command that is too long for the room."""
    rows: list[str] = []
    indent, least = "", room - len(_INDENT) - len(_GOES_ON)
    for option in _at_options(line):
        parts = _held(option, least)
        for number, part in enumerate(parts):
            begins = number == 0 and len(parts) > 1
            if rows and not begins and len(rows[-1]) + 1 + len(part) + len(_GOES_ON) <= room:
                rows[-1] += f" {part}"
            else:
                rows.append(indent + part)
                indent = _INDENT
    return [row + (_GOES_ON if number < len(rows) - 1 else "") for number, row in enumerate(rows)]


def _at_options(line: str) -> list[str]:
    """The line parted before each option; what is quoted stays together."""
    quoted = [found.span() for found in _QUOTED.finditer(line)]
    ends = [
        found.start()
        for found in _OPTION.finditer(line)
        if not any(start <= found.start() < end for start, end in quoted)
    ]
    places = [0, *(end + 1 for end in ends), len(line) + 1]
    return [line[start : end - 1] for start, end in itertools.pairwise(places)]


def _held(piece: str, room: int) -> list[str]:
    """An option with its value in parts that a line holds."""
    if len(piece) <= room:
        return [piece]
    option, _, value = piece.partition(" ")
    if option.startswith("-") and " " not in value and len(option) + 1 + LEAST_VALUE <= room:
        return [f"{option} {_in_short(value, room - len(option) - 1)}"]
    if (inner := _OPTION.split(piece))[1:]:
        return [part for one in inner for part in _held(one, room)]
    return [_in_short(word, room) for word in piece.split(" ")]


def _in_short(word: str, room: int) -> str:
    """A word cut so that its end stays: of an id the name, with the types before it that there is room for."""
    if len(word) <= room:
        return word
    tail = ""
    for segment in reversed(word.split("/")[1:]):
        if len(_CUT) + len(f"/{segment}{tail}") > room:
            break
        tail = f"/{segment}{tail}"
    if tail:
        return f"{_CUT}{tail}"
    first = (room - len(_CUT)) // 2
    return f"{word[:first]}{_CUT}{word[len(word) - (room - len(_CUT) - first) :]}"


LEAST_ROOM = 16
"""Characters of a line in the narrowest block that is wrapped."""

LEAST_VALUE = 12
"""A value is not cut shorter to stay in the line of its option."""


class CommandBlock(QWidget):
    """A command on its own ground, wrapped at its options. The tooltip has it whole, and so has Copy beside it."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self.setAccessibleName("Command")
        let_wrap(self)
        theme.changed.connect(self.update)

    @property
    def text(self) -> str:
        """The command as it is copied."""
        return self._text

    def say(self, text: str) -> None:
        """Replace the command."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(f"Command: {text}")
            self.updateGeometry()
            self.update()

    def rows_at(self, width: int) -> tuple[str, ...]:
        """The lines shown in a block so wide."""
        glyph = QFontMetricsF(self._theme.font(TextRole.MONO)).horizontalAdvance("0")
        room = int((width - 2 * self._theme.px(12)) / glyph)
        return tuple(wrapped_command(self._text, max(room, LEAST_ROOM)).splitlines())

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(TextRole.MONO)).lineSpacing()

    def heightForWidth(self, width: int) -> int:
        """All of it, wrapped."""
        return math.ceil(self._line() * max(1, len(self.rows_at(width)))) + 2 * self._theme.px(9)

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
        pad, line = theme.px(12), self._line()
        rows = self.rows_at(self.width())
        tip = plain_tip(self._text) if "\n".join(rows) != self._text else ""
        if tip != self.toolTip():
            self.setToolTip(tip)
        for number, row in enumerate(rows):
            box = QRectF(pad, theme.px(9) + number * line, self.width() - pad, line)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), row)
