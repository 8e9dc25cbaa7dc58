"""The settings page, built from the declared settings: label, help, and the control that its kind asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from tgwizard.gui.app.read_only_lock import ReadOnlyLock
from tgwizard.gui.app.settings_store import SettingsStore
from tgwizard.gui.page import ShellPage
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import BAR, Card, PageScroll
from tgwizard.gui.widgets.check_rows import problem_notice
from tgwizard.gui.widgets.field_row import Complaint, FieldRow, RowLook
from tgwizard.gui.widgets.labels import ElidedLabel, TextLabel
from tgwizard.gui.widgets.layouts import FlowLayout, at_most
from tgwizard.gui.widgets.option_card import ChoiceCard
from tgwizard.gui.widgets.switch import Switch
from tgwizard.model.problem import Problem
from tgwizard.model.settings import ALL, READ_ONLY, Applies, Setting

WIDEST = 760

_SECTIONS = {"window": "Window", "watch": "Watching", "files": "Files", "log": "Log"}


class TypedRow(FieldRow):
    """A typed value: what can be used is in force at once, what cannot is said and changes nothing."""

    def __init__(self, theme: Theme, settings_store: SettingsStore, setting: Setting[Any], fallback: str) -> None:
        """A field for `setting`; `fallback` is shown while it is empty."""
        super().__init__(theme, setting.label, setting, RowLook(unit=setting.unit))
        self._settings_store = settings_store
        self._setting = setting
        self.field.setPlaceholderText(fallback)
        self.show_value()
        self.field.setMaximumWidth(theme.px(110 if setting.unit else 520))
        self.typed.connect(self._on_text)

    def show_value(self) -> None:
        """Show the value in force, unless someone is typing."""
        value = self._settings_store.get(self._setting)
        self.show_text("" if value is None else f"{value:g}" if isinstance(value, float) else str(value))

    @Slot(str)
    def _on_text(self, text: str) -> None:
        error = self._setting.check(text)
        if error is None:
            self._settings_store.set(self._setting, self._setting.parse(text))
        else:
            self.judge(Complaint(f"{error.sentence} The value before it stays in force."))


class SettingsPage(ShellPage):
    """Every declared setting, in its section. A change is in force at once, or says when."""

    help_topic = "settings"

    def __init__(self, theme: Theme, settings_store: SettingsStore, data_folder: Path | None = None) -> None:
        """Show the values in force; `data_folder` is the one in use."""
        super().__init__()
        self._theme = theme
        self._settings_store = settings_store
        self._data_folder = data_folder
        self._lock: ReadOnlyLock | None = None
        self.switches: dict[str, Switch] = {}
        self.choices: dict[str, dict[str, ChoiceCard]] = {}
        self.typed: dict[str, TypedRow] = {}
        self._acts: list[Callable[[], object]] = []
        self._notices = QVBoxLayout()
        self._notices.setSpacing(8)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(3)
        head.addWidget(TextLabel(theme, "Settings", TextRole.TITLE))
        where = (
            "Changes hold until this window closes."
            if settings_store.file is None
            else f"Saved in {settings_store.file}"
        )
        head.addWidget(ElidedLabel(theme, where, TextRole.LEAD, Token.TEXT2))
        self._column.addLayout(head)
        self._column.addLayout(self._notices)
        cards: dict[str, Card] = {}
        for setting in ALL:
            section = setting.key.partition(".")[0]
            if setting.shown and section in _SECTIONS:
                if section not in cards:
                    cards[section] = Card(theme, _SECTIONS[section], spacing=14)
                    self._column.addLayout(at_most(cards[section], theme.px(WIDEST)))
                cards[section].body.addWidget(self._row(setting))
        self._cards = cards
        self._column.addStretch(1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(PageScroll(theme, content, "Settings"))
        for problem in settings_store.problems:
            self._tell(problem)
        settings_store.problem_raised.connect(self._tell)
        settings_store.changed.connect(self._on_changed)

    @Slot(object)
    def _tell(self, problem: Problem) -> None:
        """Show what is wrong with the file; it is kept as it is."""
        box = problem_notice(self._theme, problem, Shape.WARNING)
        self._notices.addLayout(at_most(box, self._theme.px(WIDEST)))

    def _row(self, setting: Setting[Any]) -> QWidget:
        if setting.choices:
            return self._choice_row(setting)
        if isinstance(setting.default, bool):
            switch = Switch(self._theme, setting.label, setting.help)
            switch.setChecked(self._settings_store.get(setting))
            switch.toggled.connect(self._setter(setting))
            self.switches[setting.key] = switch
            return switch
        fallback = "" if self._data_folder is None else str(self._data_folder)
        row = TypedRow(self._theme, self._settings_store, setting, fallback)
        self.typed[setting.key] = row
        self._add_when(row, setting)
        return row

    def _choice_row(self, setting: Setting[Any]) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(TextLabel(self._theme, setting.label, TextRole.BODY_STRONG))
        column.addWidget(TextLabel(self._theme, setting.help, TextRole.CAPTION, Token.TEXT2, wrap=True))
        group = QButtonGroup(box)
        now = self._settings_store.get(setting)
        self.choices[setting.key] = {}
        for choice in setting.choices:
            card = ChoiceCard(self._theme, choice.label, choice.consequence)
            card.setChecked(setting.parse(choice.word) is now)
            card.toggled.connect(self._choose_callback(setting, choice.word))
            group.addButton(card)
            self.choices[setting.key][choice.word] = card
            column.addWidget(card)
        self._add_when(box, setting)
        return box

    def _add_when(self, row: QWidget, setting: Setting[Any]) -> None:
        layout = row.layout()
        if setting.applies is Applies.NEXT_START and layout is not None:
            words = f"In force {setting.applies.value}."
            layout.addWidget(TextLabel(self._theme, words, TextRole.CAPTION, Token.TEXT3))

    def _setter(self, setting: Setting[Any]) -> Callable[[bool], None]:
        def put(on: bool) -> None:
            self._settings_store.set(setting, on)

        return put

    def _choose_callback(self, setting: Setting[Any], word: str) -> Callable[[bool], None]:
        def choose(chosen: bool) -> None:
            if chosen:
                self._settings_store.set(setting, setting.parse(word))

        return choose

    @Slot(object)
    def _on_changed(self, setting: Setting[Any]) -> None:
        value = self._settings_store.get(setting)
        switch = self.switches.get(setting.key)
        if switch is not None:
            switch.setChecked(value)
        row = self.typed.get(setting.key)
        if row is not None:
            row.show_value()
        for word, card in self.choices.get(setting.key, {}).items():
            if setting.parse(word) is value:
                card.setChecked(True)

    def show_log(self, file: Path | None, open_folder: Callable[[], object], copy_path: Callable[[], object]) -> None:
        """Where the log is, with ways to it."""
        body = self._cards["log"].body
        if file is None:
            body.addWidget(TextLabel(self._theme, "No log is written in this window.", TextRole.BODY, Token.TEXT2))
            return
        path = ElidedLabel(self._theme, str(file), TextRole.MONO)
        path.setAccessibleName(f"Log file {file}")
        body.addWidget(path)
        body.addWidget(self._buttons(("Open the log folder", open_folder), ("Copy the path", copy_path)))

    def show_program(self, about: Callable[[], object], report: Callable[[], object]) -> None:
        """What the program is, and where to tell that something is wrong with it."""
        card = Card(self._theme, "Program", spacing=14)
        card.body.addWidget(self._buttons(("About tgwizard", about), ("Report a problem…", report)))
        self._column.insertLayout(self._column.count() - 1, at_most(card, self._theme.px(WIDEST)))

    def _buttons(self, *acts: tuple[str, Callable[[], object]]) -> QWidget:
        box = QWidget()
        row = FlowLayout(box, 8, spread=False)
        for words, act in acts:
            button = Button(self._theme, words)
            button.clicked.connect(act)
            self._acts.append(act)  # a signal does not keep alive what it calls
            row.addWidget(button)
        return box

    def hold_read_only(self, lock: ReadOnlyLock, ask: Callable[[], None]) -> None:
        """The read-only switch asks before it unlocks: its change goes through `ask`, and it shows what `lock` says."""
        switch = self.switches[READ_ONLY.key]
        switch.toggled.disconnect()
        self._lock = lock

        def clicked() -> None:
            self._show_lock()
            ask()

        switch.clicked.connect(clicked)
        # A slot of this page, which ends with it: the lock outlives a page that is made anew.
        lock.changed.connect(self._show_lock)
        self._show_lock()

    @Slot()
    def _show_lock(self) -> None:
        if self._lock is not None:
            self.switches[READ_ONLY.key].setChecked(self._lock.locked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow pages have narrow margins."""
        super().resizeEvent(event)
        side = 16 if self.width() < 1000 else 28
        self._column.setContentsMargins(side, 16 if side == 16 else 24, side - BAR, 24)
