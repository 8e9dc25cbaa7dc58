"""What az, the SDK and scripts need to work on the lab as if it were a cloud (lab/README.md 3.1 and 3.2).

A folder for az of its own, so that the user's real profile is neither read nor changed, and an environment. The folder
holds the secret of the lab's service principal, readable by its owner only; it opens nothing but this lab.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, write_atomically
from tgwizard.lab import ids
from tgwizard.lab.entra import identity_endpoint, token_endpoint
from tgwizard.lab.scenarios.scenario_rights import AUTOMATION
from tgwizard.lab.wire import Json
from tgwizard.lab.world import VM_TYPE, World

CLOUD = "lab"
"""The lab's name among az's clouds."""
_MANAGEMENT = "https://management.core.windows.net/"


class UnknownVm(LookupError):
    """There is no VM of that name, or more than one."""


@dataclass(frozen=True, slots=True)
class ClientAccess:
    """Whom a client may be, and where it finds the lab. Both secrets are the lab's own."""

    url: str
    subscription: str
    subscription_name: str
    tenant: str
    client_id: str
    client_secret: str
    vm: str = ""
    """The VM whose identity the client has, by name; empty for the service principal."""
    identity_endpoint: str = ""
    identity_header: str = ""

    @classmethod
    def of(cls, world: World, url: str, vm: str | None) -> ClientAccess:
        """Return the access to a world served at a URL. Raises UnknownVm."""
        principal = next(item for item in world.accounts if item.name == AUTOMATION)
        access = cls(
            url=url,
            subscription=world.subscription.id,
            subscription_name=world.subscription.name,
            tenant=world.subscription.tenant,
            client_id=principal.app_id,
            client_secret=token_endpoint.client_secret(world, principal),
        )
        if vm is None:
            return access
        found = [doc["id"] for doc in world.of_type(VM_TYPE) if vm.lower() in (doc["id"].lower(), doc["name"].lower())]
        if len(found) != 1:
            raise UnknownVm(f"The lab has {len(found) or 'no'} VM named {vm}.")
        endpoint = identity_endpoint.endpoint_of(world, found[0], url)
        told = {"vm": ids.name_of(found[0]), "identity_endpoint": endpoint.endpoint, "identity_header": endpoint.header}
        return cls(**{**asdict(access), **told})

    @property
    def document(self) -> Json:
        """The access as a document for the lab's control surface."""
        return asdict(self)


def certificate_file(directory: Path) -> Path:
    """Return where under the lab's folder the certificate of its service principal is kept, with its key."""
    return directory / "az" / CLOUD / "application.pem"


def prepare(
    directory: Path, access: ClientAccess, ca: Path, no_proxy: str, certificate: Path | None = None
) -> dict[str, str]:
    """Write az's folder under the lab's and return the environment for clients. Raises OSError.

    `no_proxy` is what the environment exempts already; loopback is added, because a proxy would get its traffic too.
    `certificate`: the registered one that clients of azure-identity are to use instead of the secret.
    """
    folder = directory / "az" / (access.vm or CLOUD)
    make_private_folder(folder)
    for name, text in _az_files(access).items():
        write_atomically(folder / name, text, PRIVATE)
    exempt = [item for item in no_proxy.split(",") if item]
    exempt += [host for host in ("localhost", "127.0.0.1") if host not in exempt]
    lines = {
        "AZURE_CONFIG_DIR": str(folder),
        "REQUESTS_CA_BUNDLE": str(ca),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "NO_PROXY": ",".join(exempt),
        "no_proxy": ",".join(exempt),
        "AZURE_AUTHORITY_HOST": access.url,
        "AZURE_TENANT_ID": access.tenant,
        "AZURE_SUBSCRIPTION_ID": access.subscription,
        "TGWIZARD_LAB_DIR": str(directory),
        "TGWIZARD_LAB_ARM": access.url,
    }
    if access.vm:
        return lines | {"IDENTITY_ENDPOINT": access.identity_endpoint, "IDENTITY_HEADER": access.identity_header}
    lines["AZURE_CLIENT_ID"] = access.client_id
    if certificate is not None:
        return lines | {"AZURE_CLIENT_CERTIFICATE_PATH": str(certificate)}
    return lines | {"AZURE_CLIENT_SECRET": access.client_secret}


def _az_files(access: ClientAccess) -> dict[str, str]:
    clouds = {
        "endpoint_resource_manager": access.url,
        "endpoint_active_directory": access.url,
        "endpoint_active_directory_resource_id": _MANAGEMENT,
        "endpoint_management": _MANAGEMENT,
        "endpoint_active_directory_graph_resource_id": f"{access.url}/",
        "endpoint_microsoft_graph_resource_id": f"{access.url}/",
    }
    files = {
        "clouds.config": _ini({CLOUD: clouds}),
        "config": _ini(
            {
                "cloud": {"name": CLOUD},
                "core": {
                    "instance_discovery": "false",
                    "login_experience_v2": "off",
                    "collect_telemetry": "no",
                    "encrypt_token_cache": "false",
                },
            }
        ),
    }
    if access.vm:
        return files  # `az login --identity` writes the profile
    user = {"name": access.client_id, "type": "servicePrincipal"}
    subscription = {
        "id": access.subscription,
        "name": access.subscription_name,
        "state": "Enabled",
        "user": user,
        "isDefault": True,
        "tenantId": access.tenant,
        "homeTenantId": access.tenant,
        "environmentName": CLOUD,
        "managedByTenants": [],
    }
    entry = {"client_id": access.client_id, "tenant": access.tenant, "client_secret": access.client_secret}
    return files | {
        "azureProfile.json": json.dumps({"subscriptions": [subscription]}, indent=1),
        "service_principal_entries.json": json.dumps([entry], indent=1),
    }


def _ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    blocks = (
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    )
    return "\n".join(blocks)
