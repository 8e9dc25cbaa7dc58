"""A lab on a virtual clock with a hand-held HTTP client: what the wire tests stand on."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport

from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.wire import Request, Response

HOST = "https://management.azure.com"
VERSION = "2025-05-01"
FLOATING = "10.20.2.50"


@dataclass
class Bench:
    """The lab, its clock, and the few calls that most tests make."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    latency: Latency = Latency.FAST
    seed: int = 0

    def __post_init__(self) -> None:
        self.lab = Lab.from_scenario("ready", clock=self.clock, latency=self.latency, seed=self.seed)
        self.token: str | None = self.lab.issue_token()

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.lab.subscription.id}"

    def nic_id(self, name: str) -> str:
        return f"{self.group}/providers/Microsoft.Network/networkInterfaces/{name}"

    def vm_id(self, name: str) -> str:
        return f"{self.group}/providers/Microsoft.Compute/virtualMachines/{name}"

    @property
    def group(self) -> str:
        return f"{self.subscription}/resourceGroups/rg-tg-prod"

    @property
    def vnet_id(self) -> str:
        return f"{self.group}/providers/Microsoft.Network/virtualNetworks/vnet-dal-prod"

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        version: str = VERSION,
        lab: Lab | None = None,
    ) -> Response:
        mark = "&" if "?" in path else "?"
        url = f"{path if path.startswith('https://') else HOST + path}{mark}api-version={version}"
        return self.send(method, url, body, headers=headers, lab=lab)

    def send(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        lab: Lab | None = None,
    ) -> Response:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        token = self.token
        if token is not None and urlsplit(url).path.startswith("/lab"):
            token = (lab or self.lab).control_token  # whoever runs the lab has both
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        return (lab or self.lab).handle(Request(method, url, sent, content))

    def get(self, path: str) -> dict[str, Any]:
        answer = self.call("GET", path)
        assert answer.status == 200, answer.body
        return answer.json()

    def nic(self, name: str) -> dict[str, Any]:
        return self.get(self.nic_id(name))

    def put(self, name: str, nic: dict[str, Any], **headers: str) -> Response:
        return self.call(
            "PUT", self.nic_id(name), nic, headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    def without_floating(self, name: str) -> dict[str, Any]:
        nic = copy.deepcopy(self.nic(name))
        nic["properties"]["ipConfigurations"] = [
            item for item in nic["properties"]["ipConfigurations"] if item["properties"]["privateIPAddress"] != FLOATING
        ]
        return nic

    def with_floating(self, name: str, address: str = FLOATING) -> dict[str, Any]:
        nic = copy.deepcopy(self.nic(name))
        template = nic["properties"]["ipConfigurations"][0]["properties"]
        properties: dict[str, Any] = {
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Static",
            "subnet": template["subnet"],
            "primary": False,
        }
        if "applicationSecurityGroups" in template:
            properties["applicationSecurityGroups"] = template["applicationSecurityGroups"]
        nic["properties"]["ipConfigurations"].append({"name": "tg-floating", "properties": properties})
        return nic

    def detach(self, name: str = "tg-node-a-inside") -> Response:
        answer = self.put(name, self.without_floating(name))
        assert answer.status == 200, answer.body
        return answer

    def attach(self, name: str = "tg-node-b-inside") -> Response:
        answer = self.put(name, self.with_floating(name))
        assert answer.status == 200, answer.body
        return answer

    def poll(self, answer: Response) -> Response:
        url = answer.header("Azure-AsyncOperation")
        assert url is not None
        return self.send("GET", url)


def error_of(answer: Response) -> tuple[int, str, str]:
    """Return status, code and message of an ARM error."""
    error = answer.json()["error"]
    return answer.status, error["code"], error["message"]


class OperatorCredential:
    """The lab's operator, as the Azure SDK wants a credential to be."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._lab.issue_token(), int(time.time()) + 3600)


class JumpingTransport(RequestsTransport):  # type: ignore[misc]  # azure-core is untyped here
    """The SDK's own transport on a lab, sleeping on the virtual clock."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(session=lab_session(bench.lab), session_owner=False, use_env_settings=False)
        self._clock = bench.clock

    def sleep(self, duration: float) -> None:
        self._clock.sleep(duration)
