"""Places: a lab held by this process, a lab attached over TLS, and what is said when neither works."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from tgwizard.app.environments import open_lab_environment, serve_lab
from tgwizard.cli.app_ports import LabOptions
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.observe import Observer
from tgwizard.lab.storage.lab_folder import AttachedLab, HostedLab
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import UserError
from tgwizard.model.verdict import VerdictName, assess


def test_that_a_second_program_sees_the_lab_of_the_first_over_tls(tmp_path: Path) -> None:
    with contextlib.closing(open_lab_environment(tmp_path / "lab")) as first:
        assert isinstance(first.lab, HostedLab)
        with contextlib.closing(open_lab_environment(tmp_path / "lab")) as second:
            assert isinstance(second.lab, AttachedLab)
            assert second.services.cloud == first.services.cloud
            assert second.services.state_dir == tmp_path / "lab" / "state"
            (setup,) = second.profiles.read_all().clusters
            second.check(setup)
            for place in (first, second):
                verdict = assess(Observer(place.services.azure, place.services.clock, setup).look())
                assert verdict.name is VerdictName.IN_SYNC
            assert second.services.azure.directory.token_life_s() > 3600


def test_that_a_machine_of_the_lab_can_be_asked_for_in_process_and_over_tls(tmp_path: Path) -> None:
    with contextlib.closing(open_lab_environment(tmp_path / "lab")) as first:
        with contextlib.closing(open_lab_environment(tmp_path / "lab")) as second:
            (setup,) = second.profiles.read_all().clusters
            for place in (first, second):
                members = place.services.members
                assert members is not None
                with members.azure_as(setup.members[1].vm) as azure:
                    assert azure.network.read_nic(setup.members[0].nic).lists(str(setup.address))
        assert isinstance(first.lab, HostedLab)
        reads = [item.caller for item in first.lab.lab.requests if item.path == setup.members[0].nic.text]
        assert reads == [setup.members[1].name] * 2
        none = ResourceId(setup.members[1].vm.text + "-gone")
        assert first.services.members is not None
        with first.services.members.azure_as(none) as azure, pytest.raises(AzureCallError) as caught:
            azure.network.read_nic(setup.members[0].nic)
        assert caught.value.certainty is Certainty.NOT_SENT


def test_that_a_lab_is_held_by_one_program_only(tmp_path: Path) -> None:
    wish = LabOptions(tmp_path / "lab", latency="instant")
    with contextlib.closing(serve_lab(wish)) as lab:
        assert lab.ready.directory == tmp_path / "lab"
        assert [path.name for path in lab.ready.clusters] == ["edge-dallas.toml"]
        with pytest.raises(UserError, match=r"runs in .* already"):
            serve_lab(LabOptions(tmp_path / "lab"))


def test_that_a_taken_port_is_told_and_the_folder_stays_free(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=str(port)) as caught:
            serve_lab(LabOptions(tmp_path / "lab", port=port))
    assert caught.value.problem.code == "lab-port-taken"
    with contextlib.closing(serve_lab(LabOptions(tmp_path / "lab"))) as lab:
        assert lab.ready.arm.startswith("https://localhost:")


@pytest.mark.parametrize("content", ["{", json.dumps({"schema": 99})])
def test_that_a_damaged_world_is_told_and_kept(tmp_path: Path, content: str) -> None:
    world = tmp_path / "lab" / "world.json"
    world.parent.mkdir()
    world.write_text(content)
    with pytest.raises(UserError, match=r"world\.json"):
        open_lab_environment(tmp_path / "lab")
    assert world.read_text() == content


def test_that_a_cluster_file_of_another_lab_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(open_lab_environment(tmp_path / "one")) as one:
        foreign = one.profiles.paths()[0].read_text()
    with contextlib.closing(open_lab_environment(tmp_path / "two")) as two:
        two.profiles.paths()[0].write_text(foreign)
        read = two.profiles.read_all()
        assert read.clusters == ()
        assert "not of the connected cloud" in read.problems[0].sentence()
