"""What happened before: every run of a cluster out of its journal, and what it did to both interfaces.

Read only. A run without an end is one that was interrupted, or one that has just begun; the journal cannot tell.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from tgwizard.engine.history.setup_history import SetupRun, cluster_setup_runs, unsaved_setup_runs
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import (
    HolderRecord,
    LastReadings,
    Record,
    RunEndRecord,
    RunRecord,
    StepRecord,
    TrafficMeasured,
    TurnedBack,
    VerdictChanged,
    WriteAnswer,
    WriteAnswered,
    WriteAttempted,
)
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Step
from tgwizard.model.nic import Difference, NicDocument, NicDocumentError
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.text import join_words, sanitize

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JournalledAttempt:
    """One write and its answer.

    ``answer`` None: the program ended before one came. ``request`` is ours (x-ms-client-request-id), ``arm_request``
    Azure's.
    """

    step: Step
    member: str
    at: str
    request: str
    answer: WriteAnswer | None = None
    arm_request: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NicComparison:
    """One interface before and after a run: the floating configuration, and what others changed.

    ``before`` and ``after``: the configuration's name, None when the address was not there. ``known`` false: the
    interface was not read at the end.
    """

    member: str
    nic: str
    before: str | None
    after: str | None
    known: bool
    by_other: tuple[Difference, ...]

    @property
    def sentence(self) -> str:
        """What the run did to it, in words."""
        if not self.known:
            return "not read at the end"
        if self.before == self.after:
            return "as before" if self.before is None else f"{self.before} stayed"
        if self.after is None:
            return f"{self.before} was removed"
        return f"{self.after} was added" if self.before is None else f"{self.before} became {self.after}"


@dataclass(frozen=True, slots=True)
class RunHistory:
    """One run as its journal tells it, resumed or not."""

    began: RunRecord
    steps: tuple[StepRecord, ...]
    attempts: tuple[JournalledAttempt, ...]
    turned_back: str
    ended: RunEndRecord | None
    last: LastReadings | None
    sightings: tuple[HolderRecord, ...] = ()
    traffic: TrafficMeasured | None = None
    """What a probe on the computer of the run met; None: nothing was measured throughout."""

    @property
    def origin(self) -> RunOrigin:
        """Who began it and from where, as far as that was recorded."""
        return self.began.origin or RunOrigin()

    @property
    def run(self) -> str:
        """The run's id."""
        return self.began.run

    @property
    def compared(self) -> tuple[NicComparison, NicComparison]:
        """Both interfaces, the losing one first."""
        losing = self.last.losing_body if self.last else None
        gaining = self.last.gaining_body if self.last else None
        return (
            self._compared(self.began.other, self.began.losing_body, losing),
            self._compared(self.began.to, self.began.gaining_body, gaining),
        )

    def _compared(self, member: str, first: object, last: object) -> NicComparison:
        before, after = _document(first), _document(last)
        nic = sanitize(before.body.get("name", ""), 120) if before else ""
        others = tuple(
            Difference(*(str(item.get(key, "")) for key in ("path", "before", "after")))
            for item in (self.last.by_other if self.last else ())
            if str(item.get("nic", "")).lower() == nic.lower()
        )
        address = self.began.address
        return NicComparison(member, nic, _named(before, address), _named(after, address), after is not None, others)


def runs(journal: FailoverJournal, limit: int = 50) -> tuple[RunHistory, ...]:
    """The latest runs of a cluster, newest first. UserError when the journal is damaged."""
    found = (run_from_records(journal.records(run)) for run in journal.runs(limit))
    return tuple(run for run in found if run is not None)


def run_from_records(records: Iterable[Record]) -> RunHistory | None:
    """A run from its records, oldest first; None when they hold no beginning."""
    found = tuple(records)
    began = next(_of(found, RunRecord), None)
    if began is None:
        return None
    answers = {record.request: record for record in _of(found, WriteAnswered)}
    turned_back = [record.reason for record in _of(found, TurnedBack)]
    return RunHistory(
        began,
        tuple(_of(found, StepRecord)),
        tuple(_made(record, answers.get(record.request)) for record in _of(found, WriteAttempted)),
        turned_back[-1] if turned_back else "",
        _last(found, RunEndRecord),
        _last(found, LastReadings),
        tuple(_of(found, HolderRecord)),
        _last(found, TrafficMeasured),
    )


def _of(records: tuple[Record, ...], kind: type[T]) -> Iterator[T]:
    return (record for record in records if isinstance(record, kind))


