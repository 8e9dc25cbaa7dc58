"""The command line's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tgwizard.cli.app_interface import EnvironmentChoice
from tgwizard.cli.arguments import Failover, OpenWindow, Resume, Status, parse
from tgwizard.cli.lab_arguments import LabRunCommand
from tgwizard.model.cluster import Verb
from tgwizard.model.problem import UserError

LATENCIES = ("instant", "fast", "drawn")


def parsed(*words: str) -> object:
    return call(*words).command


def call(*words: str):  # type: ignore[no-untyped-def]
    return parse(words, lambda: Path("/default/lab"), LATENCIES)


def test_that_no_word_opens_the_window() -> None:
    assert parsed() == OpenWindow()
    assert call("--lab").where.lab_dir == Path("/default/lab")
    assert call("--lab-dir", "/d").where.lab_dir == Path("/d")


@pytest.mark.parametrize(
    "words",
    [
        ("--lab-dir", "/d", "--json", "status", "c"),
        ("status", "c", "--lab-dir", "/d", "--json"),
        ("--json", "status", "--lab-dir", "/d", "c"),
        ("--lab", "--json", "status", "--lab-dir", "/d", "c"),
    ],
)
def test_that_global_options_stand_before_or_after_the_word(words: tuple[str, ...]) -> None:
    found = call(*words)
    assert found.command == Status("c", watch=False)
    assert found.where.lab_dir == Path("/d")
    assert found.json


def test_that_each_command_is_read_whole() -> None:
    failover = Failover("c", "b", Verb.FORCED, dry_run=True, yes=True, accept_unknown=True)
    assert parsed("failover", "c", "--to", "b", "--forced", "--dry-run", "--yes", "--accept-unknown") == failover
    assert parsed("resume", "--to", "b") == Resume(None, "b")
    run = parsed("lab", "run", "--scenario", "ready", "--latency", "instant", "--port", "8443", "--lab-dir", "/d")
    assert isinstance(run, LabRunCommand)
    assert (run.options.directory, run.options.latency, run.options.port) == (Path("/d"), "instant", 8443)


@pytest.mark.parametrize(
    "words",
    [
        ("failover", "--to", "b"),
        ("failover", "--graceful"),
        ("failover", "--to", "b", "--graceful", "--forced"),
        ("failover", "--to", "b", "--graceful", "--members"),
        ("failover", "--to", "b", "--graceful", "--fence", "stop"),
        ("failover", "--to", "b", "--forced", "--fence", "network"),
        ("failover", "--to", "b", "--forced", "--fence-optional"),
        ("failover", "--to", "b", "--graceful", "--to-dead-machine"),
        ("status", "--watch", "--check"),
        ("frobnicate",),
        ("lab",),
        ("lab", "run", "--latency", "warp"),
        ("lab", "run", "--port", "65536"),
        ("lab", "run", "--port", "-1"),
        ("lab", "run", "--port", "9" * 5000),
        ("lab", "run", "--clusters", "9" * 5000),
        ("status", "--nonsense"),
        ("--json",),
    ],
)
def test_that_what_is_not_understood_is_told_and_not_guessed(words: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as caught:
        call(*words)
    assert caught.value.problem.code == "usage"


def test_that_the_place_can_be_named_again_in_a_shown_command() -> None:
    assert EnvironmentChoice().options == ""
    assert EnvironmentChoice(Path("/a b")).options == " --lab-dir '/a b'"
