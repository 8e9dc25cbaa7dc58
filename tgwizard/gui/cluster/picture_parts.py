"""The parts of the cluster picture that are read out one by one: member card, pill of the floating IP, heartbeat."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.cluster.picture_model import FactShown, MemberShown, PillShown, PillState
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.badges import RoleBadge
from tgwizard.gui.widgets.cards import Separator, Surface
from tgwizard.gui.widgets.check_rows import FieldValueRow
from tgwizard.gui.widgets.copyable_fact import CopyableFact
from tgwizard.gui.widgets.labels import ElidedLabel


class MemberCard(Surface):
    """One member: name, role, VM power, NIC, own address, provisioning, health."""

    ring_radius = Radius.CARD
    accessible_role = QAccessible.Role.Grouping

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self._name = ElidedLabel(theme, "", TextRole.NAME)
        self._badge = RoleBadge(theme, Shape.NOT_KNOWN, "Not known")
        self._power = FieldValueRow(theme, "VM power")
        self._nic = FieldValueRow(theme, "NIC", mono=True)
        self._own = FieldValueRow(theme, "Own IP", mono=True)
        self._provisioning = FieldValueRow(theme, "Provisioning")
        self._health = FieldValueRow(theme, "Health")
        head = QHBoxLayout()
        head.setSpacing(theme.px(9))
        head.addWidget(IconMark(theme, Icon.SERVER, 18))
        head.addWidget(self._name, 1)
        head.addWidget(self._badge)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 13, 17, 13)
        column.setSpacing(0)
        column.addLayout(head)
        column.addSpacing(theme.px(10))
        column.addWidget(Separator(theme))
        column.addSpacing(theme.px(7))
        for row in (self._power, self._nic, self._own, self._provisioning, self._health):
            column.addWidget(row)
            column.addSpacing(theme.px(6))
        column.addStretch(1)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    @property
    def fact(self) -> CopyableFact:
        """The member, for Copy."""
        return CopyableFact(self.accessibleName(), self.accessibleDescription(), "Azure")

    def show_member(self, shown: MemberShown, *, holder: bool) -> None:
        """Replace every value; the holder has the accent edge."""
        self._name.say(shown.name)
        self.show_role(shown.role)
        self._power.show_value(shown.power.value, shown.power.shape)
        self._nic.show_value(shown.nic.value, shown.nic.shape)
        self._own.show_value(shown.own_address.value, shown.own_address.shape)
        self._provisioning.show_value(shown.provisioning.value, shown.provisioning.shape)
        self._health.show_value(shown.health.value, shown.health.shape)
        self.setAccessibleName(shown.name)
        self.setAccessibleDescription(shown.spoken)
        if holder:
            self.restyle(Token.CARD, Token.ACCENT_TEXT, 1.5)
        else:
            self.restyle(Token.CARD, Token.BORDER)

    def show_role(self, role: FactShown) -> None:
        """Replace the role badge alone, as when a failover is being considered."""
        self._badge.show_role(role.shape or Shape.NOT_KNOWN, role.value)


class AddressPill(QWidget):
    """The floating IP: filled where Azure holds it, dashed on no NIC. The only filled blue shape (gui/README.md 1)."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._address = ""
        self._spoken = "place not known"
        self._state = PillState.NOT_KNOWN
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        theme.changed.connect(self.update)

    @property
    def ring_radius(self) -> float:
        """Half its height: it is round."""
        return self.height() / 2

    @property
    def fact(self) -> CopyableFact:
        """Where the floating IP is, for Copy."""
        return CopyableFact(f"Floating IP {self._address}", self._spoken, "Azure")

    @property
    def state(self) -> PillState:
        """How it is drawn now."""
        return self._state

    def show_pill(self, address: str, pill: PillShown) -> None:
        """Replace address and state."""
        if address != self._address:
            self._address = address
            self.updateGeometry()
        self._state = pill.state
        self._spoken = pill.spoken
        self.setAccessibleName(f"{address}, {pill.spoken}")
        self.update()

    def sizeHint(self) -> QSize:
        """The address with its mark, and round ends."""
        metrics = QFontMetricsF(self._theme.font(TextRole.PILL))
        widest = max(metrics.horizontalAdvance(self._address), metrics.horizontalAdvance("10.20.2.50"))
        return QSize(round(widest + self._theme.px(64)), round(metrics.height() + self._theme.px(15)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        ground, edge, ink = {
            PillState.HELD: (Token.ACCENT, None, Token.ON_FILL),
            PillState.MOVING: (Token.ACCENT_TINT, Token.ACCENT_TEXT, Token.ACCENT_TEXT),
            PillState.NO_NIC: (Token.BAD_TINT, Token.BAD, Token.BAD),
            PillState.NOT_KNOWN: (Token.CARD, Token.INPUT, Token.TEXT2),
        }[self._state]
        radius = box.height() / 2
        width = 1.8 if edge is not None else 1.0
        paint_ground(painter, theme, box, ground, edge, radius, width, dashed=edge is not None)
        font = theme.font(TextRole.PILL)
        text_width = QFontMetricsF(font).horizontalAdvance(self._address)
        mark = QRectF(0, 0, theme.px(12), theme.px(6.5))
        gap = theme.px(9)
        left = (box.width() - text_width - mark.width() - gap) / 2
        mark.moveTo(left, (box.height() - mark.height()) / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(ink))
        painter.drawRoundedRect(mark, mark.height() / 2, mark.height() / 2)
        painter.setPen(theme.colour(ink))
        painter.setFont(font)
        words = QRectF(mark.right() + gap, 0, text_width + 4, box.height())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self._address)


class HeartbeatLink(QWidget):
    """The heartbeat between the members: a line, its state shape in the middle, the word above and the value below."""

    accessible_role = QAccessible.Role.Indicator

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fact = FactShown("not known", Shape.NOT_KNOWN)
        self._beside = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        theme.changed.connect(self.update)

    ring_radius = Radius.CONTROL

    @property
    def fact(self) -> CopyableFact:
        """The heartbeat, for Copy."""
        return CopyableFact("Heartbeat", self._fact.value, "the members")

    def show_heartbeat(self, fact: FactShown) -> None:
        self._fact = fact
        self.setAccessibleName(f"Heartbeat: {fact.value}")
        self.update()

    def set_stacked(self, stacked: bool) -> None:
        """Stacked members show the link as a line of text, at the right of the lane."""
        self._beside = stacked
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of caption and the shape between them."""
        line = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return QSize(104, round(2 * line + self._theme.px(16) + self._theme.px(18)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        centre = box.center()
        side = theme.px(16)
        line = QFontMetricsF(theme.font(TextRole.CAPTION)).height()
        shape = self._fact.shape or Shape.NOT_KNOWN
        painter.setFont(theme.font(TextRole.CAPTION_STRONG))
        painter.setPen(theme.colour(Token.TEXT2))
        if self._beside:
            words = f"Heartbeat: {self._fact.value}"
            width = QFontMetricsF(theme.font(TextRole.CAPTION_STRONG)).horizontalAdvance(words)
            mark = QRectF(box.right() - width - side - 8, centre.y() - side / 2, side, side)
            draw_shape(painter, theme, shape, mark)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)
            return
        pen = QPen(theme.colour(Token.STRONG), 1.5)
        painter.setPen(pen)
        clear = side / 2 + 5
        painter.drawLine(QPointF(0, centre.y()), QPointF(centre.x() - clear, centre.y()))
        painter.drawLine(QPointF(centre.x() + clear, centre.y()), QPointF(box.right(), centre.y()))
        draw_shape(painter, theme, shape, QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side))
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme.colour(Token.TEXT2))
        painter.drawText(QRectF(0, 0, box.width(), line), middle, "Heartbeat")
        painter.setFont(theme.font(TextRole.CAPTION))
        painter.drawText(QRectF(0, box.height() - line, box.width(), line), middle, self._fact.value)
