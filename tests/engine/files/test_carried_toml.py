"""``[floating.carried]``: any field travels through the file and back; what older files say stays readable."""

from __future__ import annotations

import string
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.files.test_cluster_file import GOOD, GROUP, faults, written
from tgwizard.engine.files.cluster_file import keep_carried, load_cluster, save_cluster, with_kept_carried
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.problem import UserError

NETWORK = f"{GROUP}/Microsoft.Network"
PIP, POOL = f"{NETWORK}/publicIPAddresses/pip", f"{NETWORK}/loadBalancers/lb/backendAddressPools/p"
FRONT = f"{NETWORK}/loadBalancers/gw/frontendIPConfigurations/fe"
OLD = f"""
[floating.carried]  # as an older tgwizard wrote it
public_ip = "{PIP}"  # ours
pools = ["{POOL}"]
"""

_KEY = st.text(string.ascii_letters + string.digits + "-_ .\"'#~/é\u2028", min_size=1, max_size=8)
_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["\ud800", "\x00\x7f\r\n\t", "'''", '"""', "#", "= ["])
)
_JSON = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEY, inner, max_size=3), max_leaves=8
)
_FIELDS = st.dictionaries(_KEY.map(lambda key: f"future{key}"), _JSON, max_size=4)


def old_file(folder: Path) -> Path:
    return written(folder, GOOD.replace("\n[[member]]", f"{OLD}\n[[member]]", 1))


@given(properties=_FIELDS, beside=_FIELDS, first=_FIELDS)
@example(properties={"futureX": 1}, beside={}, first={"futureX": True})
@example(properties={"future": {"a": None}, "futureB": [[1, "x"], [{"deep": []}]]}, beside={"futureC": 1e300}, first={})
def test_that_any_field_is_kept_as_it_is(
    properties: dict[str, Any], beside: dict[str, Any], first: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder))
        for fields in (first, properties):
            setup = replace(load_cluster(path), carried=CarriedConfiguration(fields, beside))
            save_cluster(path, setup)
            assert load_cluster(path) == setup
        before = path.read_bytes()
        save_cluster(path, load_cluster(path))
        assert path.read_bytes() == before


def test_that_a_field_stands_in_the_file_as_azure_spells_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    fields = {"publicIPAddress": {"id": PIP}, "gatewayLoadBalancer": {"id": FRONT}, "fooBar": {"a": [1, {"b": True}]}}
    save_cluster(path, replace(load_cluster(path), carried=CarriedConfiguration(fields)))
    text = path.read_text()
    assert f'publicIPAddress = {{id = "{PIP}"}}' in text
    assert f'gatewayLoadBalancer = {{id = "{FRONT}"}}' in text
    assert load_cluster(path).carried.properties == fields
    assert "carried_json" not in text


def test_that_what_toml_cannot_say_is_kept_as_json_text(tmp_path: Path) -> None:
    path = written(tmp_path)
    carried = CarriedConfiguration({"fooBar": {"a": None}, "plain": 1}, {"zones": ["1"]})
    save_cluster(path, replace(load_cluster(path), carried=carried))
    text = path.read_text()
    assert '"/properties/fooBar" = "{\\"a\\": null}"' in text
    assert '"/zones" = "[\\"1\\"]"' in text
    assert load_cluster(path).carried == carried


