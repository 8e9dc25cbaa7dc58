"""A drop-down of a few words: a button that opens a menu, both painted from tokens."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from tgwizard.gui.kit.buttons import Button, ButtonKind
from tgwizard.gui.kit.icons import Icon
from tgwizard.gui.theme import Theme


class Combo(Button):
    """Shows the choice in force; a click opens the others. `chosen(key)` tells a person's choice only."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        """Nothing to choose yet; `name` is what assistive technology calls it."""
        super().__init__(theme, "", ButtonKind.SECONDARY, Icon.CHEVRON_DOWN, height=36, parent=parent)
        self._name = name
        self._offered: tuple[tuple[str, str], ...] = ()
        self.key = ""
        self.setAccessibleName(name)
        self.clicked.connect(self._open)

    def offer(self, choices: tuple[tuple[str, str], ...], key: str) -> None:
        """Offer (key, words), with `key` in force."""
        self._offered = choices
        self.key = key
        words = next((words for known, words in choices if known == key), "Choose")
        self.rename(words)
        self.setAccessibleName(f"{self._name}: {words}")

    @Slot()
    def _open(self) -> None:
        menu = QMenu(self)
        for key, words in self._offered:
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(key == self.key)
            action.setData(key)
            menu.addAction(action)
        menu.triggered.connect(self._on_action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    @Slot(QAction)
    def _on_action(self, action: QAction) -> None:
        key = action.data()
        if isinstance(key, str) and key != self.key:
            self.chosen.emit(key)
