"""The command line's words."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.cli.bench import every_parser
from tgwizard.cli.app_ports import EnvironmentChoice
from tgwizard.cli.arguments import Failover, OpenWindow, Resume, Status, command_parser, parse
from tgwizard.cli.command_parser import CommandParser
from tgwizard.cli.lab_arguments import LabRunCommand
from tgwizard.model.cluster import Verb
from tgwizard.model.problem import UserError

LATENCIES = ("instant", "fast", "drawn")
LAB_WORDS = "run, env, show, scenario, latency, overlap, propagation, faults, vm, requests or dataplane"


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
    assert EnvironmentChoice(config=Path("/c")).options == " --config /c"


@pytest.mark.parametrize(
    ("words", "what", "more"),
    [
        (("histroy",), 'tgwizard has no command "histroy".', "Did you mean tgwizard history?"),
        (("lab", "runn"), 'tgwizard lab has no command "runn".', "Did you mean tgwizard lab run?"),
        (
            ("lab",),
            f"tgwizard lab needs one more word: {LAB_WORDS}.",
            "",
        ),
        (
            ("failover", "--grasful", "--to", "b"),
            "There is no option --grasful for tgwizard failover.",
            "mean --graceful?",
        ),
        (("status", "--wach=1"), "There is no option --wach for tgwizard status.", "Did you mean --watch?"),
        (("status", "--forced"), "There is no option --forced for tgwizard status.", "tgwizard status --help"),
        (("--bogus", "status"), "There is no option --bogus for tgwizard.", "tgwizard --help"),
        (("status", "-x"), "There is no option -x for tgwizard status.", "tgwizard status --help"),
        (("failover", "--to", "b"), "Either --graceful or --forced is needed.", "tgwizard failover --help"),
        (("failover", "--graceful"), "--to is missing.", "tgwizard failover --help"),
        (("report",), "The id of a run is missing.", "tgwizard report --help"),
        (("failover", "--graceful", "--to"), "--to needs a value.", "tgwizard failover --help"),
        (
            ("failover", "--to", "b", "--graceful", "--forced"),
            "--forced and --graceful cannot be used together.",
            "Leave one out.",
        ),
        (("status", "--watch=3"), "--watch takes no value.", ""),
        (("--l",), "--l could mean --lab or --lab-dir.", "Write it in full."),
        (("status", "a", "b"), "tgwizard status does not expect the word b.", "tgwizard status --help"),
        (("add",), "A file name is missing.", "For its options, see tgwizard add --help"),
        (
            ("histroy", "--limit", "3"),
            'tgwizard has no command "histroy".',
            "The commands are discover, setup,",
        ),
        (("--lab-dri", "/x", "status"), "There is no option --lab-dri for tgwizard.", "Did you mean --lab-dir?"),
        (("--jsn", "histroy"), "There is no option --jsn for tgwizard.", "Did you mean --json?"),
        (("--lab-dir", "/x", "histroy"), 'tgwizard has no command "histroy".', "Did you mean tgwizard history?"),
        (("lab", "--lab-dir", "/x", "show"), "There is no option --lab-dir for tgwizard lab.", "tgwizard lab --help"),
        (("completion", "tcsh"), "Completion for tcsh is not available.", "one of bash, zsh, fish or powershell."),
        (("completion", "bsh"), "Completion for bsh is not available.", "Did you mean bash?"),
        (("status", "--watch", "--check"), "--check and --watch cannot be used together.", "Leave one out."),
        (
            ("status", "--cloud", "x", "--lab"),
            "--cloud and --lab cannot be used together.",
            "A lab is a cloud of its own.",
        ),
        (
            ("export", "--as", "azz"),
            "--as azz cannot be used.",
            "It must be one of az, terraform, portal,",
        ),
        (("export", "--as", "azz"), "--as azz cannot be used.", "Did you mean --as az?"),
        (("--sign-in", "browsr", "status"), "--sign-in browsr cannot be used.", "Did you mean --sign-in browser?"),
        (("history", "--limit", "x"), "--limit x cannot be used.", "It must be a whole number from 1 to 10000."),
        (("history", "--limit", "0"), "--limit 0 cannot be used.", "It must be a whole number from 1 to 10000."),
        (("lab", "run", "--port", "-1"), "--port -1 cannot be used.", "It must be a whole number from 0 to 65535."),
        *(
            (("lab", "dataplane", word), f"ADDRESS {word} cannot be used.", "It must be an IPv4 address, such as")
            for word in ("1.2.3", "999.1.1.1", "10.20.2.0/24", "::1", "10.20.2", "tg-node-a")
        ),
        (
            ("setup", "verify", "--heartbeat-port", "x"),
            "--heartbeat-port x cannot be used.",
            "It must be a whole number from 1 to 65535.",
        ),
        (
            ("lab", "faults", "add", "--nth", "x", "--effect", "reset"),
            "--nth x cannot be used.",
            "It must be a whole number.",
        ),
        (
            ("lab", "faults", "add", "--probability", "x", "--effect", "reset"),
            "--probability x cannot be used.",
            "It must be a number.",
        ),
    ],
)
def test_that_a_usage_error_names_the_option_and_the_nearest_spelling_and_nothing_else(
    words: tuple[str, ...], what: str, more: str
) -> None:
    with pytest.raises(UserError) as caught:
        call(*words)
    problem = caught.value.problem
    assert problem.what == what
    assert more in f"{problem.why} {problem.fix}"
    assert problem.detail == ""


def test_that_what_newer_pythons_raise_of_no_option_is_told_as_older_ones_tell_it() -> None:
    class Raising(argparse.Action):
        """Python 3.12.5 and later raise what is missing, where older ones called ``error`` with it."""

        def __call__(self, *_arguments: object, **_options: object) -> None:
            raise argparse.ArgumentError(None, "the following arguments are required: --to")

    parser = CommandParser(prog="tgwizard")
    parser.add_argument("--now", action=Raising, nargs=0)
    with pytest.raises(UserError) as caught:
        parser.parse_args(["--now"])
    assert caught.value.problem.sentence() == "--to is missing. For its options, see tgwizard --help"


def test_that_what_a_user_typed_wrong_cannot_move_in_the_terminal() -> None:
    with pytest.raises(UserError) as caught:
        call("status", "--\x1b[2J" + "x" * 500)
    assert "\x1b" not in caught.value.problem.sentence()
    assert len(caught.value.problem.what) < 160


def test_that_every_help_says_what_the_command_does_and_each_of_its_options() -> None:
    for parser in every_parser(command_parser(LATENCIES)):
        assert parser.description, parser.prog
        assert parser.description.endswith("."), parser.prog
        for action in parser._actions:
            if isinstance(action.choices, dict):
                continue  # its words are listed, each with what it does
            assert action.help, (parser.prog, action.dest)
            assert not str(action.help).endswith("."), (parser.prog, action.help)
            assert action.metavar is None or str(action.metavar) == str(action.metavar).upper(), action.metavar
