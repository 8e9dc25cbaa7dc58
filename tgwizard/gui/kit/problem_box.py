"""The problem box: tint, shape, what, why it matters, and the cures as buttons, directly under what it speaks of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.kit.flow import FlowLayout
from tgwizard.gui.kit.live import LiveText
from tgwizard.gui.kit.surface import paint_ground
from tgwizard.gui.style.state_shapes import TINT, Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token


class ProblemBox(QWidget):
    """One problem in its place. The title takes the focus when the problem appears on Continue (gui/README.md 13)."""

    accessible_role = QAccessible.Role.AlertMessage
    ring_radius = Radius.CARD

    def __init__(
        self,
        theme: Theme,
        shape: Shape,
        what: str,
        why: str = "",
        detail: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Say `what` and `why`; `detail` is Azure's own text, shown smaller."""
        super().__init__(parent)
        self._theme = theme
        self._shape = shape
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(16), theme.px(11), theme.px(16), theme.px(12))
        row.setSpacing(theme.px(12))
        words = QVBoxLayout()
        words.setSpacing(theme.px(2))
        words.addWidget(LiveText(theme, what, TextRole.BODY_STRONG))
        if why:
            words.addWidget(LiveText(theme, why, TextRole.BODY, Token.TEXT2))
        if detail:
            words.addWidget(LiveText(theme, detail, TextRole.CAPTION, Token.TEXT2))
        self._cures = QWidget()
        self._flow = FlowLayout(self._cures, theme.px(9), spread=False)
        self._flow.setContentsMargins(0, theme.px(6), 0, 0)
        self._cures.hide()
        words.addWidget(self._cures)
        row.addWidget(ShapeMark(theme, shape, 18), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.what = what
        self.setAccessibleName(what)
        self.setAccessibleDescription(" ".join(part for part in (why, detail) if part))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme.changed.connect(self.update)

    def add_cure(self, button: QWidget) -> None:
        """Add a cure after those there are."""
        self._flow.addWidget(button)
        self._cures.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), TINT[self._shape], None, Radius.CARD)
