"""Health from the system's own sources: what counts as down, for how long, and what is not held against a member."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tgwizard.engine.members.member_ports import HealthCondition
from tgwizard.member.linux_health import DhcpCheck, InterfaceCheck, UpstreamCheck


class Now:
    """A clock that is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def link(root: Path, name: str, carrier: str, state: str) -> None:
    (root / name).mkdir(exist_ok=True)
    (root / name / "carrier").write_text(carrier + "\n")
    (root / name / "operstate").write_text(state + "\n")


@pytest.mark.parametrize(
    ("carrier", "state", "down"),
    [
        ("1", "up", False),
        ("1", "unknown", False),
        ("0", "down", True),
        ("1", "down", True),
        ("0", "lowerlayerdown", True),
    ],
)
def test_that_an_interface_is_down_without_carrier_or_when_it_is_set_down(
    tmp_path: Path, carrier: str, state: str, *, down: bool
) -> None:
    now = Now()
    link(tmp_path, "eth1", carrier, state)
    check = InterfaceCheck(("eth1",), now, tmp_path)
    check.findings()
    now.seconds = 3.0
    assert [item.condition for item in check.findings()] == ([HealthCondition.INTERFACE_DOWN] if down else [])


def test_that_a_link_that_comes_back_within_two_seconds_was_never_down(tmp_path: Path) -> None:
    now = Now()
    link(tmp_path, "eth1", "0", "down")
    check = InterfaceCheck(("eth1",), now, tmp_path)
    assert check.findings() == ()
    now.seconds = 1.5
    link(tmp_path, "eth1", "1", "up")
    assert check.findings() == ()
    now.seconds = 10.0
    assert check.findings() == ()


def test_that_an_interface_that_is_not_there_is_down(tmp_path: Path) -> None:
    now = Now()
    check = InterfaceCheck(("eth9",), now, tmp_path)
    check.findings()
    now.seconds = 2.0
    assert [item.detail for item in check.findings()] == ["eth9 has no link"]


def addresses(*entries: dict[str, object]) -> str:
    return json.dumps([{"ifname": "eth0", "addr_info": list(entries)}])


LEASED = {"family": "inet", "local": "10.20.1.4", "dynamic": True, "valid_life_time": 86000}


@pytest.mark.parametrize(
    ("listed", "lost"),
    [
        pytest.param(addresses(LEASED), False, id="leased"),
        pytest.param(addresses(), True, id="no address"),
        pytest.param(addresses(LEASED | {"valid_life_time": 0}), True, id="run out"),
        pytest.param(
            addresses({"family": "inet", "local": "169.254.3.4", "valid_life_time": 4294967295}), True, id="APIPA"
        ),
        pytest.param("[]", True, id="not there"),
        pytest.param("not JSON", False, id="it cannot be asked"),
        pytest.param("[7]", False, id="it says something else"),
    ],
)
def test_that_a_lease_is_an_address_from_dhcp_with_life_left(listed: str, *, lost: bool) -> None:
    check = DhcpCheck("eth0", Now(), lambda _: listed)
    assert [item.condition for item in check.findings()] == ([HealthCondition.NO_DHCP_LEASE] if lost else [])


def test_that_upstream_is_lost_after_three_rounds_in_which_all_fail_and_back_after_two_good_ones() -> None:
    check = UpstreamCheck(())
    rounds = [False, False, True, False, False, False, True, True]
    lost = []
    for reached in rounds:
        check.judge(reached)
        lost.append(bool(check.findings()))
    assert lost == [False, False, False, False, False, True, True, False]


def test_that_one_target_that_answers_is_enough() -> None:
    asked: list[str] = []

    def connects(host: str, _port: int) -> bool:
        asked.append(host)
        return host == "gateway"

    check = UpstreamCheck((("control", 8443), ("gateway", 8443)), connects, round_s=0.001)
    check.close()
    assert check.findings() == ()
    assert asked[:2] == ["control", "gateway"]
