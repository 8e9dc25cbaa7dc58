"""Buttons: primary, secondary, ghost, link, danger outline, danger filled; and the navigation item of the rail.

They are real QPushButtons, painted from tokens. A click gives them the focus too, so that Tab goes on from there; the
ring shows with the first key (`FocusRing`). Verbs are on the buttons; Enter presses none unless it has the focus, and
then does what Space does: Qt has it so in dialogs only.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QPushButton, QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground, paint_line
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import plain_tip

if TYPE_CHECKING:
    _Button = QAbstractButton
else:
    _Button = object

ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
CHOOSES = ENTER | {Qt.Key.Key_Space}
"""The keys that choose the row, square or button that has the focus."""

ARROWS = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right})


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Press `button` if the key is Enter; whether it was, and the event is done with."""
    if event.key() not in ENTER:
        return False
    event.accept()
    button.click()
    return True


def prepare_control(control: QAbstractButton, theme: Theme, *, hand: bool = True) -> None:
    """What every control has: one stop of Tab, a look that follows pointer and theme, and no default of a dialog."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.setAttribute(Qt.WidgetAttribute.WA_Hover)
    if hand:
        control.setCursor(Qt.CursorShape.PointingHandCursor)
    if isinstance(control, QPushButton):
        control.setAutoDefault(False)
    theme.changed.connect(control.update)


class WholeTarget(_Button):
    """A control that is pressed anywhere on it, and by Enter as by Space."""

    def hitButton(self, _position: QPoint) -> bool:
        """Words are part of the target."""
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it; a key that is held down counts once."""
        if event.isAutoRepeat() and event.key() in CHOOSES:
            event.accept()
        elif not pressed_by_enter(self, event):
            super().keyPressEvent(event)


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
        self._meaning = 0
        self.setFont(theme.font(TextRole.BODY_STRONG))
        # A "&" in a resource name would otherwise become a mnemonic.
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme)

    @property
    def kind(self) -> ButtonKind:
        """How it looks."""
        return self._kind

    def become(self, kind: ButtonKind) -> None:
        """Weigh more or less than before, in the same place and size."""
        self._kind = kind
        self.update()

    def mean_another(self) -> None:
        """Be another button from now on, which the second click of a double click on the former one does not press."""
        self._meaning += 1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, unless it is the second of a double click that began on another button."""
        if self._theme.presses.counts(self, self._meaning, event):
            super().mousePressEvent(event)

    def rename(self, text: str, short: str = "") -> None:
        """Replace the words on the button and its accessible name. ``short``: what is seen, where room is scarce."""
        seen = short or text
        if seen != self._words():
            self.mean_another()
        self.setText(seen.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()

    def keep_room(self, words: str) -> None:
        """Be as wide as these words need at least, so that others beside it stay when its own change."""
        metrics = QFontMetricsF(self.font())
        wide = round(metrics.horizontalAdvance(words)) + 2 * self._theme.px(15) if words else 0
        if wide != self.minimumWidth():
            self.setMinimumWidth(wide)

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

    @property
    def why_off(self) -> str:
        """Why it is off; empty when it is on."""
        return "" if self.isEnabled() else self._held_off or self._reason or "It has no use now."

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


class RailItem(WholeTarget, QPushButton):
    """One line of the rail: a mark and words, the current one on a selected ground. The mark alone in a narrow rail."""

    ring_radius = Radius.CONTROL
    mark_px = 16

    def __init__(self, theme: Theme, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words = words
        self._narrow = False
        self._aside = ""
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFont(theme.font(TextRole.BODY_KEY))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme, hand=False)

    @property
    def words(self) -> str:
        """What it is called."""
        return self._words

    def set_narrow(self, narrow: bool) -> None:
        """Show the mark alone."""
        self._narrow = narrow
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """34 px high, 36 in the narrow rail."""
        if self._narrow:
            return QSize(self._theme.px(36), self._theme.px(36))
        return QSize(self._theme.px(196), self._theme.px(34))

    def minimumSizeHint(self) -> QSize:
        """The words may be cut."""
        return QSize(self._theme.px(36), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go on to the list it stands in: in a group of buttons Qt would open each page on the way."""
        if event.key() in ARROWS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paint_mark(self, painter: QPainter, box: QRectF, ink: Token) -> None:
        """Paint what stands before the words."""
        raise NotImplementedError

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter, box = self._theme, QPainter(self), QRectF(self.rect())
        current = self.isChecked()
        if current or self.underMouse():
            paint_ground(painter, theme, box, Token.HOVER if current else Token.SUNKEN, None, Radius.CONTROL)
        side, ink = theme.px(self.mark_px), Token.TEXT if current else Token.TEXT2
        left = (box.width() - side) / 2 if self._narrow else theme.px(18 - self.mark_px // 2)
        self.paint_mark(painter, QRectF(left, (box.height() - side) / 2, side, side), ink)
        if not self._narrow:
            words = box.adjusted(theme.px(36), 0, -theme.px(8), 0)
            paint_line(painter, theme, words, (self._words, TextRole.BODY_KEY, ink))
            aside = words.adjusted(0, 0, -theme.px(3), 0)
            right = Qt.AlignmentFlag.AlignRight
            paint_line(painter, theme, aside, (self._aside, TextRole.CAPTION_KEY, Token.TEXT2), side=right)


class NavItem(RailItem):
    """One page of the program: its icon, its word, and how many there are of what it shows."""

    def __init__(self, theme: Theme, text: str, icon: Icon, parent: QWidget | None = None) -> None:
        super().__init__(theme, text, parent)
        self._icon = icon
        self.setText(text)
        self.setAutoExclusive(True)

    def show_count(self, count: int) -> None:
        """Show how many there are at the right end; none shows nothing."""
        self._aside = str(count) if count else ""
        self.setAccessibleDescription(self._aside)
        self.update()

    def set_narrow(self, narrow: bool) -> None:
        """Show the icon alone, with the word as tooltip."""
        super().set_narrow(narrow)
        self.setToolTip(plain_tip(self._words) if narrow else "")

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def paint_mark(self, painter: QPainter, box: QRectF, ink: Token) -> None:
        draw_icon(painter, self._icon, self._theme.colour(ink), box)
