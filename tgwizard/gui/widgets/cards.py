"""Surfaces: cards, separators and rounded grounds painted from tokens, and the scroll area they stand in."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import TextLabel


class Surface(QWidget):
    """A widget with a ground, an edge and round corners; `restyle` replaces them."""

    def __init__(
        self,
        theme: Theme,
        ground: Token | None = Token.CARD,
        edge: Token | None = Token.BORDER,
        radius: int = Radius.CARD,
        parent: QWidget | None = None,
    ) -> None:
        """Paint `ground` and `edge`; None leaves that part out."""
        super().__init__(parent)
        self._theme = theme
        self._ground = ground
        self._edge = edge
        self._edge_width = 1.0
        self._radius = radius
        theme.changed.connect(self.update)

    @property
    def theme(self) -> Theme:
        """The theme it is painted in."""
        return self._theme

    def restyle(self, ground: Token | None, edge: Token | None, edge_width: float = 1.0) -> None:
        """Replace ground, edge and edge width."""
        if (ground, edge, edge_width) != (self._ground, self._edge, self._edge_width):
            self._ground, self._edge, self._edge_width = ground, edge, edge_width
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        paint_ground(QPainter(self), self._theme, box, self._ground, self._edge, self._radius, self._edge_width)


class Card(Surface):
    """One topic: title left, state or age right, then whatever is added to `body`."""

    def __init__(
        self,
        theme: Theme,
        title: str = "",
        *,
        margin: int = 16,
        spacing: int = 8,
        parent: QWidget | None = None,
    ) -> None:
        """Make a card; without a title it has no head."""
        super().__init__(theme, parent=parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(margin, margin - 2, margin, margin)
        self.body.setSpacing(spacing)
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self.title = TextLabel(theme, title, TextRole.SECTION)
        if title:
            self.head.addWidget(self.title)
            self.head.addStretch(1)
            self.body.addLayout(self.head)
        else:
            self.title.setParent(self)
            self.title.hide()

    def retitle(self, title: str) -> None:
        """Replace the title."""
        self.title.say(title)


class Separator(QFrame):
    """A one-pixel line between rows."""

    def __init__(self, theme: Theme, token: Token = Token.BORDER, parent: QWidget | None = None) -> None:
        """Draw in `token`, by default the decoration colour of row lines."""
        super().__init__(parent)
        self._theme = theme
        self._token = token
        self.setFixedHeight(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._theme.colour(self._token))


BAR = 12
"""How wide a scroll bar is, in pixels at any size of text."""


class _QuietBar(QScrollBar):
    """Its room is always there; it is seen only when there is something to scroll."""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.maximum() > self.minimum():
            super().paintEvent(event)


class PageScroll(QScrollArea):
    """The scroll area of a page: no frame, the page's own ground, never scrolls sideways.

    The room of its bar is kept free, so that nothing moves to the side when the page grows.
    """

    def __init__(self, theme: Theme, content: QWidget, name: str, parent: QWidget | None = None) -> None:
        """Scroll `content`; `name` is what assistive technology calls the area."""
        super().__init__(parent)
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBar(_QuietBar())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setWidget(content)
        # setWidget turns the content's own ground on; the page's, or the dialog's, is to show through.
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self._restyle()
        theme.changed.connect(self._restyle)

    @Slot()
    def _restyle(self) -> None:
        self.verticalScrollBar().setStyleSheet(self._theme.scroll_style())
