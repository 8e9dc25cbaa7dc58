"""What is known of rights for one cluster: asked while its page is looked at, and kept with its age."""

from __future__ import annotations

from collections.abc import Callable

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobGroup, Report
from tgwizard.engine.readiness.known_rights import RIGHTS_NOT_ASKED, KnownRights, ask_rights
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import Member
from tgwizard.model.failover_events import PreflightCompleted
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import Snapshot

AGAIN_AFTER_S = 30.0
"""An asking that brought nothing is not repeated sooner."""


class ClusterRights:
    """Asks by jobs, one at a time; `changed` is called with every answer, `failed` when nobody can be asked."""

    def __init__(
        self, services: Services, cluster: str, changed: Callable[[], None], failed: Callable[[Problem], None]
    ) -> None:
        self._services = services
        self._cluster = cluster
        self._changed = changed
        self._failed = failed
        self._tried_at: float | None = None
        self.asking = JobGroup(services.jobs)
        self.known = RIGHTS_NOT_ASKED

    def ask_if_due(self, snapshot: Snapshot, to: Member, now: float) -> None:
        """Ask whose roles allow a move to `to`, unless that is known, being asked, or cannot be asked yet."""
        unread = any(seen.document is None for seen in snapshot.members)
        tried = self._tried_at is not None and now - self._tried_at < AGAIN_AFTER_S and self.known.to in {"", to.name}
        if unread or tried or snapshot.is_stale() or self.asking.under_way:
            return
        if not self.known.is_due(to, now):
            return
        self._tried_at = now
        services = self._services

        def work(_report: Report[object], _token: CancelToken) -> KnownRights:
            return ask_rights(services.azure, services.clock, snapshot, to)

        self.asking.begin(f"rights-{self._cluster}", work, done=self._take, failed=self._failed)

    def take_checked(self, event: PreflightCompleted) -> None:
        """Keep what a preflight found: it is more thorough, and may have come since the asking began."""
        self.known = self.known.with_checked(event)

    def _take(self, rights: KnownRights) -> None:
        self.known = rights
        self._changed()
