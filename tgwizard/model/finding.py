"""What a check found: one fact with its evidence, and the lists that decide whether a failover may start."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.problem import Problem


class Level(Enum):
    """How a finding bears on the button beside it, worst first.

    NOT_APPLICABLE: looked at, and of no bearing here (no lock, an action of the role that this failover does not use).
    """

    BLOCKS = "blocks"
    NOT_KNOWN = "not_known"
    WARNS = "warns"
    NOTE = "note"
    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact. ``evidence`` is the second, smaller line; ``problem`` is there when the fact stands in the way."""

    level: Level
    fact: str
    evidence: str = ""
    problem: Problem | None = None


class ReadinessState(Enum):
    """The words of the JSON contract."""

    READY = "ready"
    AT_RISK = "at_risk"
    BLOCKED = "blocked"
    NOT_KNOWN = "not_known"


_ORDER = list(Level)


@dataclass(frozen=True, slots=True)
class Readiness:
    """The findings for one verb, worst first."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: list[Finding]) -> Readiness:
        """Sorted by level; the order within a level stays."""
        return cls(tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.level))))

    @property
    def state(self) -> ReadinessState:
        """The worst level decides."""
        worst = self.findings[0].level if self.findings else Level.NOT_KNOWN
        return {
            Level.BLOCKS: ReadinessState.BLOCKED,
            Level.NOT_KNOWN: ReadinessState.NOT_KNOWN,
            Level.WARNS: ReadinessState.AT_RISK,
        }.get(worst, ReadinessState.READY)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences of everything that is not passed or a mere note."""
        return tuple(
            finding.problem.sentence() if finding.problem else finding.fact
            for finding in self.findings
            if finding.level in (Level.BLOCKS, Level.NOT_KNOWN, Level.WARNS)
        )

    def with_more(self, more: Readiness) -> Readiness:
        """Both lists as one, worst first; a fact that stands in both is told once."""
        known = {finding.fact for finding in self.findings}
        return Readiness.of([*self.findings, *(item for item in more.findings if item.fact not in known)])

    @property
    def in_short(self) -> Readiness:
        """What needs attention as it is, and what does not as one line with its count."""
        calm = [finding for finding in self.findings if finding.level in (Level.PASSED, Level.NOT_APPLICABLE)]
        if not calm:
            return self
        evidence = ", ".join(finding.fact for finding in calm)
        line = Finding(Level.PASSED, f"Rights and locks checked: {len(calm)} in order", evidence)
        return Readiness.of([*(finding for finding in self.findings if finding not in calm), line])

    def reason_against(self, *, unknown_stops: bool) -> Problem | None:
        """The first thing that forbids the verb, or None.

        What is not known stops graceful, never forced (engine/README.md 1.4).
        """
        for finding in self.findings:
            if finding.level is Level.BLOCKS or (unknown_stops and finding.level is Level.NOT_KNOWN):
                return finding.problem or Problem("not-ready", finding.fact, finding.evidence)
        return None


NOTHING_FOUND = Readiness(())
"""Before anything was asked."""
