"""``preflight``: ask, then judge. The one door to this room."""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.files.outdated_writes import OutdatedWrites
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.readiness.preflight_findings import judge_answers
from tgwizard.engine.readiness.preflight_questions import EVERYTHING, PreflightFacts, PreflightScope, ask_preflight
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_options import RunIntent
from tgwizard.model.finding import NOTHING_FOUND, Readiness
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Preflight:
    """The findings and when they were made (monotonic seconds): they are good for two minutes.

    ``facts`` is what they were judged from; None when readiness alone already forbade the run. ``asked`` are those of
    the findings that only a question to Azure brings.
    """

    findings: Readiness
    at: float
    facts: PreflightFacts | None = None
    asked: Readiness = NOTHING_FOUND

    def reason_against(self, verb: Verb) -> Problem | None:
        """What forbids the first write when nobody accepted what is not known, or None."""
        return self.findings.reason_against(unknown_stops=verb is Verb.GRACEFUL)


def preflight(
    azure: AzurePorts,
    clock: Clock,
    snapshot: Snapshot,
    intent: RunIntent,
    ready: Readiness,
    *,
    needed_life_s: float,
    extent: PreflightScope = EVERYTHING,
    kept: OutdatedWrites | None = None,
) -> Preflight:
    """Ask everything that the run depends on. ``ready``: what the readings alone say of it (``run_readiness``).

    ``needed_life_s``: how long the token must last, real seconds. ``kept``: what was seen of outdated writes in this
    cloud, and where more of it is kept.
    """
    facts = ask_preflight(azure, clock, snapshot, intent, extent, kept)
    return judge_preflight(snapshot, facts, intent, ready, needed_life_s=needed_life_s)


def judge_preflight(
    snapshot: Snapshot, facts: PreflightFacts, intent: RunIntent, ready: Readiness, *, needed_life_s: float
) -> Preflight:
    """What readings and answers together say of the run."""
    asked = judge_answers(snapshot, facts, intent.to, intent.verb, needed_life_s=needed_life_s)
    return Preflight(Readiness.of([*ready.findings, *asked.findings]), facts.at, facts, asked)
