"""Three sources of who is active: configured active, reported active, Azure holder, with source and age.

A sign stands between two of them.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.cluster.cluster_view_model import NOT_CONNECTED, Agreement, SourceShown
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.cards import Surface
from tgwizard.gui.widgets.copyable_fact import CopyableFact
from tgwizard.gui.widgets.labels import Figure, LiveLine, TextLabel


class SourceCard(Surface):
    """One of the three facts, with its age at right and its source below."""

    accessible_role = QAccessible.Role.Grouping
    ring_radius = Radius.CARD

    def __init__(self, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self._title_text = title
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)
        self._age = Figure(theme, "read 59 min ago", TextRole.CAPTION_KEY, Token.TEXT3)
        self._value = LiveLine(theme, "", TextRole.NAME)
        self._source = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(TextLabel(theme, title, TextRole.CAPTION_KEY, Token.TEXT2))
        head.addStretch(1)
        head.addWidget(self._age)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 9, 14, 9)
        column.setSpacing(theme.px(2))
        column.addLayout(head)
        column.addWidget(self._value)
        column.addWidget(self._source)

    @property
    def value(self) -> str:
        """The value as shown."""
        return self._value.text_shown

    @property
    def fact(self) -> CopyableFact:
        """The truth, for Copy."""
        return CopyableFact(self._title_text, self.value, self._source.text_shown)

    def show_source(self, value: str, source: str, age: str, *, known: bool) -> None:
        """Replace value, source and age; a value that is not known is set as second text."""
        self._value.say(value)
        self._value.recolour(Token.TEXT if known else Token.TEXT2)
        self._source.say(source)
        self._age.say(age)
        spoken = ", ".join(part for part in (f"{self._title_text}: {value}", source, age) if part)
        self.setAccessibleName(spoken)


class AgreementSign(QWidget):
    """The sign between two sources: equal, not equal, or a question mark, in a tinted disc."""

    accessible_role = QAccessible.Role.StaticText

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._agreement = Agreement.NOT_KNOWN
        side = theme.px(24)
        self.setFixedSize(side, side)
        self.show_agreement(Agreement.NOT_KNOWN)
        theme.changed.connect(self.update)

    def show_agreement(self, agreement: Agreement) -> None:
        """Replace the sign."""
        if agreement is self._agreement and self.accessibleName():
            return
        self._agreement = agreement
        self.setAccessibleName(agreement.value)
        self.setToolTip(agreement.value)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        ink, tint = {
            Agreement.AGREE: (Token.OK, Token.OK_TINT),
            Agreement.DIFFER: (Token.BAD, Token.BAD_TINT),
            Agreement.DIFFER_MOVING: (Token.ACCENT_TEXT, Token.ACCENT_TINT),
            Agreement.NOT_KNOWN: (Token.IDLE, Token.IDLE_TINT),
        }[self._agreement]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / 24, self.height() / 24)
        painter.setPen(self._theme.colour(tint))
        painter.setBrush(self._theme.colour(tint))
        painter.drawEllipse(QRectF(0.5, 0.5, 23, 23))
        painter.setPen(QPen(self._theme.colour(ink), 1.8))
        if self._agreement is Agreement.NOT_KNOWN:
            painter.scale(24 / self.width(), 24 / self.height())
            painter.setFont(self._theme.font(TextRole.BODY_STRONG))
            painter.drawText(QRectF(self.rect()), 0x0084, "?")
            return
        painter.drawLine(QPointF(7.5, 9.7), QPointF(16.5, 9.7))
        painter.drawLine(QPointF(7.5, 14.3), QPointF(16.5, 14.3))
        if self._agreement is not Agreement.AGREE:
            painter.drawLine(QPointF(14.6, 6.4), QPointF(9.4, 17.6))


class SourceCards(QWidget):
    """Configured active, reported active, Azure holder: three facts, always apart, with a sign between them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """Trustgrid's two are not connected until a control plane is; the third waits for the first reading."""
        super().__init__(parent)
        self.configured = SourceCard(theme, "Configured active")
        self.reported = SourceCard(theme, "Reported active")
        self.holder = SourceCard(theme, "Azure holder")
        self._signs = (AgreementSign(theme), AgreementSign(theme))
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        centre = Qt.AlignmentFlag.AlignCenter
        self._row.addWidget(self.configured, 1)
        self._row.addWidget(self._signs[0], 0, centre)
        self._row.addWidget(self.reported, 1)
        self._row.addWidget(self._signs[1], 0, centre)
        self._row.addWidget(self.holder, 1)
        self.configured.show_source(NOT_CONNECTED, "Trustgrid control plane", "", known=False)
        self.reported.show_source(NOT_CONNECTED, "the members themselves", "", known=False)
        self.holder.show_source("not known", "Azure has not answered yet", "", known=False)

    def set_stacked(self, stacked: bool) -> None:
        """One under the other, for large text (gui/README.md 7)."""
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(down if stacked else across)

    def show_holder(self, truth: SourceShown) -> None:
        """Replace the Azure holder."""
        self.holder.show_source(truth.value, truth.source, truth.age, known=truth.known)
        for sign in self._signs:
            sign.show_agreement(Agreement.NOT_KNOWN)
