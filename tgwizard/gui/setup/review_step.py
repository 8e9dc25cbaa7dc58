"""Step 8: every change before anything is written; the same plan as scripts and a checklist; and who may do what.

A row of the plan: + add, arrows change, = already right, circle arrow restart; what and where; before, after; who
may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.engine.access.access_decision import not_yours
from tgwizard.engine.setup.export.formats import FORMATS, ExportKind, export, file_name
from tgwizard.engine.setup.export.portal_checklist import Section, sections
from tgwizard.engine.setup.wizard_state import ReadNeeded
from tgwizard.gui.setup.checklist_view import ChecklistView
from tgwizard.gui.setup.loading_card import LoadingCard
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon, IconMark, draw_icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import Card, Separator
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.fact_table import RowTable, StateCell, TableRow, TwoLines
from tgwizard.gui.widgets.labels import LiveText, let_wrap, plain_tip
from tgwizard.gui.widgets.layouts import Column, FittedStack, clear
from tgwizard.gui.widgets.print_page import print_page
from tgwizard.gui.widgets.save_text import copy_text, save_text
from tgwizard.gui.widgets.tabs import Tabs
from tgwizard.gui.widgets.text_inputs import ReportText
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import Assign, ChangeKind, Obstacle, SetupChange, SetupPlan, WhoMay
from tgwizard.model.text import counted, format_age, format_estimate, join_words, sanitize

_ICON = {
    ChangeKind.ADD: (Icon.ADD, Token.ACCENT_TEXT),
    ChangeKind.CHANGE: (Icon.SWAP, Token.ACCENT_TEXT),
    ChangeKind.RIGHT: (Icon.EQUAL, Token.TEXT2),
    ChangeKind.RESTART: (Icon.REFRESH, Token.WARN),
}
KIND_WORDS = {
    ChangeKind.ADD: "add",
    ChangeKind.CHANGE: "change",
    ChangeKind.RIGHT: "already right",
    ChangeKind.RESTART: "afterwards",
}

_STOPPED = {Obstacle.LOCK: "a lock", Obstacle.DENIAL: "a denial", Obstacle.CONDITION: "a condition"}
"""What stops a change, where no role would help the signed-in user."""

PLAN_COLUMNS = (
    Column("", px=22),
    Column("Change", 10),
    Column("Before and after", 10),
    Column("Who may do it", px=118),
)


class BeforeAfter(QWidget):
    """Before, an arrow, after; one line of words when nothing changes."""

    def __init__(self, theme: Theme, before: str, after: str, *, same: bool = False) -> None:
        super().__init__()
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        if same or not after:
            row.addWidget(LiveText(theme, after or before, TextRole.BODY, Token.TEXT2), 1)
            return
        first = LiveText(theme, before, TextRole.BODY, Token.TEXT2)
        let_wrap(first, QSizePolicy.Policy.Maximum)
        row.addWidget(first)
        row.addWidget(IconMark(theme, Icon.ARROW_RIGHT, 14))
        row.addWidget(LiveText(theme, after, TextRole.BODY_STRONG), 1)


class PersonMark(QWidget):
    """Someone else has to do it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(theme.px(14), theme.px(14))
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_icon(QPainter(self), Icon.PERSON, self._theme.colour(Token.TEXT2), QRectF(self.rect()))


def who_words(change: SetupChange) -> str:
    """Who may do it: you, others, or not known."""
    return {WhoMay.YOU: "you", WhoMay.OTHERS: "others", WhoMay.NOT_KNOWN: "not known"}[change.right.who]


def who_cell(theme: Theme, change: SetupChange) -> QWidget:
    """The last column; its tooltip names what is missing and who has it."""
    if change.kind is ChangeKind.RIGHT:
        return LiveText(theme, "", TextRole.CAPTION)
    right = change.right
    if right.who is WhoMay.OTHERS:
        cell = QWidget()
        row = QHBoxLayout(cell)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        row.addWidget(PersonMark(theme))
        role = f"needs {right.roles[0]}" if right.roles else "others"
        words = _STOPPED.get(right.obstacle or Obstacle.ROLE, role)
        row.addWidget(LiveText(theme, words, TextRole.CAPTION_STRONG, Token.TEXT2), 1)
        cell.setToolTip(plain_tip(right.problem.sentence() if right.problem is not None else ""))
        return cell
    shape = Shape.GOOD if right.who is WhoMay.YOU else Shape.NOT_KNOWN
    return StateCell(theme, shape, who_words(change))


