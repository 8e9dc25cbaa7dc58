"""The cluster picture: one address, two docks (gui/README.md 1 and 6).

It paints the subnet line, the docks and the path between them, and composes the pill, the two member cards and the
heartbeat link, each with a name of its own, so that assistive technology reads what eyes see.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QPointF, QRectF, QSize, Qt, QVariantAnimation, Slot
from PySide6.QtGui import (
    QAccessible,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from tgwizard.gui.cluster.picture_layout import CARD_MIN, LINK, MARGIN, PictureLayout, PictureMeasures, lay_out
from tgwizard.gui.cluster.picture_model import HOLDER, NOT_HOLDER, Dock, MemberShown, PictureShown, PillState
from tgwizard.gui.cluster.picture_parts import AddressPill, HeartbeatLink, MemberCard
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.focus_order import OneStop
from tgwizard.gui.widgets.labels import let_wrap

GLIDE_MS = 250


class ClusterPicture(OneStop):
    """Paints a `PictureShown`; the pill glides the last way into its dock, and never before Azure shows the holder."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty picture; `show_picture` fills it."""
        super().__init__(parent)
        self._theme = theme
        self._shown: PictureShown | None = None
        self._preview: int | None = None
        self._at = 0.0
        self._on_cards: list[tuple[MemberShown, bool] | None] = [None, None]
        self._places: PictureLayout | None = None
        self.pill = AddressPill(theme, self)
        self.cards = (MemberCard(theme, self), MemberCard(theme, self))
        self.heartbeat = HeartbeatLink(theme, self)
        self._stops: tuple[QWidget, ...] = (self.pill, *self.cards, self.heartbeat)
        self._glide = QVariantAnimation(self)
        self._glide.setDuration(GLIDE_MS)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._glide.valueChanged.connect(self._on_glide)
        # Not Fixed: that would hold the height of the hint, which is that of members side by side.
        let_wrap(self)
        self.setAccessibleName("Cluster picture")
        theme.changed.connect(self.update)

    @property
    def shown(self) -> PictureShown | None:
        """What the picture shows now."""
        return self._shown

    def show_picture(self, shown: PictureShown) -> None:
        """Replace everything on the picture; only what differs moves."""
        before = self._shown
        if shown == before:
            return
        first = before is None
        self._shown = shown
        if before is not None and replace(shown, pill=before.pill) == before and shown.pill.state is before.pill.state:
            # Only the pill is further on its way.
            self.pill.show_pill(shown.address, shown.pill)
            self._move_pill_to(shown.pill.at, at_once=False)
            return
        self.setAccessibleDescription(shown.verdict)
        self.pill.show_pill(shown.address, shown.pill)
        for index, card in enumerate(self.cards):
            holds = shown.docks[index] is Dock.HOLDS
            if (shown.members[index], holds) != self._on_cards[index]:
                self._on_cards[index] = (shown.members[index], holds)
                card.show_member(shown.members[index], holder=holds)
        self.heartbeat.show_heartbeat(shown.heartbeat)
        if self._preview is not None:
            self._show_roles()
        self._move_pill_to(shown.pill.at, at_once=first)
        if before is None or before.address != shown.address:
            self._places = None
            self.updateGeometry()
        self._arrange()
        self.update()

    def preview(self, to: int | None) -> None:
        """Show the ghost path to member `to` and the two roles after a failover there; None shows the present again."""
        if to == self._preview:
            return
        self._preview = to
        self._show_roles()
        self.update()

    def _show_roles(self) -> None:
        if self._shown is None:
            return
        for index, card in enumerate(self.cards):
            if self._preview is None:
                card.show_role(self._shown.members[index].role)
            elif index == self._preview:
                card.show_role(HOLDER)
            else:
                card.show_role(NOT_HOLDER)

    def _move_pill_to(self, at: float, *, at_once: bool) -> None:
        if at_once or self._theme.reduced_motion or not self.isVisible():
            self._glide.stop()
            if at != self._at:
                self._at = at
                self._move_pill()
            return
        running = self._glide.state() is QAbstractAnimation.State.Running
        target = self._glide.endValue() if running else self._at
        if target == at:
            return
        self._glide.stop()
        self._glide.setStartValue(self._at)
        self._glide.setEndValue(at)
        self._glide.start()

    @Slot(object)
    def _on_glide(self, value: float) -> None:
        self._at = float(value)
        self._move_pill()

    def _move_pill(self) -> None:
        """Put the pill where it is, and repaint the strip it travels in, no more."""
        layout = self._layout()
        self.pill.setGeometry(layout.pill_at(self._at).toRect())
        first, second = layout.pills
        self.update(first.united(second).adjusted(0, -4, 0, 4).toRect())

    def _measures(self) -> PictureMeasures:
        pill = self.pill.sizeHint()
        head = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG)).height()
        return PictureMeasures(
            head=head + 4,
            pill_width=pill.width(),
            pill_height=pill.height(),
            card_height=max(card.sizeHint().height() for card in self.cards),
            link_height=self.heartbeat.sizeHint().height(),
            scale=self._theme.text_scale,
        )

    def _layout(self) -> PictureLayout:
        if self._places is None:
            self._places = lay_out(self.width(), self._measures())
        return self._places

    def heightForWidth(self, width: int) -> int:
        """The height the layout needs at `width`."""
        return round(lay_out(width, self._measures()).height)

    def sizeHint(self) -> QSize:
        """Comfortable side by side."""
        width = 2 * MARGIN + self._theme.px(2 * CARD_MIN + LINK)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Narrow enough to stack; the height then needed comes from `heightForWidth`."""
        return QSize(self._theme.px(CARD_MIN), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the parts anew."""
        super().resizeEvent(event)
        self._places = None
        self._arrange()

    def _arrange(self) -> None:
        layout = self._layout()
        for card, box in zip(self.cards, layout.cards, strict=True):
            card.setGeometry(box.toRect())
        self.heartbeat.set_stacked(layout.stacked)
        self.heartbeat.setGeometry(layout.link.toRect())
        self.pill.setGeometry(layout.pill_at(self._at).toRect())

    def stops(self) -> tuple[QWidget, ...]:
        """The address, the members, the heartbeat: one stop of Tab, arrows inside (gui/README.md 12)."""
        return self._stops

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground, head, subnet line, docks and the path between them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_ground(painter, self._theme, QRectF(self.rect()), Token.SUNKEN, Token.BORDER, Radius.CARD)
        if self._shown is None:
            return
        layout = self._layout()
        self._paint_head(painter, layout, self._shown)
        painter.setPen(QPen(self._theme.colour(Token.STRONG), 3, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(layout.line_from, layout.line_to)
        for index in range(2):
            self._paint_dock(painter, layout, index, self._shown.docks[index])
        if not layout.stacked:
            self._paint_path(painter, layout, self._shown)

    def _paint_head(self, painter: QPainter, layout: PictureLayout, shown: PictureShown) -> None:
        theme = self._theme
        x = layout.head.left()
        parts: tuple[tuple[str, TextRole, Token], ...] = (
            (f"Subnet {shown.subnet}", TextRole.BODY_STRONG, Token.TEXT),
            (shown.subnet_range, TextRole.MONO, Token.TEXT2),
            (f"in {shown.network}", TextRole.BODY, Token.TEXT2),
        )
        parts = tuple(part for part in parts if part[0])
        cluster = f"Trustgrid cluster {shown.cluster}" if shown.cluster else ""
        right_font = theme.font(TextRole.BODY)
        right_width = QFontMetricsF(right_font).horizontalAdvance(cluster) if cluster else 0.0
        limit = layout.head.right() - (right_width + 16 if cluster else 0)
        if limit < layout.head.left() + 200:
            limit, cluster = layout.head.right(), ""
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for text, role, token in parts:
            font = theme.font(role)
            metrics = QFontMetricsF(font)
            room = limit - x
            if room < 24:
                break
            words = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
            painter.setFont(font)
            painter.setPen(theme.colour(token))
            painter.drawText(QRectF(x, layout.head.top(), room + 1, layout.head.height()), middle, words)
            x += metrics.horizontalAdvance(words) + 11
        if cluster:
            painter.setFont(right_font)
            painter.setPen(theme.colour(Token.TEXT2))
            painter.drawText(layout.head, middle | int(Qt.AlignmentFlag.AlignRight), cluster)

    def _paint_dock(self, painter: QPainter, layout: PictureLayout, index: int, dock: Dock) -> None:
        theme = self._theme
        holds = dock is Dock.HOLDS
        ink = theme.colour(Token.ACCENT_TEXT if holds else Token.STRONG)
        pen = QPen(ink, 2.5 if holds else 2)
        painter.setPen(pen)
        at, pill, card = layout.docks[index], layout.pills[index], layout.cards[index]
        if layout.stacked:
            painter.drawLine(at, QPointF(pill.left(), at.y()))
        else:
            painter.drawLine(at, QPointF(at.x(), pill.top()))
            painter.drawLine(QPointF(at.x(), pill.bottom()), QPointF(at.x(), card.top()))
        painter.setBrush(theme.colour(Token.CARD))
        painter.drawEllipse(at, 5, 5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        occupied = abs(self._at - index) < 0.001
        if not occupied:
            self._paint_place(painter, pill, index, dock)

    def _paint_place(self, painter: QPainter, box: QRectF, index: int, dock: Dock) -> None:
        theme = self._theme
        aimed = dock is Dock.ATTACHING or self._preview == index
        edge = Token.ACCENT_TEXT if aimed else Token.STRONG
        paint_ground(painter, theme, box, Token.CARD, edge, box.height() / 2, 1.6 if aimed else 1.3, dashed=True)
        painter.setFont(theme.font(TextRole.CAPTION_KEY))
        painter.setPen(theme.colour(Token.ACCENT_TEXT if aimed else Token.TEXT2))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), dock.value)

    def _paint_path(self, painter: QPainter, layout: PictureLayout, shown: PictureShown) -> None:
        first, second = layout.pills
        y = first.center().y()
        moving = shown.pill.state is PillState.MOVING
        lively = moving or self._preview is not None
        colour = self._theme.colour(Token.ACCENT_TEXT if lively else Token.STRONG)
        pen = QPen(colour, 2.2, c=Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.1, 2.6])
        painter.setPen(pen)
        pill = layout.pill_at(self._at)
        for left, right in self._free_parts(first, second, pill):
            painter.drawLine(QPointF(left + 6, y), QPointF(right - 6, y))
        target = next((i for i, dock in enumerate(shown.docks) if dock is Dock.ATTACHING), self._preview)
        if target is None or not lively:
            return
        tip = (pill.right() + 14, pill.left() - 14) if moving else (second.left() - 10, first.right() + 10)
        x = tip[0] if target == 1 else tip[1]
        way = 1 if target == 1 else -1
        painter.setPen(QPen(colour, 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline([QPointF(x - 5 * way, y - 5), QPointF(x, y), QPointF(x - 5 * way, y + 5)])

    @staticmethod
    def _free_parts(first: QRectF, second: QRectF, pill: QRectF) -> list[tuple[float, float]]:
        left, right = first.right(), second.left()
        if pill.right() <= left or pill.left() >= right:
            return [(left, right)]
        parts = [(left, pill.left()), (pill.right(), right)]
        return [(start, end) for start, end in parts if end - start > 16]
