"""A choice card: radio, name, consequence in one line, and what it costs at right. The whole card is the target."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QRadioButton, QSizePolicy, QWidget

from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import Radius, TextRole, Token


class ChoiceCard(QRadioButton):
    """One of several choices; selected it has an accent edge and tint."""

    ring_radius = Radius.CONTROL

    def __init__(
        self,
        theme: Theme,
        name: str,
        consequence: str,
        cost: str = "",
        rights: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """A choice called `name`."""
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._consequence = consequence
        self._cost = cost
        self._rights = rights
        self.setAccessibleName(name)
        self.setAccessibleDescription(", ".join(part for part in (consequence, cost, rights) if part))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Two lines of text and air."""
        body = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG)).height()
        caption = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return QSize(400, round(body + caption + self._theme.px(14)))

    def minimumSizeHint(self) -> QSize:
        """The height is fixed by the text."""
        return QSize(240, self.sizeHint().height())

    def hitButton(self, _position: object) -> bool:
        """The whole card is the target."""
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint card, radio and words."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        chosen = self.isChecked()
        ground, edge = (Token.ACCENT_TINT, Token.ACCENT_TEXT) if chosen else (Token.CARD, Token.BORDER)
        paint_ground(painter, theme, box, ground, edge, Radius.CONTROL, 1.5 if chosen else 1.0)
        centre = QPointF(theme.px(23), box.center().y())
        radius = theme.px(8)
        painter.setBrush(theme.colour(Token.ACCENT) if chosen else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(Token.ACCENT if chosen else Token.INPUT), 1.5))
        painter.drawEllipse(centre, radius, radius)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Token.ON_FILL))
            painter.drawEllipse(centre, theme.px(3.2), theme.px(3.2))
        inner = box.adjusted(theme.px(44), theme.px(6), -theme.px(14), -theme.px(7))
        self._line(painter, inner, TextRole.BODY_STRONG, Token.TEXT, self._name, self._cost, top=True)
        self._line(painter, inner, TextRole.CAPTION, Token.TEXT2, self._consequence, self._rights, top=False)

    def _line(
        self, painter: QPainter, box: QRectF, role: TextRole, token: Token, left: str, right: str, *, top: bool
    ) -> None:
        font = self._theme.font(role)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._theme.colour(token))
        vertical = Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag.AlignBottom
        room = box.width() - metrics.horizontalAdvance(right) - 16
        words = metrics.elidedText(left, Qt.TextElideMode.ElideRight, room)
        painter.drawText(box, int(vertical | Qt.AlignmentFlag.AlignLeft), words)
        painter.drawText(box, int(vertical | Qt.AlignmentFlag.AlignRight), right)