def add_change(table: RowTable, theme: Theme, change: SetupChange, note: str = "") -> TableRow:
    """Add a change to a table of `PLAN_COLUMNS`; `note` is a shorter second line, the whole one is its tooltip."""
    icon, token = _ICON[change.kind]
    right = change.kind is ChangeKind.RIGHT
    title = TwoLines(theme, change.sentence, note or change.note, token=Token.TEXT2 if right else Token.TEXT)
    whole = (change.note if note else "", f"{change.method} {change.path}".strip(), ", ".join(change.permissions))
    title.setToolTip(plain_tip("\n".join(part for part in whole if part)))
    cells = (
        IconMark(theme, icon, 16, token),
        title,
        BeforeAfter(theme, change.before, change.after, same=right),
        who_cell(theme, change),
    )
    sentence = f"{KIND_WORDS[change.kind]}: {change.sentence}, {change.note}, {change.before} becomes {change.after}"
    if not right:
        sentence += f", may be done by {who_words(change)}, {format_estimate(change.predicted.usual_s)}"
    return table.add(cells, sentence)


@dataclass(frozen=True, slots=True)
class Exported:
    """One tab: its word, the file it is saved as, and the text."""

    word: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """What the page shows. ``access_request``: the request for those who may do what the user may not.

    ``checklist_page``: the checklist as the page that is printed.
    """

    plan: SetupPlan | None = None
    exports: tuple[Exported, ...] = ()
    access_request: str = ""
    checklist: tuple[Section, ...] = ()
    checklist_page: str = ""
    request_file: str = ""
    read_ago: str = ""
    busy: str = ""


