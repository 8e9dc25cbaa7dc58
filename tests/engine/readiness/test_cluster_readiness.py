"""The one answer that everything shows: every combination of power, interface, rights, verb and age."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from tests.model.seen import ADDRESS, FOREIGN_NIC, FREE, HOLDS, NOW, UNREAD, A, B, Side, but, nic, snapshot
from tgwizard.engine.access.required_rights import Writer
from tgwizard.engine.readiness.cluster_readiness import cluster_readiness, target_of
from tgwizard.engine.readiness.known_rights import RIGHTS_NOT_ASKED, KnownRights, RightsFound
from tgwizard.engine.readiness.readiness import consent_to_dead
from tgwizard.engine.runs.cluster_lock import cluster_in_use
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import Advice, ClusterReadiness, ClusterState
from tgwizard.model.finding import Finding, Level, Readiness, ReadinessState
from tgwizard.model.nic import NicDocument, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.snapshot import DOWN, STALE_AFTER_S, MemberSeen, Power, Reading, Snapshot
from tgwizard.model.verdict import VerdictName

GONE = Problem("not-found", "It could not be read.", "It does not exist in that resource group.")
UPDATING, FAILED = Provisioning.UPDATING, Provisioning.FAILED
POWERS = (*(power for power in Power if power is not Power.NOT_KNOWN), None)
NICS = ("whole", "updating", "failed", "unattached", "gone")
RIGHTS = ("not asked", "good", "missing", "not known", "members lack", "good, long ago")
HELD = "tg-node-a holds 10.20.2.50."
AGES = (STALE_AFTER_S, STALE_AFTER_S + 1)


def _unattached(*, lists: bool) -> NicDocument:
    document = nic("10.20.2.11", floating=lists)
    properties = {key: value for key, value in document.body["properties"].items() if key != "virtualMachine"}
    return NicDocument.parse({**document.body, "properties": properties})


@cache
def side(power: Power | None, kind: str, age_s: float, *, lists: bool) -> Side:
    state = {"updating": UPDATING, "failed": FAILED}.get(kind, Provisioning.SUCCEEDED)
    document = _unattached(lists=lists) if kind == "unattached" else None
    return Side(lists, state, power, age_s=age_s, document=document)


def world(first: Side, second: Side, kinds: tuple[str, str]) -> Snapshot:
    made = snapshot(first, second)

    def known(seen: MemberSeen, kind: str) -> MemberSeen:
        vm = Reading(None, NOW, GONE, gone=True) if seen.power is Power.GONE else seen.vm
        if vm.gone and kind != "unattached" and seen.nic.value is not None:  # a VM that is gone has no interface
            lists = seen.lists(ADDRESS) or False
            seen = replace(seen, nic=replace(seen.nic, value=_unattached(lists=lists)))
        interface = seen.nic.vanished(GONE, seen.nic.read_at or NOW) if kind == "gone" else seen.nic
        return replace(seen, vm=vm, nic=interface)

    one, other = made.members
    return replace(made, members=(known(one, kinds[0]), known(other, kinds[1])))


@cache
def rights(kind: str) -> KnownRights:
    if kind == "not asked":
        return RIGHTS_NOT_ASKED
    good = Readiness.of([Finding(Level.PASSED, "You may write it")])
    missing = Readiness.of([Finding(Level.BLOCKS, "It may not be written", "", Problem("right-missing", "It is."))])
    unknown = Readiness.of([Finding(Level.NOT_KNOWN, "Not known", "", Problem("right-not-known", "It is."))])
    own = {"missing": missing, "not known": unknown}.get(kind, good)
    members = {"missing": missing, "not known": unknown, "members lack": missing}.get(kind, good)
    at = NOW - 3600 if "long ago" in kind else NOW
    by = {Writer.OPERATOR: own, Writer.MEMBERS: members}
    return KnownRights("tg-node-b", tuple(RightsFound(who, verb, at, by[who]) for who in Writer for verb in Verb))


@dataclass(frozen=True)
class Case:
    """One world and what was said of it."""

    losing: Power | None
    gaining: Power | None
    kinds: tuple[str, str]
    rights: str
    age_s: float
    live: bool
    found: ClusterReadiness


def cases() -> Iterator[Case]:
    pairs = [(kind, "whole") for kind in NICS] + [("whole", kind) for kind in NICS[1:]]
    for losing, gaining, kinds, known, age_s, live in itertools.product(
        POWERS, POWERS, pairs, RIGHTS, AGES, (False, True)
    ):
        made = world(side(losing, kinds[0], age_s, lists=True), side(gaining, kinds[1], age_s, lists=False), kinds)
        made = replace(made, setup=replace(made.setup, cloud="public")) if live else made
        yield Case(losing, gaining, kinds, known, age_s, live, cluster_readiness(made, rights(known), to=B))


def test_that_no_combination_gives_harmful_advice() -> None:
    count = advised = 0
    for case in cases():
        count += 1
        advised += _judge(case)
    assert count >= 13_000
    assert advised >= 100


def _judge(case: Case) -> bool:
    """Every rule, for one case; whether forced was called the right choice."""
    found = case.found
    graceful, forced = found.graceful, found.forced
    stale = case.age_s > STALE_AFTER_S
    target_dead = case.gaining in DOWN or case.kinds[1] in ("unattached", "gone")
    holder_dead = case.losing in DOWN or case.kinds[0] in ("unattached", "gone")
    gone = "gone" in case.kinds
    assert found.stale is stale
    if stale:
        _judge_stale(found)
        return False
    _judge_rights(case)
    # A target that is known to be unable to serve stops both verbs, and is never advised.
    if target_dead:
        assert (graceful.state, forced.state) == (ReadinessState.BLOCKED, ReadinessState.BLOCKED)
        assert not forced.recommended
    assert not graceful.recommended
    assert graceful.state is ReadinessState.BLOCKED or not gone
    # A power that could not be read is not known, and does not stop forced.
    if case.gaining is None and case.kinds[1] == "whole" and case.kinds[0] in ("whole", "failed"):
        assert forced.possible or case.rights == "missing"
        assert graceful.state in (ReadinessState.NOT_KNOWN, ReadinessState.BLOCKED)
    # Consent is asked for nothing but a dead target, and whatever else blocks is not consented away.
    assert forced.needs_consent is (target_dead and case.kinds[1] != "gone" and case.rights != "missing")
    assert bool(forced.consent) is forced.needs_consent
    # The right choice needs a bad holder and a good target.
    if forced.recommended:
        assert holder_dead
        assert case.gaining is Power.RUNNING
        assert case.kinds[0] in ("unattached", "gone") or case.losing in (
            Power.STOPPED,
            Power.DEALLOCATED,
            Power.GONE,
        )
    # A holder without a running VM is down, and nothing of it is in sync.
    if holder_dead and case.kinds[0] not in ("gone", "updating"):
        assert found.verdict.name is VerdictName.MEMBER_DOWN
    if found.state is ClusterState.IN_SYNC:
        assert not holder_dead
        assert not target_dead
        assert graceful.state is ReadinessState.READY
    return forced.recommended


def _judge_stale(found: ClusterReadiness) -> None:
    """Stale is never green, and never red either: all is last known."""
    assert found.verdict.name is VerdictName.NOT_KNOWN
    assert found.state is ClusterState.NOT_KNOWN
    assert "Last known" in found.sentence
    assert {verb.advice for verb in (found.graceful, found.forced)} == {Advice.NOT_KNOWN}
    assert not any(item.level is Level.PASSED for item in found.graceful.findings.findings)


def _judge_rights(case: Case) -> None:
    """Whose rights count, and who is told."""
    graceful, forced, gone = case.found.graceful, case.found.forced, "gone" in case.kinds
    if case.rights == "missing" and case.losing is Power.RUNNING and case.gaining is Power.RUNNING and not gone:
        assert ReadinessState.BLOCKED in (graceful.state, forced.state)
    if case.rights == "members lack" and case.live:
        assert graceful.state is ReadinessState.BLOCKED
    if case.rights == "members lack" and not case.live:
        assert graceful.state is not ReadinessState.READY
    if case.rights == "not asked":
        assert any("Rights not asked" in note for note in (*graceful.notes, *forced.notes))
    if "long ago" in case.rights:
        assert any("Rights last asked" in note for note in graceful.notes)
    # Nobody told Trustgrid, where we write ourselves and the old member could come back.
    if case.losing not in DOWN and case.kinds[0] == "whole":
        said = [item.fact for item in forced.findings.findings if "Trustgrid is not told about this move" in item.fact]
        assert said
        own = [item.fact for item in graceful.findings.findings if "Trustgrid is not told about this move" in item.fact]
        assert bool(own) is not case.live


@pytest.mark.parametrize(
    ("made", "state", "sentence"),
    [
        (snapshot(), ClusterState.IN_SYNC, "In sync: tg-node-a holds 10.20.2.50"),
        (
            snapshot(HOLDS, but(FREE, power=Power.STOPPED)),
            ClusterState.BLOCKED,
            "tg-node-a holds 10.20.2.50. No failover is possible: tg-node-b is stopped",
        ),
        (
            snapshot(HOLDS, but(FREE, power=None)),
            ClusterState.NOT_KNOWN,
            f"{HELD} It is not known whether a failover would work: whether tg-node-b is running is not known",
        ),
        (
            snapshot(HOLDS, but(FREE, power=Power.STARTING)),
            ClusterState.AT_RISK,
            "tg-node-a holds 10.20.2.50. No graceful failover is possible: tg-node-b is starting",
        ),
        (
            snapshot(HOLDS, but(FREE, state=FAILED)),
            ClusterState.AT_RISK,
            "tg-node-a holds 10.20.2.50. A failover is at risk: The last update of tg-node-b-inside failed",
        ),
        (
            snapshot(but(HOLDS, power=Power.STOPPED)),
            ClusterState.MEMBER_DOWN,
            "Member down: tg-node-a holds 10.20.2.50 and is stopped",
        ),
        (
            snapshot(but(HOLDS, document=_unattached(lists=True))),
            ClusterState.MEMBER_DOWN,
            "Member down: tg-node-a holds 10.20.2.50, but tg-node-a-inside belongs to no virtual machine",
        ),
        (snapshot(FREE, FREE), ClusterState.ON_NO_NIC, "On no NIC: 10.20.2.50 is attached to neither member"),
        (
            snapshot(FREE, FREE, elsewhere=(FOREIGN_NIC,)),
            ClusterState.FOREIGN_NIC,
            "Taken: vm-app-01-nic holds 10.20.2.50",
        ),
        (snapshot(UNREAD, UNREAD), ClusterState.NOT_KNOWN, "Reading Azure"),
        (
            snapshot(but(HOLDS, state=UPDATING)),
            ClusterState.MOVING,
            "Moving: 10.20.2.50 is being attached to tg-node-a",
        ),
        (snapshot(but(HOLDS, age_s=42)), ClusterState.NOT_KNOWN, "Last known 42 s ago: tg-node-a held 10.20.2.50"),
    ],
)
def test_that_the_worse_of_verdict_and_readiness_has_one_word_and_one_sentence(
    made: Snapshot, state: ClusterState, sentence: str
) -> None:
    found = cluster_readiness(made)
    assert (found.state, found.sentence) == (state, sentence)


def test_that_the_states_stand_worst_first_as_the_fleet_sorts_them() -> None:
    assert [state.value for state in ClusterState] == [
        "on_no_nic",
        "stranger",
        "two_active",
        "no_active",
        "wrong_holder",
        "member_down",
        "blocked",
        "at_risk",
        "moving",
        "not_known",
        "in_sync",
    ]
    assert {name.value for name in VerdictName} <= {state.value for state in ClusterState}


@pytest.mark.parametrize(
    "made",
    [
        snapshot(but(HOLDS, state=UPDATING)),
        snapshot(HOLDS, but(FREE, state=UPDATING)),
        snapshot(FREE, but(FREE, state=UPDATING)),
    ],
)
def test_that_nothing_is_the_right_choice_while_another_programs_move_is_running(made: Snapshot) -> None:
    found = cluster_readiness(made)
    assert found.recommended is None
    assert found.graceful.state is ReadinessState.BLOCKED


def test_that_a_run_of_ours_stops_both_verbs_and_advises_nothing() -> None:
    down = snapshot(but(HOLDS, power=Power.STOPPED))
    assert cluster_readiness(down).recommended is not None
    found = cluster_readiness(down, busy=cluster_in_use(down.setup.name))
    assert found.recommended is None
    assert not found.forced.possible
    assert not found.forced.needs_consent
    assert "Another run works on edge-dallas" in found.forced.why


def test_that_resume_comes_before_any_other_advice() -> None:
    found = cluster_readiness(snapshot(FREE, FREE), interrupted=True)
    assert found.recommended is None
    assert "An interrupted run waits: Resume comes first: it reads Azure and ends it" in found.forced.notes
    assert cluster_readiness(snapshot(FREE, FREE)).recommended is not None


def test_that_a_vm_that_was_not_read_for_long_is_not_known_and_its_interface_still_is() -> None:
    fresh = snapshot(HOLDS, but(FREE, power=Power.STOPPED))
    first, second = fresh.members
    old = replace(fresh, members=(first, replace(second, vm=replace(second.vm, read_at=NOW - 61))))
    assert cluster_readiness(fresh).state is ClusterState.BLOCKED
    found = cluster_readiness(old)
    assert found.graceful.state is ReadinessState.NOT_KNOWN
    assert found.forced.possible


def test_that_a_fleet_that_is_read_slowly_says_more_than_the_usual_age() -> None:
    slow = snapshot(but(HOLDS, age_s=50), but(FREE, age_s=50))
    assert cluster_readiness(slow).stale
    found = cluster_readiness(slow, stale_after_s=180)
    assert (found.stale, found.state, found.graceful.state) == (False, ClusterState.IN_SYNC, ReadinessState.READY)


@pytest.mark.parametrize(
    ("made", "to"),
    [
        (snapshot(), B),
        (snapshot(FREE, HOLDS), A),
        (snapshot(FREE, FREE), A),
        (snapshot(but(FREE, power=Power.STOPPED), FREE), B),
        (snapshot(but(FREE, document=_unattached(lists=False)), FREE), B),
    ],
)
def test_that_a_failover_would_go_to_the_member_that_can_serve(made: Snapshot, to: object) -> None:
    assert target_of(made) == to


@pytest.mark.parametrize("lists", [True, False], ids=["holder", "target"])
def test_that_an_interface_of_another_vm_says_nothing_of_the_vm_in_the_file(lists: bool) -> None:
    """The VM was made anew under another name: whether it runs is not known, and the old one's end moves nothing."""
    other = nic("10.20.2.11" if lists else "10.20.2.12", floating=lists, machine=A.vm.text.replace("tg-node-a", "new"))
    odd = Side(lists, power=Power.STOPPED, document=other)
    made = snapshot(odd, FREE) if lists else snapshot(HOLDS, odd)
    for vanished in (False, True):
        first, second = made.members
        gone = replace(first if lists else second, vm=Reading(None, NOW, GONE, gone=True))
        seen = replace(made, members=(gone, second) if lists else (first, gone)) if vanished else made
        found = cluster_readiness(seen)
        assert found.verdict.name is VerdictName.IN_SYNC
        assert (found.state, found.recommended) == (ClusterState.NOT_KNOWN, None)
        assert found.graceful.state is ReadinessState.NOT_KNOWN
        assert found.forced.possible
        assert "belongs to new, and the cluster file names tg-node" in found.graceful.findings.reasons[0]


def test_that_a_vm_that_is_not_found_while_its_interface_belongs_to_it_is_not_called_gone() -> None:
    first, second = snapshot().members
    missing = replace(snapshot(), members=(replace(first, vm=Reading(None, NOW, GONE, gone=True)), second))
    assert missing.seen(A).power is Power.NOT_KNOWN
    assert cluster_readiness(missing).recommended is None


def test_that_a_person_may_choose_while_nobody_has_the_address_and_only_then() -> None:
    assert target_of(snapshot(FREE, FREE), B) == B
    assert target_of(snapshot(), A) == B


def test_that_there_is_nothing_to_consent_to_while_the_target_may_serve() -> None:
    assert consent_to_dead(snapshot(), B) == ""
    assert consent_to_dead(snapshot(HOLDS, but(FREE, power=None)), B) == ""
