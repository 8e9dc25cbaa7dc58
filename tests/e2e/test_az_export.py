"""The exported script, run by bash with the real az against a lab: the same end state as `setup apply` in another."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_az_cli import AZ, NO_AZ, READY_WITHIN_S, Az, clean_environment, lab_env, tgwizard

ADDRESS = "10.20.2.50"
SCRIPT_WITHIN_S = 540

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(AZ is None, reason=NO_AZ),
]


@contextmanager
def fresh_lab(directory: Path) -> Iterator[Path]:
    """A lab of scenario `fresh` in a process of its own."""
    command = tgwizard("lab", "run", "--latency", "instant", "--scenario", "fresh", "--lab-dir", str(directory))
    with subprocess.Popen(
        command, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["ready"]
            yield directory
        finally:
            process.terminate()
            process.communicate(timeout=READY_WITHIN_S)


def call(directory: Path, *words: str) -> str:
    """A tgwizard command against that lab, which must succeed."""
    command = tgwizard(*words, "--lab-dir", str(directory))
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def planned(directory: Path) -> dict[str, Any]:
    words = (
        "--floating-ip",
        ADDRESS,
        "--vm",
        "tg-node-a",
        "--vm",
        "tg-node-b",
        "--role-name",
        "tg-cluster-ip-failover",
    )
    found: dict[str, Any] = json.loads(call(directory, "setup", "plan", *words, "--json"))
    return found


def state(directory: Path) -> list[tuple[str, ...]]:
    """Every row of the plan as it stands, without the names that Azure gave."""
    rows = planned(directory)["changes"]
    return [(row["kind"], row["sentence"], row["before"], row["after"]) for row in rows]


def run_script(script: str, directory: Path) -> None:
    assert AZ is not None
    environment = lab_env(directory)
    environment["PATH"] = f"{Path(AZ).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-s"],
        input=script,
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=SCRIPT_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_that_the_exported_script_comes_to_the_same_as_apply(tmp_path: Path) -> None:
    answers = ("--floating-ip", ADDRESS)
    with fresh_lab(tmp_path / "applied") as applied, fresh_lab(tmp_path / "scripted") as scripted:
        call(applied, "setup", "apply", *answers, "--yes")
        script = call(scripted, "export", "--as", "az", *answers)
        assert planned(scripted)["writes"] == 5
        run_script(script, scripted)
        assert planned(applied)["writes"] == planned(scripted)["writes"] == 0
        assert state(scripted) == state(applied)
        run_script(script, scripted)
        az = Az(lab_env(scripted))
        role = planned(scripted)["role"]["guid"]
        held = [item for item in az("role", "assignment", "list", "--all") if role in item["roleDefinitionId"]]
        assert len(held) == 2
        assert {item["principalType"] for item in held} == {"ServicePrincipal"}
        roles = az("role", "definition", "list", "--custom-role-only", "true", "--scope", held[0]["scope"])
        assert [item["name"] for item in roles] == [role]
        nic = az("network", "nic", "show", "-g", "rg-tg-prod", "-n", "tg-node-a-inside")
        assert [item["privateIPAddress"] for item in nic["ipConfigurations"]] == ["10.20.2.11", ADDRESS]
        groups = [item.get("applicationSecurityGroups") for item in nic["ipConfigurations"]]
        assert groups[0] == groups[1] != None  # noqa: E711 - a chain of comparisons
