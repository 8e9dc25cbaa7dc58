"""Where a member's run goes on: it ends once, and what it breaks off with reaches the agent."""

from __future__ import annotations

import pytest

from tgwizard.engine.members.thread_runs import ThreadRuns
from tgwizard.model.failover_events import Finished


def test_that_a_run_that_breaks_off_tells_it_once_and_frees_the_slot() -> None:
    def breaks() -> Finished:
        raise RuntimeError("an error of ours")

    runs = ThreadRuns()
    runs.start(breaks)
    assert runs.wait(60.0)
    with pytest.raises(RuntimeError, match="an error of ours"):
        runs.take()
    assert runs.take() is None
