"""Buttons: primary, secondary, ghost, link, danger outline, danger filled; and the navigation item of the rail.

They are real QPushButtons, painted from tokens. They take the focus by key and by code, not by mouse, so a ring
shows only to those who need it. Verbs are on the buttons; Enter presses none unless it has the focus, and then does
what Space does: Qt has it so in dialogs only.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import plain_tip

ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
CHOOSES = ENTER | {Qt.Key.Key_Space}
"""The keys that choose the row, square or button that has the focus."""


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Press `button` if the key is Enter; whether it was, and the event is done with."""
    if event.key() not in ENTER:
        return False
    event.accept()
    button.click()
    return True


class ButtonKind(Enum):
    """How a button looks, and so how much it weighs."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GHOST = "ghost"
    LINK = "link"
    DANGER_OUTLINE = "danger outline"
    DANGER = "danger"


class Look:
    """The colours of a button in one state."""

    __slots__ = ("edge", "ground", "ink")

    def __init__(self, ground: Token | None, edge: Token | None, ink: Token) -> None:
        """Ground, edge and ink; None leaves that part out."""
        self.ground = ground
        self.edge = edge
        self.ink = ink


_LOOKS: dict[ButtonKind, Look] = {
    ButtonKind.PRIMARY: Look(Token.ACCENT, None, Token.ON_FILL),
    ButtonKind.SECONDARY: Look(Token.CARD, Token.STRONG, Token.TEXT),
    ButtonKind.GHOST: Look(None, None, Token.TEXT2),
    ButtonKind.LINK: Look(None, None, Token.ACCENT_TEXT),
    ButtonKind.DANGER_OUTLINE: Look(Token.CARD, Token.BAD, Token.BAD),
    ButtonKind.DANGER: Look(Token.BAD_FILL, None, Token.ON_FILL),
}

_HOVER: dict[ButtonKind, Look] = {
    ButtonKind.PRIMARY: Look(Token.ACCENT_HOVER, None, Token.ON_FILL),
    ButtonKind.SECONDARY: Look(Token.SUNKEN, Token.INPUT, Token.TEXT),
    ButtonKind.GHOST: Look(Token.HOVER, None, Token.TEXT),
    ButtonKind.LINK: Look(Token.ACCENT_TINT, None, Token.ACCENT_TEXT),
    ButtonKind.DANGER_OUTLINE: Look(Token.BAD_TINT, Token.BAD, Token.BAD),
    ButtonKind.DANGER: Look(Token.BAD_FILL, Token.TEXT, Token.ON_FILL),
}

_DISABLED = Look(Token.SUNKEN, Token.BORDER, Token.TEXT3)


class Button(QPushButton):
    """A push button painted from tokens. `explain` puts the reason it is off into its tooltip and description."""

    ring_radius = Radius.CONTROL

    def __init__(
        self,
        theme: Theme,
        text: str,
        kind: ButtonKind = ButtonKind.SECONDARY,
        icon: Icon | None = None,
        *,
        height: int = 34,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kind = kind
        self._icon = icon
        self._height = height
        self._wanted_on = True
        self._reason = ""
        self._held_off = ""
        self.setFont(theme.font(TextRole.BODY_STRONG))
        # A "&" in a resource name would otherwise become a mnemonic.
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    @property
    def kind(self) -> ButtonKind:
        """How it looks."""
        return self._kind

    def rename(self, text: str) -> None:
        """Replace the words on the button and its accessible name."""
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()

    def explain(self, reason: str) -> None:
        """Say why the button is off, or what it does, in the tooltip and to assistive technology."""
        self._reason = reason
        shown = self._held_off or reason
        self.setToolTip(plain_tip(shown))
        self.setAccessibleDescription(shown)

    def setEnabled(self, enabled: bool) -> None:
        """Turn the button on or off; while it is held off it stays off and remembers."""
        self._wanted_on = enabled
        super().setEnabled(enabled and not self._held_off)

    def hold_off(self, reason: str) -> None:
        """Keep the button off for `reason`, whatever its page says; an empty reason lets go."""
        if reason != self._held_off:
            self._held_off = reason
            self.setEnabled(self._wanted_on)
            self.explain(self._reason)

    def sizeHint(self) -> QSize:
        """Room for icon and words, and the height of its kind."""
        words = QFontMetricsF(self.font()).horizontalAdvance(self._words())
        icon = self._theme.px(16 + 8) if self._icon is not None else 0
        padding = self._theme.px(8 if self._kind in {ButtonKind.LINK, ButtonKind.GHOST} else 15)
        return QSize(round(words + icon + 2 * padding), self._theme.px(self._height))

    def minimumSizeHint(self) -> QSize:
        """The same as the size it wants: a verb is never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the focused button just as Space does; auto-repeat counts once."""
        if event.isAutoRepeat():
            event.accept()
            return
        if not (self.enter_presses() and pressed_by_enter(self, event)):
            super().keyPressEvent(event)

    def enter_presses(self) -> bool:
        """Whether Enter on the focused button acts; a button that starts a failover says no (gui/README.md 11)."""
        return True

    def _words(self) -> str:
        return self.text().replace("&&", "&")

    def _look(self) -> Look:
        if not self.isEnabled():
            if self._kind in {ButtonKind.GHOST, ButtonKind.LINK}:
                return Look(None, None, Token.TEXT3)
            return _DISABLED
        return (_HOVER if self.underMouse() or self.isDown() else _LOOKS)[self._kind]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = self._look()
        box = QRectF(self.rect())
        paint_ground(painter, self._theme, box, look.ground, look.edge, Radius.CONTROL)
        ink = self._theme.colour(look.ink)
        words = self._words()
        width = QFontMetricsF(self.font()).horizontalAdvance(words)
        left = (box.width() - width) / 2
        if self._icon is not None:
            side, gap = self._theme.px(16), self._theme.px(8)
            left = (box.width() - width - side - gap) / 2
            draw_icon(painter, self._icon, ink, QRectF(left, (box.height() - side) / 2, side, side))
            left += side + gap
        painter.setFont(self.font())
        painter.setPen(ink)
        painter.drawText(QRectF(left, 0, width + 2, box.height()), int(Qt.AlignmentFlag.AlignVCenter), words)


class StartButton(Button):
    """The verb button of a failover dialog: Enter never starts a failover, a click or Space does."""

    def enter_presses(self) -> bool:
        """No."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Swallow Enter, so that it reaches no default action either."""
        if event.key() in ENTER:
            event.accept()
            return
        super().keyPressEvent(event)


