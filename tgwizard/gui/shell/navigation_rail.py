"""The left rail: logo, pages, watched clusters with their state, and where they live. 220 px, or 56 px of icons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import NavItem, RailItem
from tgwizard.gui.widgets.focus_order import OneStop
from tgwizard.gui.widgets.labels import ElidedLabel, TextLabel, plain_tip
from tgwizard.gui.widgets.lock_card import LockCard, Logo

WIDE = 220
VERY_WIDE = 240
NARROW = 56
NARROW_BELOW = 1200
VERY_WIDE_FROM = 2560

TYPING_MS = 1000
"""Letters typed within so long belong to one word."""


ICONS = {
    NavPage.CLUSTERS: Icon.CLUSTERS,
    NavPage.SET_UP: Icon.ADD,
    NavPage.LAB: Icon.LAB,
    NavPage.HISTORY: Icon.HISTORY,
    NavPage.REPORTS: Icon.REPORT,
    NavPage.SETTINGS: Icon.SETTINGS,
}


class ClusterItem(RailItem):
    """An open cluster in the rail: its state shape and its name."""

    mark_px = 14

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, name, parent)
        self._shape = Shape.NOT_KNOWN
        self.setAutoExclusive(True)
        self.show_state(Shape.NOT_KNOWN, "not read yet")

    def show_state(self, shape: Shape, sentence: str) -> None:
        """Replace the state shape and the sentence read out with the name."""
        self._shape = shape
        self.setAccessibleDescription(sentence)
        self.setToolTip(plain_tip(f"{self._words}: {sentence}"))
        self.update()

    def paint_mark(self, painter: QPainter, box: QRectF, _ink: Token) -> None:
        draw_shape(painter, self._theme, self._shape, box)


class RailItems(OneStop):
    """The pages and the clusters: one stop of Tab, which begins at what is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.setAccessibleName("Pages and clusters")

    def stops(self) -> list[RailItem]:
        """In the order they stand in."""
        return sorted(self.findChildren(RailItem), key=lambda item: item.y())

    def current_stop(self) -> RailItem | None:
        """The one that is shown."""
        return next((item for item in self.stops() if item.isChecked()), None)


