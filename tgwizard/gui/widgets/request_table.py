"""The table "What will be sent": one row for each call, and one time axis with the gap hatched (gui/README.md 6)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import Tag
from tgwizard.gui.widgets.cards import Separator, Surface
from tgwizard.gui.widgets.labels import ElidedLabel, Figure, LiveLine, LiveText, TextLabel, plain_tip


@dataclass(frozen=True, slots=True)
class RequestShown:
    """One call in words: who sends to whom, why, verb, short and full path, what it needs (in a line, and
    right by right), and seconds as text.
    """

    who: str
    what: str
    method: str
    short_path: str
    full_path: str
    needs: str
    permissions: tuple[str, ...]
    seconds: str
    slowest: str

    @property
    def sentence(self) -> str:
        """The whole row as one sentence, for assistive technology and for Copy."""
        return f"{self.who}: {self.what}, {self.method} {self.full_path}, {self.needs}, {self.seconds}"


class NumberRing(QWidget):
    """The number of a step or call in a ring."""

    def __init__(self, theme: Theme, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._number = number
        side = theme.px(22)
        self.setFixedSize(side, side)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour(Token.STRONG), 1.3))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.setPen(self._theme.colour(Token.TEXT2))
        painter.setFont(self._theme.font(TextRole.BADGE))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), str(self._number))


class RequestRow(QWidget):
    """One call; its accessible name is one sentence, its tooltip the full path, the slowest time, all rights."""

    accessible_role = QAccessible.Role.ListItem

    def __init__(self, theme: Theme, number: int, call: RequestShown, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.px(13), theme.px(6), theme.px(15), theme.px(7))
        grid.setHorizontalSpacing(theme.px(11))
        grid.setVerticalSpacing(0)
        seconds = TextLabel(theme, call.seconds, TextRole.BODY_STRONG)
        ring = NumberRing(theme, number)
        who = ElidedLabel(theme, call.who, TextRole.BODY_STRONG)
        verb = Tag(theme, call.method, mono=True)
        path = ElidedLabel(theme, call.short_path, TextRole.MONO_STRONG)
        needs = LiveText(theme, call.needs, TextRole.CAPTION, Token.TEXT2)
        top, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignRight
        grid.addWidget(ring, 0, 0, 2, 1, top)
        if theme.text_scale >= LARGE_TEXT:
            # Large text: the path and what it needs stand under who does what (gui/README.md 7).
            grid.setColumnStretch(2, 1)
            grid.addWidget(who, 0, 1, 1, 2)
            grid.addWidget(seconds, 0, 3, right)
            grid.addWidget(LiveText(theme, call.what, TextRole.CAPTION, Token.TEXT2), 1, 1, 1, 3)
            grid.addWidget(verb, 2, 1)
            grid.addWidget(path, 2, 2, 1, 2)
            grid.addWidget(needs, 3, 1, 1, 3)
        else:
            grid.setColumnStretch(1, 10)
            grid.setColumnStretch(3, 17)
            grid.addWidget(who, 0, 1)
            grid.addWidget(ElidedLabel(theme, call.what, TextRole.CAPTION, Token.TEXT2), 1, 1, top)
            grid.addWidget(verb, 0, 2, right)
            grid.addWidget(path, 0, 3)
            grid.addWidget(needs, 1, 3)
            grid.addWidget(seconds, 0, 4, right)
        self.setAccessibleName(f"Call {number}: {call.sentence}")
        self.setToolTip(plain_tip("\n".join([call.full_path, call.slowest, "needs", *call.permissions])))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)


class RequestTable(Surface):
    """All calls of a plan, one under the other."""

    accessible_role = QAccessible.Role.List

    def __init__(self, theme: Theme, calls: tuple[RequestShown, ...], parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for number, call in enumerate(calls, start=1):
            if number > 1:
                column.addWidget(Separator(theme))
            column.addWidget(RequestRow(theme, number, call))
        self.setAccessibleName("What will be sent")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the time axis, in seconds from the start. `leading` marks the step that ends the run."""

    label: str
    start_s: float
    length_s: float
    leading: bool = False


