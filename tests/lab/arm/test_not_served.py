"""What Azure has and the lab has not is said in the lab's own words; what Azure has not, in Azure's."""

from __future__ import annotations

import json
from pathlib import Path

import azure.mgmt.network
import pytest

from tests.lab import azure_types
from tests.lab.bench import Bench, error_of
from tgwizard import paths
from tgwizard.lab.arm import not_served

A, VM = "tg-node-a-inside", "tg-node-a"

KNOWN = [
    ("GET", "{sub}/providers/Microsoft.Insights/eventtypes/management/values"),
    ("GET", "{a}/providers/Microsoft.Insights/diagnosticSettings"),
    ("POST", "/providers/Microsoft.ResourceGraph/resources"),
    ("POST", "{a}/effectiveNetworkSecurityGroups"),
    ("GET", "{a}/loadBalancers"),
    ("GET", "{a}/tapConfigurations"),
    ("GET", "{a}/tapConfigurations/x"),
    ("GET", "{sub}/providers/Microsoft.Compute/locations/southcentralus/vmSizes"),
    ("GET", "{vm}/vmSizes"),
    ("POST", "{vm}/runCommand"),
    ("GET", "{vm}/runCommands"),
    ("PUT", "{vm}/extensions/x"),
    ("PUT", "{vm}"),
    ("GET", "{sub}/providers/Microsoft.Network/locations/southcentralus/usages"),
    ("GET", "{sub}/providers/Microsoft.Compute/locations/southcentralus/usages"),
    ("GET", "{sub}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("GET", "{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"),
    ("GET", "{sub}/providers/Microsoft.Features/features"),
    ("GET", "{sub}/providers/Microsoft.Features/providers/Microsoft.Network/features"),
    ("POST", "{sub}/providers/Microsoft.Features/providers/Microsoft.Compute/features/x/register"),
    ("GET", "/providers/Microsoft.Authorization/providerOperations"),
    ("GET", "/providers/Microsoft.Authorization/providerOperations/Microsoft.Network"),
    ("GET", "{group}/providers/Microsoft.Network/routeTables"),
    ("GET", "{group}/providers/MICROSOFT.NETWORK/ROUTETABLES/x"),
    ("PUT", "{group}/providers/Microsoft.Network/publicIPAddresses/x"),
    ("DELETE", "{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-tg-inside"),
    ("HEAD", "{a}"),
    ("GET", "{sub}/providers/Microsoft.Storage/storageAccounts"),
    ("GET", "{group}/providers/Microsoft.Automation/automationAccounts/x"),
    ("GET", "{sub}/providers/Microsoft.Storage"),
    ("POST", "{sub}/providers/Microsoft.Storage/register"),
    ("POST", "{sub}/providers/Microsoft.Network/unregister"),
    ("GET", "/providers"),
    ("PUT", "{sub}/tagNames/cost"),
    ("POST", "{group}/exportTemplate"),
    ("POST", "{group}/moveResources"),
    ("PUT", "{group}/providers/Microsoft.Resources/deployments/x"),
    ("GET", "{sub}/providers/Microsoft.Authorization/policyAssignments"),
    ("GET", "/providers/Microsoft.Management/managementGroups"),
]

UNKNOWN = [
    ("GET", "{group}/providers/Microsoft.Network/teapots/x", 404, "InvalidResourceType"),
    ("GET", "{a}/teapots/x", 404, "InvalidResourceType"),
    ("GET", "{sub}/providers/Microsoft.Storage/teapots", 404, "InvalidResourceType"),
    ("GET", "{sub}/providers/Contoso.Tea/pots", 404, "InvalidResourceNamespace"),
    ("GET", "{sub}/providers/Microsoft.Tea/pots", 404, "InvalidResourceNamespace"),
    ("GET", "{sub}/providers/Microsoft.Tea", 404, "InvalidResourceNamespace"),
    ("GET", "{sub}/teapots", 404, "NotFound"),
    ("POST", "{a}", 405, ""),
    ("GET", "{vm}/restart", 405, ""),
    ("PUT", "{a}/ipConfigurations/x", 405, ""),
    ("DELETE", "{sub}/locations", 405, ""),
    ("POST", "{sub}/resources", 405, ""),
]


def filled(bench: Bench, path: str) -> str:
    return path.format(sub=bench.subscription, group=bench.group, a=bench.nic_id(A), vm=bench.vm_id(VM))


@pytest.mark.parametrize(("method", "path"), KNOWN)
def test_that_what_azure_has_and_the_lab_has_not_is_said_in_the_labs_own_words(
    bench: Bench, method: str, path: str
) -> None:
    before = bench.lab.dump()
    answer = bench.call(method, filled(bench, path), None if method in {"GET", "HEAD"} else {})
    status, code, message = error_of(answer)
    assert (status, code) == (501, "LabDoesNotServe")
    assert message.startswith(f"The lab does not serve {method if 'Microsoft.Storage' not in path else ''}".rstrip())
    assert message.endswith(" Azure does; here nothing was read or changed.")
    assert answer.header("Retry-After") is None, "clients would try it again"
    assert bench.lab.dump() == before


@pytest.mark.parametrize(("method", "path", "status", "code"), UNKNOWN)
def test_that_what_azure_has_not_is_answered_as_azure_does(
    bench: Bench, method: str, path: str, status: int, code: str
) -> None:
    assert error_of(bench.call(method, filled(bench, path)))[:2] == (status, code)


@pytest.mark.parametrize(("method", "path"), KNOWN[:4])
def test_that_it_is_told_only_to_who_has_a_token(bench: Bench, method: str, path: str) -> None:
    url = filled(bench, path)
    bench.token = None
    assert bench.call(method, url).status == 401


@pytest.mark.parametrize(
    ("path", "option"),
    [
        ("{a}", "$expand=ipConfigurations/subnet"),
        ("{vm}", "$expand=resiliencyView"),
        ("{sub}/providers/Microsoft.Compute/virtualMachines", "$filter=name eq 'x'"),
        ("{sub}/providers/Microsoft.Network/networkInterfaces", "$orderby=name"),
        ("{sub}/providers/Microsoft.Network/networkInterfaces", "$select=id"),
        ("{sub}/resources", "$filter=identity/principalId eq 'x'"),
        ("{sub}/resources", "$expand=colour"),
    ],
)
def test_that_an_option_of_the_query_is_never_passed_over(bench: Bench, path: str, option: str) -> None:
    assert error_of(bench.call("GET", f"{filled(bench, path)}?{option}"))[:2] == (501, "LabDoesNotServe")


def test_that_every_type_in_the_list_is_told_from_one_that_there_is_not() -> None:
    lines = (paths.resources() / azure_types.FILE).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 1000
    assert lines == sorted(lines, key=str.lower)
    for line in lines:
        entry, *methods = line.split()
        namespace, _, rest = entry.partition("/")
        assert not_served.methods_of(namespace, rest) == frozenset(methods)
        assert not_served.is_provider_of_azure(namespace)


def test_that_the_list_is_made_from_the_paths_of_the_sdks() -> None:
    made = azure_types.listed([Path(azure.mgmt.network.__file__).parents[3]])
    kept = (paths.resources() / azure_types.FILE).read_text(encoding="utf-8").splitlines()
    ours = [line for line in made if line.startswith("Microsoft.Network/networkInterfaces")]
    assert "Microsoft.Network/networkInterfaces/* DELETE GET PATCH PUT" in ours
    assert set(ours) <= set(kept)


def test_that_a_provider_that_is_not_served_is_in_no_list(bench: Bench) -> None:
    found = [item["namespace"] for item in bench.get(f"{bench.subscription}/providers")["value"]]
    assert "Microsoft.Network" in found
    assert json.dumps(found).count("Microsoft.Storage") == 0
