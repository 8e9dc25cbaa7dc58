"""What an admin's own script does with the Azure SDK for Python, of whatever generation is installed where it runs.

It knows the lab by the environment of `tgwizard lab env` alone, and prints what it met as one JSON document.
"""

# ruff: noqa: T201 - it is a script, and this is what it is for
# mypy: ignore-errors
# The generations differ in their types; the program's own is but one of them.

from __future__ import annotations

import asyncio
import json
import os

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

try:
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient
except ImportError:
    from azure.mgmt.resource import ResourceManagementClient, SubscriptionClient

ARM, SUBSCRIPTION = os.environ["TGWIZARD_LAB_ARM"], os.environ["AZURE_SUBSCRIPTION_ID"]
GROUP, FLOATING = "rg-tg-prod", "10.20.2.50"
NIC_A, NIC_B = "tg-node-a-inside", "tg-node-b-inside"


def refused(call) -> list:
    """Return status and code of the error that a call ends with."""
    try:
        call()
    except HttpResponseError as error:
        return [error.status_code, error.error.code if error.error else None]
    return []


def listed(network, nic) -> bool:
    configurations = network.network_interfaces.get(GROUP, nic).ip_configurations
    return FLOATING in [item.private_ip_address for item in configurations]


def moved(network, source, target) -> dict:
    """Take the floating configuration from one interface and give it to the other, each with If-Match."""
    nics = network.network_interfaces
    loser = nics.get(GROUP, source)
    stale = loser.etag
    (floating,) = [item for item in loser.ip_configurations if item.private_ip_address == FLOATING]
    loser.ip_configurations = [item for item in loser.ip_configurations if item.private_ip_address != FLOATING]
    too_early = nics.get(GROUP, target)
    too_early.ip_configurations = [*too_early.ip_configurations, floating]
    taken = refused(lambda: nics.begin_create_or_update(GROUP, target, too_early).result())
    done = nics.begin_create_or_update(GROUP, source, loser, headers={"If-Match": stale}).result()
    again = refused(lambda: nics.begin_create_or_update(GROUP, source, loser, headers={"If-Match": stale}).result())
    gainer = nics.get(GROUP, target)
    gainer.ip_configurations = [*gainer.ip_configurations, floating]
    got = nics.begin_create_or_update(GROUP, target, gainer, headers={"If-Match": gainer.etag}).result()
    return {
        "taken": taken,
        "detached": done.provisioning_state,
        "stale": again,
        "attached": got.provisioning_state,
        "holders": [listed(network, source), listed(network, target)],
    }


def tagged(network, resources) -> dict:
    nic = network.network_interfaces.update_tags(GROUP, NIC_A, {"tags": {"sdk": "python"}})
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    merge = {"operation": "Merge", "properties": {"tags": {"owner": "net"}}}
    patch = getattr(resources.tags, "begin_update_at_scope", None)
    if patch is not None:
        patch(scope, merge).result()
    else:
        resources.tags.update_at_scope(scope, merge)
    return {"nic": dict(nic.tags), "group": dict(resources.tags.get_at_scope(scope).properties.tags)}


def groups(resources) -> dict:
    made = resources.resource_groups.create_or_update("rg-sdk", {"location": "westeurope"})
    there = resources.resource_groups.check_existence("rg-sdk")
    resources.resource_groups.begin_delete("rg-sdk").result()
    gone = resources.resource_groups.check_existence("rg-sdk")
    only = "resourceType eq 'Microsoft.Network/networkInterfaces'"
    return {
        "made": made.properties.provisioning_state,
        "there": [there, gone],
        "nics": sorted(item.name for item in resources.resources.list(filter=only)),
        "nics of the group": sorted(
            item.name for item in resources.resources.list_by_resource_group(GROUP, filter=only)
        ),
    }


def rights(authorization) -> dict:
    scope = f"/subscriptions/{SUBSCRIPTION}"
    (reader,) = authorization.role_definitions.list(scope, filter="roleName eq 'Reader'")
    held = list(authorization.role_assignments.list_for_scope(scope, filter="atScope()"))
    return {"reader": reader.role_type, "held": len(held) > 0}


async def by_aio() -> list:
    """Read as the asynchronous clients do."""
    from azure.identity.aio import ClientSecretCredential as AsyncCredential
    from azure.mgmt.network.aio import NetworkManagementClient as AsyncNetwork

    async with (
        AsyncCredential(**who(), connection_verify=os.environ["REQUESTS_CA_BUNDLE"]) as credential,
        AsyncNetwork(
            credential, SUBSCRIPTION, base_url=ARM, connection_verify=os.environ["REQUESTS_CA_BUNDLE"]
        ) as network,
    ):
        return sorted([item.name async for item in network.network_interfaces.list(GROUP)])


def who() -> dict:
    return {
        "tenant_id": os.environ["AZURE_TENANT_ID"],
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "authority": os.environ["AZURE_AUTHORITY_HOST"],
        "disable_instance_discovery": True,
    }


def main() -> None:
    credential = ClientSecretCredential(**who())
    network = NetworkManagementClient(credential, SUBSCRIPTION, base_url=ARM)
    compute = ComputeManagementClient(credential, SUBSCRIPTION, base_url=ARM)
    resources = ResourceManagementClient(credential, SUBSCRIPTION, base_url=ARM)
    # A cloud's own address is an audience of it.
    own = {"credential_scopes": [f"{ARM}/.default"]}
    authorization = AuthorizationManagementClient(credential, SUBSCRIPTION, base_url=ARM, **own)
    view = compute.virtual_machines.instance_view(GROUP, "tg-node-a")
    vnet = next(iter(network.virtual_networks.list(GROUP)))
    free = network.virtual_networks.check_ip_address_availability(GROUP, vnet.name, ip_address=FLOATING)
    print(
        json.dumps(
            {
                "subscriptions": [
                    item.display_name for item in SubscriptionClient(credential, base_url=ARM).subscriptions.list()
                ],
                "locations": len(
                    list(SubscriptionClient(credential, base_url=ARM).subscriptions.list_locations(SUBSCRIPTION))
                ),
                "nics": sorted(item.name for item in network.network_interfaces.list(GROUP)),
                "all nics": sorted(item.name for item in network.network_interfaces.list_all()),
                "vms": sorted(item.name for item in compute.virtual_machines.list_all()),
                "power": [item.code for item in view.statuses],
                "computer": view.computer_name,
                "free": free.available,
                "move": moved(network, NIC_A, NIC_B),
                "back": moved(network, NIC_B, NIC_A),
                "tags": tagged(network, resources),
                "groups": groups(resources),
                "rights": rights(authorization),
                "absent": refused(lambda: network.network_interfaces.get(GROUP, "absent")),
                "not served": refused(
                    lambda: network.network_interfaces.begin_list_effective_network_security_groups(GROUP, NIC_A)
                ),
                "not allowed": refused(
                    lambda: network.subnets.begin_delete(GROUP, vnet.name, vnet.subnets[0].name).result()
                ),
                "aio": asyncio.run(by_aio()),
            }
        )
    )


main()