class TimeAxis(QWidget):
    """The steps of a plan to scale, and the gap as a hatched bracket under them."""

    accessible_role = QAccessible.Role.Graphic

    def __init__(
        self,
        theme: Theme,
        spans: tuple[Span, ...],
        gap: Span | None,
        parent: QWidget | None = None,
    ) -> None:
        """Draw `spans` in a row and `gap` below; `gap.label` is written under its bracket."""
        super().__init__(parent)
        self._theme = theme
        self._spans = spans
        self._gap = gap
        end = max(span.start_s + span.length_s for span in (*spans, *((gap,) if gap else ())))
        self._end_s = max(end, 0.1) * 1.04
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        parts = [f"{span.label} from {span.start_s:.1f} to {span.start_s + span.length_s:.1f} s" for span in spans]
        self.setAccessibleName("Time axis")
        self.setAccessibleDescription("; ".join([*parts, gap.label] if gap else parts))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Bars, bracket and one line of captions."""
        caption = QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()
        return QSize(400, round(self._theme.px(24) + 6 + 11 + 4 + caption))

    def minimumSizeHint(self) -> QSize:
        """The height is fixed by the font."""
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = self.width() / self._end_s
        bar = theme.px(24)
        for span in self._spans:
            box = QRectF(span.start_s * scale + 0.75, 0, max(span.length_s * scale - 1.5, 3), bar)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Token.ACCENT_TINT if span.leading else Token.IDLE_TINT))
            painter.drawRoundedRect(box, 4, 4)
            font = theme.font(TextRole.CAPTION_STRONG)
            label = span.label
            if QFontMetricsF(font).horizontalAdvance(label) + 16 <= box.width():
                painter.setFont(font)
                painter.setPen(theme.colour(Token.ACCENT_TEXT if span.leading else Token.TEXT2))
                painter.drawText(box.adjusted(9, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), label)
        below = bar + 6.0
        caption_top = below + 11 + 4
        taken: list[QRectF] = []
        if self._gap is not None:
            taken.append(self._paint_gap(painter, scale, below, caption_top, self._gap))
        self._paint_ticks(painter, scale, caption_top, taken)

    def _paint_gap(self, painter: QPainter, scale: float, top: float, caption_top: float, gap: Span) -> QRectF:
        theme = self._theme
        bad = theme.colour(Token.BAD)
        box = QRectF(gap.start_s * scale, top, max(gap.length_s * scale, 7), 10)
        paint_hatch(painter, theme, box)
        font = theme.font(TextRole.CAPTION_STRONG)
        painter.setFont(font)
        painter.setPen(bad)
        width = QFontMetricsF(font).horizontalAdvance(gap.label) + 2
        left = max(0.0, min(box.left(), self.width() - width))
        words = QRectF(left, caption_top, width, self.height() - caption_top)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignTop), gap.label)
        return words

    def _paint_ticks(self, painter: QPainter, scale: float, top: float, taken: list[QRectF]) -> None:
        font = self._theme.font(TextRole.CAPTION)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._theme.colour(Token.TEXT2))
        step = next((size for size in (1, 2, 5, 10, 20, 60, 120) if size * scale >= 60), 300)
        second = 0
        while second <= self._end_s:
            words = f"{second} s"
            box = QRectF(second * scale, top, metrics.horizontalAdvance(words) + 2, self.height() - top)
            free = all(not box.adjusted(-8, 0, 8, 0).intersects(other) for other in taken)
            if free and box.right() <= self.width():
                painter.drawText(box, int(Qt.AlignmentFlag.AlignTop), words)
            second += step


def paint_hatch(painter: QPainter, theme: Theme, box: QRectF) -> None:
    """Fill `box` with diagonal lines in `bad`, with an edge: the mark of a gap (gui/README.md 3)."""
    bad = theme.colour(Token.BAD)
    painter.save()
    painter.setBrush(theme.colour(Token.BAD_TINT))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRect(box)
    painter.setClipRect(box)
    painter.setPen(QPen(bad, 1.3))
    x = box.left() - box.height()
    while x < box.right():
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x + box.height(), box.top()))
        x += 4.5
    painter.setClipping(False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(bad, 1.2))
    painter.drawRect(box.adjusted(0.6, 0.6, -0.6, -0.6))
    painter.restore()


class LogRow(QWidget):
    """One line of the calls log of a run: seconds since the start, method, target, answer."""

    accessible_role = QAccessible.Role.ListItem

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        """An empty line; `show_call` fills it."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(3), 0, theme.px(3))
        row.setSpacing(theme.px(12))
        self._when = Figure(theme, "999.9 s", TextRole.MONO, Token.TEXT3, left=True)
        self._verb = Figure(theme, "DELETE", TextRole.MONO, Token.TEXT2, left=True)
        self._target = LiveLine(theme, "", TextRole.MONO_STRONG)
        self._answer = LiveLine(theme, "", TextRole.CAPTION, Token.TEXT2, right=True)
        row.addWidget(self._when)
        row.addWidget(self._verb)
        row.addWidget(self._target, 3)
        row.addWidget(self._answer, 4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_call(self, at: str, method: str, target: str, answer: str) -> None:
        """Show one call that was made; only what differs is painted anew."""
        self._when.say(at)
        self._verb.say(method)
        self._target.say(target)
        self._answer.say(answer)
        self.setAccessibleName(f"{at}, {method} {target}, {answer}")
