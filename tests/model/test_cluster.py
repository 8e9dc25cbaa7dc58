"""Resource ids and the identity that locks and journals hang on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.seen import ADDRESS, FOREIGN_NIC, SETUP, SUBNET, A, B, member
from tgwizard.model.cluster import ClusterIdentity, ResourceId

_CASES = st.lists(st.booleans(), min_size=len(A.nic.text), max_size=len(A.nic.text))


def _mixed(text: str, upper: list[bool]) -> str:
    return "".join(char.upper() if up else char.lower() for char, up in zip(text, upper, strict=True))


@given(first=_CASES, second=_CASES)
def test_that_azure_may_change_the_case_of_an_id_and_the_identity_stays(first: list[bool], second: list[bool]) -> None:
    one, two = ResourceId(_mixed(A.nic.text, first)), ResourceId(_mixed(B.nic.text, second))
    assert (one, hash(one)) == (A.nic, hash(A.nic))
    made = ClusterIdentity.of(one, two, ADDRESS)
    assert (made, made.digest) == (SETUP.identity, SETUP.identity.digest)
    assert SETUP.member_of_nic(one) == A


def test_that_the_order_of_the_members_does_not_matter_and_all_else_does() -> None:
    identity = SETUP.identity
    assert ClusterIdentity.of(B.nic, A.nic, ADDRESS) == identity
    others = [
        ClusterIdentity.of(A.nic, B.nic, "10.20.2.51"),
        ClusterIdentity.of(A.nic, FOREIGN_NIC, ADDRESS),
        ClusterIdentity.of(A.nic, ResourceId(B.nic.text.replace("rg-tg-prod", "rg-other")), ADDRESS),
    ]
    assert len({identity.digest, *(other.digest for other in others)}) == 4
    assert identity.digest.isalnum()


def test_that_an_id_tells_its_parts() -> None:
    subnet = ResourceId.parse(f"  {SUBNET}/ ")
    assert subnet.text == SUBNET
    assert (subnet.group, subnet.name, subnet.parent_name) == ("rg-tg-prod", "snet-inside", "vnet-dal-prod")
    assert subnet.type == "Microsoft.Network/virtualNetworks/subnets"
    assert subnet.short == "…/subnets/snet-inside"
    assert A.nic.parent_name == A.nic.name == "tg-node-a-inside"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tg-node-a-inside",
        "/subscriptions/x/resourceGroups/g",
        "/subscriptions/x/resourceGroups/g/providers/Microsoft.Network/networkInterfaces",
        f"{SUBNET}/odd",
        f"https://management.azure.com{SUBNET}",
    ],
)
def test_that_what_is_no_full_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="full resource id"):
        ResourceId.parse(text)


def test_that_a_member_is_found_by_name_whatever_its_case_and_its_peer_is_the_other() -> None:
    assert SETUP.member("TG-Node-B") == B
    assert SETUP.member("tg-node-c") is None
    assert (SETUP.other(A), SETUP.other(B)) == (B, A)
    assert SETUP.member_of_nic(FOREIGN_NIC) is None
    assert SETUP.member_of_nic(member("tg-node-a").nic) == A


def test_that_a_lab_is_told_from_the_real_azure() -> None:
    from dataclasses import replace

    assert SETUP.is_lab
    assert not replace(SETUP, cloud="public").is_lab
