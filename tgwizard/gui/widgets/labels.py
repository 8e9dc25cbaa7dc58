"""Text on the window: plain text only, set in a text role and a colour token, repainted when the theme changes.

Names of Azure resources are untrusted text, so no label here ever interprets mark-up. They are shown as Azure
spells them, never broken at a hyphen, and cut in the middle when too long.

``LiveText`` and ``LiveLine`` are for text that changes while it is looked at: ages, states, the log of a run. A
QLabel has its whole page laid out anew with every text. These repaint themselves alone, and ask for a new layout
only when the text needs another height.

A tooltip that looks like HTML to Qt would be rendered as such, images of local files included. Whoever puts foreign
text into a tooltip passes it through ``plain_tip``.
"""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token


def plain_tip(text: str) -> str:
    """`text` as a tooltip that Qt shows as it is; unchanged when there is nothing that Qt could take for a tag."""
    if "<" not in text and "&lt;" not in text:
        return text
    import html  # rarely wanted, and the first paint waits for the rest of this module

    lines = "<br>".join(html.escape(line) for line in text.splitlines())
    return f"<qt>{lines}</qt>"


WORD_JOINER = "\u2060"


def unbroken(text: str) -> str:
    """`text` with a word joiner after each hyphen inside a word, so that line wrapping keeps `tg-node-a` whole."""
    return text.replace("-", "-" + WORD_JOINER)


def let_wrap(widget: QWidget, across: QSizePolicy.Policy = QSizePolicy.Policy.Expanding) -> None:
    """Have layouts ask `widget` how high it is at the width they give it."""
    policy = QSizePolicy(across, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    widget.setSizePolicy(policy)


def lines_high(theme: Theme, lines: int, role: TextRole = TextRole.CAPTION) -> int:
    """The height of so many lines, for text whose room is kept while it changes."""
    return math.ceil(lines * QFontMetricsF(theme.font(role)).lineSpacing())


class TextLabel(QLabel):
    """A plain-text label of one text role and colour. `say` replaces the text; `text_shown` is what was said."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        role: TextRole = TextRole.BODY,
        token: Token = Token.TEXT,
        *,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Show `text` in `role` and `token`; `wrap` lets it use several lines."""
        super().__init__(parent)
        self._theme = theme
        self._role = role
        self._token = token
        self._plain = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setWordWrap(wrap)
        if wrap:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFont(theme.font(role))
        self._tint()
        theme.changed.connect(self._tint)
        self.say(text)

    @property
    def text_shown(self) -> str:
        """The text as it was given."""
        return self._plain

    def say(self, text: str) -> None:
        """Replace the text; nothing is repainted when it is the same."""
        if text == self._plain:
            return
        self._plain = text
        self.setText(unbroken(text) if self.wordWrap() else text)
        self.setAccessibleName(text)

    def recolour(self, token: Token) -> None:
        """Replace the colour token."""
        if token is not self._token:
            self._token = token
            self._tint()

    @Slot()
    def _tint(self) -> None:
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.WindowText, self._theme.colour(self._token))
        self.setPalette(palette)


class ElidedLabel(TextLabel):
    """A one-line label that is cut in the middle when there is no room; the whole text is in the tooltip."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        role: TextRole = TextRole.BODY,
        token: Token = Token.TEXT,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
        parent: QWidget | None = None,
    ) -> None:
        self._mode = mode
        super().__init__(theme, text, role, token, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Room for about six characters, so that layouts may squeeze the label."""
        hint = super().minimumSizeHint()
        six = QFontMetricsF(self.font()).averageCharWidth() * 6
        return QSize(min(hint.width(), round(six)), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, cut in the middle when it does not fit."""
        metrics = QFontMetricsF(self.font())
        shown = metrics.elidedText(self.text_shown, self._mode, self.width() + 0.5)
        tip = plain_tip(self.text_shown) if shown != self.text_shown else ""
        if tip != self.toolTip():
            self.setToolTip(tip)
        if not tip:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), int(self.alignment()), shown)


class PaintedText(QWidget):
    """Text that a subclass paints itself: a new one repaints this widget alone and lays nothing out by itself."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, role: TextRole, token: Token, flags: int, parent: QWidget | None = None) -> None:
        """Empty; `flags` are Qt's for the place of the text."""
        super().__init__(parent)
        self._theme = theme
        self._role = role
        self._token = token
        self._flags = flags
        self._plain = ""
        self.setFont(theme.font(role))
        theme.changed.connect(self.update)

    @property
    def text_shown(self) -> str:
        """The text as it was given."""
        return self._plain

    def say(self, text: str) -> None:
        """Replace the text; nothing is repainted when it is the same."""
        if text != self._plain:
            self._plain = text
            self.setAccessibleName(text)
            self.update()

    def recolour(self, token: Token) -> None:
        """Replace the colour token."""
        if token is not self._token:
            self._token = token
            self.update()

    def paint_text(self, text: str) -> None:
        """Paint `text` in the whole widget."""
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self._theme.colour(self._token))
        painter.drawText(QRectF(self.rect()), self._flags, text)


