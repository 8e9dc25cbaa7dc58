"""What a member carries out of a failover: it releases, takes, gains or claims, each as one journalled run."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.engine.failover.test_guided import Scripted
from tests.rig import Rig, rig
from tgwizard.engine.failover.decide import Goal, LastWrite, Move, NicReading, RunProgress, decide
from tgwizard.engine.failover.resume import interrupted_run
from tgwizard.engine.runs.records import RunEndRecord, RunRecord, WriteAnswer
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.failover_options import PartOfRun
from tgwizard.model.nic import Provisioning
from tgwizard.model.snapshot import LocationKind

OURS = LastWrite(Step.ATTACH, '"1"', WriteAnswer.ACCEPTED)
WITHOUT = NicReading(lists=False, state=Provisioning.SUCCEEDED, etag='"9"')


def remove(made: Rig) -> None:
    def without(body: dict[str, object]) -> None:
        properties = body["properties"]
        assert isinstance(properties, dict)
        items = properties["ipConfigurations"]
        properties["ipConfigurations"] = [
            item for item in items if item["properties"]["privateIPAddress"] != made.address
        ]

    made.edit(made.a, without)


def test_that_a_release_removes_the_address_and_leaves_creating_it_to_the_other() -> None:
    made = rig()
    ended = made.fail_over(part=PartOfRun.RELEASE)
    assert ended.outcome is Outcome.DONE
    assert ended.reason == f"tg-node-a has released {made.address} for tg-node-b."
    assert ended.place.kind is LocationKind.NO_NIC
    assert made.holders() == []
    assert made.puts() == [made.a.nic.text]
    assert interrupted_run(made.services, made.setup) is None, "the release is a finished run"


def test_that_a_member_gains_what_the_other_has_released() -> None:
    made = rig()
    made.fail_over(part=PartOfRun.RELEASE)
    ended = made.fail_over(verb=Verb.FORCED, part=PartOfRun.GAIN)
    assert ended.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert made.puts() == [made.a.nic.text, made.b.nic.text]


def test_that_what_was_released_can_be_put_back_by_the_one_that_released_it() -> None:
    made = rig()
    made.fail_over(part=PartOfRun.RELEASE)
    ended = made.fail_over(made.a, verb=Verb.FORCED, part=PartOfRun.CLAIM)
    assert ended.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-a"]


@pytest.mark.parametrize("part", [PartOfRun.GAIN, PartOfRun.CLAIM])
def test_that_a_run_that_only_creates_never_removes_it_from_the_peer(part: PartOfRun) -> None:
    made = rig()
    remove(made)
    assert made.fail_over(verb=Verb.FORCED, part=part).outcome is Outcome.DONE
    assert made.a.nic.text not in made.puts()[1:], "the first PUT is the one of the test"


def test_that_a_take_is_a_whole_failover_of_the_member() -> None:
    made = rig()
    ended = made.fail_over(verb=Verb.FORCED, part=PartOfRun.TAKE)
    assert ended.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    with closing(made.services.journal(made.setup)) as journal:
        begun = [record for record in journal.records(ended.run) if isinstance(record, RunRecord)]
        (end,) = (record for record in journal.records(ended.run) if isinstance(record, RunEndRecord))
    assert [record.part for record in begun] == [PartOfRun.TAKE]
    assert end.outcome is Outcome.DONE


@pytest.mark.parametrize("part", [PartOfRun.TAKE, PartOfRun.GAIN, PartOfRun.CLAIM])
def test_that_a_member_never_creates_what_was_taken_away_again(part: PartOfRun) -> None:
    progress = RunProgress(Goal.FORWARD, wrote=True, had_holder=False, gaining_sent=OURS, part=part)
    assert decide(WITHOUT, WITHOUT, progress) is Move.YIELD
    whole = RunProgress(Goal.FORWARD, wrote=True, had_holder=False, gaining_sent=OURS)
    assert decide(WITHOUT, WITHOUT, whole) is Move.ATTACH


def test_that_a_run_whose_reason_is_over_writes_nothing_and_says_so() -> None:
    made = rig()
    asked = []

    def wanted() -> bool:
        asked.append(made.puts())
        return False

    ended = made.fail_over(verb=Verb.FORCED, part=PartOfRun.TAKE, still_wanted=wanted)
    assert ended.outcome is Outcome.CANCELLED
    assert ended.problem is not None
    assert ended.problem.code == "run-not-wanted"
    assert asked == [[]]
    assert made.puts() == []
    assert made.holders() == ["tg-node-a"]
    assert interrupted_run(made.services, made.setup) is None


def test_that_the_reason_is_asked_once_more_when_the_write_is_about_to_leave_and_not_after_it() -> None:
    made = rig(clock=Scripted())
    asked: list[int] = []

    def wanted() -> bool:
        asked.append(len(made.puts()))
        return True

    ended = made.fail_over(verb=Verb.FORCED, part=PartOfRun.TAKE, still_wanted=wanted)
    assert ended.outcome is Outcome.DONE
    assert asked == [0, 0], "before the write is prepared, and as it leaves"


@pytest.mark.parametrize("part", [PartOfRun.GAIN, PartOfRun.CLAIM])
def test_that_a_run_that_only_creates_yields_to_a_peer_that_holds_it(part: PartOfRun) -> None:
    made = rig()
    ended = made.fail_over(verb=Verb.FORCED, part=part)
    assert ended.outcome is Outcome.YIELDED
    assert made.puts() == []
    assert made.holders() == ["tg-node-a"]
