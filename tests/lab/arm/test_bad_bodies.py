"""Whatever a client sends, the lab answers as ARM answers, and a refused PUT changes nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.bench import Bench, error_of

A = "tg-node-a-inside"
PATHS = [
    ("location",),
    ("tags",),
    ("tags", "interface"),
    ("properties",),
    ("properties", "networkSecurityGroup"),
    ("properties", "networkSecurityGroup", "id"),
    ("properties", "dnsSettings"),
    ("properties", "dnsSettings", "dnsServers"),
    ("properties", "enableIPForwarding"),
    ("properties", "virtualMachine"),
    ("properties", "ipConfigurations"),
    ("properties", "ipConfigurations", 1),
    *(("properties", "ipConfigurations", 1, name) for name in ("name", "id", "etag", "type", "properties")),
    *(
        ("properties", "ipConfigurations", 1, "properties", name)
        for name in (
            "privateIPAddress",
            "privateIPAllocationMethod",
            "privateIPAddressVersion",
            "primary",
            "subnet",
            "publicIPAddress",
            "gatewayLoadBalancer",
            "applicationSecurityGroups",
            "loadBalancerBackendAddressPools",
            "loadBalancerInboundNatRules",
            "applicationGatewayBackendAddressPools",
        )
    ),
    ("properties", "ipConfigurations", 1, "properties", "subnet", "id"),
    ("properties", "ipConfigurations", 1, "properties", "applicationSecurityGroups", 0),
    ("properties", "ipConfigurations", 1, "properties", "applicationSecurityGroups", 0, "id"),
]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(alphabet=st.characters(), max_size=6)
    | st.sampled_from(["\ud800", "10.20.2.60", "::1", "Static", "IPv6", "/subscriptions/x", "/subscriptions"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "name", "properties", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def replaced(nic: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(nic)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


@given(path=st.sampled_from(PATHS), value=values)
def test_that_any_wrong_value_is_answered_and_a_refusal_changes_nothing(
    path: tuple[str | int, ...], value: object
) -> None:
    bench = Bench()
    before = bench.nic(A)
    answer = bench.put(A, replaced(before, path, value))
    assert answer.status in {200, 400, 403, 409}
    bench.clock.advance(4)
    after = bench.nic(A)
    if answer.status != 200:
        assert error_of(answer)[1]
        assert after == before
    assert bench.lab.copy(bench.clock.copy()).dump() == bench.lab.dump()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 100_000, "MaxDepth"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "MaxDepth"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Unexpected character"),
        (b"\x00", "Unexpected character"),
    ],
)
def test_that_hostile_json_is_refused(bench: Bench, body: bytes, words: str) -> None:
    answer = bench.call("PUT", bench.nic_id(A), body)
    assert error_of(answer)[:2] == (400, "InvalidRequestFormat")
    assert words in answer.json()["error"]["details"][0]["message"]


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"id": "nonsense"}, "LinkedInvalidPropertyId"),
        ({"name": "x"}, "InvalidRequestFormat"),
        ({"id": ""}, "InvalidRequestFormat"),
        ({"id": 5}, "InvalidRequestFormat"),
    ],
)
def test_that_a_reference_must_be_a_full_id(bench: Bench, reference: dict[str, object], code: str) -> None:
    nic = replaced(bench.nic(A), ("properties", "networkSecurityGroup"), reference)
    assert error_of(bench.put(A, nic))[:2] == (400, code)


def test_that_null_means_left_out_for_known_fields_and_is_kept_for_unknown_ones(bench: Bench) -> None:
    nic = bench.nic(A)
    nic["tags"] = None
    nic["future"] = None
    nic["properties"].update(networkSecurityGroup=None, future=None)
    nic["properties"]["ipConfigurations"][1]["properties"].update(publicIPAddress=None, future=None)
    after = json.loads(bench.put(A, nic).body)
    assert "tags" not in after
    assert "networkSecurityGroup" not in after["properties"]
    configuration = after["properties"]["ipConfigurations"][1]["properties"]
    assert "publicIPAddress" not in configuration
    assert (after["future"], after["properties"]["future"], configuration["future"]) == (None, None, None)
