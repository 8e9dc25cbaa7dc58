"""``virtualNetworks/moveIpConfigurations``: a configuration changes its interface in one call (azure/README.md 2.7).

The call carries no version and must not be repeated: it is sent once, without SDK retry and SDK polling
(engine/README.md 1.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tgwizard.azure.failures import Doing, attempt
from tgwizard.azure.raw import Sending, Where, headers_of, inner, read, text
from tgwizard.azure.session import Clients
from tgwizard.engine.ports import ConfigurationId, InTime, MoveAccepted
from tgwizard.model.cluster import ResourceId

FEATURE = "AllowMoveIpConfigurations"
_FEATURES_API = "2021-07-01"


def move_configuration(
    clients: Clients,
    source: ConfigurationId,
    target: ConfigurationId,
    subnet: ResourceId,
    request_id: str,
    in_time: InTime,
) -> MoveAccepted:
    """Ask for one move; the answer says only that Azure took it."""
    doing = Doing("move", f"{source.name} of {source.nic.name}", writes=True)
    operations = clients.network(subnet.subscription).virtual_networks
    body = {
        "moveIpConfigurationItems": [
            {"sourceIpConfiguration": {"id": source.text}, "targetIpConfiguration": {"id": target.text}}
        ]
    }

    def post() -> Mapping[str, str]:
        poller = operations.begin_move_ip_configurations(
            subnet.group,
            subnet.parent_name,
            cast("Any", body),
            headers={"x-ms-client-request-id": request_id},
            polling=False,
            cls=headers_of,
            **Sending(request_id, in_time).options(clients),
        )
        return cast("Mapping[str, str]", poller.result())

    answered = attempt(doing, post)
    return MoveAccepted(str(answered.get("Azure-AsyncOperation", "")), str(answered.get("x-ms-request-id", "")))


def moves_registered(clients: Clients, subscription: str) -> bool:
    """Whether the subscription has the preview feature; CallFailed when it cannot be read."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Features/providers/Microsoft.Network/features/{FEATURE}"
    body = read(clients, Doing("read", f"the feature {FEATURE}"), Where(path, _FEATURES_API))
    return text(inner(body), "state").lower() == "registered"
