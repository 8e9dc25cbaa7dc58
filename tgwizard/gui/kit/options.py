"""Option cards: a radio with its name, its consequence in words, and room for facts. The whole card is the target.

Unlike ``ChoiceCard``, whose two lines are painted, an option card wraps its words and holds other widgets; they take no
part in the clicking.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.kit.enter import pressed_by_enter
from tgwizard.gui.kit.labels import ElidedLabel
from tgwizard.gui.kit.live import LiveText
from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.kit.tag import TintTag
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token


class OptionCard(QRadioButton):
    """One of several answers. Fill `body` with facts and `head` with what stands at the right of the name."""

    ring_radius = Radius.CARD

    def __init__(
        self,
        theme: Theme,
        name: str,
        words: str = "",
        *,
        tag: TintTag | None = None,
        tinted: bool = True,
        compact: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """An answer called `name`; `tinted`: the chosen card has a tinted ground, else its edge alone tells it.

        `compact`: for several side by side, with a smaller name that may wrap.
        """
        super().__init__(parent)
        self._theme = theme
        self._tinted = tinted
        self._inside = QWidget(self)
        self._inside.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # A button has its children write in the colour of button texts; labels bring their own.
        self._inside.setBackgroundRole(QPalette.ColorRole.Window)
        self._outer = outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._inside)
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(theme.px(45), theme.px(12), theme.px(16), theme.px(13))
        column.setSpacing(theme.px(3))
        self.head = QHBoxLayout()
        self.head.setSpacing(theme.px(10))
        self._name: ElidedLabel | LiveText
        if compact:
            self._name = LiveText(theme, name, TextRole.BODY_STRONG)
            self.head.addWidget(self._name, 1)
        else:
            self._name = ElidedLabel(theme, name, TextRole.NAME)
            self.head.addWidget(self._name)
        if tag is not None:
            self.head.addWidget(tag)
        if not compact:
            self.head.addStretch(1)
        column.addLayout(self.head)
        self._words = LiveText(theme, words, TextRole.CAPTION if compact else TextRole.BODY, Token.TEXT2)
        column.addWidget(self._words)
        self._words.setVisible(bool(words))
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(theme.px(4))
        column.addLayout(self.body)
        column.addStretch(1)
        self.setAccessibleName(name)
        self.setAccessibleDescription(", ".join(part for part in (tag.word if tag else "", words) if part))
        self.setToolTip("")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    @property
    def name(self) -> str:
        """What the answer is called."""
        return self._name.text_shown

    def explain(self, words: str) -> None:
        """Replace the consequence."""
        self._words.say(words)
        self._words.setVisible(bool(words))
        self.setAccessibleDescription(words)

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """What the words and facts need."""
        return self._outer.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        """What the words and facts want."""
        return self._outer.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        """What the words and facts need at least."""
        return self._outer.totalMinimumSize()

    def hitButton(self, _position: object) -> bool:
        """The whole card is the target."""
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses as Space does."""
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        chosen = self.isChecked()
        ground = Token.ACCENT_TINT if chosen and self._tinted else Token.CARD
        if self.underMouse() and not chosen and self.isEnabled():
            ground = Token.SUNKEN
        edge = Token.ACCENT_TEXT if chosen else Token.BORDER
        paint_ground(painter, theme, QRectF(self.rect()), ground, edge, Radius.CARD, 1.5 if chosen else 1.0)
        line = self._name.geometry()
        paint_radio(painter, theme, QPointF(theme.px(26), self._inside.y() + line.center().y() + 1), chosen=chosen)


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
