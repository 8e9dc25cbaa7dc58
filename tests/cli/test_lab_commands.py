"""The commands on a running lab: words, the JSON contract, and what is refused. The lab is real, its clock virtual."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from tests.cli.bench import Answered, fits
from tests.cli.test_terminal import a_terminal, what_it_shows
from tgwizard import paths
from tgwizard.app.environments import client_environment, control_running
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, LabOptions, OpenEnvironment, RunningLab
from tgwizard.cli.arguments import parse
from tgwizard.cli.console import Console
from tgwizard.cli.main import run
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import HostedLab, open_lab
from tgwizard.model.problem import Problem, UserError


def _nothing(_wish: EnvironmentChoice | LabOptions) -> OpenEnvironment | RunningLab:
    raise UserError(Problem("unexpected", "These commands need a running lab only."))


@dataclass
class Shell:
    """Calls tgwizard on one lab folder. ``typed``: the answer to a question; None: nobody can be asked."""

    directory: Path
    typed: str | None = None

    def __call__(self, *words: str) -> Answered:
        out, err = io.StringIO(), io.StringIO()
        return Answered(self.told(*words, out=out, err=err), out.getvalue(), err.getvalue())

    def told(self, *words: str, out: TextIO, err: TextIO | None = None) -> int:
        """The exit code, with what is told on streams of one's own."""
        console = Console(out, err or io.StringIO(), as_json="--json" in words)
        if self.typed is not None:
            console.ask = lambda _question: self.typed
        program = AppPorts(
            _nothing,  # type: ignore[arg-type]
            _nothing,  # type: ignore[arg-type]
            paths.lab_dir,
            control=control_running,
            lab_environment=client_environment,
        )
        call = parse(("lab", *words, "--lab-dir", str(self.directory)), program.default_lab, program.latencies)
        return run(call, program, console)

    def json(self, *words: str) -> Mapping[str, Any]:
        answered = self(*words, "--json")
        assert (answered.code, answered.err) == (0, "")
        (document,) = answered.lines
        fits(document, "lab")
        return document


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[HostedLab]:
    with open_lab(tmp_path / "lab", clock=VirtualClock()) as lab:
        assert isinstance(lab, HostedLab)
        yield lab


@pytest.fixture
def shell(hosted: HostedLab) -> Shell:
    return Shell(hosted.directory)


def test_that_the_settings_are_shown_and_the_latency_is_changed(hosted: HostedLab, shell: Shell) -> None:
    assert "Scenario  ready (1 clusters)" in shell("show").out
    assert shell.json("latency", "azure")["lab"]["latency"] == "azure"
    assert hosted.lab.latency is Latency.AZURE
    assert shell.json("overlap", "conflict")["lab"]["overlap"] == "conflict"
    assert shell.json("show")["lab"]["scenarios"]


def test_that_the_propagation_of_rights_is_shown_and_changed(hosted: HostedLab, shell: Shell) -> None:
    assert "Rights    instant (of instant, fast, azure)" in shell("show").out
    state = shell.json("propagation", "azure", "--flicker", "on")["lab"]
    assert (state["propagation"], state["flicker"], state["epoch"]) == ("azure", True, 1)
    assert hosted.lab.directory.flicker is True
    assert "Rights    fast, lists flicker" in shell("propagation", "fast").out
    assert shell.json("propagation", "fast", "--flicker", "off")["lab"]["flicker"] is False
    assert "There is no propagation" in shell("propagation", "soon").err


def test_that_a_rule_is_added_listed_and_cleared(hosted: HostedLab, shell: Shell) -> None:
    words = ("--effect", "azure", "--answer", "throttled-by-network", "--method", "GET", "--every", "2", "--name", "t")
    (added,) = shell.json("faults", "add", *words)["faults"]
    assert (added["name"], added["match"]["every"], added["match"]["times"]) == ("t", 2, "always")
    assert added["effect"] == {"kind": "azure", "answer": "throttled-by-network", "moment": "before-commit"}
    listed = shell("faults", "list").out
    assert listed == (
        "1 t: azure (answer throttled-by-network, moment before-commit) for method GET, times always, every 2; "
        "struck 0 of 0\n"
    )
    assert shell("faults", "clear", "t").out == "The lab has no fault rules.\n"
    assert hosted.lab.faults.rules == ()