class ReviewPage(StepPage):
    """The plan. Nothing here writes; the footer's Apply does."""

    question = "What will be changed"
    said = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self._shown = ReviewShown()
        self._ticked: set[str] = set()
        self.reading = LoadingCard(theme)
        self.body.addWidget(self.reading)
        self._tabs_place = QVBoxLayout()
        self.body.addLayout(self._tabs_place)
        self.tabs: Tabs | None = None
        self._rights = Card(theme, "Who has which rights", margin=17, spacing=7)
        self._age = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
        self._rights.head.addWidget(self._age)
        self._rights_rows = QVBoxLayout()
        self._rights_rows.setSpacing(theme.px(7))
        self._rights.body.addLayout(self._rights_rows)
        self.body.addWidget(self._rights)
        self._rights.hide()

    def show_review(self, shown: ReviewShown) -> None:
        """Replace what is shown; the tab stays."""
        before, self._shown = self._shown, shown
        self.reading.show_busy(shown.busy)
        self._age.say(shown.read_ago)
        plan = shown.plan
        if plan is None:
            self.ask(self.question, "Azure is read once more, so that the plan is what is true now.")
            return
        if plan == before.plan and shown.exports == before.exports:
            return
        self.ask(*headline(plan))
        current = self.tabs.current if self.tabs is not None else 0
        clear(self._tabs_place)
        words = ("Plan", *(one.word for one in shown.exports))
        self.tabs = Tabs(self.theme, "Plan and exports", words)
        stack = FittedStack(self._plan_page(plan), *(self._export_page(one) for one in shown.exports))
        self.tabs.shown.connect(stack.show_page)
        self._tabs_place.addWidget(self.tabs)
        self._tabs_place.addSpacing(self.theme.px(10))
        self._tabs_place.addWidget(stack)
        if current < len(words):
            self.tabs.show_tab(current)
        self._show_rights(plan, shown.access_request)

    def _plan_page(self, plan: SetupPlan) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.theme.px(10))
        table = RowTable(self.theme, "Plan", PLAN_COLUMNS, padding=8)
        for change in plan.changes:
            add_change(table, self.theme, change, short_note(change, plan))
        column.addWidget(table)
        for note in plan.notes:
            column.addWidget(CheckRow(self.theme, Shape.NOTE, note))
        return page

    def _export_page(self, one: Exported) -> QWidget:
        theme = self.theme
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(10))
        checklist = one.word == TABS[ExportKind.PORTAL]
        if checklist:
            column.addWidget(ChecklistView(theme, self._shown.checklist, self._ticked))
        else:
            text = ReportText(theme, one.word, one.text)
            text.setMinimumHeight(theme.px(360))
            column.addWidget(text)
        row = QHBoxLayout()
        row.setSpacing(theme.px(10))
        words = "The same changes, for someone to run or read. Every name in it is quoted."
        row.addWidget(LiveText(theme, words, TextRole.CAPTION, Token.TEXT2), 1)
        copy = Button(theme, "Copy", icon=Icon.COPY, height=32)
        copy.setAccessibleName(f"Copy {one.word}")
        copy.clicked.connect(self._copy_callback(one.text, f"{one.word} was copied"))
        save = Button(theme, "Save as file…", icon=Icon.SAVE, height=32)
        save.setAccessibleName(f"Save {one.word} as file…")
        save.clicked.connect(self._save_callback(one.file, one.text))
        if checklist:
            paper = Button(theme, "Save as PDF…", icon=Icon.REPORT, height=32)
            paper.clicked.connect(self._print)
            row.addWidget(paper)
        row.addWidget(copy)
        row.addWidget(save)
        column.insertLayout(0 if checklist else -1, row)  # a checklist is long: what is done with it stands above
        return page

    def _print(self) -> None:
        def say(_shape: Shape, what: str, why: str) -> None:
            self.said.emit(f"{what} {why}".strip())

        print_page(self, self._shown.exports[-1].file.rpartition(".")[0], self._shown.checklist_page, say)

    def _show_rights(self, plan: SetupPlan, access_request: str) -> None:
        theme = self.theme
        clear(self._rights_rows)
        rows = rights_rows(plan)
        self._rights.setVisible(bool(rows))
        for place, (shape, fact, evidence) in enumerate(rows):
            if place:
                self._rights_rows.addWidget(Separator(theme))
            self._rights_rows.addWidget(CheckRow(theme, shape, fact, evidence))
        if access_request and any(shape is not Shape.GOOD for shape, _, _ in rows):
            line = QHBoxLayout()
            line.setSpacing(theme.px(10))
            copy = Button(theme, "Copy a request", icon=Icon.COPY, height=32)
            copy.explain("The changes that others have to make, in words for a colleague")
            copy.clicked.connect(self._copy_callback(access_request, "The request was copied"))
            save = Button(theme, "Save the request…", icon=Icon.SAVE, height=32)
            save.clicked.connect(self._save_callback(self._shown.request_file, access_request))
            line.addWidget(copy)
            line.addWidget(save)
            line.addStretch(1)
            self._rights_rows.addLayout(line)

    def _copy_callback(self, text: str, done: str) -> Callable[[], None]:
        def copy() -> None:
            self.said.emit(copy_text(text, done))

        return copy

    def _save_callback(self, name: str, text: str) -> Callable[[], None]:
        return partial(self._save, name, text)

    def _save(self, name: str, text: str) -> None:
        said = save_text(self, name, text)
        if said:
            self.said.emit(said)

    def connect_wizard(self, wizard: WizardController) -> None:
        self.said.connect(wizard.said)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_review(review_shown(wizard.session, wizard.plan))


_KINDS = {
    "virtualmachines": "machines",
    "networkinterfaces": "interfaces",
    "virtualnetworks": "network",
    "virtualnetworks/subnets": "subnet",
    "networksecuritygroups": "security group",
    "applicationsecuritygroups": "application security groups",
    "publicipaddresses": "public IP",
}


def short_note(change: SetupChange, plan: SetupPlan) -> str:
    """What lives at the scope of an assignment, by kind; the row has no room for every name."""
    if not isinstance(change.write, Assign) or change.kind is ChangeKind.RIGHT:
        return ""
    scope = change.write.scope.lower()
    holds = next((reason.holds for reason in plan.scopes if reason.scope.lower() == scope), ())
    kinds = dict.fromkeys(_KINDS.get(thing.type.lower().split("/", 1)[-1], "other parts") for thing in holds)
    return f"{join_words(kinds)} live there" if kinds else ""


_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")


