"""Tabs: words with a line under the current one, over a stack of pages; arrows, Home and End move between them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import WholeTarget, prepare_control
from tgwizard.gui.widgets.cards import Separator
from tgwizard.gui.widgets.layouts import FlowLayout


class Tab(WholeTarget, QPushButton):
    """One tab with its word and, when there is something to count, a count."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, word: str, parent: QWidget | None = None) -> None:
        super().__init__(word, parent)
        self._theme = theme
        self._count = 0
        self.setCheckable(True)
        # Not a role of our own: this one tells which tab is on, and lets assistive technology press another.
        self.setAutoExclusive(True)
        self.setAccessibleName(word)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        prepare_control(self, theme)

    def count(self, number: int) -> None:
        """Replace the count; none shows nothing."""
        self._count = number
        self.setAccessibleDescription(str(number) if number else "")
        self.updateGeometry()
        self.update()

    def _words(self) -> str:
        return f"{self.text()}  {self._count}" if self._count else self.text()

    def sizeHint(self) -> QSize:
        """The word and the air round it."""
        metrics = QFontMetricsF(self._theme.font(TextRole.BODY_STRONG))
        return QSize(round(metrics.horizontalAdvance(self._words())) + self._theme.px(4), round(metrics.height() + 18))

    def minimumSizeHint(self) -> QSize:
        """As wanted."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the word, and the line under the current one."""
        theme = self._theme
        painter = QPainter(self)
        on = self.isChecked()
        painter.setFont(theme.font(TextRole.BODY_STRONG if on else TextRole.BODY_KEY))
        painter.setPen(theme.colour(Token.TEXT if on or self.underMouse() else Token.TEXT2))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._words())
        if on:
            painter.fillRect(QRectF(0, self.height() - 2, self.width(), 2), theme.colour(Token.ACCENT_TEXT))


class Tabs(QWidget):
    """The row of tabs. `shown(index)` when another one is current."""

    accessible_role = QAccessible.Role.Grouping
    shown = Signal(int)

    def __init__(self, theme: Theme, name: str, words: tuple[str, ...], parent: QWidget | None = None) -> None:
        """Tabs of these `words`, the first one current; `name` is what assistive technology calls the row."""
        super().__init__(parent)
        self.setAccessibleName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QWidget()
        flow = FlowLayout(row, theme.px(24), spread=False)
        self._group = QButtonGroup(self)
        self.tabs = tuple(Tab(theme, word) for word in words)
        for index, tab in enumerate(self.tabs):
            self._group.addButton(tab)
            tab.toggled.connect(self._teller(index))
            flow.addWidget(tab)
        column.addWidget(row)
        column.addWidget(Separator(theme))
        self.tabs[0].setChecked(True)

    @property
    def current(self) -> int:
        return next(index for index, tab in enumerate(self.tabs) if tab.isChecked())

    def show_tab(self, index: int) -> None:
        """Make one current."""
        self.tabs[index].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the ends; arrows are Qt's own for an exclusive group."""
        ends = {Qt.Key.Key_Home: self.tabs[0], Qt.Key.Key_End: self.tabs[-1]}
        end = ends.get(Qt.Key(event.key()))
        if end is None:
            super().keyPressEvent(event)
            return
        end.setFocus(Qt.FocusReason.OtherFocusReason)
        end.setChecked(True)
        event.accept()

    def _teller(self, index: int) -> Callable[[bool], None]:
        def tell(on: bool) -> None:
            if on:
                self.shown.emit(index)

        return tell
