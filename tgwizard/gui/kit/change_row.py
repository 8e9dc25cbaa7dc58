"""The plan row: + add, arrows change, = already right, circle arrow restart; what and where; before, after; who may."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tgwizard.gui.style.icons import Icon, IconMark, draw_icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.fact_table import RowTable, StateCell, TableRow, TwoLines
from tgwizard.gui.widgets.labels import LiveText, plain_tip
from tgwizard.gui.widgets.layouts import Column
from tgwizard.model.setup_plan import ChangeKind, Obstacle, SetupChange, WhoMay
from tgwizard.model.text import about

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
        policy = QSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        first.setSizePolicy(policy)
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
        sentence += f", may be done by {who_words(change)}, {about(change.predicted.usual_s)}"
    return table.add(cells, sentence)
