"""Now and After: two small pictures of the cluster side by side, so that the question is seen before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from tgwizard.gui.cluster.picture_model import HOLDER
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.state_shapes import INK, Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import let_wrap

BETWEEN = 44.0
"""The pixels between the two panels, where the arrow is."""

_WIDE = 10_000


@dataclass(frozen=True, slots=True)
class MoveShown:
    """What moves: the address, both members' names, who has it now (None: no NIC), and who will."""

    address: str
    members: tuple[str, str]
    now: int | None
    after: int

    @property
    def spoken(self) -> str:
        """Both pictures as one sentence."""
        present = (
            f"{self.members[self.now]} holds {self.address}"
            if self.now is not None
            else (f"{self.address} is on no NIC")
        )
        return f"Now: {present}. After: {self.members[self.after]} holds it."


class MovePreview(QWidget):
    """Paints a `MoveShown` as two panels with an arrow between them."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, theme: Theme, move: MoveShown, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._move = move
        self.setAccessibleName("Now and after")
        self.setAccessibleDescription(move.spoken)
        let_wrap(self)
        theme.changed.connect(self.update)

    def heightForWidth(self, width: int) -> int:
        """Caption, pill and a card."""
        theme = self._theme
        caption = QFontMetricsF(theme.font(TextRole.CAPTION_STRONG)).height()
        return round(10 + caption + 8 + theme.px(23) + 9 + self._card_height(width) + 12)

    def sizeHint(self) -> QSize:
        """With the card in one line: whoever lays it out asks for the height of the width there is."""
        return QSize(600, self.heightForWidth(_WIDE))

    def minimumSizeHint(self) -> QSize:
        """Room for both panels."""
        return QSize(420, self.heightForWidth(_WIDE))

    def _card_height(self, width: float) -> float:
        theme = self._theme
        metrics = QFontMetricsF(theme.font(TextRole.BODY_STRONG))
        room = _member_width((width - BETWEEN) / 2) - 10 - 8 - self._badge_width()
        fits = all(metrics.horizontalAdvance(name) + 8 <= room for name in self._move.members)
        return theme.px(34) if fits else theme.px(34 + 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = (self.width() - BETWEEN) / 2
        move = self._move
        self._panel(painter, QRectF(0, 0, width, self.height()), "Now", move.now)
        self._panel(painter, QRectF(width + BETWEEN, 0, width, self.height()), "After", move.after)
        side = self._theme.px(20)
        box = QRectF(width + (BETWEEN - side) / 2, (self.height() - side) / 2, side, side)
        draw_icon(painter, Icon.ARROW_RIGHT, self._theme.colour(Token.TEXT2), box)

    def _panel(self, painter: QPainter, box: QRectF, caption: str, holder: int | None) -> None:
        theme = self._theme
        paint_ground(painter, theme, box, Token.SUNKEN, Token.BORDER, Radius.CARD)
        font = theme.font(TextRole.CAPTION_STRONG)
        painter.setFont(font)
        painter.setPen(theme.colour(Token.TEXT2))
        line = QFontMetricsF(font).height()
        painter.drawText(QPointF(box.left() + 14, box.top() + 10 + QFontMetricsF(font).ascent()), caption)
        if holder is None:
            painter.setPen(theme.colour(Token.BAD))
            words = f"{self._move.address} on no NIC"
            right = QRectF(box.left(), box.top() + 10, box.width() - 14, line)
            painter.drawText(right, int(Qt.AlignmentFlag.AlignRight), words)
        top = box.top() + 10 + line + 8
        width = _member_width(box.width())
        for index, name in enumerate(self._move.members):
            left = box.left() + 14 + index * (width + 16)
            self._member(painter, QRectF(left, top, width, theme.px(34)), name, holds=index == holder)

    def _member(self, painter: QPainter, place: QRectF, name: str, *, holds: bool) -> None:
        theme = self._theme
        mono = theme.font(TextRole.MONO_STRONG)
        pill_width = min(place.width(), QFontMetricsF(mono).horizontalAdvance(self._move.address) + theme.px(27))
        pill = QRectF(place.center().x() - pill_width / 2, place.top(), pill_width, theme.px(23))
        card = QRectF(place.left(), pill.bottom() + 9, place.width(), self._card_height(self.width()))
        if holds:
            painter.setPen(QPen(theme.colour(Token.ACCENT_TEXT), 2))
            painter.drawLine(QPointF(pill.center().x(), pill.bottom()), QPointF(pill.center().x(), card.top()))
            paint_ground(painter, theme, pill, Token.ACCENT, None, pill.height() / 2)
            painter.setFont(mono)
            painter.setPen(theme.colour(Token.ON_FILL))
            painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), self._move.address)
            paint_ground(painter, theme, card, Token.CARD, Token.ACCENT_TEXT, Radius.BADGE, 1.5)
        else:
            paint_ground(painter, theme, pill, None, Token.STRONG, pill.height() / 2, 1.3, dashed=True)
            paint_ground(painter, theme, card, Token.CARD, Token.BORDER, Radius.BADGE)
        font = theme.font(TextRole.BODY_STRONG)
        line = QRectF(card.left(), card.top(), card.width(), theme.px(34))
        one_line = card.height() <= line.height()
        if holds:
            self._badge(painter, card, one_line=one_line)
        room = line.width() - 18 - (self._badge_width() + 8 if holds and one_line else 0)
        words = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        painter.setFont(font)
        painter.setPen(theme.colour(Token.TEXT))
        painter.drawText(line.adjusted(10, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), words)

    def _badge_width(self) -> float:
        words = QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(HOLDER.value)
        return words + self._theme.px(11 + 6 + 16)

    def _badge(self, painter: QPainter, card: QRectF, *, one_line: bool) -> None:
        """Paint the badge at the right of the only line, or at the left under the name."""
        theme = self._theme
        shown = HOLDER
        shape = shown.shape or Shape.NOT_KNOWN
        font = theme.font(TextRole.CAPTION_STRONG)
        mark, width = theme.px(11), self._badge_width()
        left = card.right() - width - 8 if one_line else card.left() + 10
        top = card.center().y() - theme.px(11) if one_line else card.top() + theme.px(30)
        box = QRectF(left, top, width, theme.px(22))
        paint_ground(painter, theme, box, Token.ACCENT_TINT, None, Radius.BADGE)
        spot = QRectF(box.left() + theme.px(8), box.center().y() - mark / 2, mark, mark)
        draw_shape(painter, theme, shape, spot)
        painter.setFont(font)
        painter.setPen(theme.colour(INK[shape]))
        painter.drawText(
            box.adjusted(theme.px(8) + mark + theme.px(6), 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), shown.value
        )


def _member_width(panel: float) -> float:
    return (panel - 14 * 2 - 16) / 2
