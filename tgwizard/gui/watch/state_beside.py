"""What a cluster is by more than its readings: beside a run, the window's or another program's, or a silent place."""

from __future__ import annotations

from dataclasses import replace

from tgwizard.gui.failover.result import place_words
from tgwizard.gui.failover.run_state import RunState
from tgwizard.gui.failover.run_words import moving_detail, moving_sentence
from tgwizard.gui.watch.loop import RunElsewhere
from tgwizard.gui.watch.shown import is_behind
from tgwizard.model.cluster_readiness import ClusterReadiness, ClusterState
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import MISSES_UNTIL_STALE, Snapshot
from tgwizard.model.text import age
from tgwizard.model.verdict import Verdict, VerdictName

_OF_A_MOVE = {VerdictName.ON_NO_NIC, VerdictName.MOVING, VerdictName.IN_SYNC}
"""What the readings say in the course of a run; whatever else they say is told as it is."""


def beside(
    state: ClusterReadiness,
    snapshot: Snapshot,
    now: float,
    run: RunState | None = None,
    elsewhere: RunElsewhere | None = None,
    silent: Problem | None = None,
) -> ClusterReadiness:
    """The state; a run in progress is a move, and what it read last counts until Azure was read again.

    `elsewhere`: another program works on the cluster. `silent`: why nothing answers here at all.
    """
    running = run is not None and run.finished is None
    verdict = state.verdict
    if run is not None and running and verdict.name in _OF_A_MOVE:
        return _as(state, Verdict(VerdictName.MOVING, moving_sentence(run), moving_detail(run, now)))
    if is_behind(snapshot, run):
        state = _as(state, _after(snapshot, verdict, run, now))
    elif elsewhere is not None and not running and verdict.name in _OF_A_MOVE:
        return _as(state, Verdict(VerdictName.MOVING, elsewhere.words, f"{verdict.sentence}."))
    if silent is not None and state.verdict.name is VerdictName.NOT_KNOWN:
        return _as(state, replace(state.verdict, detail=silent.what))
    return state


def _after(snapshot: Snapshot, verdict: Verdict, run: RunState | None, now: float) -> Verdict:
    """What is known of the end of a run before Azure was read again."""
    missed = any(seen.nic.misses >= MISSES_UNTIL_STALE for seen in snapshot.members)
    if run is not None and run.finished is not None and missed:
        last = f"{snapshot.address} was {place_words(run.finished.place)}"
        return Verdict(
            VerdictName.NOT_KNOWN, f"Last known {age(now - run.finished.stamp.clock_s)}: {last}", verdict.detail
        )
    return Verdict(VerdictName.MOVING, f"Reading where {snapshot.address} is after the run")


def _as(state: ClusterReadiness, verdict: Verdict) -> ClusterReadiness:
    found = ClusterState(verdict.name.value)
    return replace(state, verdict=verdict, state=found, sentence=verdict.sentence, detail=verdict.detail)
