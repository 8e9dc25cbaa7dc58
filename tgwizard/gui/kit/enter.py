"""Enter on what has the focus does what Space does: Qt has it so in dialogs only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton

ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
CHOOSES = ENTER | {Qt.Key.Key_Space}
"""The keys that choose the row, square or button that has the focus."""


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Press `button` if the key is Enter; whether it was, and the event is done with."""
    if event.key() not in ENTER:
        return False
    event.accept()
    button.click()
    return True
