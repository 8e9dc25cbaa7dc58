"""How the rows of the wire table are asked for: each helper returns a question that one lab is put."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.bench import FLOATING, Bench
from tests.lab.rights import edit, member, sign_in
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.faults.fault_rules import AzureAnswer, Fault, OperationFails
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Overlap

NET, COMPUTE = "Microsoft.Network", "Microsoft.Compute"
A, B, OUTSIDE = "tg-node-a-inside", "tg-node-b-inside", "tg-node-a-outside"


LINKED = [
    ("subnet", "virtualNetworks/v/subnets/s", "virtualNetworks/subnets/join/action"),
    ("networkSecurityGroup", "networkSecurityGroups/n", "networkSecurityGroups/join/action"),
    ("publicIPAddress", "publicIPAddresses/p", "publicIPAddresses/join/action"),
    (
        "applicationSecurityGroups",
        "applicationSecurityGroups/a",
        "applicationSecurityGroups/joinIpConfiguration/action",
    ),
    (
        "loadBalancerBackendAddressPools",
        "loadBalancers/l/backendAddressPools/p",
        "loadBalancers/backendAddressPools/join/action",
    ),
    ("loadBalancerInboundNatRules", "loadBalancers/l/inboundNatRules/r", "loadBalancers/inboundNatRules/join/action"),
    (
        "applicationGatewayBackendAddressPools",
        "applicationGateways/g/backendAddressPools/p",
        "applicationGateways/backendAddressPools/join/action",
    ),
]
"""2.6: a reference in a NIC's body, what it leads to, and the action that it needs there."""


@dataclass(frozen=True)
class Row:
    """One call and the answer the reference gives: a status, and the code and wording of an error."""

    line: str
    ask: Callable[[Bench], Response]
    status: int
    code: str = ""
    wording: str = ""

    def __str__(self) -> str:
        return f"{self.line} {self.status} {self.code}"


def get(path: str) -> Callable[[Bench], Response]:
    return lambda bench: bench.call("GET", filled(bench, path))


def post(path: str) -> Callable[[Bench], Response]:
    return lambda bench: bench.call("POST", filled(bench, path))


def filled(bench: Bench, text: str) -> str:
    return text.format(
        sub=bench.subscription,
        guid=bench.lab.subscription.id,
        group=bench.group,
        net=f"{bench.group}/providers/{NET}",
        vnet=bench.vnet_id,
        subnet=f"{bench.vnet_id}/subnets/snet-inside",
        a=bench.nic_id(A),
        b=bench.nic_id(B),
        vm=bench.vm_id("tg-node-a"),
        floating=FLOATING,
    )


def changed(change: Callable[[Bench, dict[str, Any]], None], name: str = B) -> Callable[[Bench], Response]:
    """PUT a NIC as it is with the floating configuration added and one thing changed."""

    def ask(bench: Bench) -> Response:
        nic = bench.with_floating(name, "10.20.2.60")
        change(bench, nic["properties"])
        return bench.put(name, nic)

    return ask


def at(address: str) -> Callable[[Bench], Response]:
    return lambda bench: bench.put(B, bench.with_floating(B, address))


