"""A choice card: radio, name, consequence, and what it costs at right. The whole card is the target."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QRadioButton, QSizePolicy, QWidget

from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token

_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 6, 14, 7
_BETWEEN = 16
_WIDE = 10_000
_WRAPPED = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class _Line:
    """Words at left, which may wrap, and words at right in the first of their lines."""

    role: TextRole
    token: Token
    left: str
    right: str
    height: float


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
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def hasHeightForWidth(self) -> bool:
        """What does not fit in its line wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As many lines as the words need, and air."""
        lines = self._lines(width - self._theme.px(_LEFT + _RIGHT))
        return round(sum(line.height for line in lines) + self._theme.px(_TOP + _BOTTOM))

    def sizeHint(self) -> QSize:
        """Two lines: whoever lays it out asks for the height of the width there is."""
        return QSize(400, self.heightForWidth(_WIDE))

    def minimumSizeHint(self) -> QSize:
        """Room for some words."""
        return QSize(240, self.heightForWidth(_WIDE))

    def hitButton(self, _position: object) -> bool:
        """The whole card is the target."""
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
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
        top = float(theme.px(_TOP))
        inner = box.adjusted(theme.px(_LEFT), 0, -theme.px(_RIGHT), 0)
        for line in self._lines(inner.width()):
            painter.setFont(theme.font(line.role))
            painter.setPen(theme.colour(line.token))
            room = QRectF(inner.left(), top, inner.width(), line.height)
            painter.drawText(room, _WRAPPED, line.left)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight), line.right)
            top += line.height

    def _lines(self, width: float) -> list[_Line]:
        """The name with its cost, the consequence with the rights; what is at right goes below when it must."""
        found: list[_Line] = []
        for role, token, left, right in (
            (TextRole.BODY_STRONG, Token.TEXT, self._name, self._cost),
            (TextRole.CAPTION, Token.TEXT2, self._consequence, self._rights),
        ):
            metrics = QFontMetricsF(self._theme.font(role))
            beside = metrics.horizontalAdvance(left) + _BETWEEN + metrics.horizontalAdvance(right) <= width
            pairs = [(left, right)] if beside or not right else [(left, ""), (right, "")]
            for words, other in pairs:
                box = metrics.boundingRect(QRectF(0, 0, width, _WIDE), _WRAPPED, words)
                found.append(_Line(role, token, words, other, max(box.height(), metrics.height())))
        return found
