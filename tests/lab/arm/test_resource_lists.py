"""`az resource list`, the regions, api-versions and limits: what ARM tells of all resources, whatever their type."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import member, sign_in
from tgwizard.lab.arm import field_versions
from tgwizard.lab.world import LabPrincipalKind, Principal

A, NIC_TYPE, VM_TYPE = "tg-node-a-inside", "Microsoft.Network/networkInterfaces", "Microsoft.Compute/virtualMachines"


def listed(bench: Bench, query: str = "", place: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bench.get(f"{place or bench.subscription}/resources{query}")["value"]
    return found


def names(bench: Bench, wanted: str) -> list[str]:
    return sorted(item["name"] for item in listed(bench, f"?$filter={wanted}"))


def test_that_all_resources_are_listed_without_their_properties(bench: Bench) -> None:
    found = {item["name"]: item for item in listed(bench)}
    assert {item["type"] for item in found.values()} >= {NIC_TYPE, VM_TYPE, "Microsoft.Network/virtualNetworks"}
    assert "Microsoft.Resources/resourceGroups" not in {item["type"] for item in found.values()}
    nic = bench.nic(A)
    assert found[A] == {key: nic[key] for key in ("id", "name", "type", "kind", "location", "tags")}
    assert found["tg-node-a"]["identity"]["type"] == "SystemAssigned"
    assert listed(bench, place=bench.group) == list(found.values())


def test_that_what_is_asked_for_besides_is_shown_where_it_is_known(bench: Bench) -> None:
    found = {item["name"]: item for item in listed(bench, "?$expand=createdTime,changedTime,provisioningState")}
    assert found[A]["provisioningState"] == "Succeeded"
    assert found["tg-node-a"]["createdTime"] == bench.get(bench.vm_id("tg-node-a"))["properties"]["timeCreated"]
    assert not any("changedTime" in item for item in found.values()), "the lab does not know it, and invents none"


VMS = ["tg-node-a", "tg-node-b", "vm-app-01"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (f"resourceType eq '{VM_TYPE}'", VMS),
        (f"RESOURCETYPE EQ '{VM_TYPE.upper()}'", VMS),
        ("name eq 'tg-node-a'", ["tg-node-a"]),
        (f"resourceType eq '{VM_TYPE}' and name ne 'vm-app-01'", VMS[:2]),
        ("name eq 'tg-node-a' or name eq 'tg-node-b'", VMS[:2]),
        (f"(name eq 'tg-node-a' or name eq '{A}') and resourceType eq '{NIC_TYPE}'", [A]),
        ("substringof('node-a-in', name)", [A]),
        ("substringof('node-a-in', name) eq true", [A]),
        ("location eq 'South Central US' and name eq 'vm-app-01'", ["vm-app-01"]),
        ("location eq 'westeurope'", []),
        ("resourceGroup eq 'RG-TG-PROD' and name eq 'vm-app-01'", ["vm-app-01"]),
        ("tagName eq 'Who' and tagValue eq 'it''s me'", [A]),
        ("tagname eq 'who'", [A]),
        ("tagName eq 'Who' and tagValue eq 'you'", []),
        ("startswith(tagName, 'wh')", [A]),
        ("name eq 'and'", []),
    ],
)
def test_that_a_filter_is_honoured(bench: Bench, wanted: str, expected: list[str]) -> None:
    bench.call("PATCH", bench.nic_id(A), {"tags": {"Who": "it's me"}})
    assert names(bench, wanted) == expected


def test_that_resources_found_by_a_tags_value_come_without_their_tags(bench: Bench) -> None:
    bench.call("PATCH", bench.nic_id(A), {"tags": {"Who": "me"}})
    (by_value,) = listed(bench, "?$filter=tagName eq 'Who' and tagValue eq 'me'")
    (by_name,) = listed(bench, "?$filter=tagName eq 'Who'")
    assert "tags" not in by_value
    assert by_name["tags"] == {"Who": "me"}


@pytest.mark.parametrize(
    "wanted",
    [
        "name",
        "name eq",
        "name eq x",
        "name gt 'x'",
        "colour eq 'red'",
        "tagValue eq 'x'",
        "tagName ne 'x'",
        "name eq 'x' and",
        "and",
        "name eq 'x') or (name eq 'y'",
        "substringof(name, 'x')",
        "substringof('x', location)",
        "startswith(name, 'x')",
        "name eq 'x' name eq 'y'",
        "tagName eq 'a' and tagName eq 'b'",
        "(" * 5000,
        "'",
        "\u00e9",
        "name eq 'x'\u0000",
    ],
)
def test_that_a_filter_that_is_none_is_refused(bench: Bench, wanted: str) -> None:
    for place in (f"{bench.subscription}/resources", f"{bench.subscription}/resourceGroups"):
        answer = bench.call("GET", f"{place}?$filter={wanted}")
        assert error_of(answer)[:2] == (400, "InvalidFilterInQueryString")


def test_that_groups_are_found_by_their_tags(bench: Bench) -> None:
    bench.call("PUT", f"{bench.subscription}/resourceGroups/rg-x", {"location": "westeurope", "tags": {"a": "b"}})
    groups = f"{bench.subscription}/resourceGroups"
    assert [item["name"] for item in bench.get(f"{groups}?$filter=tagName eq 'A' and tagValue eq 'b'")["value"]] == [
        "rg-x"
    ]
    assert [item["name"] for item in bench.get(f"{groups}?$filter=location eq 'westeurope'")["value"]] == ["rg-x"]


def test_that_a_list_comes_in_pages_and_each_is_of_the_filter(bench: Bench) -> None:
    url: str | None = f"{bench.subscription}/resources?$filter=resourceType eq '{NIC_TYPE}'&$top=2"
    found: list[str] = []
    pages = 0
    while url is not None:
        page = bench.get(url) if pages == 0 else bench.send("GET", url).json()
        found += [item["name"] for item in page["value"]]
        url = page.get("nextLink")
        pages += 1
    assert pages == 3
    assert sorted(found) == names(bench, f"resourceType eq '{NIC_TYPE}'")


def test_that_only_what_may_be_read_is_listed(bench: Bench) -> None:
    everything = {item["type"] for item in listed(bench)}
    sign_in(bench, member(bench))
    seen = {item["type"] for item in listed(bench)}
    assert seen < everything
    assert "Microsoft.Network/publicIPAddresses" in everything - seen
    assert NIC_TYPE in seen
    bench.token = bench.lab.issue_token_for(Principal("0" * 32, "", "nobody", "", LabPrincipalKind.SERVICE_PRINCIPAL))
    for place, action in (
        (bench.subscription, "Microsoft.Resources/subscriptions/resources/read"),
        (bench.group, "Microsoft.Resources/subscriptions/resourcegroups/resources/read"),
    ):
        status, code, message = error_of(bench.call("GET", f"{place}/resources"))
        assert (status, code) == (403, "AuthorizationFailed")
        assert f"'{action}'" in message


def test_that_the_regions_are_told_with_the_labs_own_among_them(bench: Bench) -> None:
    found = {item["name"]: item for item in bench.get(f"{bench.subscription}/locations")["value"]}
    assert bench.lab.subscription.location in found
    here = found["southcentralus"]
    assert here["id"] == f"{bench.subscription}/locations/southcentralus"
    assert (here["displayName"], here["regionalDisplayName"]) == ("South Central US", "(US) South Central US")
    assert here["metadata"]["regionType"] == "Physical"
    assert here["metadata"]["pairedRegion"][0]["name"] == "northcentralus"


# --- api-versions ---


@pytest.mark.parametrize(
    ("version", "there", "gone"),
    [
        ("2025-05-01", ("auxiliarySku", "defaultOutboundConnectivityEnabled", "allowPort25Out"), ()),
        ("2023-11-01", ("auxiliarySku", "disableTcpStateTracking"), ("defaultOutboundConnectivityEnabled",)),
        ("2022-01-01", ("auxiliaryMode", "nicType"), ("auxiliarySku", "disableTcpStateTracking")),
        ("2018-02-01", ("enableAcceleratedNetworking",), ("nicType", "hostedWorkloads", "auxiliaryMode")),
    ],
)
def test_that_an_older_api_version_does_not_know_newer_fields(
    bench: Bench, version: str, there: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    one = bench.call("GET", bench.nic_id(A), version=version).json()
    many = bench.call("GET", f"{bench.subscription}/providers/{NIC_TYPE}", version=version).json()["value"]
    put = bench.call("PUT", bench.nic_id(A), one, version=version).json()
    for nic in (one, put, *many):
        if nic["name"] == A:
            assert set(there) <= set(nic["properties"])
        assert not set(gone) & set(nic["properties"])
    assert ("type" in one["properties"]["ipConfigurations"][0]) == (version >= "2020-07-01")


def test_that_networks_subnets_and_machines_have_their_fields_since_their_versions(bench: Bench) -> None:
    new, old = (bench.call("GET", bench.vnet_id, version=version).json() for version in ("2024-03-01", "2024-01-01"))
    assert new["properties"]["privateEndpointVNetPolicies"] == "Disabled"
    assert "privateEndpointVNetPolicies" not in old["properties"]
    oldest = bench.call("GET", bench.vnet_id, version="2018-02-01").json()["properties"]["subnets"][0]
    assert "type" not in oldest
    assert "delegations" not in oldest["properties"]
    vm = bench.vm_id("tg-node-a")
    before, after = (bench.call("GET", vm, version=version) for version in ("2023-09-01", "2024-11-01"))
    assert ("etag" in before.json(), before.header("ETag")) == (False, None)
    assert after.header("ETag") == after.json()["etag"]


def test_that_the_newest_version_shows_every_field(bench: Bench) -> None:
    stored = bench.lab.resource(bench.nic_id(A))
    assert bench.call("GET", bench.nic_id(A), version=field_versions.NEWEST).json() == stored


# --- what the instance view and the documents tell ---


def test_that_a_machines_view_tells_what_azures_does(bench: Bench) -> None:
    vm = bench.vm_id("tg-node-a")
    document = bench.get(f"{vm}?$expand=instanceView")["properties"]
    view = document["instanceView"]
    assert (view["computerName"], view["osName"], view["osVersion"]) == ("tg-node-a", "ubuntu", "22.04")
    assert view["hyperVGeneration"] in {"V1", "V2"}
    assert view["vmAgent"]["extensionHandlers"] == []
    assert view["bootDiagnostics"] == {}
    (disk,) = view["disks"]
    assert disk["name"] == document["storageProfile"]["osDisk"]["name"]
    assert disk["statuses"][0]["code"] == "ProvisioningState/succeeded"
    settings = document["osProfile"]["linuxConfiguration"]["patchSettings"]
    assert settings == {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}
    bench.lab.switch(vm, on=False)
    stopped = bench.get(f"{vm}/instanceView")
    assert not {"computerName", "osName", "osVersion", "vmAgent"} & set(stopped), "nobody is there to tell them"
    assert {"disks", "hyperVGeneration", "bootDiagnostics"} <= set(stopped)


# --- limits ---


def remaining(answer: Any, name: str) -> int:
    return int(answer.header(f"x-ms-ratelimit-remaining-{name}") or -1)


def test_that_reads_writes_and_deletions_are_counted_and_refilled_apart(bench: Bench) -> None:
    first = bench.call("GET", bench.nic_id(A))
    assert remaining(first, "subscription-reads") == 249
    assert remaining(first, "subscription-global-reads") == 3749
    second = bench.call("GET", bench.nic_id(A))
    assert remaining(second, "subscription-reads") == 248
    written = bench.put(A, bench.nic(A))
    assert (remaining(written, "subscription-writes"), remaining(written, "subscription-global-writes")) == (199, 2999)
    assert written.header("x-ms-ratelimit-remaining-subscription-reads") is None
    deleted = bench.call("DELETE", bench.nic_id("absent"))
    assert remaining(deleted, "subscription-deletes") == 199
    bench.clock.advance(1)
    assert remaining(bench.call("GET", bench.nic_id(A)), "subscription-reads") == 249, "25 a second, up to 250"
    tenant = bench.call("GET", "/tenants")
    assert remaining(tenant, "tenant-reads") == 249


def test_that_the_compute_provider_tells_limits_of_its_own(bench: Bench) -> None:
    vm = bench.vm_id("tg-node-a")

    def told(method: str, path: str, body: object = None) -> str | None:
        return bench.call(method, path, body).header("x-ms-ratelimit-remaining-resource")

    assert told("GET", vm) == "Microsoft.Compute/LowCostGet3Min;3999,Microsoft.Compute/LowCostGet30Min;31999"
    restarted = bench.call("POST", f"{vm}/restart")
    wanted = "Microsoft.Compute/UpdateVM3Min;239,Microsoft.Compute/UpdateVM30Min;1199"
    assert restarted.header("x-ms-ratelimit-remaining-resource") == wanted
    polled = bench.send("GET", restarted.header("Azure-AsyncOperation") or "")
    of_poll = polled.header("x-ms-ratelimit-remaining-resource") or ""
    assert of_poll.startswith("Microsoft.Compute/GetOperation3Min;14999")
    assert (told("POST", f"{vm}/deallocate") or "").startswith("Microsoft.Compute/DeleteVM3Min;239")
    assert (told("PATCH", vm, {"tags": {}}) or "").startswith("Microsoft.Compute/PutVM3Min;239")
    assert told("GET", bench.nic_id(A)) is None


def test_that_callers_have_limits_of_their_own_and_share_the_global_one(bench: Bench) -> None:
    bench.call("GET", bench.nic_id(A))
    sign_in(bench, member(bench))
    answer = bench.call("GET", bench.nic_id(A))
    assert remaining(answer, "subscription-reads") == 249
    assert remaining(answer, "subscription-global-reads") == 3748


def test_that_what_arm_itself_refuses_tells_no_limits(bench: Bench) -> None:
    for path in (bench.nic_id("absent"), f"{bench.subscription}/resourceGroups/absent"):
        headers = dict(bench.call("GET", path).headers)
        assert not [name for name in headers if name.startswith("x-ms-ratelimit")]


def test_that_the_lab_goes_on_when_the_bucket_is_empty(bench: Bench) -> None:
    answers = [bench.call("GET", bench.nic_id(A)) for _ in range(260)]
    assert {answer.status for answer in answers} == {200}
    assert remaining(answers[-1], "subscription-reads") == 0
