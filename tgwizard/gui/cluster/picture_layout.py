"""Where everything on the cluster picture stands: pure geometry from a width and the measures of the text.

Side by side while each member card has 300 px; below that the members are stacked and the pill travels in a lane
between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

CARD_MIN = 300
"""A member card narrower than this makes the picture stack its members (gui/README.md 7)."""

MARGIN = 24
LINK = 104
"""The room between the two cards, for the heartbeat."""


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """What the layout needs to know of the text: heights in px, and the pill's size."""

    head: float
    pill_width: float
    pill_height: float
    card_height: float
    link_height: float
    scale: float = 1.0
    """The text's scale: narrow is what is narrow for the text."""


@dataclass(frozen=True, slots=True)
class PictureLayout:
    """All places, in the picture's own coordinates. Index 0 is the first member."""

    stacked: bool
    head: QRectF
    line_from: QPointF
    line_to: QPointF
    docks: tuple[QPointF, QPointF]
    pills: tuple[QRectF, QRectF]
    cards: tuple[QRectF, QRectF]
    link: QRectF
    height: float

    def pill_at(self, at: float) -> QRectF:
        """Where the pill is: exactly on a dock at 0.0 and 1.0, clear of both in between."""
        first, second = self.pills
        if at <= 0.0:
            return first
        if at >= 1.0:
            return second
        if self.stacked:
            lane = self.link
            room = max(0.0, lane.width() - first.width())
            return QRectF(
                lane.left() + room * at, lane.center().y() - first.height() / 2, first.width(), first.height()
            )
        clear = 12.0
        left, right = first.right() + clear, second.left() - clear - first.width()
        if right < left:
            left = right = (left + right) / 2
        return QRectF(left + (right - left) * at, first.top(), first.width(), first.height())


def _card_width(width: float, scale: float) -> float:
    return (width - 2 * MARGIN - LINK * scale) / 2


def lay_out(width: float, measures: PictureMeasures) -> PictureLayout:
    """The layout for a picture `width` px wide."""
    if _card_width(width, measures.scale) < CARD_MIN * measures.scale:
        return _stacked(width, measures)
    return _side_by_side(width, measures)


def _side_by_side(width: float, measures: PictureMeasures) -> PictureLayout:
    card = _card_width(width, measures.scale)
    head = QRectF(MARGIN, 14, width - 2 * MARGIN, measures.head)
    line_y = head.bottom() + 16
    pill_top = line_y + 25
    card_top = pill_top + measures.pill_height + 25
    lefts = (float(MARGIN), width - MARGIN - card)
    cards = (
        QRectF(lefts[0], card_top, card, measures.card_height),
        QRectF(lefts[1], card_top, card, measures.card_height),
    )
    centres = (cards[0].center().x(), cards[1].center().x())
    size = (measures.pill_width, measures.pill_height)
    pills = (
        QRectF(centres[0] - size[0] / 2, pill_top, *size),
        QRectF(centres[1] - size[0] / 2, pill_top, *size),
    )
    link_top = card_top + measures.card_height * 0.54 - measures.link_height / 2
    return PictureLayout(
        stacked=False,
        head=head,
        line_from=QPointF(MARGIN, line_y),
        line_to=QPointF(width - MARGIN, line_y),
        docks=(QPointF(centres[0], line_y), QPointF(centres[1], line_y)),
        pills=pills,
        cards=cards,
        link=QRectF(cards[0].right(), link_top, LINK * measures.scale, measures.link_height),
        height=card_top + measures.card_height + 16,
    )


def _stacked(width: float, measures: PictureMeasures) -> PictureLayout:
    margin = 16.0
    head = QRectF(margin, 14, width - 2 * margin, measures.head)
    rail_x = margin + 6
    left = rail_x + 22
    card_width = width - left - margin
    top = head.bottom() + 16
    size = (min(measures.pill_width, card_width), measures.pill_height)
    pills: list[QRectF] = []
    cards: list[QRectF] = []
    lane = QRectF()
    for index in range(2):
        pills.append(QRectF(left, top, *size))
        cards.append(QRectF(left, top + size[1] + 10, card_width, measures.card_height))
        top = cards[-1].bottom() + 12
        if index == 0:
            height = max(measures.link_height, size[1] + 8)
            lane = QRectF(left, top, card_width, height)
            top = lane.bottom() + 12
    docks = (QPointF(rail_x, pills[0].center().y()), QPointF(rail_x, pills[1].center().y()))
    return PictureLayout(
        stacked=True,
        head=head,
        line_from=QPointF(rail_x, head.bottom() + 10),
        line_to=QPointF(rail_x, cards[1].bottom()),
        docks=docks,
        pills=(pills[0], pills[1]),
        cards=(cards[0], cards[1]),
        link=lane,
        height=cards[1].bottom() + 16,
    )
