"""Two member agents on the lab, with the real SDK and heartbeat, in virtual time: how the brief's two failovers happen.

A pair here has a cluster timeout of 10 s; a detach and an attach take the lab 4 s each.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.members.simulation import InlineRuns, Pair
from tests.rig import rig
from tgwizard.engine.members.decision import MemberRole, Reason
from tgwizard.engine.members.member_ports import HealthCondition, HealthFinding
from tgwizard.engine.members.member_report import Preference
from tgwizard.engine.members.member_store import MemberStore, MemberWish
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.runs.records import RunRecord
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_events import Finished
from tgwizard.model.failover_options import PartOfRun
from tgwizard.model.problem import UserError


class Killed:
    """Kills a member in the first moment in which something is so."""

    def __init__(self, pair: Pair, which: int, moment: Callable[[], bool]) -> None:
        self.pair, self.which, self.moment = pair, which, moment
        self.at: float | None = None
        pair.watch = self._look

    def _look(self) -> None:
        if self.at is None and self.moment():
            self.at = self.pair.now
            self.pair.kill(self.which)


A, B = "tg-node-a", "tg-node-b"
LINK_DOWN = HealthFinding(HealthCondition.INTERFACE_DOWN, "eth1 has no link")


def parts(pair: Pair, which: int) -> list[PartOfRun]:
    """What this member's journal says that it carried out, oldest first."""
    made = pair.rigs[which]
    if not made.services.has_journal(made.setup):
        return []
    with closing(made.services.journal(made.setup)) as journal:
        records = [record for run in reversed(journal.runs()) for record in journal.records(run)]
    return [record.part for record in records if isinstance(record, RunRecord)]


def role(pair: Pair, which: int) -> tuple[MemberRole, Reason]:
    agent = pair.agents[which]
    assert agent is not None
    assert agent.status is not None
    return agent.status.role, agent.status.decision.reason


def writes(pair: Pair) -> int:
    return len(pair.rigs[0].puts())


def settled(pair: Pair) -> Pair:
    pair.run(5)
    assert pair.holders == [A]
    assert pair.active() == [A]
    assert writes(pair) == 0
    return pair


def test_that_two_healthy_members_that_hear_each_other_write_nothing() -> None:
    pair = settled(Pair())
    pair.run(300)
    assert writes(pair) == 0
    assert pair.active() == [A]


def test_that_after_the_cluster_timeout_the_standby_removes_it_from_the_dead_one_and_creates_its_own() -> None:
    pair = settled(Pair())
    pair.kill(0)
    pair.run(8)
    assert writes(pair) == 0, "before the timeout nothing is written"
    pair.run(20)
    assert pair.holders == [B]
    assert pair.active() == [B]
    first, second = pair.rigs[0].setup.members
    assert pair.rigs[0].puts() == [first.nic.text, second.nic.text]
    assert parts(pair, 1) == [PartOfRun.TAKE]


def test_that_a_member_that_comes_back_is_given_the_address_by_agreement_after_the_hold_down() -> None:
    pair = settled(Pair())
    pair.kill(0)
    pair.run(30)
    pair.start(0)
    pair.run(55)
    assert pair.holders == [B], "it has to be well for a minute first"
    pair.run(40)
    assert pair.holders == [A]
    assert parts(pair, 0)[-1] is PartOfRun.GAIN
    assert parts(pair, 1)[-1] is PartOfRun.RELEASE


def test_that_a_member_that_says_it_is_unfit_is_relieved_after_the_timeout_and_writes_nothing_itself() -> None:
    pair = settled(Pair())
    pair.health[0].now.append(LINK_DOWN)
    pair.run(6)
    assert role(pair, 0) == (MemberRole.UNFIT, Reason.I_HOLD_UNFIT)
    assert pair.active() == [], "an unfit member never says that it is active"
    assert pair.holders == [A]
    pair.run(20)
    assert pair.holders == [B]
    assert parts(pair, 0) == []
    assert parts(pair, 1) == [PartOfRun.TAKE]


def test_that_two_unfit_members_leave_it_where_it_is() -> None:
    pair = settled(Pair())
    for health in pair.health:
        health.now.append(LINK_DOWN)
    pair.run(120)
    assert writes(pair) == 0
    pair.health[1].now.clear()
    pair.run(25)
    assert pair.holders == [B], "the first one that can serve takes it"


