"""Traffic from this computer during one run: from four seconds before its start, with the steps as marks.

``MeasuredRun`` measures by itself during a failover, for who has chosen that in the settings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.watch.traffic_probe import PERIOD_S, Sample
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.cluster.traffic_card import TrafficStripCard
from tgwizard.gui.cluster.traffic_monitor import TrafficMonitor
from tgwizard.gui.cluster.traffic_strip import TimeMark, TrafficStripShown, strip_between
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.text import format_duration

BEFORE_S = 4.0
LEAST_S = 8.0
"""The strip reaches so far back before the start and, at first, so far ahead."""


def strip_of_run(run: RunModel, samples: Sequence[Sample], now: float) -> TrafficStripShown | None:
    """What was measured round the run until now; None before it has started.

    The strip grows by whole stretches, so that bars stay where they are.
    """
    if run.started is None:
        return None
    began = run.started.stamp.clock_s
    until = now if run.finished is None else min(now, run.finished.stamp.clock_s + BEFORE_S)
    # Three stretches of whole seconds between the four times below.
    stretch = (BEFORE_S + LEAST_S) / 3
    while began - BEFORE_S + 3 * stretch < until:
        stretch = 2 * math.ceil(0.75 * stretch)
    ahead = 3 * stretch - BEFORE_S
    flags = tuple(
        TimeMark(step.since, str(number))
        for number, step in enumerate(run.steps, start=1)
        if step.since is not None and step.since - began > PERIOD_S
    )
    start, end = began - BEFORE_S, began + ahead
    ticks = (f"{BEFORE_S:g} s before", *(_tick(start + (end - start) * part / 3 - began) for part in (1, 2, 3)))
    return strip_between(samples, start, end, until, flags, ticks)


def _tick(seconds: float) -> str:
    return "start" if abs(seconds) < 0.05 else f"{math.floor(seconds * 10 + 0.5) / 10:g} s"


class RunTrafficCard(TrafficStripCard):
    """The strip of a run, the gap so far, and the way to begin measuring."""

    def __init__(self, theme: Theme, reachability: TrafficMonitor, parent: QWidget | None = None) -> None:
        """Show nothing yet; `show_run` follows."""
        gap = TextLabel(theme, "", TextRole.CAPTION_STRONG, Token.BAD)
        super().__init__(theme, "Traffic from this computer", reachability, (gap,), parent)
        self._reachability = reachability

    def show_run(self, run: RunModel, now: float) -> None:
        """Show what was measured round the run until `now`."""
        self.say_how(self._reachability.how)
        shown = strip_of_run(run, self._reachability.samples, now)
        if shown is not None:
            self.strip.show_strip(shown)
            self.say_figures(_gap_words(shown, run))


def _gap_words(shown: TrafficStripShown, run: RunModel) -> str:
    # The strip begins before the run, and may show a gap that was over by then.
    found = [gap for gap in shown.gaps if run.started is not None and gap.end > run.started.stamp.clock_s]
    if not found:
        return ""
    if found[-1].open and run.finished is None:
        return f"gap so far {format_duration(found[-1].seconds)}"
    return f"gap {format_duration(max(gap.seconds for gap in found))}"


class MeasuredRun(QObject):
    """Begins to measure with a question, and ends as long after its run as the strip shows; at once without a run."""

    def __init__(self, session: ClusterSession, question: Sheet) -> None:
        super().__init__(session)
        self._session = session
        session.reachability.start()
        question.rejected.connect(self._end)
        session.run_ended.connect(self._after_the_run)

    @Slot()
    def _after_the_run(self) -> None:
        QTimer.singleShot(round(1000 * BEFORE_S), self, self._end)

    @Slot()
    def _end(self) -> None:
        self._session.reachability.stop()
        self.deleteLater()
