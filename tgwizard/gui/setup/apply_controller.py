"""Carrying out a plan, or taking it back, as the window does it: one writing job, its events turned into rows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobGroup, Report, Work
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.setup_journal import setup_journal_file
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.setup.planner import complete_identity
from tgwizard.engine.setup.undo import UndoItem, preview_undo, undo_job
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    ChangeWaiting,
    SetupEvent,
    SetupFinished,
)
from tgwizard.model.setup_plan import (
    Assign,
    EnableIdentity,
    PlaceAddress,
    PlannedWrite,
    PutRole,
    SetupChange,
    SetupPlan,
)
from tgwizard.model.text import format_estimate


class ChangeRowState(Enum):
    """Where one change is; the value is its shape."""

    WAITING = Shape.WAITING
    RUNNING = Shape.MOVING
    DONE = Shape.GOOD
    FAILED = Shape.BROKEN
    LEFT = Shape.NOT_KNOWN


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change under way. ``began``: seconds on the engine's clock. ``step``: where its answer is asked.

    ``problem``: why it failed, with Azure's code and request id.
    """

    key: str
    name: str
    predicted: str
    state: ChangeRowState = ChangeRowState.WAITING
    detail: str = ""
    began: float | None = None
    seconds: float | None = None
    step: SetupStep | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ApplyProgress:
    """A run of apply (or undo) as told by its events. Pure: each event gives the next value."""

    rows: tuple[ChangeRow, ...] = ()
    running: bool = False
    cancelling: bool = False
    finished: SetupFinished | None = None
    undoing: bool = False
    identities: bool = False
    """Whether undoing turns identities off as well."""

    @classmethod
    def of(cls, changes: tuple[SetupChange, ...]) -> ApplyProgress:
        """Begun with these changes."""
        rows = tuple(
            ChangeRow(
                one.key, one.sentence, format_estimate(one.predicted.usual_s), step=_ASKED_AT.get(type(one.write))
            )
            for one in changes
        )
        return cls(rows, running=True)

    def after(self, event: object) -> ApplyProgress:
        """The next value; events of something else leave it as it is."""
        match event:
            case ChangeStarted():
                return self._with(event.key, event.sentence, ChangeRowState.RUNNING, "", began=event.stamp.clock_s)
            case ChangeWaiting():
                return self._with(event.key, "", ChangeRowState.RUNNING, event.sentence)
            case ChangeDone():
                return self._with(event.key, "", ChangeRowState.DONE, event.sentence, seconds=event.seconds)
            case ChangeFailed():
                failed = self._with(event.key, "", ChangeRowState.FAILED, event.problem.what)
                rows = (replace(row, problem=event.problem) if row.key == event.key else row for row in failed.rows)
                return replace(failed, rows=tuple(rows))
            case ChangeSkipped():
                return self._with(event.key, event.sentence, ChangeRowState.LEFT, event.reason)
            case SetupFinished():
                return replace(self, running=False, finished=event)
            case _:
                return self

    def _with(
        self,
        key: str,
        name: str,
        state: ChangeRowState,
        detail: str,
        *,
        began: float | None = None,
        seconds: float | None = None,
    ) -> ApplyProgress:
        if all(row.key != key for row in self.rows):
            row = ChangeRow(key, name or detail, "", state, detail, began, seconds)
            return replace(self, rows=(*self.rows, row))
        rows = tuple(
            row
            if row.key != key
            else replace(
                row,
                state=state,
                detail=detail if detail != row.name else "",
                began=began if began is not None else row.began,
                seconds=seconds,
                problem=None,
            )
            for row in self.rows
        )
        return replace(self, rows=rows)

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(row.state is ChangeRowState.DONE for row in self.rows)


_ASKED_AT: dict[type[PlannedWrite], SetupStep] = {
    EnableIdentity: SetupStep.MACHINES,
    PutRole: SetupStep.ROLE,
    Assign: SetupStep.SCOPE,
    PlaceAddress: SetupStep.FLOATING_IP,
}
"""The step whose answers a change carries out: there it can be put right."""


