"""The monitor: each source on its own, back-off with jitter, verdict changes in the journal; on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import pairwise

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.ports import ConfigurationId
from tgwizard.engine.runs.records import VerdictChanged
from tgwizard.engine.watch.monitor import Monitor, Pace
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.lab.faults.fault_rules import Effect, Fault, FaultAnswer, Moment, Reset
from tgwizard.model.failover_events import Event
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import AddressLocation, LocationKind, Power
from tgwizard.model.verdict import VerdictName
from tgwizard.model.watch_events import Observed, Source, SourceBack, SourceLost

GONE = FaultAnswer(500, '{"error": {"code": "InternalServerError", "message": "Encountered internal server error."}}')


def failing(made: Rig, path: str, *, nth: int = 1, times: int = 10_000, effect: Effect = GONE) -> None:
    made.lab.faults.add(Fault("GET", path, effect, nth, times))


def watching(made: Rig, **pace: float) -> tuple[Monitor, list[Event]]:
    events: list[Event] = []
    return Monitor(made.services, made.setup, events.append, Pace(**pace)), events


def told(events: list[Event], kind: type[SourceLost | SourceBack]) -> list[Source]:
    return [event.source for event in events if isinstance(event, kind)]


def watch_for(
    made: Rig, looks: int, *, during: Callable[[int], object] = lambda _: None, **pace: float
) -> list[Observed]:
    """Watch until so many rounds were seen. ``during`` is called with the number of each round, as it is reported."""
    cancel, seen = CancelToken(), list[Observed]()

    def report(event: Event) -> None:
        if isinstance(event, Observed):
            seen.append(event)
            during(len(seen))
            if len(seen) == looks:
                cancel.cancel()

    Monitor(made.services, made.setup, report, Pace(**pace)).watch(cancel)
    return seen


def pauses(seen: list[Observed]) -> list[float]:
    return [later.stamp.clock_s - sooner.stamp.clock_s for sooner, later in pairwise(seen)]


@pytest.mark.parametrize("change", ["a tag", "the move in one call"])
def test_that_a_watched_holder_stays_the_holder_while_an_update_of_its_interface_runs(change: str) -> None:
    made = rig()

    def happens(number: int) -> None:
        if number == 1 and change == "a tag":
            made.call("PUT", made.a.nic.text, {**made.nic(made.a).body, "tags": {"owner": "network"}})
        elif number == 1:
            source, target = ConfigurationId(made.a.nic, "tg-floating"), ConfigurationId(made.b.nic, "tg-floating-1")
            made.services.azure.network.move_configuration(
                source, target, made.setup.subnet, request_id="1", precondition=lambda: True
            )

    seen = watch_for(made, 5, during=happens, nics_s=1.5)
    updated = [item for item in seen if item.snapshot.seen(made.a).provisioning is Provisioning.UPDATING]
    assert updated
    assert {item.snapshot.place for item in updated} == {AddressLocation(LocationKind.MEMBER, made.a)}
    assert seen[-1].snapshot.place.member == (made.a if change == "a tag" else made.b)


def test_that_the_subnet_is_read_after_the_first_answer_and_then_seldom() -> None:
    made = rig()
    monitor, _ = watching(made, subnet_s=60.0)

    def asked() -> int:
        return sum("/subnets/" in record.path for record in made.lab.requests)

    assert monitor.look()[0].ranges.value is None
    assert monitor.look()[0].ranges.value == ("10.20.2.0/24",)
    made.clock.sleep(59.0)
    monitor.look()
    assert asked() == 1
    made.clock.sleep(2.0)
    monitor.look()
    assert asked() == 2


def test_that_a_subnet_that_may_not_be_read_is_no_lost_source() -> None:
    made = rig()
    failing(made, "/subnets/")
    monitor, events = watching(made)
    monitor.look()
    seen, verdict = monitor.look()
    assert seen.ranges.value is None
    assert seen.ranges.problem is not None
    assert verdict.name is VerdictName.IN_SYNC
    assert told(events, SourceLost) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("networkInterfaces/tg-node-a-inside", Source.FIRST_NIC),
        ("networkInterfaces/tg-node-b-inside", Source.SECOND_NIC),
        ("virtualMachines/tg-node-a", Source.FIRST_VM),
        ("virtualMachines/tg-node-b", Source.SECOND_VM),
    ],
)
def test_that_a_lost_source_is_told_once_and_its_return_once(path: str, source: Source) -> None:
    made = rig()
    failing(made, path, nth=2, times=2)
    monitor, events = watching(made, vms_s=0.0)
    for _ in range(5):
        monitor.look()
    assert told(events, SourceLost) == [source]
    assert told(events, SourceBack) == [source]
    lost, back = (
        next(n for n, event in enumerate(events) if isinstance(event, kind)) for kind in (SourceLost, SourceBack)
    )
    assert lost < back


def test_that_one_silent_source_does_not_stop_the_others() -> None:
    made = rig()
    failing(made, "networkInterfaces/tg-node-a-inside", nth=2)
    monitor, events = watching(made, vms_s=0.0)
    first, _ = monitor.look()
    made.edit(made.b, lambda body: body.update(tags={"seen": "yes"}))
    made.clock.sleep(60)
    made.call("POST", f"{made.b.vm.text}/deallocate").raise_for_status()
    made.clock.sleep(60)
    last, _ = monitor.look()
    read = last.seen(made.b).nic.value
    assert read is not None
    assert read.body["tags"] == {"seen": "yes"}
    assert last.seen(made.b).power is Power.DEALLOCATED
    kept = last.seen(made.a).nic
    assert kept.value == first.seen(made.a).nic.value
    assert kept.misses == 1
    assert kept.age_s(last.now) == pytest.approx(last.now - first.now)
    assert last.place.member == made.a
    assert told(events, SourceLost) == [Source.FIRST_NIC]


def test_that_a_broken_connection_is_a_lost_source_like_any_other() -> None:
    made = rig()
    failing(made, "networkInterfaces/tg-node-b-inside", effect=Reset(Moment.BEFORE_COMMIT))
    monitor, events = watching(made)
    snapshot, verdict = monitor.look()
    assert told(events, SourceLost) == [Source.SECOND_NIC]
    assert snapshot.seen(made.b).nic.value is None
    assert verdict.name is VerdictName.NOT_KNOWN


def test_that_others_are_asked_for_the_address_only_when_no_member_has_it() -> None:
    made = rig()
    monitor, events = watching(made)
    monitor.look()
    listings = [record for record in made.lab.requests if record.path.endswith("/networkInterfaces")]
    assert listings == []
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(30)
    snapshot, verdict = monitor.look()
    assert (snapshot.place.kind, verdict.name) == (LocationKind.NO_NIC, VerdictName.ON_NO_NIC)
    assert snapshot.elsewhere.value == ()
    assert told(events, SourceLost) == []


def test_that_the_interfaces_are_read_every_two_seconds_and_the_vms_every_ten() -> None:
    made = rig()
    seen = watch_for(made, 16)
    assert pauses(seen) == pytest.approx([2.0] * 15)
    reads = [record.path for record in made.lab.requests]
    assert sum("networkInterfaces" in path for path in reads) == 2 * 16
    assert sum("virtualMachines" in path for path in reads) == 2 * 4


def test_that_failing_reads_slow_the_loop_down_with_jitter_and_a_bound() -> None:
    made = rig()
    failing(made, "networkInterfaces/")
    slow = pauses(watch_for(made, 40, nics_s=2.0, worst_s=30.0))
    assert max(slow) <= 30.0
    assert slow[0] <= 2.0
    late = slow[10:]
    assert min(late) > 15.0
    assert len({round(pause, 6) for pause in late}) > 1, "two programs must not come back in step"


def test_that_one_silent_interface_slows_the_loop_down_too_and_its_return_ends_that() -> None:
    made = rig()
    failing(made, "networkInterfaces/tg-node-b-inside", times=8)
    seen = pauses(watch_for(made, 14))
    assert max(seen[:9]) > 15.0
    assert seen[-3:] == pytest.approx([2.0] * 3)


def test_that_a_silent_vm_does_not_slow_the_interfaces_down() -> None:
    made = rig()
    failing(made, "virtualMachines/")
    assert pauses(watch_for(made, 10)) == pytest.approx([2.0] * 9)


class Interrupted(VirtualClock):
    """A clock on which something happens during a sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.during: Callable[[], object] = lambda: None

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        super().sleep(seconds, cancel)
        self.during()


