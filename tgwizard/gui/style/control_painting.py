"""How controls look: one function for each shape, for the subclasses of Qt's own controls and for the cells of lists.

Every measure is in pixels of the widget; what scales with the text comes from `Theme.px` and the fonts.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

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
