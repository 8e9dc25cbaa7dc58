"""``start``: a member's VM that was stopped runs again, and what stopped it names the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.bench import Shell, fits
from tests.rig import Rig, rig
from tgwizard.model.snapshot import Power


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(state=tmp_path)


def power(it: Rig, member: int) -> Power:
    return it.services.azure.compute.vm(it.setup.members[member].vm).power


def test_that_a_fence_names_the_command_that_starts_the_machine_again_and_it_does(it: Rig) -> None:
    shell = Shell(it)
    moved = shell("failover", "--to", "tg-node-b", "--forced", "--fence", "stop", "--yes")
    assert moved.code == 0, moved.err
    assert power(it, 0) is Power.STOPPED
    command = f"tgwizard start {it.setup.name} --member tg-node-a"
    assert command in moved.out + moved.err
    started = shell(*command.split()[1:], "--json")
    assert started.code == 0, started.err
    for line in started.lines:
        fits(line, "setup-event")
    assert started.lines[-1]["job"] == "start"
    assert power(it, 0) is Power.RUNNING
    again = shell("start", "--member", "tg-node-a")
    assert again.code == 0
    starts = [record.path for record in it.lab.requests if record.path.endswith("/start")]
    assert len(starts) == 1, "a machine that runs is not started again"


def test_that_a_member_that_is_not_there_is_a_usage_error(it: Rig) -> None:
    answered = Shell(it)("start", "--member", "nobody")
    assert answered.code == 2
    assert "Name it with --member." in answered.err
