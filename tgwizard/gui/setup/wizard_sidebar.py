"""The left side of the wizard: what is set up, the steps with their answers, and what has been changed so far."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.engine.setup.wizard_state import STEPS, StepProgress, reachable, state_of
from tgwizard.engine.setup.wizard_steps import summary
from tgwizard.gui.setup.apply_controller import ApplyController
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.style.icons import Icon, IconMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.badges import Tag
from tgwizard.gui.widgets.cards import PageScroll, Surface
from tgwizard.gui.widgets.labels import ElidedLabel, LiveText, TextLabel
from tgwizard.gui.widgets.layouts import keep_room
from tgwizard.gui.widgets.lock_card import LockCard, Logo
from tgwizard.gui.widgets.shortcuts import Shortcut
from tgwizard.gui.widgets.step_list import StepList, StepShown
from tgwizard.gui.widgets.step_list import StepMark as Look
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.text import Moments, counted

_LOOKS = {
    StepProgress.DONE: Look.ANSWERED,
    StepProgress.CURRENT: Look.CURRENT,
    StepProgress.TO_CHECK: Look.LOOK_AGAIN,
    StepProgress.OPEN: Look.TO_COME,
}


def steps_shown(
    session: SetupSession, applier: ApplyController, moments: Moments, *, problem: bool
) -> tuple[StepShown, ...]:
    """The ten rows; `problem`: the step shown has one, and carries its shape."""
    wizard_state = session.wizard_state
    rows = []
    for step in STEPS:
        state = state_of(wizard_state, step)
        current = step is wizard_state.step
        answered = step in wizard_state.done
        look = _LOOKS[state]
        if step is SetupStep.APPLY and applier.running:
            look = Look.RUNNING
        if current and problem and step is not SetupStep.REVIEW:
            look = Look.PROBLEM
        answer = (
            session.once(f"summary {step.name}", partial(summary, wizard_state, step))
            if answered or step in wizard_state.to_check
            else ""
        )
        if step is SetupStep.APPLY:
            answer = _apply_words(applier, moments)
        elif step is SetupStep.REVIEW and applier.plan is not None and answered:
            number = len(applier.plan.writing)
            answer = counted(number, "change")
        can = reachable(wizard_state, step) and not applier.running
        rows.append(StepShown(step.value, answer, look, current, can))
    return tuple(rows)


def _apply_words(applier: ApplyController, moments: Moments) -> str:
    finished = applier.finished
    if applier.running:
        return f"{applier.applying.done} of {len(applier.applying.rows)}"
    if finished is None:
        return ""
    when = f" {moments.minute(applier.ended_at)}" if applier.ended_at is not None else ""
    if applier.applying.undoing:
        return f"undone{when}"
    return f"done{when}" if finished.outcome is Outcome.DONE else f"stopped{when}"


def promise_words(applier: ApplyController, *, locked: bool) -> tuple[str, str]:
    """What has been changed so far."""
    if applier.running:
        return "Changes are being made", "What is under way is finished, whatever you do here."
    if applier.written:
        number = applier.written
        words = f"{counted(number, 'change')}, can be undone"
        return words, "Undo removes only what this wizard created."
    if applier.applying.undoing and applier.finished is not None:
        number = applier.applying.done
        return (
            f"{counted(number, 'change')} taken back",
            "What stays, and why, is said on the Apply page.",
        )
    if locked:
        return "Read-only: nothing can change", f"This window is locked. Unlock it with {Shortcut.LOCK} to apply."
    return "Nothing is changed yet", "Only Apply writes to Azure. Close any time, your answers are kept."


WIDE = 248
NARROW = 56


class PromiseBox(Surface):
    """Whether anything has been changed in Azure, always in view."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(12), theme.px(10), theme.px(12), theme.px(11))
        column.setSpacing(theme.px(3))
        head = QHBoxLayout()
        head.setSpacing(theme.px(8))
        head.addWidget(IconMark(theme, Icon.SHIELD, 14))
        self._title = ElidedLabel(theme, "", TextRole.CAPTION_STRONG)
        head.addWidget(self._title, 1)
        column.addLayout(head)
        self._words = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        column.addWidget(self._words)

    def say(self, title: str, words: str) -> None:
        """Replace both."""
        self._title.say(title)
        self._words.say(words)
        self.setAccessibleName(title)
        self.setAccessibleDescription(words)


class WizardSidebar(QWidget):
    """248 px with words, or 56 px of numbers and shapes. `chosen(index)` when a step is to be opened again."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, count: int, *, is_lab: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._narrow = False
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(theme.px(11))
        self._logo = Logo(theme)
        head.addWidget(self._logo)
        self._words = QWidget()
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(theme.px(8))
        line.addWidget(TextLabel(theme, "Set up a cluster", TextRole.NAME))
        if is_lab:
            line.addWidget(Tag(theme, "Lab", edge=True))
        line.addStretch(1)
        words.addLayout(line)
        self._name = ElidedLabel(theme, "", TextRole.CAPTION, Token.TEXT2)
        words.addWidget(self._name)
        keep_room(self._name)
        head.addWidget(self._words, 1)
        self._head = head
        self._column.addLayout(head)
        self._column.addSpacing(theme.px(14))
        self.steps = StepList(theme, count)
        self.steps.chosen.connect(self.chosen)
        self._scroll = PageScroll(theme, self.steps, "Steps")
        # Queued: the steps are laid out only after the scroll area has heard of their new size.
        queued = Qt.ConnectionType.QueuedConnection
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_current_in_view, queued)
        self._column.addWidget(self._scroll, 1)
        self.promise = PromiseBox(theme)
        self.lock = LockCard(theme)
        self._column.addSpacing(theme.px(8))
        boxes = QVBoxLayout()
        boxes.setContentsMargins(4, 0, 4, 0)
        boxes.setSpacing(theme.px(8))
        boxes.addWidget(self.lock)
        boxes.addWidget(self.promise)
        self._column.addLayout(boxes)
        self.setAccessibleName("Set-up steps")
        self.set_narrow(narrow=False)
        theme.changed.connect(self.update)

    def show_cluster(self, name: str) -> None:
        """What the cluster is called, once that is known."""
        self._name.say(name)
        self._name.setVisible(bool(name))

    def show_steps(self, steps: tuple[StepShown, ...]) -> None:
        """Replace the steps."""
        self.steps.show_steps(steps)
        self._keep_current_in_view()

    @Slot()
    def _keep_current_in_view(self) -> None:
        current = next((item for item in self.steps.items if item.shown.current), None)
        if current is not None:
            self._scroll.ensureWidgetVisible(current, 0, self._theme.px(50))

    def set_narrow(self, *, narrow: bool) -> None:
        """Numbers and shapes alone, or words as well."""
        theme = self._theme
        self._narrow = narrow
        self.setFixedWidth(theme.px(NARROW if narrow else WIDE))
        self.steps.set_narrow(narrow)
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if narrow else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self._scroll.setVerticalScrollBarPolicy(policy)
        self._words.setVisible(not narrow)
        self.promise.setVisible(not narrow)
        self.lock.set_narrow(narrow)
        side = theme.px(8 if narrow else 12) - 4
        self._head.setContentsMargins(theme.px(8) + 4, 0, 4, 0)
        self._column.setContentsMargins(side, theme.px(18), side, theme.px(14))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(Token.SIDEBAR))
        edge = QRectF(self.width() - 1, 0, 1, self.height())
        painter.fillRect(edge, self._theme.colour(Token.BORDER))
