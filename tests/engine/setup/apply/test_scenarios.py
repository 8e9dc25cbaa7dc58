"""Every scenario ends in a cluster whose members can fail over with their own identities, by enforced rights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.setup.apply.scenarios import Scenario, fail_over_as, prepared
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.model.event_base import Outcome
from tgwizard.model.setup_answers import RoleAnswer, RoleUse
from tgwizard.model.setup_events import ChangeWaiting


@pytest.mark.parametrize("name", ["fresh", "vnet-elsewhere", "old-role", "busy-nic"])
def test_that_the_members_can_fail_over_by_themselves_afterwards(name: str, tmp_path: Path) -> None:
    made = Scenario.of(name, tmp_path)
    finished = made.on.apply(made.plan)
    assert finished.outcome is Outcome.DONE, finished.reason
    made.it.clock.sleep(700)
    setup = made.cluster()
    first, second = setup.members
    there = fail_over_as(made.it, setup, second, second)
    assert there.outcome is Outcome.DONE, there.reason
    back = fail_over_as(made.it, setup, first, first)
    assert back.outcome is Outcome.DONE, back.reason
    assert made.again().writing == ()
    made.on.journal.close()


def test_that_fresh_ends_right_with_replication_flicker_and_ten_minutes_of_propagation(tmp_path: Path) -> None:
    made = Scenario.of("fresh", tmp_path)
    directory = made.it.lab.directory
    directory.propagation, directory.flicker = Propagation.AZURE, True
    finished = made.on.apply(made.plan)
    assert finished.outcome is Outcome.DONE, finished.reason
    assert made.on.told(ChangeWaiting)
    made.it.clock.sleep(700)
    setup = made.cluster()
    ended = fail_over_as(made.it, setup, setup.members[1], setup.members[1])
    assert ended.outcome is Outcome.DONE, ended.reason
    made.on.journal.close()


def test_that_a_reader_gets_a_sentence_and_no_write_is_attempted(tmp_path: Path) -> None:
    made = Scenario.of("reader", tmp_path)
    assert made.plan.writing == ()
    own = replace(made.answers, role=RoleAnswer(RoleUse.NEW, "tg-cluster-of-its-own"))
    state = prepared(made.it, own)
    plan = plan_of(state)
    assert plan is not None
    assert len(plan.writing) >= 3
    assert plan.mine == ()
    finished = made.on.apply(plan)
    assert finished.outcome is Outcome.REFUSED
    assert "Export it for someone who may" in finished.reason
    assert made.on.apply(plan, only_mine=True).outcome is Outcome.REFUSED
    letter, script = (export(kind, plan, proposed_answers(state)) for kind in (ExportKind.REQUEST, ExportKind.AZ))
    assert "reader@lab.example" in letter or "operator@lab.example" in letter
    assert "az role assignment create" in script
    assert [item for item in made.it.lab.requests if item.method in ("PUT", "PATCH", "DELETE")] == []
    assert [item.path for item in made.it.lab.requests if item.method == "POST" and "/providers/" in item.path] == []
    made.on.journal.close()


def test_that_the_cluster_that_is_kept_is_the_one_that_was_planned(tmp_path: Path) -> None:
    made = Scenario.of("busy-nic", tmp_path)
    made.on.apply(made.plan)
    made.it.clock.sleep(60)
    setup = made.cluster()
    assert setup.carried.public_ip is not None
    assert setup.carried.pools
    assert setup.role is not None
    assert setup.role.guid == made.plan.role.guid
    assert setup.role.scopes == tuple(reason.scope for reason in made.plan.scopes)
    assert [member.name for member in setup.members] == ["tg-node-a", "tg-node-b"]
    assert setup.identity.address == str(made.answers.address)
    made.on.journal.close()
