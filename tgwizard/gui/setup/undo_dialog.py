"""Taking back what the wizard made: shows everything that would be tried, and asks."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tgwizard.engine.setup.undo import UndoItem
from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import ButtonKind, StartButton
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.model.text import counted


class UndoDialog(Sheet):
    """`undo_asked(identities)`: whether identities that were turned on are turned off again."""

    wide = 640
    undo_asked = Signal(bool)

    def __init__(
        self,
        theme: Theme,
        window: QWidget,
        plain: tuple[UndoItem, ...],
        whole: tuple[UndoItem, ...],
        lock: ReadOnlyLock,
    ) -> None:
        """`plain`: without the identities; `whole`: with them."""
        lead = "Only what this wizard created. What others changed or use since is kept, and said."
        super().__init__(theme, window, "Undo these changes?", lead, "Keep the changes")
        self._plain, self._whole = plain, whole
        self._rows = QVBoxLayout()
        self._rows.setSpacing(theme.px(8))
        self.body.addLayout(self._rows)
        self.identities = TickBox(theme, "Also turn off the identities that were turned on here")
        self.identities.toggled.connect(self._fill)
        if len(whole) > len(plain):
            self.body.addWidget(self.identities)
        self.go = StartButton(theme, "", ButtonKind.DANGER, height=36)
        self.go.clicked.connect(self._on_go)
        lock.hold(self.go)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.go)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        things = self._whole if self.identities.isChecked() else self._plain
        clear(self._rows)
        for one in things:
            self._rows.addWidget(CheckRow(self._theme, Shape.WAITING, one.sentence))
        number = len(things)
        self.go.rename(f"Undo {counted(number, 'change')}")
        self.go.setEnabled(bool(things))

    @Slot()
    def _on_go(self) -> None:
        identities = self.identities.isChecked()
        self.accept()
        self.undo_asked.emit(identities)
