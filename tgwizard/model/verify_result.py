"""What verifying a set-up came to: stages, the rehearsal, network checks, and the proof when it was made.

Three different things, never mixed (engine/README.md 2.6): *worked out* (from roles, assignments, denials and locks),
*proved* (by a failover that the members, or you, really made), *restarted* (seen by tgwizard, or said by the user).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tgwizard.model.cluster import ResourceId
from tgwizard.model.finding import Finding, Level
from tgwizard.model.setup_events import PropagationStage


class RehearsalState(Enum):
    """A cell of the rehearsal; the values are its words. NOT_ASKED: missing, and Azure does not ask for it."""

    MAY = "may"
    RESTART = "restart"
    WAITS = "waits"
    MAY_NOT = "may not"
    NOT_KNOWN = "not known"
    NOT_USED = "not used"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class RehearsalCell:
    """What one machine's identity may do; ``why`` names the missing action, the lock or the denial."""

    may: RehearsalState
    why: str = ""


@dataclass(frozen=True, slots=True)
class RehearsalRow:
    """One thing that a failover does to ``things``, with a cell for each machine in the order of the members."""

    key: str
    sentence: str
    cells: tuple[RehearsalCell, RehearsalCell]
    things: tuple[ResourceId, ...] = ()


@dataclass(frozen=True, slots=True)
class StageSeen:
    """One stage of the meter for one machine and scope. ``seconds``: measured since the write, None when not measured.

    ``at``: when it was reached, None while it was not or when that is not known. ``sentence``: what it waits for.
    """

    machine: ResourceId
    scope: str
    stage: PropagationStage
    done: bool
    seconds: float | None = None
    at: datetime | None = None
    sentence: str = ""


class ProvedBy(Enum):
    """Whose rights a failover used."""

    MEMBERS = "the members themselves"
    YOU = "the signed-in account"


@dataclass(frozen=True, slots=True)
class ProofRun:
    """One leg of a proof: a real failover to ``to``; ``gap_s`` between our reads."""

    to: str
    by: ProvedBy
    done: bool
    sentence: str
    seconds: float | None = None
    gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class NamedFinding:
    """A network check under a stable key."""

    key: str
    finding: Finding


class VerifyState(Enum):
    """The whole in one word. Verified: worked out, proved and restarted, for every machine on every scope."""

    VERIFIED = "verified"
    READY = "ready"
    RESTART = "restart"
    WAITS = "waits"
    AT_RISK = "at_risk"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Everything that was found out, at ``at`` (UTC). ``members``: the names, in the order of the cells."""

    at: datetime
    cluster: str
    members: tuple[str, str]
    scopes: tuple[tuple[str, str], ...]
    """Each scope with what of the cluster lives there."""
    stages: tuple[StageSeen, ...]
    rehearsal: tuple[RehearsalRow, ...]
    checks: tuple[NamedFinding, ...]
    proof: tuple[ProofRun, ...] = ()
    cancelled: bool = False

    @property
    def counted(self) -> tuple[int, int]:
        """How many cells say may, of those that are used and that Azure asks for."""
        idle = (RehearsalState.NOT_USED, RehearsalState.NOT_ASKED)
        cells = [cell for row in self.rehearsal for cell in row.cells if cell.may not in idle]
        return sum(1 for cell in cells if cell.may is RehearsalState.MAY), len(cells)

    @property
    def waiting_for_restart(self) -> tuple[ResourceId, ...]:
        """The machines that have to restart, each once."""
        found = (stage.machine for stage in self.stages if stage.stage is PropagationStage.RESTARTED and not stage.done)
        return tuple(dict.fromkeys(found))

    @property
    def proved(self) -> bool:
        """Whether the rights of every machine on every scope have shown themselves, not only on paper."""
        found = [stage.done for stage in self.stages if stage.stage is PropagationStage.PROVED]
        return bool(found) and all(found)

    def _written(self, stage: StageSeen) -> bool:
        about = (stage.machine, stage.scope)
        return any(
            one.done and one.stage is PropagationStage.WRITTEN and (one.machine, one.scope) == about
            for one in self.stages
        )

    @property
    def overall_state(self) -> VerifyState:
        """The worst of it."""
        cells = {cell.may for row in self.rehearsal for cell in row.cells}
        levels = {item.finding.level for item in self.checks}
        if RehearsalState.MAY_NOT in cells or Level.BLOCKS in levels:
            return VerifyState.NOT_READY
        coming = (stage for stage in self.stages if not stage.done and stage.stage in _BY_ITSELF)
        if RehearsalState.WAITS in cells or any(self._written(stage) for stage in coming):
            return VerifyState.WAITS
        if any(not stage.done and stage.stage is PropagationStage.WRITTEN for stage in self.stages):
            return VerifyState.AT_RISK
        if self.waiting_for_restart:
            return VerifyState.RESTART
        if RehearsalState.NOT_KNOWN in cells or levels & {Level.WARNS, Level.NOT_KNOWN}:
            return VerifyState.AT_RISK
        return VerifyState.VERIFIED if self.proved else VerifyState.READY


_BY_ITSELF = frozenset({PropagationStage.LISTED, PropagationStage.EFFECTIVE})
"""The stages that waiting brings, once it is written."""
