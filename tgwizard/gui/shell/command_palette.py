"""Ctrl+K: find a cluster or run a command. Type, go up and down, Enter; a command that is off says why and stays."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QObject,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import paint_ground, paint_line
from tgwizard.gui.style.icons import draw_icon
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import ENTER
from tgwizard.gui.widgets.command import Command
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.row_list import ROW_ROLE, Index, RowList, RowModel, RowPainter
from tgwizard.gui.widgets.text_inputs import TextField

ROW_PX = 38
TWO_LINES_PX = 54
ROWS_SHOWN = 9
AROUND_PX = 230
"""Title, field, button and margins of the palette at 100 %."""


class _Commands(RowModel):
    def __init__(self, commands: tuple[Command, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._all = self.rows = commands

    def narrow(self, text: str) -> None:
        ranked = [(fit, command) for command in self._all if (fit := command.fits(text)) is not None]
        self.replace(tuple(command for _, command in sorted(ranked, key=lambda pair: pair[0])))

    def words(self, row: Command) -> str:
        return row.name

    def spoken(self, row: Command) -> str:
        return ", ".join(part for part in (row.name, row.second_line, row.keys) if part)

    def tip(self, row: Command) -> str:
        """Names and sentences are cut only where there is no room for them at all."""
        return "\n".join(part for part in (row.name, row.off) if part)


class _CommandPainter(RowPainter):
    line_between = False

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line, or two; a reason has as many as it needs. A cluster's sentence is worked out when it is seen."""
        theme, command = self.theme, index.data(ROW_ROLE)
        if command.state is not None:
            return QSize(100, theme.px(TWO_LINES_PX))
        if not command.off:
            return QSize(100, theme.px(ROW_PX))
        room = self.view.viewport().width() - theme.px(54)
        return QSize(100, round(theme.px(TWO_LINES_PX - 16) + self._reason_box(command.off, room).height()))

    def _reason_box(self, reason: str, room: float) -> QRectF:
        wrapped = int(Qt.TextFlag.TextWordWrap)
        metrics = QFontMetricsF(self.theme.font(TextRole.CAPTION))
        return metrics.boundingRect(QRectF(0, 0, room, 10_000), wrapped, reason)

    def ground(self, _index: Index) -> None:
        """Round, and painted with the words."""

    def paint_words(self, painter: QPainter, box: QRectF, index: Index) -> None:
        theme, command = self.theme, index.data(ROW_ROLE)
        if index.row() == self.view.currentIndex().row():
            ground = box.adjusted(0, 1, 0, -1)
            paint_ground(painter, theme, ground, Token.ACCENT_TINT, Token.ACCENT_TEXT, Radius.CONTROL, 1.5)
        side = theme.px(16)
        sign, _ = command.mark_and_sentence
        name_high = theme.px(ROW_PX) if not command.second_line else theme.px(TWO_LINES_PX - 22)
        first = QRectF(box.left(), box.top(), box.width(), name_high)
        middle = first.center().y() if command.second_line == "" else first.center().y() + theme.px(3)
        mark = QRectF(box.left() + theme.px(12), middle - side / 2, side, side)
        if isinstance(sign, Shape):
            draw_shape(painter, theme, sign, mark)
        else:
            draw_icon(painter, sign, theme.colour(Token.TEXT3 if command.off else Token.TEXT2), mark)
        words = QRectF(box.left() + theme.px(40), middle - name_high / 2, box.width() - theme.px(54), name_high)
        keys = (command.keys, TextRole.CAPTION_KEY, Token.TEXT3 if command.off else Token.TEXT2)
        taken = paint_line(painter, theme, words, keys, side=Qt.AlignmentFlag.AlignRight)
        below = words.translated(0, theme.px(20))
        words.setRight(words.right() - taken - (theme.px(16) if taken else 0))
        paint_line(painter, theme, words, (command.name, TextRole.BODY_KEY, Token.TEXT3 if command.off else Token.TEXT))
        if command.off:
            painter.setFont(theme.font(TextRole.CAPTION))
            painter.setPen(theme.colour(Token.TEXT2))
            lines = self._reason_box(command.off, below.width())
            lines.moveTo(below.left(), words.center().y() + theme.px(11))
            lines.setWidth(below.width())
            painter.drawText(lines, int(Qt.TextFlag.TextWordWrap), command.off)
        elif command.second_line:
            sentence = (command.second_line, TextRole.CAPTION, Token.TEXT2)
            paint_line(painter, theme, below, sentence, cut=Qt.TextElideMode.ElideRight)


class _CommandList(RowList):
    """Runs what is clicked; the focus stays in the field."""

    chosen = Signal(object)

    def choose(self, index: Index) -> None:
        self.chosen.emit(index.data(ROW_ROLE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reasons wrap anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()


class CommandPalette(Sheet):
    """The field keeps the focus; arrows move in the list below it."""

    wide = 680

    def __init__(self, theme: Theme, window: QWidget, commands: tuple[Command, ...]) -> None:
        """Offer `commands`, in their order until something is typed."""
        super().__init__(theme, window, "Find or run", "", "Close")
        self._over = window
        self.field = TextField(theme, "Find a cluster or run a command", text_role=TextRole.LEAD)
        self.field.setPlaceholderText("A cluster or a command")
        self.field.textChanged.connect(self._on_text)
        self.field.installEventFilter(self)
        self._model = _Commands(commands, self)
        self.list = _CommandList(theme, "What can be found or run", self._model)
        self.list.setUniformItemSizes(False)
        self.list.setItemDelegate(_CommandPainter(theme, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        room = round(window.height() * 0.9) - theme.px(AROUND_PX)
        rows = max(2, min(ROWS_SHOWN, room // theme.px(ROW_PX)))
        self.list.setFixedHeight(theme.px(ROW_PX) * rows)
        self.list.chosen.connect(self._run)
        self._none = TextLabel(theme, "", TextRole.BODY, Token.TEXT2)
        self.body.addWidget(self.field)
        self.body.addWidget(self.list)
        self.buttons.addWidget(self._none)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self._go(0)

    @property
    def shown(self) -> tuple[Command, ...]:
        """What the list shows now."""
        return tuple(self._model.rows)

    def open(self) -> None:
        """Open with the focus in the field."""
        super().open()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter typed in the field act on the list."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                Qt.Key(event.key())
            )
            if step is not None:
                self._go(self.list.currentIndex().row() + step)
                return True
            if event.key() in ENTER:
                self.list.choose(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _go(self, number: int) -> None:
        count = len(self._model.rows)
        if count:
            index = self._model.index(min(max(number, 0), count - 1), 0)
            self.list.setCurrentIndex(index)
            command = self._model.rows[index.row()]
            said = ". ".join(part for part in (command.name, command.second_line, command.keys) if part)
            self.field.setAccessibleDescription(said)
            if self.isVisible():
                announce(self.list, said)
        self.list.viewport().update()

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self._model.narrow(text)
        self._none.say("" if self._model.rows else "Nothing is called that.")
        self._go(0)

    @Slot(object)
    def _run(self, command: Command | None) -> None:
        if command is None:
            return
        if command.off:
            self._none.say(command.off)
            announce(self.list, command.off)
            return
        # In the next turn: the command may open a question, and the window has one dialog at a time.
        QTimer.singleShot(1, self._over, command.run)
        self.accept()
