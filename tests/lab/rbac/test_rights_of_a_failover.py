"""Trustgrid's role, one action less at a time: which call of a failover then fails, and with which code
(azure/README.md 2.6).

The table is the reference for the wizard's own advice. It shows the gaps of the ten actions as well: the poll
URL, the address check, and what a NIC with a public IP or a pool needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lab.bench import FLOATING, Bench, error_of
from tests.lab.rights import assign, edit, member, sign_in
from tgwizard.lab.wire import Response

A, B = "tg-node-a-inside", "tg-node-b-inside"
NET = "Microsoft.Network"
AUTHORIZATION, LINKED = "AuthorizationFailed", "LinkedAuthorizationFailed"

TEN = (
    f"{NET}/networkInterfaces/read",
    f"{NET}/networkInterfaces/write",
    f"{NET}/networkInterfaces/ipconfigurations/read",
    f"{NET}/networkInterfaces/ipconfigurations/join/action",
    f"{NET}/networkSecurityGroups/join/action",
    f"{NET}/virtualNetworks/read",
    f"{NET}/virtualNetworks/subnets/read",
    "Microsoft.Compute/virtualMachines/read",
    f"{NET}/virtualNetworks/subnets/join/action",
    f"{NET}/applicationSecurityGroups/joinIpConfiguration/action",
)
DENIED: dict[str, tuple[str, str]] = {
    f"{NET}/networkInterfaces/read": ("read the losing NIC", AUTHORIZATION),
    f"{NET}/networkInterfaces/write": ("detach", AUTHORIZATION),
    f"{NET}/networkSecurityGroups/join/action": ("detach", LINKED),
    f"{NET}/virtualNetworks/subnets/join/action": ("detach", LINKED),
    f"{NET}/applicationSecurityGroups/joinIpConfiguration/action": ("detach", LINKED),
    f"{NET}/virtualNetworks/subnets/read": ("read the subnet", AUTHORIZATION),
    f"{NET}/virtualNetworks/read": ("read the network", AUTHORIZATION),
    "Microsoft.Compute/virtualMachines/read": ("read the VM", AUTHORIZATION),
}
"""What fails without an action. The two that are not here are needed by no call of a failover in this topology."""


def hold(bench: Bench, actions: tuple[str, ...]) -> None:
    """Let the VMs' role have these actions and no others."""

    def change(world: dict[str, Any]) -> None:
        (history,) = world["authorization"]["roles"].values()
        history["versions"][-1]["permissions"][0]["actions"] = list(actions)

    edit(bench, change)


def body(nic: dict[str, Any], *, floating: dict[str, Any] | None) -> dict[str, Any]:
    """Return a NIC's body with the floating configuration, or without it."""
    kept = [
        item for item in nic["properties"]["ipConfigurations"] if item["properties"]["privateIPAddress"] != FLOATING
    ]
    configurations = [*kept, floating] if floating is not None else kept
    return {**nic, "properties": {**nic["properties"], "ipConfigurations": configurations}}


def fail_over(bench: Bench) -> dict[str, tuple[str, str]]:
    """Make the calls of a failover as tg-node-a, each in turn, and return those that were refused."""
    losing, gaining = bench.nic(A), bench.nic(B)
    floating = next(
        item for item in losing["properties"]["ipConfigurations"] if item["properties"]["privateIPAddress"] == FLOATING
    )
    sign_in(bench, member(bench))
    subnet = f"{bench.vnet_id}/subnets/snet-inside"
    calls: tuple[tuple[str, Callable[[], Response]], ...] = (
        ("read the network", lambda: bench.call("GET", bench.vnet_id)),
        ("read the subnet", lambda: bench.call("GET", subnet)),
        ("read the VM", lambda: bench.call("GET", bench.vm_id("tg-node-b"))),
        ("read the losing NIC", lambda: bench.call("GET", bench.nic_id(A))),
        ("detach", lambda: bench.put(A, body(losing, floating=None))),
        ("attach", lambda: bench.put(B, body(gaining, floating=floating))),
    )
    refused: dict[str, tuple[str, str]] = {}
    for name, call in calls:
        answer = call()
        if answer.status == 403:
            refused[name] = error_of(answer)[1], error_of(answer)[2]
        else:
            assert answer.status == 200, answer.body
            bench.clock.advance(4)
        if "detach" in refused:
            break
    return refused


