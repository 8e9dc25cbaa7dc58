"""Undo after the address was changed between two applies: what either of them made is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import ADDRESS, ROLE, answers_for, change, plan_for
from tests.engine.setup.apply.test_apply import writes
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files import file_lock
from tgwizard.engine.runs.setup_journal import setup_journal_file
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.setup.planner import identity_of
from tgwizard.engine.setup.undo import preview_undo, undo_job
from tgwizard.model.cluster import ClusterIdentity, ResourceId
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.setup_plan import PlaceAddress, PutRole, SetupPlan

OTHER = "10.20.2.60"


@pytest.fixture
def it(tmp_path: Path) -> SetupRig:
    return setup_rig(state=tmp_path / "state")


def answers(it: SetupRig, address: str = ADDRESS) -> Answers:
    return replace(answers_for(it.group()), address=IPv4Address(address))


def identity(it: SetupRig, address: str = ADDRESS) -> ClusterIdentity:
    return identity_of(answers(it, address))


def nic(it: SetupRig, name: str = "tg-node-a-inside") -> ResourceId:
    return it.network("networkInterfaces", name)


def placing(it: SetupRig, address: str) -> SetupPlan:
    """What is left of the plan when only the address is another one."""
    act = PlaceAddress(nic(it), address, "tg-floating-2")
    whole = plan_for(it.group())
    return replace(whole, changes=(change("place", act, nic(it).text, f"Put {address} on it"),))


def apply(it: SetupRig, plan: SetupPlan, address: str) -> None:
    ended = apply_job(it.services, answers(it, address), plan, lambda _: None, CancelToken())
    assert ended.outcome is Outcome.DONE, ended.reason
    it.clock.sleep(60)


def applied_twice(it: SetupRig) -> None:
    apply(it, plan_for(it.group()), ADDRESS)
    apply(it, placing(it, OTHER), OTHER)
    for address in (ADDRESS, OTHER):
        assert it.services.azure.network.read_nic(nic(it)).lists(address)


def undo(it: SetupRig, address: str, events: list[SetupEvent] | None = None) -> SetupFinished:
    heard: list[SetupEvent] = [] if events is None else events
    return undo_job(it.services, identity(it, address), heard.append, CancelToken())


def nothing_is_left(it: SetupRig) -> None:
    access = it.services.azure.access
    assert not it.services.azure.network.read_nic(nic(it)).lists(ADDRESS)
    assert not it.services.azure.network.read_nic(nic(it)).lists(OTHER)
    assert access.role_definition(it.group(), ROLE) is None
    assert [item for item in access.role_assignments(it.group()) if item.role_guid == ROLE] == []


@pytest.mark.parametrize("of", [ADDRESS, OTHER], ids=["the-first", "the-second"])
def test_that_undo_takes_back_what_was_made_under_either_address(it: SetupRig, of: str) -> None:
    applied_twice(it)
    shown = [item.sentence for item in preview_undo(it.services, identity(it, of))]
    assert f"Take {ADDRESS} off tg-node-a-inside" in shown
    assert f"Take {OTHER} off tg-node-a-inside" in shown
    assert len(shown) == 5
    finished = undo(it, of)
    assert finished.outcome is Outcome.DONE, finished.reason
    assert len(finished.done) == 5
    nothing_is_left(it)


@pytest.mark.parametrize("then", [ADDRESS, OTHER])
def test_that_nothing_is_left_to_undo_under_any_address(it: SetupRig, then: str) -> None:
    applied_twice(it)
    undo(it, OTHER)
    before = len(writes(it))
    assert preview_undo(it.services, identity(it, then)) == ()
    assert undo(it, then).reason.startswith("There is nothing to undo")
    assert len(writes(it)) == before


def test_that_what_was_applied_again_after_an_undo_is_undone_again(it: SetupRig) -> None:
    applied_twice(it)
    undo(it, OTHER)
    it.clock.sleep(120)
    apply(it, plan_for(it.group()), ADDRESS)
    assert len(preview_undo(it.services, identity(it, OTHER))) == 4
    assert undo(it, OTHER).outcome is Outcome.DONE
    nothing_is_left(it)


def test_that_a_role_made_first_and_updated_later_is_deleted_not_restored(it: SetupRig) -> None:
    apply(it, plan_for(it.group()), ADDRESS)
    access = it.services.azure.access
    before = access.role_definition(it.group(), ROLE)
    assert before is not None
    block = replace(before.permissions[0], actions=(*before.actions, "Microsoft.Network/publicIPAddresses/join/action"))
    at = f"{it.group()}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    act = PutRole(replace(before, permissions=(block,)), before)
    apply(it, replace(plan_for(it.group()), changes=(change("role", act, it.group(), "Add one", path=at),)), OTHER)
    assert "Delete the role tg-cluster-ip-failover" in [
        item.sentence for item in preview_undo(it.services, identity(it, OTHER))
    ]
    assert undo(it, OTHER).outcome is Outcome.DONE
    nothing_is_left(it)


def test_that_an_address_that_others_changed_since_stays_and_the_rest_goes(it: SetupRig) -> None:
    applied_twice(it)
    azure = it.services.azure
    mine = azure.network.read_nic(nic(it))
    azure.network.write_nic(nic(it), mine.without(OTHER), if_match=mine.etag, request_id=str(uuid.uuid4()))
    it.clock.sleep(60)
    finished = undo(it, ADDRESS)
    assert finished.outcome is Outcome.DONE
    nothing_is_left(it)


def test_that_another_run_under_the_first_address_keeps_undo_from_beginning(it: SetupRig) -> None:
    applied_twice(it)
    before = len(writes(it))
    lock = it.services.state_dir / f"cluster-{identity(it).digest}.lock"
    with file_lock.hold_lock(lock, Problem("busy", "Busy.")):
        finished = undo(it, OTHER)
    assert finished.outcome is Outcome.REFUSED
    assert "Another run works on this cluster" in finished.reason
    assert len(writes(it)) == before


def test_that_other_pairs_are_left_alone(it: SetupRig) -> None:
    apply(it, plan_for(it.group()), ADDRESS)
    elsewhere = ClusterIdentity.of(nic(it), nic(it, "tg-node-b-outside"), OTHER)
    assert preview_undo(it.services, elsewhere) == ()


def test_that_a_journal_that_cannot_be_read_is_named_in_the_log_and_the_rest_is_undone(
    it: SetupRig, expect_log: Callable[[str], None]
) -> None:
    expect_log(r"a journal was left out: .* is damaged")
    apply(it, plan_for(it.group()), ADDRESS)
    file = setup_journal_file(it.services.state_dir, ClusterIdentity.of(nic(it), nic(it), OTHER))
    file.write_bytes(b"no database" * 200)
    assert undo(it, ADDRESS).outcome is Outcome.DONE
    nothing_is_left(it)
    assert file.read_bytes() == b"no database" * 200
