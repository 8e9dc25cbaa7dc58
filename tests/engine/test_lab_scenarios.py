"""A failover on each scenario that has a cluster, with the durations recorded on Azure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rig import rig
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.event_base import Outcome


@pytest.mark.parametrize("name", ["ready", "vnet-elsewhere", "busy-nic", "old-role"])
def test_that_the_operator_moves_the_address_in_every_scenario_he_may_write(tmp_path: Path, name: str) -> None:
    made = rig(lab=Lab.from_scenario(name, clock=VirtualClock(), latency=Latency.AZURE), state=tmp_path)
    before = made.nic(made.b).body["properties"]
    ended = made.fail_over()
    assert ended.outcome is Outcome.DONE
    assert made.holders() == ["tg-node-b"]
    assert made.clock.monotonic() > 8, "two operations of at least four seconds each"
    assert made.nic(made.b).body["properties"]["networkSecurityGroup"] == before["networkSecurityGroup"]


def test_that_a_busy_address_takes_its_public_address_and_pool_along(tmp_path: Path) -> None:
    made = rig(lab=Lab.from_scenario("busy-nic", clock=VirtualClock()), state=tmp_path)
    made.fail_over()
    moved = made.nic(made.b).body["properties"]["ipConfigurations"][-1]["properties"]
    assert moved["privateIPAddress"] == "10.20.2.50"
    assert moved["publicIPAddress"]["id"].endswith("/pip-floating")
    assert [item["id"].rsplit("/", 1)[-1] for item in moved["loadBalancerBackendAddressPools"]] == ["pool-floating"]


def test_that_a_reader_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    made = rig(lab=Lab.from_scenario("reader", clock=VirtualClock()), state=tmp_path)
    ended = made.fail_over()
    assert ended.outcome is Outcome.REFUSED
    assert "Microsoft.Network/networkInterfaces/write" in ended.reason
    assert made.holders() == ["tg-node-a"]
