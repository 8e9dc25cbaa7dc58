"""What the window shows before anything was read: the cluster's name, and its last verdict as the journal has it.

It is the page's skeleton: a banner where the verdict will stand, and dashed places where picture and buttons will.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from tgwizard.gui.app.first_glance import ClusterGlance
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, Token
from tgwizard.gui.widgets.banner import VerdictBanner
from tgwizard.model.text import format_age

OPENING = "Opening. Nothing was written."

ACTIONS_PX = 352
WIDE_PX = 980
"""The measures of the cluster page, whose place this one keeps."""


class Placeholder(QWidget):
    """The place of a card that is still to come."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        paint_ground(QPainter(self), self._theme, box, None, Token.STRONG, Radius.CARD, dashed=True)


class OpeningPage(QWidget):
    """Nothing on it can be pressed: the page that takes its place has the buttons."""

    def __init__(self, theme: Theme, cluster: ClusterGlance | None) -> None:
        """Say which cluster will be shown here; None: that the program is opening."""
        super().__init__()
        self._theme = theme
        self._cluster = cluster
        self.banner = VerdictBanner(theme)
        self._grid = QGridLayout(self)
        self._grid.setVerticalSpacing(12)
        self._grid.addWidget(self.banner, 0, 0, 1, 2)
        self._grid.setColumnStretch(0, 1)
        self._grid.setRowStretch(1, 1)
        self._grid.setRowStretch(2, 1)
        self._actions: tuple[Placeholder, ...] = ()
        if cluster is None:
            self.banner.show_verdict(Shape.NOT_KNOWN, "Opening", "Nothing was written.")
            return
        self.banner.show_verdict(Shape.NOT_KNOWN, cluster.name, f"{cluster.address}, place not known yet. {OPENING}")
        self._actions = (Placeholder(theme), Placeholder(theme))
        self._grid.addWidget(Placeholder(theme), 1, 0, 2, 1)
        for row, card in enumerate(self._actions, start=1):
            card.setFixedWidth(max(ACTIONS_PX, theme.px(ACTIONS_PX)))
            self._grid.addWidget(card, row, 1)

    def show_last_known(self, sentence: str, age_s: float) -> None:
        """Say what the journal last knew of the cluster, and how long ago that was recorded."""
        if self._cluster is not None:
            recorded = f"Recorded here {format_age(age_s)}."
            words = f"{self._cluster.name}, {self._cluster.address}. {recorded} {OPENING}"
            self.banner.show_verdict(Shape.NOT_KNOWN, f"Last known: {sentence}", words)

    def show_failed(self, why: str) -> None:
        """Say that the program cannot open, and why: nothing is still to come."""
        for place in self.findChildren(Placeholder):
            place.hide()
        self._actions = ()
        self.banner.show_verdict(Shape.BROKEN, "tgwizard could not open", why, urgent=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The margins, and the second column, as the cluster page has them at this width."""
        super().resizeEvent(event)
        wide = self.width() >= self._theme.px(WIDE_PX)
        margin = 24 if wide else 16
        self._grid.setContentsMargins(margin, 17 if wide else 11, margin, margin)
        self._grid.setHorizontalSpacing(16 if wide else 0)
        for card in self._actions:
            card.setVisible(wide)
