"""What the parts of one run share: the services, the cluster, who is told, its timing and the user's answers."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.jobs import Report
from tgwizard.engine.retry import RetryPolicy
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journalled_write import WriteSender
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Stamp
from tgwizard.model.failover_events import Event, TimeoutChoice
from tgwizard.model.problem import Problem


class UserDecisions:
    """Holds one answer at a time; an answer given when nothing is asked is dropped by the next question."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._answer: TimeoutChoice | None = None

    def answer(self, choice: TimeoutChoice) -> None:
        """Give an answer; the last one before the job looks counts."""
        with self._mutex:
            self._answer = choice

    def take(self) -> TimeoutChoice | None:
        """The answer, once; None while there is none."""
        with self._mutex:
            answer, self._answer = self._answer, None
            return answer


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the parts of one run share.

    ``reported_problems``: the troubles that were told already.
    """

    services: Services
    setup: ClusterSetup
    report: Report[Event]
    cancel: CancelToken
    run: str
    timing: FailoverTiming
    decisions: UserDecisions | None = None
    rng: random.Random = field(default_factory=random.Random)
    reported_problems: set[Problem] = field(default_factory=set)
    still_wanted: Callable[[], bool] | None = None

    def stamp(self) -> Stamp:
        """Now."""
        return Stamp(self.services.clock.wall(), self.services.clock.monotonic())

    def retry_policy(self) -> RetryPolicy:
        """For one look: what fails for a moment is asked again."""
        return RetryPolicy.of(self.services.clock, self.timing.look_s, self.cancel)

    def write_sender(self, journal: FailoverJournal) -> WriteSender:
        """The one way to write."""
        return WriteSender(
            self.services.azure, self.services.clock, journal, self.report, self.run, self.reported_problems
        )
