"""The read-only lock: while it is on, every button that writes is off, with "Locked" as its reason (gui/README.md 11).

It forbids to begin anything. A run that has begun keeps its Stop and its way back: taking those away would make the
window less safe, not more.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.model.problem import Problem

LOCKED = Problem("locked", "Locked.", "This window is read-only.", f"Unlock it with {Shortcut.LOCK}.")
"""The reason shown beside every button that is off because of the lock."""


class ReadOnlyLock(QObject):
    """Emits `changed` when it was locked or unlocked."""

    changed = Signal()

    def __init__(self, locked: bool = False, parent: QObject | None = None) -> None:  # noqa: FBT002 - Qt's own order
        super().__init__(parent)
        self._locked = locked

    @property
    def locked(self) -> bool:
        """Whether nothing may be begun."""
        return self._locked

    def set_locked(self, locked: bool) -> None:
        """Lock or unlock; whoever unlocks has asked before."""
        if locked is not self._locked:
            self._locked = locked
            self.changed.emit()

    def hold(self, button: Button) -> None:
        """Keep `button` off while the lock is on; it comes back to what it was."""
        _Held(self, button)


class _Held(QObject):
    """One button under the lock; goes with the button."""

    def __init__(self, lock: ReadOnlyLock, button: Button) -> None:
        super().__init__(button)
        self._lock = lock
        self._button = button
        lock.changed.connect(self._apply)
        self._apply()

    @Slot()
    def _apply(self) -> None:
        self._button.hold_off(LOCKED.sentence() if self._lock.locked else "")
