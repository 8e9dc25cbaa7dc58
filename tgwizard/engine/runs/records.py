"""What the journals keep, of failovers and of setting up: what was meant, tried, answered and read back.

No secrets are among it. Only the journals and those who resume from them use these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from tgwizard.engine.json_codec import RecordKinds
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.failover_options import Fence, PartOfRun, Strategy
from tgwizard.model.problem import Problem
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.service_gap import ServiceGap
from tgwizard.model.snapshot import AddressLocation, LocationKind
from tgwizard.model.text import format_duration


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The intents of a run, committed before its first write.

    ``configuration`` is the floating configuration as it was on the losing NIC (None when it was on no NIC): what a
    put-back restores. ``losing_body`` and ``gaining_body`` are the first readings, for telling changes by others.
    ``intends`` are the writes that this commit covers, ``first_request`` the id the first of them goes out with. A
    guided run writes nothing: it intends to watch, and there is nothing of it to resume. ``repair``: the move was
    called so when it began (engine/README.md 1.13). ``to_dead_machine``: it was consented that the address goes to a
    member that cannot serve it. ``outage``: why nobody was served at the address when the run began, empty when
    someone was. ``origin``: who began it and from where; None in what older programs wrote. ``part``: what of a
    failover it carries out.
    """

    run: str
    at: str
    cluster: str
    verb: Verb
    to: str
    other: str
    address: str
    nics: tuple[str, str]
    intends: tuple[Step, ...]
    configuration: Mapping[str, Any] | None
    losing_body: Mapping[str, Any]
    gaining_body: Mapping[str, Any]
    first_request: str
    strategy: Strategy = Strategy.DETACH_ATTACH
    fence: Fence = Fence.NONE
    fence_optional: bool = False
    repair: bool = False
    to_dead_machine: bool = False
    outage: str = ""
    origin: RunOrigin | None = None
    part: PartOfRun = PartOfRun.WHOLE

    @property
    def writes(self) -> bool:
        """Whether the run may have written, so that an interrupted one has to be brought to its end."""
        return self.strategy is not Strategy.GUIDED


@dataclass(frozen=True, slots=True)
class WriteAttempted:
    """A write is about to be sent: which step, on whose NIC, at which etag, under which client request id."""

    run: str
    at: str
    step: Step
    member: str
    request: str
    if_match: str


class WriteAnswer(Enum):
    """What came back for an attempt."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WriteAnswered:
    """The answer to an attempt. ``arm_request`` is Azure's own request id, for the activity log and for support."""

    run: str
    at: str
    request: str
    answer: WriteAnswer
    etag: str
    arm_request: str
    problem: str


@dataclass(frozen=True, slots=True)
class TurnedBack:
    """The run gave up moving forward and restores the start; ``reason`` says why."""

    run: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that ended well, as it was told, after ``seconds``."""

    run: str
    at: str
    step: Step
    sentence: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HolderRecord:
    """A guided run saw the address somewhere else than before. ``who``: a member's name, another NIC's id, or empty."""

    run: str
    at: str
    place: LocationKind
    who: str


@dataclass(frozen=True, slots=True)
class LastReadings:
    """Both interfaces as the run last read them (None: never), and what others changed meanwhile.

    ``by_other``: nic, path, before and after of each difference that is not the run's own (engine/README.md 1.2).
    """

    run: str
    at: str
    losing_body: Mapping[str, Any] | None
    gaining_body: Mapping[str, Any] | None
    by_other: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StrategyFallback:
    """Azure refused the move in one call; now the run detaches and attaches. ``reason``: the problem's code."""

    run: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunEndRecord:
    """How a run ended. The seconds are measured: whole, detach, attach, gap as read; None where not reached.

    ``strategy`` and ``repair`` as the run began: predictions are made from runs of the same kind. ``detail``: what
    Azure said about the reason, with its code and request id.
    """

    run: str
    at: str
    outcome: Outcome
    holder: str
    reason: str
    verb: Verb
    to: str
    seconds: float | None = None
    detach_s: float | None = None
    attach_s: float | None = None
    gap_s: float | None = None
    strategy: Strategy = Strategy.DETACH_ATTACH
    repair: bool = False
    gap_at_least: bool = False
    gap_at_most_s: float | None = None
    detail: str = ""

    @property
    def gap(self) -> ServiceGap:
        """The gap as read, and how sure it is."""
        return ServiceGap(self.gap_s, self.gap_at_least, self.gap_at_most_s)

    def with_gap(self, gap: ServiceGap) -> RunEndRecord:
        """The same end with that gap."""
        return replace(self, gap_s=gap.seconds, gap_at_least=gap.at_least, gap_at_most_s=gap.at_most_s)

    @classmethod
    def of(
        cls,
        run_record: RunRecord,
        at: str,
        outcome: Outcome,
        place: AddressLocation,
        reason: str,
        problem: Problem | None = None,
    ) -> RunEndRecord:
        """The end of that run, with the address at ``place``; nothing measured."""
        holder = place.member.name if place.kind is LocationKind.MEMBER and place.member else ""
        holder = place.foreign_nic.text if place.foreign_nic else holder
        run, verb, to, strategy = run_record.run, run_record.verb, run_record.to, run_record.strategy
        detail = problem.detail if problem is not None else ""
        return cls(
            run, at, outcome, holder, reason, verb, to, strategy=strategy, repair=run_record.repair, detail=detail
        )


