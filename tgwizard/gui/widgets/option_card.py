"""Cards with a radio, a name and its consequence in words. The whole card is the target.

An ``OptionCard`` wraps its words and holds other widgets, which take no part in the clicking; a ``ChoiceCard``
paints two lines, and what the choice costs at right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from tgwizard.gui.style.control_painting import paint_ground, paint_radio
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.badges import TintTag
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.labels import ElidedLabel, LiveText, let_wrap, plain_tip
from tgwizard.gui.widgets.layouts import clear


class OptionCard(WholeTarget, QRadioButton):
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
        let_wrap(self)
        prepare_control(self, theme)

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


_LEFT, _TOP, _RIGHT, _BOTTOM = 44, 6, 14, 7
_BETWEEN = 16
_WIDE = 10_000
_KEPT_WIDTHS = 8
_WRAPPED = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class _Line:
    """Words at left, which may wrap, and words at right in the first of their lines."""

    role: TextRole
    token: Token
    left: str
    right: str
    height: float


class ChoiceCard(WholeTarget, QRadioButton):
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
        self._measured: dict[tuple[float, int], list[_Line]] = {}
        self.setAccessibleName(name)
        self.setAccessibleDescription(", ".join(part for part in (consequence, cost, rights) if part))
        let_wrap(self)
        prepare_control(self, theme)

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

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        chosen = self.isChecked()
        ground, edge = (Token.ACCENT_TINT, Token.ACCENT_TEXT) if chosen else (Token.CARD, Token.BORDER)
        paint_ground(painter, theme, box, ground, edge, Radius.CONTROL, 1.5 if chosen else 1.0)
        paint_radio(painter, theme, QPointF(theme.px(23), box.center().y()), chosen=chosen)
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
        """The name with its cost, the consequence with the rights; what is at right goes below when it must.

        Kept for the widths asked for last: while a page is laid out, each card is asked some twenty times.
        """
        key = (width, self._theme.px(_WIDE))
        if key not in self._measured:
            if len(self._measured) >= _KEPT_WIDTHS:
                self._measured.clear()
            self._measured[key] = self._measure(width)
        return self._measured[key]

    def _measure(self, width: float) -> list[_Line]:
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


LARGE = 130
"""Above this text size, in percent, what stood side by side stands one below the other (gui/README.md 7)."""


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One choice: the word it stands for, its name and its consequence."""

    word: str
    name: str
    consequence: str


class ChoiceCards(QWidget):
    """A grid of choice cards. `chosen` tells a person's choice only; `show_choice` is silent."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, columns: int = 1, parent: QWidget | None = None) -> None:
        """No choice yet; `name` is what assistive technology calls the group."""
        super().__init__(parent)
        self._theme = theme
        self._columns = 1 if theme.px(100) > LARGE else columns
        self._silent = False
        self._offered: tuple[ChoiceOption, ...] = ()
        self._cards: dict[str, ChoiceCard] = {}
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.px(6))
        self.setAccessibleName(name)

    @property
    def word(self) -> str:
        """The word of the choice in force; empty when there is none."""
        return next((word for word, card in self._cards.items() if card.isChecked()), "")

    def offer(self, choices: tuple[ChoiceOption, ...]) -> None:
        """Offer these; the same ones again change nothing."""
        if choices == self._offered:
            return
        self._offered = choices
        for card in self._cards.values():
            self._group.removeButton(card)
        clear(self._grid)
        self._cards = {}
        for place, choice in enumerate(choices):
            card = ChoiceCard(self._theme, choice.name, choice.consequence)
            card.setToolTip(plain_tip(f"{choice.name}: {choice.consequence}"))
            card.toggled.connect(self._teller(choice.word))
            self._group.addButton(card)
            self._cards[choice.word] = card
            self._grid.addWidget(card, place // self._columns, place % self._columns)

    def show_choice(self, word: str) -> None:
        """Show `word` as chosen, without telling it."""
        card = self._cards.get(word)
        if card is not None and not card.isChecked():
            self._silent = True
            card.setChecked(True)
            self._silent = False

    def _teller(self, word: str) -> Callable[[bool], None]:
        def tell(on: bool) -> None:
            if on and not self._silent:
                self.chosen.emit(word)

        return tell
