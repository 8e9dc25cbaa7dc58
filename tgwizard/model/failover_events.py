"""The events of a failover, and the closed union of all that a job or the monitor reports.

They are JSON both for people's scripts and for tests.

Each event is frozen and carries ``at`` (UTC) and ``clock_s`` (the Clock's monotonic seconds). A job ends with exactly
one ``Finished``, always last, also when a check refused it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.failover_options import NO_FENCE, FenceRequest, Strategy
from tgwizard.model.finding import NOTHING_FOUND, Readiness
from tgwizard.model.nic import Difference
from tgwizard.model.problem import Problem
from tgwizard.model.service_gap import ServiceGap
from tgwizard.model.snapshot import AddressLocation
from tgwizard.model.watch_events import WatchEvent


class Step(Enum):
    """The steps of a failover in their order. The values are the words of the JSON contract."""

    CHECK = "check"
    FENCE = "fence"
    DETACH = "detach"
    ATTACH = "attach"
    CONFIRM = "confirm"
    PUT_BACK = "put_back"
    MOVE = "move"
    """Both in one call (strategy atomic)."""
    GUIDE = "guide"
    """The user acts in the Trustgrid portal; the run watches (strategy guided)."""


class TimeoutChoice(Enum):
    """What can be done when a step's time is over. The values are the words of the JSON contract."""

    WAIT = "wait"
    RETRY = "retry"
    PUT_BACK = "put_back"
    HAND_OVER = "hand_over"


class CancelMeaning(Enum):
    """What a cancel would do now (engine/README.md 1.8)."""

    STOPS = "stops"
    PUTS_BACK = "puts_back"
    NOT_GRANTED = "not_granted"


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step as announced at the start: its sentence and the predicted seconds."""

    step: Step
    sentence: str
    predicted_s: float


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began. ``steps`` are all that it means to do; ``losing`` is None when the address is on no NIC."""

    stamp: Stamp
    run: str
    cluster: str
    verb: Verb
    to: str
    losing: str | None
    address: str
    steps: tuple[StepPlan, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began; ``deadline_s`` is how long the engine waits for Azure before it gives up on it.

    ``leaves``: what stopping would leave now, as a sentence.
    """

    stamp: Stamp
    run: str
    step: Step
    sentence: str
    cancel: CancelMeaning
    deadline_s: float | None = None
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """The step waits for something it names, at most ``until_s`` more seconds (None: no bound of its own)."""

    stamp: Stamp
    run: str
    step: Step
    sentence: str
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """The step ended well, after ``seconds``."""

    stamp: Stamp
    run: str
    step: Step
    sentence: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DecisionRequested:
    """A step's time is over, and the user may decide; without an answer the first choice is taken.

    ``answer_within_s`` is how long the run waits for an answer; meanwhile it goes on reading.
    """

    stamp: Stamp
    run: str
    step: Step
    sentence: str
    choices: tuple[TimeoutChoice, ...]
    answer_within_s: float


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """What was decided at the end of a step's time; ``by_user`` is False when nobody answered.

    ``choice`` is None when Azure went on meanwhile, so that there was nothing to decide any more.
    """

    stamp: Stamp
    run: str
    step: Step
    choice: TimeoutChoice | None
    by_user: bool


@dataclass(frozen=True, slots=True)
class CallMade:
    """One request to Azure and its answer, in words; never a body, never a header."""

    stamp: Stamp
    run: str
    method: str
    target: str
    answer: str


@dataclass(frozen=True, slots=True)
class HolderObserved:
    """The run saw where the address is, what a cancel would do now, and as a sentence what it would leave."""

    stamp: Stamp
    run: str
    place: AddressLocation
    cancel: CancelMeaning
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class WarningRaised:
    """Something worth telling that does not stop the run (a journal error, a superseded update)."""

    stamp: Stamp
    run: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class PreflightCompleted:
    """The preflight for a failover ended; nothing was written. ``findings`` decide whether the run may start.

    ``asked`` are those of them that only a question to Azure brings: rights, locks, the sign-in, the fence.
    """

    stamp: Stamp
    cluster: str
    verb: Verb
    to: str
    findings: Readiness
    fence: FenceRequest = NO_FENCE
    asked: Readiness = NOTHING_FOUND
    strategy: Strategy = Strategy.DETACH_ATTACH


@dataclass(frozen=True, slots=True)
class ForeignChange:
    """A change that someone else made to a NIC during the run; it was kept."""

    nic: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a run. ``left`` says what remains to be done; ``resume`` the command that would do it, if any.

    ``seconds`` is the control-plane time from the first write to the proof; ``gap_as_read_s`` the gap between our
    reads, ``gap_at_least`` and ``gap_at_most_s`` how sure it is.
    """

    stamp: Stamp
    run: str
    cluster: str
    outcome: Outcome
    place: AddressLocation
    reason: str
    left: tuple[str, ...] = ()
    rolled_back: bool = False
    by_other: tuple[ForeignChange, ...] = ()
    seconds: float | None = None
    gap_as_read_s: float | None = None
    resume: str = ""
    problem: Problem | None = None
    gap_at_least: bool = False
    gap_at_most_s: float | None = None

    @property
    def gap(self) -> ServiceGap:
        """The gap as read, and how sure it is."""
        return ServiceGap(self.gap_as_read_s, self.gap_at_least, self.gap_at_most_s)


RunEvent = (
    RunStarted
    | StepStarted
    | StepWaiting
    | StepCompleted
    | DecisionRequested
    | DecisionMade
    | CallMade
    | HolderObserved
    | WarningRaised
    | Finished
)
Event = RunEvent | WatchEvent | PreflightCompleted
