"""The occupancy map: 32 squares a row, one for each address, or one for each block of a large subnet (gui/README.md 6).

Kinds differ by pattern, not by hue alone. One widget paints them all: arrows move, Enter picks, and the square under
the keyboard or the mouse is named below the map and to assistive technology.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QBrush,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import CHOOSES

A_ROW = 32
"""Squares in a row."""


class SquareKind(Enum):
    """What an address is; the value is the word of the legend."""

    CHOSEN = "your choice"
    SUGGESTED = "suggested"
    FREE = "free"
    IN_USE = "in use"
    MEMBER = "the two machines"
    BALANCER = "load balancer"
    RESERVED = "reserved by Azure"


@dataclass(frozen=True, slots=True)
class Square:
    """One address or block: its kind, its name, and the words after it ("in use by vm-sql-03-nic, rg-data")."""

    kind: SquareKind
    name: str
    words: str = ""

    @property
    def sentence(self) -> str:
        """The square in words."""
        return f"{self.name}, {self.words or self.kind.value}"


class AddressMap(QWidget):
    """Squares with the first name of each row before it. `pointed(square)` moves, `picked(index)` picks."""

    accessible_role = QAccessible.Role.Graphic
    ring_radius = Radius.TAG
    pointed = Signal(object)
    picked = Signal(int)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """An empty map; `name` is what assistive technology calls it."""
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._squares: tuple[Square, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._at = 0
        self._by_mouse = False
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    @property
    def squares(self) -> tuple[Square, ...]:
        """What is shown."""
        return self._squares

    @property
    def at(self) -> Square | None:
        """The square under the keyboard or the mouse."""
        return self._squares[self._at] if self._at < len(self._squares) else None

    def show_squares(self, squares: Sequence[Square], labels: Sequence[str]) -> None:
        """Replace the map; `labels` stand before the rows."""
        new = tuple(squares)
        size_changed = len(new) != len(self._squares)
        first = not self._squares
        self._squares, self._labels = new, tuple(labels)
        if first or self._at >= len(new):
            wanted = (SquareKind.CHOSEN, SquareKind.SUGGESTED, SquareKind.FREE)
            order = [place for kind in wanted for place, square in enumerate(new) if square.kind is kind]
            self._at = order[0] if order else 0
        if size_changed:
            self.updateGeometry()
        self._tell(aloud=False)
        self.update()

    # Measures ----------------------------------------------------------------------------------------------------

    def _gutter(self) -> float:
        metrics = QFontMetricsF(self._theme.font(TextRole.MONO))
        widest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0.0)
        return widest + self._theme.px(14)

    def _pitch(self, width: int) -> float:
        return max(9.0, min(self._theme.px(26), (width - self._gutter()) / A_ROW))

    def _rows(self) -> int:
        return -(-len(self._squares) // A_ROW) or 1

    def _box(self, index: int) -> QRectF:
        pitch = self._pitch(self.width())
        gap = max(1.0, min(self._theme.px(3), pitch * 0.13))
        row, column = divmod(index, A_ROW)
        high = self._row_height(pitch)
        side = pitch - gap
        return QRectF(self._gutter() + column * pitch, row * high + (high - side) / 2, side, side)

    def _row_height(self, pitch: float) -> float:
        return max(pitch, QFontMetricsF(self._theme.font(TextRole.MONO)).height())

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        return round(self._rows() * self._row_height(self._pitch(width))) + 2

    def sizeHint(self) -> QSize:
        """A comfortable map."""
        width = round(self._gutter()) + A_ROW * self._theme.px(26)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """The smallest squares that can be told apart."""
        width = round(self._gutter()) + A_ROW * 9
        return QSize(width, self.heightForWidth(width))

    # Painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setFont(theme.font(TextRole.MONO))
        painter.setPen(theme.colour(Token.TEXT2))
        high = self._row_height(self._pitch(self.width()))
        for row, label in enumerate(self._labels):
            box = QRectF(0, row * high, self._gutter(), high)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), label)
        dirty = QRectF(event.rect())
        for index, square in enumerate(self._squares):
            box = self._box(index)
            if box.intersects(dirty):
                draw_square(painter, theme, square.kind, box)
        if self._squares and (self.hasFocus() or self._by_mouse):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(Token.TEXT), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._box(self._at).adjusted(-0.5, -0.5, 0.5, 0.5), 3.5, 3.5)

    # Moving and picking ------------------------------------------------------------------------------------------

    def _tell(self, *, aloud: bool) -> None:
        square = self.at
        if square is None:
            return
        self.setAccessibleDescription(square.sentence)
        self.pointed.emit(square)
        if aloud and self.isVisible():
            announce(self, square.sentence)

    def _move(self, index: int, *, aloud: bool) -> None:
        if not self._squares:
            return
        index = max(0, min(len(self._squares) - 1, index))
        if index != self._at:
            self._at = index
            self.update()
            self._tell(aloud=aloud)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End move; Enter and Space pick."""
        steps = {
            Qt.Key.Key_Right: self._at + 1,
            Qt.Key.Key_Left: self._at - 1,
            Qt.Key.Key_Down: self._at + A_ROW if self._at + A_ROW < len(self._squares) else self._at,
            Qt.Key.Key_Up: self._at - A_ROW if self._at >= A_ROW else self._at,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(self._squares) - 1,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._move(steps[key], aloud=True)
        elif key in CHOOSES and self._squares:
            self.picked.emit(self._at)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _under(self, position: QPointF) -> int | None:
        pitch = self._pitch(self.width())
        column = int((position.x() - self._gutter()) // pitch)
        row = int(position.y() // self._row_height(pitch))
        index = row * A_ROW + column
        inside = 0 <= column < A_ROW and position.x() >= self._gutter() and 0 <= index < len(self._squares)
        return index if inside else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The square under the mouse is named."""
        index = self._under(event.position())
        if index is not None:
            self._by_mouse = True
            self._move(index, aloud=False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click picks."""
        index = self._under(event.position())
        if event.button() is Qt.MouseButton.LeftButton and index is not None:
            self._move(index, aloud=False)
            self.picked.emit(index)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is gone."""
        self._by_mouse = False
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard is elsewhere."""
        self.update()
        super().focusOutEvent(event)


def draw_square(painter: QPainter, theme: Theme, kind: SquareKind, box: QRectF) -> None:
    """Draw one square of `kind`: the pattern tells it apart in grey as well."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    used = theme.colour(Token.INPUT)
    fill, edge = {
        SquareKind.CHOSEN: (Token.ACCENT, Token.ACCENT),
        SquareKind.SUGGESTED: (Token.ACCENT_TINT, Token.ACCENT_TEXT),
        SquareKind.FREE: (Token.CARD, Token.STRONG),
        SquareKind.IN_USE: (Token.INPUT, Token.INPUT),
        SquareKind.MEMBER: (Token.TEXT2, Token.TEXT2),
        SquareKind.BALANCER: (Token.INPUT, Token.INPUT),
        SquareKind.RESERVED: (Token.CARD, Token.STRONG),
    }[kind]
    suggested = kind is SquareKind.SUGGESTED
    painter.setPen(QPen(theme.colour(edge), 1.5 if suggested else 1))
    painter.setBrush(theme.colour(fill))
    inner = box.adjusted(0.75, 0.75, -0.75, -0.75)
    painter.drawRoundedRect(inner, 3, 3)
    middle, side = box.center(), box.width()
    if kind is SquareKind.RESERVED:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(used, Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(inner, 3, 3)
    elif kind is SquareKind.BALANCER:
        painter.fillRect(
            QRectF(middle.x() - side * 0.1, inner.top(), side * 0.2, inner.height()), theme.colour(Token.CARD)
        )
    elif kind in {SquareKind.MEMBER, SquareKind.SUGGESTED}:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.ACCENT_TEXT if suggested else Token.CARD))
        painter.drawEllipse(middle, side * 0.12, side * 0.12)
    elif kind is SquareKind.CHOSEN:
        pen = QPen(theme.colour(Token.ON_FILL), max(1.4, side * 0.1))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        points = [(-0.22, 0.02), (-0.06, 0.18), (0.24, -0.16)]
        painter.drawPolyline([QPointF(middle.x() + x * side, middle.y() + y * side) for x, y in points])
    painter.restore()


class SquareMark(QWidget):
    """One square of the legend; its word stands beside it."""

    def __init__(self, theme: Theme, kind: SquareKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kind = kind
        side = theme.px(16)
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_square(QPainter(self), self._theme, self._kind, QRectF(self.rect()))
