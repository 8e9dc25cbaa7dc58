"""What discovery, apply, undo and verify report.

Apply, undo and verify end with exactly one ``SetupFinished``, last. Reading (discovery and facts) reports progress and
returns what it read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.access_facts import FactKind
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.finding import Finding
from tgwizard.model.inventory import Part
from tgwizard.model.problem import Problem


@dataclass(frozen=True, slots=True)
class PartProgress:
    """Discovery read a page: how many of a part so far; ``done`` when it was the last."""

    stamp: Stamp
    part: Part
    count: int
    done: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class FactRead:
    """A fact that the plan needs was read, or could not be; ``about`` is a scope, a machine, an address, or empty."""

    stamp: Stamp
    kind: FactKind
    about: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change's write goes out next."""

    stamp: Stamp
    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ChangeWaiting:
    """The change waits for something it names (replication, an operation), normal for Azure; ``since_s`` seconds."""

    stamp: Stamp
    key: str
    sentence: str
    since_s: float


@dataclass(frozen=True, slots=True)
class ChangeDone:
    """The change was read back as done, after ``seconds``."""

    stamp: Stamp
    key: str
    sentence: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ChangeFailed:
    """The change did not come about; nothing that depends on it is tried."""

    stamp: Stamp
    key: str
    sentence: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class ChangeSkipped:
    """The change was not tried: it is others' to do, depends on a failed one, or the job was cancelled before it."""

    stamp: Stamp
    key: str
    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class FindingReported:
    """Verify found something out: a finding of a rehearsal or a network check, under a stable ``key``."""

    stamp: Stamp
    key: str
    finding: Finding


class PropagationStage(Enum):
    """The stages of the meter "Effective yet?", in order; the values are its words."""

    WRITTEN = "Written"
    LISTED = "Listed"
    EFFECTIVE = "Effective"
    PROVED = "Proved"
    RESTARTED = "Machine restarted"


@dataclass(frozen=True, slots=True)
class PropagationChanged:
    """A stage of the meter "Effective yet?" for one machine and scope (engine/README.md 2.6)."""

    stamp: Stamp
    machine: str
    scope: str
    stage: PropagationStage
    done: bool
    seconds: float | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class SetupFinished:
    """The end of a job. ``done``, ``failed`` and ``left`` are keys of changes; ``reason`` one sentence."""

    stamp: Stamp
    job: str
    outcome: Outcome
    reason: str
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    problem: Problem | None = None


SetupEvent = (
    PartProgress
    | FactRead
    | ChangeStarted
    | ChangeWaiting
    | ChangeDone
    | ChangeFailed
    | ChangeSkipped
    | FindingReported
    | PropagationChanged
    | SetupFinished
)
