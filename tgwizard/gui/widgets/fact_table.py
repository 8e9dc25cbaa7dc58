"""A short table of facts: heads, lines between the rows, cells that are widgets. Long lists use a real table view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.control_painting import paint_in_round
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.cards import Separator, Surface
from tgwizard.gui.widgets.labels import LiveText, TextLabel, let_wrap
from tgwizard.gui.widgets.layouts import Column, ColumnsLayout


class TableRow(QWidget):
    """One row; its accessible name is the whole row as one sentence. `lit` tints its ground: added, or changed."""

    accessible_role = QAccessible.Role.ListItem

    def __init__(self, theme: Theme, sentence: str, *, lit: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lit = lit
        self.setAccessibleName(sentence)
        let_wrap(self)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        table = self.parentWidget()
        if self._lit and table is not None:
            card = QRectF(table.rect().translated(-self.pos()))
            paint_in_round(QPainter(self), self._theme, QRectF(self.rect()), card, Token.ACCENT_TINT)


class RowTable(Surface):
    """Rows under their heads. `add` puts a row at the end, `clear` takes all out."""

    accessible_role = QAccessible.Role.List

    def __init__(
        self,
        theme: Theme,
        name: str,
        columns: Sequence[Column],
        *,
        padding: int = 8,
        parent: QWidget | None = None,
    ) -> None:
        """No rows yet; `name` is what assistive technology calls the table."""
        super().__init__(theme, parent=parent)
        self._columns = tuple(columns)
        self._padding = padding
        self._stacked = theme.text_scale >= LARGE_TEXT
        self.rows: list[TableRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        self.setAccessibleName(name)
        if any(column.head for column in columns) and not self._stacked:
            head = QWidget()
            layout = self._layout(head, 10)
            for column in columns:
                layout.addWidget(TextLabel(theme, column.head, TextRole.CAPTION_STRONG, Token.TEXT3))
            self._column.addWidget(head)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def _layout(self, row: QWidget, padding: int) -> ColumnsLayout:
        theme = self.theme
        widths = [(theme.px(column.px), column.share) for column in self._columns]
        layout = ColumnsLayout(row, widths, theme.px(12), stacked=self._stacked)
        layout.setContentsMargins(theme.px(17), theme.px(padding), theme.px(16), theme.px(padding))
        return layout

    def add(self, cells: Sequence[QWidget], sentence: str, *, lit: bool = False) -> TableRow:
        """Add a row of `cells`, one for each column; `sentence` is the row in words."""
        row = TableRow(self.theme, sentence, lit=lit)
        layout = self._layout(row, self._padding)
        for cell in cells:
            layout.addWidget(cell)
        if self._column.count():
            self._column.addWidget(Separator(self.theme))
        self._column.addWidget(row)
        self.rows.append(row)
        return row

    def add_wide(self, widget: QWidget) -> None:
        """Add something as wide as the table below its rows."""
        if self._column.count():
            self._column.addWidget(Separator(self.theme))
        self._column.addWidget(widget)


class TwoLines(QWidget):
    """A title and a smaller second line, both wrapped."""

    def __init__(
        self,
        theme: Theme,
        title: str,
        note: str = "",
        *,
        token: Token = Token.TEXT,
        role: TextRole = TextRole.BODY_STRONG,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.title = LiveText(theme, title, role, token)
        self.note = LiveText(theme, note, TextRole.CAPTION, Token.TEXT2)
        column.addWidget(self.title)
        column.addWidget(self.note)
        self.note.setVisible(bool(note))
        let_wrap(self)

    def say(self, title: str, note: str) -> None:
        """Replace both."""
        self.title.say(title)
        self.note.say(note)
        self.note.setVisible(bool(note))


class StateCell(QWidget):
    """A state shape and its word."""

    def __init__(
        self, theme: Theme, shape: Shape, word: str, token: Token = Token.TEXT2, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self.mark = ShapeMark(theme, shape, 14)
        self.word = LiveText(theme, word, TextRole.CAPTION_STRONG, token)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.word, 1)

    def show_state(self, shape: Shape, word: str) -> None:
        """Replace both."""
        self.mark.show_shape(shape)
        self.word.say(word)


class IconCell(QWidget):
    """An icon and its word, in the accent colour: something that is added."""

    def __init__(self, theme: Theme, icon: Icon, word: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(IconMark(theme, icon, 14, Token.ACCENT_TEXT))
        row.addWidget(LiveText(theme, word, TextRole.CAPTION_STRONG, Token.ACCENT_TEXT), 1)
