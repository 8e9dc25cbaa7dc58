"""Reading a subscription through the real SDK, on the lab's in-process transport."""

from __future__ import annotations

import json

import pytest
import requests

from tests.azure.test_arm import Recorder, fails
from tests.rig import SetupRig, setup_rig
from tgwizard.azure import compute, network_documents
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.engine.ports import AzurePorts
from tgwizard.lab.arm import providers
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ResourceId
from tgwizard.model.inventory import IdentityKind, RuleAccess, RuleDirection
from tgwizard.model.problem import Cancelled
from tgwizard.model.snapshot import Power


def silent(_count: int) -> None:
    """Hears of pages and says nothing."""


def recorded(scenario: str = "fresh") -> tuple[SetupRig, Recorder]:
    recorders: list[Recorder] = []

    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        recorders.append(Recorder(lab))
        found.mount("https://", recorders[0])
        return found

    return setup_rig(scenario, session=session), recorders[0]


def listed(it: SetupRig, kind: str, body: object, status: int = 200) -> AzurePorts:
    """Let the next list of a kind answer this."""
    it.lab.faults.add(Fault("GET", kind, FaultAnswer(status, json.dumps(body))))
    return it.services.azure


def test_that_directories_and_subscriptions_are_those_of_the_account() -> None:
    it = setup_rig()
    (tenant,) = it.services.azure.directory.tenants()
    (subscription,) = it.services.azure.directory.subscriptions()
    assert tenant.id == subscription.tenant == it.lab.subscription.tenant
    assert (subscription.id, subscription.name, subscription.enabled) == (
        it.subscription,
        "Trustgrid Production",
        True,
    )


@pytest.mark.parametrize(
    ("state", "enabled"),
    [("Enabled", True), ("PastDue", True), ("Warned", False), ("Disabled", False), ("Deleted", False)],
)
def test_that_a_subscription_that_can_only_be_read_is_not_enabled(state: str, enabled: bool) -> None:
    it = setup_rig()
    entry = {"subscriptionId": "s", "displayName": "x", "tenantId": "t", "state": state}
    (found,) = listed(it, "/subscriptions", {"value": [entry]}).directory.subscriptions()
    assert found.enabled is enabled


def test_that_groups_are_listed() -> None:
    it = setup_rig()
    assert [group.name for group in it.services.azure.directory.groups(it.subscription, silent)] == ["rg-tg-prod"]


def test_that_machines_are_found_with_interfaces_identity_zone_size_and_tags() -> None:
    it = setup_rig()
    a, b, *_ = it.services.azure.compute.vms(it.subscription, silent)
    assert (a.id.name, a.zone, a.size) == ("tg-node-a", "1", "Standard_D2s_v5")
    assert [nic.name for nic in a.nics] == ["tg-node-a-outside", "tg-node-a-inside"]
    assert a.primary_nic == it.network("networkInterfaces", "tg-node-a-outside")
    assert ("cluster", "edge-dallas") in a.tags
    assert a.identity.system_assigned
    assert a.identity.principal_id == it.lab.principals[0].oid
    assert b.identity.kind is IdentityKind.NONE
    assert not b.identity.principal_id
    assert a.image


def test_that_the_power_of_all_machines_comes_from_one_request() -> None:
    it = setup_rig()
    it.lab.switch(it.vm("tg-node-b").text, on=False)
    before = len(it.lab.requests)
    powers = dict(it.services.azure.compute.powers(it.subscription, silent))
    assert powers[it.vm("tg-node-a")] is Power.RUNNING
    assert powers[it.vm("tg-node-b")] is not Power.RUNNING
    assert len(it.lab.requests) == before + 1


def test_that_one_machine_is_read_with_its_power() -> None:
    it = setup_rig()
    found = it.services.azure.compute.vm(it.vm("tg-node-a"))
    assert (found.power, found.zone, found.identity.kind) == (Power.RUNNING, "1", IdentityKind.SYSTEM)
    assert fails(lambda: it.services.azure.compute.vm(it.vm("nobody"))).cause is Cause.NOT_FOUND


