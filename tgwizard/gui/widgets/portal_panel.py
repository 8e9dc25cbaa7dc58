"""The panel "In the Azure portal this is": numbered path, link, the same as a command with Copy, and why we ask."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import BAR, PageScroll, Separator
from tgwizard.gui.widgets.code_block import CommandBlock
from tgwizard.gui.widgets.fact_table import TwoLines
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.gui.widgets.request_table import NumberRing


@dataclass(frozen=True, slots=True)
class PortalShown:
    """What stands in the panel. ``steps``: what to click, and a smaller line; ``url`` and ``command`` may be empty."""

    lead: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    url: str = ""
    command: str = ""
    why_title: str = "Why we ask"
    why: str = ""


class PortalPanel(QWidget):
    """The right-hand panel of a wizard. `copied` when a command went to the clipboard."""

    copied = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Empty until `show_portal`."""
        super().__init__(parent)
        self._theme = theme
        self._shown = PortalShown("not shown yet")
        content = QWidget()
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._parts.setContentsMargins(theme.px(21), theme.px(24), theme.px(22) - BAR, theme.px(16))
        self._parts.setSpacing(theme.px(10))
        self._column, beside = QVBoxLayout(), QVBoxLayout()
        for column in (self._column, beside):
            column.setSpacing(theme.px(10))
            self._parts.addLayout(column)
        self._parts.addStretch(1)
        self._column.addWidget(TextLabel(theme, "In the Azure portal this is", TextRole.SECTION))
        self._lead = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self._column.addWidget(self._lead)
        self._steps = QWidget()
        self._column.addWidget(self._steps)
        self._link = Button(theme, "Open in the portal", ButtonKind.LINK, Icon.EXTERNAL, height=30)
        self._link.clicked.connect(self._open)
        self._column.addWidget(self._link, 0, Qt.AlignmentFlag.AlignLeft)
        beside.addWidget(self._build_command())
        beside.addWidget(self._build_why())
        self._ends = (self._column, beside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.addWidget(PageScroll(theme, content, "In the Azure portal this is"))
        self.setAccessibleName("In the Azure portal")
        self.show_portal(PortalShown())
        theme.changed.connect(self.update)

    def _build_command(self) -> QWidget:
        theme = self._theme
        self._command_part = QWidget()
        part = QVBoxLayout(self._command_part)
        part.setContentsMargins(0, theme.px(4), 0, 0)
        part.setSpacing(theme.px(8))
        part.addWidget(Separator(theme))
        row = QHBoxLayout()
        row.addWidget(TextLabel(theme, "As a command", TextRole.BODY_STRONG))
        row.addStretch(1)
        self.copy = Button(theme, "Copy", ButtonKind.LINK, Icon.COPY, height=30)
        self.copy.setAccessibleName("Copy the command")
        self.copy.clicked.connect(self._copy)
        row.addWidget(self.copy)
        part.addLayout(row)
        self._command = CommandBlock(theme)
        part.addWidget(self._command)
        return self._command_part

    def _build_why(self) -> QWidget:
        theme = self._theme
        self._why_part = QWidget()
        part = QVBoxLayout(self._why_part)
        part.setContentsMargins(0, theme.px(4), 0, 0)
        part.setSpacing(theme.px(6))
        part.addWidget(Separator(theme))
        part.addSpacing(theme.px(6))
        self._why_title = TextLabel(theme, "", TextRole.BODY_STRONG)
        self._why = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        part.addWidget(self._why_title)
        part.addWidget(self._why)
        return self._why_part

    def set_two_columns(self, two: bool) -> None:
        """The command and the reason beside the steps, where there is room, or below them."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        way = across if two else down
        if self._parts.direction() is way:
            return
        self._parts.setDirection(way)
        self._parts.setSpacing(self._theme.px(28 if two else 10))
        # Beside each other they share the width; below each other all spare height is at the end.
        for place, stretch in enumerate((1, 1, 0) if two else (0, 0, 1)):
            self._parts.setStretch(place, stretch)
        for column in self._ends:
            if two:
                column.addStretch(1)
            else:
                column.takeAt(column.count() - 1)

    @property
    def shown(self) -> PortalShown:
        """What stands there."""
        return self._shown

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self._shown.lead or self._shown.steps or self._shown.command)

    def show_portal(self, shown: PortalShown) -> None:
        """Replace everything."""
        if shown == self._shown:
            return
        self._shown = shown
        self._lead.say(shown.lead)
        self._lead.setVisible(bool(shown.lead))
        steps = QWidget()
        column = QVBoxLayout(steps)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._theme.px(7))
        for number, (words, note) in enumerate(shown.steps, start=1):
            row = QHBoxLayout()
            row.setSpacing(self._theme.px(9))
            row.addWidget(NumberRing(self._theme, number), 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(TwoLines(self._theme, words, note, role=TextRole.BODY_KEY), 1)
            column.addLayout(row)
        self._column.replaceWidget(self._steps, steps)
        self._steps.hide()
        self._steps.deleteLater()
        self._steps = steps
        steps.setVisible(bool(shown.steps))
        self._link.setVisible(bool(shown.url))
        self._link.explain(shown.url)
        self._command_part.setVisible(bool(shown.command))
        self._command.say(shown.command)
        self._why_part.setVisible(bool(shown.why))
        self._why_title.say(shown.why_title)
        self._why.say(shown.why)

    @Slot()
    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl(self._shown.url))

    @Slot()
    def _copy(self) -> None:
        QApplication.clipboard().setText(self._shown.command)
        self.copied.emit("The command was copied")

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, 1, self.height(), self._theme.colour(Token.BORDER))
