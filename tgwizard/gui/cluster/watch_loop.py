"""The job that watches one cluster: begun, stopped, begun again, and how long ago it was heard of."""

from __future__ import annotations

from collections.abc import Callable

from tgwizard.engine.jobs import Job
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.watch.cluster_watch import ClusterWatch, WatchNews
from tgwizard.engine.watch.monitor import Pace
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.watch_events import Observed


class WatchLoop:
    """At most one loop at a time; `heard` gets all that it says."""

    def __init__(self, services: Services, setup: ClusterSetup, pace: Pace, heard: Callable[[WatchNews], None]) -> None:
        self._services = services
        self._setup = setup
        self._pace = pace
        self._tell = heard
        self._watch = ClusterWatch(services, setup, pace)
        self._heard_at = 0.0
        self.job: Job[WatchNews, None] | None = None
        self.broke: Callable[[BaseException], None] | None = None
        """Who hears that it ended by an error of ours."""

    @property
    def running(self) -> bool:
        """Whether the loop goes on; one that was stopped may answer once more."""
        return self.job is not None and not self.job.token.is_cancelled and self.job.running

    @property
    def dead(self) -> bool:
        """Whether it ended although nobody stopped it."""
        return self.job is not None and not self.job.token.is_cancelled and not self.job.running

    @property
    def silent_s(self) -> float:
        """How long ago the last reading ended, or the loop began; 0 while nothing is to be read."""
        return self.now() - self._heard_at if self.running else 0.0

    def now(self) -> float:
        """Seconds on the scale of the engine's Clock."""
        return self._services.clock.monotonic()

    def restart(self) -> None:
        """Begin anew; a reading that hangs is left to its own end."""
        self.stop()
        self.start()

    def set_pace(self, pace: Pace) -> None:
        """Read at another pace from the next reading on."""
        self._pace = pace
        self._watch.set_pace(pace)

    def read_now(self) -> None:
        """Read everything again now; a loop that had ended by itself is begun again."""
        if self.dead:
            self.start()
        else:
            self._watch.read_now()

    def start(self) -> None:
        """Begin, unless it runs. Of the loop before, which may be in its last reading still, nothing is heard."""
        if self.running:
            return
        self.forget()
        self._watch = ClusterWatch(self._services, self._setup, self._pace)
        self._heard_at = self.now()
        self.job = self._services.jobs.start(
            f"watch-{self._setup.name}", self._watch.watch, heard=self._hear, broke=self._on_broke
        )

    def stop(self) -> None:
        """Stop after the reading that is under way."""
        if self.job is not None:
            self.job.cancel()

    def forget(self) -> None:
        """Stop, and hear no more of it."""
        if self.job is not None:
            self._services.jobs.give_up(self.job)

    def _hear(self, news: WatchNews) -> None:
        if isinstance(news, Observed):
            self._heard_at = self.now()
        self._tell(news)

    def _on_broke(self, error: BaseException) -> None:
        if self.broke is not None:
            self.broke(error)
