"""Traffic to the lab's floating IPs: real connections on loopback, as a probe on this computer makes them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.programs import wait_for
from tests.lab.bench import FLOATING
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.control_client import HttpLabControl, control_of
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import HostedLab, find_running, open_lab
from tgwizard.model.problem import UserError

GROUP = "resourceGroups/rg-tg-prod/providers/Microsoft.Network"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hosted(tmp_path: Path, clock: VirtualClock) -> Iterator[HostedLab]:
    lab = open_lab(tmp_path / "lab", clock=clock, latency=Latency.FAST)
    assert isinstance(lab, HostedLab)
    with lab:
        yield lab


@pytest.fixture(params=["in process", "over TLS"])
def control(hosted: HostedLab, request: pytest.FixtureRequest) -> Iterator[HttpLabControl]:
    made = control_of(hosted if request.param == "in process" else find_running(hosted.directory))
    yield made
    made.close()


def subnet(lab: HostedLab) -> str:
    nic = lab.lab.resource(interface(lab, "a"))
    assert nic is not None
    found: str = nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"]
    return found


def interface(lab: HostedLab, letter: str) -> str:
    return f"/subscriptions/{lab.lab.subscription.id}/{GROUP}/networkInterfaces/tg-node-{letter}-inside"


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5.0).close()
    except OSError:
        return False
    return True


def comes_to(port: int, *, answering: bool) -> None:
    """Wait until the port answers, or does not: the lab looks after a change, not during it."""
    wait_for(lambda: answers(port) is answering, f"port {port} answers: {answering}")


def moved_away(lab: HostedLab) -> None:
    """Ask, as an administrator with other means would, that tg-node-a gives the address up; 4 s of the lab's time."""
    session, nic = lab_session(lab.lab), interface(lab, "a")
    bearer = {"Authorization": f"Bearer {lab.token()}"}
    url = f"https://management.azure.com{nic}?api-version=2025-05-01"
    body = session.get(url, headers=bearer, timeout=30).json()
    configurations = body["properties"]["ipConfigurations"]
    body["properties"]["ipConfigurations"] = [
        item for item in configurations if item["properties"]["privateIPAddress"] != FLOATING
    ]
    session.put(url, json=body, headers=bearer, timeout=30).raise_for_status()


def test_that_a_held_address_answers_and_asked_again_has_the_same_port(
    hosted: HostedLab, control: HttpLabControl
) -> None:
    endpoint = control.endpoint(subnet(hosted), FLOATING)
    assert endpoint.host == "127.0.0.1"
    assert answers(endpoint.port)
    assert control.endpoint(subnet(hosted).upper(), FLOATING) == endpoint


def test_that_it_answers_until_the_detach_has_ended_and_not_a_moment_longer(
    hosted: HostedLab, control: HttpLabControl, clock: VirtualClock
) -> None:
    port = control.endpoint(subnet(hosted), FLOATING).port
    moved_away(hosted)
    clock.advance(3.9)
    control.state()
    assert answers(port), "the detach is under way: the address is still held"
    clock.advance(0.2)
    assert hosted.lab.holder(FLOATING) is None
    control.switch("tg-node-b", on=False)  # any change makes the lab look
    comes_to(port, answering=False)


def test_that_a_dead_machine_answers_nothing_and_answers_again_when_it_runs(
    hosted: HostedLab, control: HttpLabControl
) -> None:
    port = control.endpoint(subnet(hosted), FLOATING).port
    assert answers(port)
    control.switch("tg-node-a", on=False)
    comes_to(port, answering=False)
    assert not answers(port), "and stays silent"
    control.switch("tg-node-a", on=True)
    comes_to(port, answering=True)
    assert control.endpoint(subnet(hosted), FLOATING).port == port


def test_that_an_address_on_no_nic_has_a_port_where_nobody_answers(hosted: HostedLab, control: HttpLabControl) -> None:
    assert not answers(control.endpoint(subnet(hosted), "10.20.2.200").port)


def test_that_another_world_answers_for_itself(hosted: HostedLab, control: HttpLabControl) -> None:
    port = control.endpoint(subnet(hosted), FLOATING).port
    control.use_scenario("fresh")
    assert hosted.lab.holder(FLOATING) is None
    comes_to(port, answering=False)
    control.use_scenario("ready")
    assert hosted.lab.holder(FLOATING) is not None
    comes_to(port, answering=True)


def test_that_nothing_outlives_the_lab(hosted: HostedLab, control: HttpLabControl) -> None:
    port = control.endpoint(subnet(hosted), FLOATING).port
    hosted.close()
    assert not answers(port)
    assert not [thread for thread in threading.enumerate() if thread.name == "lab-data-plane"]


@pytest.mark.parametrize(("place", "address"), [("snet-inside", "10.99.0.1"), ("snet-none", FLOATING), ("", "x")])
def test_that_what_is_no_address_of_a_subnet_is_refused(
    hosted: HostedLab, control: HttpLabControl, place: str, address: str
) -> None:
    wanted = subnet(hosted).replace("snet-inside", place)
    with pytest.raises(UserError) as caught:
        control.endpoint(wanted, address)
    assert caught.value.problem.code == "address-not-found"


def test_that_a_lab_that_nobody_serves_says_that_it_has_no_traffic() -> None:
    lab = Lab.from_scenario("ready", clock=VirtualClock())
    control = HttpLabControl(lab_session(lab), lambda: "https://management.azure.com", lambda: lab.control_token)
    with pytest.raises(UserError) as caught:
        control.endpoint("/subscriptions/x", FLOATING)
    assert caught.value.problem.code == "no-traffic"
