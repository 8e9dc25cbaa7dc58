"""What travels and does not fit the gaining side is found before the detach; the lab refuses it as Azure does."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.engine.worlds import changed
from tests.rig import Rig
from tgwizard.engine.failover.run import RunOptions, fail_over, rehearse
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Finished, PreflightCompleted
from tgwizard.model.failover_options import Strategy
from tgwizard.model.finding import Level
from tgwizard.model.nic import carried_of

VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
World = dict[str, Any]
Edit = Callable[[World], None]


def named(world: World, name: str) -> dict[str, Any]:
    """A resource of the world by its name."""
    found: dict[str, Any] = next(item for item in world["resources"].values() if item["name"] == name)
    return found


def floating(world: World) -> dict[str, Any]:
    """The properties of the floating configuration on the first member."""
    items = named(world, "tg-node-a-inside")["properties"]["ipConfigurations"]
    found: dict[str, Any] = next(item["properties"] for item in items if item["name"] == "tg-floating")
    return found


def unzoned(world: World) -> None:
    for name in ("tg-node-a", "tg-node-b"):
        named(world, name).pop("zones")


def zone_one(world: World) -> None:
    named(world, "pip-floating")["zones"] = ["1"]


def basic_in_no_zone(world: World) -> None:
    named(world, "pip-floating")["sku"]["name"] = "Basic"


def basic_beside_standard(world: World) -> None:
    unzoned(world)
    named(world, "pip-floating")["sku"]["name"] = "Basic"


def ipv6(world: World) -> None:
    named(world, "pip-floating")["properties"]["publicIPAddressVersion"] = "IPv6"


def second_balancer(world: World) -> None:
    text = json.dumps(named(world, "lb-tg-inside")).replace("lb-tg-inside", "lb-other")
    other = json.loads(text)
    world["resources"][other["id"].lower()] = other
    inside = named(world, "tg-node-b-inside")["properties"]["ipConfigurations"][0]["properties"]
    inside["loadBalancerBackendAddressPools"] = [{"id": other["properties"]["backendAddressPools"][0]["id"]}]


def other_network(world: World) -> None:
    front = named(world, "lb-tg-inside")["properties"]["frontendIPConfigurations"][0]["properties"]
    front["subnet"]["id"] = front["subnet"]["id"].replace("vnet-dal-prod", "vnet-other")


def other_availability_set(world: World) -> None:
    unzoned(world)
    named(world, "lb-tg-inside")["sku"]["name"] = "Basic"
    named(world, "pip-floating")["sku"]["name"] = "Basic"
    vm = named(world, "tg-node-a")
    vm["properties"]["availabilitySet"] = {"id": vm["id"].replace("virtualMachines/tg-node-a", "availabilitySets/as")}


def no_public_ip(world: World) -> None:
    del world["resources"][named(world, "pip-floating")["id"].lower()]


def no_pool(world: World) -> None:
    named(world, "lb-tg-inside")["properties"]["backendAddressPools"].pop()


def rule_in_use(world: World) -> None:
    inside = named(world, "tg-node-a-inside")["properties"]["ipConfigurations"][0]["properties"]
    floating(world)["loadBalancerInboundNatRules"] = copy.deepcopy(inside["loadBalancerInboundNatRules"])


def other_region(world: World) -> None:
    named(world, "pip-floating")["location"] = "eastus"


def bound(world: World) -> None:
    floating(world)["fooBar"] = {"peers": [{"id": f"{named(world, 'tg-node-a-inside')['id']}/tapConfigurations/x"}]}


@dataclass(frozen=True)
class Case:
    """One misfit: the code that Azure refuses the attach with, our problem's code, and words that name the cause."""

    edit: Edit
    azure: str
    code: str
    words: str


