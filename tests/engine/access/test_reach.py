"""How far denials, roles and conditions reach: preflight, verify and plan say the same, and what Azure would answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.engine.worlds import SUBNET_JOIN, WRITE, changed, without
from tests.rig import Rig, members_of, rig
from tgwizard.engine.access.access_decision import LIFT_DENIAL, LOOK_FOR_BOTH
from tgwizard.engine.access.required_rights import NIC_WRITE, Writer
from tgwizard.engine.failover.run import fail_over, rehearse
from tgwizard.engine.readiness.preflight_questions import PreflightScope
from tgwizard.engine.setup.verify import target_of_cluster, verify_job
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.rbac import rbac_evaluation
from tgwizard.lab.rbac.role_records import EVERYONE, LabDenyAssignment
from tgwizard.lab.world import Principal
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Event, Finished, Step, StepStarted
from tgwizard.model.finding import Finding, Level
from tgwizard.model.problem import Fixer
from tgwizard.model.verify_result import RehearsalRow, RehearsalState

READ = "Microsoft.Network/networkInterfaces/read"
MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/"
SCOPES: dict[str, Callable[[Rig], str]] = {
    "the root": lambda _made: "/",
    "the management group": lambda made: made.lab._world.management_group,
    "the management group in capitals": lambda made: made.lab._world.management_group.upper() + "/",
    "another management group": lambda _made: f"{MANAGEMENT_GROUP}elsewhere",
    "the subscription": lambda made: made.a.nic.text.split("/resourceGroups/")[0],
    "the group": lambda made: made.a.nic.text.split("/providers/")[0],
    "the group in other letters": lambda made: made.a.nic.text.split("/providers/")[0].lower() + "/",
    "another group": lambda made: made.a.nic.text.split("/providers/")[0] + "-too",
    "one interface": lambda made: made.b.nic.text,
    "a part of one interface": lambda made: f"{made.b.nic.text}/ipConfigurations/ipconfig1",
    "the subnet": lambda made: made.setup.subnet.text,
}
WHOLE, ONLY_THERE = False, True


def member_of(made: Rig, name: str) -> Principal:
    return next(item for item in made.lab.principals if item.name == name)


def denied(made: Rig, scope: str, **changes: Any) -> LabDenyAssignment:
    """A deny assignment for everyone, as a deployment stack makes one; ``changes`` of it."""
    denial = LabDenyAssignment(str(uuid.uuid4()), "stack-guard", scope, ("Microsoft.Network/*",), ("*/read",))
    denial = replace(denial, **changes)
    made.lab.directory.deny(denial)
    return denial


def findings(made: Rig, verb: Verb = Verb.GRACEFUL) -> tuple[Finding, ...]:
    """What the preflight finds for the members by themselves."""
    extent = PreflightScope(Writer.MEMBERS)
    checked = rehearse(made.services, made.setup, made.b, verb, made.events.append, made.token, extent=extent)
    return checked.findings.findings


def refused(made: Rig, verb: Verb = Verb.GRACEFUL) -> bool:
    return any(finding.level is Level.BLOCKS for finding in findings(made, verb))


def rehearsal(made: Rig) -> tuple[RehearsalRow, ...]:
    subject = replace(target_of_cluster(made.setup), wait=False, restarted=frozenset({made.a.vm, made.b.vm}))
    return verify_job(made.services, subject, lambda _event: None, made.token).rehearsal


def may_not(made: Rig, place: int, *keys: str) -> bool:
    """Whether the rehearsal says of a machine that it may not take what a failover takes."""
    rows = [row for row in rehearsal(made) if row.key in keys]
    return any(row.cells[place].may is RehearsalState.MAY_NOT for row in rows)


def in_azure(made: Rig, action: str, *on: ResourceId) -> bool:
    """Whether the lab would allow it to tg-node-b on all of these, by its own maths."""
    world, who = made.lab._world, member_of(made, "tg-node-b")
    groups = world.groups_of(who.oid)
    return all(
        rbac_evaluation.allowed(world, replace(who, groups=groups), action, one.text, made.clock.wall()) for one in on
    )


@dataclass(frozen=True)
class Allowed:
    """What tg-node-b may: read and write both interfaces, join the subnet, and with these a forced run."""

    reads: bool
    writes: bool
    joins: bool
    run: bool


def allowed_in_azure(made: Rig) -> Allowed:
    reads = in_azure(made, READ, made.a.nic, made.b.nic)
    writes = in_azure(made, WRITE, made.a.nic, made.b.nic)
    joins = in_azure(made, SUBNET_JOIN, made.setup.subnet)
    return Allowed(reads, writes, joins, reads and writes and joins)


def allowed_as_told(made: Rig) -> Allowed:
    """By verify, and the run by the preflight."""
    reads, writes, joins = (not may_not(made, 1, *keys) for keys in (("read",), ("take", "add"), ("subnet",)))
    return Allowed(reads, writes, joins, run=not refused(made, Verb.FORCED))


@pytest.mark.parametrize("only_there", [WHOLE, ONLY_THERE], ids=["and below", "alone"])
@pytest.mark.parametrize("name", SCOPES)
def test_that_a_denial_reaches_in_preflight_and_verify_what_it_reaches_in_azure(name: str, *, only_there: bool) -> None:
    made = rig()
    denied(made, SCOPES[name](made), this_scope_only=only_there)
    assert allowed_as_told(made) == allowed_in_azure(made)


def test_that_a_denial_at_a_management_group_stops_the_run_and_is_named() -> None:
    made = rig()
    denied(made, made.lab._world.management_group, actions=(WRITE,))
    (finding, *_) = findings(made)
    assert finding.level is Level.BLOCKS
    assert finding.problem is not None
    tenant = made.lab.subscription.tenant
    assert finding.fact.startswith(f"The deny assignment stack-guard on management group {tenant} keeps tg-node-b's")
    assert finding.problem.code == "denied"
    assert "no role helps against it" in finding.problem.why
    (first, *_) = [row for row in rehearsal(made) if row.key == "take"]
    assert first.cells[1].why == f"the deny assignment stack-guard forbids {WRITE}"


@pytest.mark.parametrize("principals", [(EVERYONE,), ("tg-node-b",), ("tg-node-a",), ("nodes",)], ids=str)
@pytest.mark.parametrize("excluded", [(), ("tg-node-b",), ("tg-node-a",), ("nodes",)], ids=str)
def test_that_whom_a_denial_concerns_is_judged_as_in_azure(
    principals: tuple[str, ...], excluded: tuple[str, ...]
) -> None:
    """`nodes` is a group that tg-node-b is in and that holds a role, so that its membership shows."""
    made = in_a_group()
    oids = {"nodes": NODES, **{item.name: item.oid for item in made.lab.principals}}
    denied(
        made,
        made.lab._world.management_group,
        principals=tuple(oids.get(name, name) for name in principals),
        excluded=tuple(oids[name] for name in excluded),
    )
    told = allowed_as_told(made)
    assert told == allowed_in_azure(made)
    concerned = bool({EVERYONE, "tg-node-b", "nodes"} & {*principals}) and not {"tg-node-b", "nodes"} & {*excluded}
    assert told.writes is told.joins is not concerned


@pytest.mark.parametrize("patterns", [(("*",), ("*/join/action",)), (("*/WRITE",), ()), (("*/read",), ()), ((), ())])
def test_that_wildcards_and_exceptions_of_a_denial_count_as_in_azure(
    patterns: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    made = rig()
    operator = made.lab.directory.accounts[0]
    denied(made, "/", actions=patterns[0], not_actions=patterns[1], excluded=(operator.oid,))
    told = allowed_as_told(made)
    assert told == allowed_in_azure(made)
    assert told.writes is not any(pattern in ("*", "*/WRITE") for pattern in patterns[0])
    assert told.joins


@pytest.mark.parametrize("name", ["the management group", "the root", "the subscription", "the group"])
def test_that_a_role_counts_from_above_the_subscription_too(name: str) -> None:
    made = rig()
    place = SCOPES[name](made)

    def raise_up(world: dict[str, Any]) -> None:
        for held in world["authorization"]["assignments"].values():
            for item in held.values():
                item["scope"] = place if "resourceGroups" in item["scope"] else item["scope"]

    raised = changed(raise_up, start=made)
    assert allowed_as_told(raised) == allowed_in_azure(raised) == Allowed(reads=True, writes=True, joins=True, run=True)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ("(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))", True),
        ("(!(ActionMatches{'Microsoft.Network/*'}))", False),
        ("(ActionMatches{'*/read'} OR ActionMatches{'*/WRITE'} OR ActionMatches{'*/action'})", True),
    ],
)
def test_that_a_condition_counts_in_preflight_and_verify_as_in_azure(condition: str, *, allowed: bool) -> None:
    made = changed(conditional(condition))
    told = allowed_as_told(made)
    assert told == allowed_in_azure(made)
    assert (told.writes, told.joins) == (allowed, allowed)


def test_that_a_condition_that_cannot_be_judged_is_not_known_in_preflight_and_verify() -> None:
    made = changed(conditional("@Environment[Microsoft.Network/subnets] StringEquals 'x'"))
    assert [finding.level for finding in findings(made) if "identity may write" in finding.fact] == [
        Level.NOT_KNOWN,
        Level.NOT_KNOWN,
    ]
    cells = [row.cells[1].may for row in rehearsal(made) if row.key in ("take", "add", "subnet")]
    assert cells == [RehearsalState.NOT_KNOWN] * 3


def test_that_an_operator_under_a_denial_is_told_of_the_denial_and_not_of_a_role() -> None:
    made = rig()
    denied(made, made.a.nic.text.split("/providers/")[0], actions=(WRITE,))
    ended = made.fail_over(accept_unknown=True)
    assert ended.outcome is Outcome.REFUSED
    assert ended.problem is not None
    assert ended.problem.code == "denied"
    assert f"The deny assignment stack-guard on resource group rg-tg-prod forbids {WRITE}" in ended.reason
    assert "No role helps" in ended.reason
    assert "added to your role" not in ended.reason
    assert "is missing" not in ended.reason


NSG_JOIN = "Microsoft.Network/networkSecurityGroups/join/action"


@pytest.mark.parametrize("scope", ["the group", "the management group", "the root"])
def test_that_a_denied_linked_right_of_the_operator_is_told_as_denied_and_no_role_is_asked_for(scope: str) -> None:
    made = rig()
    denied(made, SCOPES[scope](made), actions=(NSG_JOIN,), not_actions=())
    checked = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token)
    blocks = [finding for finding in checked.findings.findings if finding.level is Level.BLOCKS]
    assert blocks
    assert {finding.problem.code for finding in blocks if finding.problem} == {"denied"}
    first = blocks[0].problem
    assert first is not None
    assert f"forbids {NSG_JOIN} on " in first.why
    assert first.why.startswith("The deny assignment stack-guard on ")
    assert "No role helps" in first.fix
    told = " ".join(finding.problem.sentence() for finding in blocks if finding.problem)
    assert "is missing" not in told
    assert "to your role" not in told


def test_that_the_operators_rights_worked_out_without_a_probe_heed_denials() -> None:
    made = rig()
    denied(made, made.lab._world.management_group, actions=(NSG_JOIN,), not_actions=())
    extent = PreflightScope(thorough=False, probes=False)
    checked = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token, extent=extent)
    blocks = [finding for finding in checked.findings.findings if finding.level is Level.BLOCKS]
    assert blocks
    assert all("The deny assignment stack-guard on management group" in finding.fact for finding in blocks)
    assert not any("You may write" in finding.fact for finding in checked.findings.findings)


def test_that_a_linked_right_that_no_role_gives_stays_missing_beside_a_denial_of_something_else() -> None:
    made = without(SUBNET_JOIN)
    denied(made, made.lab._world.management_group, actions=("Microsoft.Compute/*",), not_actions=())
    ended = made.fail_over(accept_unknown=True)
    assert ended.outcome is Outcome.REFUSED
    assert f"{SUBNET_JOIN} is missing" in ended.reason


def test_that_a_denial_that_spares_the_operator_does_not_stop_the_operator() -> None:
    made = rig()
    operator = made.lab.directory.accounts[0]
    denied(made, "/", actions=(NSG_JOIN,), not_actions=(), excluded=(operator.oid,))
    assert made.fail_over(accept_unknown=True).outcome is Outcome.DONE


def test_that_what_a_machine_is_answered_in_its_own_name_is_judged_by_the_same_denials() -> None:
    made = rig()
    denied(made, made.a.nic.text.split("/providers/")[0], actions=(NSG_JOIN,), not_actions=())
    subject = replace(target_of_cluster(made.setup), wait=False, restarted=frozenset({made.a.vm, made.b.vm}))
    services = replace(made.services, members=members_of(made.lab))
    result = verify_job(services, subject, lambda _event: None, made.token)
    told = [cell.why for row in result.rehearsal for cell in row.cells] + [tick.sentence for tick in result.stages]
    assert f"the deny assignment stack-guard forbids {NSG_JOIN}" in told
    own = [words for words in told if words.startswith("Asked in its own name")]
    assert own
    assert all(f"The deny assignment stack-guard on resource group rg-tg-prod forbids {NSG_JOIN}" in w for w in own)
    assert not any("lacks" in words for words in told)


NODES = "77777777-0000-4000-8000-000000000007"


def in_a_group() -> Rig:
    """tg-node-b has its role by itself; it is in the group `nodes`, which may read the subscription."""

    def edit(world: dict[str, Any]) -> None:
        node = next(item for item in world["principals"] if item["name"] == "tg-node-b")
        subscription = f"/subscriptions/{world['subscription']['id']}"
        world["groups"] = [
            {"principal": {**node, "oid": NODES, "name": "nodes", "kind": "Group"}, "members": [node["oid"]]}
        ]
        made = next(iter(world["authorization"]["assignments"][node["oid"]].values()))
        reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
        world["authorization"]["assignments"][NODES] = {
            "g1": {**made, "guid": "g1", "scope": subscription, "role": reader, "principal": NODES}
        }

    return changed(edit)


def conditional(condition: str) -> Callable[[dict[str, Any]], None]:
    """An edit that puts the condition on every assignment of the members."""

    def edit(world: dict[str, Any]) -> None:
        nodes = {item["oid"] for item in world["principals"] if item["name"].startswith("tg-node")}
        for oid in nodes:
            for item in world["authorization"]["assignments"][oid].values():
                item |= {"condition": condition, "condition_version": "2.0"}

    return edit


JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
UNREAD = Fault("GET", "denyAssignments", FaultAnswer(403, '{"error": {"code": "AuthorizationFailed"}}'), times=None)


def denied_in_the_gap(made: Rig, scope: str, **changes: Any) -> Finished:
    """A graceful run to tg-node-b during which somebody makes a deny assignment, right before the attach."""

    def hear(event: Event) -> None:
        made.events.append(event)
        if isinstance(event, StepStarted) and event.step is Step.ATTACH:
            denied(made, scope, **changes)

    return fail_over(made.services, made.setup, made.b, Verb.GRACEFUL, hear, made.token)


@pytest.mark.parametrize("actions", [(NIC_WRITE,), (JOIN,), (NIC_WRITE, JOIN)], ids=["write", "join", "both"])
@pytest.mark.parametrize("everywhere", [False, True])
def test_that_a_denial_that_comes_in_the_middle_of_a_run_is_its_told_cause(
    actions: tuple[str, ...], everywhere: bool
) -> None:
    made = rig()
    scope = made.setup.subnet.group_scope if everywhere or JOIN in actions else made.b.nic.text
    finished = denied_in_the_gap(made, scope, actions=actions, not_actions=())
    assert finished.outcome is Outcome.FAILED
    assert finished.problem is not None
    assert finished.problem.code == "denied"
    assert "deny assignment stack-guard" in finished.reason
    assert "No role helps against it." in finished.reason
    assert "Your role lacks" not in finished.reason
    assert (finished.problem.who, finished.problem.right) == (Fixer.ADMIN, LIFT_DENIAL)
    assert finished.rolled_back is (scope == made.b.nic.text)


def test_that_with_unreadable_denials_a_refused_join_is_not_told_as_missing_from_the_role() -> None:
    made = rig()
    made.lab.faults.add(UNREAD)
    finished = denied_in_the_gap(made, made.setup.subnet.text, actions=(JOIN,), not_actions=())
    assert "Which of the two is not known: the deny assignments could not be read." in finished.reason
    assert "Your role lacks" not in finished.reason
    assert LOOK_FOR_BOTH in finished.reason


def test_that_the_preflight_says_so_too() -> None:
    made = rig()
    denied(made, made.setup.subnet.text, actions=(JOIN,), not_actions=())
    told = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token)
    assert any("deny assignment stack-guard" in str(item.problem) for item in told.findings.findings)
    made.lab.faults.add(UNREAD)
    told = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token)
    stops = [item for item in told.findings.findings if item.level is Level.BLOCKS]
    assert stops
    assert all("Which of the two is not known" in item.evidence for item in stops)
    assert not any("is missing on" in item.evidence for item in stops)
