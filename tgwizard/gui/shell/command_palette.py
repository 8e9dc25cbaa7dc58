"""Ctrl+K: find a cluster or run a command. Type, go up and down, Enter; a command that is off says why and stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.icons import Icon, draw_icon
from tgwizard.gui.style.state_shapes import Shape, draw_shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.buttons import ENTER
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel, plain_tip
from tgwizard.gui.widgets.text_field import TextField

Index = QModelIndex | QPersistentModelIndex

ROW_PX = 38
ROWS_SHOWN = 9
AROUND_PX = 230
"""Title, field, button and margins of the palette at 100 %."""

_COMMAND_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Command:
    """One line of the palette. ``off`` is the reason why it cannot be run now; ``mark`` an icon or a state shape.

    ``state`` works out mark and hint of a line that is not always the same. It is asked once, when the line is first
    seen or searched: of a thousand clusters nine are seen.
    """

    name: str
    run: Callable[[], None]
    hint: str = ""
    mark: Icon | Shape = Icon.ARROW_RIGHT
    off: str = ""
    words: str = ""
    state: Callable[[], tuple[Shape, str]] | None = None

    @cached_property
    def state_and_reason(self) -> tuple[Icon | Shape, str]:
        """Mark and hint."""
        return (self.mark, self.hint) if self.state is None else self.state()

    @property
    def side(self) -> str:
        """What stands at its end: why it is off, else the hint."""
        return self.off or self.state_and_reason[1]

    def fits(self, text: str) -> int | None:
        """How well it fits what was typed, 0 best; None when it does not."""
        wanted = text.casefold().split()
        if not wanted:
            return 0
        name = self.name.casefold()
        whole = f"{name} {self.words.casefold()} {self.state_and_reason[1].casefold()}"
        if not all(word in whole for word in wanted):
            return None
        if name.startswith(wanted[0]):
            return 0
        return 1 if any(part.startswith(wanted[0]) for part in name.split()) else 2


class _Commands(QAbstractListModel):
    def __init__(self, commands: tuple[Command, ...], parent: QObject) -> None:
        super().__init__(parent)
        self._all = commands
        self.shown: list[Command] = list(commands)

    def narrow(self, text: str) -> None:
        self.beginResetModel()
        ranked = [(fit, command) for command in self._all if (fit := command.fits(text)) is not None]
        self.shown = [command for _, command in sorted(ranked, key=lambda pair: pair[0])]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        command = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return command.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (command.name, command.side) if part)
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(command.off) or None
            case int() if role == _COMMAND_ROLE:
                return command
            case _:
                return None


class _Line(QStyledItemDelegate):
    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(100, self._theme.px(ROW_PX))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        command = index.data(_COMMAND_ROLE)
        if not isinstance(command, Command):
            return
        theme = self._theme
        rect: QRect = option.rect
        painter.save()
        if index.row() == self._view.currentIndex().row():
            ground = QRectF(rect).adjusted(0, 1, 0, -1)
            paint_ground(painter, theme, ground, Token.ACCENT_TINT, Token.ACCENT_TEXT, Radius.CONTROL, 1.5)
        side = theme.px(16)
        mark = QRectF(rect.left() + theme.px(12), rect.center().y() - side / 2 + 1, side, side)
        sign, _ = command.state_and_reason
        if isinstance(sign, Shape):
            draw_shape(painter, theme, sign, mark)
        else:
            draw_icon(painter, sign, theme.colour(Token.TEXT3 if command.off else Token.TEXT2), mark)
        box = QRectF(rect).adjusted(theme.px(40), 0, -theme.px(14), 0)
        side_font = theme.font(TextRole.CAPTION)
        painter.setFont(side_font)
        painter.setPen(theme.colour(Token.TEXT2))
        half = box.width() * 0.55
        hint = QFontMetricsF(side_font).elidedText(command.side, Qt.TextElideMode.ElideRight, half)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), hint)
        font = theme.font(TextRole.BODY_KEY)
        painter.setFont(font)
        painter.setPen(theme.colour(Token.TEXT3 if command.off else Token.TEXT))
        room = box.width() - QFontMetricsF(side_font).horizontalAdvance(hint) - theme.px(16)
        name = QFontMetricsF(font).elidedText(command.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)
        painter.restore()


class CommandPalette(Sheet):
    """The field keeps the focus; arrows move in the list below it."""

    wide = 620

    def __init__(self, theme: Theme, window: QWidget, commands: tuple[Command, ...]) -> None:
        """Offer `commands`, in their order until something is typed."""
        super().__init__(theme, window, "Find or run", "", "Close")
        self._over = window
        self.field = TextField(theme, "Find a cluster or run a command", text_role=TextRole.LEAD)
        self.field.setPlaceholderText("A cluster or a command")
        self.field.textChanged.connect(self._on_text)
        self.field.installEventFilter(self)
        self._model = _Commands(commands, self)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setUniformItemSizes(True)  # else every line is measured before the first is seen
        self.list.setItemDelegate(_Line(theme, self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName("What can be found or run")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.viewport().setAutoFillBackground(False)
        self.list.verticalScrollBar().setStyleSheet(theme.scroll_style())
        room = round(window.height() * 0.9) - theme.px(AROUND_PX)
        rows = max(2, min(ROWS_SHOWN, room // theme.px(ROW_PX)))
        self.list.setFixedHeight(theme.px(ROW_PX) * rows)
        self.list.clicked.connect(self._on_clicked)
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
        return tuple(self._model.shown)

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
                self._run(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _go(self, number: int) -> None:
        count = len(self._model.shown)
        if count:
            index = self._model.index(min(max(number, 0), count - 1), 0)
            self.list.setCurrentIndex(index)
            command = self._model.shown[index.row()]
            self.field.setAccessibleDescription(f"{command.name}. {command.side}".strip())
            if self.isVisible():
                announce(self.list, f"{command.name}. {command.off}".strip())
        self.list.viewport().update()

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self._model.narrow(text)
        self._none.say("" if self._model.shown else "Nothing is called that.")
        self._go(0)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self._run(index)

    def _run(self, index: QModelIndex) -> None:
        command = index.data(_COMMAND_ROLE)
        if not isinstance(command, Command):
            return
        if command.off:
            self._none.say(command.off)
            announce(self.list, command.off)
            return
        # In the next turn: the command may open a question, and the window has one dialog at a time.
        QTimer.singleShot(1, self._over, command.run)
        self.accept()