class ApplyController(QObject):
    """`changed` with every event, `ended` with the last."""

    changed = Signal()
    ended = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._job = JobGroup(services.jobs)
        self.applying = ApplyProgress()
        self.plan: SetupPlan | None = None
        self.ended_at: datetime | None = None
        self.problem: Problem | None = None
        self.earlier = 0
        """How many changes the journal says were made here before this wizard was opened."""

    @property
    def running(self) -> bool:
        """Whether something may be written now."""
        return self.applying.running

    @property
    def finished(self) -> SetupFinished | None:
        """How the last run ended; None before."""
        return self.applying.finished

    @property
    def written(self) -> int:
        """How many changes stand in Azure because of this wizard, as far as it knows."""
        if self.applying.undoing:
            return 0
        return max(self.applying.done, self.earlier)

    @property
    def taken_back(self) -> bool:
        """Whether the last that was done here was to take everything back."""
        finished = self.finished
        return self.applying.undoing and finished is not None and finished.outcome is Outcome.DONE

    def look_back(self, answers: Answers) -> None:
        """See in the journal what was made here before. What cannot be read is told when it is asked for."""
        identity = complete_identity(answers)
        self.earlier = 0
        if identity is not None and setup_journal_file(self._services.state_dir, identity).exists():
            with contextlib.suppress(UserError):
                self.earlier = len(preview_undo(self._services, identity, identities=True))

    def forget(self) -> None:
        """Another cluster is set up now."""
        if not self.running:
            self.applying, self.plan, self.problem, self.ended_at = ApplyProgress(), None, None, None
            self.earlier = 0

    def apply(self, plan: SetupPlan, answers: Answers, *, only_mine: bool) -> None:
        """Begin, unless something is being written."""
        identity = complete_identity(answers)
        if self.running or identity is None:
            return
        services = self._services

        def work(report: Report[SetupEvent], token: CancelToken) -> SetupFinished:
            return apply_job(services, answers, plan, report, token, only_mine=only_mine)

        self.plan = plan
        self.applying = ApplyProgress.of(plan.mine if only_mine else plan.writing)
        self._begin(work, identity)

    def undo(self, answers: Answers, things: tuple[UndoItem, ...], *, identities: bool) -> None:
        """Take back what was made here; `things` are what a person was shown before."""
        identity = complete_identity(answers)
        if self.running or identity is None:
            return
        services = self._services

        def work(report: Report[SetupEvent], token: CancelToken) -> SetupFinished:
            return undo_job(services, identity, report, token, identities=identities)

        rows = tuple(ChangeRow(one.key, one.sentence, "") for one in things)
        self.applying = ApplyProgress(rows, running=True, undoing=True, identities=identities)
        self._begin(work, identity)

    def undoable(self, answers: Answers, *, identities: bool) -> tuple[UndoItem, ...]:
        """What undo would try. UserError when the journal cannot be read."""
        identity = complete_identity(answers)
        if identity is None:
            return ()
        return preview_undo(self._services, identity, identities=identities)

    def stop(self) -> None:
        """Begin nothing more; what was sent is finished."""
        self.applying = replace(self.applying, cancelling=True)
        self._job.stop()
        self.changed.emit()

    def _begin(self, work: Work[SetupEvent, SetupFinished], identity: ClusterIdentity) -> None:
        self.problem = None
        self._job.begin("setup-apply", work, done=self._done, failed=self._failed, heard=self._heard, writes=identity)
        self.changed.emit()

    def _heard(self, event: SetupEvent) -> None:
        self.applying = self.applying.after(event)
        self.changed.emit()

    def _done(self, finished: SetupFinished) -> None:
        self.applying = replace(self.applying.after(finished), running=False)
        self._end()

    def _failed(self, problem: Problem) -> None:
        self.problem = problem
        self.applying = replace(self.applying, running=False)
        self._end()

    def _end(self) -> None:
        self.ended_at = self._services.clock.wall()
        self.changed.emit()
        self.ended.emit()
