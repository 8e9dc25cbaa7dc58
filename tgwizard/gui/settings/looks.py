"""How the window looks and moves, as the settings have it: theme, contrast, motion. Each is in force at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Slot

from tgwizard.gui.settings.preferences import Preferences
from tgwizard.gui.style.theme import Theme
from tgwizard.model.appearance import ContrastChoice
from tgwizard.model.settings import CONTRAST, REDUCED_MOTION, THEME, Setting


class Looks(QObject):
    """Keeps a theme in step with the settings and, where these follow it, with the system."""

    def __init__(self, theme: Theme, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._preferences = preferences
        theme.follow_system()
        preferences.changed.connect(self._on_changed)
        if preferences.get(CONTRAST) is not ContrastChoice.SYSTEM:
            self._on_changed(CONTRAST)
        if preferences.get(REDUCED_MOTION):
            self._on_changed(REDUCED_MOTION)

    @Slot(object)
    def _on_changed(self, setting: Setting[Any]) -> None:
        if setting.key == THEME.key:
            self._theme.choose(self._preferences.get(THEME))
        elif setting.key == CONTRAST.key:
            high = {ContrastChoice.HIGH: True, ContrastChoice.USUAL: False}
            self._theme.choose_contrast(high.get(self._preferences.get(CONTRAST)))
        elif setting.key == REDUCED_MOTION.key:
            self._theme.reduce_motion(self._preferences.get(REDUCED_MOTION))