@dataclass(frozen=True, slots=True)
class TrafficMeasured:
    """What a probe on this computer met during a run that was measured throughout; written after the run's end.

    ``gap_s``: the longest time without an answer. ``answered`` false: the address never answers this computer, and the
    seconds tell nothing.
    """

    run: str
    at: str
    gap_s: float
    answered: bool = True

    @property
    def words(self) -> str:
        """As in "4.2 s, from this computer"."""
        if not self.answered:
            return "nothing answers this computer"
        return f"{format_duration(self.gap_s)}, from this computer" if self.gap_s else "none was seen"


@dataclass(frozen=True, slots=True)
class VerdictChanged:
    """The monitor saw the cluster's verdict become another."""

    at: str
    verdict: str
    sentence: str


Record = (
    RunRecord
    | WriteAttempted
    | WriteAnswered
    | TurnedBack
    | StrategyFallback
    | StepRecord
    | HolderRecord
    | LastReadings
    | RunEndRecord
    | TrafficMeasured
    | VerdictChanged
)

FAILOVER_RECORDS: RecordKinds[Record] = RecordKinds(
    {
        "began": RunRecord,
        "attempted": WriteAttempted,
        "answered": WriteAnswered,
        "turned_back": TurnedBack,
        "fell_back": StrategyFallback,
        "stepped": StepRecord,
        "sighted": HolderRecord,
        "last_seen": LastReadings,
        "ended": RunEndRecord,
        "traffic_measured": TrafficMeasured,
        "verdict_changed": VerdictChanged,
    }
)
"""What the records of failovers are called in the journal."""


class WriteKind(Enum):
    """The kinds of writes that setting up and undoing make."""

    ENABLE_IDENTITY = "enable_identity"
    PUT_ROLE = "put_role"
    ASSIGN = "assign"
    REMOVE_STALE = "remove_stale"
    PLACE_ADDRESS = "place_address"
    RESTART = "restart"
    START = "start"
    DISABLE_IDENTITY = "disable_identity"
    RESTORE_ROLE = "restore_role"
    DELETE_ROLE = "delete_role"
    UNASSIGN = "unassign"
    REMOVE_ADDRESS = "remove_address"


UNDOES = {
    WriteKind.DISABLE_IDENTITY: WriteKind.ENABLE_IDENTITY,
    WriteKind.RESTORE_ROLE: WriteKind.PUT_ROLE,
    WriteKind.DELETE_ROLE: WriteKind.PUT_ROLE,
    WriteKind.UNASSIGN: WriteKind.ASSIGN,
    WriteKind.REMOVE_ADDRESS: WriteKind.PLACE_ADDRESS,
}
"""Which kind of write each undoing takes back."""


@dataclass(frozen=True, slots=True)
class SetupRunRecord:
    """A job began; ``keys`` are the changes it means to carry out, ``nics`` and ``address`` whose cluster it is.

    ``origin``: who began it and from where; None in what older programs wrote.
    ``cluster``: what the cluster is called, where that is known.
    """

    run: str
    at: str
    job: str
    keys: tuple[str, ...]
    nics: tuple[str, ...] = ()
    address: str = ""
    origin: RunOrigin | None = None
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class WriteIntended:
    """A write goes out next: on what, what it sends and what was there before (None: nothing).

    ``sentence`` is what people were shown. It is on the disk before the write is sent, so that undo knows what is ours
    even when the program stopped before the answer came.
    """

    run: str
    at: str
    key: str
    deed: WriteKind
    target: str
    request: str
    sentence: str
    sent: Mapping[str, Any]
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WriteReplied:
    """What came back for a write."""

    run: str
    at: str
    request: str
    answer: WriteAnswer
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ChangeConfirmed:
    """A change that we wrote was read back as done, ``seconds`` after its first write."""

    run: str
    at: str
    key: str
    deed: WriteKind
    target: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SetupRunEndRecord:
    """How the job ended."""

    run: str
    at: str
    outcome: Outcome
    reason: str


SetupRecord = SetupRunRecord | WriteIntended | WriteReplied | ChangeConfirmed | SetupRunEndRecord

SETUP_RECORDS: RecordKinds[SetupRecord] = RecordKinds(
    {
        "run_began": SetupRunRecord,
        "intended": WriteIntended,
        "replied": WriteReplied,
        "confirmed": ChangeConfirmed,
        "run_ended": SetupRunEndRecord,
    }
)
"""What the records of setting up are called in the journal."""


def undo_key(made: WriteIntended) -> str:
    """What taking a thing back is called, in plans and in the record that says it is gone.

    An interface may hold several addresses that were put there from here, so the address is a part of the name.
    """
    address = f":{made.sent.get('address', '')}" if made.deed is WriteKind.PLACE_ADDRESS else ""
    return f"undo:{made.deed.value}:{made.target.lower()}{address}"
