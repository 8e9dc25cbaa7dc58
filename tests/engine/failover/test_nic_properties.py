"""Random interfaces there and back: whatever stood on them stands on them afterwards, apart from etags."""

from __future__ import annotations

import copy
import json
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rig import Rig, rig
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.event_base import Outcome

_WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
_LEAF = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=20), st.none())
_ANY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=3), max_leaves=6
)
_UNKNOWN = st.dictionaries(_WORD.map(lambda word: f"future{word}"), _ANY, max_size=4)

_SIDE = st.fixed_dictionaries(
    {
        "tags": st.dictionaries(_WORD, st.text(max_size=20), max_size=4),
        "unknown": _UNKNOWN,
        "unknown_properties": _UNKNOWN,
        "dns": st.lists(st.ip_addresses(v=4).map(str), max_size=3, unique=True),
        "accelerated": st.booleans(),
        "forwarding": st.booleans(),
        "more": st.lists(st.tuples(_WORD, _UNKNOWN), max_size=3, unique_by=lambda item: item[0].lower()),
        "in_primary": _UNKNOWN,
        "in_floating": _UNKNOWN,
        "beside_floating": _UNKNOWN,
    }
)


@settings(max_examples=40)
@given(first=_SIDE, second=_SIDE, verb=st.sampled_from(Verb))
def test_that_a_failover_there_and_back_leaves_any_interface_as_it_was(
    first: dict[str, Any], second: dict[str, Any], verb: Verb
) -> None:
    made = rig(Latency.INSTANT)
    _dress(made, made.a, first, 60)
    _dress(made, made.b, second, 80)
    before = [_plain(made.nic(member).body) for member in made.setup.members]
    there, back = made.fail_over(made.b, verb), made.fail_over(made.a, verb)
    assert (there.outcome, back.outcome) == (Outcome.DONE, Outcome.DONE)
    assert (there.by_other, back.by_other) == ((), ())
    assert [_plain(made.nic(member).body) for member in made.setup.members] == before


@settings(max_examples=25)
@given(side=_SIDE, verb=st.sampled_from(Verb))
def test_that_the_gaining_interface_differs_by_the_floating_configuration_alone(
    side: dict[str, Any], verb: Verb
) -> None:
    made = rig(Latency.INSTANT)
    _dress(made, made.b, side, 80)
    before = _plain(made.nic(made.b).body)
    assert made.fail_over(made.b, verb).outcome is Outcome.DONE
    after = _plain(made.nic(made.b).body)
    added = [item for item in after["properties"]["ipConfigurations"] if item["name"] == "tg-floating"]
    after["properties"]["ipConfigurations"] = [
        item for item in after["properties"]["ipConfigurations"] if item["name"] != "tg-floating"
    ]
    assert after == before
    assert [item["properties"]["privateIPAddress"] for item in added] == [made.address]
    assert added[0]["properties"]["primary"] is False


def test_that_a_busy_interface_is_byte_for_byte_the_same_after_a_failover_there_and_back() -> None:
    made = rig(lab=Lab.from_scenario("busy-nic", clock=VirtualClock(), latency=Latency.INSTANT))

    def more(body: dict[str, Any]) -> None:
        floating = next(item for item in body["properties"]["ipConfigurations"] if item["name"] == "tg-floating")
        floating["properties"] |= {"fooBar": {"a": [1, None, {"b": True}]}, "privateIPAddressPrefixLength": 32}
        floating["futureBeside"] = ["x"]

    made.edit(made.a, more)
    before = [_bytes(made.nic(member).body) for member in made.setup.members]
    there = made.fail_over(made.b)
    assert (there.outcome, there.left, there.by_other) == (Outcome.DONE, (), ())
    arrived = made.nic(made.b).find(made.address)
    assert arrived is not None
    assert arrived["properties"]["fooBar"] == {"a": [1, None, {"b": True}]}
    assert arrived["futureBeside"] == ["x"]
    back = made.fail_over(made.a)
    assert (back.outcome, back.left, back.by_other) == (Outcome.DONE, (), ())
    assert [_bytes(made.nic(member).body) for member in made.setup.members] == before


def _bytes(body: Any) -> str:
    """The document as text, less what Azure moves with every write; the order of keys means nothing in JSON."""
    return json.dumps(_plain(body), sort_keys=True)


def _dress(made: Rig, member: Member, side: dict[str, Any], base: int) -> None:
    def change(body: dict[str, Any]) -> None:
        body["tags"] = side["tags"]
        body |= side["unknown"]
        inner = body["properties"]
        inner |= side["unknown_properties"]
        inner["dnsSettings"] = {"dnsServers": side["dns"]}
        inner["enableAcceleratedNetworking"] = side["accelerated"]
        inner["enableIPForwarding"] = side["forwarding"]
        primary = next(item for item in inner["ipConfigurations"] if item["properties"].get("primary"))
        primary["properties"] |= side["in_primary"]
        for number, (name, unknown) in enumerate(side["more"]):
            extra = copy.deepcopy(primary)
            extra["name"] = f"extra-{name}"
            extra["properties"] |= {
                "primary": False,
                "privateIPAddress": f"10.20.2.{base + number}",
                "privateIPAllocationMethod": "Static",
                **unknown,
            }
            inner["ipConfigurations"].append(extra)

        for item in inner["ipConfigurations"]:
            if item["properties"].get("privateIPAddress") == made.address:
                item["properties"] |= side["in_floating"]
                item.update(side["beside_floating"])

    made.edit(member, change)


def _plain(value: Any) -> Any:
    """Without etags, and with the configurations in the order of their names."""
    if isinstance(value, dict):
        plain = {key: _plain(item) for key, item in value.items() if key != "etag"}
        if "ipConfigurations" in plain:
            plain["ipConfigurations"] = sorted(plain["ipConfigurations"], key=lambda item: str(item["name"]))
        return plain
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return json.loads(json.dumps(value))
