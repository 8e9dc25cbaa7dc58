"""Jobs: work on threads, events on one queue, at most one writing job per cluster.

The engine knows nothing of who reads the queue: the window drains it on a timer, the command line in its main thread.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.failover_events import Event
from tgwizard.model.problem import Cancelled, Problem, UserError

_log = logging.getLogger(__name__)

LEAVE_GAP_WITHIN_S = 900.0
"""How long a run that was asked to stop may take to leave the gap, before the program ends without it. Real seconds."""

Report = Callable[[Event], None]
Work = Callable[[Report, CancelToken], None]


@dataclass(frozen=True, slots=True)
class JobCrashed:
    """A job ended by an exception it should have explained. The program goes on; the error is shown once."""

    job: str
    name: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class Job:
    """A handle on running work."""

    id: str
    name: str
    token: CancelToken
    thread: threading.Thread

    def cancel(self) -> None:
        """Ask it to stop; the job says in its events what that comes to."""
        self.token.cancel()

    @property
    def running(self) -> bool:
        """Whether its thread still works."""
        return self.thread.is_alive()


class JobRunner:
    """Starts jobs and knows which of them write. ``events`` is the one queue of the process."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event | JobCrashed] = queue.SimpleQueue()
        self._mutex = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._writing: dict[ClusterIdentity, str] = {}
        self._leaving = False
        self._closed = False

    def start(self, name: str, work: Work, *, writes: ClusterIdentity | None = None) -> Job:
        """Run ``work(report, token)`` on a thread of its own. ``writes`` names the cluster it may change, if any.

        UserError when that cluster already has a writing job, or when the program is closing.
        """
        with self._mutex:
            if self._closed or (self._leaving and writes is not None):
                raise UserError(Problem("closing", "tgwizard is closing.", "No new work is started."))
            if writes is not None and writes in self._writing:
                raise UserError(
                    Problem("run-in-progress", "A run already works on this cluster.", "", "Wait until it has ended.")
                )
            token = CancelToken()
            job_id = uuid.uuid4().hex
            thread = threading.Thread(
                target=self._run, args=(job_id, name, work, token, writes), name=f"tgwizard-{name}", daemon=True
            )
            job = Job(job_id, name, token, thread)
            self._jobs[job.id] = job
            if writes is not None:
                self._writing[writes] = job.id
        thread.start()
        return job

    def writing(self, cluster: ClusterIdentity) -> Job | None:
        """The writing job of this cluster, if one runs."""
        with self._mutex:
            return self._jobs.get(self._writing.get(cluster, ""))

    def writers(self) -> tuple[Job, ...]:
        """Every job that may still change something."""
        with self._mutex:
            return tuple(self._jobs[job] for job in self._writing.values())

    def stop_writing(self) -> None:
        """Ask every writing job to stop, which leaves things in order, and let no other begin."""
        with self._mutex:
            self._leaving = True
        for job in self.writers():
            job.cancel()

    def close(self, grace_s: float = 1.5, leave_gap_s: float = 0.0) -> tuple[Job, ...]:
        """Refuse new jobs, cancel all, and wait; returns those that still run.

        At most ``grace_s`` for each that reads, and ``leave_gap_s``, if that is more, for all that write together.
        """
        with self._mutex:
            self._closed = True
            jobs = tuple(self._jobs.values())
        for job in jobs:
            job.cancel()
        until = time.monotonic() + leave_gap_s
        for job in self.writers():
            job.thread.join(max(grace_s, until - time.monotonic()))
        for job in jobs:
            job.thread.join(grace_s)
        return tuple(job for job in jobs if job.running)

    def _run(self, job_id: str, name: str, work: Work, token: CancelToken, writes: ClusterIdentity | None) -> None:
        try:
            work(self.events.put, token)
        except Cancelled:
            _log.debug("job %s was cancelled", name)
        except BaseException as error:  # noqa: BLE001 - the one place where a job's unexpected error is caught and shown
            self.events.put(JobCrashed(job_id, name, error))
        finally:
            with self._mutex:
                self._jobs.pop(job_id, None)
                if writes is not None:
                    self._writing.pop(writes, None)