CASES = {
    "zone": Case(
        zone_one,
        "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
        "carried-zone",
        "pip-floating is in zone 1, tg-node-b in zone 2",
    ),
    "Basic in no zone": Case(
        basic_in_no_zone,
        "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
        "carried-zone",
        "pip-floating is of the SKU Basic and in no zone, tg-node-b in zone 2",
    ),
    "SKU": Case(
        basic_beside_standard,
        "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
        "carried-sku",
        "pip-floating is Basic, lb-tg-inside is Standard",
    ),
    "family": Case(
        ipv6,
        "IPVersionForPublicIpAndNicIpConfigurationMustMatch",
        "carried-family",
        "pip-floating is an IPv6 address, 10.20.2.50 is IPv4",
    ),
    "two load balancers": Case(
        second_balancer,
        "NetworkInterfaceUsesMultipleLoadBalancersOfSameType",
        "carried-balancers",
        "tg-node-b-inside would be behind 2 internal load balancers",
    ),
    "another network": Case(
        other_network,
        "NetworkInterfaceAndInternalLoadBalancerMustUseSameVnet",
        "carried-network",
        "lb-tg-inside is in vnet-other, tg-node-b-inside in vnet-dal-prod",
    ),
    "availability set": Case(
        other_availability_set,
        "NetworkInterfaceAndLoadBalancerAreInDifferentAvailabilitySets",
        "carried-availability-set",
        "another availability set than the machines behind lb-tg-inside",
    ),
    "public IP gone": Case(no_public_ip, "InvalidResourceReference", "carried-gone", "pip-floating does not exist"),
    "pool gone": Case(no_pool, "InvalidResourceReference", "carried-gone", "lb-tg-inside has no pool-floating"),
    "NAT rule in use": Case(
        rule_in_use,
        "InboundNatRuleReferencedByMultipleIpConfigurations",
        "nat-rule-in-use",
        "ssh-node-a of lb-tg-inside leads to ipconfig1 of tg-node-a-inside",
    ),
    "region": Case(
        other_region, "InvalidResourceReference", "carried-region", "pip-floating is in eastus, tg-node-b-inside in"
    ),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def busy(edit: Edit = lambda _world: None) -> Rig:
    return changed(edit, Latency.INSTANT, scenario="busy-nic")


def written(made: Rig) -> list[str]:
    """The paths of all writes that Azure took."""
    return [record.path for record in made.lab.requests if record.method != "GET" and (record.status or 500) < 400]


def refused(made: Rig, verb: Verb, **options: Any) -> Finished:
    """A failover that a check refuses, with nothing written."""
    before = made.nic(made.a).etag
    finished = made.fail_over(verb=verb, accept_unknown=True, **options)
    assert finished.outcome is Outcome.REFUSED, finished.reason
    assert written(made) == [], "nothing may be written before the preflight allowed it"
    assert made.nic(made.a).etag == before
    return finished


@EACH
@VERBS
def test_that_a_misfit_is_found_before_the_detach(case: Case, verb: Verb) -> None:
    finished = refused(busy(case.edit), verb)
    assert finished.problem is not None
    assert finished.problem.code == case.code
    assert case.words in finished.problem.what
    assert "Take it off the configuration of 10.20.2.50 on tg-node-a-inside." in finished.problem.fix
    if case.code != "nat-rule-in-use":
        assert finished.problem.detail == case.azure


@EACH
def test_that_the_lab_refuses_a_misfit_as_azure_does(case: Case) -> None:
    kept: list[dict[str, Any]] = []

    def edit(world: World) -> None:
        case.edit(world)
        inner = named(world, "tg-node-a-inside")["properties"]
        kept.append(inner["ipConfigurations"].pop())
        for item in world["resources"].values():
            if item["name"] == "pip-floating":
                item["properties"].pop("ipConfiguration")

    made = busy(edit)
    document = made.nic(made.b)
    body = document.plus(document.new_configuration("tg-floating", made.address, carried_of(kept[0]))).body
    answer = made.call("PUT", made.b.nic.text, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, case.azure)
    assert made.nic(made.b).etag == document.etag


def test_that_a_move_in_one_call_is_held_to_the_same_rules() -> None:
    finished = refused(busy(zone_one), Verb.GRACEFUL, strategy=Strategy.ATOMIC)
    assert finished.problem is not None
    assert finished.problem.code == "carried-zone"


@pytest.mark.parametrize("zones", [["1", "2", "3"], ["2", "1"], None], ids=str)
def test_that_a_public_ip_of_every_zone_or_of_none_travels(zones: list[str] | None) -> None:
    made = busy(lambda world: named(world, "pip-floating").update({"zones": zones} if zones else {}))
    checked = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token)
    (found,) = [finding for finding in checked.findings.findings if finding.fact.endswith(" fit tg-node-b")]
    assert found.level is Level.PASSED
    assert {"pip-floating", "lb-tg-inside"} <= set(found.fact.split())
    assert made.fail_over().outcome is Outcome.DONE


@VERBS
def test_that_what_is_bound_to_the_losing_interface_is_named_and_refused(verb: Verb) -> None:
    finished = refused(busy(bound), verb)
    assert finished.problem is not None
    assert finished.problem.what == "fooBar cannot travel: it names tg-node-a's own interface or machine."


@pytest.mark.parametrize("status", [403, 500])
def test_that_what_cannot_be_read_is_not_known_and_stops_graceful_only(status: int) -> None:
    def unread() -> Rig:
        made = busy(zone_one)
        made.lab.faults.add(Fault("GET", "pip-floating", FaultAnswer(status, "{}"), times=None))
        return made

    made = unread()
    finished = made.fail_over()
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.what == "Whether pip-floating fits tg-node-b is not known."
    assert written(made) == []
    for options in ({"verb": Verb.FORCED}, {"accept_unknown": True}):
        again = unread()
        tried = again.fail_over(**options)
        assert tried.outcome is Outcome.FAILED, "Azure refuses it then, and the address goes back"
        assert tried.rolled_back
        assert again.holders() == ["tg-node-a"]


