"""The fleet: every cluster in its turn, at a bounded rate, each change of verdict journalled."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from ipaddress import IPv4Address

from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.engine.watch.fleet_monitor import SHARE_S, FleetMonitor, fleet_pace
from tgwizard.engine.watch.monitor import Pace
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event
from tgwizard.model.watch_events import Observed


def many(made: Rig, count: int) -> tuple[ClusterSetup, ...]:
    """Clusters on the one pair of the lab, with addresses of their own: only the first is held."""
    first = replace(made.setup, name="edge-0")
    return (
        first,
        *(replace(made.setup, name=f"edge-{n}", address=IPv4Address(f"10.20.2.{100 + n}")) for n in range(1, count)),
    )


def test_that_every_cluster_is_seen_once_before_any_is_seen_twice() -> None:
    made = rig(Latency.INSTANT)
    events: list[Event] = []
    fleet = FleetMonitor(made.services)
    fleet.take(*many(made, 20))
    clock = made.services.clock
    start = clock.monotonic()
    looks = 0
    while looks < 20:
        seat = fleet._next()
        assert seat is not None
        fleet._look(seat, events.append)
        seat.due = clock.monotonic() + fleet.pace.nics_s
        seat.looking = False
        looks += 1
    names = [event.cluster for event in events if isinstance(event, Observed)]
    assert sorted(names) == sorted(f"edge-{n}" for n in range(20))
    assert fleet._next() is None
    assert clock.monotonic() - start < fleet.pace.nics_s


def test_that_the_rate_over_all_clusters_is_bounded() -> None:
    wish = Pace()
    assert fleet_pace(wish, 1) == wish
    for count in (50, 300):
        assert fleet_pace(wish, count).nics_s == count * SHARE_S


def test_that_a_worker_ends_when_it_is_cancelled_and_leaves_others_to_it() -> None:
    made = rig(Latency.INSTANT)
    token = CancelToken()
    events: list[Event] = []

    def report(event: Event) -> None:
        events.append(event)
        if len(events) >= 3:
            token.cancel()

    fleet = FleetMonitor(made.services)
    first, second, third = many(made, 3)
    fleet.take(first, second, third)
    fleet.leave(second)
    fleet.watch(report, token)
    assert {event.cluster for event in events if isinstance(event, Observed)} == {"edge-0", "edge-2"}


def test_that_a_change_of_verdict_is_journalled_once() -> None:
    made = rig(Latency.INSTANT)
    token = CancelToken()
    events: list[Event] = []

    def report(event: Event) -> None:
        events.append(event)
        if len(events) >= 4:
            token.cancel()

    fleet = FleetMonitor(made.services)
    fleet.take(made.setup)
    fleet.watch(report, token)
    with contextlib.closing(made.services.journal(made.setup)) as journal:
        changes = [record for record in journal.latest() if isinstance(record, VerdictChanged)]
    assert [change.verdict for change in changes] == ["in_sync"]


def test_that_read_now_makes_a_cluster_due_at_once() -> None:
    made = rig(Latency.INSTANT)
    token = CancelToken()
    fleet = FleetMonitor(made.services)
    fleet.take(made.setup)
    fleet.watch(lambda _event: token.cancel(), token)
    assert fleet._next() is None
    fleet.read_now(made.setup)
    assert fleet._next() is not None
