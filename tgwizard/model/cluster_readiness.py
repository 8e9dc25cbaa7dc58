"""What a cluster is now, all in one: the verdict, what each verb would meet, and the worse of the two.

It is worked out in one place (``engine/readiness/cluster_readiness.py``); whatever shows readiness shows this.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.model.cluster import Member, Verb
from tgwizard.model.finding import Level, Readiness, ReadinessState
from tgwizard.model.problem import Problem
from tgwizard.model.verdict import Verdict


class ClusterState(Enum):
    """The worse of verdict and readiness, worst first. The values are the words of the JSON contract."""

    ON_NO_NIC = "on_no_nic"
    FOREIGN_NIC = "stranger"
    TWO_ACTIVE = "two_active"
    NO_ACTIVE = "no_active"
    WRONG_HOLDER = "wrong_holder"
    MEMBER_DOWN = "member_down"
    BLOCKED = "blocked"
    AT_RISK = "at_risk"
    MOVING = "moving"
    NOT_KNOWN = "not_known"
    IN_SYNC = "in_sync"


class Advice(Enum):
    """What a verb is now. RECOMMENDED: the holder is bad and the target good, so this is the right choice."""

    READY = "ready"
    AT_RISK = "at_risk"
    BLOCKED = "blocked"
    RECOMMENDED = "recommended"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class VerbReadiness:
    """One verb towards one member. ``needs_consent``: nothing but a second consent stands in the way: to a dead target.

    ``consent``: the sentence that is consented to then. ``rights_age_s``: how old the answers about rights are, None
    when nobody was asked.
    """

    verb: Verb
    to: Member
    findings: Readiness
    recommended: bool = False
    needs_consent: bool = False
    consent: str = ""
    rights_age_s: float | None = None

    @property
    def state(self) -> ReadinessState:
        """One of the four words."""
        return self.findings.state

    @property
    def advice(self) -> Advice:
        """One of the five words."""
        return Advice.RECOMMENDED if self.recommended else Advice(self.state.value)

    @property
    def headline(self) -> str:
        """The word with what decides it: "Blocked: tg-node-b is stopped"."""
        word = {
            Advice.READY: "Ready",
            Advice.AT_RISK: "At risk",
            Advice.BLOCKED: "Blocked",
            Advice.RECOMMENDED: "The right choice",
            Advice.NOT_KNOWN: "Not known",
        }[self.advice]
        return word if self.advice in (Advice.READY, Advice.RECOMMENDED) else f"{word}: {self.why}"

    @property
    def why(self) -> str:
        """The fact that decides the state; empty when it is ready."""
        first = self.findings.findings[0] if self.findings.findings else None
        return first.fact if first is not None and self.state is not ReadinessState.READY else ""

    @property
    def reason_against(self) -> Problem | None:
        """Why the verb may not be started, or None. What is not known stops graceful, never forced."""
        return self.findings.reason_against(unknown_stops=self.verb is Verb.GRACEFUL)

    @property
    def possible(self) -> bool:
        """Whether it may be started, at whatever risk."""
        return self.reason_against is None

    @property
    def notes(self) -> tuple[str, ...]:
        """What does not change the state and has to be said all the same."""
        found = (item for item in self.findings.findings if item.level is Level.NOTE)
        return tuple(f"{item.fact}: {item.evidence}" if item.evidence else item.fact for item in found)


@dataclass(frozen=True, slots=True)
class ClusterReadiness:
    """The whole answer. ``sentence`` and ``detail`` are the banner's; ``read_age_s``: age of the older NIC reading.

    ``stale``: the readings are too old, or there are none: everything here is last known, and nothing is good.
    """

    verdict: Verdict
    state: ClusterState
    sentence: str
    detail: str
    graceful: VerbReadiness
    forced: VerbReadiness
    read_age_s: float | None
    stale: bool

    def of(self, verb: Verb) -> VerbReadiness:
        """The answer for one verb."""
        return self.graceful if verb is Verb.GRACEFUL else self.forced

    @property
    def to(self) -> Member:
        """The member that a failover would go to."""
        return self.graceful.to

    @property
    def recommended(self) -> VerbReadiness | None:
        """The right choice, if there is one."""
        return next((verb for verb in (self.graceful, self.forced) if verb.recommended), None)
