"""Dump, load, copy: the whole world, and nothing shared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.bench import FLOATING, Bench
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage.world_document import UnknownSchema

A, B = "tg-node-a-inside", "tg-node-b-inside"


def test_that_a_loaded_lab_is_the_dumped_one_in_the_middle_of_an_operation(bench: Bench) -> None:
    answer = bench.detach()
    bench.clock.advance(1)
    text = bench.lab.dump()
    assert json.loads(text)["schema"] == 1
    loaded = Lab.load(text, bench.clock)
    assert loaded.dump() == text
    url = answer.header("Azure-AsyncOperation") or ""
    assert bench.send("GET", url, lab=loaded).json() == {"status": "InProgress"}, "the same token is good for both"
    bench.clock.advance(3)
    assert bench.send("GET", url, lab=loaded).json() == {"status": "Succeeded"}
    assert loaded.dump() == bench.lab.dump()
    assert loaded.holdings == bench.lab.holdings


def test_that_a_copy_goes_its_own_way(bench: Bench) -> None:
    clock = bench.clock.copy()
    twin = bench.lab.copy(clock)
    bench.detach()
    bench.clock.advance(4)
    assert (bench.lab.holder(FLOATING), twin.holder(FLOATING)) == (None, bench.nic_id(A))
    nic = bench.without_floating(A)
    assert bench.call("PUT", bench.nic_id(A), nic, lab=twin).status == 200
    clock.advance(4)
    assert twin.holder(FLOATING) is None
    assert twin.dump() == bench.lab.dump(), "the same history leads to the same world, guids and etags included"


def test_that_one_seed_gives_one_lab_and_another_seed_another() -> None:
    one, same, other = Bench(seed=5), Bench(seed=5), Bench(seed=6)
    assert one.lab.cluster_tomls() == same.lab.cluster_tomls()
    assert one.lab.lab_id != other.lab.lab_id
    assert one.token != same.token, "signing keys are secret and never repeat"


def test_that_on_change_tells_of_changes_and_not_of_reads(bench: Bench) -> None:
    told: list[str] = []
    bench.lab.on_change = lambda: told.append("change")
    bench.nic(A)
    assert told == []
    bench.detach()
    assert told == ["change"]
    bench.clock.advance(4)
    bench.nic(A)
    bench.nic(A)
    assert told == ["change", "change"], "the end of the operation, seen once"


def test_that_another_schema_is_told_from_damage(bench: Bench) -> None:
    document = json.loads(bench.lab.dump())
    with pytest.raises(UnknownSchema):
        Lab.load(json.dumps({**document, "schema": 2}), VirtualClock())
    with pytest.raises(UnknownSchema):
        Lab.load("{}", VirtualClock())


@pytest.mark.parametrize(
    "key", ["lab_id", "signing_key", "subscription", "operator", "latency", "resources", "operations", "holdings"]
)
def test_that_a_world_with_a_hole_is_a_value_error(bench: Bench, key: str) -> None:
    document = json.loads(bench.lab.dump())
    del document[key]
    with pytest.raises(ValueError, match=key):
        Lab.load(json.dumps(document), VirtualClock())


@given(
    key=st.sampled_from(["lab_id", "signing_key", "resources", "operations", "power", "locks", "seed", "clusters"]),
    value=st.one_of(st.none(), st.booleans(), st.text(), st.lists(st.integers(), min_size=1)),
)
def test_that_a_world_with_a_wrong_value_is_a_value_error_or_loads(key: str, value: object) -> None:
    document = {**json.loads(Bench().lab.dump()), key: value}
    try:
        loaded = Lab.load(json.dumps(document), VirtualClock())
    except ValueError:
        return
    assert loaded.dump()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3),
    max_leaves=6,
)


TAG_NAMES = st.text(min_size=1, max_size=8).filter(
    lambda name: not any(item in name for item in "<>%&\\?/\x7f") and min(name) >= " "
)
"""What Azure takes as the name of a tag."""


def names_differ(tags: dict[str, str]) -> bool:
    return len({name.lower() for name in tags}) == len(tags)


@given(
    unknown=st.dictionaries(st.from_regex(r"x[A-Z][a-z]{2,6}", fullmatch=True), json_values, max_size=4),
    tags=st.none() | st.dictionaries(TAG_NAMES, st.text(max_size=8), max_size=3).filter(names_differ),
    servers=st.lists(st.sampled_from(["10.20.0.4", "168.63.129.16"]), max_size=2, unique=True),
    accelerated=st.booleans(),
)
def test_that_any_nic_comes_back_equal_from_being_put_as_it_was_read(
    unknown: dict[str, object], tags: dict[str, str] | None, servers: list[str], accelerated: bool
) -> None:
    bench = Bench()
    nic = bench.nic(B)
    nic.pop("tags")
    if tags is not None:
        nic["tags"] = tags
    nic["properties"].update(unknown, enableAcceleratedNetworking=accelerated)
    nic["properties"]["ipConfigurations"][0]["properties"].update(
        {key: value for key, value in unknown.items() if value is not None}
    )
    nic["properties"]["dnsSettings"]["dnsServers"] = servers
    assert bench.put(B, nic).status == 200
    bench.clock.advance(4)
    first = bench.nic(B)
    assert plain(first) == plain(nic)
    assert bench.put(B, first, If_Match=first["etag"]).status == 200
    bench.clock.advance(4)
    assert plain(bench.nic(B)) == plain(first)


def plain(nic: dict[str, object]) -> str:
    """Return the NIC as text without etags."""

    def strip(value: object) -> object:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key != "etag"}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return json.dumps(strip(nic), sort_keys=True)