def second(properties: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = properties["ipConfigurations"][1]["properties"]
    return inner


def under(overlap: Overlap) -> Callable[[Bench], Response]:
    """PUT a NIC while another PUT is running on it."""

    def ask(bench: Bench) -> Response:
        bench.lab.overlap = overlap
        bench.detach()
        return bench.put(A, bench.nic(A))

    return ask


def polled_under(overlap: Overlap) -> Callable[[Bench], Response]:
    def ask(bench: Bench) -> Response:
        answer = under(overlap)(bench)
        assert answer.status == 200
        bench.clock.advance(4)
        return bench.poll(answer)

    return ask


def left_failed(ask: Callable[[Bench], Response]) -> Callable[[Bench], Response]:
    """Ask when an update of NIC a has failed and left it `Failed`."""

    def later(bench: Bench) -> Response:
        bench.lab.faults.add(Fault("PUT", A, OperationFails()))
        assert bench.put(A, bench.nic(A)).status == 200
        bench.clock.advance(4)
        return ask(bench)

    return later


def same_subnet(bench: Bench) -> Response:
    subnet = bench.get(f"{bench.vnet_id}/subnets/snet-inside")
    return bench.call("PUT", f"{bench.vnet_id}/subnets/snet-inside", {"properties": subnet["properties"]})


def known(name: CannedError, path: str = "{a}") -> Callable[[Bench], Response]:
    def ask(bench: Bench) -> Response:
        bench.lab.faults.add(Fault("GET", "", AzureAnswer(name)))
        return bench.call("GET", filled(bench, path))

    return ask


def locked(method: str) -> Callable[[Bench], Response]:
    def ask(bench: Bench) -> Response:
        nic = bench.nic(A)
        lock = {"name": "keep", "scope": bench.group, "level": "ReadOnly", "notes": ""}
        edit(bench, lambda world: world["locks"].append(lock))
        return bench.call(method, bench.nic_id(A), nic if method == "PUT" else None)

    return ask


def unregistered(bench: Bench) -> Response:
    edit(bench, lambda world: world["unregistered"].append("microsoft.network"))
    return bench.call("GET", bench.nic_id(A))


def as_member(path: str) -> Callable[[Bench], Response]:
    def ask(bench: Bench) -> Response:
        sign_in(bench, member(bench))
        return bench.call("GET", filled(bench, path))

    return ask


def filling(bench: Bench) -> Response:
    """Ask for one more address than the subnet has."""
    subnet = {"id": f"{bench.vnet_id}/subnets/snet-inside"}
    entries = [{"name": f"c{index}", "properties": {"subnet": subnet, "primary": index == 0}} for index in range(248)]
    return bench.put("big", {"location": "southcentralus", "properties": {"ipConfigurations": entries}})


def new_nic(bench: Bench) -> Response:
    entry = {"name": "one", "properties": {"subnet": {"id": f"{bench.vnet_id}/subnets/snet-inside"}}}
    return bench.put("spare", {"location": "southcentralus", "properties": {"ipConfigurations": [entry]}})


def stale(bench: Bench) -> Response:
    return bench.put(A, bench.nic(A), If_Match='W/"stale"')


def stale_vm(bench: Bench) -> Response:
    tags = {"tags": {"a": "b"}}
    return bench.call("PATCH", bench.vm_id("tg-node-a"), tags, headers={"If-Match": '"invalid"'})


def outsider(bench: Bench) -> Response:
    """PUT a NIC as the application server, which has an identity and no rights."""
    bench.call("PATCH", bench.vm_id("vm-app-01"), {"identity": {"type": "SystemAssigned"}})
    nic = bench.nic(A)
    sign_in(bench, member(bench, "vm-app-01"))
    return bench.put(A, nic)


def public(bench: Bench, properties: dict[str, Any]) -> None:
    second(properties)["publicIPAddress"] = {"id": f"{bench.group}/providers/{NET}/publicIPAddresses/pip-tg-node-a"}


def other_subnet(bench: Bench, properties: dict[str, Any]) -> None:
    second(properties)["subnet"] = {"id": f"{bench.vnet_id}/subnets/snet-outside"}


def no_primary(_bench: Bench, properties: dict[str, Any]) -> None:
    properties["ipConfigurations"][0]["properties"]["primary"] = False


def no_configuration(_bench: Bench, properties: dict[str, Any]) -> None:
    properties["ipConfigurations"] = []


def no_subnet(_bench: Bench, properties: dict[str, Any]) -> None:
    del second(properties)["subnet"]


def gateway_pool(bench: Bench, properties: dict[str, Any]) -> None:
    pool = f"{bench.group}/providers/{NET}/applicationGateways/gw/backendAddressPools/p"
    second(properties)["applicationGatewayBackendAddressPools"] = [{"id": pool}]


def pattern(bench: Bench, text: str) -> str:
    """Fill in the names; braces that are the expression's own stay."""
    names = re.compile(r"\{(sub|guid|group|net|vnet|subnet|a|b|vm|floating)\}")
    return names.sub(lambda found: filled(bench, found.group(0)), text)
