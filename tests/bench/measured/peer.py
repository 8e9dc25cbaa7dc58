"""The peer: the script most people would write, with the SDK's own models and poller: read, PUT, wait, read, PUT, wait.

``LROPoller`` honours the ``Retry-After: 10`` that Azure sends with an interface's update (azure/README.md 2.1). It asks
its transport to sleep, and that sleep skips the hybrid clock: the peer too pays only for what it really does.
"""

from __future__ import annotations

from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import NetworkInterfaceIPConfiguration, NetworkInterfaceIPConfigurationPropertiesFormat

from tests.bench.measured.stage import Stage
from tgwizard.azure.credentials import ARM_SCOPE, LabToken
from tgwizard.lab.clock import LabTime
from tgwizard.model.cluster import Member


class SkippingTransport(RequestsTransport):  # type: ignore[misc]  # azure-core imports it lazily
    """The SDK's own transport, whose waiting skips a clock instead of lasting."""

    def __init__(self, stage: Stage) -> None:
        """Over the stage's in-process session, or over TLS trusting the lab's CA."""
        if stage.http is not None:
            super().__init__(session=stage.http, session_owner=False, use_env_settings=False)
        else:
            super().__init__(connection_verify=str(stage.ca), use_env_settings=False)
        self._clock: LabTime = stage.clock

    def sleep(self, duration: float) -> None:
        """Skip ``duration`` seconds."""
        self._clock.sleep(duration)


def client(stage: Stage) -> NetworkManagementClient:
    """The SDK's client as it comes, apart from where the lab is and how waiting works."""
    return NetworkManagementClient(
        LabToken(stage.lab.issue_token),
        stage.setup.subscription,
        base_url=stage.base_url,
        credential_scopes=[ARM_SCOPE],
        transport=SkippingTransport(stage),
    )


def move(client: NetworkManagementClient, stage: Stage, to: Member) -> None:
    """Take the floating IP off the other member's interface and put it on this one's."""
    address, losing = str(stage.setup.address), stage.setup.other(to).nic
    operations = client.network_interfaces

    nic: Any = operations.get(losing.group, losing.name)
    kept = [item for item in nic.properties.ip_configurations if item.properties.private_ip_address != address]
    nic.properties.ip_configurations = kept
    operations.begin_create_or_update(losing.group, losing.name, nic).result()

    nic = operations.get(to.nic.group, to.nic.name)
    primary = nic.properties.ip_configurations[0].properties
    added = NetworkInterfaceIPConfiguration(
        name=stage.setup.ip_configuration,
        properties=NetworkInterfaceIPConfigurationPropertiesFormat(
            private_ip_address=address,
            private_ip_allocation_method="Static",
            primary=False,
            subnet=primary.subnet,
            application_security_groups=primary.application_security_groups,
        ),
    )
    nic.properties.ip_configurations.append(added)
    operations.begin_create_or_update(to.nic.group, to.nic.name, nic).result()
