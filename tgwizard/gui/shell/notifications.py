"""Asks for the user's attention in the task bar when a cluster breaks or a run ends while they work elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QWidget

from tgwizard.gui.app.settings_store import SettingsStore
from tgwizard.gui.cluster.cluster_registry import ClusterRegistry
from tgwizard.gui.cluster.cluster_view_model import state_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.settings import NOTIFICATIONS


class Notifications(QObject):
    """Tells once for each time a cluster breaks; not at all while the window is in use or the setting is off."""

    def __init__(
        self, window: QWidget, watching: ClusterRegistry, settings_store: SettingsStore, parent: QObject
    ) -> None:
        """Watch from now on; `window` is what is marked."""
        super().__init__(parent)
        self._window = window
        self._watching = watching
        self._settings_store = settings_store
        self._broken: set[str] = set()
        watching.changed.connect(self._on_changed)

    @Slot(str)
    def _on_changed(self, name: str) -> None:
        state = self._watching.sessions[name].state
        if state is None:
            return
        if state_shape(state.state) is not Shape.BROKEN:
            self._broken.discard(name)
        elif name not in self._broken:
            self._broken.add(name)
            self.ask()

    @Slot()
    def ask(self) -> None:
        """Mark the window in the task bar, unless the user is here or does not want that."""
        if self._settings_store.get(NOTIFICATIONS) and not self._window.isActiveWindow():
            QApplication.alert(self._window)
