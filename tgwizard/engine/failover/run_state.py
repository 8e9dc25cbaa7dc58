"""What a run under way knows and how patient it still is: shared by the control loop, its writes and its end.

Patience (deadlines, silence) counts the time that was spent awake; the age of a reading or a check counts sleep too
(engine/README.md 1.7), so that a run that slept reads anew before it writes and before it gives up.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover import run_result
from tgwizard.engine.failover.decide import Goal, LastWrite, Move, NicReading, RunProgress
from tgwizard.engine.failover.run_context import UserDecisions
from tgwizard.engine.failover.run_reporter import RunReporter
from tgwizard.engine.failover.run_result import RunResult
from tgwizard.engine.failover.service_gap import ServiceEnd
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.preflight import Preflight
from tgwizard.engine.runs.journalled_write import WriteSender
from tgwizard.engine.runs.records import RunRecord, TurnedBack, WriteAnswer
from tgwizard.model.cluster import Member, ResourceId, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import CancelMeaning, Step
from tgwizard.model.failover_options import RunIntent
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.text import format_utc


@dataclass(slots=True)
class RunMoments:
    """Moments on the Clock's monotonic scale, None where not reached."""

    first_write: float | None = None
    released: float | None = None
    attach_sent: float | None = None
    arrived: float | None = None


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """What a run begins with, new or resumed. ``checked_at``: when its preflight ended (monotonic seconds).

    ``service_end``: when service ended, if it did before this. ``turned_back``: why the progress goes back, where that
    was found just now; ``cancelled``: because the user asked.
    """

    progress: RunProgress
    checked_at: float
    service_end: ServiceEnd | None = None
    turned_back: Problem | None = None
    cancelled: bool = False