def test_that_read_now_ends_the_pause_and_reads_the_vms_as_well() -> None:
    clock = Interrupted()
    made = rig(clock=clock)
    cancel, seen = CancelToken(), list[Observed]()

    def report(event: Event) -> None:
        if isinstance(event, Observed):
            seen.append(event)
            if len(seen) == 3:
                cancel.cancel()

    monitor = Monitor(made.services, made.setup, report, Pace(nics_s=60.0, vms_s=3600.0))

    def during() -> None:
        if len(seen) == 1:
            monitor.read_now()

    clock.during = during
    monitor.watch(cancel)
    first, second = pauses(seen)
    assert first <= 0.5
    assert second == pytest.approx(60.0)
    assert sum("virtualMachines" in record.path for record in made.lab.requests) == 4


def test_that_a_wish_to_read_now_is_not_lost_between_two_rounds() -> None:
    made = rig()
    cancel = CancelToken()
    monitor = Monitor(made.services, made.setup, lambda _: None, Pace(vms_s=3600.0))
    monitor.look()
    monitor.read_now()
    monitor.report = lambda _: cancel.cancel()
    monitor.watch(cancel)
    assert sum("virtualMachines" in record.path for record in made.lab.requests) == 4


def test_that_a_cancel_ends_the_pause() -> None:
    clock = Interrupted()
    made = rig(clock=clock)
    cancel = CancelToken()
    clock.during = cancel.cancel
    Monitor(made.services, made.setup, lambda _: None, Pace(nics_s=3600.0)).watch(cancel)
    assert clock.monotonic() < 1.0


def test_that_each_change_of_verdict_is_journalled_and_nothing_in_between() -> None:
    made = rig()
    with closing(made.services.journal(made.setup)) as journal:
        monitor = Monitor(made.services, made.setup, lambda _: None, journal=journal)

        def looks(count: int) -> None:
            for _ in range(count):
                monitor.look()

        looks(3)
        made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
        looks(2)
        made.clock.sleep(30)
        looks(3)
        failing(made, "networkInterfaces/")
        looks(4)
        found = [record for record in reversed(journal.latest()) if isinstance(record, VerdictChanged)]
    assert [record.verdict for record in found] == ["in_sync", "moving", "on_no_nic", "not_known"]
    assert found[2].sentence == "On no NIC: 10.20.2.50 is attached to neither member"


def test_that_every_round_is_reported_whole() -> None:
    made = rig()
    monitor, events = watching(made)
    snapshot, verdict = monitor.look()
    assert events == [Observed(events[0].stamp, "edge-dallas", snapshot, verdict)]
    assert events[0].stamp.clock_s == snapshot.now
