"""``discover``: everything of a subscription that the set-up asks about, each part from one list, all at once.

A part that cannot be read is named with its reason, and the others stand. Nothing is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock, Page
from tgwizard.engine.runs.task_runner import read_all
from tgwizard.model.event_base import Stamp
from tgwizard.model.inventory import Inventory, Part, PartFailure, SubscriptionSeen
from tgwizard.model.problem import Problem
from tgwizard.model.setup_events import PartProgress, SetupEvent


def discover(
    azure: AzurePorts, subscription: SubscriptionSeen, clock: Clock, report: Report[SetupEvent], token: CancelToken
) -> Inventory:
    """Read the subscription; Cancelled when the token was set. ``report`` hears every page, one call at a time."""
    started = clock.monotonic()
    lists: dict[Part, Callable[[str, Page], tuple[Any, ...]]] = {
        Part.MACHINES: azure.compute.vms,
        Part.INTERFACES: azure.network.nics,
        Part.NETWORKS: azure.network.networks,
        Part.POWER: azure.compute.powers,
        Part.SECURITY_GROUPS: azure.network.security_groups,
        Part.BALANCERS: azure.network.frontends,
        Part.GROUPS: azure.directory.groups,
    }
    telling = _Telling(clock, report, token)
    answers = read_all({part: telling.of(part, read, subscription.id) for part, read in lists.items()}, clock, token)
    found = {part: answers[part].value or () for part in lists}
    failed = tuple(
        PartFailure(part, problem) for part, answer in answers.items() if (problem := answer.problem) is not None
    )
    for part in failed:
        telling.tell(part.part, 0, done=True, problem=part.problem)
    powers = dict(found[Part.POWER])
    return Inventory(
        subscription,
        started,
        groups=found[Part.GROUPS],
        vms=tuple(replace(vm, power=powers.get(vm.id, vm.power)) for vm in found[Part.MACHINES]),
        nics=found[Part.INTERFACES],
        networks=found[Part.NETWORKS],
        security_groups=found[Part.SECURITY_GROUPS],
        frontends=found[Part.BALANCERS],
        failed=failed,
    )


@dataclass(slots=True)
class _Telling:
    """Reports pages from several threads, one at a time, and stops a reading between two pages."""

    clock: Clock
    report: Report[SetupEvent]
    token: CancelToken
    _turn: Any = None

    def __post_init__(self) -> None:
        self._turn = threading.Lock()

    def of(
        self, part: Part, read: Callable[[str, Page], tuple[Any, ...]], subscription: str
    ) -> Callable[[], tuple[Any, ...]]:
        """The reading of a part with its pages told."""

        def page(count: int) -> None:
            self.token.check()
            self.tell(part, count)

        def whole() -> tuple[Any, ...]:
            found = read(subscription, page)
            self.tell(part, len(found), done=True)
            return found

        return whole

    def tell(self, part: Part, count: int, *, done: bool = False, problem: Problem | None = None) -> None:
        """One event; nothing after a cancel."""
        with self._turn:
            if not self.token.is_cancelled:
                stamp = Stamp(self.clock.wall(), self.clock.monotonic())
                self.report(PartProgress(stamp, part, count, done, problem))