def test_that_the_words_of_older_files_are_read_and_left_alone(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    setup = load_cluster(path)
    assert setup.carried == CarriedConfiguration.of(ResourceId(PIP), (ResourceId(POOL),))
    save_cluster(path, replace(setup, cluster_timeout_s=45.0))
    text = path.read_text()
    assert OLD in text
    assert load_cluster(path).cluster_timeout_s == 45


def test_that_the_words_of_older_files_give_way_when_something_else_travels(tmp_path: Path) -> None:
    path = old_file(tmp_path)
    setup = replace(load_cluster(path), carried=CarriedConfiguration({"gatewayLoadBalancer": {"id": FRONT}}))
    save_cluster(path, setup)
    text = path.read_text()
    assert "public_ip" not in text
    assert "# as an older tgwizard wrote it" in text
    assert 'cloud = "public"  # the real one' in text
    assert load_cluster(path) == setup


@pytest.mark.parametrize(
    "laid_out",
    [
        f'[floating.carried.publicIPAddress]\nid = "{PIP}"  # ours\n',
        f'[floating.carried]\npublicIPAddress.id = "{PIP}"\n[[floating.carried.virtualNetworkTaps]]\nid = "{PIP}"\n',
    ],
    ids=["sub-table", "dotted and list of tables"],
)
def test_that_a_table_laid_out_by_hand_is_read_and_can_be_changed(tmp_path: Path, laid_out: str) -> None:
    path = written(tmp_path, GOOD + f"\n{laid_out}")
    setup = load_cluster(path)
    assert setup.carried.public_ip == ResourceId(PIP)
    save_cluster(path, setup)
    assert laid_out in path.read_text()
    other = replace(setup, carried=CarriedConfiguration({"publicIPAddress": {"id": f"{PIP}-2"}, "fooBar": [1, [2]]}))
    save_cluster(path, other)
    assert load_cluster(path) == other
    assert path.read_text().startswith("# Our cluster in Dallas.\n")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('publicIpAddress = { id = "x" }', "Did you mean publicIPAddress?"),
        ('public_id = "x"', "Did you mean public_ip?"),
        ('publicIPAddress = "x"', "names no resource"),
        ('publicIPAddress = { id = "x" }', "names no resource"),
        ("loadBalancerBackendAddressPools = []", "names no resource"),
        ('subnet = { id = "x" }', "does not travel"),
        ("primary = true", "does not travel"),
        ("fooBar = 2026-01-01", "JSON has no date or time like 2026-01-01"),
        ("fooBar = [1, { a = inf }]", "JSON has no number like inf"),
        (f'publicIPAddress = {{ id = "{PIP}" }}\npublic_ip = "{PIP}"', "says again what another key says"),
        ('fooBar = 1\n[floating.carried_json]\n"/properties/fooBar" = "1"', "says again what another key says"),
        ('[floating.carried_json]\n"/properties/fooBar" = "{"', "holds no JSON text"),
        ('[floating.carried_json]\n"/properties/fooBar" = "NaN"', "NaN is not JSON"),
        (f'[floating.carried_json]\n"/properties/fooBar" = "{"[" * 700}{"]" * 700}"', "nests more than 100 levels"),
        (f'[floating.carried_json]\n"/properties/fooBar" = "{"[" * 90_000}"', "holds no JSON text"),
        ('[floating.carried_json]\n"/name" = "\\"x\\""', "does not travel"),
        ('[floating.carried_json]\nfooBar = "1"', "Name the place in the configuration"),
    ],
)
def test_that_a_field_that_cannot_travel_is_named_with_its_cure(tmp_path: Path, lines: str, words: str) -> None:
    found = faults(written(tmp_path, GOOD.replace("\n[[member]]", f"\n[floating.carried]\n{lines}\n\n[[member]]", 1)))
    assert len(found) == 1, [problem.sentence() for problem in found]
    assert words in found[0].sentence()
    assert found[0].fix


def test_that_a_field_nested_without_end_is_a_fault_of_the_file(tmp_path: Path) -> None:
    deep = "{ a = " * 110 + "1" + " }" * 110
    (problem,) = faults(written(tmp_path, GOOD + f"\n[floating.carried]\nfooBar = {deep}\n"))
    assert "nests more than 100 levels" in problem.why


def test_that_what_was_seen_to_travel_is_kept_and_nothing_else_of_the_file_changes(tmp_path: Path) -> None:
    path = written(tmp_path)
    setup = load_cluster(path)
    seen = CarriedConfiguration.of(ResourceId(PIP))
    assert keep_carried(setup, seen)
    assert not keep_carried(setup, seen)
    assert with_kept_carried(setup).carried == seen
    added = f'[floating.carried]\npublicIPAddress = {{id = "{PIP}"}}\n'
    assert path.read_text().replace(added, "").replace("\n\n\n", "\n\n") == GOOD


def test_that_the_file_of_another_cluster_by_now_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path)
    setup = load_cluster(path)
    path.write_text(GOOD.replace("10.20.2.50", "10.20.2.51"))
    assert not keep_carried(setup, CarriedConfiguration.of(ResourceId(PIP)))
    assert with_kept_carried(setup).carried == CarriedConfiguration()
    path.unlink()
    assert not keep_carried(setup, CarriedConfiguration.of(ResourceId(PIP)))


def test_that_more_than_a_file_may_hold_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="was not written"):
        save_cluster(path, replace(load_cluster(path), carried=CarriedConfiguration({"fooBar": "x" * 1_000_000})))
    assert path.read_bytes() == before
