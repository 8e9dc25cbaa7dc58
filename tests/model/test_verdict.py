"""The verdict: every state a snapshot of Azure can mean, and its words."""

from __future__ import annotations

import itertools

import pytest

from tests.model.seen import FOREIGN_NIC, FREE, HOLDS, SILENT, UNREAD, Side, but, snapshot
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import MISSES_UNTIL_STALE, Power, Snapshot
from tgwizard.model.verdict import VerdictName, assess

_NEEDS_TRUSTGRID = {VerdictName.TWO_ACTIVE, VerdictName.NO_ACTIVE, VerdictName.WRONG_HOLDER}
_DOWN = (Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.DEALLOCATING)
UPDATING = Provisioning.UPDATING


@pytest.mark.parametrize(
    ("world", "name", "sentence"),
    [
        (snapshot(), VerdictName.IN_SYNC, "In sync: tg-node-a holds 10.20.2.50"),
        (snapshot(FREE, HOLDS), VerdictName.IN_SYNC, "In sync: tg-node-b holds 10.20.2.50"),
        (snapshot(FREE, FREE), VerdictName.ON_NO_NIC, "On no NIC: 10.20.2.50 is attached to neither member"),
        (
            snapshot(FREE, FREE, elsewhere=(FOREIGN_NIC,)),
            VerdictName.FOREIGN_NIC,
            "Taken: vm-app-01-nic holds 10.20.2.50",
        ),
        (
            snapshot(but(HOLDS, power=Power.DEALLOCATED)),
            VerdictName.MEMBER_DOWN,
            "Member down: tg-node-a holds 10.20.2.50 and is deallocated",
        ),
        (
            snapshot(but(HOLDS, state=UPDATING)),
            VerdictName.MOVING,
            "Moving: 10.20.2.50 is being attached to tg-node-a",
        ),
        (
            snapshot(but(FREE, state=UPDATING), FREE),
            VerdictName.MOVING,
            "Moving: 10.20.2.50 is being moved, an update runs on tg-node-a",
        ),
        (snapshot(HOLDS, HOLDS), VerdictName.NOT_KNOWN, "Not known: both network interfaces name 10.20.2.50"),
        (snapshot(UNREAD, UNREAD), VerdictName.NOT_KNOWN, "Reading Azure"),
        (
            snapshot(HOLDS, but(UNREAD, misses=1)),
            VerdictName.NOT_KNOWN,
            "Not known: the interface of tg-node-b could not be read",
        ),
        (
            snapshot(but(HOLDS, age_s=14), but(FREE, misses=MISSES_UNTIL_STALE, age_s=40)),
            VerdictName.NOT_KNOWN,
            "Last known 40 s ago: tg-node-a held 10.20.2.50",
        ),
        (
            snapshot(FREE, but(FREE, misses=MISSES_UNTIL_STALE, age_s=40)),
            VerdictName.NOT_KNOWN,
            "Last known 40 s ago: 10.20.2.50 was on no member",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_that_each_state_has_its_name_and_its_sentence(world: Snapshot, name: VerdictName, sentence: str) -> None:
    verdict = assess(world)
    assert (verdict.name, verdict.sentence) == (name, sentence)


def _all_worlds() -> list[Snapshot]:
    sides = [
        Side(lists, state, power, misses=misses)
        for lists in (True, False)
        for state in (Provisioning.SUCCEEDED, UPDATING, Provisioning.FAILED)
        for power in (Power.RUNNING, Power.STOPPED, None)
        for misses in (0, MISSES_UNTIL_STALE)
    ]
    others: tuple[Snapshot, ...] = ()
    for first, second in itertools.product([*sides, UNREAD, but(UNREAD, misses=1)], repeat=2):
        others += tuple(snapshot(first, second, elsewhere=elsewhere) for elsewhere in ((), (FOREIGN_NIC,), None))
    return list(others)


def test_that_azure_alone_gives_every_state_but_those_that_need_trustgrid() -> None:
    assert {assess(world).name for world in _all_worlds()} == set(VerdictName) - _NEEDS_TRUSTGRID


def test_that_every_verdict_has_a_sentence_and_calm_words() -> None:
    for world in _all_worlds():
        verdict = assess(world)
        text = f"{verdict.sentence} {verdict.detail}"
        assert verdict.sentence
        assert not any(word in text.lower() for word in ("!", "please", "successfully", "none holds", "none was"))


@pytest.mark.parametrize("power", _DOWN, ids=lambda power: power.value)
def test_that_a_holder_that_does_not_run_is_down_and_the_other_way_out_is_named(power: Power) -> None:
    verdict = assess(snapshot(FREE, but(HOLDS, power=power)))
    assert verdict.name is VerdictName.MEMBER_DOWN
    assert "moves the address to tg-node-a" in verdict.detail


@pytest.mark.parametrize("power", [Power.RUNNING, Power.STARTING, Power.NOT_KNOWN, None])
def test_that_a_holder_whose_power_is_not_known_is_not_called_down(power: Power | None) -> None:
    assert assess(snapshot(but(HOLDS, power=power))).name is VerdictName.IN_SYNC


def test_that_the_standby_being_down_is_a_detail() -> None:
    verdict = assess(snapshot(HOLDS, but(FREE, power=Power.STOPPED)))
    assert verdict.name is VerdictName.IN_SYNC
    assert "tg-node-b is stopped." in verdict.detail


def test_that_a_failed_last_update_of_the_holder_is_a_detail() -> None:
    verdict = assess(snapshot(but(HOLDS, state=Provisioning.FAILED)))
    assert verdict.name is VerdictName.IN_SYNC
    assert "The last update of tg-node-a-inside failed." in verdict.detail


def test_that_two_missed_reads_do_not_make_the_picture_out_of_date_and_the_third_does() -> None:
    assert assess(snapshot(HOLDS, but(FREE, misses=2))).name is VerdictName.IN_SYNC
    stale = assess(snapshot(HOLDS, but(FREE, misses=3)))
    assert stale.name is VerdictName.NOT_KNOWN
    assert stale.detail == SILENT.sentence()


def test_that_an_unread_neighbourhood_is_said_when_the_address_is_on_no_nic() -> None:
    assert "could not be read" in assess(snapshot(FREE, FREE, elsewhere=None)).detail
    assert "could not be read" not in assess(snapshot(FREE, FREE)).detail
