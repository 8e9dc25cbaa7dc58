"""The meter "Effective yet?": for one machine and scope four bars, with the time taken under each (gui/README.md 6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.labels import LiveText


class BarState(Enum):
    """How far one bar is; the value is the word read out."""

    DONE = "done"
    RUNNING = "under way"
    WAITS = "waits for you"
    TO_COME = "to come"
    FAILED = "not yet, look"


@dataclass(frozen=True, slots=True)
class BarShown:
    """One bar: what it stands for, its state, and the time or reason under it."""

    name: str
    state: BarState
    note: str = ""


class MeterBar(QWidget):
    """The bar alone: full, filling, hollow with a dot when it waits for a person, or empty."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = BarState.TO_COME
        self.setFixedHeight(theme.px(8))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_state(self, state: BarState) -> None:
        if state is not self._state:
            self._state = state
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        round_ = box.height() / 2
        if self._state is BarState.WAITS:
            painter.setPen(QPen(theme.colour(Token.ACCENT_TEXT), 1.2))
            painter.setBrush(theme.colour(Token.ACCENT_TINT))
            painter.drawRoundedRect(box.adjusted(0.6, 0.6, -0.6, -0.6), round_, round_)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Token.ACCENT_TEXT))
            painter.drawEllipse(QRectF(2, 2, box.height() - 4, box.height() - 4))
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.IDLE_TINT))
        painter.drawRoundedRect(box, round_, round_)
        if self._state is BarState.DONE:
            painter.setBrush(theme.colour(Token.OK))
            painter.drawRoundedRect(box, round_, round_)
        elif self._state is BarState.RUNNING:
            painter.setBrush(theme.colour(Token.ACCENT))
            painter.drawRoundedRect(QRectF(0, 0, box.width() / 2, box.height()), round_, round_)
        elif self._state is BarState.FAILED:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(Token.WARN), 1.2))
            painter.drawRoundedRect(box.adjusted(0.6, 0.6, -0.6, -0.6), round_, round_)


class PropagationMeter(QWidget):
    """Four bars in a row; its accessible name says how far it is: "tg-node-a on rg-net: effective, waits for you"."""

    accessible_role = QAccessible.Role.ProgressBar

    def __init__(self, theme: Theme, subject: str, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject = subject
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(6))
        self._bars: list[tuple[MeterBar, LiveText, LiveText]] = []
        for name in names:
            column = QVBoxLayout()
            column.setSpacing(theme.px(3))
            bar = MeterBar(theme)
            word = LiveText(theme, name, TextRole.CAPTION_KEY)
            note = LiveText(theme, "", TextRole.CAPTION, Token.TEXT2)
            column.addWidget(bar)
            column.addSpacing(theme.px(3))
            column.addWidget(word)
            column.addWidget(note)
            column.addStretch(1)
            row.addLayout(column, 1)
            self._bars.append((bar, word, note))
        self.show_bars(tuple(BarShown(name, BarState.TO_COME) for name in names))

    def show_bars(self, bars: tuple[BarShown, ...]) -> None:
        """Replace all."""
        reached = "not written yet"
        rest = ""
        for shown, (bar, word, note) in zip(bars, self._bars, strict=True):
            bar.show_state(shown.state)
            word.say(shown.name)
            word.recolour(Token.TEXT2 if shown.state is BarState.TO_COME else Token.TEXT)
            note.say(shown.note)
            if shown.state is BarState.DONE:
                reached = shown.name.lower()
            elif not rest and shown.state is not BarState.TO_COME:
                rest = f", {shown.name.lower()} {shown.state.value}"
        self.setAccessibleName(f"{self._subject}: {reached}{rest}")
        words = [f"{shown.name} {shown.state.value} {shown.note}".strip() for shown in bars]
        self.setAccessibleDescription(", ".join(words))
