"""NIC documents: edits lose nothing, never touch the primary configuration, and compare by meaning."""

from __future__ import annotations

import copy
import json
import string
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.model.seen import ADDRESS, SUBNET, configuration, nic
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.nic import (
    NicDocument,
    NicDocumentError,
    Provisioning,
    bound_to,
    carried_of,
    configuration_differences,
    differences,
)

_WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
_LEAF = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12)
_ANY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORD, inner, max_size=3), max_leaves=5
)
_UNKNOWN: st.SearchStrategy[dict[str, Any]] = st.dictionaries(_WORD.map(lambda word: f"x{word}"), _ANY, max_size=3)
_ADDRESSES = st.integers(60, 120).map(lambda last: f"10.20.2.{last}")

_PIP = ResourceId(SUBNET.replace("virtualNetworks/vnet-dal-prod/subnets/snet-inside", "publicIPAddresses/pip"))
_LB = SUBNET.replace("virtualNetworks/vnet-dal-prod/subnets/snet-inside", "loadBalancers/lb")
_POOL = ResourceId(f"{_LB}/backendAddressPools/pool")
_RULE = ResourceId(f"{_LB}/inboundNatRules/rule")


@st.composite
def documents(draw: st.DrawFn, *, floating: bool) -> NicDocument:
    """A random interface: unknown fields on every level, several configurations in any order, one of them primary."""
    items = [configuration("ipconfig1", "10.20.2.11", primary=True, **draw(_UNKNOWN))]
    for number, address in enumerate(draw(st.lists(_ADDRESSES, max_size=3, unique=True))):
        items.append(configuration(f"extra{number}", address, **draw(_UNKNOWN)))
    if floating:
        items.append(configuration(draw(_WORD), ADDRESS, **draw(_UNKNOWN)))
    items = list(draw(st.permutations(items)))
    inner = {**draw(_UNKNOWN), "provisioningState": "Succeeded", "ipConfigurations": items}
    return NicDocument.parse({**draw(_UNKNOWN), "etag": draw(_WORD), "tags": draw(_UNKNOWN), "properties": inner})


def _sorted(document: NicDocument) -> Any:
    body = copy.deepcopy(dict(document.body))
    body["properties"]["ipConfigurations"].sort(key=lambda item: str(item["properties"]["privateIPAddress"]))
    return body


@given(document=documents(floating=True))
def test_that_taking_the_address_off_and_putting_it_back_restores_everything(document: NicDocument) -> None:
    kept = document.find(ADDRESS)
    assert kept is not None
    assert _sorted(document.without(ADDRESS).plus(kept)) == _sorted(document)


@given(document=documents(floating=True))
def test_that_an_edit_never_changes_the_document_it_starts_from(document: NicDocument) -> None:
    before = copy.deepcopy(dict(document.body))
    without = document.without(ADDRESS)
    with_another = without.plus(without.new_configuration("tg-floating", ADDRESS, CarriedConfiguration()))
    edited: Any = with_another.body
    edited["properties"]["ipConfigurations"][0]["properties"]["changed"] = True
    assert document.body == before
    assert not any("changed" in item["properties"] for item in without.configurations)


@given(document=documents(floating=True))
def test_that_only_the_floating_configuration_comes_and_goes(document: NicDocument) -> None:
    without = document.without(ADDRESS)
    assert not without.lists(ADDRESS)
    assert list(without.configurations) == [item for item in document.configurations if item != document.find(ADDRESS)]
    assert without.primary == document.primary
    assert {**without.body, "properties": None} == {**document.body, "properties": None}
    assert differences(document, without, apart_from=ADDRESS) == ()


@given(document=documents(floating=False), name=_WORD)
def test_that_the_new_configuration_fits_the_interface_it_goes_to(document: NicDocument, name: str) -> None:
    made = document.new_configuration(name, ADDRESS, CarriedConfiguration.of(_PIP, (_POOL,), (_RULE,)))
    inner = made["properties"]
    assert (inner["privateIPAddress"], inner["privateIPAllocationMethod"], inner["primary"]) == (
        ADDRESS,
        "Static",
        False,
    )
    assert inner["subnet"] == {"id": document.subnet}
    assert carried_of(made) == CarriedConfiguration.of(_PIP, (_POOL,), (_RULE,))
    after = document.plus(made)
    assert after.primary == document.primary
    assert after.configurations[:-1] == document.configurations
    assert after.find(ADDRESS) == made