def _last(records: tuple[Record, ...], kind: type[T]) -> T | None:
    return next(_of(records[::-1], kind), None)


def _made(attempt: WriteAttempted, answered: WriteAnswered | None) -> JournalledAttempt:
    made = JournalledAttempt(attempt.step, attempt.member, attempt.at, attempt.request)
    if answered is None:
        return made
    return replace(made, answer=answered.answer, arm_request=answered.arm_request, problem=answered.problem)


@dataclass(frozen=True, slots=True)
class ClusterHistory:
    """One cluster's past; ``problem`` when a journal of it could not be read, what it holds is then missing."""

    setup: ClusterSetup
    runs: tuple[RunHistory, ...] = ()
    verdicts: tuple[VerdictChanged, ...] = ()
    problem: Problem | None = None
    setups: tuple[SetupRun, ...] = ()


@dataclass(frozen=True, slots=True)
class WholeHistory:
    """The past of some clusters, and the jobs of setting up clusters of which no file is kept here."""

    clusters: tuple[ClusterHistory, ...] = ()
    unsaved: tuple[SetupRun, ...] = ()


def history_of(services: Services, setups: Iterable[ClusterSetup], limit: int = 50) -> WholeHistory:
    """The past of all these clusters, which are all that are saved; at most ``limit`` of each kind of each."""
    clusters = tuple(cluster_history(services, setup, limit) for setup in setups)
    saved = (cluster.setup.identity for cluster in clusters)
    return WholeHistory(clusters, unsaved_setup_runs(services, saved, limit))


def cluster_history(services: Services, setup: ClusterSetup, limit: int = 50) -> ClusterHistory:
    """The past of a cluster; never creates a journal. A damaged one is told in ``problem``."""
    found = ClusterHistory(setup)
    try:
        found = replace(found, setups=cluster_setup_runs(services, setup.identity, limit))
    except UserError as error:
        found = replace(found, problem=error.problem)
    try:
        if services.has_journal(setup):
            with contextlib.closing(services.journal(setup)) as journal:
                found = replace(found, runs=runs(journal, limit), verdicts=journal.verdicts(limit))
    except UserError as error:
        found = replace(found, problem=error.problem)
    return found


def find_run(services: Services, setups: Iterable[ClusterSetup], wanted: str) -> tuple[ClusterSetup, RunHistory]:
    """The one run whose id begins with ``wanted``, or that began then, as lists tell it; over all clusters.

    UserError when there is none or several.
    """
    found: list[tuple[ClusterSetup, RunHistory]] = []
    damaged: list[Problem] = []
    for setup in setups:
        try:
            if not services.has_journal(setup):
                continue
            with contextlib.closing(services.journal(setup)) as journal:
                named = [run_from_records(journal.records(run)) for run in journal.runs_like(wanted)]
                if _MOMENT.match(wanted):
                    named += [run for run in runs(journal, _MOST_RUNS) if _began(run, wanted)]
                found += [(setup, run) for run in named if run is not None]
        except UserError as error:
            damaged += error.problems
    shown = sanitize(wanted, 40)
    if not found:
        why = damaged[0].sentence() if damaged else "Runs are journalled on the computer that did them."
        problem = Problem(
            "run-unknown", f"There is no run {shown} in the journals here.", why, "tgwizard history lists the runs."
        )
        raise UserError(problem)
    if len(found) > 1:
        why = f"Among them {join_words(f'{history.run} of {setup.name}' for setup, history in found[:5])}."
        raise UserError(Problem("run-not-named", f"{len(found)} runs begin with {shown}.", why, "Type more of it."))
    return found[0]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_RUNS = 1000


def _began(run: RunHistory, wanted: str) -> bool:
    """Whether the run began then, in local time or in UTC, or at as much of it as was typed; a zone is passed over."""
    typed = wanted.strip().replace("T", " ")[:19]
    began = datetime.fromisoformat(run.began.at)
    moments = (began.astimezone(), began.astimezone(UTC))
    return any(f"{moment:%Y-%m-%d %H:%M:%S}".startswith(typed) for moment in moments)


def _document(body: object) -> NicDocument | None:
    try:
        return NicDocument.parse(body)
    except NicDocumentError:
        return None


def _named(document: NicDocument | None, address: str) -> str | None:
    found = document.find(address) if document else None
    return None if found is None else sanitize(found.get("name", ""), 120)
