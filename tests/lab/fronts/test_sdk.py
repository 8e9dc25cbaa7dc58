"""The unmodified Azure SDK on the in-process front."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceResponseError,
)
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import NetworkInterface
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from tests.lab.bench import FLOATING, Bench, JumpingTransport, OperatorCredential
from tgwizard.lab.faults.fault_rules import Fault, Moment, OperationFails, Reset

GROUP, A, B = "rg-tg-prod", "tg-node-a-inside", "tg-node-b-inside"


@pytest.fixture
def network(bench: Bench) -> Iterator[NetworkManagementClient]:
    with NetworkManagementClient(
        OperatorCredential(bench.lab), bench.lab.subscription.id, transport=JumpingTransport(bench)
    ) as client:
        yield client


def without_floating(nic: NetworkInterface) -> NetworkInterface:
    nic.ip_configurations = [item for item in nic.ip_configurations or [] if item.private_ip_address != FLOATING]
    return nic


def test_that_the_poller_moves_the_address(bench: Bench, network: NetworkManagementClient) -> None:
    nics = network.network_interfaces
    taken = nics.get(GROUP, A)
    floating = [item for item in taken.ip_configurations or [] if item.private_ip_address == FLOATING]
    poller = nics.begin_create_or_update(GROUP, A, without_floating(taken))
    assert poller.result().provisioning_state == "Succeeded"
    assert bench.clock.monotonic() == 10, "the poller waits as long as Retry-After says"
    given = nics.get(GROUP, B)
    given.ip_configurations = [*(given.ip_configurations or []), *floating]
    done = nics.begin_create_or_update(GROUP, B, given).result()
    assert [item.private_ip_address for item in done.ip_configurations or []] == ["10.20.2.12", FLOATING]
    assert bench.lab.holder(FLOATING) == bench.nic_id(B)


def test_that_a_stale_etag_surfaces_as_412(network: NetworkManagementClient) -> None:
    nic = network.network_interfaces.get(GROUP, A)
    with pytest.raises(HttpResponseError) as caught:
        network.network_interfaces.begin_create_or_update(GROUP, A, nic, headers={"If-Match": 'W/"stale"'})
    assert caught.value.status_code == 412
    assert caught.value.error is not None
    assert caught.value.error.code == "PreconditionFailed"


def test_that_a_failed_operation_surfaces_with_its_code(bench: Bench, network: NetworkManagementClient) -> None:
    bench.lab.faults.add(Fault("PUT", A, OperationFails("InternalServerError", "An error occurred.")))
    nic = network.network_interfaces.get(GROUP, A)
    with pytest.raises(HttpResponseError, match="InternalServerError"):
        network.network_interfaces.begin_create_or_update(GROUP, A, nic).result()
    assert network.network_interfaces.get(GROUP, A).provisioning_state == "Failed"


def test_that_a_lost_answer_surfaces_as_a_broken_response(bench: Bench, network: NetworkManagementClient) -> None:
    nic = network.network_interfaces.get(GROUP, A)
    bench.lab.faults.add(Fault("PUT", A, Reset(Moment.AFTER_COMMIT)))
    with pytest.raises(ServiceResponseError):
        network.network_interfaces.begin_create_or_update(GROUP, A, without_floating(nic), retry_total=0)
    assert FLOATING not in str(bench.nic(A))


def test_that_the_sdk_reads_every_network_type(bench: Bench, network: NetworkManagementClient) -> None:
    assert [item.name for item in network.virtual_networks.list_all()] == ["vnet-dal-prod"]
    assert [item.name for item in network.virtual_networks.list(GROUP)] == ["vnet-dal-prod"]
    assert [item.name for item in network.subnets.list(GROUP, "vnet-dal-prod")] == ["snet-outside", "snet-inside"]
    subnet = network.subnets.get(GROUP, "vnet-dal-prod", "snet-inside")
    assert subnet.address_prefix == "10.20.2.0/24"
    free = network.virtual_networks.check_ip_address_availability(GROUP, "vnet-dal-prod", ip_address=FLOATING)
    assert free.available is False
    group = network.network_security_groups.get(GROUP, "nsg-tg-inside")
    assert [item.id for item in group.network_interfaces or []] == [bench.nic_id(A), bench.nic_id(B)]
    assert network.application_security_groups.get(GROUP, "asg-tg-nodes").provisioning_state == "Succeeded"
    assert network.public_ip_addresses.get(GROUP, "pip-tg-node-a").ip_address == "203.0.113.11"
    assert len(list(network.network_interfaces.list(GROUP))) == len(list(network.network_interfaces.list_all())) == 5


def test_that_the_sdk_powers_a_vm_off_and_on(bench: Bench) -> None:
    with ComputeManagementClient(
        OperatorCredential(bench.lab), bench.lab.subscription.id, transport=JumpingTransport(bench)
    ) as compute:
        machines = compute.virtual_machines
        assert len(list(machines.list(GROUP))) == len(list(machines.list_all())) == 3
        machines.begin_power_off(GROUP, "tg-node-a").result()
        view = machines.instance_view(GROUP, "tg-node-a")
        assert [item.code for item in view.statuses or []][-1] == "PowerState/stopped"
        machines.begin_start(GROUP, "tg-node-a").result()
        vm = machines.get(GROUP, "tg-node-a", expand="instanceView")
        assert vm.instance_view is not None
        assert [item.code for item in vm.instance_view.statuses or []][-1] == "PowerState/running"


def test_that_the_sdk_reads_subscriptions_groups_and_permissions(bench: Bench) -> None:
    credential, guid = OperatorCredential(bench.lab), bench.lab.subscription.id
    with SubscriptionClient(credential, transport=JumpingTransport(bench)) as subscriptions:
        assert [item.subscription_id for item in subscriptions.subscriptions.list()] == [guid]
        assert [item.tenant_id for item in subscriptions.tenants.list()] == [bench.lab.subscription.tenant]
        assert subscriptions.subscriptions.get(guid).display_name == "Trustgrid Production"
    with ResourceManagementClient(credential, guid, transport=JumpingTransport(bench)) as resources:
        assert [item.name for item in resources.resource_groups.list()] == [GROUP]
        assert resources.resource_groups.check_existence(GROUP) is True
        assert resources.resource_groups.check_existence("absent") is False
    with AuthorizationManagementClient(credential, guid, transport=JumpingTransport(bench)) as authorization:
        assert [item.actions for item in authorization.permissions.list_for_resource_group(GROUP)] == [["*"]]


def test_that_the_sdk_names_what_is_missing(bench: Bench, network: NetworkManagementClient) -> None:
    with pytest.raises(ResourceNotFoundError) as caught:
        network.network_interfaces.get(GROUP, "absent")
    assert caught.value.error is not None
    assert caught.value.error.code == "ResourceNotFound"


def test_that_the_sdk_reports_a_foreign_token(bench: Bench) -> None:
    stranger = OperatorCredential(Bench().lab)
    with (
        NetworkManagementClient(stranger, bench.lab.subscription.id, transport=JumpingTransport(bench)) as network,
        pytest.raises(ClientAuthenticationError),
    ):
        network.network_interfaces.get(GROUP, A)
