"""Would a failover work now: every finding, for both verbs."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.model.seen import (
    ADDRESS,
    FOREIGN_NIC,
    FREE,
    HOLDS,
    SUBNET,
    UNREAD,
    A,
    B,
    Side,
    but,
    configuration,
    nic,
    snapshot,
)
from tgwizard.engine.readiness.readiness import readiness
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.finding import Finding, Level, Readiness, ReadinessState
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.snapshot import MISSES_UNTIL_STALE, STALE_AFTER_S, Power, Reading, Snapshot

UPDATING = Provisioning.UPDATING
GRACEFUL, FORCED = Verb.GRACEFUL, Verb.FORCED
DOWN = (Power.STOPPED, Power.DEALLOCATED, Power.STOPPING, Power.DEALLOCATING)
VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)


def code(world: Snapshot, verb: Verb, to: Member = B) -> str | None:
    """The code of the first thing that stops the verb, None when it may start."""
    problem = readiness(world, to, verb).reason_against(unknown_stops=verb is Verb.GRACEFUL)
    return problem.code if problem else None


def level(found: Readiness, fact: str) -> Level:
    matching = [finding for finding in found.findings if fact in finding.fact]
    assert len(matching) == 1, [finding.fact for finding in found.findings]
    return matching[0].level


@VERBS
def test_that_a_healthy_cluster_is_ready_and_every_fact_passed(verb: Verb) -> None:
    found = readiness(snapshot(), B, verb)
    assert code(snapshot(), verb) is None
    if verb is GRACEFUL:
        assert found.state is ReadinessState.READY
        assert {finding.level for finding in found.findings} == {Level.PASSED, Level.NOTE}
        assert found.reasons == ()


@VERBS
@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        (("10.20.9.0/24", "fd00::/64"), "address-outside-subnet"),
        (("no range", "10.20.2.0/24"), None),
        (("10.20.2.48/29",), "address-reserved"),
        (None, None),
    ],
)
def test_that_an_address_its_subnet_cannot_hold_blocks_and_one_not_compared_does_not(
    verb: Verb, ranges: tuple[str, ...] | None, why: str | None
) -> None:
    world = replace(snapshot(), ranges=Reading() if ranges is None else Reading(ranges, 0.0))
    assert code(world, verb) == why


def test_that_a_forced_failover_from_a_running_member_is_at_risk_and_says_why() -> None:
    found = readiness(snapshot(), B, FORCED)
    assert found.state is ReadinessState.AT_RISK
    assert found.reasons == ("Trustgrid is not told about this move",)


@pytest.mark.parametrize(
    ("world", "graceful", "forced"),
    [
        pytest.param(snapshot(FREE, HOLDS), "already-holder", "already-holder", id="target holds it"),
        pytest.param(
            snapshot(FREE, FREE, elsewhere=(FOREIGN_NIC,)), "address-taken", "address-taken", id="a stranger has it"
        ),
        pytest.param(snapshot(FREE, FREE), "no-holder", None, id="on no interface"),
        pytest.param(snapshot(HOLDS, HOLDS), "contradiction", None, id="both name it"),
        pytest.param(snapshot(HOLDS, UNREAD), "nic-not-read", None, id="not read yet"),
        pytest.param(snapshot(HOLDS, but(UNREAD, misses=1)), "nic-not-read", "nic-not-read", id="could not be read"),
        pytest.param(snapshot(but(HOLDS, age_s=STALE_AFTER_S + 1)), "readings-old", None, id="read too long ago"),
        pytest.param(snapshot(but(HOLDS, misses=MISSES_UNTIL_STALE)), "readings-old", None, id="missed three times"),
        pytest.param(snapshot(but(HOLDS, state=UPDATING)), "nic-busy", None, id="losing interface busy"),
        pytest.param(snapshot(HOLDS, but(FREE, state=UPDATING)), "nic-busy", None, id="gaining interface busy"),
        pytest.param(
            snapshot(but(HOLDS, state=Provisioning.DELETING)), "nic-busy", None, id="losing interface being deleted"
        ),
        pytest.param(snapshot(but(HOLDS, state=Provisioning.FAILED)), None, None, id="losing interface failed"),
        pytest.param(snapshot(HOLDS, but(FREE, state=Provisioning.FAILED)), None, None, id="gaining interface failed"),
        pytest.param(snapshot(HOLDS, but(FREE, power=None)), "power-not-known", None, id="gaining power not read"),
        pytest.param(snapshot(but(HOLDS, power=None)), "power-not-known", None, id="losing power not read"),
        pytest.param(
            snapshot(but(HOLDS, power=Power.NOT_KNOWN)), "power-not-known", None, id="losing power not understood"
        ),
        pytest.param(
            snapshot(HOLDS, but(FREE, power=Power.STARTING)),
            "gaining-member-starting",
            None,
            id="gaining member starting",
        ),
        pytest.param(
            snapshot(but(HOLDS, power=Power.STARTING)), "losing-member-starting", None, id="losing member starting"
        ),
    ],
)
def test_that_each_state_stops_the_verbs_that_it_must(
    world: Snapshot, graceful: str | None, forced: str | None
) -> None:
    assert (code(world, GRACEFUL), code(world, FORCED)) == (graceful, forced)


@pytest.mark.parametrize("power", DOWN, ids=lambda power: power.value)
def test_that_a_target_that_is_down_stops_both_verbs_and_a_holder_that_is_down_stops_graceful(power: Power) -> None:
    gaining = snapshot(HOLDS, but(FREE, power=power))
    assert code(gaining, GRACEFUL) == code(gaining, FORCED) == "gaining-member-down"
    consented = readiness(gaining, B, FORCED, to_dead_machine=True)
    assert level(consented, "tg-node-b is") is Level.WARNS
    assert consented.reason_against(unknown_stops=False) is None
    assert readiness(gaining, B, GRACEFUL, to_dead_machine=True).state is ReadinessState.BLOCKED
    losing = snapshot(but(HOLDS, power=power))
    assert code(losing, GRACEFUL) == "losing-member-down"
    assert code(losing, FORCED) is None
    assert level(readiness(losing, B, FORCED), "tg-node-a is") is Level.PASSED


def test_that_what_is_not_known_stops_graceful_only_unless_accepted() -> None:
    found = readiness(snapshot(HOLDS, but(FREE, power=None)), B, GRACEFUL)
    assert found.state is ReadinessState.NOT_KNOWN
    assert found.reason_against(unknown_stops=True) is not None
    assert found.reason_against(unknown_stops=False) is None


def test_that_an_azure_that_has_not_answered_yet_is_told_from_one_that_failed_to() -> None:
    fresh, failing = (
        readiness(snapshot(UNREAD, UNREAD), B, GRACEFUL),
        readiness(snapshot(HOLDS, but(UNREAD, misses=1)), B, GRACEFUL),
    )
    assert level(fresh, "could not be read") is Level.NOT_KNOWN
    assert "Azure has not answered yet." in fresh.reasons[0]
    assert level(failing, "could not be read") is Level.BLOCKS
    assert "Azure could not be reached." in failing.reasons[0]


def test_that_the_age_limit_is_met_exactly_at_thirty_seconds() -> None:
    assert code(snapshot(but(HOLDS, age_s=STALE_AFTER_S)), GRACEFUL) is None


def _bare(subnet: str, *, primary: bool = True) -> NicDocument:
    items = [configuration("ipconfig1", "10.20.2.12", primary=primary), configuration("other", "10.20.2.13")]
    for item in items:
        item["properties"]["subnet"] = {"id": subnet}
    return NicDocument.parse(
        {"properties": {"provisioningState": "Succeeded", "ipConfigurations": items, "virtualMachine": {"id": "vm"}}}
    )


@VERBS
def test_that_an_interface_in_another_subnet_cannot_get_the_address(verb: Verb) -> None:
    world = snapshot(HOLDS, but(FREE, document=_bare(SUBNET.replace("snet-inside", "snet-outside"))))
    assert code(world, verb) == "other-subnet"


@VERBS
def test_that_the_case_of_the_subnet_does_not_matter(verb: Verb) -> None:
    assert code(snapshot(HOLDS, but(FREE, document=_bare(SUBNET.upper()))), verb) is None


@VERBS
def test_that_an_interface_without_a_primary_configuration_cannot_get_the_address(verb: Verb) -> None:
    assert code(snapshot(HOLDS, but(FREE, document=_bare(SUBNET, primary=False))), verb) == "no-primary"


@VERBS
def test_that_a_floating_ip_that_is_a_primary_address_is_never_moved(verb: Verb) -> None:
    world = snapshot(but(HOLDS, document=nic(ADDRESS)))
    assert code(world, verb) == "floating-is-primary"


def test_that_a_failed_last_update_is_a_warning() -> None:
    found = readiness(snapshot(HOLDS, but(FREE, state=Provisioning.FAILED)), B, GRACEFUL)
    assert found.state is ReadinessState.AT_RISK
    assert level(found, "last update of tg-node-b-inside failed") is Level.WARNS


def test_that_forced_from_no_interface_is_a_note_and_no_obstacle() -> None:
    assert level(readiness(snapshot(FREE, FREE), B, FORCED), "on no network interface") is Level.NOTE


def test_that_the_zone_is_told_where_there_is_one() -> None:
    evidence = {
        finding.fact: finding.evidence
        for finding in readiness(snapshot(HOLDS, but(FREE, zone="")), B, GRACEFUL).findings
    }
    assert evidence["tg-node-a is running"] == "zone 1"
    assert evidence["tg-node-b is running"] == ""


def test_that_the_worst_comes_first_and_every_obstacle_has_a_sentence() -> None:
    sides = [
        Side(lists, state, power, misses=misses)
        for lists in (True, False, None)
        for state in Provisioning
        for power in (*Power, None)
        for misses in (0, MISSES_UNTIL_STALE)
    ]
    order = list(Level)
    for first, second, verb in itertools.product(sides, sides[::7], Verb):
        found = readiness(snapshot(first, second), B, verb)
        places = [order.index(finding.level) for finding in found.findings]
        assert places == sorted(places)
        assert all(_explained(finding) for finding in found.findings)


def _explained(finding: Finding) -> bool:
    if finding.level in (Level.BLOCKS, Level.NOT_KNOWN):
        return finding.problem is not None and finding.problem.what.endswith(".")
    return bool(finding.fact)


def test_that_no_finding_at_all_is_not_called_ready() -> None:
    assert Readiness.of([]).state is ReadinessState.NOT_KNOWN


def test_that_the_direction_decides_who_is_asked() -> None:
    world: Any = snapshot(but(HOLDS, power=Power.STOPPED), FREE)
    assert code(world, GRACEFUL, A) == "already-holder"
    assert code(world, GRACEFUL, B) == "losing-member-down"
