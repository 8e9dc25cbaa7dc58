"""Who may do it, as the plan says, against what the lab then allows: every change is tried as that account."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest

from tests.rig import SetupRig, setup_rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.pairs import suggest_pairs
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.ports import AzurePorts
from tgwizard.engine.setup.loading import read_facts
from tgwizard.engine.setup.planner import make_plan
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.rbac.builtin_roles import BY_NAME
from tgwizard.lab.scenarios.scenario_rights import READER_ACCOUNT
from tgwizard.model.inventory import Caller
from tgwizard.model.role import PrincipalKind, RoleAssignment, assignment_guid, role_id
from tgwizard.model.setup_answers import Answers, RoleAnswer
from tgwizard.model.setup_plan import (
    Assign,
    EnableIdentity,
    PlaceAddress,
    PutRole,
    Restart,
    SetupChange,
    SetupPlan,
    WhoMay,
)

ADDRESS = IPv4Address("10.20.2.200")


def locked(level: str, below: str) -> Lab:
    """Scenario `fresh` with a lock on its group, or on something in it."""
    clock = VirtualClock()
    lab = Lab.from_scenario("fresh", clock=clock)
    document = json.loads(lab.dump())
    scope = f"/subscriptions/{lab.subscription.id}/resourceGroups/rg-tg-prod{below}"
    document["locks"] = [{"name": "freeze", "scope": scope, "level": level, "notes": "quarter end"}]
    return Lab.load(json.dumps(document), clock)


@dataclass
class Account:
    """Someone with given roles, beside the operator who owns everything."""

    rig: SetupRig
    azure: AzurePorts
    caller: Caller

    @classmethod
    def with_roles(cls, *roles: tuple[str, str], lock: tuple[str, str] | None = None) -> Account:
        rig = setup_rig("fresh", lab=locked(*lock) if lock else None)
        person = rig.lab.directory.account(READER_ACCOUNT)
        for name, scope in roles:
            at = rig.scope if scope == "subscription" else rig.group()
            guid = assignment_guid(at, person.oid, name)
            kind = PrincipalKind.USER
            given = RoleAssignment(guid, at, BY_NAME[name].guid, person.oid, kind)
            rig.services.azure.access.put_assignment(given, role_id(at, given.role_guid), request_id=str(uuid.uuid4()))
        tokens = LabToken(lambda: rig.lab.issue_token_for(person))
        azure = ArmPorts(AzureSession(HeldCredential(tokens), http=lab_session(rig.lab), lab=True))
        return cls(rig, azure, Caller(READER_ACCOUNT, person.oid, rig.lab.subscription.tenant))

    def plan(self, *, whole_subscription: bool = False) -> SetupPlan:
        """Read and planned with this account's own rights."""
        subscription = next(
            one for one in self.rig.services.azure.directory.subscriptions() if one.id == self.rig.subscription
        )
        quiet, token = (lambda _event: None), CancelToken()
        inventory = discover(self.azure, subscription, self.rig.clock, quiet, token)
        pair = suggest_pairs(inventory).pairs[0]
        assert pair.nics is not None
        answers = Answers(
            self.rig.lab.cloud,
            self.caller,
            subscription,
            (pair.vms[0].id, pair.vms[1].id),
            (pair.nics[0].id, pair.nics[1].id),
            "edge-dallas",
            ADDRESS,
            RoleAnswer(),
            whole_subscription,
        )
        facts = read_facts(self.azure, answers, inventory, self.rig.clock, quiet, token)
        return make_plan(answers, inventory, facts)

    def may(self, change: SetupChange) -> bool:
        """Try it; what this account is refused, the operator then does, so that the next one can be tried."""
        try:
            self.send(self.azure, change)
        except AzureCallError as failure:
            if failure.cause is Cause.ETAG_MOVED:
                return True
            if failure.cause is not Cause.NOT_ALLOWED:
                raise
            if not isinstance(change.write, PlaceAddress):
                self.send(self.rig.services.azure, change)
            return False
        return True

    def send(self, azure: AzurePorts, change: SetupChange) -> None:
        request, act = str(uuid.uuid4()), change.write
        match act:
            case EnableIdentity():
                azure.compute.enable_identity(act.vm, request_id=request)
                self.rig.clock.sleep(300.0)
            case PutRole():
                azure.access.put_role(act.scope, act.role, request_id=request)
                self.rig.clock.sleep(300.0)
            case Assign():
                principal = self.rig.services.azure.compute.vm(act.vm).identity.principal_id
                guid = assignment_guid(act.scope, principal, act.role_guid)
                wanted = RoleAssignment(guid, act.scope, act.role_guid, principal, PrincipalKind.SERVICE_PRINCIPAL)
                azure.access.put_assignment(wanted, role_id(act.scope, act.role_guid), request_id=request)
            case PlaceAddress():
                document = azure.network.read_nic(act.nic)
                azure.network.write_nic(act.nic, document, if_match=IMPOSSIBLE_ETAG, request_id=request)
            case Restart():
                azure.compute.restart(act.vm, request_id=request)
            case _:
                raise AssertionError(change)


