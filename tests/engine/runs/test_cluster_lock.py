"""One job at a time: failing over, resuming and setting up share the lock, and each refuses in words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.files.file_lock import hold_lock, is_locked
from tgwizard.engine.runs.cluster_lock import cluster_in_use, run_in_progress, under_cluster_lock
from tgwizard.engine.setup.restart import restart_job
from tgwizard.engine.setup.undo import undo_job
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Finished
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_events import SetupEvent, SetupFinished

JOBS: dict[str, Callable[[Rig], Finished | SetupFinished]] = {
    "failover": lambda made: made.fail_over(),
    "resume": lambda made: resume(made.services, made.setup, None, made.events.append, made.token),
    "restart": lambda made: restart_job(
        made.services, made.setup.identity, made.a.vm, list[SetupEvent]().append, CancelToken()
    ),
    "undo": lambda made: undo_job(made.services, made.setup.identity, list[SetupEvent]().append, CancelToken()),
}


@pytest.mark.parametrize("job", JOBS)
def test_that_no_job_begins_while_another_works_on_the_cluster(job: str) -> None:
    made = rig()
    asked = len(made.lab.requests)
    with hold_lock(made.services.lock_file(made.setup.identity), cluster_in_use("it")):
        finished = JOBS[job](made)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "cluster-locked"
    assert len(made.lab.requests) == asked


@pytest.mark.parametrize("job", JOBS)
def test_that_a_journal_that_cannot_be_used_is_told_as_itself_and_leaves_the_lock_free(job: str) -> None:
    made = rig()
    for kind in ("journal", "setup"):
        (made.services.state_dir / f"{kind}-{made.setup.identity.digest}.sqlite").write_bytes(b"no database" * 99)
    finished = JOBS[job](made)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "journal-damaged"
    assert not run_in_progress(made.services, made.setup)


@pytest.mark.parametrize("broken", [False, True])
def test_that_the_journal_is_closed_before_the_lock_is_given_back(broken: bool) -> None:
    made = rig()
    lock, closed = made.services.lock_file(made.setup.identity), list[bool]()

    @contextlib.contextmanager
    def journal() -> Iterator[str]:
        try:
            yield "open"
        finally:
            closed.append(is_locked(lock))

    def body(opened: str) -> str:
        assert is_locked(lock)
        if broken:
            raise UserError(Problem("odd", "Odd."))
        return opened

    end = under_cluster_lock(made.services, (made.setup.identity,), journal(), body, lambda problem: problem.code)
    assert (end, closed, is_locked(lock)) == ("odd" if broken else "open", [True], False)
