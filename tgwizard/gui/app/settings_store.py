"""The settings as the window uses them: one object that everyone asks and listens to, saved shortly after a change.

``AppearanceSettings`` is how the window looks and moves, as the settings have it: theme, contrast, text size, motion,
and in which time moments are told. Each is in force at once.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from tgwizard.engine.files.settings_file import save_value
from tgwizard.gui.style.theme import Theme, system_text_scale
from tgwizard.model.appearance import ContrastChoice
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import CONTRAST, REDUCED_MOTION, TEXT_SIZE, THEME, TIME_ZONE, Setting, Settings

T = TypeVar("T")

SAVE_AFTER_MS = 300
JOIN_S = 2.0


class NotSaved:
    """A setting could not be written to its file."""

    __slots__ = ("problem",)

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class SettingsStore(QObject):
    """Emits `changed(setting)`, and `problem_raised(problem)`. Without a file the values live as long as the window."""

    changed = Signal(object)
    problem_raised = Signal(object)

    def __init__(
        self,
        settings: Settings,
        file: Path | None,
        problems: tuple[Problem, ...] = (),
        own: queue.SimpleQueue[object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Start from what the file said; `own` is the window's queue, for news of the writing thread."""
        super().__init__(parent)
        self.file = file
        self.problems = problems
        self._settings = settings
        self._own = own
        self._waiting: dict[str, tuple[Setting[Any], object]] = {}
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_AFTER_MS)
        self._timer.timeout.connect(self._save)

    @property
    def settings(self) -> Settings:
        """All of them, as they are now."""
        return self._settings

    def get(self, setting: Setting[T]) -> T:
        """The value in force."""
        return setting.value_of(self._settings)

    def set(self, setting: Setting[T], value: T) -> None:
        """Replace a value, tell everyone, and save it soon. Nothing happens when it is the same."""
        if value == self.get(setting):
            return
        self._settings = self._settings.with_value(setting, value)
        if self.file is not None:
            self._waiting[setting.key] = (setting, value)
            self._timer.start()
        self.changed.emit(setting)

    def tell(self, problem: Problem) -> None:
        """Keep a problem with the settings, and tell it to whoever shows them."""
        self.problems = (*self.problems, problem)
        self.problem_raised.emit(problem)

    @Slot(object)
    def take(self, event: object) -> None:
        """Take news of the writing thread from the bridge."""
        if isinstance(event, NotSaved):
            self.tell(event.problem)

    def flush(self) -> None:
        """Save now what still waits, and wait for it."""
        self._timer.stop()
        self._save()
        if self._thread is not None:
            self._thread.join(JOIN_S)

    @Slot()
    def _save(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._timer.start()
            return
        waiting = tuple(self._waiting.values())
        self._waiting.clear()
        if self.file is None or not waiting:
            return
        file, own = self.file, self._own

        def work() -> None:
            for setting, value in waiting:
                try:
                    save_value(file, setting, value)
                except UserError as error:
                    if own is not None:
                        own.put(NotSaved(error.problem))
                    return

        # A disk may take its time: never in the thread that paints.
        self._thread = threading.Thread(target=work, name="tgwizard-settings", daemon=True)
        self._thread.start()


class AppearanceSettings(QObject):
    """Keeps a theme in step with the settings and, where these follow it, with the system."""

    def __init__(self, theme: Theme, settings_store: SettingsStore, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self._settings_store = settings_store
        theme.follow_system()
        settings_store.changed.connect(self._on_changed)
        if settings_store.get(CONTRAST) is not ContrastChoice.SYSTEM:
            self._on_changed(CONTRAST)
        if settings_store.get(REDUCED_MOTION):
            self._on_changed(REDUCED_MOTION)
        self._on_changed(TIME_ZONE)

    @Slot(object)
    def _on_changed(self, setting: Setting[Any]) -> None:
        if setting.key == THEME.key:
            self._theme.choose(self._settings_store.get(THEME))
        elif setting.key == CONTRAST.key:
            high = {ContrastChoice.HIGH: True, ContrastChoice.USUAL: False}
            self._theme.choose_contrast(high.get(self._settings_store.get(CONTRAST)))
        elif setting.key == TEXT_SIZE.key:
            self._theme.scale_text(self._settings_store.get(TEXT_SIZE).scale or system_text_scale())
        elif setting.key == TIME_ZONE.key:
            self._theme.tell_times_in(self._settings_store.get(TIME_ZONE))
        elif setting.key == REDUCED_MOTION.key:
            self._theme.reduce_motion(self._settings_store.get(REDUCED_MOTION))
