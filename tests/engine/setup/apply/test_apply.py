"""Applying a plan through the real SDK on the lab, with a virtual clock."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.setup.apply.plans import ADDRESS, ROLE, Applying, change
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.access.access_decision import LIFT_DENIAL
from tgwizard.engine.runs.records import SetupRunEndRecord, WriteIntended, WriteReplied
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.setup.apply import apply_in_context
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault, FaultAnswer, Moment, Reset, Timeout
from tgwizard.lab.rbac.role_records import LabDenyAssignment, Propagation
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.event_base import Outcome
from tgwizard.model.nic import differences
from tgwizard.model.problem import Problem
from tgwizard.model.role import PrincipalKind, RoleAssignment
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    ChangeWaiting,
    SetupFinished,
)
from tgwizard.model.setup_plan import PutRole, RemoveStale, Right, SetupPlan, WhoMay

KEYS = ("identity", "role", "assign-a", "assign-b", "place")


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Applying]:
    made = Applying.on(setup_rig(), tmp_path / "setup.sqlite")
    yield made
    made.journal.close()


def writes(it: SetupRig) -> list[tuple[str, str]]:
    return [(item.method, item.path) for item in it.lab.requests if item.method in ("PUT", "PATCH", "POST", "DELETE")]


def without(plan: SetupPlan, *keys: str) -> SetupPlan:
    return replace(plan, changes=tuple(item for item in plan.changes if item.key not in keys))


def others(plan: SetupPlan, *keys: str) -> SetupPlan:
    right = Right(WhoMay.OTHERS, roles=("Owner",))
    return replace(
        plan, changes=tuple(replace(item, right=right) if item.key in keys else item for item in plan.changes)
    )


def test_that_everything_is_there_after_applying(on: Applying) -> None:
    finished = on.apply()
    assert (finished.outcome, set(finished.done), finished.failed, finished.left) == (
        Outcome.DONE, set(KEYS), (), ()
    )  # fmt: skip
    access, it = on.it.services.azure.access, on.it
    found = access.role_definition(it.group(), ROLE)
    assert found is not None
    assert len(found.actions) == 10
    for name in ("tg-node-a", "tg-node-b"):
        principal = it.services.azure.compute.vm(it.vm(name)).identity.principal_id
        assert [item.role_guid for item in access.assignments_to(it.group(), principal)] == [ROLE]
    nic = it.services.azure.network.read_nic(it.network("networkInterfaces", "tg-node-a-inside"))
    assert nic.lists(ADDRESS)
    assert [item.path for item in it.lab.requests if item.path.endswith("/restart")] == []


def test_that_each_change_is_told_from_start_to_end_and_the_finish_is_last(on: Applying) -> None:
    finished = on.apply()
    assert {event.key for event in on.told(ChangeStarted)} == set(KEYS)
    assert {event.key for event in on.told(ChangeDone)} == set(KEYS)
    assert on.events[-1] is finished
    assert len(on.told(SetupFinished)) == 1


def test_that_a_second_run_writes_nothing(on: Applying) -> None:
    on.apply()
    before = len(writes(on.it))
    finished = on.apply()
    assert finished.outcome is Outcome.DONE
    assert set(finished.done) == set(KEYS)
    assert len(writes(on.it)) == before


def test_that_every_write_is_on_the_disk_before_it_is_sent(on: Applying, tmp_path: Path) -> None:
    on.apply()
    other = SetupJournal.open(tmp_path / "setup.sqlite")
    records = other.records()
    other.close()
    intended = [item.request for item in records if isinstance(item, WriteIntended)]
    replied = [item.request for item in records if isinstance(item, WriteReplied)]
    assert sorted(intended) == sorted(replied)
    assert len(intended) == len(KEYS) == len(writes(on.it))
    assert isinstance(records[-1], SetupRunEndRecord)


def test_that_calls_made_at_once_come_to_the_same(tmp_path: Path) -> None:
    made = Applying.on(setup_rig(), tmp_path / "setup.sqlite")
    made.workers = 4
    finished = made.apply()
    made.journal.close()
    assert finished.outcome is Outcome.DONE
    assert len(writes(made.it)) == len(KEYS)


def test_that_an_assignment_of_another_name_counts_and_is_not_made_twice(on: Applying) -> None:
    on.apply(without(on.plan(), "assign-a", "assign-b", "place"))
    it = on.it
    principal = it.services.azure.compute.vm(it.vm("tg-node-a")).identity.principal_id
    theirs = RoleAssignment(str(uuid.uuid4()), it.group(), ROLE, principal, PrincipalKind.SERVICE_PRINCIPAL)
    role_id = f"{it.scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    it.services.azure.access.put_assignment(theirs, role_id, request_id=str(uuid.uuid4()))
    assert on.apply().outcome is Outcome.DONE
    held = it.services.azure.access.assignments_to(it.group(), principal)
    assert [item.guid for item in held] == [theirs.guid]


def test_that_a_name_taken_in_the_directory_is_explained_and_nothing_that_follows_is_tried(on: Applying) -> None:
    plan = on.plan()
    theirs = replace(plan.role, guid=str(uuid.uuid4()))
    on.it.services.azure.access.put_role(on.it.group(), theirs, request_id=str(uuid.uuid4()))
    finished = on.apply()
    assert finished.outcome is Outcome.FAILED
    assert finished.failed == ("role",)
    assert set(finished.left) == {"assign-a", "assign-b"}
    assert finished.problem is not None
    assert finished.problem.code == "role-name-taken"
    assert "Choose another name" in finished.reason
    (failed,) = on.told(ChangeFailed)
    assert isinstance(failed, ChangeFailed)
    assert "is taken by another role" in failed.problem.what


def test_that_a_role_changed_since_the_plan_is_not_overwritten(on: Applying) -> None:
    plan = on.plan()
    changed = replace(plan.role, description="Ours now")
    on.it.services.azure.access.put_role(on.it.group(), changed, request_id=str(uuid.uuid4()))
    finished = on.apply()
    assert finished.problem is not None
    assert finished.problem.code == "role-changed-since"
    found = on.it.services.azure.access.role_definition(on.it.group(), ROLE)
    assert found is not None
    assert found.description == "Ours now"


def test_that_an_address_that_another_interface_has_is_named_and_not_taken(on: Applying) -> None:
    it = on.it
    app = it.network("networkInterfaces", "vm-app-01-nic")
    document = it.services.azure.network.read_nic(app)
    more = document.plus(document.new_configuration("theirs", ADDRESS, CarriedConfiguration()))
    it.services.azure.network.write_nic(app, more, if_match=document.etag, request_id=str(uuid.uuid4()))
    it.clock.sleep(30)
    finished = on.apply()
    assert finished.failed == ("place",)
    assert "vm-app-01-nic has it" in finished.reason


def test_that_changes_of_others_stop_everything_unless_only_ones_own_are_wanted(on: Applying) -> None:
    plan = others(on.plan(), "role")
    refused = on.apply(plan)
    assert refused.outcome is Outcome.REFUSED
    assert "Owner" in refused.reason
    assert writes(on.it) == []
    part = on.apply(plan, only_mine=True)
    assert part.outcome is Outcome.DONE
    assert set(part.done) == {"identity", "place"}
    assert set(part.left) == {"role", "assign-a", "assign-b"}


def test_that_a_plan_that_is_all_others_attempts_nothing(on: Applying) -> None:
    plan = others(on.plan(), *KEYS)
    assert on.apply(plan, only_mine=True).outcome is Outcome.REFUSED
    assert writes(on.it) == []


def test_that_a_plan_with_problems_is_refused(on: Applying) -> None:
    plan = replace(on.plan(), problems=(Problem("no-scope", "No scope is left."),))
    assert on.apply(plan).outcome is Outcome.REFUSED
    assert writes(on.it) == []


def test_that_cancelling_says_what_was_done_and_what_was_left(on: Applying) -> None:
    plan = on.plan()

    def stop_at_role(event: object) -> None:
        on.events.append(event)  # type: ignore[arg-type]
        if isinstance(event, ChangeDone) and event.key == "role":
            on.token.cancel()

    context = on.context
    context.report = stop_at_role
    finished = apply_in_context(context, plan)
    assert finished.outcome is Outcome.CANCELLED
    assert "role" in finished.done
    assert {"assign-a", "assign-b"} <= set(finished.left)
    assert set(finished.done) | set(finished.left) == set(KEYS)
    for event in on.told(ChangeSkipped):
        assert isinstance(event, ChangeSkipped)
        assert event.reason.startswith("Cancelled")
    on.token = type(on.token)()
    assert on.apply(plan).outcome is Outcome.DONE


def test_that_a_lost_answer_is_settled_by_reading(on: Applying) -> None:
    on.it.lab.faults.add(Fault("PUT", "roleAssignments", Timeout(Moment.AFTER_COMMIT), times=2))
    finished = on.apply()
    assert finished.outcome is Outcome.DONE
    assert len([path for method, path in writes(on.it) if method == "PUT" and "roleAssignments" in path]) == 2


def test_that_a_write_that_never_arrived_is_sent_again(on: Applying) -> None:
    on.it.lab.faults.add(Fault("PUT", "roleDefinitions", Reset(Moment.BEFORE_COMMIT)))
    assert on.apply().outcome is Outcome.DONE
    found = on.it.services.azure.access.role_definition(on.it.group(), ROLE)
    assert found is not None


def test_that_a_throttle_is_waited_for_and_told(on: Applying) -> None:
    on.it.lab.faults.add(Fault("PUT", "roleDefinitions", AzureAnswer(CannedError.THROTTLED_BY_ARM), times=2))
    assert on.apply().outcome is Outcome.DONE
    waits = [event.sentence for event in on.told(ChangeWaiting)]
    assert any("tried again" in sentence for sentence in waits)


def test_that_replication_flicker_and_slow_operations_of_azure_end_right(tmp_path: Path) -> None:
    it = setup_rig()
    it.lab.directory.propagation, it.lab.directory.flicker = Propagation.AZURE, True
    made = Applying.on(it, tmp_path / "setup.sqlite")
    finished = made.apply()
    assert finished.outcome is Outcome.DONE
    waits = [event.sentence for event in made.told(ChangeWaiting)]
    assert any("attaches 10.20.2.50" in sentence for sentence in waits)
    made.journal.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("PrincipalNotFound", "does not know the new identity of tg-node-b yet: 16 s as a rule, up to 5 min."),
        ("RoleDefinitionDoesNotExist", "has not arrived everywhere in Azure yet."),
    ],
)
def test_that_what_is_normal_for_something_new_is_waited_for_by_name(on: Applying, code: str, said: str) -> None:
    body = json.dumps({"error": {"code": code, "message": "Not yet."}})
    plan = without(on.plan(), "assign-a")
    on.it.lab.faults.add(Fault("PUT", "roleAssignments", FaultAnswer(400, body), times=40))
    began = on.it.clock.monotonic()
    finished = on.apply(plan)
    assert finished.outcome is Outcome.DONE
    assert 190 < on.it.clock.monotonic() - began < 269
    waits = [event for event in on.told(ChangeWaiting) if event.sentence.endswith(said)]
    assert len(waits) > 10
    assert waits[-1].since_s > 180


def test_that_a_wait_without_end_is_given_up_after_ten_minutes_with_a_cure(on: Applying) -> None:
    body = json.dumps({"error": {"code": "PrincipalNotFound", "message": "Not yet."}})
    on.it.lab.faults.add(Fault("PUT", "roleAssignments", FaultAnswer(400, body), times=None))
    finished = on.apply()
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "waited-too-long"
    assert "Apply again later" in finished.reason


def test_that_an_error_of_ours_still_ends_with_what_was_done(on: Applying, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: object) -> None:
        on.events.append(event)  # type: ignore[arg-type]
        if isinstance(event, ChangeDone) and event.key == "role":
            raise RuntimeError("a listener broke")

    context = on.context
    context.report = broken
    with caplog.at_level("CRITICAL", "tgwizard.engine.setup.apply"):
        finished = apply_in_context(context, on.plan())
    assert finished.outcome is Outcome.UNKNOWN
    assert "Begin again" in finished.reason
    assert on.apply().outcome is Outcome.DONE


def test_that_a_stale_assignment_is_removed_only_while_its_identity_is_unknown(on: Applying) -> None:
    on.apply(without(on.plan(), "place"))
    it, access = on.it, on.it.services.azure.access
    gone = RoleAssignment(str(uuid.uuid4()), it.group(), ROLE, str(uuid.uuid4()), PrincipalKind.SERVICE_PRINCIPAL)
    role_id = f"{it.scope}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    access.put_assignment(gone, role_id, request_id=str(uuid.uuid4()))
    principal = it.services.azure.compute.vm(it.vm("tg-node-a")).identity.principal_id
    (alive,) = access.assignments_to(it.group(), principal)
    plan = replace(
        on.plan(),
        changes=(
            change("stale", RemoveStale(gone), it.group(), "Remove it"),
            change("alive", RemoveStale(alive), it.group(), "Remove that"),
        ),
    )
    finished = on.apply(plan)
    assert (finished.done, finished.failed) == (("stale",), ("alive",))
    assert access.role_assignment(it.group(), gone.guid) is None
    assert access.role_assignment(it.group(), alive.guid) is not None


def test_that_an_updated_role_is_written_only_over_what_the_plan_saw(on: Applying) -> None:
    on.apply(without(on.plan(), "place"))
    before = on.it.services.azure.access.role_definition(on.it.group(), ROLE)
    assert before is not None
    block = replace(before.permissions[0], actions=(*before.actions, "Microsoft.Network/publicIPAddresses/join/action"))
    after = replace(before, permissions=(block,))
    at = f"{on.it.group()}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    plan = replace(
        on.plan(), changes=(change("role", PutRole(after, before), on.it.group(), "Add one action", path=at),)
    )
    assert on.apply(plan).outcome is Outcome.DONE
    found = on.it.services.azure.access.role_definition(on.it.group(), ROLE)
    assert found is not None
    assert len(found.actions) == 11


def test_that_the_placed_configuration_keeps_the_interface_as_it_was(on: Applying) -> None:
    nic = on.it.network("networkInterfaces", "tg-node-a-inside")
    before = on.it.services.azure.network.read_nic(nic)
    on.apply()
    after = on.it.services.azure.network.read_nic(nic)
    assert differences(before, after, apart_from=ADDRESS) == ()


JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


def denied_join(on: Applying) -> None:
    """A deny assignment made after the plan: Azure says of a linked right that it takes only that it is not there."""
    denial = LabDenyAssignment(str(uuid.uuid4()), "stack-guard", on.it.group(), (JOIN,))
    on.it.lab.directory.deny(denial)


def test_that_a_denial_made_while_applying_is_looked_up_and_named(on: Applying) -> None:
    denied_join(on)
    finished = on.apply()
    assert (finished.outcome, finished.failed) == (Outcome.FAILED, ("place",))
    (failed,) = on.told(ChangeFailed)
    problem = failed.problem
    assert (problem.code, problem.right) == ("denied", LIFT_DENIAL)
    assert problem.why.startswith(f"The deny assignment stack-guard on resource group rg-tg-prod forbids {JOIN}")
    assert "No role helps" in problem.fix
    assert "lacks" not in problem.sentence()
    assert "added to your role" not in finished.reason


def test_that_the_cause_of_a_refusal_is_not_known_while_denials_cannot_be_read(on: Applying) -> None:
    denied_join(on)
    refused = FaultAnswer(403, json.dumps({"error": {"code": "AuthorizationFailed", "message": "No."}}))
    on.it.lab.faults.add(Fault("GET", "/denyAssignments", refused, times=None))
    finished = on.apply()
    assert finished.failed == ("place",)
    (failed,) = on.told(ChangeFailed)
    assert "Which of the two is not known: the deny assignments could not be read." in failed.problem.why


def test_that_a_right_that_no_role_gives_stays_told_as_missing(on: Applying) -> None:
    nic = on.it.network("networkInterfaces", "tg-node-a-inside")
    subnet = on.it.network("virtualNetworks", "vnet-dal-prod/subnets/snet-inside")
    said = (
        "The client 'me' with object id 'me' has permission to perform action "
        f"'Microsoft.Network/networkInterfaces/write' on scope '{nic}'; however, it does not have permission to "
        f"perform action(s) '{JOIN}' on the linked scope(s) '{subnet}' (respectively) "
        "or the linked scope(s) are invalid."
    )
    answer = FaultAnswer(403, json.dumps({"error": {"code": "LinkedAuthorizationFailed", "message": said}}))
    on.it.lab.faults.add(Fault("PUT", "/networkInterfaces/", answer, times=None))
    finished = on.apply()
    assert finished.failed == ("place",)
    (failed,) = on.told(ChangeFailed)
    assert failed.problem.code == "not-allowed"
    assert f"lacks {JOIN}" in failed.problem.why
    asked = [item.path for item in on.it.lab.requests if item.path.endswith("/denyAssignments")]
    assert len(asked) == 2, "those of everybody, and those that name who asks"
