"""The state shapes of gui/README.md 3, drawn as vectors: state never speaks by colour alone."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPixmapCache, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token


class Shape(Enum):
    """One state shape; the value is the plain word of what it means."""

    GOOD = "good"
    MOVING = "moving"
    NOTE = "note"
    WARNING = "warning"
    BROKEN = "broken"
    NOT_KNOWN = "not known"
    WAITING = "waiting"
    ACTIVE = "active"
    STANDBY = "standby"


INK: dict[Shape, Token] = {
    Shape.GOOD: Token.OK,
    Shape.MOVING: Token.ACCENT_TEXT,
    Shape.NOTE: Token.ACCENT_TEXT,
    Shape.WARNING: Token.WARN,
    Shape.BROKEN: Token.BAD,
    Shape.NOT_KNOWN: Token.IDLE,
    Shape.WAITING: Token.IDLE,
    Shape.ACTIVE: Token.ACCENT_TEXT,
    Shape.STANDBY: Token.TEXT2,
}
"""The colour each shape is drawn in, and of the word beside it."""

TINT: dict[Shape, Token] = {
    Shape.GOOD: Token.OK_TINT,
    Shape.MOVING: Token.ACCENT_TINT,
    Shape.NOTE: Token.ACCENT_TINT,
    Shape.WARNING: Token.WARN_TINT,
    Shape.BROKEN: Token.BAD_TINT,
    Shape.NOT_KNOWN: Token.IDLE_TINT,
    Shape.WAITING: Token.IDLE_TINT,
    Shape.ACTIVE: Token.ACCENT_TINT,
    Shape.STANDBY: Token.CARD,
}
"""The tinted ground of a pill or banner in that state."""


def draw_shape(painter: QPainter, theme: Theme, shape: Shape, box: QRectF) -> None:
    """Draw `shape` filling `box` (a square of 12 to 32 px)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 24, box.height() / 24)
    ink = theme.colour(INK[shape])
    mark = theme.colour(Token.ON_SHAPE)
    match shape:
        case Shape.GOOD:
            _disc(painter, ink)
            _stroke(painter, mark, [QPointF(7.2, 12.5), QPointF(10.6, 15.8), QPointF(16.9, 8.8)])
        case Shape.MOVING:
            _disc(painter, ink)
            _stroke(painter, mark, [QPointF(7, 12), QPointF(16.6, 12)])
            _stroke(painter, mark, [QPointF(12.9, 8.2), QPointF(16.8, 12), QPointF(12.9, 15.8)])
        case Shape.NOTE:
            _disc(painter, ink)
            _stroke(painter, mark, [QPointF(12, 11.4), QPointF(12, 16.6)])
            _dot(painter, mark, QPointF(12, 7.7))
        case Shape.WARNING:
            _triangle(painter, ink)
            _stroke(painter, mark, [QPointF(12, 9.4), QPointF(12, 13.9)])
            _dot(painter, mark, QPointF(12, 17.6))
        case Shape.BROKEN:
            _octagon(painter, ink)
            _stroke(painter, mark, [QPointF(8.6, 8.6), QPointF(15.4, 15.4)])
            _stroke(painter, mark, [QPointF(15.4, 8.6), QPointF(8.6, 15.4)])
        case Shape.NOT_KNOWN:
            pen = QPen(ink, 2.2)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([1.7, 1.45])
            painter.setPen(pen)
            painter.drawEllipse(QPointF(12, 12), 9.6, 9.6)
        case Shape.WAITING:
            painter.setPen(QPen(ink, 2.2))
            painter.drawEllipse(QPointF(12, 12), 9.6, 9.6)
        case Shape.ACTIVE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawPolygon(_diamond(10.5))
        case Shape.STANDBY:
            pen = QPen(ink, 2.6)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawPolygon(_diamond(8.6))
    painter.restore()


def _disc(painter: QPainter, ink: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(QPointF(12, 12), 11.2, 11.2)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _triangle(painter: QPainter, ink: QColor) -> None:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(12, 3.2), QPointF(22, 20.6), QPointF(2, 20.6)]))
    path.closeSubpath()
    _filled(painter, ink, path)


def _octagon(painter: QPainter, ink: QColor) -> None:
    near, far = 7.6, 16.4
    points = [(near, 2.2), (far, 2.2), (21.8, near), (21.8, far), (far, 21.8), (near, 21.8), (2.2, far), (2.2, near)]
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
    path.closeSubpath()
    _filled(painter, ink, path)


def _filled(painter: QPainter, ink: QColor, path: QPainterPath) -> None:
    # A pen of the same ink rounds the corners a little, as in the pictures.
    pen = QPen(ink, 1.8)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QBrush(ink))
    painter.drawPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _stroke(painter: QPainter, ink: QColor, points: list[QPointF]) -> None:
    pen = QPen(ink, 2.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))


def _dot(painter: QPainter, ink: QColor, centre: QPointF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(centre, 1.7, 1.7)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _diamond(reach: float) -> QPolygonF:
    return QPolygonF(
        [QPointF(12, 12 - reach), QPointF(12 + reach, 12), QPointF(12, 12 + reach), QPointF(12 - reach, 12)]
    )


class ShapeMark(QWidget):
    """One state shape as a widget. It stands beside its word, so assistive technology ignores it (gui/README.md 13)."""

    def __init__(self, theme: Theme, shape: Shape, size: int = 14, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shape = shape
        side = theme.px(size)
        self.setFixedSize(side, side)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def shape(self) -> Shape:
        """The shape shown now."""
        return self._shape

    def show_shape(self, shape: Shape) -> None:
        """Replace the shape; repaints only when it differs."""
        if shape is not self._shape:
            self._shape = shape
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the shape, from the picture of it that every mark of this size shares: a page has dozens."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if ratio.is_integer():
            painter.drawPixmap(QPointF(), self._picture(ratio))
        else:
            draw_shape(painter, self._theme, self._shape, QRectF(self.rect()))

    def _picture(self, ratio: float) -> QPixmap:
        ink, mark = self._theme.colour(INK[self._shape]), self._theme.colour(Token.ON_SHAPE)
        key = f"{self._shape.name} {ink.rgba()} {mark.rgba()} {self.width()} {ratio}"
        found = QPixmap()
        if not QPixmapCache.find(key, found):
            found = QPixmap(self.size() * ratio)
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            draw_shape(painter, self._theme, self._shape, QRectF(self.rect()))
            painter.end()
            QPixmapCache.insert(key, found)
        return found
