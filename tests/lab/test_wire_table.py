"""Every row of sections 1 and 2 of azure-wire.md that has a status or a code: asked for, and answered so.

The rows are below in the order of the reference. Rows that need a history of several calls have tests of their own,
named in `ELSEWHERE`; the last test looks that they are there. Calls that come with what needs them (Resource Graph, the
activity log) answer as Azure answers a type it does not know. Section 3 is in test_roles.py and test_role_errors.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.bench import FLOATING, HOST, Bench, error_of
from tests.lab.rights import edit, member, sign_in
from tests.lab.wire_asks import (
    COMPUTE,
    LINKED,
    NET,
    A,
    Row,
    as_member,
    at,
    changed,
    filled,
    filling,
    gateway_pool,
    get,
    known,
    locked,
    new_nic,
    no_configuration,
    no_primary,
    no_subnet,
    other_subnet,
    outsider,
    pattern,
    polled_under,
    post,
    public,
    stale,
    stale_vm,
    under,
    unregistered,
)
from tgwizard.lab.known_answers import Known
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Overlap

CALLS = [
    Row("1.1 GET /subscriptions", get("/subscriptions"), 200),
    Row("1.1 GET /tenants", get("/tenants"), 200),
    Row("1.1 GET resourcegroups", get("{sub}/resourcegroups"), 200),
    Row("1.1 GET resource group", get("{group}"), 200),
    Row("1.1 GET provider", get("{sub}/providers/Microsoft.Network"), 200),
    Row("1.1 POST register", post("{sub}/providers/Microsoft.Network/register"), 200),
    Row("1.1 GET VMs of a group", get("{group}/providers/Microsoft.Compute/virtualMachines"), 200),
    Row("1.1 GET VMs of the subscription", get("{sub}/providers/Microsoft.Compute/virtualMachines"), 200),
    Row("1.1 GET VMs statusOnly", get("{sub}/providers/Microsoft.Compute/virtualMachines?statusOnly=true"), 200),
    Row("1.1 GET VM", get("{vm}"), 200),
    Row("1.1 GET VM expanded", get("{vm}?$expand=instanceView"), 200),
    Row("1.1 GET instanceView", get("{vm}/instanceView"), 200),
    Row(
        "1.1 PATCH identity",
        lambda bench: bench.call("PATCH", bench.vm_id("vm-app-01"), {"identity": {"type": "SystemAssigned"}}),
        200,
    ),
    *(Row(f"1.1 POST {verb}", post(f"{{vm}}/{verb}"), 202) for verb in ("restart", "start", "deallocate", "powerOff")),
    Row("1.1 GET NIC", get("{a}"), 200),
    Row("1.1 PUT NIC", lambda bench: bench.put(A, bench.nic(A)), 200),
    Row("1.1 PUT new NIC", new_nic, 201),
    Row("1.1 DELETE absent NIC", lambda bench: bench.call("DELETE", bench.nic_id("absent")), 204),
    Row("1.1 GET VNet", get("{vnet}"), 200),
    Row("1.1 GET subnet", get("{subnet}"), 200),
    Row("1.1 GET usages", get("{vnet}/usages"), 200),
    Row("1.1 POST effectiveRouteTable", post("{a}/effectiveRouteTable"), 202),
    Row("1.1 GET locks", get("{sub}/providers/Microsoft.Authorization/locks"), 200),
    Row("1.1 GET metadata", lambda bench: bench.send("GET", f"{HOST}/metadata/endpoints?api-version=2022-09-01"), 200),
    Row("1.4 free address", get("{vnet}/CheckIPAddressAvailability?ipAddress=10.20.2.60"), 200),
    Row("1.4 reserved address", get("{vnet}/CheckIPAddressAvailability?ipAddress=10.20.2.0"), 200),
    Row("1.4 address in use", get("{vnet}/CheckIPAddressAvailability?ipAddress={floating}"), 200),
]

REFUSED = [
    Row(
        "1.1 Resource Graph comes later",
        post("/providers/Microsoft.ResourceGraph/resources"),
        404,
        "InvalidResourceNamespace",
        "The resource namespace 'Microsoft.ResourceGraph' is invalid.",
    ),
    Row(
        "1.5 activity log comes later",
        get("{sub}/providers/Microsoft.Insights/eventtypes/management/values"),
        404,
        "InvalidResourceNamespace",
        "The resource namespace 'Microsoft.Insights' is invalid.",
    ),
    Row(
        "1.2",
        get("{net}/networkInterfaces/absent"),
        404,
        "ResourceNotFound",
        "The Resource 'Microsoft.Network/networkInterfaces/absent' under resource group 'rg-tg-prod' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    Row(
        "1.1 GET VM",
        get("{group}/providers/Microsoft.Compute/virtualMachines/absent"),
        404,
        "ResourceNotFound",
        "The Resource 'Microsoft.Compute/virtualMachines/absent' under resource group 'rg-tg-prod' was not found. For "
        "more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    Row(
        "1.1 GET VNet",
        get("{net}/virtualNetworks/absent"),
        404,
        "ResourceNotFound",
        "The Resource 'Microsoft.Network/virtualNetworks/absent' under resource group 'rg-tg-prod' was not found. For "
        "more details please go to https://aka.ms/ARMResourceNotFoundFix",
    ),
    Row(
        "1.2",
        get("{sub}/resourceGroups/absent"),
        404,
        "ResourceGroupNotFound",
        "Resource group 'absent' could not be found.",
    ),
    Row("1.2", get("{vnet}/subnets/absent"), 404, "NotFound", "Resource {vnet}/subnets/absent not found."),
    Row(
        "1.2",
        get("{net}/virtualNetworks/absent/subnets/x"),
        404,
        "ParentResourceNotFound",
        "Failed to perform 'read' on resource(s) of type 'virtualNetworks/subnets', because the parent resource "
        "'{net}/virtualNetworks/absent' could not be found.",
    ),
    Row(
        "1.2",
        get("/subscriptions/00000000-0000-0000-0000-000000000001"),
        404,
        "SubscriptionNotFound",
        "The subscription '00000000-0000-0000-0000-000000000001' could not be found.",
    ),
    Row(
        "1.2 authorization comes before existence",
        as_member("{sub}/resourceGroups/absent"),
        403,
        "AuthorizationFailed",
        r"~does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourceGroups/read'",
    ),
    Row(
        "1.2",
        get("{net}/teapots/x"),
        404,
        "InvalidResourceType",
        "The resource type 'teapots' could not be found in the namespace 'Microsoft.Network' for api version "
        "'2025-05-01'.",
    ),
    Row(
        "1.2",
        lambda bench: bench.call("GET", bench.nic_id(A), version="2010-01-01"),
        400,
        "NoRegisteredProviderFound",
        r"~^No registered resource provider found for location 'southcentralus' and API version '2010-01-01' for type "
        r"'networkInterfaces'\. The supported api-versions are '20.*'\. The supported locations are "
        r"'southcentralus'\.$",
    ),
    Row(
        "1.2",
        unregistered,
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.Network'. See https://aka.ms/rps-not-found for "
        "how to register subscriptions.",
    ),
    Row(
        "1.2 write",
        locked("PUT"),
        409,
        "ScopeLocked",
        "The scope '{a}' cannot perform write operation because following scope(s) are locked: '{group}'. Please "
        "remove the lock and try again.",
    ),
    Row(
        "1.2 delete",
        locked("DELETE"),
        409,
        "ScopeLocked",
        "The scope '{a}' cannot perform delete operation because following scope(s) are locked: '{group}'. Please "
        "remove the lock and try again.",
    ),
    Row(
        "1.2",
        known(Known.SERVER_TIMEOUT),
        503,
        "ServerTimeout",
        r"~^The request timed out\. Diagnostic information: timestamp '\d{8}T\d{6}Z', subscription id '{guid}', "
        r"tracking id '[0-9a-f-]{36}', request correlation id '[0-9a-f-]{36}'\.$",
    ),
    Row(
        "1.2",
        known(Known.GATEWAY_TIMEOUT),
        504,
        "GatewayTimeout",
        "The gateway did not receive a response from 'Microsoft.Network' within the specified time period.",
    ),
    Row(
        "1.2",
        known(Known.INTERNAL_ERROR),
        500,
        "InternalServerError",
        r"~^Encountered internal server error\. Diagnostic information: ",
    ),
    Row(
        "1.4",
        get("{vnet}/CheckIPAddressAvailability?ipAddress=10.1.0.4"),
        400,
        "PrivateIPAddressNotInAnySubnet",
        "Private static IP address 10.1.0.4 does not belong to the range of any subnet in the virtual network {vnet}.",
    ),
    Row(
        "1.4 the role cannot ask",
        as_member("{vnet}/CheckIPAddressAvailability?ipAddress=10.20.2.60"),
        403,
        "AuthorizationFailed",
        r"~'Microsoft.Network/virtualNetworks/checkIpAddressAvailability/read' over scope '{vnet}'",
    ),
    Row(
        "2.1",
        lambda bench: bench.call("DELETE", bench.nic_id(A)),
        400,
        "NicInUse",
        "Network Interface {a} is used by existing resource {vm}. In order to delete the network interface, it must be "
        "dissociated from the resource. To learn more, see aka.ms/deletenic.",
    ),
    Row(
        "1.3",
        stale_vm,
        412,
        "PreconditionFailed",
        'Etag provided in if-match header "invalid" does not match etag "1" of resource.',
    ),
    Row("2.3", stale, 412, "PreconditionFailed", "Precondition failed."),
    Row("2.4 retry later", under(Overlap.RETRY_LATER), 429, "RetryableError", "A retryable error occurred."),
    Row("2.4 not provisioned", under(Overlap.NOT_PROVISIONED), 429, "RetryableError", "A retryable error occurred."),
    Row(
        "2.4",
        under(Overlap.CONFLICT),
        409,
        "AnotherOperationInProgress",
        r"~^Another operation on this or dependent resource is in progress\. To retrieve status of the operation use "
        r"uri: https://.*/operations/[0-9a-f-]{36}\?api-version=2025-05-01\.$",
    ),
    Row(
        "2.4 in a poll",
        polled_under(Overlap.CONFLICT_LATER),
        200,
        "AnotherOperationInProgress",
        r"~^Another operation on this or dependent resource is in progress\.",
    ),
    Row(
        "2.5",
        at(FLOATING),
        400,
        "PrivateIPAddressIsAllocated",
        "IP configuration {b}/ipConfigurations/tg-floating is using the private IP address {floating} which is already "
        "allocated to resource {a}/ipConfigurations/tg-floating.",
    ),
    Row(
        "2.5",
        at("10.30.21.10"),
        400,
        "PrivateIPAddressNotInSubnet",
        "Private static IP address 10.30.21.10 does not belong to the range of subnet prefix 10.20.2.0/24.",
    ),
    *(
        Row(
            f"2.5 .{last}",
            at(f"10.20.2.{last}"),
            400,
            "PrivateIPAddressInReservedRange",
            f"Private static IP address 10.20.2.{last} falls within reserved IP range of subnet prefix 10.20.2.0/24.",
        )
        for last in (0, 1, 2, 3, 255)
    ),
    Row(
        "2.5",
        filling,
        400,
        "SubnetIsFull",
        "Subnet {subnet} with address prefix 10.20.2.0/24 does not have enough capacity for 1 IP addresses.",
    ),
    Row(
        "2.5",
        changed(other_subnet),
        400,
        "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
        "IPConfigurations on a Nic {b} cannot belong to different subnets. Subnets referred: {subnet};"
        "{vnet}/subnets/snet-outside",
    ),
    Row(
        "2.5",
        changed(no_primary),
        400,
        "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
        "Network Interface tg-node-b-inside specifies multiple IPConfigurations but none of the IPConfigurations is "
        "specified as Primary.",
    ),
    Row(
        "2.5",
        changed(no_configuration),
        400,
        "InvalidIPConfigCount",
        "Network interface tg-node-b-inside must have one or more IP configurations.",
    ),
    Row(
        "2.5",
        changed(no_subnet),
        400,
        "InvalidRequestFormat",
        "Subnet reference is required for ipconfiguration {b}/ipConfigurations/tg-floating.",
    ),
    Row(
        "2.5",
        changed(gateway_pool),
        400,
        "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations",
        r"~secondary",
    ),
    Row(
        "2.5",
        changed(public),
        400,
        "PublicIPAddressInUse",
        "Resource {b}/ipConfigurations/tg-floating is referencing public IP address {net}/publicIPAddresses/"
        "pip-tg-node-a that is already allocated to resource "
        "{net}/networkInterfaces/tg-node-a-outside/ipConfigurations/ipconfig1.",
    ),
    Row(
        "2.6 1",
        outsider,
        403,
        "AuthorizationFailed",
        r"~^The client '(?P<who>[0-9a-f-]{36})' with object id '(?P=who)' does not have authorization to perform "
        r"action 'Microsoft\.Network/networkInterfaces/write' over scope '{a}' or the scope is invalid\. If access was "
        r"recently granted, please refresh your credentials\.$",
    ),
    *(
        Row(
            f"2.6 {number} {leaf}",
            as_member(
                f"{{sub}}/providers/{provider}/locations/southcentralus/{leaf}/00000000-0000-0000-0000-000000000001"
            ),
            403,
            "AuthorizationFailed",
            rf"~perform action '{provider}/locations/{leaf}/read' over scope '{{sub}}' or",
        )
        for number, provider, leaf in (
            (3, "Microsoft.Network", "operations"),
            (3, "Microsoft.Network", "operationResults"),
            (4, "Microsoft.Compute", "operations"),
        )
    ),
    Row(
        "2.6 list",
        as_member("{sub}/providers/Microsoft.Network/networkInterfaces"),
        403,
        "AuthorizationFailed",
        r"~action 'Microsoft.Network/networkInterfaces/read' over scope '{sub}/providers/Microsoft.Network' or the "
        r"scope",
    ),
    Row(
        "5 ARM",
        known(Known.THROTTLED_BY_ARM),
        429,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription '{guid}' and operation 'GET' exceeded the backend storage limit. Please "
        "try again after '6' seconds.",
    ),
    Row(
        "5 ARM",
        known(Known.THROTTLED_ACTION),
        429,
        "ResourceRequestsThrottled",
        "Number of requests for action 'Microsoft.Network/networkInterfaces/read' exceeded the limit of '150' for time "
        "interval '01:00:00'. Please try again after '324' seconds.",
    ),
    Row("5 Network", known(Known.THROTTLED_BY_NETWORK), 429, "RetryableError", "A retryable error occurred."),
    Row(
        "5 Compute",
        known(Known.THROTTLED_BY_COMPUTE, "{vm}"),
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
    ),
]

DETAILS = [
    (stale, "PreconditionFailedEtagMismatch",
     (r"^Etag provided in if-match header W/\"stale\" does not match etag W/\"[0-9a-f-]{36}\" of resource {a} in NRP "
     r"data store\.$")),
    (under(Overlap.RETRY_LATER), "RetryableErrorDueToAnotherOperation",
     (r"^Operation PutNicOperation \([0-9a-f-]{36}\) is updating resource {a}\. The call can be retried in 10 "
     r"seconds\.$")),
    (under(Overlap.NOT_PROVISIONED), "ReferencedResourceNotProvisioned",
     (r"^Cannot proceed with operation because resource {a} used by resource tg-node-a-inside is not in Succeeded "
     r"state\. Resource is in Updating state and the last operation that updated/is updating the resource is "
     r"PutNicOperation\.$")),
    (known(Known.NETWORK_BUSY), "RetryableErrorDueToAnotherOperation",
     (r"^Operation PutNicOperation \([0-9a-f-]{36}\) is updating resource {a}\. The call can be retried in 12 "
     r"seconds\.$")),
    (known(Known.REFERENCE_NOT_READY), "ReferencedResourceNotProvisioned", r"is not in Succeeded state"),
    (known(Known.THROTTLED_BY_NETWORK), "RetryableErrorDueToTooManyCalls",
     (r"^Subscription '{guid}' was used to perform too many calls within last 5 minutes\. The number of calls exceeds "
     r"Microsoft.Network throttling limit\. The call can be retried in 64 seconds\.$")),
]  # fmt: skip

ELSEWHERE = {
    "1.0 headers": ("test_gateway.py", "test_that_every_answer_carries_arms_headers"),
    "1.3 power verbs, both poll forms": ("test_compute.py", "test_that_a_power_verb_is_accepted_and_takes_its_time"),
    "1.3 Retry-After": ("test_latency.py", "test_that_computes_retry_after_is_a_guess_at_what_is_left"),
    "1.3 durations": ("test_latency.py", "test_that_compute_takes_as_long_as_was_recorded"),
    "1.3 identity PATCH": ("test_compute.py", "test_that_an_identity_patch_takes_an_operation_without_location"),
    "1.3 new principal": (
        "test_identity.py",
        "test_that_taking_and_giving_it_makes_another_principal_and_orphans_the_rights",
    ),
    "1.3 marked for deletion": ("test_compute.py", "test_that_a_vm_marked_for_deletion_allows_nothing_else"),
    "1.4 suggestions": ("test_addresses.py", "test_that_a_taken_address_comes_with_five_free_ones_of_its_subnet"),
    "1.4 isPlatformReserved": ("test_network_parts.py", "test_that_the_reserved_flag_came_with_2019_09_01"),
    "2.1 attached": (
        "test_nic_put.py",
        "test_that_an_attached_nic_answers_updating_with_an_operation_and_no_etag_header",
    ),
    "2.1 unattached": ("test_nic_put.py", "test_that_an_unattached_nic_is_done_at_once"),
    "2.1 etags": ("test_nic_put.py", "test_that_the_etag_moves_when_accepted_and_again_when_finished"),
    "2.1 poll body": ("test_nic_put.py", "test_that_the_poll_body_is_exactly_the_status"),
    "2.1 whole replace": ("test_nic_put.py", "test_that_a_put_replaces_the_whole_resource"),
    "2.1 DELETE": (
        "test_network_parts.py",
        "test_that_a_deletion_is_accepted_polled_both_ways_and_frees_the_address",
    ),
    "2.2 durations": ("test_latency.py", "test_that_a_nic_takes_20_to_60_seconds_as_a_rule_and_minutes_now_and_then"),
    "2.3 an etag taken while Updating": (
        "test_nic_put.py",
        "test_that_an_if_match_taken_while_updating_fails_once_the_update_is_over",
    ),
    "2.4 superseded": ("test_nic_put.py", "test_that_a_second_put_supersedes_the_first"),
    "2.4 startTenantUpdate": ("test_compute.py", "test_that_a_nic_cannot_be_updated_while_its_vm_is_deleted"),
    "2.4 Failed is cured by a PUT": (
        "test_nic_put.py",
        "test_that_a_failed_operation_keeps_the_content_and_needs_a_new_put",
    ),
    "2.5 released at the end only": (
        "test_addresses.py",
        "test_that_an_address_stays_allocated_until_its_removal_has_finished",
    ),
    "2.5 ASGs": ("test_addresses.py", "test_that_all_configurations_carry_one_set_of_security_groups"),
    "2.6 poll URL": ("test_gateway.py", "test_that_a_member_may_move_the_address_and_not_poll"),
}


@pytest.mark.parametrize("row", CALLS, ids=str)
def test_that_a_call_answers_with_the_status_of_the_reference(bench: Bench, row: Row) -> None:
    answer = row.ask(bench)
    assert answer.status == row.status, answer.body


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_that_a_refusal_has_the_status_code_and_wording_of_the_reference(bench: Bench, row: Row) -> None:
    answer = row.ask(bench)
    status, code, message = error_of(answer)
    assert (status, code) == (row.status, row.code)
    if row.wording.startswith("~"):
        assert re.search(pattern(bench, row.wording[1:]), message), message
    else:
        assert message == filled(bench, row.wording)
    gateway = {"1.2", "1.2 write", "1.2 delete", "1.2 authorization comes before existence", "2.6 list", "5 ARM"}
    if row.line in gateway and row.code not in {"NotFound", "GatewayTimeout"}:
        assert answer.header("x-ms-failure-cause") == "gateway"
    if row.line.startswith(("2.1", "2.5")):
        assert answer.json()["error"]["details"] == []


@pytest.mark.parametrize(("ask", "code", "wording"), DETAILS, ids=lambda item: item if isinstance(item, str) else "")
def test_that_a_detail_has_the_code_and_wording_of_the_reference(
    bench: Bench, ask: Callable[[Bench], Response], code: str, wording: str
) -> None:
    (detail,) = ask(bench).json()["error"]["details"]
    assert detail["code"] == code
    assert re.search(pattern(bench, wording), detail["message"]), detail["message"]


@pytest.mark.parametrize(("field", "target", "action"), LINKED)
def test_that_each_reference_of_a_body_is_checked_with_its_own_action(
    bench: Bench, field: str, target: str, action: str
) -> None:
    """2.6: the right to write the NIC is there, and no other; the linked resource need not even exist."""

    def only_write(world: dict[str, Any]) -> None:
        (history,) = world["authorization"]["roles"].values()
        history["versions"][-1]["permissions"][0]["actions"] = ["Microsoft.Network/networkInterfaces/write"]

    edit(bench, only_write)
    who = sign_in(bench, member(bench))
    reference: Any = {"id": f"{bench.group}/providers/{NET}/{target}"}
    properties: dict[str, Any] = {"ipConfigurations": [{"name": "x", "properties": {}}]}
    holder = properties if field == "networkSecurityGroup" else properties["ipConfigurations"][0]["properties"]
    holder[field] = [reference] if field.endswith("s") and field != "publicIPAddress" else reference
    answer = bench.put(A, {"location": "southcentralus", "properties": properties})
    assert error_of(answer) == (
        403,
        "LinkedAuthorizationFailed",
        (
            f"The client '{who.oid}' with object id '{who.oid}' has permission to perform action "
            f"'Microsoft.Network/networkInterfaces/write' on scope '{bench.nic_id(A)}'; however, it does not have "
            f"permission to perform action(s) 'Microsoft.Network/{action}' on the linked scope(s) '{reference['id']}' "
            "(respectively) or the linked scope(s) are invalid."
        ),
    )


def test_that_a_vm_list_shows_states_only_when_asked(bench: Bench) -> None:
    path = f"{bench.subscription}/providers/{COMPUTE}/virtualMachines"
    assert all("instanceView" not in item["properties"] for item in bench.get(path)["value"])
    shown = bench.get(f"{path}?statusOnly=true")["value"]
    assert all(item["properties"]["instanceView"]["statuses"][1]["code"] == "PowerState/running" for item in shown)


@pytest.mark.parametrize(("file", "test"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_that_a_row_with_a_test_of_its_own_has_it(file: str, test: str) -> None:
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {test}\(", text, re.MULTILINE)