def test_that_a_cut_between_two_healthy_members_costs_one_move_and_no_more() -> None:
    pair = settled(Pair())
    pair.wire.dead |= {0, 1}
    pair.run(200)
    assert pair.holders == [B]
    assert writes(pair) == 2
    assert role(pair, 0) == (MemberRole.STANDBY, Reason.TAKEOVER_USED)


def test_that_the_peer_heard_again_in_time_keeps_it() -> None:
    pair = settled(Pair())
    pair.wire.dead |= {0, 1}
    pair.run(8)
    pair.wire.dead.clear()
    pair.run(60)
    assert writes(pair) == 0
    assert pair.holders == [A]


def test_that_make_active_hands_it_over_and_it_stays_there() -> None:
    pair = settled(Pair())
    agent = pair.agents[0]
    assert agent is not None
    agent.store.wish(MemberWish(active=B))
    pair.run(30)
    assert pair.holders == [B]
    assert (parts(pair, 0), parts(pair, 1)) == ([PartOfRun.RELEASE], [PartOfRun.GAIN])
    pair.run(200)
    assert pair.holders == [B]
    assert writes(pair) == 2


def test_that_a_paused_pair_writes_nothing_and_goes_on_when_told() -> None:
    pair = settled(Pair())
    agent = pair.agents[1]
    assert agent is not None
    agent.store.wish(MemberWish(paused=True))
    pair.run(5)
    pair.kill(0)
    pair.run(60)
    assert writes(pair) == 0
    agent.store.wish(MemberWish(paused=False, goes_on=True))
    pair.run(25)
    assert pair.holders == [B]


def test_that_a_taker_killed_between_both_writes_finishes_after_its_restart() -> None:
    pair = settled(Pair())
    pair.kill(0)
    killed = Killed(pair, 1, lambda: pair.rigs[0].holders() == [] and writes(pair) == 1)
    pair.run(40)
    assert killed.at is not None, "it never came to that moment"
    assert pair.holders == []
    pair.start(1)
    pair.run(40)
    assert pair.holders == [B]


def test_that_a_releaser_puts_it_back_when_the_one_that_gains_dies() -> None:
    pair = settled(Pair())
    agent = pair.agents[0]
    assert agent is not None
    agent.store.wish(MemberWish(active=B))
    killed = Killed(pair, 1, lambda: writes(pair) == 1)
    pair.run(60)
    assert killed.at is not None
    assert pair.holders == [A]
    assert parts(pair, 0) == [PartOfRun.RELEASE, PartOfRun.CLAIM]


def test_that_an_address_removed_by_somebody_is_created_again_by_the_preferred_member() -> None:
    pair = settled(Pair())
    made = pair.rigs[0]

    def without(body: dict[str, Any]) -> None:
        items = body["properties"]["ipConfigurations"]
        kept = [item for item in items if item["properties"]["privateIPAddress"] != made.address]
        body["properties"]["ipConfigurations"] = kept

    made.edit(made.a, without)
    pair.run(15)
    assert pair.holders == []
    pair.run(30)
    assert pair.holders == [A]
    assert parts(pair, 0) == [PartOfRun.CLAIM]


def test_that_without_azure_nothing_is_written_and_the_holder_says_so_to_nobody() -> None:
    pair = settled(Pair())
    silence = FaultAnswer(503, '{"error": {"code": "ServiceUnavailable", "message": "later"}}')
    pair.lab.faults.add(Fault("", "", silence, times=None))
    pair.wire.dead |= {0, 1}
    pair.run(60)
    pair.lab.faults.clear()
    assert pair.active() == []
    assert writes(pair) == 0


def test_that_two_members_never_say_together_that_they_are_active() -> None:
    """In every moment of a takeover, a cut and a failback."""
    pair = settled(Pair())
    seen: list[list[str]] = []
    pair.watch = lambda: seen.append(pair.active())
    pair.kill(0)
    pair.run(40)
    pair.start(0)
    pair.run(100)
    pair.wire.dead |= {0, 1}
    pair.run(60)
    assert max(len(names) for names in seen) == 1
    assert [A] in seen
    assert [B] in seen


def test_that_what_a_member_remembers_and_cannot_be_read_stops_it_before_it_starts() -> None:
    pair = settled(Pair())
    agent = pair.agents[1]
    assert agent is not None
    pair.kill(1)
    agent.store.path.write_text("{")
    with pytest.raises(UserError, match="cannot be used"):
        pair.start(1)


