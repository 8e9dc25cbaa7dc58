"""The ground of every dialog: a panel over a scrim inside the window; its body scrolls, title and buttons do not.

It is a real QDialog, opened without a loop of its own. Cancel is its default; Enter acts only on a button that has the
focus, and never on one that starts a failover; Esc cancels; Tab stays inside (gui/README.md 5, 7 and 11).
"""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import (
    QAccessible,
    QColor,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import ENTER, Button
from tgwizard.gui.widgets.cards import BAR, PageScroll
from tgwizard.gui.widgets.focus_order import FocusKeeper
from tgwizard.gui.widgets.idle_queue import IdleQueue, IdleStep
from tgwizard.gui.widgets.labels import TextLabel

SHADOW = 24
SCRIM_SHARE = 0.43
SHADOW_SHARE = 0.07
WINDOW_SHARE = 0.9
DRAWN_IN = 2
"""In how many bands a dialog is drawn for the first time, unseen."""


class Scrim(QWidget):
    """Covers the window below a dialog: darkens it, swallows the mouse, keeps the focus inside, draws the shadow."""

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._theme = theme
        self._window = window
        self._focus = FocusKeeper(self)
        self.setAccessibleName("Dialog background")
        self.setGeometry(window.rect())
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the window still after it was resized."""
        if watched is self._window and event.type() is QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
            for child in self.children():
                if isinstance(child, Sheet):
                    child.place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(0, 0, 0, round(255 * SCRIM_SHARE)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for child in self.children():
            if isinstance(child, Sheet) and child.isVisible():
                box = QRectF(child.geometry()).translated(0, 3)
                # Rings that fade outwards: filling the large shapes would cost ten times as much.
                for reach in range(1, SHADOW, 2):
                    share = SHADOW_SHARE * 2 * (1 - reach / SHADOW)
                    painter.setPen(QPen(QColor(0, 0, 0, round(255 * share)), 2))
                    radius = Radius.DIALOG + reach
                    painter.drawRoundedRect(box.adjusted(-reach, -reach, reach, reach), radius, radius)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab and Shift+Tab go round inside the dialog."""
        return self._focus.move(forward=forward)


class Sheet(QDialog):
    """A dialog inside the window. Fill `body` and `buttons`, then call `open`."""

    accessible_role = QAccessible.Role.Dialog
    wide = 880
    help_topic = ""
    """The page of help about it; empty: that of the page below."""
    keeps_height = False
    """Whether what arrives later leaves the height as it is, so that no button moves; the body then scrolls."""

    def __init__(self, theme: Theme, window: QWidget, title: str, lead: str = "", cancel: str = "Cancel") -> None:
        """Make the dialog over `window`; it is deleted when it closes."""
        self._scrim = Scrim(theme, window)
        super().__init__(self._scrim)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.hide()  # by word: otherwise the scrim would show it together with itself
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self._opener = QApplication.focusWidget()
        self._turns = IdleQueue(self)
        self._placed_in = QSize()
        self.setAccessibleName(title)
        self.setAccessibleDescription(lead)
        self.title = TextLabel(theme, title, TextRole.VERDICT, wrap=True)
        self.lead = TextLabel(theme, lead, TextRole.BODY, Token.TEXT2, wrap=True)
        if not lead:
            self.lead.hide()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.lead)
        self.head = QHBoxLayout()
        self.head.addLayout(words, 1)
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(26, 0, 26 - BAR, 0)
        self.body.setSpacing(10)
        self._scroll = PageScroll(theme, self._content, title)
        # Two lines are lower than what a scroll area asks for: the buttons would pay for it.
        self._scroll.setMinimumHeight(1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(12)
        self.cancel = Button(theme, cancel, height=36, parent=self)
        self.cancel.setDefault(True)
        self.cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 22, 0, 22)
        column.setSpacing(12)
        for part in (self.head, self.buttons):
            part.setContentsMargins(26, 0, 26, 0)
        column.addLayout(self.head)
        column.addWidget(self._scroll, 1)
        column.addSpacing(6)
        column.addLayout(self.buttons)
        # An opaque body: a check that comes in then repaints itself, not the whole window under the scrim as well.
        self._scroll.viewport().setAutoFillBackground(True)
        # So is the ground below it, but for the corners: nothing of the window is painted where the dialog covers it.
        self._grounds = tuple(QWidget(self) for _ in range(2))
        for ground in self._grounds:
            ground.setAutoFillBackground(True)
            ground.lower()
        self._tint_body()
        theme.changed.connect(self._tint_body)
        self._content.installEventFilter(self)
        self.finished.connect(self._on_finished)
        theme.changed.connect(self.update)

    @Slot()
    def _tint_body(self) -> None:
        for ground in (self._scroll.viewport(), *self._grounds):
            palette = QPalette(ground.palette())
            palette.setColor(QPalette.ColorRole.Window, self._theme.colour(Token.CARD))
            ground.setPalette(palette)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The opaque ground is all of the dialog but its edge and its corners."""
        super().resizeEvent(event)
        edge, corner = 1, Radius.DIALOG
        tall, broad = self._grounds
        tall.setGeometry(self.rect().adjusted(corner, edge, -corner, -edge))
        broad.setGeometry(self.rect().adjusted(edge, corner, -edge, -corner))

    def build_in_turns(self, *steps: IdleStep) -> None:
        """Build these before the dialog is seen, one in each turn of the event loop: `open` waits for them."""
        self._turns.add(*steps)

    def open(self) -> None:
        """Show the dialog over its window, as soon as it is built; the answer comes by signal."""
        self._scrim.show()
        self._scrim.raise_()
        if self._turns.left:
            draw = (partial(self._draw, part / DRAWN_IN) for part in range(DRAWN_IN))
            self._turns.add(self._lay_out, *draw, self._appear)
        else:
            self._appear()

    def _lay_out(self) -> None:
        """Polish and lay out everything while it is hidden, so that showing it is only a paint."""
        self.place()
        self.render(QPixmap(1, 1), QPoint(), QRegion(0, 0, 1, 1))

    def _draw(self, top: float) -> None:
        """Draw one band of it: the first drawing is the dearest, it has every text shaped."""
        band = QRect(0, round(top * self.height()), self.width(), math.ceil(self.height() / DRAWN_IN))
        self.render(QPixmap(band.size()), QPoint(), QRegion(band))

    def _appear(self) -> None:
        self.ensurePolished()
        self.show()
        self.place()
        self._cast_shadow(self.geometry())
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the size of the content again, after it changed."""
        if watched is self._content and event.type() is QEvent.Type.LayoutRequest and self.isVisible():
            self.place()
        return False

    def place(self) -> None:
        """Centre in the window, at most nine tenths of it; the body scrolls when that is too little."""
        room = self._scrim.size()
        width = min(self._theme.px(self.wide), round(room.width() * WINDOW_SHARE))
        content = self.body
        content.activate()
        inner = width - BAR
        body = content.heightForWidth(inner) if content.hasHeightForWidth() else content.sizeHint().height()
        fixed = self.head.sizeHint().height() + self.buttons.sizeHint().height()
        if self.head.hasHeightForWidth():
            fixed = self.head.heightForWidth(width - 52) + self.buttons.sizeHint().height()
        wanted = fixed + body + 22 + 22 + 12 * 2 + 6
        height = min(wanted, round(room.height() * WINDOW_SHARE))
        if self.keeps_height and self._placed_in == room and self.isVisible():
            height = self.height()
        self._placed_in = room if self.isVisible() else QSize()
        place = QRect((room.width() - width) // 2, (room.height() - height) // 2, width, height)
        before = self.geometry()
        if place != before:
            self.setGeometry(place)
            self._cast_shadow(before)

    def _cast_shadow(self, before: QRect) -> None:
        """Paint the shadow anew after the dialog was there. Where the scrim is painted, so is the window below it."""
        reach = SHADOW + 4
        around = QRegion(before.adjusted(-reach, -reach, reach, reach))
        around += self.geometry().adjusted(-reach, -reach, reach, reach)
        self._scrim.update(around - QRegion(self.geometry()))

    def sizeHint(self) -> QSize:
        """`place` decides."""
        return QSize(self.wide, 400)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), Token.CARD, Token.BORDER, Radius.DIALOG)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc cancels. Enter reaches only a focused button, which handles it itself; here it does nothing."""
        if event.key() in ENTER:
            event.accept()
            return
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Give the focus back to the opener, then close.

        A dialog that is hidden with the focus inside has Qt look through the whole window for the next stop, twice.
        """
        self._turns.drop()
        opener, self._opener = self._opener, None
        inside = QApplication.focusWidget()
        if opener is not None and isValid(opener) and opener.isVisible() and opener.isEnabled():
            opener.setFocus(Qt.FocusReason.OtherFocusReason)
        elif inside is not None and self.isAncestorOf(inside):
            inside.clearFocus()
        super().done(result)

    @Slot(int)
    def _on_finished(self, _result: int) -> None:
        self._scrim.hide()
        self._scrim.deleteLater()
