"""The pages of the window in their frame: as large as the one shown, not too wide, and a lab's with a dashed edge."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Token

WIDEST = 1880
"""A page is at most so wide, and centred, unless it says `widest` itself: it has a third column (gui/README.md 7)."""


class PageStack(QStackedWidget):
    """The pages. They want as much room as the one shown: an unseen page never makes the window larger."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.kept: QWidget | None = None
        """What had the focus when the page shown was left."""
        self.currentChanged.connect(self.fit)
        self.fit()

    @Slot()
    def fit(self) -> None:
        """As wide as the page shown may be, in the present size of text."""
        widest = int(getattr(self.currentWidget(), "widest", WIDEST))
        self.setMaximumWidth(max(widest, self._theme.px(widest)))
        self.updateGeometry()

    def setCurrentWidget(self, page: QWidget) -> None:
        """Show a page, and know where the focus was on it: Qt forgets that in the turn."""
        kept = page.focusWidget()
        self.kept = None if kept is page else kept
        super().setCurrentWidget(page)

    def minimumSizeHint(self) -> QSize:
        """What the page shown needs at least."""
        page = self.currentWidget()
        return super().minimumSizeHint() if page is None else page.minimumSizeHint()


class PageFrame(QWidget):
    """The ground of the pages. A lab's pages have a dashed edge, so that no one mistakes them for real ones."""

    def __init__(self, theme: Theme, pages: QWidget, *, is_lab: bool) -> None:
        """Hold `pages` in the middle; draw the edge only for a lab."""
        super().__init__()
        self._theme = theme
        self._is_lab = is_lab
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addStretch(1)
        row.addWidget(pages, 100_000)
        row.addStretch(1)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground and, for a lab, the dashed edge."""
        painter = QPainter(self)
        paint_ground(painter, self._theme, QRectF(self.rect()), Token.WINDOW, None, 0)
        if self._is_lab:
            pen = QPen(self._theme.colour(Token.STRONG), 1)
            pen.setDashPattern([5, 4])
            painter.setPen(pen)
            painter.drawRect(QRectF(self.rect()).adjusted(3.5, 3.5, -3.5, -3.5))