@dataclass(slots=True)
class FailoverRun:
    """One run under way. ``checked_at``: when its preflight ended (monotonic seconds).

    ``still_wanted`` is asked in the last moment before the first write: without it, a run is always wanted.
    ``cancel_heard``: a cancel was asked for; ``cancelled``: it was granted, and the run turned back because of it.
    """

    setup: ClusterSetup
    run_record: RunRecord
    intent: RunIntent
    observer: Observer
    sender: WriteSender
    reporter: RunReporter
    cancel: CancelToken
    timing: FailoverTiming
    checked_at: float
    progress: RunProgress
    decisions: UserDecisions | None = None
    still_wanted: Callable[[], bool] | None = None
    repeat_preflight: Callable[[], Preflight] | None = None
    rng: random.Random = field(default_factory=random.Random)
    moments: RunMoments = field(default_factory=RunMoments)
    service_end: ServiceEnd | None = None
    back_sentence: str = ""
    back_reason: Problem | None = None
    refusal: AzureCallError | None = None
    cancel_heard: bool = False
    cancelled: bool = False
    operation: str = ""
    _waiting: tuple[Move, float] | None = None
    _unaccepted_since: float | None = None
    _answered_at: float = 0.0
    _looked_at: float | None = None
    _last_asked: dict[ResourceId, float] = field(default_factory=dict)
    _waited_in_gap_s: float = 0.0
    _capped_waits: int = 0

    @property
    def to(self) -> Member:
        """The gaining member."""
        return self.intent.to

    @property
    def losing(self) -> Member:
        """The peer of the gaining member."""
        return self.setup.other(self.to)

    @property
    def address(self) -> str:
        """The floating IP."""
        return str(self.setup.address)

    @property
    def forced(self) -> bool:
        """Whether the run may write over an update that does not end."""
        return self.intent.verb is Verb.FORCED

    @property
    def deadline_s(self) -> float:
        """How long a step may take before it has to be decided what to do."""
        if self.progress.atomic and not self.progress.sent_nothing:
            sent = self.progress.losing_sent
            accepted = sent is not None and sent.answer is WriteAnswer.ACCEPTED
            return self.timing.step_s if accepted else self.timing.unanswered_move_s
        return self.timing.forced_step_s if self.forced else self.timing.step_s

    @property
    def cancel_meaning(self) -> CancelMeaning:
        """What a cancel would do now (engine/README.md 1.8)."""
        if self.progress.sent_nothing:
            return CancelMeaning.STOPS
        return CancelMeaning.PUTS_BACK if self.progress.can_go_back else CancelMeaning.NOT_GRANTED

    # -- time -----------------------------------------------------------------------------------------------------

    def start_counting(self) -> None:
        """Start counting."""
        self._answered_at = self.now()
        for member in self.setup.members:
            read_at = self.observer.seen(member).nic.read_at
            self._last_asked[member.nic] = float("-inf") if read_at is None else read_at

    def now(self) -> float:
        """Seconds by a clock that counts sleep. A look that comes far too late tells of a sleep."""
        now = self.sender.clock.monotonic()
        if self._looked_at is not None and now - self._looked_at > self.timing.longest_call_s:
            self._discount_sleep(now - self._looked_at)
        self._looked_at = now
        return now

    def pause(self, seconds: float) -> None:
        """Wait; a cancel that nobody has answered yet wakes early."""
        began = self.now()
        self.sender.clock.sleep(seconds, None if self.cancel_heard else self.cancel)
        now = self.sender.clock.monotonic()
        self._looked_at = now
        if now - began - seconds > self.timing.fresh_read_s:
            self._discount_sleep(now - began - seconds)

    def _discount_sleep(self, slept_s: float) -> None:
        """Time that nobody was awake for uses up no patience."""
        if self._waiting is not None:
            self._waiting = (self._waiting[0], self._waiting[1] + slept_s)
        if self._unaccepted_since is not None:
            self._unaccepted_since += slept_s
        self._answered_at += slept_s
        fact = f"The run stood still for {slept_s:.0f} s."
        self.sender.warn(
            Problem("slept", fact, "The computer slept, or the program was stopped.", "It reads Azure again.")
        )

    def waited_s(self, move: Move) -> float:
        """How long this move has been waited for, from the first time it was asked."""
        now = self.now()
        if self._waiting is None or self._waiting[0] is not move:
            self._waiting = (move, now)
        return now - self._waiting[1]

    def restart_waits(self) -> None:
        """Whatever is waited for, or goes unaccepted, gets its whole time again."""
        self._waiting = self._unaccepted_since = None

    def unaccepted_too_long(self, limit_s: float | None = None) -> bool:
        """Whether writes have gone unaccepted for longer than that, or than a step or a silence may take."""
        return self.unaccepted_s() > (limit_s or max(self.deadline_s, self.timing.silence_s))

    def unaccepted_s(self) -> float:
        """How long writes have gone unaccepted, from the first time this was asked."""
        now = self.now()
        if self._unaccepted_since is None:
            self._unaccepted_since = now
        return now - self._unaccepted_since

    def jittered(self, seconds: float) -> float:
        """A little longer each time, so that two programs that met once do not meet again and again."""
        return seconds + self.rng.uniform(0.0, min(1.0, 0.25 * seconds))

    # -- reading --------------------------------------------------------------------------------------------------

    def reading(self, member: Member) -> NicReading | None:
        """The member's interface as last read."""
        document = self.observer.seen(member).nic.value
        return None if document is None else NicReading.of(document, self.address)

    def nic(self, member: Member) -> NicDocument:
        """The whole interface as last read; NicDocumentError when it never was."""
        document = self.observer.seen(member).nic.value
        if document is None:
            raise NicDocumentError(f"{member.nic.name} was never read")
        return document

    @property
    def needed(self) -> tuple[Member, ...]:
        """Whose readings count: both, save that a way back does not depend on a member that never got an attach."""
        alone = self.progress.goal is Goal.BACK and self.progress.gaining_sent is None
        return (self.losing,) if alone else self.setup.members

    @property
    def read_problem(self) -> Problem | None:
        """Why an interface could not be read the last time."""
        return next((seen.nic.problem for seen in self.observer.snapshot().members if seen.nic.problem), None)

    def readings_fresh(self) -> bool:
        """Every write needs complete readings under 30 s old, by a clock that counts sleep (engine/README.md 1.7)."""
        now = self.now()
        ages = [self.observer.seen(member).nic.age_s(now) for member in self.needed]
        return all(age is not None and age <= self.timing.fresh_read_s for age in ages)

    def wanted(self) -> bool:
        """Whether what the run began for still holds; asked until its first write was sent."""
        return self.still_wanted is None or not self.progress.sent_nothing or self.still_wanted()

    def checks_fresh(self) -> bool:
        """The first write needs a preflight under two minutes old."""
        return self.now() - self.checked_at <= self.timing.fresh_preflight_s

    def renew_checks(self) -> Problem | None:
        """A forced run that waited its time for an update that does not end checks anew before its first write.

        None: the checks are good again. A run that is later than that wait explains was asleep: it stays dropped.
        """
        late = self.now() - self.checked_at - self.timing.fresh_preflight_s
        if self.repeat_preflight is None or not self.progress.overdue or late > self.timing.forced_step_s:
            return run_result.too_late().problem
        checked = self.repeat_preflight()
        self.checked_at = self.now()
        return checked.reason_against(self.intent.verb)

    def needs_reading(self, member: Member) -> bool:
        """Whether it is long since this interface was asked for, so that a write would have to wait for a reading."""
        return self.now() - self._last_asked[member.nic] > self.timing.refresh_s

    def read(self, *members: Member) -> RunResult | None:
        """Read these interfaces; an Ending when Azure has been silent for too long."""
        for member in members:
            seen = self.observer.look_at_nic(member)
            self._last_asked[member.nic] = self.now()
            if seen.nic.problem is not None or seen.nic.value is None:
                self.sender.report_nic_reading(member, seen.nic.problem.what if seen.nic.problem else "no answer")
                continue
            self._answered_at = self.now()
            has = "has" if seen.nic.value.lists(self.address) else "without"
            self.sender.report_nic_reading(member, f"{seen.nic.value.provisioning.value}, {has} {self.address}")
            released = has == "without" and seen.nic.value.provisioning is not Provisioning.UPDATING
            if member == self.losing and released and self.moments.released is None and not self.progress.sent_nothing:
                self.moments.released = self._answered_at
        self.reporter.holder_observed(self.observer.snapshot().place, self.cancel_meaning)
        if self.now() - self._answered_at <= self.timing.silence_s:
            return None
        return run_result.unsettled(self.address, self.read_problem)

    @property
    def nobody_has_it(self) -> bool:
        """Whether nobody is served: when they were read last no interface had the address, or it was still arriving."""
        progress = self.progress
        sides = ((self.reading(self.losing), progress.losing_sent), (self.reading(self.to), progress.gaining_sent))
        return all(side is not None and (not side.lists or _arriving(side, sent)) for side, sent in sides)

    def allowed_wait_s(self, asked_s: float, problem: Problem | None, *, plausible: bool) -> float:
        """How long to wait because Azure asks for it, told with its reason.

        A throttle's Retry-After is honoured. While nobody has the address, the waits that are not ``plausible`` last
        only so long together: an answer that is not Azure's, again and again, must not decide how long the gap is.
        """
        granted, timing = asked_s, self.timing
        if self.nobody_has_it and not plausible:
            left = max(0.0, timing.asked_in_gap_s - self._waited_in_gap_s)
            own = min(timing.retry_s * 2**self._capped_waits, timing.rarest_retry_s)
            self._capped_waits += own > left
            granted = min(asked_s, max(left, own))
            self._waited_in_gap_s += granted
        if granted > timing.retry_s and problem is not None:
            sooner = f"; {self.address} is on no interface, so it is tried again sooner" if granted < asked_s else ""
            why = f" {problem.why}" if problem.why else ""
            self.reporter.waiting(f"{problem.what}{why} Azure asks to wait{sooner}", granted)
        return granted

    def wait_before_reading(self, seconds: float) -> None:
        """Wait before the next reading; longer while Azure wants reads to be left alone (a 429's Retry-After).

        Bounded: a run that may have left the address on no interface does not stay blind for longer.
        """
        asked = min(max(0.0, self.observer.quiet_until - self.now()), self.timing.silence_s / 2)
        plausible, granted = self.observer.quiet_is_plausible, 0.0
        if asked > seconds:
            granted = self.allowed_wait_s(asked, self.read_problem, plausible=plausible)
        self.pause(max(seconds, granted))

    # -- what was sent --------------------------------------------------------------------------------------------

    def remember_write(self, member: Member, sent: LastWrite) -> None:
        """Remember the last write of an interface; a move in one call is one of both."""
        if sent.step is Step.MOVE:
            losing, gaining = self.reading(self.losing), self.reading(self.to)
            if losing is not None and gaining is not None:
                first, second = replace(sent, if_match=losing.etag), replace(sent, if_match=gaining.etag)
                self.progress = replace(self.progress, losing_sent=first, gaining_sent=second)
        elif member == self.losing:
            self.progress = replace(self.progress, losing_sent=sent)
        else:
            self.progress = replace(self.progress, gaining_sent=sent)

    @property
    def can_turn_back(self) -> bool:
        """Whether the run may still turn round: it knows what to put back and heads forward."""
        return self.run_record.configuration is not None and self.progress.goal is Goal.FORWARD

    def turn_back(self, why: Problem | None, reason: str) -> None:
        """From here on the run restores the start."""
        self.back_sentence, self.back_reason = reason, why
        self.progress = replace(self.progress, goal=Goal.BACK, overdue=False)
        self.restart_waits()
        self.sender.journal.append(
            self.run_record.run, TurnedBack(self.run_record.run, format_utc(self.sender.clock.wall()), reason)
        )
        if why is not None:
            self.sender.warn(why)


def _arriving(side: NicReading, sent: LastWrite | None) -> bool:
    """Whether the interface names the address because this run writes it there, and has it not yet."""
    return sent is not None and sent.step is not Step.DETACH and side.state is not Provisioning.SUCCEEDED
