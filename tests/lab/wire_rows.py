"""The rows of azure/README.md 1, 2 and 5, in the order of the document: the call and its answer."""

from __future__ import annotations

from tests.lab.bench import FLOATING, HOST
from tests.lab.wire_asks import (
    A,
    Row,
    as_member,
    at,
    changed,
    filling,
    gateway_pool,
    get,
    known,
    left_failed,
    locked,
    new_nic,
    no_configuration,
    no_primary,
    no_subnet,
    other_subnet,
    outsider,
    polled_under,
    post,
    public,
    same_subnet,
    stale,
    stale_vm,
    under,
    unregistered,
)
from tgwizard.lab.faults.canned_errors import CannedError
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
        501,
        "LabDoesNotServe",
        "~^The lab does not serve POST of Microsoft.ResourceGraph/resources. Azure does; ",
    ),
    Row(
        "1.5 activity log comes later",
        get("{sub}/providers/Microsoft.Insights/eventtypes/management/values"),
        501,
        "LabDoesNotServe",
        "~^The lab does not serve GET of Microsoft.Insights/eventtypes/values. Azure does; ",
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
        known(CannedError.SERVER_TIMEOUT),
        503,
        "ServerTimeout",
        r"~^The request timed out\. Diagnostic information: timestamp '\d{8}T\d{6}Z', subscription id '{guid}', "
        r"tracking id '[0-9a-f-]{36}', request correlation id '[0-9a-f-]{36}'\.$",
    ),
    Row(
        "1.2",
        known(CannedError.GATEWAY_TIMEOUT),
        504,
        "GatewayTimeout",
        "The gateway did not receive a response from 'Microsoft.Network' within the specified time period.",
    ),
    Row(
        "1.2",
        known(CannedError.INTERNAL_ERROR),
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
    *(
        Row(
            f"2.4 Failed, {what}; the reference has the code and no wording [?]",
            left_failed(ask),
            400,
            "ParentResourceIsInFailedState",
            "Cannot proceed with operation because resource {a} used by resource {vm} is not in Succeeded state. "
            "Resource is in Failed state and the last operation that updated/is updating the resource is "
            "PutNicOperation.",
        )
        for what, ask in (
            *((f"VM {verb}", post(f"{{vm}}/{verb}")) for verb in ("start", "restart", "powerOff", "deallocate")),
            ("VM PATCH", lambda bench: bench.call("PATCH", bench.vm_id("tg-node-a"), {"tags": {"a": "b"}})),
        )
    ),
    Row(
        "2.4 Failed, subnet PUT: the family's other code",
        left_failed(same_subnet),
        400,
        "ReferencedResourceNotProvisioned",
        r"~^Cannot proceed with operation because resource {a}/ipConfigurations/[^ ]+ used by resource {subnet} is not "
        r"in Succeeded state\. Resource is in Failed state and the last operation that updated/is updating the "
        r"resource is PutNicOperation\.$",
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
        known(CannedError.THROTTLED_BY_ARM),
        429,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription '{guid}' and operation 'GET' exceeded the backend storage limit. Please "
        "try again after '6' seconds.",
    ),
    Row(
        "5 ARM",
        known(CannedError.THROTTLED_ACTION),
        429,
        "ResourceRequestsThrottled",
        "Number of requests for action 'Microsoft.Network/networkInterfaces/read' exceeded the limit of '150' for time "
        "interval '01:00:00'. Please try again after '324' seconds.",
    ),
    Row(
        "5 Network size",
        known(CannedError.THROTTLED_BY_READ_SIZE),
        429,
        "TooManyRequests",
        "A retryable error occurred.",
    ),
    *(
        Row(f"5 Network {name.value}", known(name), 429, "RetryableError", "A retryable error occurred.")
        for name in (
            CannedError.THROTTLED_BY_NETWORK,
            CannedError.THROTTLED_OPERATION,
            CannedError.QUEUE_TIMED_OUT,
            CannedError.REQUEST_TIMED_OUT,
        )
    ),
    Row(
        "5 Compute",
        known(CannedError.THROTTLED_BY_COMPUTE, "{vm}"),
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this subscription.",
    ),
]