def test_that_every_rule_of_a_file_is_added(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[fault]]\nname = "a"\neffect = { kind = "operation-never-ends" }\n'
        '[[fault]]\nname = "b"\nmatch = { times = 3 }\neffect = { kind = "slow-body", seconds = 2 }\n'
    )
    assert [item["name"] for item in shell.json("faults", "add", "--file", str(file))["faults"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [("[[fault", "is not TOML"), ("fault = 5", "has no [[fault]] tables"), ("x = 1", "There is no rule to add")],
)
def test_that_a_file_without_rules_is_refused(shell: Shell, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(content)
    answered = shell("faults", "add", "--file", str(file))
    assert answered.code == 2
    assert said in answered.err
    assert shell("faults", "add", "--file", str(tmp_path / "absent.toml")).code == 2


def test_that_a_wrong_rule_is_refused_in_the_labs_words(shell: Shell) -> None:
    answered = shell("faults", "add", "--effect", "explode")
    assert answered.code == 2
    assert "there are: answer, azure, reset" in answered.err
    assert shell("faults", "add", "--method", "PUT").code == 2
    problems = json.loads(shell("faults", "add", "--effect", "reset", "--times", "often", "--json").err)
    fits(problems, "error")


def test_that_a_vms_plug_is_pulled_and_put_in(hosted: HostedLab, shell: Shell) -> None:
    assert shell("vm", "stop", "tg-node-b").out.split() == ["tg-node-b", "stopped"]
    assert {item["name"]: item["power"] for item in shell.json("vm", "list")["vms"]}["tg-node-b"] == "stopped"
    assert shell.json("vm", "start", "tg-node-b")["vms"][0]["power"] == "running"
    assert shell("vm", "stop", "absent").code == 2


def test_that_the_world_is_replaced_only_when_somebody_said_yes(hosted: HostedLab, shell: Shell) -> None:
    assert shell("scenario", "reader").code == 2
    assert hosted.lab.scenario == "ready"
    shell.typed = "n"
    assert shell("scenario", "reader").code == 6
    assert hosted.lab.scenario == "ready"
    shell.typed = "y"
    assert shell("scenario", "reader").code == 0
    assert hosted.lab.scenario == "reader"
    assert shell.json("scenario", "fleet", "--clusters", "2", "--yes")["lab"]["clusters"] == 2
    assert "* fleet" in shell("scenario").out
    assert shell("scenario", "moon", "--yes").code == 2
    assert "no scenario named moon" in shell("scenario", "moon").err


def test_that_the_log_and_the_truth_are_told(shell: Shell) -> None:
    holdings = shell.json("dataplane", "10.20.2.50")["holdings"]
    assert [(item["nic"].rsplit("/", 1)[-1], item["until"]) for item in holdings] == [("tg-node-a-inside", None)]
    requests = shell.json("requests", "--limit", "4")["requests"]
    assert 1 <= len(requests) <= 4
    assert "tg-node-a-inside" in shell("dataplane").out
    assert shell("dataplane", "10.9.9.9").out == "Nobody has held 10.9.9.9 in this lab.\n"
    assert "200 control operator@lab.example GET /lab/requests" in shell("requests").out


def test_that_a_terminal_breaks_no_line_of_env(shell: Shell) -> None:
    plain = shell("env").out
    assert any(len(line) > 40 for line in plain.splitlines())
    with a_terminal(30) as (stream, master):
        assert shell.told("env", out=stream) == 0
        assert what_it_shows(master) == plain


def test_that_env_is_lines_for_a_shell(hosted: HostedLab, shell: Shell) -> None:
    lines = shell("env").out.splitlines()
    assert all(line.startswith("export ") for line in lines)
    environment = shell.json("env")["environment"]
    assert environment["TGWIZARD_LAB_ARM"] == hosted.arm_url
    assert Path(environment["REQUESTS_CA_BUNDLE"]) == hosted.ca
    assert Path(environment["AZURE_CONFIG_DIR"]).is_relative_to(hosted.directory)
    member = shell.json("env", "--vm", "tg-node-a")["environment"]
    assert member["IDENTITY_ENDPOINT"].startswith(hosted.arm_url)
    assert shell("env", "--vm", "absent").code == 2


@pytest.mark.parametrize(
    "words", [("show",), ("env",), ("faults", "list"), ("vm", "list"), ("latency", "fast"), ("scenario",)]
)
def test_that_without_a_running_lab_the_user_is_told_how_to_start_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    answered = Shell(tmp_path)(*words)
    assert answered.code == 2
    assert "No lab runs in" in answered.err
    assert "tgwizard lab run" in answered.err


@pytest.mark.parametrize(
    "words", [("latency", "slow"), ("faults",), ("vm", "stop"), ("run", "--clusters", "0"), ("moon",), ("latency",)]
)
def test_that_a_word_too_few_or_too_many_is_a_usage_error(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        parse(("lab", *words), paths.lab_dir, ("instant", "fast"))
    assert caught.value.problem.code == "usage"
