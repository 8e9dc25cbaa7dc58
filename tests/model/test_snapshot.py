"""Where the address is, by what two interfaces say: the whole table."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tests.model.seen import FOREIGN_NIC, FREE, HOLDS, NOW, UNREAD, A, B, Side, but, snapshot
from tgwizard.model.cluster import Member, ResourceId
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import AddressLocation, LocationKind, Power, Reading

UPDATING = Provisioning.UPDATING
UNKNOWN = Provisioning.UNKNOWN


@pytest.mark.parametrize(
    ("first", "second", "elsewhere", "kind", "member"),
    [
        (HOLDS, FREE, (), LocationKind.MEMBER, A),
        (FREE, HOLDS, (), LocationKind.MEMBER, B),
        (but(HOLDS, state=Provisioning.FAILED), FREE, (), LocationKind.MEMBER, A),
        (HOLDS, but(FREE, state=UPDATING), (), LocationKind.MEMBER, A),
        (HOLDS, UNREAD, (), LocationKind.MEMBER, A),
        (but(HOLDS, state=UPDATING), FREE, (), LocationKind.ATTACHING, A),
        (but(FREE, state=UPDATING), FREE, (), LocationKind.RELEASING, A),
        (but(HOLDS, state=UNKNOWN), FREE, (), LocationKind.ATTACHING, A),
        (but(FREE, state=UNKNOWN), FREE, (), LocationKind.RELEASING, A),
        (FREE, but(FREE, state=UPDATING), (), LocationKind.RELEASING, B),
        (FREE, FREE, (), LocationKind.NO_NIC, None),
        (FREE, FREE, None, LocationKind.NO_NIC, None),
        (but(FREE, state=Provisioning.FAILED), FREE, (), LocationKind.NO_NIC, None),
        (HOLDS, HOLDS, (), LocationKind.BOTH, None),
        (FREE, UNREAD, (), LocationKind.NOT_KNOWN, None),
        (UNREAD, UNREAD, (), LocationKind.NOT_KNOWN, None),
    ],
)
def test_that_the_place_follows_from_both_interfaces(
    first: Side, second: Side, elsewhere: tuple[ResourceId, ...] | None, kind: LocationKind, member: Member | None
) -> None:
    place = snapshot(first, second, elsewhere=elsewhere).place
    assert (place.kind, place.member, place.foreign_nic) == (kind, member, None)


def test_that_an_update_of_the_interface_that_has_the_address_is_no_arrival() -> None:
    world = snapshot(but(HOLDS, state=UPDATING), but(FREE, state=UPDATING))
    first, second = world.members
    assert replace(world, members=(replace(first, held=True), second)).place == AddressLocation(LocationKind.MEMBER, A)
    assert world.place == AddressLocation(LocationKind.ATTACHING, A)


def test_that_a_stranger_is_named_only_when_no_member_has_to_do_with_the_address() -> None:
    for first, second in itertools.product((HOLDS, FREE, but(FREE, state=UPDATING), UNREAD), repeat=2):
        place = snapshot(first, second, elsewhere=(FOREIGN_NIC,)).place
        assert (place.foreign_nic == FOREIGN_NIC) == (first == FREE and second == FREE)


def test_that_no_combination_of_readings_is_left_without_a_place() -> None:
    sides = [Side(lists, state) for lists in (True, False) for state in Provisioning] + [UNREAD]
    for first, second in itertools.product(sides, repeat=2):
        place = snapshot(first, second).place
        needs_member = place.kind in (LocationKind.MEMBER, LocationKind.ATTACHING, LocationKind.RELEASING)
        assert (place.member is not None) == needs_member


def test_that_a_failed_try_keeps_the_old_value_with_its_age_and_counts() -> None:
    from tests.model.seen import SILENT

    first: Reading[int] = Reading()
    assert first.age_s(NOW) is None
    good = first.good(7, NOW)
    missed = good.missed(SILENT).missed(SILENT)
    assert (missed.value, missed.age_s(NOW + 5), missed.problem, missed.misses) == (7, 5.0, SILENT, 2)
    assert missed.good(8, NOW + 6) == Reading(8, NOW + 6)


def test_that_an_age_is_never_negative() -> None:
    assert Reading(1, NOW).age_s(NOW - 3) == 0.0


def test_that_the_older_interface_decides_the_age_and_a_missing_one_leaves_it_unknown() -> None:
    assert snapshot(but(HOLDS, age_s=2), but(FREE, age_s=9)).oldest_nic_age_s() == 9
    assert snapshot(HOLDS, UNREAD).oldest_nic_age_s() is None


def test_that_what_was_never_read_is_not_known() -> None:
    seen = snapshot(HOLDS, UNREAD).seen(B)
    assert (seen.lists("10.20.2.50"), seen.provisioning, seen.power) == (None, None, Power.NOT_KNOWN)
