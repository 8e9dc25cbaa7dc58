"""Whose rights count for what: read, kept with their age, and told when nobody was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.worlds import WRITE, changed, without
from tests.rig import Rig, rig
from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import rehearse
from tgwizard.engine.observe import Observer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness
from tgwizard.engine.readiness.known_rights import GOOD_FOR_S, RIGHTS_NOT_ASKED, KnownRights, ask_rights
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import ClusterReadiness, ClusterState
from tgwizard.model.finding import Level, ReadinessState
from tgwizard.model.snapshot import Snapshot

MOST_READS = 24
World = dict[str, Any]


def _principal(world: World, name: str) -> str:
    vm = next(item for item in world["resources"].values() if item["name"] == name and "virtualMachines" in item["id"])
    return str(vm["identity"]["principalId"])


def no_assignment(world: World) -> None:
    del world["authorization"]["assignments"][_principal(world, "tg-node-b")]


def no_assignment_of_the_holder(world: World) -> None:
    del world["authorization"]["assignments"][_principal(world, "tg-node-a")]


def no_role(world: World) -> None:
    """The role was deleted; whoever deletes one deletes its assignments first."""
    no_assignment(world)
    no_assignment_of_the_holder(world)
    world["authorization"]["roles"].clear()


def no_identity(world: World) -> None:
    vm = next(
        item for item in world["resources"].values() if item["name"] == "tg-node-b" and "virtualMachines" in item["id"]
    )
    vm["identity"] = None


def no_write(world: World) -> None:
    for history in world["authorization"]["roles"].values():
        (entry,) = history["versions"][-1]["permissions"]
        entry["actions"] = [action for action in entry["actions"] if action != WRITE]


def denied(world: World) -> None:
    scope = next(item["id"] for item in world["resources"].values() if item["name"] == "tg-node-b-inside")
    world["authorization"]["deny"].append(
        {
            "guid": "11111111-2222-3333-4444-555555555555",
            "name": "managed application",
            "scope": scope,
            "actions": [WRITE],
            "not_actions": [],
            "principals": [_principal(world, "tg-node-b")],
            "excluded": [],
            "description": "",
            "this_scope_only": False,
        }
    )


DAMAGES = pytest.mark.parametrize(
    "damage", [no_assignment, no_assignment_of_the_holder, no_role, no_identity, no_write, denied]
)


def look(made: Rig) -> Snapshot:
    return Observer(made.services.azure, made.services.clock, made.setup).look()


def asked(made: Rig, snapshot: Snapshot) -> KnownRights:
    return ask_rights(made.services.azure, made.services.clock, snapshot, made.b)


def told(made: Rig) -> ClusterReadiness:
    snapshot = look(made)
    return cluster_readiness(snapshot, asked(made, snapshot))


def live(made: Rig) -> Rig:
    return replace(made, setup=replace(made.setup, cloud="public"))


def test_that_whole_rights_leave_a_healthy_cluster_ready_and_are_read_within_a_bound() -> None:
    made = rig()
    before = len(made.lab.requests)
    found = told(made)
    sent = made.lab.requests[before:]
    assert {record.method for record in sent} == {"GET"}
    assert len(sent) <= MOST_READS
    assert (found.state, found.graceful.state) == (ClusterState.IN_SYNC, ReadinessState.READY)
    assert [found.of(verb).rights_age_s for verb in Verb] == [0.0, 0.0]


@DAMAGES
def test_that_members_that_cannot_move_it_are_told_where_we_move_it_ourselves(damage: Callable[[World], None]) -> None:
    found = told(changed(damage))
    assert found.graceful.state is ReadinessState.AT_RISK
    assert "tg-node" in found.graceful.why
    assert (found.state, found.verdict.name.value) == (ClusterState.AT_RISK, "in_sync")
    assert found.sentence.startswith("tg-node-a holds 10.20.2.50. A failover is at risk: ")


@DAMAGES
def test_that_members_that_cannot_move_it_block_graceful_where_trustgrid_moves_it(
    damage: Callable[[World], None],
) -> None:
    found = told(live(changed(damage)))
    assert found.graceful.state is ReadinessState.BLOCKED
    assert found.forced.possible
    assert found.state is ClusterState.AT_RISK
    assert "No graceful failover is possible: " in found.sentence


def test_that_an_operator_who_may_only_read_blocks_what_we_write_and_nothing_that_the_members_do() -> None:
    lab = told(without(WRITE))
    assert [lab.of(verb).state for verb in Verb] == [ReadinessState.BLOCKED] * 2
    assert lab.state is ClusterState.BLOCKED
    assert "No failover is possible: You may not write tg-node-b-inside" in lab.sentence
    pair = told(live(without(WRITE)))
    assert (pair.graceful.state, pair.forced.state) == (ReadinessState.READY, ReadinessState.BLOCKED)
    assert pair.state is ClusterState.IN_SYNC


def test_that_rights_that_cannot_be_read_are_not_known() -> None:
    made = live(rig())
    made.lab.faults.add(Fault("GET", "roleAssignments", FaultAnswer(503, ""), times=99))
    found = told(made)
    assert found.graceful.state is ReadinessState.NOT_KNOWN
    assert found.state is ClusterState.NOT_KNOWN
    assert found.forced.possible


def test_that_the_operators_rights_are_not_known_while_denials_cannot_be_read() -> None:
    made = rig()
    refused = FaultAnswer(403, '{"error": {"code": "AuthorizationFailed", "message": "No."}}')
    made.lab.faults.add(Fault("GET", "denyAssignments", refused, times=None))
    found = told(made)
    assert [found.of(verb).state for verb in Verb] == [ReadinessState.NOT_KNOWN] * 2
    unsure = [item for item in found.graceful.findings.findings if item.level is Level.NOT_KNOWN]
    assert "Whether you may write tg-node-b-inside is not known" in {item.fact for item in unsure}
    assert all("deny assignments" in item.evidence for item in unsure)
    assert not any(item.fact.startswith("You may write") for item in found.graceful.findings.findings)


def test_that_a_fleet_says_that_nobody_was_asked() -> None:
    found = cluster_readiness(look(rig()))
    assert found.graceful.state is ReadinessState.READY
    assert any(note.startswith("Rights not asked") for note in found.graceful.notes)
    assert found.graceful.rights_age_s is None
    pair = cluster_readiness(look(live(rig())))
    assert "Rights not asked: those of the members' identities" in pair.graceful.notes


def test_that_good_rights_grow_old_and_bad_ones_stay() -> None:
    good, bad = rig(), changed(no_assignment)
    for made in (good, bad):
        snapshot = look(made)
        rights = asked(made, snapshot)
        later = replace(snapshot, now=snapshot.now + GOOD_FOR_S + 60)
        first, second = (
            replace(seen, nic=replace(seen.nic, read_at=later.now), vm=replace(seen.vm, read_at=later.now))
            for seen in later.members
        )
        fresh = replace(later, members=(first, second))
        assert not rights.is_due(made.b, snapshot.now)
        assert rights.is_due(made.b, later.now)
        found = cluster_readiness(fresh, rights)
        assert "Rights last asked 11 min ago: they may have changed since" in found.graceful.notes
        assert not any("Rights and locks checked" in item.fact for item in found.graceful.findings.findings)
        assert (found.graceful.state is ReadinessState.AT_RISK) is (made is bad)


def test_that_rights_of_one_direction_say_nothing_of_the_other() -> None:
    made = rig()
    snapshot = look(made)
    assert asked(made, snapshot).of(Writer.OPERATOR, made.a, Verb.GRACEFUL) is None
    assert asked(made, snapshot).is_due(made.a, snapshot.now)


def test_that_what_a_check_has_found_takes_the_place_of_what_was_read() -> None:
    made = without(WRITE)
    checked = rehearse(made.services, made.setup, made.b, Verb.FORCED, made.events.append, CancelToken())
    known = RIGHTS_NOT_ASKED.with_checked(checked)
    found = known.of(Writer.OPERATOR, made.b, Verb.FORCED)
    assert found is not None
    assert found.findings == checked.asked
    assert known.of(Writer.OPERATOR, made.b, Verb.GRACEFUL) is None
    assert cluster_readiness(look(made), known).forced.state is ReadinessState.BLOCKED


def test_that_nobody_is_asked_about_rights_while_an_interface_cannot_be_read() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "tg-node-b-inside", FaultAnswer(503, ""), times=99))
    snapshot = look(made)
    before = len(made.lab.requests)
    assert asked(made, snapshot) is RIGHTS_NOT_ASKED
    assert len(made.lab.requests) == before