class NavigationRail(QWidget):
    """Emits `chosen(NavPage)` and `cluster_chosen(name)`."""

    chosen = Signal(object)
    cluster_chosen = Signal(str)
    lock_asked = Signal()

    def __init__(self, theme: Theme, place: str, *, is_lab: bool, parent: QWidget | None = None) -> None:
        """Nothing is watched yet; `place` says where the clusters live."""
        super().__init__(parent)
        self._theme = theme
        self._narrow = False
        self._typed = ""
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.items: dict[NavPage, NavItem] = {}
        self.clusters: dict[str, ClusterItem] = {}
        column = QVBoxLayout(self)
        self._column = column
        column.setContentsMargins(12, 18, 12, 14)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(9, 0, 0, 0)
        head.setSpacing(11)
        self._name = TextLabel(theme, "tgwizard", TextRole.NAME)
        head.addWidget(Logo(theme))
        head.addWidget(self._name)
        head.addStretch(1)
        self._head = head
        column.addLayout(head)
        column.addSpacing(20)
        inner = RailItems()
        for page in NavPage:
            item = NavItem(theme, page.value, ICONS[page])
            item.clicked.connect(self._choose_callback(page))
            self._group.addButton(item)
            self.items[page] = item
            inner.column.addWidget(item)
        self.items[NavPage.CLUSTERS].setChecked(True)
        self._section = TextLabel(theme, "Watched now", TextRole.CAPTION_KEY, Token.TEXT2)
        self._section.setContentsMargins(10, 18, 0, 6)
        self._section.hide()
        inner.column.addWidget(self._section)
        self._cluster_rows = QVBoxLayout()
        self._cluster_rows.setSpacing(0)
        inner.column.addSpacing(8)
        inner.column.addLayout(self._cluster_rows)
        column.addWidget(inner)
        column.addStretch(1)
        self.lock = LockCard(theme)
        self.lock.clicked.connect(self.lock_asked)
        column.addWidget(self.lock)
        self._where = self._place_box(place, is_lab=is_lab)
        column.addWidget(self._where)
        self.setFixedWidth(theme.px(WIDE))
        theme.changed.connect(self.update)

    def _place_box(self, place: str, *, is_lab: bool) -> QWidget:
        """Where the clusters live: the lab, or Azure with its own warning in words."""
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(9, 10, 4, 0)
        row.setSpacing(11)
        icon = Icon.LAB if is_lab else Icon.PERSON
        row.addWidget(IconMark(self._theme, icon, 16))
        words = QVBoxLayout()
        words.setSpacing(1)
        title = "Lab, never Azure" if is_lab else "Real Azure"
        words.addWidget(TextLabel(self._theme, title, TextRole.CAPTION_STRONG))
        words.addWidget(ElidedLabel(self._theme, place, TextRole.CAPTION, Token.TEXT2))
        row.addLayout(words, 1)
        return box

    def show_clusters(self, names: tuple[str, ...], *, pinned: bool = False) -> None:
        """List the pinned clusters, or the few that are watched while none is pinned."""
        for item in self.clusters.values():
            self._group.removeButton(item)
            item.hide()
            item.deleteLater()
        self.clusters = {}
        for name in names:
            item = ClusterItem(self._theme, name)
            item.set_narrow(self._narrow)
            item.clicked.connect(self._cluster_chooser(name))
            self._group.addButton(item)
            self.clusters[name] = item
            self._cluster_rows.addWidget(item)
        self._drop_what_has_no_room()
        self._section.say("Pinned" if pinned else "Watched now")
        self._section.setVisible(bool(names) and not self._narrow)

    def count(self, clusters: int) -> None:
        """How many clusters there are, behind the name of their page."""
        self.items[NavPage.CLUSTERS].show_count(clusters)

    def mark(self, place: NavPage | None, cluster: str = "") -> None:
        """Show `place`, or the cluster, as the current one."""
        if cluster and cluster in self.clusters:
            self.clusters[cluster].setChecked(True)
        elif place is not None:
            self.items[place].setChecked(True)

    def fit(self, window_width: int) -> None:
        """56 px of icons below 1200 px, 220 px with words, 240 px from 2560 px on, at 100 % text (gui/README.md 7)."""
        narrow = window_width < self._theme.px(NARROW_BELOW)
        wide = VERY_WIDE if window_width >= VERY_WIDE_FROM else WIDE
        self.setFixedWidth(self._theme.px(NARROW if narrow else wide))
        if narrow is self._narrow:
            return
        self._narrow = narrow
        self._name.setVisible(not narrow)
        self._section.setVisible(bool(self.clusters) and not narrow)
        self._where.setVisible(not narrow)
        side = 10 if narrow else 12
        self._column.setContentsMargins(side, 18, side, 14)
        self._head.setContentsMargins(7 if narrow else 9, 0, 0, 0)
        for item in self.items.values():
            item.set_narrow(narrow)
        for cluster in self.clusters.values():
            cluster.set_narrow(narrow)
        self.lock.set_narrow(narrow)
        self._drop_what_has_no_room()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters lead to the next item that begins with them."""
        items = [one for one in (*self.items.values(), *self.clusters.values()) if one.isVisible()]
        at = next((number for number, one in enumerate(items) if one.hasFocus()), None)
        letters = event.text().casefold()
        if at is None or not letters.isprintable() or not letters.strip():
            super().keyPressEvent(event)
            return
        self._typed = self._typed + letters if self._typing.isActive() else letters
        self._typing.start()
        after = items[at + (len(self._typed) == 1) :] + items[:at]
        found = next((one for one in after if one.words.casefold().startswith(self._typed)), None)
        if found is not None:
            found.setFocus(Qt.FocusReason.TabFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Clusters that have no room are left out; the table and Ctrl+K have them all."""
        super().resizeEvent(event)
        self._drop_what_has_no_room()

    def _drop_what_has_no_room(self) -> None:
        rows = len(self.items) + (0 if self._narrow else 3)
        below = 0 if self._narrow else self._where.sizeHint().height()
        each = next((item.sizeHint().height() for item in self.clusters.values()), 1)
        used = rows * each + self.lock.sizeHint().height() + below + self._theme.px(80)
        room = max(0, (self.height() - used) // max(1, each))
        for number, item in enumerate(self.clusters.values()):
            item.setVisible(number < room)

    def _choose_callback(self, place: NavPage) -> Callable[[], None]:
        def choose() -> None:
            self.chosen.emit(place)

        return choose

    def _cluster_chooser(self, name: str) -> Callable[[], None]:
        def choose() -> None:
            self.cluster_chosen.emit(name)

        return choose

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect())
        # Not fillRect: one of its forms takes a gradient, whose two hundred presets PySide6 then makes.
        paint_ground(painter, self._theme, box, Token.SIDEBAR, None, 0)
        paint_ground(painter, self._theme, box.adjusted(box.width() - 1, 0, 0, 0), Token.BORDER, None, 0)
