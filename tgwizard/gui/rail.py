"""The left rail: logo, places, watched clusters with their state, and where they live. 220 px, or 56 px of icons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.kit.buttons import NavItem
from tgwizard.gui.kit.icons import Icon, IconMark
from tgwizard.gui.kit.labels import ElidedLabel, TextLabel
from tgwizard.gui.kit.shapes import Shape, draw_shape
from tgwizard.gui.kit.surface import Surface, paint_ground
from tgwizard.gui.opened import Surroundings
from tgwizard.gui.places import ICONS, Place
from tgwizard.gui.theme import Theme
from tgwizard.gui.tokens import Radius, TextRole, Token

WIDE = 220
NARROW = 56


class Logo(QWidget):
    """One address, two docks: the mark of the program."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Draw it."""
        super().__init__(parent)
        self._theme = theme
        self.setFixedSize(theme.px(24), theme.px(22))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint pill, path and two docks."""
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


class ClusterItem(QPushButton):
    """An open cluster in the rail: its state shape and its name."""

    ring_radius = Radius.CONTROL

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """Not known at first."""
        super().__init__(parent)
        self._theme = theme
        self._shape = Shape.NOT_KNOWN
        self._narrow = False
        self._name = name
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFont(theme.font(TextRole.BODY_KEY))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_state(Shape.NOT_KNOWN, "not read yet")
        theme.changed.connect(self.update)

    def show_state(self, shape: Shape, sentence: str) -> None:
        """Replace the state shape and the sentence read out with the name."""
        self._shape = shape
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(sentence)
        self.setToolTip(f"{self._name}: {sentence}")
        self.update()

    def set_narrow(self, narrow: bool) -> None:
        """Show the shape alone."""
        self._narrow = narrow
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """One navigation item."""
        if self._narrow:
            return QSize(self._theme.px(36), self._theme.px(36))
        return QSize(self._theme.px(196), self._theme.px(34))

    def minimumSizeHint(self) -> QSize:
        """As wanted, but the name may be cut."""
        return QSize(self._theme.px(36), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground, shape and name."""
        painter = QPainter(self)
        box = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            ground = Token.HOVER if self.isChecked() else Token.SUNKEN
            paint_ground(painter, self._theme, box, ground, None, Radius.CONTROL)
        side = self._theme.px(14)
        left = (box.width() - side) / 2 if self._narrow else self._theme.px(11)
        draw_shape(painter, self._theme, self._shape, QRectF(left, (box.height() - side) / 2, side, side))
        if not self._narrow:
            painter.setFont(self.font())
            painter.setPen(self._theme.colour(Token.TEXT if self.isChecked() else Token.TEXT2))
            words = box.adjusted(self._theme.px(36), 0, -self._theme.px(8), 0)
            name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, round(words.width()))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), name)


class Rail(QWidget):
    """Emits `chosen(Place)` and `cluster_chosen(name)`."""

    chosen = Signal(object)
    cluster_chosen = Signal(str)

    def __init__(self, theme: Theme, surroundings: Surroundings, parent: QWidget | None = None) -> None:
        """All places, no cluster yet."""
        super().__init__(parent)
        self._theme = theme
        self._narrow = False
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.items: dict[Place, NavItem] = {}
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
        for place in Place:
            item = NavItem(theme, place.value, ICONS[place])
            item.clicked.connect(self._chooser(place))
            self._group.addButton(item)
            self.items[place] = item
            column.addWidget(item)
        self.items[Place.CLUSTERS].setChecked(True)
        self._section = TextLabel(theme, "Watched now", TextRole.CAPTION_KEY, Token.TEXT2)
        self._section.setContentsMargins(10, 18, 0, 6)
        self._section.hide()
        column.addWidget(self._section)
        self._cluster_rows = QVBoxLayout()
        self._cluster_rows.setSpacing(0)
        column.addSpacing(8)
        column.addLayout(self._cluster_rows)
        column.addStretch(1)
        self._where = self._place_box(surroundings)
        column.addWidget(self._where)
        self.setFixedWidth(theme.px(WIDE))
        theme.changed.connect(self.update)

    def _place_box(self, surroundings: Surroundings) -> Surface:
        box = Surface(self._theme)
        row = QVBoxLayout(box)
        row.setContentsMargins(11, 8, 11, 9)
        row.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(8)
        icon = Icon.LAB if surroundings.is_lab else Icon.CLUSTERS
        head.addWidget(IconMark(self._theme, icon, 14))
        title = "Lab" if surroundings.is_lab else "Azure"
        head.addWidget(TextLabel(self._theme, title, TextRole.CAPTION_STRONG))
        head.addStretch(1)
        row.addLayout(head)
        words = "Nothing here reaches Azure." if surroundings.is_lab else "Changes here are real."
        row.addWidget(TextLabel(self._theme, words, TextRole.CAPTION, Token.TEXT2, wrap=True))
        row.addWidget(ElidedLabel(self._theme, surroundings.place, TextRole.CAPTION, Token.TEXT3))
        return box

    def show_clusters(self, names: tuple[str, ...]) -> None:
        """List the clusters that are watched."""
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
        self._section.setVisible(bool(names) and not self._narrow)

    def mark(self, place: Place | None, cluster: str = "") -> None:
        """Show `place`, or the cluster, as the current one."""
        if cluster and cluster in self.clusters:
            self.clusters[cluster].setChecked(True)
        elif place is not None:
            self.items[place].setChecked(True)

    def set_narrow(self, narrow: bool) -> None:
        """Icons alone, or icons with words."""
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
        self.setFixedWidth(self._theme.px(NARROW if narrow else WIDE))

    def _chooser(self, place: Place) -> Callable[[], None]:
        def choose() -> None:
            self.chosen.emit(place)

        return choose

    def _cluster_chooser(self, name: str) -> Callable[[], None]:
        def choose() -> None:
            self.cluster_chosen.emit(name)

        return choose

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rail's ground and its edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(Token.SIDEBAR))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.colour(Token.BORDER))
