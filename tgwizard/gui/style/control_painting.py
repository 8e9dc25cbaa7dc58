"""How controls look: one function for each shape, for the subclasses of Qt's own controls and for the cells of lists.

Every measure is in pixels of the widget; what scales with the text comes from `Theme.px` and the fonts.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token


def paint_ground(
    painter: QPainter,
    theme: Theme,
    box: QRectF,
    ground: Token | None,
    edge: Token | None,
    radius: float,
    width: float = 1.0,
    *,
    dashed: bool = False,
) -> None:
    """Fill `box` with `ground` and draw its `edge` just inside it, with round corners."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if edge is None:
        painter.setPen(Qt.PenStyle.NoPen)
        inner = box
    else:
        pen = QPen(theme.colour(edge), width)
        if dashed:
            pen.setDashPattern([4 / width, 3 / width])
        painter.setPen(pen)
        half = width / 2
        inner = box.adjusted(half, half, -half, -half)
    painter.setBrush(Qt.BrushStyle.NoBrush if ground is None else theme.colour(ground))
    painter.drawRoundedRect(inner, radius, radius)
    painter.restore()


def paint_in_round(painter: QPainter, theme: Theme, box: QRectF, card: QRectF, ground: Token) -> None:
    """Fill `box`, a row inside the edge of the card `card`, with `ground`; where the card is round, so is the row."""
    inside, row = QPainterPath(), QPainterPath()
    inside.addRoundedRect(card.adjusted(1, 1, -1, -1), Radius.CARD - 1, Radius.CARD - 1)
    row.addRect(box)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(row.intersected(inside), theme.colour(ground))
    painter.restore()


def paint_radio(painter: QPainter, theme: Theme, centre: QPointF, *, chosen: bool) -> None:
    """Draw a radio: a ring, or a filled disc with a point when `chosen`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = theme.px(8)
    painter.setBrush(theme.colour(Token.ACCENT) if chosen else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.colour(Token.ACCENT if chosen else Token.INPUT), 1.5))
    painter.drawEllipse(centre, radius, radius)
    if chosen:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.ON_FILL))
        painter.drawEllipse(centre, theme.px(3.2), theme.px(3.2))
    painter.restore()


def paint_tick(painter: QPainter, theme: Theme, box: QRectF, *, on: bool, able: bool) -> None:
    """Draw a tick box: filled with a tick when `on`, grey when it is not `able`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    filled = Token.ACCENT if able else Token.IDLE
    painter.setPen(QPen(theme.colour(filled if on else Token.INPUT), 1.5))
    painter.setBrush(theme.colour(filled if on else Token.CARD))
    painter.drawRoundedRect(box, 4, 4)
    if on:
        painter.setPen(QPen(theme.colour(Token.ON_FILL), 2, c=Qt.PenCapStyle.RoundCap))
        middle, side = box.center(), box.width()
        points = [(-0.24, 0.02), (-0.07, 0.19), (0.25, -0.17)]
        painter.drawPolyline([QPointF(middle.x() + x * side, middle.y() + y * side) for x, y in points])
    painter.restore()


def paint_switch(painter: QPainter, theme: Theme, track: QRectF, *, on: bool) -> None:
    """Draw a switch: its knob at the left, or, `on`, at the right with a tick beside it, so that it reads in grey."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tall, middle = track.height(), track.center().y()
    painter.setPen(QPen(theme.colour(Token.ACCENT if on else Token.INPUT), 1.5))
    painter.setBrush(theme.colour(Token.ACCENT if on else Token.CARD))
    painter.drawRoundedRect(track, tall / 2, tall / 2)
    centre = QPointF(track.right() - tall / 2 if on else track.left() + tall / 2, middle)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(Token.ON_FILL if on else Token.INPUT))
    painter.drawEllipse(centre, tall * 0.31, tall * 0.31)
    if on:
        painter.setPen(QPen(theme.colour(Token.ON_FILL), 1.6, c=Qt.PenCapStyle.RoundCap))
        left, low = track.left() + tall * 0.38, QPointF(track.left() + tall * 0.52, middle + tall * 0.15)
        painter.drawLine(QPointF(left, middle), low)
        painter.drawLine(low, QPointF(left + 0.4 * tall, middle - 3))
    painter.restore()


Line = tuple[str, TextRole, Token]
"""One line of text: its words, how they are set, and in which colour."""

_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def paint_line(
    painter: QPainter,
    theme: Theme,
    box: QRectF,
    line: Line,
    *,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> float:
    """One line in the middle of `box`, cut where it is too long; returns how wide it is."""
    text, role, token = line
    font = theme.font(role)
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, cut, box.width())
    painter.setFont(font)
    painter.setPen(theme.colour(token))
    painter.drawText(box, int(_MIDDLE | side), shown)
    return metrics.horizontalAdvance(shown)


def paint_lines(
    painter: QPainter,
    theme: Theme,
    box: QRectF,
    lines: tuple[Line, ...],
    *,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> None:
    """Lines under one another, together in the middle of `box`."""
    heights = [QFontMetricsF(theme.font(role)).height() for _, role, _ in lines]
    top = box.top() + (box.height() - sum(heights)) / 2
    for line, height in zip(lines, heights, strict=True):
        paint_line(painter, theme, QRectF(box.left(), top, box.width(), height), line, cut=cut)
        top += height


def paint_row_ring(painter: QPainter, theme: Theme, row: QRectF) -> None:
    """The focus ring inside a row of a list; cells clip to their part of it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour(Token.ACCENT_TEXT), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(row.adjusted(2, 2, -2, -3), Radius.CONTROL, Radius.CONTROL)
    painter.restore()
