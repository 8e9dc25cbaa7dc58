"""The lab folder: one hosts, the others attach; what is damaged is kept and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.e2e.programs import wait_for
from tests.lab.bench import FLOATING, Bench
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.control_client import control_of
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.folder_problems import LabFolderDamaged
from tgwizard.lab.storage.lab_folder import AttachedLab, FolderLock, HostedLab, open_lab
from tgwizard.lab.storage.world_store import WorldFile
from tgwizard.lab.world import LabPower
from tgwizard.model.problem import UserError


def host(directory: Path, **wishes: object) -> HostedLab:
    opened = open_lab(directory, clock=VirtualClock(), **wishes)  # type: ignore[arg-type]
    assert isinstance(opened, HostedLab)
    return opened


def detach(lab: HostedLab) -> None:
    bench = Bench()
    bench.lab = lab.lab
    bench.token = lab.token()
    bench.detach()


def test_that_the_first_hosts_and_the_second_attaches(tmp_path: Path) -> None:
    with host(tmp_path) as first:
        second = open_lab(tmp_path, clock=VirtualClock())
        assert isinstance(second, AttachedLab)
        assert (second.arm_url, second.ca, second.clusters) == (first.arm_url, first.ca, first.clusters)
        answer = requests.get(
            f"{second.arm_url}/subscriptions?api-version=2022-12-01",
            headers={"Authorization": f"Bearer {second.token()}"},
            verify=str(second.ca),
            timeout=60,
        )
        assert answer.json()["value"][0]["subscriptionId"] == first.lab.subscription.id
        second.close()
        assert first.lab.requests[-1].status == 200
    assert second.token(), "the last known token, though the host has gone"


def test_that_the_published_file_is_private_and_goes_with_the_host(tmp_path: Path) -> None:
    with host(tmp_path) as lab:
        path = tmp_path / "lab.json"
        assert path.stat().st_mode & 0o777 == 0o600
        content = json.loads(path.read_text())
        assert {"schema", "port", "arm", "ca", "pid", "token"} <= set(content)
        assert (content["pid"], content["port"]) == (os.getpid(), lab.port)
        assert (tmp_path / "world.json").stat().st_mode & 0o777 == 0o600
    assert not path.exists()


def test_that_the_world_is_there_again_after_a_restart(tmp_path: Path) -> None:
    with host(tmp_path) as lab:
        token, first_id = lab.token(), lab.lab.lab_id
        detach(lab)
    with host(tmp_path) as lab:
        assert lab.lab.lab_id == first_id
        assert lab.lab.latency is Latency.FAST
        nic = lab.lab.resource(f"{lab_group(lab)}/providers/Microsoft.Network/networkInterfaces/tg-node-a-inside")
        assert FLOATING not in str(nic)
        answer = requests.get(
            f"{lab.arm_url}/subscriptions?api-version=2022-12-01",
            headers={"Authorization": f"Bearer {token}"},
            verify=str(lab.ca),
            timeout=60,
        )
        assert answer.status_code == 200, "a token outlives the restart, because the key does"


def lab_group(lab: HostedLab) -> str:
    return f"/subscriptions/{lab.lab.subscription.id}/resourceGroups/rg-tg-prod"


def test_that_a_change_is_saved_without_closing(tmp_path: Path) -> None:
    with host(tmp_path) as lab:
        world = tmp_path / "world.json"
        before = world.read_text()
        detach(lab)
        wait_for(lambda: world.read_text() != before, "the world is saved")
        assert '"PutNicOperation"' in world.read_text()
        assert not list(tmp_path.glob(".*.tmp"))


def test_that_a_change_is_in_the_folder_before_its_answer(tmp_path: Path) -> None:
    with host(tmp_path) as lab:
        app = f"{lab_group(lab)}/providers/Microsoft.Compute/virtualMachines/vm-app-01"

        def kept() -> Lab:
            found = WorldFile(tmp_path).load(VirtualClock())
            assert found is not None
            return found

        detach(lab)
        assert FLOATING not in str(kept().resource(nic_a(lab)))
        lab.lab.switch(app, on=False)
        assert dict(kept().vms())[app] is LabPower.STOPPED
        control = control_of(lab)
        control.set_latency("drawn")
        assert kept().latency is Latency.DRAWN
        control.switch("vm-app-01", on=True)
        assert dict(kept().vms())[app] is LabPower.RUNNING
        control.use_scenario("fresh")
        assert kept().scenario == "fresh"
        control.close()


def test_that_a_change_that_cannot_be_written_down_is_told_and_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    expect_log("tgwizard.lab.storage.lab_folder ERROR: The lab could not write a change down: .*No space left")
    with host(tmp_path) as lab:

        def full(*_args: object) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr("tgwizard.lab.storage.world_store.os.open", full)
            detach(lab)
        lab.lab.switch(lab.lab.vms()[0][0], on=False)
        found = WorldFile(tmp_path).load(VirtualClock())
        assert found is not None
        assert FLOATING not in str(found.resource(nic_a(lab)))


def nic_a(lab: HostedLab) -> str:
    return f"{lab_group(lab)}/providers/Microsoft.Network/networkInterfaces/tg-node-a-inside"


def test_that_two_folders_are_two_labs(tmp_path: Path) -> None:
    with host(tmp_path / "one") as one, host(tmp_path / "two") as two:
        assert one.cloud != two.cloud
        assert one.lab.subscription != two.lab.subscription


def test_that_an_edited_cluster_file_is_kept(tmp_path: Path) -> None:
    with host(tmp_path) as lab:
        (path,) = lab.clusters
        assert path == tmp_path / "clusters" / "edge-dallas.toml"
        assert f'cloud = "{lab.cloud}"' in path.read_text()
    path.write_text("# mine\n")
    with host(tmp_path):
        assert path.read_text() == "# mine\n"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff", b"[]", b'{"schema": 1}', b'{"schema": 2}', b"null"])
def test_that_a_damaged_world_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    world = tmp_path / "world.json"
    world.write_bytes(content)
    with pytest.raises(LabFolderDamaged) as caught:
        open_lab(tmp_path, clock=VirtualClock())
    problem = caught.value.problem
    assert problem.code in {"lab-folder-damaged", "lab-folder-other-schema"}
    assert str(world) in problem.what
    assert problem.fix
    assert world.read_bytes() == content
    world.unlink()
    host(tmp_path).close()


@pytest.mark.parametrize("content", ["{", '{"schema": 7}', '{"schema": 1, "port": "x"}'])
def test_that_a_damaged_publication_is_named_and_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lab.json"
    path.write_text(content)
    with pytest.raises(LabFolderDamaged):
        open_lab(tmp_path, clock=VirtualClock())
    assert path.read_text() == content
    path.unlink()
    with host(tmp_path):
        path.write_text(content)
        with pytest.raises(LabFolderDamaged):
            open_lab(tmp_path, clock=VirtualClock())
        assert path.read_text() == content


def test_that_a_damaged_ca_is_named_and_kept(tmp_path: Path) -> None:
    host(tmp_path).close()
    (tmp_path / "tls" / "ca.pem").write_text("damaged")
    with pytest.raises(LabFolderDamaged):
        open_lab(tmp_path, clock=VirtualClock())
    assert (tmp_path / "tls" / "ca.pem").read_text() == "damaged"


def refused(directory: Path, **wishes: object) -> str:
    with pytest.raises(UserError) as caught:
        open_lab(directory, clock=VirtualClock(), **wishes)  # type: ignore[arg-type]
    assert caught.value.problem.why
    assert caught.value.problem.fix
    return caught.value.problem.code


def test_that_an_unknown_scenario_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There are: .*ready") as caught:
        open_lab(tmp_path, scenario="../ready", clock=VirtualClock())
    assert caught.value.problem.code == "lab-scenario-unknown"
    host(tmp_path).close()


def test_that_another_scenario_never_replaces_a_saved_world(tmp_path: Path) -> None:
    host(tmp_path, scenario="ready").close()
    assert refused(tmp_path, scenario="fresh") == "lab-other-scenario"
    with host(tmp_path, scenario="ready"):
        assert refused(tmp_path, scenario="fresh") == "lab-other-scenario"


def test_that_a_latency_is_applied_to_a_saved_world_and_refused_by_a_running_one(tmp_path: Path) -> None:
    host(tmp_path).close()
    with host(tmp_path, latency=Latency.DRAWN) as lab:
        assert lab.lab.latency is Latency.DRAWN
        assert refused(tmp_path, latency=Latency.INSTANT) == "lab-runs-already"
        assert refused(tmp_path, port=lab.port - 1) == "lab-runs-already"
        assert isinstance(open_lab(tmp_path, latency=Latency.DRAWN, port=lab.port, clock=VirtualClock()), AttachedLab)


def test_that_a_taken_port_leaves_the_folder_free(tmp_path: Path) -> None:
    with host(tmp_path / "one") as lab:
        assert refused(tmp_path / "two", port=lab.port) == "lab-port-taken"
        host(tmp_path / "two").close()


def test_that_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    assert refused(path) == "lab-folder-unusable"


def test_that_the_lock_excludes_and_is_given_back(tmp_path: Path) -> None:
    one, two = FolderLock(tmp_path / "x"), FolderLock(tmp_path / "x")
    assert one.acquire()
    assert not two.acquire()
    one.release()
    assert two.acquire()
    two.release()
    two.release()


KILLED = """
import os, signal, sys
from pathlib import Path
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.storage.lab_folder import open_lab
open_lab(Path(sys.argv[1]), clock=VirtualClock())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_that_a_killed_host_does_not_block_the_next(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=240)
    assert run.returncode == -9
    assert (tmp_path / "lab.json").exists()
    with host(tmp_path) as lab:
        assert json.loads((tmp_path / "lab.json").read_text())["pid"] == os.getpid()
        assert lab.lab.scenario == "ready"
