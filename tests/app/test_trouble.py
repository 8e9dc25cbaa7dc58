"""Trouble around a command: a lab that cannot save, a terminal that lacks characters, a damaged publication."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tgwizard.app.environments import open_lab_environment
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, LabOptions, OpenEnvironment, RunningLab
from tgwizard.cli.arguments import ParsedCommand, Status
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.main import run
from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.lab.storage import world_store
from tgwizard.lab.storage.lab_folder import HostedLab
from tgwizard.model.problem import Problem, UserError


def no_lab(_wish: LabOptions) -> RunningLab:
    raise UserError(Problem("no-lab", "No lab is run here."))


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be taken away under an open file there")
def test_that_a_world_that_cannot_be_saved_is_told_after_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "lab"
    # Saved at its end alone, however long the command takes.
    monkeypatch.setattr(world_store, "SAVE_AFTER_S", 3600.0)

    def connect(_where: EnvironmentChoice) -> OpenEnvironment:
        place = open_lab_environment(folder)
        assert isinstance(place.lab, HostedLab)
        # A folder in the place of the file: replacing it fails for root as well.
        (folder / "world.json").unlink()
        (folder / "world.json" / "in-the-way").mkdir(parents=True)
        place.lab.lab.page_size = 7
        return place

    out, err = io.StringIO(), io.StringIO()
    program = AppPorts(connect, no_lab, lambda: folder)
    code = run(
        ParsedCommand(Status(None, watch=False), EnvironmentChoice(folder), json=True),
        program,
        Console(out, err, as_json=True),
    )
    assert code is ExitCode.FAILED
    assert json.loads(out.getvalue())["holder"] == "tg-node-a"
    assert json.loads(err.getvalue())["error"]["problems"][0]["code"] == "lab-not-saved"


def test_that_a_damaged_publication_is_a_sign_in_problem_of_the_attached_program(tmp_path: Path) -> None:
    with (
        contextlib.closing(open_lab_environment(tmp_path / "lab")),
        contextlib.closing(open_lab_environment(tmp_path / "lab")) as attached,
    ):
        (tmp_path / "lab" / "lab.json").write_text("{")
        (setup,) = attached.profiles.read_all().clusters
        with pytest.raises(AzureCallError) as caught:
            attached.services.azure.network.read_nic(setup.members[0].nic)
        assert caught.value.cause is Cause.SIGN_IN
        assert "lab.json" in caught.value.problem.detail


def test_that_a_terminal_without_our_characters_still_gets_its_lines(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = ["status", "--lab-dir", str(tmp_path / "lab")]
    found = subprocess.run(
        [sys.executable, "-m", "tgwizard", *words], capture_output=True, env=environment, timeout=240, check=False
    )
    assert found.returncode == 0
    assert b"Force failover to tg-node-b" in found.stdout
