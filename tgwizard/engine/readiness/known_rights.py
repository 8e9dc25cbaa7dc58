"""What is known of rights, and since when: the operator's own, and those of the members' identities.

They are asked by reads alone and kept with their age, so that whoever shows readiness again and again does not ask
again and again. A run rests on none of this: it asks anew, with probes.
"""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.readiness.preflight_findings import judge_answers
from tgwizard.engine.readiness.preflight_questions import PreflightScope, ask_preflight
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_events import PreflightCompleted
from tgwizard.model.failover_options import RunIntent, Strategy
from tgwizard.model.finding import Readiness
from tgwizard.model.snapshot import Snapshot

GOOD_FOR_S = 600.0
"""How long answers about rights and locks stand: Azure takes minutes to bring a change of them into effect."""

BUDGET_S = 15.0
"""How long the reading may take for each of the two: somebody waits for the status."""

SIGN_IN_LIFE_S = 0.0
"""What is shown needs no sign-in that outlasts a run; a run asks for that itself."""


@dataclass(frozen=True, slots=True)
class RightsFound:
    """What was found for one verb: whose rights, as of when (monotonic seconds), and the findings, worst first."""

    by: Writer
    verb: Verb
    at: float
    findings: Readiness


@dataclass(frozen=True, slots=True)
class KnownRights:
    """The answers for a move to ``to`` (a member's name); none: nobody was asked."""

    to: str = ""
    found: tuple[RightsFound, ...] = ()

    def of(self, by: Writer, to: Member, verb: Verb) -> RightsFound | None:
        """What was found, None where that was not asked."""
        if to.name != self.to:
            return None
        return next((item for item in self.found if (item.by, item.verb) == (by, verb)), None)

    def is_due(self, to: Member, now: float) -> bool:
        """Whether it is time to ask, or to ask again."""
        found = [self.of(by, to, verb) for by in Writer for verb in Verb]
        return any(item is None or now - item.at > GOOD_FOR_S for item in found)

    def with_checked(self, checked: PreflightCompleted) -> KnownRights:
        """With what a preflight has found in their place: it asked more thoroughly, and later."""
        by = Writer.MEMBERS if checked.strategy is Strategy.GUIDED else Writer.OPERATOR
        new = RightsFound(by, checked.verb, checked.stamp.clock_s, checked.asked)
        kept = self.found if checked.to == self.to else ()
        return KnownRights(checked.to, (new, *(one for one in kept if (one.by, one.verb) != (by, checked.verb))))


RIGHTS_NOT_ASKED = KnownRights()
"""Before anybody asked; what a fleet shows."""


def ask_rights(azure: AzurePorts, clock: Clock, snapshot: Snapshot, to: Member) -> KnownRights:
    """Ask whose roles allow a move to ``to``: reads alone, about twenty, and for half a minute at most.

    Nobody is asked while an interface cannot be read: which rights count shows in what the interfaces refer to.
    """
    if any(seen.document is None for seen in snapshot.members):
        return RIGHTS_NOT_ASKED
    found = []
    for by in Writer:
        extent = PreflightScope(by, thorough=False, probes=False, budget_s=BUDGET_S)
        # Graceful names both writers, so its answers hold for both verbs.
        facts = ask_preflight(azure, clock, snapshot, RunIntent(to, Verb.GRACEFUL), extent)
        for verb in Verb:
            judged = judge_answers(snapshot, facts, to, verb, needed_life_s=SIGN_IN_LIFE_S)
            found.append(RightsFound(by, verb, facts.at, judged))
    return KnownRights(to.name, tuple(found))
