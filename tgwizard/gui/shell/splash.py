"""The first thing that is painted: the window with the one cluster's name and picture, before anything is imported.

A start waits for imports more than for anything else, and Qt's name space `Qt` alone, with its hundred enumerations,
costs a sixth of a bare window. So this module paints with the little that needs neither: the theme, the geometry of
the picture, and a painter. `start` then imports the rest in small steps and puts the real window in its place. What is
shown is what the cluster file says; the rest is "not known" (gui/README.md 9, before the first read).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, QRect, QRectF, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QFontMetricsF,
    QGuiApplication,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QScreen,
    QShowEvent,
)
from PySide6.QtWidgets import QMainWindow, QWidget

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.toml_reader import parse_toml
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.window_place import Box, Frame, WindowPlace, fitted, least_size
from tgwizard.gui.cluster.picture_layout import PictureLayout, PictureMeasures, lay_out
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.model.appearance import ThemeChoice

RAIL_PX, NARROW_RAIL_PX, NARROW_BELOW_PX = 220, 56, 1200
BAR_PX = 47
ACTIONS_PX = 352
FRAMED_MS = 300
"""So long after it was shown, the window has the frame that the window manager gives it."""

OPENING = "Opening. Nothing was written."
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class SplashCluster:
    """What a cluster file says of itself: names and address, as text. ``members``: name and NIC of each."""

    name: str
    address: str
    subnet: str
    network: str
    members: tuple[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SplashContent:
    """All that the first paint waits for. ``state`` is the folder whose lock tells whether another window is open.

    ``left``: where the window stood when it was closed the last time.
    """

    place: str
    theme: ThemeChoice = ThemeChoice.SYSTEM
    cluster: SplashCluster | None = None
    state: Path | None = None
    left: WindowPlace = field(default_factory=WindowPlace)


def read_theme_choice(settings_file: Path) -> ThemeChoice:
    """The theme that the settings file names; whatever is wrong with the file is told later, when all of it is read."""
    try:
        return ThemeChoice(_read(settings_file)["window"]["theme"])
    except (OSError, KeyError, ValueError, TypeError):
        return ThemeChoice.SYSTEM


def read_first_cluster(folder: Path) -> SplashCluster | None:
    """What the only cluster file in `folder` says; None when there is not exactly one, or it is not plain.

    This is no check: `cluster_file` reads the file again in full and tells its faults.
    """
    try:
        (file,) = folder.glob("*.toml")
        document = _read(file)
        subnet = str(document["floating"]["subnet"]).split("/")
        first, second = ((str(member["name"]), str(member["nic"]).split("/")[-1]) for member in document["member"])
        address = str(document["floating"]["address"])
        return SplashCluster(str(document["name"]), address, subnet[-1], subnet[-3], (first, second))
    except (OSError, KeyError, TypeError, ValueError, IndexError):
        return None


def _read(file: Path) -> Mapping[str, Any]:
    return parse_toml(read_text(file))


def free_areas(first: QScreen) -> list[Box]:
    """What the system leaves free of each screen; that of `first` comes first."""
    others = [screen for screen in QGuiApplication.screens() if screen is not first]
    return [_box(screen.availableGeometry()) for screen in (first, *others)]


def _box(area: QRect) -> Box:
    return Box(area.x(), area.y(), area.width(), area.height())


class _Page(QWidget):
    """Rail, bar, name and picture, in one paint."""

    def __init__(self, theme: Theme, look: SplashContent) -> None:
        super().__init__()
        self._theme = theme
        self._cluster = look.cluster
        shown = look.cluster
        what = "Clusters" if shown is None else f"{shown.name}, floating IP {shown.address}, place not known"
        self.setAccessibleName(f"{what}. {OPENING}")

    # Painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        narrow = self.width() < theme.px(NARROW_BELOW_PX)
        rail, bar = theme.px(NARROW_RAIL_PX if narrow else RAIL_PX), theme.px(BAR_PX)
        for token, *box in (
            (Token.WINDOW, 0, 0, self.width(), self.height()),
            (Token.SIDEBAR, 0, 0, rail, self.height()),
            (Token.BORDER, rail - 1, 0, 1, self.height()),
            (Token.BORDER, rail, bar - 1, self.width() - rail, 1),
        ):
            self._box(painter, QRectF(*box), token)
        if not narrow:
            self._paint_rail(painter)
        margin = 16 if narrow else 24
        page = QRectF(rail + margin, bar + (11 if narrow else 17), self.width() - rail - 2 * margin, theme.px(66))
        if self._cluster is None:
            self._words(painter, "Clusters", TextRole.BODY_STRONG, Token.TEXT, QRectF(rail + 23, 0, 0, bar))
            return
        crumbs = f"Clusters   ›   {self._cluster.name}"
        self._words(painter, crumbs, TextRole.BODY_STRONG, Token.TEXT, QRectF(rail + 23, 0, 0, bar))
        self._box(painter, page, Token.IDLE_TINT, None, Radius.CARD)
        head = page.adjusted(18, 8, -18, -page.height() / 2)
        self._words(painter, self._cluster.name, TextRole.VERDICT, Token.TEXT, head)
        below = head.translated(0, head.height())
        self._words(painter, OPENING, TextRole.BODY, Token.TEXT2, below.adjusted(0, 0, 0, -4))
        room = page.width() - (0 if narrow else ACTIONS_PX + 16)
        painter.translate(page.left(), page.bottom() + 12)
        self._paint_picture(painter, self._cluster, lay_out(room, self._measures(self._cluster)), room)

    def _paint_rail(self, painter: QPainter) -> None:
        theme = self._theme
        row = QRectF(12 + theme.px(36), 60, 0, theme.px(34))
        for place in NavPage:
            self._words(painter, place.value, TextRole.BODY_KEY, Token.TEXT2, row)
            row.translate(0, row.height())

    def _measures(self, cluster: SplashCluster) -> PictureMeasures:
        theme = self._theme
        pill = QFontMetricsF(theme.font(TextRole.PILL))
        return PictureMeasures(
            head=QFontMetricsF(theme.font(TextRole.BODY_STRONG)).height() + 4,
            pill_width=pill.horizontalAdvance(cluster.address) + theme.px(64),
            pill_height=pill.height() + theme.px(15),
            card_height=theme.px(186),
            link_height=theme.px(60),
            scale=theme.text_scale,
        )

    def _paint_picture(self, painter: QPainter, cluster: SplashCluster, layout: PictureLayout, width: float) -> None:
        self._box(painter, QRectF(0, 0, width, layout.height), Token.SUNKEN, Token.BORDER, Radius.CARD)
        self._words(painter, f"{cluster.subnet}  {cluster.network}", TextRole.BODY_STRONG, Token.TEXT, layout.head)
        self._line(painter, layout.line_from, layout.line_to, 2)
        for dock, place, card in zip(layout.docks, layout.pills, layout.cards, strict=True):
            if not layout.stacked:
                self._line(painter, dock, QPointF(dock.x(), card.top()), 1.5)
            self._box(painter, QRectF(dock.x() - 5, dock.y() - 5, 10, 10), Token.CARD, Token.STRONG, 5)
            self._box(painter, place, Token.CARD, Token.STRONG, place.height() / 2, dashes=(3, 2.4))
            self._words(painter, UNKNOWN, TextRole.CAPTION_KEY, Token.TEXT2, place, centre=True)
        for (name, nic), card in zip(cluster.members, layout.cards, strict=True):
            self._paint_card(painter, name, nic, card)
        pill = layout.pill_at(0.5)
        self._box(painter, pill, Token.CARD, Token.INPUT, pill.height() / 2, dashes=(2.2, 1.7))
        self._words(painter, cluster.address, TextRole.PILL, Token.TEXT2, pill, centre=True)

    def _paint_card(self, painter: QPainter, name: str, nic: str, card: QRectF) -> None:
        theme = self._theme
        self._box(painter, card, Token.CARD, Token.BORDER, Radius.CARD)
        inner = card.adjusted(18, 13, -17, -13)
        line = QRectF(inner.left(), inner.top(), inner.width(), theme.px(20))
        self._words(painter, name, TextRole.NAME, Token.TEXT, line.translated(theme.px(27), 0))
        line.translate(0, theme.px(36))
        rows = (("VM power", UNKNOWN), ("NIC", nic), ("Own IP", UNKNOWN), ("Provisioning", UNKNOWN))
        for key, value in (*rows, ("Health", UNKNOWN)):
            self._words(painter, key, TextRole.CAPTION_KEY, Token.TEXT2, line)
            role = TextRole.MONO if key == "NIC" else TextRole.BODY_KEY
            token = Token.TEXT if key == "NIC" else Token.TEXT2
            self._words(painter, value, role, token, line.translated(theme.px(106), 0))
            line.translate(0, theme.px(24))

    # Everything is painted as paths: setPen, setBrush and fillRect each have a form that takes something of `Qt`, and
    # PySide6 makes that name space when it has to tell the forms apart.

    def _pen(self, token: Token, width: float = 1) -> QPen:
        pen = QPen()
        pen.setColor(self._theme.colour(token))
        pen.setWidthF(width)
        return pen

    def _line(self, painter: QPainter, start: QPointF, end: QPointF, width: float) -> None:
        path = QPainterPath()
        path.moveTo(start)
        path.lineTo(end)
        painter.strokePath(path, self._pen(Token.STRONG, width))

    def _box(
        self,
        painter: QPainter,
        box: QRectF,
        ground: Token,
        edge: Token | None = None,
        radius: float = 0,
        *,
        dashes: Sequence[float] = (),
    ) -> None:
        path = QPainterPath()
        inner = box if edge is None else box.adjusted(0.5, 0.5, -0.5, -0.5)
        path.addRoundedRect(inner, radius, radius)
        painter.fillPath(path, self._pen(ground).brush())
        if edge is not None:
            pen = self._pen(edge, 1.6 if dashes else 1)
            if dashes:
                pen.setDashPattern(list(dashes))
            painter.strokePath(path, pen)

    def _words(
        self, painter: QPainter, text: str, role: TextRole, token: Token, box: QRectF, *, centre: bool = False
    ) -> None:
        """Draw one line in the middle of the box's height, at its left, or in its `centre`."""
        font = self._theme.font(role)
        metrics = QFontMetricsF(font)
        left = box.left() + (max(0.0, box.width() - metrics.horizontalAdvance(text)) / 2 if centre else 0)
        path = QPainterPath()
        path.addText(QPointF(left, box.center().y() + (metrics.ascent() - metrics.descent()) / 2), font, text)
        painter.fillPath(path, self._pen(token).brush())


