"""Never a late write (engine/README.md 1.7): time jumps by more than every limit at every boundary of a run, as when
the program was stopped (SIGSTOP), or the computer slept, between any two calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.failover.matrix import COARSE, seeded_random
from tests.engine.failover.promises import Witness, settle
from tests.rig import Rig, inline_journal, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.journal import Durability
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.model.cluster import ClusterIdentity, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.failover_options import Strategy


class Jumps(VirtualClock):
    """A clock that jumps once: at the n-th boundary, counted over answers, commits, events and waits."""

    def __init__(self, at: int, seconds: float) -> None:
        super().__init__()
        self.count, self._at, self._seconds = 0, at, seconds

    def boundary(self) -> None:
        self.count += 1
        if self.count == self._at:
            self.advance(self._seconds)

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        super().sleep(seconds, cancel)
        self.boundary()


class Ears(list[Event]):
    """Events are a boundary too: whoever hears them may take long."""

    def __init__(self, clock: Jumps) -> None:
        super().__init__()
        self._clock = clock

    def append(self, event: Event) -> None:
        super().append(event)
        self._clock.boundary()


@dataclass(frozen=True)
class Stopped:
    """A run that stood still once, and what came of it."""

    made: Rig
    witness: Witness
    finished: Finished
    boundaries: int


def stopped(strategy: Strategy, verb: Verb, at: int, seconds: float) -> Stopped:
    """Run with one jump."""
    clock = Jumps(at, seconds)
    witness = Witness(limits=COARSE)

    def journal(path: Path, identity: ClusterIdentity) -> FailoverJournal:
        opened = inline_journal(path, identity)

        def committed(_durability: Durability) -> None:
            clock.boundary()

        opened.on_commit = committed
        return opened

    made = rig(clock=clock, session=witness.session, open_journal=journal)
    made.events = Ears(clock)
    witness.after = lambda *_: clock.boundary()
    witness.watch(made.setup, made.b)
    finished = made.fail_over(verb=verb, timing=COARSE, strategy=strategy, rng=seeded_random())
    return Stopped(made, witness, finished, clock.count)


def everywhere(strategy: Strategy, verb: Verb, seconds: float) -> Iterator[tuple[int, Stopped]]:
    """One run for each boundary."""
    boundaries = stopped(strategy, verb, 0, 0.0).boundaries
    assert boundaries > 30
    for at in range(1, boundaries + 1):
        yield at, stopped(strategy, verb, at, seconds)


def broken(strategy: Strategy, verb: Verb, seconds: float) -> list[str]:
    """Each broken promise with its boundary; and each run that neither arrives nor says why not."""
    found = []
    for at, run in everywhere(strategy, verb, seconds):
        run.witness.judge_end(run.made, run.finished)
        found += [f"boundary {at}: {what}" for what in run.witness.broken]
        if run.finished.outcome not in (Outcome.DONE, Outcome.REFUSED):
            found.append(f"boundary {at}: {run.finished.outcome.value}, {run.finished.reason}")
        if run.finished.resume:
            settle(run.made)
            options = RunOptions(timing=COARSE, rng=seeded_random())
            last = resume(run.made.services, run.made.setup, None, list[Event]().append, CancelToken(), options)
            if last.resume:
                found.append(f"boundary {at}: not settled by its resume")
    return found


def test_that_a_run_that_stood_still_for_two_hours_never_writes_late() -> None:
    assert broken(Strategy.DETACH_ATTACH, Verb.GRACEFUL, 7200.0) == []


def test_that_a_run_that_stood_still_before_its_first_write_is_dropped_and_after_it_arrives() -> None:
    first_write = None
    for at, run in everywhere(Strategy.DETACH_ATTACH, Verb.GRACEFUL, 7200.0):
        wrote = run.witness.accepted > 0
        if wrote and first_write is None:
            first_write = at
        assert wrote == (run.finished.outcome is Outcome.DONE), (at, run.finished)
    assert first_write is not None


@pytest.mark.full
@pytest.mark.parametrize("seconds", [31.0, 121.0, 1000.0, 90_000.0])
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
@pytest.mark.parametrize("strategy", [Strategy.DETACH_ATTACH, Strategy.ATOMIC], ids=lambda item: item.value)
def test_that_no_stop_of_any_length_at_any_boundary_leads_to_a_late_write(
    strategy: Strategy, verb: Verb, seconds: float
) -> None:
    assert broken(strategy, verb, seconds) == []
