"""The frame of the wizard: side, question, the portal's way, footer; and how they share the window.

The footer has Back, a note, Save and close, and the one way on, always in view; ``show_footer`` says what they are
called at each step, and why one of them is off.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from tgwizard.engine.setup.validation import StepProblem
from tgwizard.gui.app.read_only_lock import LOCKED
from tgwizard.gui.setup.apply_controller import ApplyController
from tgwizard.gui.setup.step_problems import waits_for
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_sidebar import WizardSidebar
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import BAR, PageScroll
from tgwizard.gui.widgets.labels import LiveText
from tgwizard.gui.widgets.portal_panel import PortalPanel, PortalShown
from tgwizard.gui.widgets.shortcuts import Shortcut, bind
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.setup_plan import SetupPlan, WhoMay
from tgwizard.model.text import counted


class WizardFooter(QWidget):
    """Four buttons and a note. The wizard says what they are called and whether they are on."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.px(32), theme.px(13), theme.px(24), theme.px(13))
        row.setSpacing(theme.px(12))
        self.back = Button(theme, "Back", height=36)
        self.back.explain(str(Shortcut.BACK))
        self.note = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self.count = Button(theme, "", ButtonKind.LINK, height=36)
        self.count.explain("Go to the first of them")
        # Without room it goes, and never widens the window.
        self.count.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.count.setMinimumWidth(1)
        self.count.hide()
        self.help = Button(theme, "?", height=36)
        self.help.setAccessibleName("Show the portal's way")
        self.help.explain(f"What this is in the Azure portal ({Shortcut.PORTAL})")
        self.close_ = Button(theme, "Save and close", ButtonKind.GHOST, height=36)
        self.close_.explain(f"Your answers are kept ({Shortcut.CLOSE})")
        self.go_on = Button(theme, "Continue", ButtonKind.PRIMARY, height=36)
        row.addWidget(self.back)
        row.addWidget(self.count)
        row.addWidget(self.note, 1)
        if theme.text_scale >= LARGE_TEXT:
            self.note.hide()
            row.addStretch(1)
        for button in (self.help, self.close_, self.go_on):
            row.addWidget(button)
        self.setAccessibleName("Wizard buttons")
        theme.changed.connect(self.update)

    @property
    def has_room(self) -> bool:
        """Whether a button may say more than its verb."""
        return self._theme.text_scale < LARGE_TEXT

    def say(self, note: str, to_fix: int | None = None) -> None:
        """Replace the note; `to_fix`: how many things keep one from going on, None for what was said last."""
        self.note.say(note)
        if to_fix is not None:
            words = f"{counted(to_fix, 'thing')} to fix" if to_fix else ""
            if words != self.count.text():
                self.count.rename(words)
            self._show_count()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A wider window may have room for the count."""
        super().resizeEvent(event)
        self._show_count()

    def _show_count(self) -> None:
        """Show it where the buttons leave room: with large text in a small window they do not."""
        gap = self._theme.px(12)
        others = (self.back, self.help, self.close_, self.go_on)
        wide = [button.sizeHint().width() + gap for button in others if not button.isHidden()]
        fits = sum(wide) + self.count.sizeHint().width() + self._theme.px(32 + 24) <= self.width()
        self.count.setVisible(bool(self.count.text()) and fits)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour(Token.CARD))
        painter.fillRect(0, 0, self.width(), 1, self._theme.colour(Token.BORDER))


def show_footer(footer: WizardFooter, wizard: WizardController) -> None:
    """Name the buttons and turn them on or off."""
    session, step, plan = wizard.session, wizard.step, wizard.plan
    footer.back.setEnabled(step is not SetupStep.SIGN_IN and not wizard.writing)
    words, room, reason = "Continue", "", waits_for(session, step)
    locked_out = False
    match step:
        case SetupStep.SIGN_IN if session.account.busy:
            reason = f"{session.account.busy}."
        case SetupStep.FLOATING_IP if footer.has_room:
            room = "Continue with 255.255.255.255"
            if session.shown.address is not None and not things_to_fix(wizard.problems):
                words = f"Continue with {session.shown.address}"
        case SetupStep.REVIEW:
            words = apply_words(plan)
            locked_out = wizard.locked and plan is not None and bool(plan.writing)
        case SetupStep.APPLY:
            reason = apply_reason(wizard.applier)
        case SetupStep.VERIFY:
            words = "Finish"
            reason = verify_reason(wizard)
        case _:
            pass
    footer.go_on.keep_room(room)
    finished = wizard.applier.finished
    ended_badly = step is SetupStep.APPLY and finished is not None and finished.outcome is not Outcome.DONE
    footer.go_on.become(ButtonKind.SECONDARY if ended_badly else ButtonKind.PRIMARY)
    footer.go_on.rename(words)
    footer.go_on.setEnabled(not reason)
    footer.go_on.explain(reason or str(Shortcut.CONTINUE))
    footer.go_on.hold_off(LOCKED.sentence() if locked_out else "")
    blocking = 0 if reason else things_to_fix(wizard.problems)
    footer.say(footer_note(wizard, reason), blocking)


def things_to_fix(problems: tuple[StepProblem, ...]) -> int:
    """How many things keep one from going on; a field is one, whatever is wrong with it."""
    blocking = [problem for problem in problems if problem.blocks]
    return len({one.about.key for one in blocking if one.about is not None}) + sum(
        one.about is None for one in blocking
    )


def apply_words(plan: SetupPlan | None) -> str:
    """What the button of the review says: how many changes, and that the others stay."""
    if plan is None or not plan.writing:
        return "Continue"
    others = [change for change in plan.writing if change.right.who is WhoMay.OTHERS]
    number = len(plan.mine_now) if others else len(plan.writing)
    if others and not number:
        return "Apply"
    changes = counted(number, "change")
    return f"Apply what I may: {changes}" if others else f"Apply {changes}"


def apply_reason(applier: ApplyController) -> str:
    """Why one cannot go on from Apply yet."""
    if applier.running:
        return "The changes are being taken back." if applier.applying.undoing else "The changes are being made."
    if applier.taken_back:
        return "The changes were taken back. Go back to the review to make them again."
    return ""


def verify_reason(wizard: WizardController) -> str:
    """Why one cannot finish yet."""
    if wizard.ending.session is None:
        return (
            "The cluster is being read and saved." if wizard.verifier.problem is None else "It could not be read yet."
        )
    return ""


def footer_note(wizard: WizardController, reason: str) -> str:
    """The words between the buttons."""
    step, applier = wizard.step, wizard.applier
    if reason:
        return reason
    if step is SetupStep.VERIFY:
        saved = f"Saved as {wizard.ending.file.name}. " if wizard.ending.file is not None else ""
        if wizard.verifier.restarting_words:
            return f"{saved}Until the machine is back, a failover of this cluster cannot be started here."
        return f"{saved}You can leave now; verifying can be repeated any time."
    blocking = any(problem.blocks for problem in wizard.problems)
    warnings = sum(not problem.blocks for problem in wizard.problems)
    if step is SetupStep.REVIEW and wizard.plan is not None:
        left = len(wizard.plan.writing) - len(wizard.plan.mine_now)
        if left:
            return f"{left} wait{'s' if left == 1 else ''} for others. Read again to see whether they are done."
    if step is SetupStep.APPLY and applier.finished is not None and applier.finished.outcome is not Outcome.DONE:
        return "What is left can be made again, or by others."
    if warnings and not blocking and step is not SetupStep.REVIEW:
        return f"{counted(warnings, 'thing')} to know"
    return ""


PANEL, WIDER_PANEL, TWO_COLUMN_PANEL = 312, 440, 900
PANEL_FROM = 1200
"""Below this width, at 100 % text, the panel is hidden behind ? and the side shows numbers only."""

MAIN_WIDEST, LARGER_MAIN = 880, 1080
WIDER_FROM, WIDEST_FROM = 1920, 2560
"""Window widths, at 100 % text, from which on the panel is wider, and has its command and reason in a third column."""

PAGE_WIDEST = 2000
ROOM_FOR_BOTH = 520
"""A question narrower than this gives its room to the panel while that is shown."""


class WizardFrame(QWidget):
    """Holds one page for each step. Emits what a person asks for; knows nothing of the wizard's state."""

    back_asked = Signal()
    on_asked = Signal()
    close_asked = Signal()
    undo_asked = Signal()
    fix_asked = Signal()
    portal_asked = Signal()
    step_asked = Signal(int)

    def __init__(self, theme: Theme, first: StepPage, *, is_lab: bool, parent: QWidget | None = None) -> None:
        """The frame round the page of the first step; the others come into it when they are shown."""
        super().__init__(parent)
        self._theme = theme
        self._panel_wanted = False
        self._panel_closed = False
        self._full_width = False
        self.side = WizardSidebar(theme, len(SetupStep), is_lab=is_lab)
        self.panel = PortalPanel(theme)
        self.footer = WizardFooter(theme)
        self._stack = QStackedWidget()
        self._scrolls: dict[StepPage, PageScroll] = {}
        self._scroll(first)
        # Whatever width the window has, it must not grow before it has told that width.
        self.side.set_narrow(narrow=True)
        self._build()
        self._connect()

    def _build(self) -> None:
        outer = QHBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.setSpacing(0)
        outer.addWidget(self.side)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._stack, 1)
        row.addWidget(self.panel)
        column.addLayout(row, 1)
        column.addWidget(self.footer)
        outer.addWidget(right, 1)

    def _connect(self) -> None:
        self.side.chosen.connect(self.step_asked)
        self.footer.back.clicked.connect(self.back_asked)
        self.footer.go_on.clicked.connect(self.on_asked)
        self.footer.close_.clicked.connect(self.close_asked)
        self.footer.count.clicked.connect(self.fix_asked)
        self.footer.help.clicked.connect(self.portal_asked)
        bind(self, Shortcut.CLOSE, self.footer.close_.click, inside=True)
        bind(self, Shortcut.UNDO, self.undo_asked.emit, inside=True)
        bind(self, Shortcut.PORTAL, self.portal_asked.emit, inside=True)

    def _scroll(self, page: StepPage) -> PageScroll:
        """The place of a page in the stack; it is put there when it is first wanted."""
        scroll = self._scrolls.get(page)
        if scroll is None:
            scroll = self._scrolls[page] = PageScroll(self._theme, _centred(page, self._theme), page.question)
            self._stack.addWidget(scroll)
        return scroll

    def focus_parts(self) -> tuple[QWidget, ...]:
        """Tab goes to the question and its answers, the footer, the portal's way, and to the steps at last."""
        return (self._stack, self.footer, self.panel, self.side)

    def show_page(self, page: StepPage, *, full_width: bool = False) -> None:
        """Show a page from its top; `full_width`: it has no panel."""
        self._full_width = full_width
        for button in (self.footer.back, self.footer.go_on):
            button.mean_another()
        scroll = self._scroll(page)
        self._stack.setCurrentWidget(scroll)
        scroll.verticalScrollBar().setValue(0)
        self._fit()

    def show_portal(self, shown: PortalShown) -> None:
        """Replace what the panel says; without a word it is not there."""
        was = self.panel.empty
        self.panel.show_portal(shown)
        if self.panel.empty is not was:
            self._fit()

    def scroll_to(self, widget: QWidget) -> None:
        """Bring a part of the page shown into view."""
        scroll = self._stack.currentWidget()
        if isinstance(scroll, PageScroll):
            scroll.ensureWidgetVisible(widget, 0, self._theme.px(24))

    def toggle_panel(self) -> bool:
        """Show the portal's way, or take it away (?); whether there is one for this step."""
        if self._full_width or self.panel.empty:
            return False
        if self._is_narrow():
            self._panel_wanted = not self._panel_wanted
        else:
            self._panel_closed = not self._panel_closed
        self._fit()
        return True

    def close_panel(self) -> bool:
        """Take the portal's way away where it was asked for in a narrow window; whether it was there."""
        there = self.panel.isVisible() and self._is_narrow()
        return there and self.toggle_panel()

    def _is_narrow(self) -> bool:
        return self._window_width() < self._theme.px(PANEL_FROM)

    def _window_width(self) -> int:
        return self.window().width() if self.window() is not None else self.width()

    def _fit(self) -> None:
        theme = self._theme
        narrow = self._is_narrow()
        self.side.set_narrow(narrow=narrow)
        there = not self._full_width and not self.panel.empty
        shown = there and (self._panel_wanted if narrow else not self._panel_closed)
        wide = self._window_width() >= theme.px(WIDER_FROM)
        widest = self._window_width() >= theme.px(WIDEST_FROM)
        panel = theme.px(TWO_COLUMN_PANEL if widest else WIDER_PANEL if wide else PANEL)
        self.panel.set_two_columns(widest)
        left = self.width() - self.side.width() - panel
        alone = shown and left < theme.px(ROOM_FOR_BOTH)
        self.panel.setVisible(shown)
        self._stack.setVisible(not alone)
        self.panel.setMinimumWidth(0 if alone else panel)
        self.panel.setMaximumWidth(16_777_215 if alone else panel)
        self.footer.help.setVisible(there and (narrow or self._panel_closed))
        self.footer.help.setAccessibleName("Hide the portal's way" if shown else "Show the portal's way")
        main = LARGER_MAIN if widest else MAIN_WIDEST
        broadest = theme.px(PAGE_WIDEST if self._full_width else main) if wide else 16_777_215
        for page in self._scrolls:
            page.setMaximumWidth(broadest)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side has two widths, the panel comes and goes."""
        super().resizeEvent(event)
        self._fit()


def _centred(page: StepPage, theme: Theme) -> QWidget:
    """A page in the middle of its room."""
    around = QWidget()
    row = QHBoxLayout(around)
    side = theme.px(32)
    row.setContentsMargins(side, theme.px(24), side - BAR, theme.px(20))
    row.setSpacing(0)
    row.addStretch(1)
    row.addWidget(page, 100_000)
    row.addStretch(1)
    return around