def test_that_interfaces_are_found_with_all_that_their_configurations_name() -> None:
    it = setup_rig("busy-nic")
    nics = {nic.id.name: nic for nic in it.services.azure.network.nics(it.subscription, silent)}
    inside = nics["tg-node-a-inside"]
    assert inside.vm == it.vm("tg-node-a")
    assert inside.ip_forwarding
    assert inside.subnet == it.network("virtualNetworks", "vnet-dal-prod/subnets/snet-inside")
    kinds = {thing.type.split("/", 1)[1] for thing in inside.references}
    assert {"virtualNetworks/subnets", "publicIPAddresses", "loadBalancers/backendAddressPools"} <= kinds
    floating = next(item for item in inside.configurations if item.address == "10.20.2.50")
    assert not floating.primary
    assert floating.public_ip == it.network("publicIPAddresses", "pip-floating")


def test_that_networks_are_found_with_subnets_ranges_and_groups() -> None:
    it = setup_rig()
    (network,) = it.services.azure.network.networks(it.subscription, silent)
    assert network.prefixes == ("10.20.0.0/16",)
    subnets = {subnet.id.name: subnet for subnet in network.subnets}
    assert subnets["snet-inside"].prefixes == ("10.20.2.0/24",)
    assert subnets["snet-inside"].nsg == it.network("networkSecurityGroups", "nsg-tg-inside")
    assert subnets["snet-outside"].nsg is None


def test_that_a_delegated_subnet_with_several_ranges_is_read() -> None:
    subnet = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n",
        "properties": {
            "addressPrefixes": ["10.0.0.0/24", "fd00::/64"],
            "delegations": [{"name": "d", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}],
        },
    }
    vnet = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"}
    found = network_documents.network({**vnet, "properties": {"subnets": [subnet]}})
    assert found is not None
    assert found.subnets[0].prefixes == ("10.0.0.0/24", "fd00::/64")
    assert found.subnets[0].delegations == ("Microsoft.Web/serverFarms",)


def test_that_security_groups_hold_their_rules_and_azures_by_priority() -> None:
    it = setup_rig()
    groups = {group.id.name: group for group in it.services.azure.network.security_groups(it.subscription, silent)}
    rules = groups["nsg-tg-inside"].rules
    assert [rule.priority for rule in rules] == sorted(rule.priority for rule in rules)
    last = rules[-1]
    assert (last.priority, last.access) == (65500, RuleAccess.DENY)
    assert {rule.direction for rule in rules} == {RuleDirection.INBOUND, RuleDirection.OUTBOUND}
    assert last.sources == ("*",)