class Figure(PaintedText):
    """A number that changes often. Its room is that of `widest`: a new value repaints it and lays nothing out."""

    def __init__(
        self,
        theme: Theme,
        widest: str,
        role: TextRole = TextRole.BODY_STRONG,
        token: Token = Token.TEXT,
        *,
        left: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Empty, with room for `widest`, set at the right, or at the `left`."""
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        super().__init__(theme, role, token, int(side | Qt.AlignmentFlag.AlignVCenter), parent)
        metrics = QFontMetricsF(self.font())
        self.setFixedSize(round(metrics.horizontalAdvance(widest)) + 2, round(metrics.height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.paint_text(self._plain)


_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter)
_MAY_BREAK = "\u200b"
_PART = re.compile(r"[^-_./]+[-_./]*|[-_./]+")
_LONG_WORD = 12
"""Shorter words fit on any line that there is."""


class LiveText(PaintedText):
    """Wrapped text on as many lines as it needs."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        role: TextRole = TextRole.BODY,
        token: Token = Token.TEXT,
        parent: QWidget | None = None,
    ) -> None:
        """Show `text` in `role` and `token`, on as many lines as it needs."""
        left = int(Qt.AlignmentFlag.AlignLeft) | _MIDDLE | int(Qt.TextFlag.TextWordWrap)
        super().__init__(theme, role, token, left, parent)
        self._heights: dict[int, int] = {}
        self._untold = False
        let_wrap(self)
        self.say(text)

    def say(self, text: str) -> None:
        """Replace the text; the layout is asked only when it needs another height."""
        if text == self._plain:
            return
        before = self.heightForWidth(self.width())
        self._heights.clear()
        super().say(text)
        if self.heightForWidth(self.width()) != before or not self.isVisible():
            self._untold = False
            self.updateGeometry()
        else:
            self._untold = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the layout of a text it was not told of: it remembers heights at other widths, those of the old text."""
        super().resizeEvent(event)
        if self._untold:
            self._untold = False
            self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """The height of the text, wrapped at `width`; never less than a line."""
        height = self._heights.get(width)
        if height is None:
            metrics = QFontMetricsF(self.font())
            room = QRectF(0, 0, max(1, width), 100_000)
            needed = metrics.boundingRect(room, self._flags, self._broken(width)).height()
            height = self._heights[width] = math.ceil(max(metrics.height(), needed))
        return height

    def sizeHint(self) -> QSize:
        """One line as long as a comfortable line may be."""
        wanted = QFontMetricsF(self.font()).horizontalAdvance(self._plain) + 1
        width = round(min(wanted, self._theme.px(420)))
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """The longest word stays whole."""
        metrics = QFontMetricsF(self.font())
        longest = max((metrics.horizontalAdvance(word) for word in self._plain.split()), default=0.0)
        return QSize(round(min(longest, self._theme.px(160))) + 1, math.ceil(metrics.height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.paint_text(self._broken(self.width()))

    def words_at(self, width: int) -> tuple[str, ...]:
        """What cannot be parted when the text is wrapped at `width`."""
        return tuple(self._broken(width).replace(_MAY_BREAK, " ").split())

    def _broken(self, width: int) -> str:
        """The text with places to break in words that no line holds: names from Azure have up to 128 characters.

        They break where they are made of parts, and within a part only where no line holds that either.
        """
        text = unbroken(self._plain)
        if max(map(len, text.split()), default=0) < _LONG_WORD:
            return text
        metrics = QFontMetricsF(self.font())
        for word in {word for word in text.split() if metrics.horizontalAdvance(word) > width}:
            parts = _PART.findall(word.replace(WORD_JOINER, ""))
            fit = (part if metrics.horizontalAdvance(part) <= width else _MAY_BREAK.join(part) for part in parts)
            text = text.replace(word, _MAY_BREAK.join(fit))
        return text


class LiveLine(PaintedText):
    """One line in whatever room it is given, cut in the middle when that is too little; the whole is in the tooltip."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        role: TextRole = TextRole.BODY,
        token: Token = Token.TEXT,
        *,
        right: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Show `text` at the left of its room, or at the `right`."""
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        super().__init__(theme, role, token, int(side) | _MIDDLE, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.say(text)

    def sizeHint(self) -> QSize:
        """The height of a line; the width is whatever is left."""
        metrics = QFontMetricsF(self.font())
        return QSize(round(metrics.averageCharWidth() * 12), math.ceil(metrics.height()))

    def minimumSizeHint(self) -> QSize:
        """Room for about six characters."""
        metrics = QFontMetricsF(self.font())
        return QSize(round(metrics.averageCharWidth() * 6), math.ceil(metrics.height()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        shown = QFontMetricsF(self.font()).elidedText(self._plain, Qt.TextElideMode.ElideMiddle, self.width() + 0.5)
        tip = plain_tip(self._plain) if shown != self._plain else ""
        if tip != self.toolTip():
            self.setToolTip(tip)
        self.paint_text(shown)