class Splash(QMainWindow):
    """The top-level window. `hold` puts the real window into it, once that is built."""

    def __init__(self, theme: Theme, look: SplashContent, on_close: Callable[[], None]) -> None:
        """Show what `look` knows; `on_close` is called when it is closed before the real window is there."""
        super().__init__()
        self._on_close = on_close
        self._window: QMainWindow | None = None
        self._followed = False
        self._framed = QTimer(self, singleShot=True, interval=FRAMED_MS)
        self._framed.timeout.connect(self.fit)
        self._shows_cluster = look.cluster is not None
        self.setWindowTitle(f"{'Clusters' if look.cluster is None else look.cluster.name} - tgwizard")
        self.setCentralWidget(_Page(theme, look))
        box = fitted(look.left.box, free_areas(self.screen()))
        self.setGeometry(*box)
        self._bound()
        self._maximised = look.left.maximised

    def appear(self) -> None:
        """Show it as it was left."""
        if self._maximised:
            self.showMaximized()
        else:
            self.show()

    @property
    def left(self) -> WindowPlace:
        """Where it stands now, to be found there again."""
        box = self.normalGeometry() if self.isMaximized() or self.isFullScreen() else self.geometry()
        return WindowPlace(_box(box) if box.isValid() else None, self.isMaximized())

    @Slot()
    def fit(self) -> None:
        """Stay inside the area that the screens leave free, now that it is known, or is another one."""
        self._bound()
        if self.isVisible() and not self.isMaximized() and not self.isFullScreen():
            now = _box(self.geometry())
            box = fitted(now, free_areas(self.screen()), self._frame())
            if box != now:
                self.setGeometry(*box)

    def showEvent(self, event: QShowEvent) -> None:
        """From now on it is known which screen it is on, and when that changes."""
        super().showEvent(event)
        handle = self.windowHandle()
        if not self._followed:
            self._followed = True
            handle.screenChanged.connect(self._on_screen)
            self._on_screen(handle.screen())
            # The frame is the window manager's, and comes after the window.
            self._framed.start()

    @Slot(QScreen)
    def _on_screen(self, screen: QScreen) -> None:
        self._bound()
        screen.availableGeometryChanged.connect(self.fit)

    def _bound(self) -> None:
        area, *_ = free_areas(self.screen())
        self.setMinimumSize(*least_size(area))

    def _frame(self) -> Frame:
        outer, inner = self.frameGeometry(), self.geometry()
        left, top = inner.left() - outer.left(), inner.top() - outer.top()
        return Frame(left, top, outer.right() - inner.right(), outer.bottom() - inner.bottom())

    @property
    def shows_cluster(self) -> bool:
        """Whether it shows a cluster, and not only that the program is opening."""
        return self._shows_cluster

    def hold(self, window: QMainWindow) -> None:
        """Put the real window in the place of the first paint, once; from now on it says what the title is."""
        if self._window is not None:
            return
        self._window = window
        window.windowTitleChanged.connect(self.setWindowTitle)
        self.setWindowTitle(window.windowTitle())
        self.setCentralWidget(window)
        window.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The real window decides, once there is one."""
        if self._window is None:
            self._on_close()
        elif not self._window.close():
            event.ignore()