def test_that_a_rule_with_one_value_or_several_is_read_alike() -> None:
    rule = {
        "name": "r",
        "properties": {
            "priority": 100,
            "direction": "inbound",
            "access": "ALLOW",
            "protocol": "Tcp",
            "sourceAddressPrefix": "",
            "sourceAddressPrefixes": ["10.0.0.0/8", "VirtualNetwork"],
            "destinationAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationPortRanges": ["443", "8443-8445"],
        },
    }
    group = {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/n"}
    found = network_documents.security_group({**group, "properties": {"securityRules": [rule]}})
    assert found is not None
    (only,) = found.rules
    assert only.sources == ("10.0.0.0/8", "VirtualNetwork")
    assert (only.destinations, only.source_ports, only.ports) == (("*",), ("*",), ("443", "8443-8445"))
    assert (only.direction, only.access) == (RuleDirection.INBOUND, RuleAccess.ALLOW)


def test_that_private_frontends_of_load_balancers_are_found() -> None:
    it = setup_rig("busy-nic")
    (frontend,) = it.services.azure.network.frontends(it.subscription, silent)
    assert (frontend.balancer.name, frontend.address) == ("lb-tg-inside", "10.20.2.100")
    assert frontend.subnet == it.network("virtualNetworks", "vnet-dal-prod/subnets/snet-inside")


def test_that_azure_is_asked_whether_an_address_is_free() -> None:
    it = setup_rig()
    subnet = it.network("virtualNetworks", "vnet-dal-prod/subnets/snet-inside")
    assert it.services.azure.network.check_address(subnet, "10.20.2.50").free
    taken = it.services.azure.network.check_address(subnet, "10.20.2.11")
    assert (taken.free, taken.reserved, len(taken.others)) == (False, False, 5)
    assert it.services.azure.network.check_address(subnet, "10.20.2.1").reserved
    failure = fails(lambda: it.services.azure.network.check_address(subnet, "10.99.0.4"))
    assert failure.problem.code == "address-outside-subnet"
    assert failure.certainty is Certainty.REFUSED


def test_that_every_page_of_a_list_is_read_and_told() -> None:
    it = setup_rig("busy-nic")
    it.lab.page_size = 2
    heard: list[int] = []
    nics = it.services.azure.network.nics(it.subscription, heard.append)
    assert len({nic.id for nic in nics}) == 5
    assert heard == [2, 4, 5]


def test_that_a_reading_stops_between_pages_when_it_is_cancelled() -> None:
    it = setup_rig("busy-nic")
    it.lab.page_size = 1

    def stop(count: int) -> None:
        if count == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        it.services.azure.network.nics(it.subscription, stop)
    assert sum("networkInterfaces" in item.path for item in it.lab.requests) == 2


@pytest.mark.parametrize(
    "link",
    [
        "https://management.azure.com.evil.example/more",
        "http://management.azure.com/more",
        "https://user@evil.example/",
        "/relative",
    ],
)
def test_that_a_list_is_followed_to_the_arm_endpoint_only(link: str) -> None:
    it, recorder = recorded()
    reading = listed(it, "networkInterfaces", {"value": [], "nextLink": link})
    failure = fails(lambda: reading.network.nics(it.subscription, silent))
    assert (failure.problem.code, failure.certainty) == ("azure-elsewhere", Certainty.NOT_SENT)
    assert len(recorder.sent) == 1


def test_that_a_link_with_braces_is_followed_as_it_is() -> None:
    it, recorder = recorded()
    link = f"https://management.azure.com/subscriptions/{it.subscription}/resourcegroups?api-version=2025-04-01&x={{y}}"
    listed(it, "resourcegroups", {"value": [], "nextLink": link}).directory.groups(it.subscription, silent)
    assert str(recorder.sent[-1].url).endswith("x=%7By%7D")


def test_that_one_part_may_be_refused_and_the_others_stand() -> None:
    it = setup_rig()
    refused = {"error": {"code": "AuthorizationFailed", "message": "no"}}
    it.lab.faults.add(Fault("GET", "/loadBalancers", FaultAnswer(403, json.dumps(refused)), times=None))
    reading = it.services.azure.network
    assert fails(lambda: reading.frontends(it.subscription, silent)).cause is Cause.NOT_ALLOWED
    assert reading.nics(it.subscription, silent)


def test_that_who_may_read_some_groups_only_sees_what_is_in_them() -> None:
    it = setup_rig()
    refused = FaultAnswer(403, json.dumps({"error": {"code": "AuthorizationFailed", "message": "no"}}))
    everywhere = it.services.azure.network.nics(it.subscription, silent)
    it.lab.faults.add(Fault("GET", f"{it.subscription}/providers/Microsoft.Network/networkInterfaces", refused))
    assert it.services.azure.network.nics(it.subscription, silent) == everywhere
    it.lab.faults.add(Fault("GET", f"{it.subscription}/providers/Microsoft.Network/networkInterfaces", refused))
    it.lab.faults.add(Fault("GET", "/resourcegroups", refused))
    refusal = fails(lambda: it.services.azure.network.nics(it.subscription, silent))
    assert "network interfaces" in refusal.problem.what


@pytest.mark.parametrize("body", [[], {"value": {}}, {}, None, "text"])
def test_that_an_answer_that_is_no_list_is_not_an_empty_one(body: object) -> None:
    it = setup_rig()
    reading = listed(it, "virtualMachines", body)
    assert fails(lambda: reading.compute.vms(it.subscription, silent)).problem.code == "answer-not-understood"


@pytest.mark.parametrize("provider", ["microsoft.network", "microsoft.compute"])
def test_that_a_provider_that_is_not_registered_is_told_and_not_registered_behind_the_users_back(provider: str) -> None:
    it = setup_rig()
    it.lab._world.unregistered = [provider]
    azure = it.services.azure
    reading = azure.network.nics if provider == "microsoft.network" else azure.compute.vms
    assert fails(lambda: reading(it.subscription, silent)).problem.code == "provider-not-registered"
    assert it.writes() == []


HOSTILE = "\u202eevil\"'$(reboot)<b>\n" + "x" * 60


def test_that_hostile_names_and_tags_come_through_unharmed() -> None:
    group = f"/subscriptions/s/resourceGroups/{HOSTILE.strip()}"
    item = {
        "id": f"{group}/providers/Microsoft.Compute/virtualMachines/vm",
        "tags": {HOSTILE: HOSTILE},
        "properties": {"storageProfile": {"imageReference": {"offer": HOSTILE, "version": 7}}},
    }
    found = compute.found_vm(item)
    assert found is not None
    assert found.id.group == HOSTILE.strip()
    assert found.tags == ((HOSTILE, HOSTILE),)
    assert found.image == HOSTILE


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"id": 7},
        {"id": "no id", "properties": []},
        {"id": None, "tags": "x", "identity": [], "zones": {}},
    ],
)
def test_that_what_is_no_resource_is_left_out(item: dict[str, object]) -> None:
    assert compute.found_vm(item) is None
    assert compute.found_power(item) is None
    assert network_documents.nic(item) is None
    assert network_documents.network(item) is None
    assert network_documents.security_group(item) is None
    assert list(network_documents.frontends(item)) == []


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("SystemAssigned, UserAssigned", IdentityKind.BOTH),
        ("systemassigned,userassigned", IdentityKind.BOTH),
        ("SystemAssigned", IdentityKind.SYSTEM),
        ("UserAssigned", IdentityKind.USER),
        ("None", IdentityKind.NONE),
        ("SomethingNew", IdentityKind.NONE),
        pytest.param(None, IdentityKind.NONE, id="missing"),
    ],
)
def test_that_an_identity_is_told_whatever_its_spelling(kind: str | None, seen: IdentityKind) -> None:
    found = compute.found_identity({"identity": {"type": kind, "principalId": "p"}})
    assert found.kind is seen
    assert found.principal_id == ("p" if found.system_assigned else "")


