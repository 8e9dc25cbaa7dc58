"""A tag with a tinted ground: one plain word such as Suggested or wider (gui/README.md 6). Never a button."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tgwizard.gui.kit.labels import TextLabel
from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.style.state_shapes import INK, TINT, Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole


class TintTag(QWidget):
    """One word in the colours of a state: blue for a suggestion, amber for a caution, grey for a plain fact."""

    def __init__(self, theme: Theme, word: str, shape: Shape = Shape.NOTE, parent: QWidget | None = None) -> None:
        """Show `word` in the ink and tint of `shape`; the shape itself is not drawn."""
        super().__init__(parent)
        self._theme = theme
        self._shape = shape
        self.word = word
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(8), theme.px(2), theme.px(8), theme.px(2))
        row.addWidget(TextLabel(theme, word, TextRole.BADGE, INK[shape]))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), TINT[self._shape], None, Radius.TAG)
