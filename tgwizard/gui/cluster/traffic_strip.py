"""The probe strip: traffic from this computer, a bar for each stretch of time (gui/README.md 6, Probe strip)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tgwizard.engine.watch.traffic_probe import PERIOD_S, UNMEASURED_S, Bar, BarKind, Sample, TrafficGap, fold, gaps
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import Radius, TextRole, Token
from tgwizard.gui.widgets.copyable_fact import CopyableFact
from tgwizard.gui.widgets.request_table import paint_hatch
from tgwizard.model.text import format_duration, format_estimate

BARS = 150
LEAST_GAP_PX = 7
PROBE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class TimeMark:
    """A moment with its mark above the strip, as the number of the step that began there."""

    at: float
    mark: str


@dataclass(frozen=True, slots=True)
class TrafficStripShown:
    """What the strip shows: its bars from ``start`` to ``end`` (seconds), gaps inside, and words for its four ticks.

    ``known``: how many of the bars lie in the past; the rest is ahead and says nothing.
    """

    start: float = 0.0
    end: float = 1.0
    bars: tuple[Bar, ...] = (Bar(BarKind.NOT_MEASURED),) * BARS
    gaps: tuple[TrafficGap, ...] = ()
    ticks: tuple[str, ...] = ("15 min ago", "10 min", "5 min", "now")
    known: int = BARS
    flags: tuple[TimeMark, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether any of it was measured."""
        return any(bar.kind is not BarKind.NOT_MEASURED for bar in self.bars)

    @property
    def longest_s(self) -> float:
        """The longest gap, 0 for none."""
        return max((gap.seconds for gap in self.gaps), default=0.0)

    @property
    def spoken(self) -> str:
        """The strip in a sentence: "Reachable. 1 gap in 15 min, 0.4 s"."""
        if not self.measured:
            return "Not measured"
        last = next(bar.kind for bar in reversed(self.bars) if bar.kind is not BarKind.NOT_MEASURED)
        state = "Reachable" if last is BarKind.ANSWERED else "No answer"
        span = format_estimate(self.end - self.start).removeprefix("about ")
        if not self.gaps:
            return f"{state}. No gap in {span}"
        word = "gap" if len(self.gaps) == 1 else "gaps"
        return f"{state}. {len(self.gaps)} {word} in {span}, longest {format_duration(self.longest_s)}"