def test_that_a_name_with_signs_of_urls_is_asked_for_as_it_is() -> None:
    it, recorder = recorded()
    name = "vm ?#%{x}é"
    failure = fails(lambda: it.services.azure.compute.vm(it.vm(name)))
    assert failure.cause is Cause.NOT_FOUND
    assert "vm%20%3F%23%25%7Bx%7D%C3%A9?" in str(recorder.sent[-1].url)


def test_that_the_versions_asked_for_are_those_of_the_sdk() -> None:
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient

    from tgwizard.azure import rest

    it, recorder = recorded()
    credential = it.services.azure.clients.session.credential  # type: ignore[attr-defined]
    from azure.core.pipeline.transport import RequestsTransport

    session = requests.Session()
    session.mount("https://", recorder)
    options = {"transport": RequestsTransport(session=session, session_owner=False)}
    list(NetworkManagementClient(credential, it.subscription, **options).network_interfaces.list_all())
    list(ComputeManagementClient(credential, it.subscription, **options).virtual_machines.list_all())
    list(ResourceManagementClient(credential, it.subscription, **options).resource_groups.list())
    list(SubscriptionClient(credential, **options).subscriptions.list())
    list(AuthorizationManagementClient(credential, it.subscription, **options).role_definitions.list(it.scope))
    sent = [str(request.url).rsplit("api-version=", 1)[-1].split("&")[0] for request in recorder.sent]
    assert sent == [
        rest.NETWORK_API,
        rest.COMPUTE_API,
        rest.GROUPS_API,
        rest.SUBSCRIPTIONS_API,
        rest.AUTHORIZATION_API,
    ]
    assert rest.LOCKS_API >= providers.OLDEST


def test_that_thousands_of_machines_are_parsed_from_what_azure_sends() -> None:
    group = "/subscriptions/s/resourceGroups/g/providers"
    machines = [
        {
            "id": f"{group}/Microsoft.Compute/virtualMachines/vm-{number}",
            "location": "westeurope",
            "properties": {
                "networkProfile": {
                    "networkInterfaces": [{"id": f"{group}/Microsoft.Network/networkInterfaces/nic-{number}"}]
                }
            },
        }
        for number in range(5000)
    ]
    it = setup_rig()
    found = listed(it, "virtualMachines", {"value": machines}).compute.vms(it.subscription, silent)
    assert len({vm.id for vm in found}) == 5000
    assert found[4999].primary_nic == ResourceId(f"{group}/Microsoft.Network/networkInterfaces/nic-4999")
