"""A cluster file from elsewhere joins the saved ones as it is, or is refused with every fault; none is overwritten."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError


@pytest.fixture
def made() -> Rig:
    return rig()


def fine(_setup: ClusterSetup) -> None:
    """Refuse nothing."""


def test_that_the_copy_is_the_file_byte_for_byte_comments_included(made: Rig, tmp_path: Path) -> None:
    file = tmp_path / "theirs.toml"
    save_cluster(file, made.setup)
    text = "# from the colleague in Dallas\n" + file.read_text()
    file.write_text(text)
    profiles = ClusterFolder(tmp_path / "clusters", made.setup.cloud)
    saved = profiles.adopt(file, fine)
    assert saved.setup == made.setup
    assert saved.path in profiles.paths()
    assert (tmp_path / "clusters" / "theirs.toml").read_text() == text
    assert profiles.read_all().clusters == (made.setup,)


def test_that_a_file_of_the_same_name_is_kept_and_the_copy_gets_another(made: Rig, tmp_path: Path) -> None:
    profiles = ClusterFolder(tmp_path / "clusters", made.setup.cloud)
    other = replace(made.setup, name="other", address=IPv4Address("10.20.2.99"))
    save_cluster(tmp_path / "clusters" / "theirs.toml", other)
    before = (tmp_path / "clusters" / "theirs.toml").read_bytes()
    save_cluster(tmp_path / "theirs.toml", made.setup)
    profiles.adopt(tmp_path / "theirs.toml", fine)
    assert (tmp_path / "clusters" / "theirs.toml").read_bytes() == before
    assert (tmp_path / "clusters" / "theirs-2.toml").exists()
    assert {setup.name for setup in profiles.read_all().clusters} == {"other", made.setup.name}


@pytest.mark.parametrize("change", ["name", "interfaces"])
def test_that_a_cluster_that_is_saved_already_is_refused_by_name_and_by_interfaces(
    made: Rig, tmp_path: Path, change: str
) -> None:
    profiles = ClusterFolder(tmp_path / "clusters", made.setup.cloud)
    save_cluster(tmp_path / "clusters" / "mine.toml", made.setup)
    same_name = replace(made.setup, address=IPv4Address("10.20.2.99"))
    same_interfaces = replace(made.setup, name="another")
    save_cluster(tmp_path / "theirs.toml", same_name if change == "name" else same_interfaces)
    with pytest.raises(UserError) as refused:
        profiles.adopt(tmp_path / "theirs.toml", fine)
    assert refused.value.problem.code == "cluster-saved-already"
    assert made.setup.name in refused.value.problem.what
    assert [path.name for path in profiles.paths()] == ["mine.toml"]


def test_that_every_fault_of_a_bad_file_is_told_and_nothing_is_copied(made: Rig, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    save_cluster(file, made.setup)
    file.write_text(file.read_text().replace(str(made.setup.address), "300.1.2.3").replace("schema = 1", "shema = 1"))
    with pytest.raises(UserError) as refused:
        ClusterFolder(tmp_path / "clusters", made.setup.cloud).adopt(file, fine)
    assert len(refused.value.problems) >= 2
    assert all(problem.fix for problem in refused.value.problems)
    assert not (tmp_path / "clusters").exists()


def test_that_what_the_check_refuses_is_not_copied(made: Rig, tmp_path: Path) -> None:
    save_cluster(tmp_path / "theirs.toml", made.setup)

    def refuse(_setup: ClusterSetup) -> None:
        raise UserError(Problem("address-outside", "The address is outside the subnet."))

    with pytest.raises(UserError, match="outside"):
        ClusterFolder(tmp_path / "clusters", made.setup.cloud).adopt(tmp_path / "theirs.toml", refuse)
    assert not (tmp_path / "clusters").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes of this kind")
def test_that_a_hostile_file_hides_no_other_and_is_told(made: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "clusters"
    save_cluster(folder / "mine.toml", made.setup)
    os.mkfifo(folder / "a pipe.toml")
    (folder / "endless.toml").symlink_to("/dev/zero")
    (folder / "folder.toml").mkdir()
    (folder / "nested.toml").write_text("a = " + "[" * 20_000)
    (folder / "digits.toml").write_text("a = " + "9" * 5_000)
    (folder / "parts.toml").write_text(".".join("a" * 20_000) + " = 1")
    (folder / "gone.toml").symlink_to(folder / "nothing there")
    profiles = ClusterFolder(folder, made.setup.cloud)
    read = profiles.read_all()
    assert read.clusters == (made.setup,)
    assert len(read.problems) == 7
    assert profiles.find(made.setup.name) == made.setup


def test_that_clusters_that_may_not_be_read_are_not_said_to_be_none(made: Rig, tmp_path: Path) -> None:
    folder = tmp_path / "clusters"
    folder.write_text("no folder")
    profiles = ClusterFolder(folder, made.setup.cloud)
    with pytest.raises(UserError) as refused:
        profiles.find(None)
    assert refused.value.problem.code == "clusters-not-read"
    with pytest.raises(UserError) as refused:
        profiles.find("edge-dallas")
    assert "cannot be read" in refused.value.problem.why or refused.value.problem.code == "clusters-not-read"
    assert [problem.code for problem in profiles.read_all().problems] == ["clusters-not-read"]
