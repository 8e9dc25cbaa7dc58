"""What the latest readings mean beside a run of ours: while it moves the address, and until they are newer than it."""

from __future__ import annotations

from tgwizard.gui.failover.result import place_words
from tgwizard.gui.failover.run_state import RunState
from tgwizard.gui.failover.run_words import moving_detail, moving_sentence
from tgwizard.gui.watch.shown import is_behind, verdict_now
from tgwizard.model.snapshot import MISSES_UNTIL_STALE, Snapshot
from tgwizard.model.text import age
from tgwizard.model.verdict import Verdict, VerdictName

_OF_A_MOVE = {VerdictName.ON_NO_NIC, VerdictName.MOVING, VerdictName.IN_SYNC}
"""What the readings say in the course of a run of ours; whatever else they say is told as it is."""


def verdict_beside(snapshot: Snapshot, run: RunState | None, now: float) -> Verdict:
    """The verdict; a run in progress is a move (STYLE section 3)."""
    verdict = verdict_now(snapshot)
    if run is not None and run.finished is None and verdict.name in _OF_A_MOVE:
        return Verdict(VerdictName.MOVING, moving_sentence(run), moving_detail(run, now))
    if is_behind(snapshot, run):
        silent = any(seen.nic.misses >= MISSES_UNTIL_STALE for seen in snapshot.members)
        if run is not None and run.finished is not None and silent:
            since = age(now - run.finished.stamp.clock_s)
            last = f"{snapshot.address} was {place_words(run.finished.place)}"
            return Verdict(VerdictName.NOT_KNOWN, f"Last known {since}: {last}", verdict.detail)
        return Verdict(VerdictName.MOVING, f"Reading where {snapshot.address} is after the run")
    return verdict
