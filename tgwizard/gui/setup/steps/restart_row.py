"""One machine of the restart order. The row stays as long as its machine does: what changes, changes in place.

So a look that ends while someone aims or has the focus here takes no button from under the pointer or the keyboard.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.fact_table import TwoLines

_BUTTON_PX = 32


@dataclass(frozen=True, slots=True)
class RestartShown:
    """One row of the restart order: a machine to restart, or one that has. ``ask``: its button, if it has one."""

    key: str
    shape: Shape
    title: str
    note: str
    ask: str = ""
    able: bool = False
    why_not: str = ""
    primary: bool = False
    may_say: bool = False
    """Whether the user may say that it restarted without tgwizard."""


class RestartRow(QWidget):
    """`restart_asked(key)`, `restarted_said(key)`."""

    restart_asked = Signal(str)
    restarted_said = Signal(str)

    def __init__(self, theme: Theme, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = key
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(12))
        self._least = theme.px(_BUTTON_PX)
        self.setMinimumHeight(self._least)
        self._mark = ShapeMark(theme, Shape.WAITING, 18)
        self._words = TwoLines(theme, "", "")
        # Two buttons in turns: the kind of a button is for its life.
        self._primary = Button(theme, "", ButtonKind.PRIMARY, height=_BUTTON_PX)
        self._second = Button(theme, "", ButtonKind.SECONDARY, height=_BUTTON_PX)
        self._say = Button(theme, "It has restarted", ButtonKind.LINK, height=_BUTTON_PX)
        self._say.explain("You restarted it yourself since its rights were given")
        line.addWidget(self._mark)
        line.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        for button in (self._primary, self._second, self._say):
            line.addWidget(button)
            button.hide()
        self._primary.clicked.connect(self._on_restart)
        self._second.clicked.connect(self._on_restart)
        self._say.clicked.connect(self._on_say)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width wraps the words anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.setMinimumHeight(self._least)

    def show_restart(self, shown: RestartShown) -> None:
        """Replace what is shown; the keyboard stays on a button that changes its looks."""
        if self.isVisible():
            # Fewer words or buttons make it no lower: what can be pressed below stays where it is.
            self.setMinimumHeight(max(self._least, self.height()))
        held = self._primary.hasFocus() or self._second.hasFocus()
        self._mark.show_shape(shown.shape)
        self._words.say(shown.title, shown.note)
        for button, wanted in ((self._primary, shown.primary), (self._second, not shown.primary)):
            button.rename(shown.ask)
            button.setAccessibleName(f"{shown.ask.rstrip('…')}: {shown.title}")
            button.setEnabled(shown.able)
            button.explain(shown.why_not)
            button.setVisible(bool(shown.ask) and wanted)
            if held and wanted and shown.ask and shown.able:
                button.setFocus()
        self._say.setAccessibleName(f"It has restarted: {shown.title}")
        self._say.setVisible(shown.may_say)

    @Slot()
    def _on_restart(self) -> None:
        self.restart_asked.emit(self._key)

    @Slot()
    def _on_say(self) -> None:
        self.restarted_said.emit(self._key)