@VERBS
def test_that_a_policy_that_bites_on_what_travels_is_found_before_the_detach(verb: Verb) -> None:
    made = busy()
    policy = {
        "error": {
            "code": "RequestDisallowedByPolicy",
            "target": "tg-node-b-inside",
            "message": "Resource 'tg-node-b-inside' was disallowed by policy. Policy identifiers: 'no-public-ips'.",
        }
    }
    made.lab.faults.add(
        Fault("PUT", "tg-node-b-inside", FaultAnswer(403, json.dumps(policy)), times=None, body="publicIPAddress")
    )
    finished = refused(made, verb)
    assert finished.problem is not None
    assert "no-public-ips" in f"{finished.problem.sentence()} {finished.problem.detail}"
    (checked,) = [event for event in made.events if isinstance(event, PreflightCompleted)]
    facts = [item.fact for item in checked.findings.findings if item.level is Level.BLOCKS]
    assert facts == ["Azure would refuse the attach to tg-node-b-inside"]


@pytest.mark.parametrize("names_holder", [True, False])
def test_that_a_refusal_for_what_the_losing_interface_still_has_stops_nothing(names_holder: bool) -> None:
    made = busy()
    holder = made.a if names_holder else made.b
    said = f"Inbound NAT rule x is referenced by {holder.nic.text.upper()}/ipConfigurations/tg-floating already."
    body = json.dumps({"error": {"code": "SomethingElse", "message": said, "details": []}})
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(400, body)))
    finished = made.fail_over()
    assert finished.outcome is (Outcome.DONE if names_holder else Outcome.REFUSED)


def on_no_nic(carried: CarriedConfiguration) -> Rig:
    """The address is on no interface; what travels is what the cluster file says."""
    made = busy()
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    return replace(made, setup=replace(made.setup, carried=carried, file=None))


def test_that_a_public_ip_of_the_file_that_serves_something_else_is_refused() -> None:
    made = busy()
    there = made.b.nic.text.rsplit("/providers/", 1)[0]
    public = ResourceId(f"{there}/providers/Microsoft.Network/publicIPAddresses/pip-tg-node-b")
    made = on_no_nic(CarriedConfiguration.of(public))
    before = made.nic(made.b).etag
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.what == "pip-tg-node-b is used by ipconfig1 of tg-node-b-outside."
    assert "take it out of [floating.carried]" in finished.problem.fix
    assert made.nic(made.b).etag == before


def test_that_an_application_gateway_of_the_file_is_refused_and_what_fits_is_attached() -> None:
    made = busy()
    there = made.b.nic.text.rsplit("/providers/", 1)[0]
    pool = f"{there}/providers/Microsoft.Network/applicationGateways/ag/backendAddressPools/p"
    made = on_no_nic(CarriedConfiguration({"applicationGatewayBackendAddressPools": [{"id": pool}]}))
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.problem is not None
    assert finished.problem.code == "gateway-pool-on-secondary"
    public = ResourceId(f"{there}/providers/Microsoft.Network/publicIPAddresses/pip-floating")
    whole = replace(made, setup=replace(made.setup, carried=CarriedConfiguration.of(public)))
    assert whole.fail_over(verb=Verb.FORCED).outcome is Outcome.DONE
    arrived = made.nic(made.b).find(made.address)
    assert arrived is not None
    assert carried_of(arrived) == CarriedConfiguration.of(public)


def taken_off(made: Rig, key: str) -> None:
    """Somebody takes a field off the floating configuration while the attach is still under way."""

    def change(body: dict[str, Any]) -> None:
        for item in body["properties"]["ipConfigurations"]:
            if item["properties"].get("privateIPAddress") == made.address:
                item["properties"].pop(key)

    made.edit(made.b, change)


@pytest.mark.parametrize("key", ["publicIPAddress", "loadBalancerBackendAddressPools", "fooBar"])
def test_that_done_names_what_travelled_and_is_not_there(key: str) -> None:
    def more(world: World) -> None:
        floating(world)["fooBar"] = {"a": [1]}

    made = changed(more, Latency.FAST, scenario="busy-nic")
    attached: list[bool] = []

    def hear(event: object) -> None:
        if isinstance(event, CallMade) and (event.method, event.target) == ("PUT", "tg-node-b-inside") and not attached:
            attached.append(True)
            taken_off(made, key)

    finished = fail_over(made.services, made.setup, made.b, Verb.GRACEFUL, hear, made.token, RunOptions())
    assert finished.outcome is Outcome.DONE
    (left,) = finished.left
    assert left.startswith(f"{key} of the configuration of 10.20.2.50 was ")
    assert left.endswith("; on tg-node-b-inside it is not set. Correct it there.")
    assert finished.by_other == ()
