"""The gap of a run: from the last moment of service to the first.

Service ends with the release of the address, as this run reads it; or before that: with the stop of the losing VM, or
before the run began, when the holder was down already or nobody had the address, or in the part of a run that was
interrupted. What the run did not see itself comes from the journal's times, and is told as "at least".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tgwizard.engine.ports import Clock
from tgwizard.engine.runs.records import Record, RunRecord, StepRecord, WriteAnswer, WriteAnswered, WriteAttempted
from tgwizard.model.failover_events import Step
from tgwizard.model.service_gap import NO_SERVICE_GAP, ServiceGap

_TELLABLE_S = 0.05
"""A lower bound below this says nothing."""


@dataclass(frozen=True, slots=True)
class ServiceEnd:
    """When the address stopped being served, if before the release that the run reads. Monotonic seconds.

    ``latest``: by then it had ended; ``earliest``: before then it had not (None: not known). ``seen``: the run itself
    caused it and knows the moment. ``arrived_earliest``: it was served again before anybody looked, not before this.
    """

    latest: float | None = None
    earliest: float | None = None
    seen: bool = False
    arrived_earliest: float | None = None


def gap_of(released: float | None, arrived: float | None, end: ServiceEnd | None) -> ServiceGap:
    """The gap of a run that read the release and the arrival at these moments (monotonic seconds)."""
    known = [moment for moment in (end.latest if end else None, released) if moment is not None]
    if arrived is None or not known:
        return NO_SERVICE_GAP
    start = min(known)
    if end is None or end.seen:
        return ServiceGap(max(0.0, arrived - start))
    first = arrived if end.arrived_earliest is None else min(arrived, max(start, end.arrived_earliest))
    least = max(0.0, first - start)
    most = None if end.earliest is None else max(0.0, arrived - end.earliest)
    return ServiceGap(least if least >= _TELLABLE_S else None, at_least=True, at_most_s=most)


def service_end_before_run(run_record: RunRecord, clock: Clock) -> ServiceEnd | None:
    """For an address that nobody served when the run began; None when it was served."""
    if not run_record.outage and run_record.configuration is not None:
        return None
    return ServiceEnd(latest=_moment(run_record.at, clock))


def from_journal(
    run_record: RunRecord, records: tuple[Record, ...], clock: Clock, *, served: bool, arrived: bool
) -> ServiceEnd | None:
    """For a run that goes on after an interruption; None when it had taken nobody's service away before.

    By the first look after the interruption: ``served``, the losing member still served the address; ``arrived``, it
    was where the run wants it. The last lines of the journal may be missing.
    """
    answers = {record.request: record for record in records if isinstance(record, WriteAnswered)}
    ended = service_end_before_run(run_record, clock)
    latest = ended.latest if ended else None
    earliest = attach = None
    for record in records:
        moment = _moment(record.at, clock)
        if isinstance(record, StepRecord) and record.step in (Step.DETACH, Step.FENCE):
            latest = _first(latest, moment)
        if not isinstance(record, WriteAttempted):
            continue
        answer = answers.get(record.request)
        if answer is not None and answer.answer in (WriteAnswer.REFUSED, WriteAnswer.NOT_SENT):
            continue
        if record.step in (Step.FENCE, Step.DETACH, Step.MOVE):
            earliest = _first(earliest, moment)
        if record.step in (Step.ATTACH, Step.PUT_BACK):  # it goes out only after the release was read
            latest = _first(latest, moment)
            attach = moment if answer is None else _moment(answer.at, clock)
    if served and not ended:
        return None
    latest = clock.monotonic() if latest is None else latest
    earliest = None if ended else earliest or _moment(run_record.at, clock)
    return ServiceEnd(latest, earliest, arrived_earliest=(attach or latest) if arrived else None)


def _first(one: float | None, other: float) -> float:
    return other if one is None else min(one, other)


def _moment(at: str, clock: Clock) -> float:
    """A time of the journal on the scale of the Clock."""
    return clock.monotonic() - (clock.wall() - datetime.fromisoformat(at)).total_seconds()
