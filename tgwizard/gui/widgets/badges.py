"""Pills, role badges and tags: one state, one role, one plain word. None of them is ever a button."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.state_shapes import INK, TINT, Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.labels import TextLabel


class _MarkedWord(QWidget):
    """A shape and a word in its ink, as large as both need. `margins` are left, top, right and bottom in pixels."""

    def __init__(
        self,
        theme: Theme,
        shape: Shape,
        word: str,
        *,
        mark_px: int,
        margins: tuple[int, int, int, int],
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mark = ShapeMark(theme, shape, mark_px)
        self._word = TextLabel(theme, word, TextRole.CAPTION_STRONG, INK[shape])
        row = QHBoxLayout(self)
        row.setContentsMargins(*map(theme.px, margins))
        row.setSpacing(theme.px(6))
        row.addWidget(self._mark)
        row.addWidget(self._word)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def _show(self, shape: Shape, word: str) -> None:
        self._mark.show_shape(shape)
        self._word.say(word)
        self._word.recolour(INK[shape])


class Pill(_MarkedWord):
    """Tint, shape, word: a state. Its accessible name is "State: word"."""

    def __init__(self, theme: Theme, shape: Shape, word: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, shape, word, mark_px=14, margins=(8, 4, 10, 4), parent=parent)
        self.show_state(shape, word)

    def show_state(self, shape: Shape, word: str) -> None:
        if (shape, word) == (self._mark.shape, self._word.text_shown) and self.accessibleName():
            return
        self._show(shape, word)
        self.setAccessibleName(f"State: {word}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        paint_ground(QPainter(self), self._theme, box, TINT[self._mark.shape], None, box.height() / 2)


class RoleBadge(_MarkedWord):
    """What a member has to do with the address: a filled diamond, a hollow one, or a dashed ring, with its word."""

    def __init__(self, theme: Theme, shape: Shape, word: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, shape, word, mark_px=11, margins=(8, 3, 8, 3), parent=parent)
        self.show_role(shape, word)

    def show_role(self, shape: Shape, word: str) -> None:
        """Replace the role."""
        self._show(shape, word)
        self.setAccessibleName(f"Role: {word}")
        self.updateGeometry()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground: tinted for active, an edge for standby and not known."""
        box = QRectF(self.rect())
        if self._mark.shape is Shape.ACTIVE:
            paint_ground(QPainter(self), self._theme, box, Token.ACCENT_TINT, None, Radius.BADGE)
        else:
            paint_ground(QPainter(self), self._theme, box, Token.CARD, Token.STRONG, Radius.BADGE)


class Tag(QWidget):
    """One plain word on a quiet ground, such as Lab, or an HTTP verb."""

    def __init__(
        self, theme: Theme, word: str, *, mono: bool = False, edge: bool = False, parent: QWidget | None = None
    ) -> None:
        """Show `word`; `mono` sets it as code, `edge` draws a line instead of a ground."""
        super().__init__(parent)
        self._theme = theme
        self._edge = edge
        role = TextRole.MONO_STRONG if mono else TextRole.BADGE
        self._word = TextLabel(theme, word, role, Token.TEXT2)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(7), theme.px(1), theme.px(7), theme.px(1))
        row.addWidget(self._word)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(self.rect())
        if self._edge:
            paint_ground(QPainter(self), self._theme, box, None, Token.INPUT, Radius.TAG, dashed=True)
        else:
            paint_ground(QPainter(self), self._theme, box, Token.IDLE_TINT, None, Radius.TAG)


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
