"""Discovery and facts through the real SDK, on the lab."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.rig import SetupRig, setup_rig
from tgwizard.engine.access.access_decision import (
    Decision,
    RightState,
    ScopedAction,
    decide,
    denials_of,
    roles_of,
)
from tgwizard.engine.access.matching_roles import AccessSeen
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.pairs import PairState, suggest_pairs
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.runs.task_runner import read_all
from tgwizard.engine.setup.loading import ask_address, read_facts
from tgwizard.engine.setup.planner import make_plan
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.lab import Lab
from tgwizard.model.access_facts import AccessFacts, FactKind
from tgwizard.model.inventory import Inventory, Part, SubscriptionSeen
from tgwizard.model.problem import Cancelled
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse
from tgwizard.model.setup_events import FactRead, PartProgress, SetupEvent
from tgwizard.model.setup_plan import WhoMay
from tgwizard.model.snapshot import Power

REFUSED = json.dumps({"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}})


@dataclass
class Reader:
    """A rig with what was read through it."""

    rig: SetupRig
    events: list[SetupEvent] = field(default_factory=list)
    token: CancelToken = field(default_factory=CancelToken)

    @property
    def subscription(self) -> SubscriptionSeen:
        return next(
            item for item in self.rig.services.azure.directory.subscriptions() if item.id == self.rig.subscription
        )

    def discover(self) -> Inventory:
        return discover(self.rig.services.azure, self.subscription, self.rig.clock, self.events.append, self.token)

    def gather(self, answers: Answers, inventory: Inventory) -> AccessFacts:
        return read_facts(self.rig.services.azure, answers, inventory, self.rig.clock, self.events.append, self.token)

    def answers(self, inventory: Inventory, **changes: object) -> Answers:
        pair = suggest_pairs(inventory).pairs[0]
        assert pair.nics is not None
        done = Answers(
            self.rig.lab.cloud,
            self.rig.services.azure.directory.caller(),
            inventory.subscription,
            (pair.vms[0].id, pair.vms[1].id),
            (pair.nics[0].id, pair.nics[1].id),
            "edge-dallas",
            IPv4Address("10.20.2.200"),
            RoleAnswer(),
        )
        return replace(done, **changes)  # type: ignore[arg-type]


def reader(scenario: str = "fresh") -> Reader:
    return Reader(setup_rig(scenario))


def unread(facts: AccessFacts) -> list[FactKind]:
    """The kinds that could not be read, or not as a whole."""
    return [kind for kind in FactKind if facts.failure(kind) is not None]


def test_that_discovery_reads_every_part_and_tells_its_progress() -> None:
    desk = reader()
    inventory = desk.discover()
    assert {vm.id.name for vm in inventory.vms} >= {"tg-node-a", "tg-node-b", "vm-app-01"}
    assert {vm.power for vm in inventory.vms if vm.id.name.startswith("tg-node")} == {Power.RUNNING}
    assert inventory.subnet(desk.rig.network("virtualNetworks", "vnet-dal-prod/subnets/snet-inside")) is not None
    assert inventory.failed == ()
    done = [event.part for event in desk.events if isinstance(event, PartProgress) and event.done]
    assert sorted(done, key=list(Part).index) == list(Part)
    assert desk.rig.writes() == []


def test_that_a_part_that_cannot_be_read_is_named_and_the_others_stand() -> None:
    desk = reader()
    subscription = desk.subscription
    desk.rig.lab.faults.add(Fault("GET", "/loadBalancers", FaultAnswer(403, REFUSED), times=9))
    inventory = discover(desk.rig.services.azure, subscription, desk.rig.clock, desk.events.append, desk.token)
    assert [part.part for part in inventory.failed] == [Part.BALANCERS]
    assert suggest_pairs(inventory).suggested is not None
    told = [event for event in desk.events if isinstance(event, PartProgress) and event.problem]
    assert [event.part for event in told] == [Part.BALANCERS]


def test_that_discovery_can_be_cancelled_and_tells_nothing_more() -> None:
    desk = reader()
    subscription = desk.subscription

    def report(event: SetupEvent) -> None:
        desk.events.append(event)
        desk.token.cancel()

    with pytest.raises(Cancelled):
        discover(desk.rig.services.azure, subscription, desk.rig.clock, report, desk.token)
    assert len(desk.events) == 1


def test_that_a_cancel_does_not_wait_for_an_answer_that_never_comes() -> None:
    token, began, end = CancelToken(), threading.Event(), threading.Event()

    def hangs() -> object:
        began.set()
        return end.wait(60.0)

    def cancels() -> object:
        began.wait(60.0)
        token.cancel()
        return None

    try:
        with pytest.raises(Cancelled):
            read_all({"hangs": hangs, "cancels": cancels}, VirtualClock(), token)
        assert not end.is_set()
    finally:
        end.set()


def test_that_more_readings_than_go_at_once_all_come_in_their_own_order() -> None:
    works = {number: (lambda number=number: number * number) for number in range(50)}
    assert [item.value for item in read_all(works, VirtualClock(), CancelToken()).values()] == [
        n * n for n in range(50)
    ]


def test_that_an_error_of_our_own_is_not_taken_for_azures_silence() -> None:
    def breaks() -> object:
        raise ZeroDivisionError

    works: dict[str, Callable[[], object]] = {"good": lambda: 1, "bad": breaks}
    with pytest.raises(ZeroDivisionError):
        read_all(works, VirtualClock(), CancelToken())


@pytest.mark.parametrize(
    "answer", [FaultAnswer(503, "{}"), FaultAnswer(200, "[" * 20_000), FaultAnswer(200, "<html></html>")]
)
def test_that_one_answer_that_passes_leaves_no_hole_in_what_is_known(answer: FaultAnswer) -> None:
    desk = reader()
    for kind in ("/networkInterfaces", "/virtualNetworks", "/roleDefinitions", "/roleAssignments", "/locks"):
        desk.rig.lab.faults.add(Fault("GET", kind, answer))
    inventory = desk.discover()
    assert inventory.failed == ()
    assert unread(desk.gather(desk.answers(inventory), inventory)) == []


def test_that_facts_of_a_fresh_subscription_make_a_plan_of_five_changes_that_you_may_carry_out() -> None:
    desk = reader()
    inventory = desk.discover()
    answers = desk.answers(inventory)
    facts = desk.gather(answers, inventory)
    assert unread(facts) == []
    assert facts.address is not None
    assert facts.address.answer.free
    plan = make_plan(answers, inventory, facts)
    assert plan.problems == ()
    assert plan.warnings == ()
    assert [change.sentence for change in plan.writing] == [
        "Turn on the identity of tg-node-b",
        "Make the role tg-cluster-ip-failover",
        "Role for tg-node-a on rg-tg-prod",
        "Role for tg-node-b on rg-tg-prod",
        "Put 10.20.2.200 on tg-node-a-inside",
    ]
    assert {change.right.who for change in plan.changes} == {WhoMay.YOU}
    assert desk.rig.writes() == []
    assert {event.kind for event in desk.events if isinstance(event, FactRead)} >= set(FactKind) - {FactKind.PRINCIPALS}


def test_that_a_cluster_that_is_set_up_already_is_seen_and_needs_no_change() -> None:
    desk = reader("ready")
    inventory = desk.discover()
    early = desk.gather(Answers(), inventory)
    found = suggest_pairs(inventory, access=AccessSeen(early.roles.known, early.assignments.known))
    assert [pair.state for pair in found.pairs] == [PairState.HAS_RIGHTS]
    role = next(role for role in early.roles.known if role.name == "tg-cluster-ip-failover")
    answers = desk.answers(inventory, address=IPv4Address("10.20.2.50"), role=RoleAnswer(RoleUse.REUSE, guid=role.guid))
    plan = make_plan(answers, inventory, desk.gather(answers, inventory))
    assert plan.problems == ()
    assert plan.writing == ()


def test_that_a_reader_sees_that_every_change_is_for_others() -> None:
    desk = reader("reader")
    inventory = desk.discover()
    answers = desk.answers(inventory, role=RoleAnswer(name="my-own-role"))
    plan = make_plan(answers, inventory, desk.gather(answers, inventory))
    assert plan.writing
    assert {change.right.who for change in plan.writing} == {WhoMay.OTHERS}
    assert desk.rig.writes() == []


def test_that_a_network_elsewhere_gives_a_scope_of_its_own() -> None:
    desk = reader("vnet-elsewhere")
    inventory = desk.discover()
    answers = desk.answers(inventory, role=RoleAnswer(name="my-own-role"), address=IPv4Address("10.20.2.50"))
    plan = make_plan(answers, inventory, desk.gather(answers, inventory))
    assert {scope.scope.rsplit("/", 1)[-1] for scope in plan.scopes} == {"rg-tg-prod", "rg-network", "rg-security"}


def test_that_the_old_role_is_updated_and_a_busy_interface_needs_more() -> None:
    desk = reader("old-role")
    inventory = desk.discover()
    early = desk.gather(Answers(), inventory)
    role = next(role for role in early.roles.known if role.name == "tg-cluster-ip-failover")
    answers = desk.answers(
        inventory, address=IPv4Address("10.20.2.50"), role=RoleAnswer(RoleUse.UPDATE, guid=role.guid)
    )
    plan = make_plan(answers, inventory, desk.gather(answers, inventory))
    assert [change.sentence for change in plan.writing] == ["Add one action to tg-cluster-ip-failover"]
    busy = reader("busy-nic")
    inventory = busy.discover()
    answers = busy.answers(inventory, address=IPv4Address("10.20.2.50"), role=RoleAnswer(name="my-own-role"))
    plan = make_plan(answers, inventory, busy.gather(answers, inventory))
    assert {warning.code for warning in plan.warnings} == {"role-without-action"}
    assert len(plan.warnings) == 3


def test_that_a_refused_fact_leaves_a_plan_that_says_what_is_not_known() -> None:
    desk = reader()
    inventory = desk.discover()
    answers = desk.answers(inventory)
    desk.rig.lab.faults.add(Fault("GET", "/locks", FaultAnswer(403, REFUSED), times=9))
    facts = desk.gather(answers, inventory)
    assert unread(facts) == [FactKind.LOCKS]
    assert [warning.code for warning in make_plan(answers, inventory, facts).warnings] == ["fact-not-read"]


def test_that_a_lock_of_the_group_is_known_where_the_locks_of_the_subscription_may_not_be_read() -> None:
    desk = reader()
    inventory = desk.discover()
    answers = desk.answers(inventory)
    token = {"Authorization": f"Bearer {desk.rig.lab.issue_token()}"}
    at = f"{desk.rig.group()}/providers/Microsoft.Authorization/locks/freeze?api-version=2016-09-01"
    url, body = f"https://management.azure.com{at}", {"properties": {"level": "ReadOnly"}}
    desk.rig.session.put(url, json=body, headers=token, timeout=30).raise_for_status()
    refused = Fault(
        "GET", f"{desk.rig.scope}/providers/Microsoft.Authorization/locks", FaultAnswer(403, REFUSED), times=9
    )
    desk.rig.lab.faults.add(refused)
    facts = desk.gather(answers, inventory)
    assert unread(facts) == [FactKind.LOCKS], "a lock above the group is not known"
    assert [lock.name for lock in facts.locks.known] == ["freeze"]
    plan = make_plan(answers, inventory, facts)
    assert {change.right.who for change in plan.writing} == {WhoMay.OTHERS}


def test_that_a_denial_of_a_group_that_no_role_tells_of_is_known_to_the_plan() -> None:
    """Azure names it for an identity when asked; only where a denial names anybody is that asked."""

    def edit(world: dict[str, Any]) -> None:
        node, nodes = next(item for item in world["principals"] if item["name"] == "tg-node-a"), "nodes-oid"
        team = {**node, "oid": nodes, "name": "nodes", "kind": "Group"}
        world["groups"] = [{"principal": team, "members": [node["oid"]]}]
        denial = {"guid": "1", "name": "guard", "scope": "/", "actions": ["Microsoft.Network/*"], "not_actions": []}
        more = {"principals": [nodes], "excluded": [], "this_scope_only": False, "description": ""}
        world["authorization"]["deny"] = [denial | more]

    clock = VirtualClock()
    world = json.loads(Lab.from_scenario("fresh", clock=clock).dump())
    edit(world)
    desk = Reader(setup_rig(lab=Lab.load(json.dumps(world), clock), clock=clock))
    inventory = desk.discover()
    answers = desk.answers(inventory)
    plan = make_plan(answers, inventory, desk.gather(answers, inventory))
    assert "The deny assignment guard forbids the machines" in " ".join(item.what for item in plan.warnings)


NODES = "77777777-0000-4000-8000-000000000007"
SUBNET_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


def rights_in_the_groups_alone(change: Callable[[dict[str, Any], str], None]) -> Reader:
    """Machines and network lie in several groups; the operator owns each of these, and may read nothing above them.

    tg-node-b is in a group of Entra ID. ``change``: what else is different in the saved world, with the network's
    group as a scope.
    """
    clock = VirtualClock()
    world = json.loads(Lab.from_scenario("vnet-elsewhere", clock=clock).dump())
    operator = world["operator"]["oid"]
    (owner,) = world["authorization"]["assignments"][operator].values()
    groups = {name: f"{owner['scope']}/resourceGroups/{name}" for name in ("rg-tg-prod", "rg-network", "rg-security")}
    world["authorization"]["assignments"][operator] = {
        guid: {**owner, "guid": guid, "scope": scope}
        for guid, scope in zip((f"{owner['guid'][:-1]}{n}" for n in range(3)), groups.values(), strict=True)
    }
    node = next(item for item in world["principals"] if item["name"] == "tg-node-b")
    team = {**node, "oid": NODES, "name": "nodes", "kind": "Group"}
    world["groups"] = [{"principal": team, "members": [node["oid"]]}]
    change(world, groups["rg-network"])
    return Reader(setup_rig(lab=Lab.load(json.dumps(world), clock), clock=clock))


def joining_the_subnet(desk: Reader) -> tuple[AccessFacts, list[Decision]]:
    """What is read as that operator, and whether tg-node-a and tg-node-b may join the subnet by it."""
    inventory = desk.discover()
    facts = desk.gather(desk.answers(inventory), inventory)
    wanted = ScopedAction(SUBNET_JOIN, desk.rig.network("virtualNetworks", "vnet-dal-prod", "rg-network").text)
    principals = [vm.identity.principal_id for vm in facts.machines]
    return facts, [decide(wanted, roles_of(who, facts), denials_of(who, facts)) for who in principals]


def deny_the_nodes(world: dict[str, Any], network: str) -> None:
    denial = {"guid": "1", "name": "guard", "scope": network, "actions": [SUBNET_JOIN], "principals": [NODES]}
    more = {"not_actions": [], "excluded": [], "this_scope_only": False, "description": ""}
    world["authorization"]["deny"] = [denial | more]


def test_that_a_denial_through_a_group_is_known_wherever_the_cluster_lies_when_only_its_groups_may_be_read() -> None:
    facts, decisions = joining_the_subnet(rights_in_the_groups_alone(deny_the_nodes))
    assert unread(facts) == [FactKind.LOCKS]
    assert [decision.state for decision in decisions] == [RightState.YES, RightState.DENIED]
    assert len(facts.denied) == 1


def test_that_a_role_through_a_group_is_known_wherever_the_cluster_lies_when_only_its_groups_may_be_read() -> None:
    def edit(world: dict[str, Any], network: str) -> None:
        held = world["authorization"]["assignments"]
        node = next(item for item in world["principals"] if item["name"] == "tg-node-b")
        (guid,) = [guid for guid, item in held[node["oid"]].items() if item["scope"] == network]
        held[NODES] = {guid: held[node["oid"]].pop(guid) | {"principal": NODES, "principal_type": "Group"}}

    facts, decisions = joining_the_subnet(rights_in_the_groups_alone(edit))
    assert unread(facts) == [FactKind.LOCKS]
    assert [decision.state for decision in decisions] == [RightState.YES, RightState.YES]


def test_that_what_reaches_several_groups_of_the_cluster_is_known_once() -> None:
    def edit(world: dict[str, Any], network: str) -> None:
        deny_the_nodes(world, network.split("/resourceGroups/", maxsplit=1)[0])
        held = world["authorization"]["assignments"]
        guid, above = next(iter(held[world["operator"]["oid"]].items()))
        changed = {"guid": guid[::-1], "principal": NODES, "principal_type": "Group", "scope": "/"}
        held[NODES] = {guid[::-1]: above | changed}

    facts, decisions = joining_the_subnet(rights_in_the_groups_alone(edit))
    assert decisions[1].state is RightState.DENIED
    assert len(facts.denied) == len(facts.through_groups) == 1


def test_that_a_group_that_does_not_tell_leaves_what_the_others_told_and_the_rest_not_known() -> None:
    desk = rights_in_the_groups_alone(deny_the_nodes)
    group = "/resourceGroups/rg-security/providers/Microsoft.Authorization/denyAssignments"
    # The group's list of all is answered, then what it is asked for each identity is not.
    desk.rig.lab.faults.add(Fault("GET", group, FaultAnswer(403, REFUSED), nth=2, times=None))
    facts, decisions = joining_the_subnet(desk)
    assert unread(facts) == [FactKind.DENIALS, FactKind.LOCKS]
    assert [decision.state for decision in decisions] == [RightState.NOT_KNOWN, RightState.DENIED]


def test_that_azure_is_asked_about_one_address_alone() -> None:
    desk = reader()
    inventory = desk.discover()
    checked = ask_address(desk.rig.services.azure, desk.answers(inventory), inventory)
    assert checked is not None
    assert checked.answer.free
    taken = ask_address(desk.rig.services.azure, desk.answers(inventory, address=IPv4Address("10.20.2.11")), inventory)
    assert taken is not None
    assert not taken.answer.free
    assert (
        ask_address(desk.rig.services.azure, desk.answers(inventory, address=IPv4Address("10.99.0.9")), inventory)
        is None
    )