@pytest.mark.parametrize(
    "roles",
    [
        [],
        [("Owner", "subscription")],
        [("Owner", "group")],
        [("Contributor", "subscription")],
        [("User Access Administrator", "group")],
        [("Role Based Access Control Administrator", "group")],
        [("Network Contributor", "group")],
        [("Virtual Machine Contributor", "group")],
        [("Contributor", "group"), ("Role Based Access Control Administrator", "group")],
    ],
    ids=lambda roles: ", ".join(f"{name} of the {scope}" for name, scope in roles) or "Reader alone",
)
def test_that_the_plan_says_truly_who_may_carry_out_each_change(roles: list[tuple[str, str]]) -> None:
    account = Account.with_roles(*roles)
    plan = account.plan()
    assert len(plan.changes) == 8
    for change in plan.changes:
        if change.writes or isinstance(change.write, Restart):
            expected = WhoMay.YOU if account.may(change) else WhoMay.OTHERS
            assert change.right.who is expected, (change.sentence, change.right)


def test_that_an_owner_of_the_group_alone_sees_the_cluster_and_may_set_it_up() -> None:
    account = Account.with_roles(("Owner", "group"))
    access = account.rig.services.azure.access
    (reads,) = [
        item
        for item in access.assignments_to(account.rig.scope, account.caller.object_id)
        if item.scope.lower() == account.rig.scope.lower()
    ]
    access.delete_assignment(reads, request_id=str(uuid.uuid4()))
    wide = account.plan(whole_subscription=True)
    assert [change.right.who for change in wide.writing if isinstance(change.write, PutRole | Assign)] == [
        WhoMay.OTHERS
    ] * 3
    plan = account.plan()
    assert [change.key.split(":")[0] for change in plan.writing] == ["identity", "role", "assign", "assign", "place"]
    assert plan.problems == ()
    for change in plan.changes:
        if change.writes or isinstance(change.write, Restart):
            assert change.right.who is (WhoMay.YOU if account.may(change) else WhoMay.OTHERS), change.sentence
    told = [warning.what for warning in plan.warnings]
    assert told == ["The management locks could not be read."]


@pytest.mark.parametrize(
    ("level", "below", "stopped"),
    [
        ("ReadOnly", "", {"identity", "role", "assign", "place", "restart"}),
        ("CanNotDelete", "", set()),
        ("ReadOnly", "/providers/Microsoft.Compute/virtualMachines/tg-node-b", {"identity", "restart"}),
        ("ReadOnly", "/providers/Microsoft.Network/virtualNetworks/vnet-dal-prod", set()),
    ],
)
def test_that_a_lock_stops_in_the_plan_what_it_stops_in_azure(level: str, below: str, stopped: set[str]) -> None:
    account = Account.with_roles(lock=(level, below))
    account.caller = account.rig.services.azure.directory.caller()
    account.azure = account.rig.services.azure
    refused = set()
    for change in account.plan().changes:
        if not change.writes and not isinstance(change.write, Restart):
            continue
        try:
            account.send(account.azure, change)
        except AzureCallError as failure:
            if failure.cause is Cause.LOCKED:
                refused.add(change.key)
        expected = WhoMay.OTHERS if change.key in refused else WhoMay.YOU
        assert change.right.who is expected, change.sentence
    assert {key.split(":")[0] for key in refused} == stopped
