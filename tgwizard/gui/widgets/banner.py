"""The verdict banner: the state in one sentence with names, tinted, with its shape; details below, actions at right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.control_painting import paint_ground
from tgwizard.gui.style.state_shapes import TINT, Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, Radius, TextRole, Token
from tgwizard.gui.widgets.copyable_fact import CopyableFact
from tgwizard.gui.widgets.labels import Figure, LiveText, lines_high


class VerdictBanner(QWidget):
    """The first thing on a page. A new sentence is announced; a new detail (an age) is not."""

    accessible_role = QAccessible.Role.Notification
    ring_radius = Radius.CARD

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty banner; `show_verdict` fills it."""
        super().__init__(parent)
        self._theme = theme
        self._mark = ShapeMark(theme, Shape.NOT_KNOWN, 30)
        self._sentence = LiveText(theme, "", TextRole.VERDICT)
        self._detail = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self._figure = Figure(theme, "59 min 59 s", TextRole.TITLE)
        self._caption = Figure(theme, "elapsed", TextRole.CAPTION, Token.TEXT2)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(18, 10, 18, 11)
        self._row.setSpacing(15)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addStretch(1)
        words.addWidget(self._sentence)
        words.addWidget(self._detail)
        words.addStretch(1)
        figures = QVBoxLayout()
        figures.setSpacing(0)
        figures.addStretch(1)
        for label in (self._figure, self._caption):
            label.hide()
            figures.addWidget(label, 0, Qt.AlignmentFlag.AlignRight)
        figures.addStretch(1)
        self._row.addWidget(self._mark)
        self._row.addLayout(words, 1)
        self._row.addLayout(figures)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.keep_lines(1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Verdict")
        theme.changed.connect(self.update)

    @property
    def sentence(self) -> str:
        """The verdict as shown."""
        return self._sentence.text_shown

    @property
    def fact(self) -> CopyableFact:
        """The verdict, for Copy."""
        return CopyableFact("Verdict", self.sentence, "tgwizard")

    @property
    def shape(self) -> Shape:
        """The state shape shown."""
        return self._mark.shape

    def keep_lines(self, lines: int) -> None:
        """Keep room for so many lines of the sentence, and for details: nothing below moves with a longer one."""
        details = 2 if self._theme.text_scale >= LARGE_TEXT else 1
        words = lines_high(self._theme, lines, TextRole.VERDICT) + lines_high(self._theme, details, TextRole.BODY)
        self.setMinimumHeight(max(self._theme.px(66), words + 25))

    def add_action(self, widget: QWidget) -> None:
        """Put a button at the right end."""
        self._row.addWidget(widget)

    def show_verdict(self, shape: Shape, sentence: str, detail: str, *, urgent: bool = False) -> None:
        """Replace state, sentence and detail; announce the sentence when it is new, `urgent` ones at once."""
        new = sentence != self._sentence.text_shown
        if shape is not self._mark.shape:
            self._mark.show_shape(shape)
            self.update()
        self._sentence.say(sentence)
        self.show_detail(detail)
        if new:
            self.setAccessibleName(f"Verdict: {sentence}")
        if new and self.isVisible():
            announce(self, sentence, at_once=urgent)

    def show_detail(self, detail: str) -> None:
        """Replace the line of details alone."""
        self._detail.say(detail)
        if self._detail.isHidden() is bool(detail):
            self._detail.setVisible(bool(detail))
        self.setAccessibleDescription(detail)

    def show_figure(self, figure: str, caption: str) -> None:
        """Show a figure at the right end, for example the elapsed time; empty text hides it."""
        self._figure.say(figure)
        self._caption.say(caption)
        for label, text in ((self._figure, figure), (self._caption, caption)):
            if label.isHidden() is bool(text):
                label.setVisible(bool(text))

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_ground(QPainter(self), self._theme, QRectF(self.rect()), TINT[self._mark.shape], None, Radius.CARD)
