"""The bar above every page: breadcrumbs, the Lab tag that tells a lab from the real thing, and the palette.

Above it and the rail: the strip of the menus.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from tgwizard.gui.style.control_painting import paint_ground, paint_line
from tgwizard.gui.style.icons import Icon, IconMark, draw_icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, Radius, TextRole, Token
from tgwizard.gui.widgets.badges import Tag
from tgwizard.gui.widgets.buttons import Button, ButtonKind, WholeTarget, prepare_control
from tgwizard.gui.widgets.labels import ElidedLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.shortcuts import Shortcut

HEIGHT = 47
MENUS_HEIGHT = 28


class FindBox(WholeTarget, QPushButton):
    """Looks like a field and opens the palette: "Find or run", Ctrl+K."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Find or run")
        self.setAccessibleDescription(f"Find a cluster or run a command, {Shortcut.FIND}")
        self.setToolTip(f"Find a cluster or run a command ({Shortcut.FIND})")
        # With large text the keys make room for the crumbs; the tooltip has them.
        self._with_keys = theme.text_scale < LARGE_TEXT
        self.setFixedSize(theme.px(170 if self._with_keys else 118), theme.px(30))
        prepare_control(self, theme)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        box = QRectF(self.rect())
        ground = Token.SUNKEN if self.underMouse() else Token.CARD
        paint_ground(painter, theme, box, ground, Token.BORDER, Radius.CONTROL)
        side = theme.px(13)
        glass = QRectF(theme.px(11), (box.height() - side) / 2, side, side)
        draw_icon(painter, Icon.SEARCH, theme.colour(Token.TEXT2), glass)
        inner = box.adjusted(theme.px(32), 0, -theme.px(11), 0)
        paint_line(painter, theme, inner, ("Find or run", TextRole.CAPTION, Token.TEXT2))
        if self._with_keys:
            right = Qt.AlignmentFlag.AlignRight
            paint_line(painter, theme, inner, (str(Shortcut.FIND), TextRole.BADGE, Token.TEXT3), side=right)


class TopBar(QWidget):
    """Breadcrumbs at left, tag and "Find or run" at right; a button for all menus where no bar shows them.

    `crumb_chosen(index)` for every crumb but the last.
    """

    crumb_chosen = Signal(int)
    find_asked = Signal()
    menu_asked = Signal()

    def __init__(self, theme: Theme, *, is_lab: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._crumbs: tuple[str, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 20, 0)
        row.setSpacing(10)
        self.menu = Button(theme, "", ButtonKind.GHOST, Icon.MENU, height=30)
        self.menu.setAccessibleName("Menu")
        self.menu.explain(f"All commands ({Shortcut.MENU})")
        self.menu.clicked.connect(self.menu_asked)
        self.menu.hide()
        row.addWidget(self.menu)
        self._place = QHBoxLayout()
        self._place.setSpacing(4)
        row.addLayout(self._place)
        if is_lab:
            row.addWidget(Tag(theme, "Lab", edge=True))
        row.addStretch(1)
        self.notice = Button(theme, "", ButtonKind.LINK, Icon.INFO, height=28)
        self.notice.hide()
        row.addWidget(self.notice)
        self.find_box = FindBox(theme)
        self.find_box.clicked.connect(self.find_asked)
        row.addWidget(self.find_box)
        self.setFixedHeight(theme.px(HEIGHT))
        theme.changed.connect(self.update)

    def show_notice(self, words: str) -> None:
        """Something about the program itself wants a look; `notice` leads there."""
        self.notice.rename(words)
        self.notice.show()

    def show_crumbs(self, crumbs: tuple[str, ...]) -> None:
        """Show `crumbs`; all but the last lead back."""
        if crumbs == self._crumbs:
            return
        self._crumbs = crumbs
        clear(self._place)
        for index, crumb in enumerate(crumbs):
            if index:
                self._place.addWidget(IconMark(self._theme, Icon.CHEVRON_RIGHT, 16, Token.TEXT3))
            if index == len(crumbs) - 1:
                last = ElidedLabel(self._theme, crumb, TextRole.BODY_STRONG)
                last.setContentsMargins(7, 0, 0, 0)
                self._place.addWidget(last)
                continue
            button = Button(self._theme, crumb, ButtonKind.GHOST, height=28)
            button.setAccessibleName(f"Go to {crumb}")
            button.clicked.connect(self._choose_callback(index))
            self._place.addWidget(button)

    def _choose_callback(self, index: int) -> Callable[[], None]:
        def choose() -> None:
            self.crumb_chosen.emit(index)

        return choose

    def paintEvent(self, _event: QPaintEvent) -> None:
        line = QRectF(0, self.height() - 1, self.width(), 1)
        paint_ground(QPainter(self), self._theme, line, Token.BORDER, None, 0)


class MenuStrip(QWidget):
    """Keeps room for the bar from the first paint on; the bar itself comes when the window has what its menus do."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 0, 8, 0)
        self._row.setSpacing(0)
        self.fit()
        theme.changed.connect(self.update)

    def fit(self) -> None:
        """As high as the text is large."""
        self.setFixedHeight(self._theme.px(MENUS_HEIGHT))

    def hold(self, bar: QWidget) -> None:
        """Show the bar."""
        self._row.addWidget(bar, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, box = QPainter(self), QRectF(self.rect())
        paint_ground(painter, self._theme, box, Token.SIDEBAR, None, 0)
        paint_ground(painter, self._theme, box.adjusted(0, box.height() - 1, 0, 0), Token.BORDER, None, 0)