@given(losing=documents(floating=True), gaining=documents(floating=False), beside=_UNKNOWN)
def test_that_every_field_travels_but_those_of_the_interface(
    losing: NicDocument, gaining: NicDocument, beside: dict[str, Any]
) -> None:
    found = losing.find(ADDRESS)
    assert found is not None
    found = {**found, "etag": "e", "id": "i", "type": "t", **beside}
    found["properties"] = {
        **found["properties"],
        "provisioningState": "Succeeded",
        "privateLinkConnectionProperties": {"fqdns": ["x"]},
        "applicationSecurityGroups": [{"id": f"{_LB}/asg"}],
        "publicIPAddress": {"id": _PIP.text, "name": "pip", "properties": {"ipAddress": "203.0.113.1"}, "zones": ["1"]},
        "gatewayLoadBalancer": {"id": f"{_LB}/frontendIPConfigurations/fe"},
        "privateIPAddressPrefixLength": 32,
    }
    made = gaining.new_configuration("tg-floating", ADDRESS, carried_of(found))
    own = {"subnet", "primary", "privateIPAddress", "privateIPAllocationMethod", "privateIPAddressVersion"}
    never = {*own, "provisioningState", "privateLinkConnectionProperties", "applicationSecurityGroups"}
    wanted = {key: value for key, value in found["properties"].items() if key not in never}
    wanted["publicIPAddress"] = {"id": _PIP.text}
    assert {key: value for key, value in made["properties"].items() if key not in own} == wanted
    assert {key: value for key, value in made.items() if key not in ("name", "properties")} == beside
    assert carried_of(made) == carried_of(found)
    assert configuration_differences(made, {**found, "properties": {**found["properties"], **made["properties"]}}) == ()


def test_that_what_becomes_of_a_public_ip_travels_and_is_compared_where_azure_shows_it() -> None:
    shown = {"id": _PIP.text, "sku": {"name": "Standard"}, "properties": {"deleteOption": "Delete", "ipTags": []}}
    sent = configuration("tg-floating", ADDRESS, publicIPAddress=shown)
    carried = carried_of(sent)
    assert carried.properties["publicIPAddress"] == {"id": _PIP.text, "properties": {"deleteOption": "Delete"}}
    bare = configuration("tg-floating", ADDRESS, publicIPAddress={"id": _PIP.text.upper()})
    assert configuration_differences(sent, bare) == ()
    other = configuration("tg-floating", ADDRESS, publicIPAddress={**shown, "properties": {"deleteOption": "Detach"}})
    (found,) = configuration_differences(sent, other)
    assert (found.path, found.before, found.after) == (
        "tg-floating.publicIPAddress.properties.deleteOption",
        "Delete",
        "Detach",
    )


def test_that_what_did_not_arrive_is_a_difference_whatever_it_is() -> None:
    sent = {**configuration("tg-floating", ADDRESS, publicIPAddress={"id": _PIP.text}, xFoo={"a": [1]}), "xBeside": "y"}
    found = [item.path for item in configuration_differences(sent, configuration("tg-floating", ADDRESS))]
    assert found == ["tg-floating.publicIPAddress", "tg-floating.xFoo", "tg-floating.xBeside"]


def test_that_lists_of_references_are_compared_whatever_their_order() -> None:
    one, two = {"id": _POOL.text}, {"id": f"{_LB}/backendAddressPools/other"}
    sent = configuration("tg-floating", ADDRESS, loadBalancerBackendAddressPools=[one, two])
    found = configuration("tg-floating", ADDRESS, loadBalancerBackendAddressPools=[two, one])
    assert configuration_differences(sent, found) == ()
    short = configuration("tg-floating", ADDRESS, loadBalancerBackendAddressPools=[two])
    (missing,) = configuration_differences(sent, short)
    assert _POOL.key in missing.path


def test_that_a_field_bound_to_an_interface_or_a_machine_is_known() -> None:
    there = ResourceId(f"{_LB}-nic")
    carried = CarriedConfiguration(
        {
            "xFoo": {"a": [{"id": f"{there.text.upper()}/ipConfigurations/tg-floating"}]},
            "xBar": {"id": f"{there.text}-2"},
        },
        {"xBaz": there.text},
    )
    assert bound_to(carried, there) == ("xFoo", "xBaz")
    assert bound_to(carried, _PIP) == ()


@given(document=documents(floating=False), name=_WORD)
def test_that_two_configurations_never_share_a_name_whatever_its_case(document: NicDocument, name: str) -> None:
    after = document
    for last in (50, 51, 52):
        address = f"10.20.2.{last}"
        after = after.plus(after.new_configuration(name, address, CarriedConfiguration()))
    names = [str(item["name"]).lower() for item in after.configurations]
    assume(len({str(item["name"]).lower() for item in document.configurations}) == len(document.configurations))
    assert len(names) == len(set(names))


def test_that_an_address_that_is_there_already_is_replaced_under_its_own_name() -> None:
    document = nic("10.20.2.11", floating=True)
    made = document.new_configuration("tg-floating", ADDRESS, CarriedConfiguration())
    assert made["name"] == "tg-floating"
    assert [item["name"] for item in document.plus(made).configurations] == ["ipconfig1", "tg-floating"]


def test_that_the_primary_configuration_is_never_removed() -> None:
    document = nic("10.20.2.11")
    with pytest.raises(NicDocumentError, match="primary address"):
        document.without("10.20.2.11")
    with pytest.raises(NicDocumentError, match="is not on this"):
        document.without(ADDRESS)


