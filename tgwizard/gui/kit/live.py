"""Text that changes while it is looked at: ages, states, the log of a run.

A QLabel has its whole page laid out anew with every text. These repaint themselves alone, and ask for a new layout only
when the text needs another height (gui/README.md 14).
"""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.gui.kit.labels import PaintedText, unbroken
from tgwizard.gui.kit.plain_tips import plain_tip
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token

_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter)
_MAY_BREAK = "\u200b"
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
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
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

    def hasHeightForWidth(self) -> bool:
        """A narrower text needs more lines."""
        return True

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
        """The text with places to break in words that no line holds: names from Azure have up to 128 characters."""
        text = unbroken(self._plain)
        if max(map(len, text.split()), default=0) < _LONG_WORD:
            return text
        metrics = QFontMetricsF(self.font())
        for word in {word for word in text.split() if metrics.horizontalAdvance(word) > width}:
            text = text.replace(word, _MAY_BREAK.join(word))
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
