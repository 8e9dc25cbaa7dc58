"""Undo takes back what was created here, and only that."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import ADDRESS, ROLE, Applying, change
from tests.engine.setup.apply.test_apply import without, writes
from tests.rig import API, ARM, setup_rig
from tgwizard.engine.setup.undo import undo_items
from tgwizard.lab.faults.fault_rules import Fault, Moment, Timeout
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.event_base import Outcome
from tgwizard.model.role import PrincipalKind, RoleAssignment
from tgwizard.model.setup_events import ChangeSkipped
from tgwizard.model.setup_plan import PutRole


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Applying]:
    made = Applying.on(setup_rig(), tmp_path / "setup.sqlite")
    yield made
    made.journal.close()


def reasons(on: Applying) -> str:
    return " ".join(event.reason for event in on.told(ChangeSkipped))


def nic(on: Applying, name: str = "tg-node-a-inside") -> ResourceId:
    return on.it.network("networkInterfaces", name)


def principal(on: Applying, name: str = "tg-node-a") -> str:
    return on.it.services.azure.compute.vm(on.it.vm(name)).identity.principal_id


def their_assignment(on: Applying) -> RoleAssignment:
    operator = on.it.services.azure.directory.caller().object_id
    theirs = RoleAssignment(str(uuid.uuid4()), on.it.group(), ROLE, operator, PrincipalKind.USER)
    role_id = f"{on.it.scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    on.it.services.azure.access.put_assignment(theirs, role_id, request_id=str(uuid.uuid4()))
    return theirs


def test_that_undo_leaves_nothing_of_ours_but_the_identity(on: Applying) -> None:
    on.apply()
    finished = on.undo()
    assert finished.outcome is Outcome.DONE
    access = on.it.services.azure.access
    assert access.role_definition(on.it.group(), ROLE) is None
    assert access.assignments_to(on.it.group(), principal(on)) == ()
    assert not on.it.services.azure.network.read_nic(nic(on)).lists(ADDRESS)
    assert principal(on, "tg-node-b") != ""
    assert "Identities stay unless you ask" in reasons(on)


def test_that_identities_go_when_asked_for_and_only_those_turned_on_here(on: Applying) -> None:
    on.apply()
    assert on.undo(identities=True).outcome is Outcome.DONE
    assert principal(on, "tg-node-b") == ""
    assert principal(on, "tg-node-a") != ""


def test_that_a_second_undo_has_nothing_to_do(on: Applying) -> None:
    on.apply()
    on.undo(identities=True)
    before = len(writes(on.it))
    assert undo_items(on.journal, identities=True) == ()
    assert on.undo(identities=True).outcome is Outcome.DONE
    assert len(writes(on.it)) == before


def test_that_after_undo_the_plan_can_be_applied_again(on: Applying) -> None:
    on.apply()
    on.undo(identities=True)
    on.it.clock.sleep(120)
    assert on.apply().outcome is Outcome.DONE
    assert len(undo_items(on.journal, identities=True)) == 5


def test_that_what_was_there_before_is_not_undone(on: Applying, tmp_path: Path) -> None:
    on.apply()
    other = Applying.on(on.it, tmp_path / "other.sqlite")
    assert other.apply().outcome is Outcome.DONE
    before = len(writes(on.it))
    assert other.undo(identities=True).reason.startswith("There is nothing to undo")
    other.journal.close()
    assert len(writes(on.it)) == before


def test_that_a_role_that_others_use_since_is_kept(on: Applying) -> None:
    on.apply()
    theirs = their_assignment(on)
    finished = on.undo()
    assert finished.outcome is Outcome.DONE
    assert on.it.services.azure.access.role_definition(on.it.group(), ROLE) is not None
    assert on.it.services.azure.access.role_assignment(on.it.group(), theirs.guid) is not None
    assert "1 other assignment uses it" in reasons(on)
    assert on.it.services.azure.access.assignments_to(on.it.group(), principal(on)) == ()


def test_that_a_role_that_someone_changed_since_is_kept(on: Applying) -> None:
    on.apply()
    access = on.it.services.azure.access
    found = access.role_definition(on.it.group(), ROLE)
    assert found is not None
    access.put_role(on.it.group(), replace(found, description="Ours now"), request_id=str(uuid.uuid4()))
    on.undo()
    kept = access.role_definition(on.it.group(), ROLE)
    assert kept is not None
    assert kept.description == "Ours now"
    assert "Someone changed the role" in reasons(on)


def test_that_an_updated_role_is_restored(on: Applying, tmp_path: Path) -> None:
    on.apply(without(on.plan(), "place"))
    access = on.it.services.azure.access
    before = access.role_definition(on.it.group(), ROLE)
    assert before is not None
    block = replace(before.permissions[0], actions=(*before.actions, "Microsoft.Network/publicIPAddresses/join/action"))
    at = f"{on.it.group()}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    act = PutRole(replace(before, permissions=(block,)), before)
    update = replace(on.plan(), changes=(change("role", act, on.it.group(), "Add one", path=at),))
    later = Applying.on(on.it, tmp_path / "later.sqlite")
    later.apply(update)
    assert later.undo().outcome is Outcome.DONE
    later.journal.close()
    after = access.role_definition(on.it.group(), ROLE)
    assert after is not None
    assert len(after.actions) == 10


def test_that_an_address_that_moved_since_stays_where_it_is(on: Applying) -> None:
    on.apply()
    azure, other = on.it.services.azure, nic(on, "tg-node-b-inside")
    mine = azure.network.read_nic(nic(on))
    azure.network.write_nic(nic(on), mine.without(ADDRESS), if_match=mine.etag, request_id=str(uuid.uuid4()))
    on.it.clock.sleep(30)
    theirs = azure.network.read_nic(other)
    more = theirs.plus(theirs.new_configuration("tg-floating", ADDRESS, CarriedConfiguration()))
    azure.network.write_nic(other, more, if_match=theirs.etag, request_id=str(uuid.uuid4()))
    on.it.clock.sleep(30)
    on.undo()
    assert azure.network.read_nic(other).lists(ADDRESS)
    assert "has moved to tg-node-b-inside since" in reasons(on)


def test_that_a_configuration_that_someone_renamed_since_stays(on: Applying) -> None:
    on.apply()
    azure = on.it.services.azure
    mine = azure.network.read_nic(nic(on))
    bare = mine.without(ADDRESS)
    azure.network.write_nic(nic(on), bare, if_match=mine.etag, request_id=str(uuid.uuid4()))
    on.it.clock.sleep(30)
    now = azure.network.read_nic(nic(on))
    again = now.plus(now.new_configuration("theirs", ADDRESS, CarriedConfiguration()))
    azure.network.write_nic(nic(on), again, if_match=now.etag, request_id=str(uuid.uuid4()))
    on.it.clock.sleep(30)
    on.undo()
    assert azure.network.read_nic(nic(on)).lists(ADDRESS)
    assert "Someone changed the configuration" in reasons(on)


def test_that_an_identity_that_was_given_other_rights_since_stays(on: Applying) -> None:
    on.apply()
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    other = RoleAssignment(
        str(uuid.uuid4()), on.it.group(), reader, principal(on, "tg-node-b"), PrincipalKind.SERVICE_PRINCIPAL
    )
    role_id = f"{on.it.scope}/providers/Microsoft.Authorization/roleDefinitions/{reader}"
    on.it.services.azure.access.put_assignment(other, role_id, request_id=str(uuid.uuid4()))
    on.undo(identities=True)
    assert principal(on, "tg-node-b") != ""
    assert "was given other rights since" in reasons(on)


def test_that_what_was_written_when_the_answer_was_lost_is_undone_too(on: Applying) -> None:
    on.it.lab.faults.add(Fault("PUT", "roleDefinitions", Timeout(Moment.AFTER_COMMIT)))
    on.apply()
    on.undo()
    assert on.it.services.azure.access.role_definition(on.it.group(), ROLE) is None


def test_that_a_cancelled_undo_goes_on_when_asked_again(on: Applying) -> None:
    on.apply()
    on.token.cancel()
    assert on.undo().outcome is Outcome.CANCELLED
    assert on.it.services.azure.access.role_definition(on.it.group(), ROLE) is not None
    on.token = type(on.token)()
    assert on.undo().outcome is Outcome.DONE
    assert on.it.services.azure.access.role_definition(on.it.group(), ROLE) is None


@pytest.mark.parametrize("gone", ["virtualMachines", "networkInterfaces"])
def test_that_what_went_with_a_deleted_machine_or_interface_counts_as_taken_back(on: Applying, gone: str) -> None:
    on.apply()
    things = [on.it.vm("tg-node-a"), on.it.vm("tg-node-b")]
    for thing in [*things, nic(on)] if gone == "networkInterfaces" else things:
        bearer = {"Authorization": f"Bearer {on.it.lab.issue_token()}"}
        on.it.session.delete(f"{ARM}{thing.text}?{API}", headers=bearer, timeout=30).raise_for_status()
        on.it.clock.sleep(300)
    finished = on.undo(identities=True)
    assert (finished.outcome, finished.problem) == (Outcome.DONE, None)
    assert undo_items(on.journal, identities=True) == ()