def test_that_the_ten_actions_move_the_address(bench: Bench) -> None:
    assert fail_over(bench) == {}
    assert bench.lab.holder(FLOATING) == bench.nic_id(B)


@pytest.mark.parametrize("missing", TEN)
def test_that_without_an_action_its_call_is_refused_and_no_other(bench: Bench, missing: str) -> None:
    hold(bench, tuple(action for action in TEN if action != missing))
    refused = fail_over(bench)
    if missing not in DENIED:
        assert refused == {}, "this topology never needs it"
        return
    call, code = DENIED[missing]
    ((name, (found, sentence)),) = refused.items()
    assert (name, found) == (call, code)
    assert f"'{missing}'" in sentence


GAPS: list[tuple[str, Callable[[Bench], Response], str, str]] = [
    (
        "the poll URL, which is at the subscription",
        lambda bench: bench.poll(bench.detach()),
        AUTHORIZATION,
        f"{NET}/locations/operations/read",
    ),
    (
        "whether an address is free",
        lambda bench: bench.call("GET", f"{bench.vnet_id}/CheckIPAddressAvailability?ipAddress={FLOATING}"),
        AUTHORIZATION,
        f"{NET}/virtualNetworks/checkIpAddressAvailability/read",
    ),
    (
        "a NIC that has a public IP",
        lambda bench: bench.put("tg-node-a-outside", bench.nic("tg-node-a-outside")),
        LINKED,
        f"{NET}/publicIPAddresses/join/action",
    ),
    (
        "a NIC that is in a pool",
        lambda bench: bench.put(A, with_reference(bench, "loadBalancerBackendAddressPools", "backendAddressPools")),
        LINKED,
        f"{NET}/loadBalancers/backendAddressPools/join/action",
    ),
    (
        "a NIC with a NAT rule",
        lambda bench: bench.put(A, with_reference(bench, "loadBalancerInboundNatRules", "inboundNatRules")),
        LINKED,
        f"{NET}/loadBalancers/inboundNatRules/join/action",
    ),
]


def with_reference(bench: Bench, name: str, leaf: str) -> dict[str, Any]:
    nic = bench.nic(A)
    load_balancer = f"{bench.group}/providers/{NET}/loadBalancers/lb/{leaf}/one"
    nic["properties"]["ipConfigurations"][0]["properties"][name] = [{"id": load_balancer}]
    return nic


@pytest.mark.parametrize(("ask", "code", "action"), [pytest.param(*row[1:], id=row[0]) for row in GAPS])
def test_that_the_gaps_of_the_briefs_role_show_as_in_azure(
    bench: Bench, ask: Callable[[Bench], Response], code: str, action: str
) -> None:
    sign_in(bench, member(bench))
    status, found, sentence = error_of(ask(bench))
    assert (status, found) == (403, code)
    assert f"'{action}'" in sentence


@pytest.mark.parametrize("role", ["Network Contributor", "Contributor", "Owner"])
def test_that_the_poll_url_needs_the_role_at_the_subscription(bench: Bench, role: str) -> None:
    oid = member(bench).oid
    assert assign(bench, oid, role, bench.group).status == 201
    sign_in(bench, member(bench))
    detached = bench.detach()
    assert bench.poll(detached).status == 403, "a group's role does not reach the subscription's operations"
    sign_in(bench, bench.lab.directory.accounts[0])
    assert assign(bench, oid, role, bench.subscription).status == 201
    sign_in(bench, member(bench))
    assert bench.poll(detached).status == 200