def _spelled(number: int) -> str:
    """A number of changes, spelled out at the beginning of a title."""
    digits, change = counted(number, "change").split()
    return f"{_NUMBERS[number] if number < len(_NUMBERS) else digits} {change}"


def headline(plan: SetupPlan) -> tuple[str, str]:
    """Question and lead of the review."""
    writing = plan.writing
    if not writing:
        return "Everything is already right", "Nothing has to be changed. Continue to see what can be proven."
    usual = format_estimate(plan.usual_s)
    lead = f"Read the plan, export it, or apply it: {usual}. Running it again changes nothing that is already right."
    return f"{_spelled(len(writing))}, nothing else", lead


def rights_rows(plan: SetupPlan) -> tuple[tuple[Shape, str, str], ...]:
    """What the signed-in user may do of the plan, and what not, each once."""
    rows: list[tuple[Shape, str, str]] = []
    writing = [change for change in plan.changes if change.writes]
    mine = [change for change in writing if change.right.who is WhoMay.YOU]
    unsure = [change for change in writing if change.right.who is WhoMay.NOT_KNOWN]
    if mine:
        whole = len(mine) == len(writing)
        fact = f"You may make {'every change' if whole else f'{len(mine)} of {len(writing)} changes'}"
        rows.append((Shape.GOOD, fact, "" if whole else _sentences(mine)))
    by_reason: dict[tuple[str, str], list[SetupChange]] = {}
    for item in not_yours(plan.writing):
        if item.obstacle is not Obstacle.ROLE:
            rows.append(
                (Shape.WARNING, item.problem.what.rstrip("."), f"{_sentences(item.changes)} {item.problem.why}")
            )
            continue
        for change in item.changes:
            roles = " or ".join(change.right.roles) or "someone with more rights"
            by_reason.setdefault((change.right.scope, roles), []).append(change)
    for (scope, roles), changes in by_reason.items():
        fact = f"{len(changes)} of {len(writing)} {'needs' if len(changes) == 1 else 'need'} {roles} on {_place(scope)}"
        why = changes[0].right.problem.what if changes[0].right.problem is not None else ""
        rows.append((Shape.WARNING, fact, f"{_sentences(changes)} {why}".strip()))
    if unsure:
        fact = f"Whether you may make {len(unsure)} of {len(writing)} is not known"
        why = next((change.right.problem.what for change in unsure if change.right.problem is not None), "")
        rows.append((Shape.NOT_KNOWN, fact, f"{why} Apply tries them and says so.".strip()))
    return tuple(rows)


def _sentences(changes: Iterable[SetupChange]) -> str:
    return f"{join_words(change.sentence for change in changes)}."


def _place(scope: str) -> str:
    parts = [part for part in scope.split("/") if part]
    if len(parts) == 2:
        return "the subscription"
    return sanitize(parts[-1], 90) if parts else "the scope"


TABS = {
    ExportKind.AZ: "az CLI",
    ExportKind.TERRAFORM: "Terraform",
    ExportKind.PORTAL: "Portal checklist",
}
"""The exports with a tab of their own; the request has its buttons beside the rights."""


def review_shown(session: SetupSession, plan: SetupPlan | None) -> ReviewShown:
    """The eighth page."""
    busy = ""
    if session.reading(ReadNeeded.FACTS):
        busy = "Reading roles, identities and rights"
    if plan is None:
        return ReviewShown(busy=busy)
    shown = session.shown
    exports = session.once("exports", lambda: _exports(plan, shown))
    others = any(change.right.who is WhoMay.OTHERS for change in plan.writing)
    access_request = session.once("letter", lambda: export(ExportKind.REQUEST, plan, shown)) if others else ""
    checklist = session.once("checklist", lambda: sections(plan, shown))
    page = session.once("checklist page", lambda: export(ExportKind.PORTAL_HTML, plan, shown))
    request_file = file_name(ExportKind.REQUEST, shown)
    seconds = session.read_age_s
    ago = "" if seconds is None else f"read from Azure {format_age(seconds)}"
    return ReviewShown(plan, exports, access_request, checklist, page, request_file, ago, busy)


def _exports(plan: SetupPlan, answers: Answers) -> tuple[Exported, ...]:
    return tuple(
        Exported(word, file_name(kind, answers), export(kind, plan, answers))
        for kind, word in TABS.items()
        if kind in FORMATS
    )
