"""One change from the first look to the last: look, write, wait, look again. The same for applying and undoing.

What a change is about is a ``ChangeAction``: how to see whether it is done, what to send, what Azure's refusals mean.
How to be patient, what a lost answer means, and what a cancel leaves, is here, once. A write goes out only after a look
that found it undone and a journal record on the disk; whether it worked is only ever judged by looking.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tgwizard.engine.access.access_decision import LIFT_DENIAL
from tgwizard.engine.access.read_access import look_up_cause
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.runs.journalled_write import Attempt, journalled_write
from tgwizard.engine.runs.records import UNDOES, ChangeConfirmed, SetupRecord, WriteIntended, WriteKind, WriteReplied
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.runs.task_runner import TaskBody, TaskEnd, TaskOutcome, make_call, sleep
from tgwizard.model.event_base import Stamp
from tgwizard.model.problem import Problem
from tgwizard.model.setup_events import ChangeWaiting, SetupEvent
from tgwizard.model.text import format_duration, format_estimate, format_utc


@dataclass(frozen=True, slots=True)
class ApplyTiming:
    """How long to wait for what, in seconds. The defaults follow azure/README.md 1.3, 2.2, 3.1 and 3.2."""

    poll_s: float = 1.0
    """Between two looks at something that was written."""
    again_s: float = 5.0
    """Before a refused write is tried again, when Azure names no time of its own."""
    lost_s: float = 15.0
    """How long a write with a lost answer may take to show, before it is written again."""
    longest_s: float = 600.0
    """For one change, all in all."""
    finish_s: float = 120.0
    """How long what was sent before a cancel is still waited for; Azure's usual times are far below."""
    tell_s: float = 10.0
    """Between two words about the same wait."""


@dataclass(slots=True)
class ApplyContext:
    """What every change of one job shares."""

    azure: AzurePorts
    clock: Clock
    journal: SetupJournal
    report: Callable[[SetupEvent], None]
    token: CancelToken
    timing: ApplyTiming = field(default_factory=ApplyTiming)
    workers: int = 4
    """How many calls to Azure at once; 0 makes them in the job's own thread, the same way every time."""
    run: str = ""
    wrote: bool = False
    """Whether anything was sent in this job."""
    cluster: str = ""
    """What the cluster is called, for the journal."""

    def stamp(self) -> Stamp:
        """Now."""
        return Stamp(self.clock.wall(), self.clock.monotonic())

    def at(self) -> str:
        """Now, for the journal."""
        return format_utc(self.clock.wall())

    def record(self, record: SetupRecord) -> None:
        """Journal it, and wait for the disk. JournalError: it is not there, so nothing may be written for it."""
        self.journal.add(self.run, record)


@dataclass(frozen=True, slots=True)
class Present:
    """It is as it should be. ``words`` for the row; empty: the act's own."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """It is not there, and may be written now. ``before`` is what is there in its place."""

    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """It can be neither judged nor written now; ``sentence`` names what it waits for."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Conflicting:
    """It must not or cannot be written."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Undoing leaves it alone, for this reason."""

    reason: str


Seen = Present | Absent | Pending | Conflicting | LeftAlone


class ChangeAction(Protocol):
    """What a change is about."""

    write_kind: WriteKind
    done_sentence: str
    """What to say when it is done."""
    waiting_sentence: str
    """What is waited for once it was sent."""

    def target(self) -> str:
        """What the journal knows it by; asked after the first look."""

    def look(self) -> TaskBody[Seen]:
        """See how it stands. Nothing is changed."""

    def content(self) -> Mapping[str, Any]:
        """What would be written, for the journal; asked after a look that found it missing."""

    def send(self, request: str) -> None:
        """Write it, once."""

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """What a refusal means; None: what it says."""


