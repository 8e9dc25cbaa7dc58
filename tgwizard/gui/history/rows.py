"""What the lists of the past show: one line for each run, change of the verdict, or kept report. No widgets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from tgwizard.engine.history.report_folder import KeptReport
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory
from tgwizard.engine.history.run_report import outcome, reason, title
from tgwizard.gui.cluster.event_timeline import of_record, outcome_shape
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.text import measured, tame, utc


class PastKind(Enum):
    """What a line is; the values are the words of the filter."""

    RUN = "Failovers"
    VERDICT = "Changes of state"
    REPORT = "Reports"


@dataclass(frozen=True, slots=True)
class PastRow:
    """One line. ``run`` or ``file`` is what Enter opens; neither: the line is all there is."""

    kind: PastKind
    at: datetime
    shape: Shape
    sentence: str
    note: str
    cluster: str
    run: tuple[ClusterSetup, RunHistory] | None = None
    file: Path | None = None

    @property
    def opens(self) -> bool:
        """Whether there is more to see."""
        return self.run is not None or self.file is not None

    @property
    def local(self) -> str:
        """Local date and time."""
        return f"{self.at.astimezone():%d %b %Y  %H:%M:%S}"

    @property
    def utc(self) -> str:
        """UTC, for the tooltip."""
        return utc(self.at)

    @property
    def spoken(self) -> str:
        """The whole line as one sentence."""
        return ", ".join(part for part in (self.local, self.cluster, self.sentence, self.note) if part)


def rows_of(clusters: Iterable[ClusterHistory]) -> tuple[PastRow, ...]:
    """Every run and change of the verdict, newest first."""
    rows: list[PastRow] = []
    for cluster in clusters:
        rows += [_run(cluster.setup, run) for run in cluster.runs]
        for change in cluster.verdicts:
            shown = of_record(change, cluster.setup)
            if shown is not None:
                name = tame(cluster.setup.name)
                rows.append(PastRow(PastKind.VERDICT, shown.at, shown.shape, tame(shown.sentence), shown.source, name))
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def rows_of_reports(reports: Iterable[KeptReport]) -> tuple[PastRow, ...]:
    """Every kept report, newest first."""
    rows = [
        PastRow(PastKind.REPORT, kept.at, Shape.NOTE, tame(kept.title, 160), kept.path.name, "", file=kept.path)
        for kept in reports
    ]
    return tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def shape_of(run: RunHistory) -> Shape:
    """The state shape of a run; one without an end is not known."""
    return outcome_shape(run.ended.outcome) if run.ended else Shape.NOT_KNOWN


def _run(setup: ClusterSetup, run: RunHistory) -> PastRow:
    ended = run.ended
    if ended is not None and ended.outcome is Outcome.DONE:
        times = [f"in {measured(ended.seconds)}"] if ended.seconds is not None else []
        times += [f"gap as read {ended.gap.words}"] if ended.gap.words else []
        note = ", ".join(["Done", *times])
    else:
        note = f"{outcome(run)}: {reason(run)}"
    what, name = tame(title(run)), tame(setup.name)
    return PastRow(PastKind.RUN, _moment(run.began.at), shape_of(run), what, tame(note), name, (setup, run))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