def test_that_with_manual_failback_the_address_stays_where_the_takeover_brought_it() -> None:
    pair = settled(Pair(mode=ClusterMode.MANUAL_FAILBACK))
    pair.kill(0)
    pair.run(30)
    pair.start(0)
    pair.run(300)
    assert pair.holders == [B]
    assert writes(pair) == 2


def test_that_make_active_moves_it_once_at_the_usual_timeout_too() -> None:
    """The one that released it reads Azure rarely while it hears its peer: an old reading must not bring it back."""
    pair = settled(Pair(timeout_s=30.0))
    agent = pair.agents[0]
    assert agent is not None
    agent.store.wish(MemberWish(active=B))
    both: list[list[str]] = []
    pair.watch = lambda: both.append(pair.active())
    pair.run(90)
    assert pair.holders == [B]
    assert writes(pair) == 2
    assert (parts(pair, 0), parts(pair, 1)) == ([PartOfRun.RELEASE], [PartOfRun.GAIN])
    assert [A, B] not in both, "the one that gives it up stops saying that it is active"


def test_that_what_an_operator_moved_stays_there_until_a_person_speaks() -> None:
    pair = settled(Pair())
    operator = rig(lab=pair.lab, clock=pair.clock, state=pair.folder / "operator")
    operator.fail_over(operator.b, Verb.FORCED)
    pair.run(200)
    assert pair.holders == [B]
    assert writes(pair) == 2, "those of the operator"
    agent = pair.agents[1]
    assert agent is not None
    assert agent.kept.rests
    agent.store.wish(MemberWish(goes_on=True))
    pair.run(90)
    assert pair.holders == [A]
    assert not agent.kept.rests


def test_that_a_member_whose_state_cannot_be_written_goes_on_telling_and_begins_no_run() -> None:
    pair = settled(Pair())
    agent = pair.agents[1]
    assert agent is not None
    full = pair.folder / "full"
    full.write_text("a file where the folder should be")
    agent.store = MemberStore(full)
    agent.kept = replace(agent.kept, rests=True)
    agent.kept = replace(agent.kept, memory=replace(agent.kept.memory, spent=True))
    pair.kill(0)
    pair.run(60)
    assert writes(pair) == 0
    assert agent.unkept is not None
    assert agent.status is not None
    assert not agent.status.cover
    full.unlink()
    pair.run(40)
    assert pair.holders == [B]


class BreakingOnce(InlineRuns):
    """The first run breaks off."""

    def start(self, run: Callable[[], Finished]) -> None:
        def breaks() -> Finished:
            raise RuntimeError("an error of ours")

        first, self.begun = not self.begun, True
        super().start(breaks if first else run)

    begun = False


def test_that_an_error_of_ours_in_a_run_leaves_an_agent_that_goes_on(expect_log: Callable[[str], None]) -> None:
    expect_log("tgwizard.engine.members.agent ERROR: a run of the member agent broke off")
    pair = settled(Pair())
    agent = pair.agents[1]
    assert agent is not None
    agent.runs = pair.slots[1] = BreakingOnce()
    pair.kill(0)
    pair.run(15)
    assert writes(pair) == 0
    pair.run(90)
    assert pair.holders == [B], "after its back-off it tries again"


def test_that_of_two_cluster_timeouts_the_larger_one_counts_on_both() -> None:
    pair = settled(Pair())
    agent = pair.agents[1]
    assert agent is not None
    agent.timing = MemberTiming(5.0)
    pair.run(2)
    assert agent.timing == pair.timing


def test_that_a_preferred_member_that_is_none_of_the_two_is_the_first_one() -> None:
    pair = settled(Pair())
    for agent in pair.agents:
        assert agent is not None
        agent.store.wish(MemberWish(active="tg-node-z"))
    pair.run(200)
    assert pair.holders == [A]
    assert writes(pair) == 0


def test_that_two_first_preferences_come_to_one() -> None:
    one, two = Preference(active=A), Preference(active=B)
    assert two.wins_over(one)
    assert not one.wins_over(two)


def test_that_an_agent_that_stands_still_stops_saying_that_it_is_active_when_its_proof_is_too_old() -> None:
    pair = settled(Pair())
    agent = pair.agents[0]
    assert agent is not None
    assert agent.says_active()
    pair.clock.advance(pair.timing.lease_s + 0.5)
    assert agent.status is not None
    assert agent.status.active, "as the last turn saw it"
    assert not agent.says_active()
