"""Three cards of the lab page: where the lab runs, its scenario, its latency.

``ScenarioDialog`` is the question before a scenario replaces the lab's whole world.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tgwizard.gui.app.app_context import LabLocation
from tgwizard.gui.lab.lab_session import LabSession
from tgwizard.gui.lab.lab_text import latency_words, scenario_words
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind, StartButton
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow, FieldValueRow, NoticeBox
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.option_card import ChoiceCards, ChoiceOption
from tgwizard.model.text import counted


class ScenarioDialog(Sheet):
    """Says what goes and what stays; its button alone replaces the world."""

    wide = 640

    def __init__(self, theme: Theme, window: QWidget, session: LabSession, name: str, *, running: bool) -> None:
        """Ask whether `name` is to replace the world; `running` turns that down."""
        lead = f"{name}: {scenario_words(name)}."
        super().__init__(theme, window, f"Replace the lab's world with {name}?", lead)
        self._session = session
        self._name = name
        for shape, fact, evidence in (
            (
                Shape.WARNING,
                "The whole world of the lab goes: resources, roles, power states, fault rules",
                "There is no way back to it. Other programs that use this lab meet the new world too.",
            ),
            (
                Shape.WARNING,
                "The clusters of this window go with it",
                "Those of the new world are opened; the old cluster files are kept beside the new ones.",
            ),
            (Shape.NOTE, "Nothing reaches Azure", "Latency, address and certificate of the lab stay as they are."),
        ):
            self.body.addWidget(CheckRow(theme, shape, fact, evidence))
        self.replace = StartButton(theme, f"Replace the world with {name}", ButtonKind.PRIMARY, height=36)
        self.replace.clicked.connect(self._on_replace)
        if running:
            what = "A failover is running."
            self.body.addWidget(NoticeBox(theme, Shape.BROKEN, what, "Wait until it has ended, then ask again."))
            self.replace.setEnabled(False)
            self.replace.explain(what)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.replace)

    @Slot()
    def _on_replace(self) -> None:
        self.replace.setEnabled(False)
        self._session.use_scenario(self._name)
        self.accept()


COPIED_MS = 1500


class LabLocationCard(Card):
    """Folder, address and certificate authority of the lab, each with Copy."""

    def __init__(self, theme: Theme, where: LabLocation, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Where it runs", spacing=2, parent=parent)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COPIED_MS)
        self._timer.timeout.connect(self._restore)
        self._buttons: list[tuple[Button, str]] = []
        for key, name, value in (
            ("Folder", "folder", where.folder),
            ("Address", "address", where.address),
            ("CA certificate", "path of the CA certificate", where.ca),
        ):
            shown = FieldValueRow(theme, key, mono=True, key_width=110)
            shown.show_value(value)
            shown.setAccessibleName(f"{key}: {value}")
            button = Button(theme, "Copy", ButtonKind.LINK, height=28)
            button.setAccessibleName(f"Copy {name}")
            button.clicked.connect(self._copy_callback(button, value))
            self._buttons.append((button, f"Copy {name}"))
            row = QHBoxLayout()
            row.setSpacing(theme.px(8))
            row.addWidget(shown, 1)
            row.addWidget(button)
            self.body.addLayout(row)

    def _copy_callback(self, button: Button, value: str) -> Callable[[], None]:
        def copy() -> None:
            QGuiApplication.clipboard().setText(value)
            self._restore()
            button.rename("Copied")
            self._timer.start()

        return copy

    @Slot()
    def _restore(self) -> None:
        for button, name in self._buttons:
            button.rename("Copy")
            button.setAccessibleName(name)


class ScenarioCard(Card):
    """The worlds to choose from. Choosing one changes nothing; the button asks first."""

    asked = Signal(str)

    def __init__(self, theme: Theme, session: LabSession, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Scenario", parent=parent)
        self._session = session
        self._wanted = ""
        self._in_use = TextLabel(theme, "", TextRole.CAPTION, Token.TEXT2)
        self.head.addWidget(self._in_use)
        self._choices = ChoiceCards(theme, "Scenarios")
        self._choices.chosen.connect(self._on_chosen)
        self._replace = Button(theme, "Replace the world…")
        self._replace.clicked.connect(self._on_replace)
        self._after = NoticeBox(
            theme,
            Shape.NOTE,
            "The world was replaced",
            "This window has opened the clusters of the new world and forgotten those of the old one.",
        )
        self._after.hide()
        foot = QHBoxLayout()
        note = TextLabel(theme, "Changes nothing before it has asked.", TextRole.CAPTION, Token.TEXT2, wrap=True)
        foot.addWidget(note, 1)
        foot.addWidget(self._replace)
        self.body.addWidget(self._choices)
        self.body.addLayout(foot)
        self.body.addWidget(self._after)
        self.body.addStretch(1)

    def refresh(self) -> None:
        """Show what the session knows."""
        seen = self._session.seen
        if seen is None:
            return
        state = seen.state
        self._in_use.say(f"in use: {state.scenario}, {counted(state.clusters, 'cluster')}")
        self._choices.offer(tuple(ChoiceOption(name, name, scenario_words(name)) for name in state.scenarios))
        self._choices.show_choice(self._wanted or state.scenario)
        self._name_button()
        self._after.setVisible(bool(self._session.replaced_by))

    @Slot(str)
    def _on_chosen(self, name: str) -> None:
        self._wanted = name
        self._name_button()

    def _name_button(self) -> None:
        words = f"Replace the world with {self._choices.word}…"
        if words != self._replace.accessibleName():
            self._replace.rename(words)

    @Slot()
    def _on_replace(self) -> None:
        self.asked.emit(self._choices.word)


class LatencyCard(Card):
    """How long operations take; a choice acts at once."""

    def __init__(self, theme: Theme, session: LabSession, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Latency", parent=parent)
        self._session = session
        self.head.addWidget(TextLabel(theme, "applies at once, to new operations", TextRole.CAPTION, Token.TEXT2))
        self._choices = ChoiceCards(theme, "Latencies")
        self._choices.chosen.connect(session.set_latency)
        self.body.addWidget(self._choices)

    def refresh(self) -> None:
        """Show what the session knows; while a wish is on its way, the choice stays as it was made."""
        seen = self._session.seen
        if seen is None:
            return
        self._choices.offer(tuple(ChoiceOption(word, *latency_words(word)) for word in seen.state.latencies))
        if not self._session.doing:
            self._choices.show_choice(seen.state.latency)
