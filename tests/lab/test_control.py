"""The controls as window and commands use them: the same in process and over TLS; and a lab folder that follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.lab.bench import FLOATING
from tgwizard.engine.lab_control import LabControl
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.control_client import HttpLabControl, control_of
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import HostedLab, find_running, open_lab
from tgwizard.model.problem import UserError


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[HostedLab]:
    lab = open_lab(tmp_path / "lab", clock=VirtualClock())
    assert isinstance(lab, HostedLab)
    with lab:
        yield lab


@pytest.fixture(params=["in process", "over TLS"])
def control(hosted: HostedLab, request: pytest.FixtureRequest) -> Iterator[LabControl]:
    made: LabControl = control_of(hosted if request.param == "in process" else find_running(hosted.directory))
    yield made
    made.close()


def test_that_settings_are_read_and_changed(hosted: HostedLab, control: LabControl) -> None:
    state = control.state()
    assert (state.scenario, state.latency, state.overlap, state.clusters) == ("ready", "fast", "supersede", 1)
    assert "vnet-elsewhere" in state.scenarios
    assert control.set_latency("azure").latency == "azure"
    assert control.set_overlap("retry-later").overlap == "retry-later"
    assert hosted.lab.latency is Latency.AZURE


def test_that_a_new_scenario_begins_a_new_epoch_with_its_own_cluster_files(
    hosted: HostedLab, control: LabControl
) -> None:
    assert control.state().epoch == 1
    assert control.use_scenario("fresh").epoch == 2
    assert list((hosted.directory / "clusters").glob("*.toml")) == [], "nothing is set up in this one"
    assert control.use_scenario("ready").epoch == 3
    assert [file.name for file in (hosted.directory / "clusters").glob("*.toml")] == ["edge-dallas.toml"]
    assert control.set_latency("drawn").epoch == 3
    hosted.close()
    with open_lab(hosted.directory, clock=VirtualClock()) as again:
        assert isinstance(again, HostedLab)
        assert again.lab.epoch == 3


def test_that_rules_are_added_told_in_one_line_and_removed(control: LabControl) -> None:
    added = control.add_fault(
        {"name": "lost", "match": {"method": "PUT", "nth": 2}, "effect": {"kind": "reset", "moment": "after-commit"}}
    )
    assert added.sentence == "reset (moment after-commit) for method PUT, nth 2, times 1"
    plain = control.add_fault({"effect": {"kind": "operation-never-ends"}, "match": {"times": "always"}})
    assert plain.sentence == "operation-never-ends for times always"
    assert [item.id for item in control.faults()] == ["1", "2"]
    control.clear_faults("lost")
    assert [item.id for item in control.faults()] == ["2"]
    control.clear_faults()
    assert control.faults() == ()


def test_that_plugs_are_pulled(control: LabControl) -> None:
    assert control.switch("tg-node-b", on=False).power == "stopped"
    assert {item.name: item.power for item in control.vms()}["tg-node-b"] == "stopped"
    assert control.switch("tg-node-b", on=True).power == "running"


def test_that_the_truth_and_the_log_are_told(control: LabControl) -> None:
    (held,) = control.data_plane(FLOATING)
    assert (held.nic.rsplit("/", 1)[-1], held.until) == ("tg-node-a-inside", None)
    assert held.since.tzinfo is not None
    last = control.requests(5)[-1]
    assert (last.method, last.path, last.decision) == ("GET", "/lab/dataplane", "control")


def test_that_the_labs_reason_comes_through(control: LabControl) -> None:
    with pytest.raises(UserError) as caught:
        control.set_latency("slow")
    assert "There are: instant, fast, drawn, azure." in caught.value.problem.what
    with pytest.raises(UserError) as caught:
        control.clear_faults("absent")
    assert caught.value.problem.code == "fault-not-found"
    with pytest.raises(UserError) as caught:
        control.switch("absent", on=True)
    assert caught.value.problem.code == "vm-not-found"


def test_that_another_scenario_brings_its_cluster_files_and_keeps_the_old_ones(
    hosted: HostedLab, control: LabControl
) -> None:
    (old,) = hosted.clusters
    edited = old.read_text() + "# mine\n"
    old.write_text(edited)
    assert control.use_scenario("fleet", clusters=2).clusters == 2
    assert [path.name for path in hosted.clusters] == ["site-0001.toml", "site-0002.toml"]
    assert all(path.is_file() for path in hosted.clusters)
    assert not old.exists()
    assert old.with_name("edge-dallas.toml.old").read_text() == edited
    assert find_running(hosted.directory).clusters == hosted.clusters
    control.use_scenario("vnet-elsewhere")
    assert "rg-network" in old.read_text(), "the file of the old scenario's cluster is not taken for the new one's"


def test_that_a_lab_that_does_not_answer_is_said_so(hosted: HostedLab) -> None:
    class Broken(requests.Session):
        def request(self, *_args: object, **_options: object) -> requests.Response:
            raise requests.ConnectionError("secret detail")

    with pytest.raises(UserError) as caught:
        HttpLabControl(Broken(), lambda: hosted.arm_url, hosted.token).state()
    assert caught.value.problem.code == "lab-not-answering"
    assert "secret" not in caught.value.problem.sentence()
    assert lab_session(hosted.lab).trust_env is False


def test_that_a_folder_without_a_running_lab_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        find_running(tmp_path)
    assert caught.value.problem.code == "lab-not-running"
    assert "tgwizard lab run" in caught.value.problem.fix


def test_that_a_fleet_is_opened_with_its_number_and_keeps_it(tmp_path: Path) -> None:
    with open_lab(tmp_path, scenario="fleet", clusters=3, clock=VirtualClock()) as lab:
        assert len(lab.clusters) == 3
        with pytest.raises(UserError, match="3 clusters"):
            open_lab(tmp_path, clusters=4, clock=VirtualClock())
    with pytest.raises(UserError, match="3 clusters"):
        open_lab(tmp_path, clusters=4, clock=VirtualClock())
    with open_lab(tmp_path, scenario="fleet", clusters=3, clock=VirtualClock()) as lab:
        assert len(lab.clusters) == 3
