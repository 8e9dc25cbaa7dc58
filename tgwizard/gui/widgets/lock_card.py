"""The mark of the program, and the card that says whether this window may change anything.

Both stand at the left of every page: in the rail and beside the wizard.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground, paint_line
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.shortcuts import Shortcut


class Logo(QWidget):
    """One address, two docks: the mark of the program."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(theme.px(24), theme.px(22))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / 24, self.height() / 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(Token.ACCENT_TEXT))
        painter.drawRoundedRect(QRectF(0.5, 1.5, 11, 5.6), 2.8, 2.8)
        pen = QPen(self._theme.colour(Token.INPUT), 1.4, c=Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.1, 2.2])
        painter.setPen(pen)
        painter.drawLine(14, 4, 23, 4)
        painter.setPen(QPen(self._theme.colour(Token.TEXT), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(1.5, 11, 8.5, 9), 3, 3)
        painter.drawRoundedRect(QRectF(14, 11, 8.5, 9), 3, 3)


class LockCard(WholeTarget, QPushButton):
    """Says whether this window may change anything, and is the way to change that (Ctrl+L). Shown on every screen."""

    ring_radius = Radius.CARD

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._locked = False
        self._narrow = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_lock(locked=False)
        prepare_control(self, theme)

    def show_lock(self, *, locked: bool) -> None:
        """Say whether the window is read-only."""
        self._locked = locked
        self.setAccessibleName(self._title)
        self.setAccessibleDescription(f"{self._words} {Shortcut.LOCK}")
        self.setToolTip(f"{self._title}: {self._words} ({Shortcut.LOCK})" if self._narrow else str(Shortcut.LOCK))
        self.update()

    def set_narrow(self, narrow: bool) -> None:
        """Show the icon alone."""
        self._narrow = narrow
        self.show_lock(locked=self._locked)
        self.updateGeometry()

    @property
    def _title(self) -> str:
        return "Read-only" if self._locked else "Changes allowed"

    @property
    def _words(self) -> str:
        return "Every button that writes is off." if self._locked else "Lock to make every screen read-only."

    def sizeHint(self) -> QSize:
        """A title and two lines."""
        if self._narrow:
            return QSize(self._theme.px(36), self._theme.px(36))
        title = QFontMetricsF(self._theme.font(TextRole.CAPTION_STRONG)).height()
        line = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return QSize(self._theme.px(196), round(title + 2 * line + self._theme.px(21)))

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        box = QRectF(self.rect())
        ground = Token.WARN_TINT if self._locked else Token.SUNKEN if self.underMouse() else Token.CARD
        paint_ground(painter, theme, box, ground, Token.WARN if self._locked else Token.BORDER, Radius.CARD)
        ink = theme.colour(Token.WARN if self._locked else Token.TEXT2)
        icon = Icon.LOCK if self._locked else Icon.UNLOCKED
        side = theme.px(14)
        if self._narrow:
            draw_icon(painter, icon, ink, QRectF((box.width() - side) / 2, (box.height() - side) / 2, side, side))
            return
        inner = box.adjusted(theme.px(11), theme.px(8), -theme.px(11), -theme.px(8))
        height = QFontMetricsF(theme.font(TextRole.CAPTION_STRONG)).height()
        draw_icon(painter, icon, ink, QRectF(inner.left(), inner.top() + (height - side) / 2, side, side))
        head = QRectF(inner.left(), inner.top(), inner.width(), height)
        title = head.adjusted(side + theme.px(8), 0, side + theme.px(8), 0)
        paint_line(painter, theme, title, (self._title, TextRole.CAPTION_STRONG, Token.TEXT))
        right = Qt.AlignmentFlag.AlignRight
        paint_line(painter, theme, head, (str(Shortcut.LOCK), TextRole.BADGE, Token.TEXT3), side=right)
        painter.setFont(theme.font(TextRole.CAPTION))
        painter.setPen(theme.colour(Token.TEXT2))
        rest = QRectF(inner.left(), inner.top() + height + theme.px(4), inner.width(), inner.height() - height)
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap), self._words)
