"""The command line in this process: real arguments, real commands, the real SDK on a lab with a virtual clock."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import jsonschema

from tests.rig import Rig, SetupRig
from tgwizard import paths
from tgwizard.app.environments import Environment
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.cli.app_ports import AppPorts, EnvironmentChoice, LabOptions, OpenEnvironment, RunningLab
from tgwizard.cli.arguments import parse
from tgwizard.cli.command_parser import CommandParser
from tgwizard.cli.console import Console
from tgwizard.cli.main import run
from tgwizard.engine.files.cluster_folder import ClusterFolder
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import Settings

R = TypeVar("R", Rig, SetupRig)


@dataclass(frozen=True)
class Answered:
    """What a call left: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell(Generic[R]):
    """Calls tgwizard on the rig. ``answers`` are typed when it asks; None: standard input is no terminal.

    ``thinking``: what happens while a person reads each question. ``ports``: more doors of the program. ``cloud``:
    whose clusters are known, when it is not the rig's.
    """

    rig: R
    answers: list[str] | None = None
    asked: list[str] = field(default_factory=list)
    heard: Callable[[str], None] | None = None
    thinking: Callable[[], None] = lambda: None
    settings: Settings = field(default_factory=Settings)
    ports: dict[str, Any] = field(default_factory=dict)
    cloud: str | None = None

    def __call__(self, *words: str) -> Answered:
        """Run one command."""
        out, err = io.StringIO(), _Ear(self.heard)
        console = Console(out, err, as_json="--json" in words)
        if self.answers is not None:
            console.ask = self._type
        program = AppPorts(self._connect, no_lab, paths.lab_dir, settings=self.settings, **self.ports)
        code = run(parse(words, program.default_lab, program.latencies), program, console)
        return Answered(code, out.getvalue(), err.getvalue())

    def _type(self, question: str) -> str | None:
        self.asked.append(question)
        self.thinking()
        return self.answers.pop(0) if self.answers else None

    def _connect(self, _where: EnvironmentChoice) -> OpenEnvironment:
        services = self.rig.services
        assert isinstance(services.azure, ArmPorts)
        return Lasting(services, ClusterFolder(services.state_dir, self.cloud or services.cloud), services.azure)


class Lasting(Environment):
    """A place that outlives one command, so that a test can call several."""

    def close(self) -> None:
        """The rig stays open."""


class _Ear(io.StringIO):
    """Standard error that tells a test what was just written."""

    def __init__(self, heard: Callable[[str], None] | None) -> None:
        super().__init__()
        self._heard = heard

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._heard:
            self._heard(text)
        return written


def no_lab(_wish: LabOptions) -> RunningLab:
    """No lab is run in this process."""
    raise UserError(Problem("no-lab", "No lab is run here."))


def every_parser(parser: CommandParser) -> Iterator[CommandParser]:
    """The parser and those of the words below it."""
    yield parser
    for action in parser._actions:
        for one in dict.fromkeys((action.choices or {}).values()) if isinstance(action.choices, dict) else ():
            yield from every_parser(one)


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """The checker of one of the shipped schemas."""
    found: dict[str, Any] = json.loads((paths.resources() / "schema" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def fits(document: object, name: str) -> None:
    """Compare a document with a shipped schema."""
    validator(name).validate(document)
