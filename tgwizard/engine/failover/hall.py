"""What the parts of one run share: the services, the cluster, the ears and the patience."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.decisions import Decisions
from tgwizard.engine.failover.timing import Timing
from tgwizard.engine.jobs import Report
from tgwizard.engine.retry import Patience
from tgwizard.engine.runs.failover_journal import Journal
from tgwizard.engine.runs.journalled_write import Sender
from tgwizard.engine.runs.services import Services
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Stamp
from tgwizard.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Hall:
    """What the parts of one run share.

    ``to_dead_machine``: the consent that the address goes to a member that cannot serve it.
    ``noted``: the troubles that were told already.
    """

    services: Services
    setup: ClusterSetup
    report: Report
    cancel: CancelToken
    run: str
    timing: Timing
    decisions: Decisions | None = None
    dice: random.Random = field(default_factory=random.Random)
    to_dead_machine: bool = False
    noted: set[Problem] = field(default_factory=set)

    def stamp(self) -> Stamp:
        """Now."""
        return Stamp(self.services.clock.wall(), self.services.clock.monotonic())

    def patience(self) -> Patience:
        """For one look: what fails for a moment is asked again."""
        return Patience.of(self.services.clock, self.timing.look_s, self.cancel)

    def sender(self, journal: Journal) -> Sender:
        """The one way to write."""
        return Sender(self.services.azure, self.services.clock, journal, self.report, self.run, self.noted)