def strip(samples: Sequence[Sample], now: float, span_s: float) -> TrafficStripShown:
    """The last ``span_s`` seconds before ``now``, to whole bars, so that they do not shift with every repaint."""
    width = span_s / BARS
    end = (now // width + 1) * width
    start = end - span_s
    inside = tuple(gap for gap in gaps(samples) if gap.end > start)
    return TrafficStripShown(start, end, fold(samples, start, end, BARS), inside)


def strip_between(
    samples: Sequence[Sample], start: float, end: float, now: float, flags: tuple[TimeMark, ...], ticks: tuple[str, ...]
) -> TrafficStripShown:
    """From ``start`` to ``end``, of which what is after ``now`` is still ahead. ``flags`` stand at their moments."""
    # A bar is wider than the time between two tries: none is empty because it fell between them.
    bars = max(1, min(BARS, int((end - start) / (1.2 * PERIOD_S))))
    if samples and now - samples[-1].at < UNMEASURED_S:
        # The last tries are still to be told: that is no time in which nobody measured.
        now = min(now, samples[-1].at + PERIOD_S)
    known = min(bars, max(0, int((now - start) / (end - start) * bars)))
    inside = tuple(gap for gap in gaps(samples) if gap.end > start and gap.start < end)
    return TrafficStripShown(start, end, fold(samples, start, end, bars), inside, ticks, known, flags)


AIR = 5
"""Between what is written above the bars, in pixels at 100 % text."""


@dataclass(slots=True)
class Lane:
    """The line above the bars: what is written there keeps its place, and what comes later makes way."""

    width: float
    air: float = 0.0
    """What is left free between two of them."""
    taken: list[tuple[float, float]] = field(default_factory=list)

    def place(self, left: float, wide: float, *, slack: float) -> float | None:
        """The free place nearest to `left` and at most `slack` away, taken from now on; None when there is none."""
        fits = [
            at
            for at in (left, *(end for _, end in self.taken), *(start - wide for start, _ in self.taken), 0.0)
            if 0 <= at <= self.width - wide
            and abs(at - left) <= slack
            and all(at + wide <= start or at >= end for start, end in self.taken)
        ]
        if not fits:
            return None
        best = min(fits, key=lambda at: abs(at - left))
        self.taken.append((best - self.air, best + wide + self.air))
        return best


class TrafficStrip(QWidget):
    """Paints a `TrafficStripShown`."""

    accessible_role = QAccessible.Role.Graphic
    ring_radius = Radius.TAG

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown = TrafficStripShown()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Reachability from this computer: Not measured")
        theme.changed.connect(self.update)

    @property
    def fact(self) -> CopyableFact:
        """What was measured, for Copy."""
        return CopyableFact("Reachability", self._shown.spoken, "this computer")

    @property
    def shown(self) -> TrafficStripShown:
        """What it shows now."""
        return self._shown

    def show_strip(self, shown: TrafficStripShown) -> None:
        """Replace everything."""
        if shown != self._shown:
            self._shown = shown
            self.setAccessibleName(f"Reachability from this computer: {shown.spoken}")
            self.update()

    def sizeHint(self) -> QSize:
        """A line of words above, bars, a line of times below."""
        return QSize(self._theme.px(320), round(2 * self._line() + self._theme.px(40)))

    def minimumSizeHint(self) -> QSize:
        """As high; as narrow as the times allow."""
        return QSize(self._theme.px(200), self.sizeHint().height())

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(TextRole.CAPTION)).height()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint bars, gaps, what was not measured, and the times."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self._line()
        area = QRectF(0, line + 2, self.width(), self.height() - 2 * line - 6)
        lane = Lane(area.width(), float(self._theme.px(AIR)))
        self._paint_bars(painter, area)
        self._paint_flags(painter, area, lane)
        self._paint_gaps(painter, area, lane)
        self._paint_unmeasured(painter, area, lane)
        painter.setPen(QPen(self._theme.colour(Token.BORDER), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._paint_ticks(painter, QRectF(0, self.height() - line, self.width(), line))

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        shown = self._shown
        step = area.width() / len(shown.bars)
        slowest = max((bar.took_s for bar in shown.bars), default=0.0) or 1.0
        ink = QColor(self._theme.colour(Token.OK))
        ink.setAlphaF(PROBE_SHARE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        for index, bar in enumerate(shown.bars):
            if bar.kind is BarKind.ANSWERED:
                # Half the height is for any answer at all: a fast one must not look like none.
                height = area.height() * (0.35 + 0.5 * bar.took_s / slowest)
                box = QRectF(index * step, area.bottom() - height, max(1.0, step - 1.2), height)
                painter.drawRoundedRect(box, 1, 1)

    def _paint_unmeasured(self, painter: QPainter, area: QRectF, lane: Lane) -> None:
        shown = self._shown
        step = area.width() / len(shown.bars)
        painter.setFont(self._theme.font(TextRole.CAPTION_KEY))
        metrics = QFontMetricsF(painter.font())
        words = BarKind.NOT_MEASURED.value
        for first, after in _stretches(shown.bars[: shown.known]):
            pen = QPen(self._theme.colour(Token.INPUT), 1.6, c=Qt.PenCapStyle.RoundCap)
            pen.setDashPattern([0.1, 2.8])
            painter.setPen(pen)
            y = area.bottom() - area.height() * 0.25
            painter.drawLine(QPointF(first * step + 2, y), QPointF(after * step - 2, y))
            wide = metrics.horizontalAdvance(words) + 4
            room = (after - first) * step
            if room > wide / 2:
                wanted = min(max(0.0, first * step + room / 2 - wide / 2), area.width() - wide)
                left = lane.place(wanted, wide, slack=max(room, wide) / 2)
                if left is not None:
                    painter.setPen(self._theme.colour(Token.TEXT2))
                    box = QRectF(left, 0, wide, self._line())
                    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)

    def _paint_gaps(self, painter: QPainter, area: QRectF, lane: Lane) -> None:
        shown = self._shown
        scale = area.width() / (shown.end - shown.start)
        painter.setFont(self._theme.font(TextRole.CAPTION_STRONG))
        metrics = QFontMetricsF(painter.font())
        for gap in shown.gaps:
            left = max(0.0, (gap.start - shown.start) * scale)
            width = max(LEAST_GAP_PX, min(area.width(), (gap.end - shown.start) * scale) - left)
            left = min(left, area.width() - width)
            paint_hatch(painter, self._theme, QRectF(left, area.top(), width, area.height()))
            words = f"no answer, {format_duration(gap.seconds)}"
            if metrics.horizontalAdvance(words) > width:
                words = format_duration(gap.seconds)
            wide = metrics.horizontalAdvance(words) + 4
            wanted = min(max(0.0, left + width / 2 - wide / 2), area.width() - wide)
            # Words that had to go further would be taken for another gap's; the longest stands in the card's head.
            at = lane.place(wanted, wide, slack=max(width, wide) / 2)
            if at is not None:
                painter.setPen(self._theme.colour(Token.BAD))
                painter.drawText(QRectF(at, 0, wide, self._line()), int(Qt.AlignmentFlag.AlignCenter), words)

    def _paint_flags(self, painter: QPainter, area: QRectF, lane: Lane) -> None:
        shown, theme = self._shown, self._theme
        side = self._line()
        painter.setFont(theme.font(TextRole.BADGE))
        for flag in shown.flags:
            x = (flag.at - shown.start) * area.width() / (shown.end - shown.start)
            if not 0 <= x <= area.width():
                continue
            pen = QPen(theme.colour(Token.INPUT), 1, c=Qt.PenCapStyle.RoundCap)
            pen.setDashPattern([0.1, 2.4])
            painter.setPen(pen)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            wanted = min(max(x - side / 2, 0.0), area.width() - side)
            left = lane.place(wanted, side + 1, slack=4 * side)
            if left is None:
                continue
            box = QRectF(left, 0, side, side)
            painter.setPen(QPen(theme.colour(Token.INPUT), 1))
            painter.setBrush(theme.colour(Token.CARD))
            painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setPen(theme.colour(Token.TEXT2))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), flag.mark)

    def _paint_ticks(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(self._theme.font(TextRole.CAPTION))
        painter.setPen(self._theme.colour(Token.TEXT2))
        ticks = self._shown.ticks
        for index, words in enumerate(ticks):
            wide = QFontMetricsF(painter.font()).horizontalAdvance(words) + 2
            at = box.width() * index / (len(ticks) - 1) - wide * index / (len(ticks) - 1)
            painter.drawText(QRectF(at, box.top(), wide, box.height()), int(Qt.AlignmentFlag.AlignVCenter), words)


def _stretches(bars: tuple[Bar, ...]) -> list[tuple[int, int]]:
    """First bar and the one after the last, of each stretch that was not measured."""
    found: list[tuple[int, int]] = []
    for index, bar in enumerate(bars):
        if bar.kind is not BarKind.NOT_MEASURED:
            continue
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found
