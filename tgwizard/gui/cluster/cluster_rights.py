"""What is known of rights for one cluster: asked while its page is looked at, and kept with its age."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Job, Report, Work
from tgwizard.engine.readiness.known_rights import RIGHTS_NOT_ASKED, KnownRights, ask_rights
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.cluster import Member
from tgwizard.model.failover_events import PreflightCompleted
from tgwizard.model.snapshot import Snapshot

AGAIN_AFTER_S = 30.0
"""An asking that brought nothing is not repeated sooner."""


@dataclass(frozen=True, slots=True)
class RightsAsked:
    """One asking has ended."""

    cluster: str
    rights: KnownRights


class ClusterRights:
    """Asks by jobs that `begin` starts; the answers come back through `own` and are handed to `take`."""

    def __init__(
        self, services: Services, cluster: str, own: queue.SimpleQueue[object], begin: Callable[[str, Work], Job | None]
    ) -> None:
        self._services = services
        self._cluster = cluster
        self._own = own
        self._begin = begin
        self._tried_at: float | None = None
        self.job: Job | None = None
        self.known = RIGHTS_NOT_ASKED

    def ask_if_due(self, snapshot: Snapshot, to: Member, now: float) -> None:
        """Ask whose roles allow a move to `to`, unless that is known, being asked, or cannot be asked yet."""
        unread = any(seen.document is None for seen in snapshot.members)
        tried = self._tried_at is not None and now - self._tried_at < AGAIN_AFTER_S and self.known.to in {"", to.name}
        if unread or tried or snapshot.is_stale() or (self.job is not None and self.job.running):
            return
        if not self.known.is_due(to, now):
            return
        self._tried_at = now
        services, cluster, own = self._services, self._cluster, self._own

        def work(_report: Report, _token: CancelToken) -> None:
            own.put(RightsAsked(cluster, ask_rights(services.azure, services.clock, snapshot, to)))

        self.job = self._begin("rights", work)

    def take(self, event: RightsAsked | PreflightCompleted) -> None:
        """Keep the answers; those of a preflight are more thorough, and may have come since the asking began."""
        self.known = self.known.with_checked(event) if isinstance(event, PreflightCompleted) else event.rights
