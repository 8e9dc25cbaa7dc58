"""What is offered first for a cluster: an interrupted run is resumed, a state that is certainly wrong is repaired.

The cluster page and ``status`` show it before everything else, with its reason; without one the verbs stand as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tgwizard.engine.runs.records import RunRecord
from tgwizard.model.cluster import Member
from tgwizard.model.repair import repair
from tgwizard.model.snapshot import Snapshot


class ActionKind(Enum):
    """The values are the words of the JSON contract."""

    RESUME = "resume"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class RecommendedAction:
    """The first action, why, and the command that does it. ``either``: a person has to say which member is active."""

    kind: ActionKind
    to: Member | None
    sentence: str
    command: str
    either: bool = False


def interrupted_sentence(unfinished: RunRecord) -> str:
    """That a run has no end, in one sentence."""
    return f"A {unfinished.verb.value} failover to {unfinished.to} was interrupted, and its end is not known."


def recommend_action(
    snapshot: Snapshot, unfinished: RunRecord | None, chosen: Member | None = None
) -> RecommendedAction | None:
    """What to do first, or None when nothing is certainly wrong. ``unfinished``: the journal's interrupted run.

    ``chosen``: the member that a person has chosen; a move to another one than can be active is no repair.
    """
    name = snapshot.setup.name
    if unfinished is not None:
        to = snapshot.setup.member(unfinished.to)
        return RecommendedAction(ActionKind.RESUME, to, interrupted_sentence(unfinished), f"tgwizard resume {name}")
    found = repair(snapshot)
    if found is None or snapshot.is_stale():
        return None
    to = chosen if chosen is not None and found.either else found.to
    if chosen is not None and chosen != to:
        return None
    command = f"tgwizard failover {name} --to {to.name} --forced"
    return RecommendedAction(ActionKind.REPAIR, to, found.sentence, command, found.either)