def test_that_no_configuration_is_made_for_an_interface_without_a_primary_one() -> None:
    body = {"properties": {"ipConfigurations": [configuration("a", "10.20.2.11"), configuration("b", "10.20.2.12")]}}
    document = NicDocument.parse(body)
    assert (document.primary, document.own_address, document.subnet) == (None, "", "")
    with pytest.raises(NicDocumentError, match="primary"):
        document.new_configuration("tg-floating", ADDRESS, CarriedConfiguration())


def test_that_a_sole_configuration_is_primary_even_when_unmarked() -> None:
    document = NicDocument.parse({"properties": {"ipConfigurations": [configuration("a", "10.20.2.11")]}})
    assert document.own_address == "10.20.2.11"


def test_that_security_groups_come_from_the_primary_configuration_alone() -> None:
    group = {"id": f"{_LB}/asg", "location": "elsewhere"}
    body = nic("10.20.2.11").body
    body["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"] = [group]
    made = NicDocument.parse(body).new_configuration("tg-floating", ADDRESS, CarriedConfiguration())
    assert made["properties"]["applicationSecurityGroups"] == [{"id": group["id"]}]


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"properties": []}, {"properties": {}}, {"properties": {"ipConfigurations": [1]}}],
    ids=repr,
)
def test_that_what_is_no_interface_is_refused(body: object) -> None:
    with pytest.raises(NicDocumentError):
        NicDocument.parse(body)


@pytest.mark.parametrize(
    ("word", "state"), [("succeeded", Provisioning.SUCCEEDED), ("Upgrading", Provisioning.UNKNOWN)]
)
def test_that_a_state_is_read_without_case_and_an_unmet_word_is_unknown(word: str, state: Provisioning) -> None:
    assert Provisioning.of(word) is state


def test_that_addresses_are_compared_by_value_and_nonsense_is_passed_over() -> None:
    items = [configuration("a", "10.20.2.11", primary=True), configuration("b", "not an address")]
    items.append(configuration("c", "2001:DB8::1"))
    document = NicDocument.parse({"properties": {"ipConfigurations": items}})
    assert document.find("2001:db8:0::1") is items[2]
    assert not document.lists(ADDRESS)


def test_that_the_bytes_on_the_wire_are_the_whole_document() -> None:
    document = nic("10.20.2.11", floating=True)
    assert json.loads(document.to_bytes()) == document.body


def test_that_every_resource_a_write_is_linked_to_is_listed_once() -> None:
    extra = configuration("tg-floating", ADDRESS, publicIPAddress={"id": _PIP.text})
    extra["properties"]["loadBalancerBackendAddressPools"] = [{"id": _POOL.text}, {"id": _POOL.text.upper()}]
    document = nic("10.20.2.11", more=[extra])
    body: Any = document.body
    body["properties"]["networkSecurityGroup"] = {"id": f"{_LB}-nsg"}
    assert [item.name for item in document.references()] == ["lb-nsg", "snet-inside", "pip", "pool"]


def test_that_etags_states_and_the_case_of_ids_are_no_difference() -> None:
    first, second = nic("10.20.2.11", etag="1"), nic("10.20.2.11", etag="2", state=Provisioning.UPDATING)
    body: Any = second.body
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"] = {"id": SUBNET.upper()}
    assert differences(first, second, apart_from=ADDRESS) == ()


def test_that_a_change_is_found_by_its_path_with_tamed_values() -> None:
    first, second = nic("10.20.2.11"), nic("10.20.2.11", more=[configuration("new", "10.20.2.77")])
    body: Any = second.body
    body["tags"] = {"by": "x\x1b[2J\u202ey"}
    found = {item.path: (item.before, item.after) for item in differences(first, second, apart_from=ADDRESS)}
    assert found["tags"][0] == "not set"
    assert not any(char in found["tags"][1] for char in "\x1b\u202e")
    assert found["properties.ipConfigurations.[new]"][0] == "not set"


def test_that_a_removed_configuration_of_someone_else_is_a_difference() -> None:
    first, second = nic("10.20.2.11", more=[configuration("old", "10.20.2.77")]), nic("10.20.2.11", floating=True)
    assert [item.path for item in differences(first, second, apart_from=ADDRESS)] == [
        "properties.ipConfigurations.[old]"
    ]


def test_that_fields_azure_adds_to_what_was_sent_are_no_difference() -> None:
    sent = configuration("tg-floating", ADDRESS)
    found = configuration("tg-floating", ADDRESS, provisioningState="Succeeded", privateLink={"a": 1})
    assert configuration_differences(sent, found) == ()
    found["properties"]["primary"] = True
    assert [item.path for item in configuration_differences(sent, found)] == ["tg-floating.primary"]


@pytest.mark.parametrize("groups", [True, "x", [None], {"id": "x"}])
def test_that_security_groups_that_are_no_list_of_references_make_no_interface(groups: object) -> None:
    configuration = {"name": "a", "properties": {"primary": True, "applicationSecurityGroups": groups}}
    with pytest.raises(NicDocumentError, match="application security groups"):
        NicDocument.parse({"properties": {"ipConfigurations": [configuration]}})