def run_change(
    context: ApplyContext, key: str, sentence: str, action: ChangeAction, uncertainty: Problem | None = None
) -> TaskBody[TaskEnd]:
    """Carry a change out. Never raises AzureCallError; JournalError goes up, for then nothing may be written.

    ``uncertainty``: why it was not sure that one may; a refusal is told with it.
    """
    return (yield from _ChangeLoop(context, key, sentence, action, uncertainty).run())


class _ChangeLoop:
    def __init__(
        self, context: ApplyContext, key: str, sentence: str, action: ChangeAction, uncertainty: Problem | None
    ) -> None:
        self.context, self.key, self.sentence, self.action, self.uncertainty = (
            context,
            key,
            sentence,
            action,
            uncertainty,
        )
        self.begun = context.clock.monotonic()
        self.sent_at: float | None = None
        self.first_sent: float | None = None
        self.unknown: Problem | None = None
        self.tries = 0
        self._last_reported = ("", float("-inf"))
        self._just_sent = False
        self._stopped_at: float | None = None

    def run(self) -> TaskBody[TaskEnd]:
        cancelled = False
        while True:
            seen = yield from self._look()
            if isinstance(seen, Absent) and self.sent_at is None and not cancelled:
                if self.context.token.is_cancelled:
                    return self._left()
                seen = yield from self._write(seen)
            end = self._end(seen)
            if end is not None:
                return end
            if self._just_sent:
                # What Azure does at once is seen at once; only then is there something to wait for.
                self._just_sent = False
                continue
            if cancelled and not self._finishes():
                return self._left()
            if self.context.clock.monotonic() - self.begun > self.context.timing.longest_s:
                return self._too_long(seen)
            cancelled = yield from self._wait(seen)

    def _finishes(self) -> bool:
        """Whether what was sent before the cancel is still waited for; a machine that starts does so unseen as well."""
        now = self.context.clock.monotonic()
        self._stopped_at = now if self._stopped_at is None else self._stopped_at
        power = self.action.write_kind in (WriteKind.RESTART, WriteKind.START)
        sent = self.sent_at is not None and not power
        return sent and now - self._stopped_at < self.context.timing.finish_s

    def _look(self) -> TaskBody[Seen]:
        try:
            return (yield from self.action.look())
        except AzureCallError as failure:
            if failure.certainty is Certainty.REFUSED and not failure.may_pass:
                return Conflicting(failure.problem)
            self.tries += 1
            if self.tries > 20:
                return Conflicting(failure.problem)
            return Pending(f"Azure did not answer: {failure.problem.what} It is asked again.")

    def _end(self, seen: Seen) -> TaskEnd | None:
        context = self.context
        match seen:
            case Present():
                if self.first_sent is not None or self.action.write_kind in UNDOES:
                    # What is gone without our doing need not be undone again either.
                    seconds = context.clock.monotonic() - (self.first_sent or context.clock.monotonic())
                    write_kind, target = self.action.write_kind, self.action.target()
                    context.journal.add(
                        context.run, ChangeConfirmed(context.run, context.at(), self.key, write_kind, target, seconds)
                    )
                return TaskEnd(TaskOutcome.DONE, seen.words or self.action.done_sentence)
            case Conflicting():
                how = TaskOutcome.UNKNOWN if self.unknown is not None else TaskOutcome.FAILED
                return TaskEnd(how, seen.problem.what, seen.problem)
            case LeftAlone():
                return TaskEnd(TaskOutcome.LEFT, seen.reason)
            case _:
                return None

    def _write(self, seen: Absent) -> TaskBody[Seen]:
        context, action = self.context, self.action
        request = str(uuid.uuid4())
        intended = WriteIntended(
            context.run,
            context.at(),
            self.key,
            action.write_kind,
            action.target(),
            request,
            self.sentence,
            action.content(),
            seen.before,
        )

        def replied(sent: Attempt[None]) -> WriteReplied:
            code = sent.failure.problem.code if sent.failure is not None else ""
            return WriteReplied(context.run, context.at(), request, sent.answer, code)

        with journalled_write(context.record, intended, replied) as sent:
            context.wrote = True
            started = context.clock.monotonic()
            yield from make_call(lambda: action.send(request))
        if sent.failure is not None:
            return (yield from self._refused(sent.failure, started))
        self.unknown = None
        self._just_sent = True
        self._sent(started)
        return Pending(action.waiting_sentence)

    def _refused(self, failure: AzureCallError, started: float) -> TaskBody[Seen]:
        if failure.certainty is Certainty.UNKNOWN:
            self.unknown = failure.problem
            self._sent(started)
            return Pending("Azure's answer was lost; reading shows whether the change came about.")
        meant = self.action.interpret_refusal(failure)
        if meant is not None:
            return meant
        if failure.cause in (Cause.BUSY, Cause.THROTTLED):
            return Pending(f"{failure.problem.why or failure.problem.what} It is tried again.")
        if failure.certainty is Certainty.NOT_SENT and failure.cause is not Cause.SIGN_IN:
            self.tries += 1
            if self.tries <= 5:
                return Pending("Azure could not be reached; it is tried again.")
        if failure.cause is not Cause.NOT_ALLOWED:
            return Conflicting(failure.problem)
        refused = yield from self._with_cause(failure)
        if self.uncertainty is not None and refused.right != LIFT_DENIAL:
            why = f"{self.uncertainty.what} {self.uncertainty.why} {refused.why}".strip()
            refused = replace(refused, why=why)
        return Conflicting(refused)

    def _with_cause(self, failure: AzureCallError) -> TaskBody[Problem]:
        """What was refused, the denial that takes it looked up: of a linked right Azure does not say that it is one."""
        azure, problem, refused = self.context.azure, failure.problem, failure.refused
        unclear = [one for one in refused if not one.denied and one.scope.lower().startswith("/subscriptions/")]
        if not unclear:
            return problem
        subscription = unclear[0].scope.split("/")[2]
        cause: Problem = yield from make_call(lambda: look_up_cause(azure, subscription, problem, refused))
        return cause

    def _sent(self, started: float) -> None:
        self.sent_at = started
        self.first_sent = started if self.first_sent is None else self.first_sent

    def _wait(self, seen: Seen) -> TaskBody[bool]:
        context = self.context
        sentence = seen.sentence if isinstance(seen, Pending) else self.action.waiting_sentence
        now = context.clock.monotonic()
        if self.sent_at is not None and self.unknown is not None and now - self.sent_at > context.timing.lost_s:
            # Reading by name has shown for long enough that the lost write never arrived: it may be written again.
            self.sent_at = None
        if (sentence, True) != (self._last_reported[0], now - self._last_reported[1] < context.timing.tell_s):
            self._last_reported = (sentence, now)
            context.report(ChangeWaiting(context.stamp(), self.key, sentence, now - self.begun))
        seconds = context.timing.poll_s if self.sent_at is not None else context.timing.again_s
        return (yield from sleep(seconds, through=self._stopped_at is not None))

    def _left(self) -> TaskEnd:
        if self.first_sent is None:
            return TaskEnd(TaskOutcome.LEFT, "Cancelled before anything was sent for it.")
        return TaskEnd(
            TaskOutcome.LEFT, "Cancelled after it was sent, before Azure showed it: look again, or apply again."
        )

    def _too_long(self, seen: Seen) -> TaskEnd:
        waited = format_duration(self.context.clock.monotonic() - self.begun)
        on = seen.sentence if isinstance(seen, Pending) else self.action.waiting_sentence
        problem = self.unknown or Problem(
            "waited-too-long",
            f"{self.sentence}: not done after {waited}.",
            f"{on} Azure needs {format_estimate(self.context.timing.longest_s)} at most, as far as is known.",
            "Apply again later: what is there already is skipped.",
        )
        return TaskEnd(TaskOutcome.UNKNOWN if self.unknown else TaskOutcome.FAILED, problem.what, problem)