class NavItem(QPushButton):
    """One page in the rail: icon and word, the current one on a selected ground. Icons only in a narrow rail."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, text: str, icon: Icon, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon = icon
        self._narrow = False
        self._count = 0
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFont(theme.font(TextRole.BODY_KEY))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_count(self, count: int) -> None:
        """Show how many there are at the right end; none shows nothing."""
        self._count = count
        self.setAccessibleDescription(str(count) if count else "")
        self.update()

    def set_narrow(self, narrow: bool) -> None:
        """Show the icon alone, with the word as tooltip."""
        self._narrow = narrow
        self.setToolTip(plain_tip(self.text()) if narrow else "")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """One navigation item (gui/README.md 5): 32 px high, 36 in the narrow rail."""
        if self._narrow:
            return QSize(self._theme.px(36), self._theme.px(36))
        return QSize(self._theme.px(196), self._theme.px(34))

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Repaint as hovered."""
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Repaint as not hovered."""
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            ground = Token.HOVER if self.isChecked() else Token.SUNKEN
            paint_ground(painter, self._theme, box, ground, None, Radius.CONTROL)
        ink: QColor = self._theme.colour(Token.TEXT if self.isChecked() else Token.TEXT2)
        side = self._theme.px(16)
        left = (box.width() - side) / 2 if self._narrow else self._theme.px(10)
        draw_icon(painter, self._icon, ink, QRectF(left, (box.height() - side) / 2, side, side))
        if not self._narrow:
            painter.setFont(self.font())
            painter.setPen(ink)
            words = box.adjusted(self._theme.px(36), 0, -self._theme.px(8), 0)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())
            if self._count:
                painter.setFont(self._theme.font(TextRole.CAPTION_KEY))
                painter.setPen(self._theme.colour(Token.TEXT2))
                right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
                painter.drawText(words.adjusted(0, 0, -self._theme.px(3), 0), right, str(self._count))
