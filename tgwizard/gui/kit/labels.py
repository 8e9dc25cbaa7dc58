"""Text on the window: plain text only, set in a text role and a colour token, repainted when the theme changes.

Names of Azure resources are untrusted text, so no label here ever interprets mark-up. They are shown
as Azure spells them (gui/README.md 4), never broken at a hyphen, and cut in the middle when too long.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tgwizard.gui.kit.plain_tips import plain_tip
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token

WORD_JOINER = "\u2060"


def unbroken(text: str) -> str:
    """`text` with a word joiner after each hyphen inside a word, so that line wrapping keeps `tg-node-a` whole."""
    return text.replace("-", "-" + WORD_JOINER)


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
