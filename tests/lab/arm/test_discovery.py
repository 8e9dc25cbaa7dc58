"""What a set-up reads: subscriptions, tenants, machines, networks, rights; in pages, by SDK (azure/README.md 1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from tests.lab.bench import Bench, JumpingTransport, OperatorCredential, error_of
from tests.lab.rights import assign, define, fresh_guid, sign_in
from tgwizard.lab.entra import access_tokens
from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import Response

TWO, SANDBOX = "two-tenants", "rg-sandbox_(old).1"
SET_UP_FROM = ["fresh", "vnet-elsewhere", "old-role", "busy-nic", "reader", "ready", TWO]


def bench_of(name: str, clusters: int | None = None) -> Bench:
    bench = Bench()
    bench.lab = Lab.from_scenario(name, clock=bench.clock, clusters=clusters)
    bench.token = bench.lab.issue_token()
    return bench


def client(kind: Any, bench: Bench, *arguments: str) -> Any:
    return kind(OperatorCredential(bench.lab), *arguments, transport=JumpingTransport(bench))


def names(found: Iterable[Any]) -> list[str]:
    return sorted(item.name for item in found)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_that_the_sdk_lists_everything_of_a_subscription_whatever_the_pages(size: int) -> None:
    bench = bench_of("vnet-elsewhere")
    bench.lab.page_size = size
    guid = bench.lab.subscription.id
    with (
        client(NetworkManagementClient, bench, guid) as network,
        client(ComputeManagementClient, bench, guid) as compute,
    ):
        assert names(compute.virtual_machines.list_all()) == ["tg-node-a", "tg-node-b", "vm-app-01"]
        assert names(compute.virtual_machines.list("rg-tg-prod")) == ["tg-node-a", "tg-node-b", "vm-app-01"]
        assert len(names(network.network_interfaces.list_all())) == 5
        assert len(names(network.network_interfaces.list("rg-tg-prod"))) == 5
        assert names(network.virtual_networks.list_all()) == ["vnet-dal-prod"]
        assert names(network.virtual_networks.list("rg-network")) == ["vnet-dal-prod"]
        assert names(network.network_security_groups.list_all()) == ["nsg-tg-inside", "nsg-tg-outside"]
        assert names(network.network_security_groups.list("rg-tg-prod")) == []
        assert names(network.application_security_groups.list_all()) == ["asg-tg-nodes"]
        assert names(network.application_security_groups.list("rg-security")) == ["asg-tg-nodes"]
        assert names(network.public_ip_addresses.list_all()) == ["pip-tg-node-a", "pip-tg-node-b"]
        assert names(network.subnets.list("rg-network", "vnet-dal-prod")) == ["snet-inside", "snet-outside"]
    with client(ResourceManagementClient, bench, guid) as resources:
        assert names(resources.resource_groups.list()) == ["rg-network", "rg-security", "rg-tg-prod"]
    pages = [item for item in bench.lab.requests if item.path.endswith("/networkInterfaces")]
    assert len(pages) == {0: 2, 1: 10, 3: 4}[size]


def test_that_run_time_status_is_listed_for_a_subscription_and_nowhere_else() -> None:
    bench = bench_of("ready")
    place = f"{bench.subscription}/providers/Microsoft.Compute/virtualMachines"
    listed = bench.get(f"{place}?statusOnly=true")["value"]
    states = {item["name"]: item["properties"]["instanceView"]["statuses"][1]["code"] for item in listed}
    assert states == dict.fromkeys(("tg-node-a", "tg-node-b", "vm-app-01"), "PowerState/running")
    for path in (place, f"{bench.group}/providers/Microsoft.Compute/virtualMachines?statusOnly=true"):
        assert all("instanceView" not in item["properties"] for item in bench.get(path)["value"])


@pytest.mark.parametrize("name", SET_UP_FROM)
def test_that_every_scenario_has_a_pair_that_looks_like_trustgrid_and_a_machine_that_does_not(name: str) -> None:
    bench = bench_of(name)
    vms = {
        item["name"]: item
        for item in bench.get(f"{bench.subscription}/providers/Microsoft.Compute/virtualMachines")["value"]
    }
    for member in ("tg-node-a", "tg-node-b"):
        vm = vms[member]["properties"]
        reference = vm["storageProfile"].get("imageReference")
        if name == "old-role":
            assert reference is None, "only the names tell"
            assert "osProfile" not in vm
        else:
            assert reference["communityGalleryImageId"].startswith(
                "/communityGalleries/trustgrid-45680719-9aa7-43b9-a376-dc03bcfdb0ac/images/trustgrid-node-2204-prod/"
            )
            assert vm["osProfile"]["adminUsername"] == "ubuntu"
        outside, inside = (item["id"] for item in vm["networkProfile"]["networkInterfaces"])
        assert [item["properties"]["primary"] for item in vm["networkProfile"]["networkInterfaces"]] == [True, False]
        assert bench.get(outside)["properties"]["enableIPForwarding"] is False
        assert bench.get(inside)["properties"]["enableIPForwarding"] is True
        assert vms[member]["tags"]["role"] == "trustgrid"
    other = vms["vm-app-01"]["properties"]["storageProfile"]["imageReference"]
    assert other["publisher"] == "Canonical"


@pytest.mark.parametrize("name", SET_UP_FROM)
def test_that_the_members_rules_let_the_heartbeat_and_azures_management_through(name: str) -> None:
    bench = bench_of(name)
    groups = {
        item["name"]: item
        for item in bench.get(f"{bench.subscription}/providers/Microsoft.Network/networkSecurityGroups")["value"]
    }
    inside, outside = (groups[f"nsg-tg-{place}"]["properties"] for place in ("inside", "outside"))
    heartbeat = {
        (rule["properties"]["direction"], rule["properties"]["destinationPortRange"])
        for rule in inside["securityRules"]
    }
    assert heartbeat == {("Inbound", "9000"), ("Outbound", "9000")}
    rules = {rule["name"]: rule["properties"] for rule in outside["securityRules"]}
    tag = "ApiManagement" if name == "old-role" else "AzureResourceManager"
    assert rules["AllowAzureManagementOut"]["destinationAddressPrefix"] == tag
    plane = rules["AllowControlPlaneOut"]
    assert plane["destinationPortRanges"] == ["443", "8443"]
    assert "destinationPortRange" not in plane
    assert {item["id"].rsplit("/", 1)[-1] for item in inside["networkInterfaces"]} == {
        "tg-node-a-inside",
        "tg-node-b-inside",
    }
    assert [item["id"].rsplit("/", 1)[-1] for item in inside["subnets"]] == ["snet-inside"]


def test_that_a_public_address_names_the_configuration_that_has_it() -> None:
    bench = bench_of("fresh")
    listed = bench.get(f"{bench.group}/providers/Microsoft.Network/publicIPAddresses")["value"]
    assert [item["properties"]["ipConfiguration"]["id"] for item in listed] == [
        f"{bench.nic_id('tg-node-a-outside')}/ipConfigurations/ipconfig1",
        f"{bench.nic_id('tg-node-b-outside')}/ipConfigurations/ipconfig1",
    ]
    assert bench.get(listed[0]["id"]) == listed[0]


def vm_path(bench: Bench, name: str) -> str:
    sandbox = bench.get("/subscriptions")["value"][1]["id"]
    return f"{sandbox}/resourceGroups/{SANDBOX}/providers/Microsoft.Compute/virtualMachines/{name}"


def test_that_a_machines_identity_may_be_its_own_a_shared_one_or_both() -> None:
    bench = bench_of(TWO)
    user, both = (bench.get(vm_path(bench, name))["identity"] for name in ("vm-hostile-tags", "vm-both-identities"))
    assert (user["type"], both["type"]) == ("UserAssigned", "SystemAssigned, UserAssigned")
    assert "principalId" not in user
    assert both["principalId"] in {item.oid for item in bench.lab.principals}
    ((reference, shown),) = user["userAssignedIdentities"].items()
    assert reference.endswith("/userAssignedIdentities/id-shared")
    assert set(shown) == {"principalId", "clientId"}
    assert both["userAssignedIdentities"] == user["userAssignedIdentities"]


def test_that_enabling_a_machines_own_identity_keeps_the_shared_one_and_null_takes_that_away() -> None:
    bench = bench_of(TWO)
    path = vm_path(bench, "vm-hostile-tags")
    before = bench.get(path)
    answer = bench.call("PATCH", path, {"identity": {"type": "SystemAssigned, UserAssigned"}}).json()
    assert answer["identity"]["userAssignedIdentities"] == before["identity"]["userAssignedIdentities"]
    assert answer["identity"]["principalId"]
    (reference,) = before["identity"]["userAssignedIdentities"]
    sent = {"type": "SystemAssigned", "userAssignedIdentities": {reference: None}}
    assert "userAssignedIdentities" not in bench.call("PATCH", path, {"identity": sent}).json()["identity"]
    nothing = {"type": "UserAssigned", "userAssignedIdentities": {reference: None}}
    assert error_of(bench.call("PATCH", path, {"identity": nothing}))[:2] == (400, "InvalidParameter")


def token_in(bench: Bench, tenant: str) -> None:
    bench.token = bench.lab.issue_token_for(bench.lab.directory.accounts[0], tenant=tenant)


@pytest.mark.parametrize("size", [0, 1])
def test_that_a_token_shows_the_subscriptions_of_its_tenant_and_all_tenants(size: int) -> None:
    bench = bench_of(TWO)
    bench.lab.page_size = size
    with client(SubscriptionClient, bench) as subscriptions:
        found = list(subscriptions.subscriptions.list())
        tenants = list(subscriptions.tenants.list())
    assert [(item.display_name[:7], item.state) for item in found] == [
        ("Trustgr", "Enabled"),
        ("Sandbox", "Enabled"),
        ("Closed ", "Disabled"),
    ]
    assert {item.tenant_id for item in found} == {bench.lab.subscription.tenant}
    assert [item.default_domain for item in tenants] == ["lab.example", "fabrikam.example"]
    bench.lab.page_size = 0
    assert bench.get("/subscriptions")["count"] == {"type": "Total", "value": 3}
    token_in(bench, tenants[1].tenant_id)
    assert [item["displayName"] for item in bench.get("/subscriptions")["value"]] == ["Fabrikam Shared"]


def test_that_the_operator_is_a_guest_with_rights_of_its_own_in_the_other_tenant() -> None:
    bench = bench_of(TWO)
    home = bench.token
    other = bench.get("/tenants")["value"][1]["tenantId"]
    token_in(bench, other)
    place = bench.get("/subscriptions")["value"][0]["id"]
    guest = access_tokens.guest(bench.lab._world, bench.lab.directory.accounts[0], other)
    assert guest.name == "operator_lab.example#EXT#@fabrikam.example"
    assert [item["name"] for item in bench.get(f"{place}/providers/Microsoft.Compute/virtualMachines")["value"]] == [
        "vm-fabrikam"
    ]
    status, code, message = error_of(
        bench.call(
            "POST",
            f"{place}/resourceGroups/rg-fabrikam/providers/Microsoft.Compute/virtualMachines/vm-fabrikam/restart",
        )
    )
    assert (status, code) == (403, "AuthorizationFailed")
    assert f"with object id '{guest.oid}'" in message
    for token, path in ((bench.token, bench.group), (home, place)):
        bench.token = token
        assert error_of(bench.call("GET", path))[:2] == (401, "InvalidAuthenticationTokenTenant")


def test_that_a_disabled_subscription_can_be_read_and_not_written() -> None:
    bench = bench_of(TWO)
    closed = bench.get("/subscriptions")["value"][2]["id"]
    assert [item["name"] for item in bench.get(f"{closed}/resourceGroups")["value"]] == ["rg-closed"]
    answer = assign(bench, bench.lab.directory.automation.oid, "Reader", closed)
    assert error_of(answer)[:2] == (409, "ReadOnlyDisabledSubscription")


def test_that_resources_are_found_in_their_own_subscription_only() -> None:
    bench = bench_of(TWO)
    sandbox = bench.get("/subscriptions")["value"][1]["id"]
    place = "providers/Microsoft.Network/virtualNetworks"
    assert [item["name"] for item in bench.get(f"{sandbox}/{place}")["value"]] == ["vnet-sandbox"]
    assert [item["name"] for item in bench.get(f"{bench.subscription}/{place}")["value"]] == ["vnet-dal-prod"]
    wrong = f"{sandbox}/resourceGroups/rg-tg-prod/{place}/vnet-dal-prod"
    assert error_of(bench.call("GET", wrong))[:2] == (404, "ResourceGroupNotFound")
    nic = bench.get(
        f"{sandbox}/resourceGroups/{SANDBOX}/providers/Microsoft.Network/networkInterfaces/vm-hostile-tags-nic"
    )
    answer = bench.call("PUT", nic["id"], nic)
    assert (answer.header("Azure-AsyncOperation") or "").startswith(f"https://management.azure.com{sandbox}/providers/")
    assert bench.poll(answer).json() == {"status": "InProgress"}


def assignments_at(bench: Bench, scope: str, wanted: str = "") -> list[str]:
    query = f"?$filter={wanted}" if wanted else ""
    found = bench.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments{query}")["value"]
    return [item["properties"]["scope"] for item in found]


def test_that_a_management_groups_assignment_counts_in_all_that_is_below_it() -> None:
    bench = bench_of(TWO)
    auditor = bench.lab.directory.account("auditor@lab.example")
    company = "/providers/Microsoft.Management/managementGroups/mg-company"
    sandbox, closed = (item["id"] for item in bench.get("/subscriptions")["value"][1:])
    wanted = f"principalId eq '{auditor.oid}'"
    assert company in assignments_at(bench, bench.group, wanted), "through mg-platform, which is in mg-company"
    assert company in assignments_at(bench, sandbox, "atScope()")
    assert company not in assignments_at(bench, closed), "right below the tenant's root"
    sign_in(bench, auditor)
    assert bench.call("GET", f"{sandbox}/resourceGroups").status == 200
    assert bench.call("GET", bench.group).status == 200
    assert bench.call("GET", closed).status == 403


def test_that_roles_and_assignments_are_listed_by_kind_scope_and_principal() -> None:
    bench = bench_of("ready")
    member = bench.lab.principals[0]
    with client(AuthorizationManagementClient, bench, bench.lab.subscription.id) as rights:
        customs = rights.role_definitions.list(bench.group, filter="type eq 'CustomRole'")
        assert [item.role_name for item in customs] == ["tg-cluster-ip-failover"]
        both = rights.role_definitions.list(bench.group, filter="atScopeAndBelow() and type eq 'CustomRole'")
        assert [item.role_name for item in both] == ["tg-cluster-ip-failover"]
        assert [
            item.role_name for item in rights.role_definitions.list(bench.subscription, filter="type eq 'CustomRole'")
        ] == []
        for wanted in (f"principalId eq '{member.oid}'", f"assignedTo('{member.oid}')"):
            found = list(rights.role_assignments.list_for_scope(bench.subscription, filter=wanted))
            assert [item.scope for item in found] == [bench.group]
        at_scope = rights.role_assignments.list_for_scope(bench.subscription, filter="atScope()")
        assert member.oid not in {item.principal_id for item in at_scope}
        assert list(rights.deny_assignments.list_for_scope(bench.group)) == []


HOSTILE = {
    "owner": 'O\'Hara "Pat" <b>bold</b> & `id` $(reboot) ${x} %PATH% ; | \\ ',
    "note $(id)": "first line\nsecond line\r\n\ttab",
    "rtl": "\u202etxt.exe\u200f \u2066\u2069",
    "long": "n" * 90,
    "null": "\x00 \x1b[31m",
    "far": "\U0001f512 \u4e2d\u6587 \u05e9\u05dc\u05d5\u05dd",
}


def after_a_day_and_a_restart(bench: Bench) -> None:
    bench.clock.sleep(86_400)
    bench.lab = Lab.load(bench.lab.dump(), bench.clock)


def accepted(answer: Response) -> None:
    assert answer.status in {200, 201, 202}, answer.body
    assert all("\r" not in value and "\n" not in value for _, value in answer.headers)


def test_that_hostile_text_survives_every_write_of_a_set_up() -> None:
    bench = bench_of("fresh")
    vm, guid = bench.vm_id("tg-node-b"), fresh_guid("hostile")
    text = "".join(HOSTILE.values())
    accepted(bench.call("PATCH", vm, {"tags": HOSTILE}))
    accepted(bench.call("PATCH", vm, {"identity": {"type": "SystemAssigned"}}))
    accepted(define(bench, guid, roleName=text, description=text))
    principal = bench.get(vm)["identity"]["principalId"]
    accepted(assign(bench, principal, guid, bench.group, kind="ServicePrincipal", description=text))
    accepted(bench.call("POST", f"{vm}/restart"))
    nic = bench.nic("tg-node-b-inside")
    accepted(bench.put("tg-node-b-inside", {**nic, "tags": HOSTILE}))
    after_a_day_and_a_restart(bench)
    assert bench.get(vm)["tags"] == HOSTILE
    assert bench.get(vm)["properties"]["provisioningState"] == "Succeeded"
    assert bench.nic("tg-node-b-inside")["tags"] == HOSTILE
    (role,) = bench.get(
        f"{bench.group}/providers/Microsoft.Authorization/roleDefinitions?$filter=type eq 'CustomRole'"
    )["value"]
    assert (role["properties"]["roleName"], role["properties"]["description"]) == (text, text)
    found = bench.get(
        f"{bench.group}/providers/Microsoft.Authorization/roleAssignments?$filter=principalId eq '{principal}'"
    )["value"]
    assert [item["properties"]["description"] for item in found] == [text]


def test_that_a_hostile_role_is_found_by_its_name_as_odata_quotes_it() -> None:
    bench = bench_of("fresh")
    name = "it's \"mine\" <b> $(id) and roleName eq 'other'"
    accepted(define(bench, fresh_guid("quoted"), roleName=name))
    with client(AuthorizationManagementClient, bench, bench.lab.subscription.id) as rights:
        quoted = name.replace("'", "''")
        found = list(rights.role_definitions.list(bench.group, filter=f"roleName eq '{quoted}'"))
    assert [item.role_name for item in found] == [name]


def test_that_the_hostile_names_of_a_scenario_reach_the_client_as_they_are() -> None:
    bench = bench_of(TWO)
    assert "\u202e" in bench.get("/subscriptions")["value"][1]["displayName"]
    assert "<b>GmbH</b>" in bench.get("/tenants")["value"][0]["displayName"]
    tags = bench.get(vm_path(bench, "vm-hostile-tags"))["tags"]
    assert tags["note $(id)"] == "first line\nsecond line\t`reboot`"
    assert len(tags["long"]) == 90
    assert max(len(item["name"]) for item in bench.get(f"{bench.subscription}/resourceGroups")["value"]) == 90
    bench.token = bench.lab.issue_token_for(
        bench.lab.directory.account("auditor@lab.example"), audience=access_tokens.GRAPH_AUDIENCE
    )
    assert bench.send("GET", "https://graph.microsoft.com/v1.0/me").json()["displayName"].startswith("<script>")
