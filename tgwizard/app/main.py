"""The program's entry: no command word opens the window, a command word runs the command line.

Nothing heavy is imported here: ``--help`` and the window's first paint wait for neither the Azure SDK nor the lab.
"""

from __future__ import annotations

import contextlib
import gc
import io
import select
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tgwizard import paths
from tgwizard.app.logs import log_start, stop_logging
from tgwizard.app.open_environment import open_environment
from tgwizard.cli.app_ports import (
    AppPorts,
    ClientChoice,
    EnvironmentChoice,
    LabOptions,
    MemberOptions,
    OpenEnvironment,
    RunningLab,
    RunningMember,
)
from tgwizard.cli.arguments import Failover, OpenWindow, ParsedCommand, Resume, parse
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.setup_arguments import Apply, Undo
from tgwizard.cli.terminal import look_of, shown
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.engine.interrupts import ignore
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import Program
from tgwizard.paths import SETTINGS_NAME

if TYPE_CHECKING:
    from tgwizard.engine.lab_control import LabControl

_YOUNG = 100_000
"""So many new objects before the collector looks at them: the SDK's half million are there to stay, and looking through
them again and again while they are imported took every command an eighth of its time."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the result is its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character shows a question mark; it never stops a run.
            stream.reconfigure(errors="replace")
    program = AppPorts(
        connect,
        run_lab,
        paths.lab_dir,
        control=control_lab,
        lab_environment=lab_environment,
        open_member=open_member,
        new_key=new_key,
        key_ids=key_ids,
    )
    console = Console(sys.stdout, sys.stderr, as_json="--json" in words)
    if sys.stdin is not None and sys.stdin.isatty():
        console.ask, console.typed = _ask, _typed
    try:
        call = parse(words, program.default_lab, program.latencies)
    except UserError as error:
        console.complain(error)
        return ExitCode.USAGE
    except paths.NoSuchUser as error:
        console.complain(UserError(_no_such_user(error)))
        return ExitCode.USAGE
    if isinstance(call.command, OpenWindow):
        from tgwizard.app.open_window import WindowOptions, open_window

        return open_window(WindowOptions(call.where.lab_dir, call.where.config, call.where))
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    try:
        return _run(call, program, console)
    except paths.NoSuchUser as error:
        console.complain(UserError(_no_such_user(error)))
        return ExitCode.USAGE


def _run(call: ParsedCommand, program: AppPorts, console: Console) -> int:
    settings = load_settings((call.where.config or paths.config_dir()) / SETTINGS_NAME)
    for problem in settings.problems:
        console.warn(problem)
    handler = log_start(settings, type(call.command).__name__)
    try:
        from tgwizard.cli.main import run

        code = run(call, replace(program, settings=settings.settings, log_lost=lambda: handler.lost), console)
        if isinstance(call.command, Failover | Resume | Apply | Undo):
            ignore()
        return code
    finally:
        stop_logging(handler)


def _no_such_user(error: paths.NoSuchUser) -> Problem:
    why = (
        "A folder is named by an option or by one of the variables TGWIZARD_CONFIG_DIR, _STATE_DIR, _LOG_DIR, _LAB_DIR."
    )
    return Problem("usage", f"{error}.", why, "Name the folder with its whole path.")


def connect(where: EnvironmentChoice) -> OpenEnvironment:
    """Open the environment that a command named."""
    return open_environment(where).used_by(Program.COMMAND_LINE)


def run_lab(options: LabOptions) -> RunningLab:
    """Hold a lab for ``lab run``."""
    from tgwizard.app.environments import serve_lab

    return serve_lab(options)


def control_lab(directory: Path) -> LabControl:
    """Reach the controls of the lab that runs in a folder."""
    from tgwizard.app.environments import control_running

    return control_running(directory)


def lab_environment(directory: Path, options: ClientChoice) -> Mapping[str, str]:
    """Write az's folder for the lab that runs in a folder; return what its clients' environment must say."""
    from tgwizard.app.environments import client_environment

    return client_environment(directory, options)


def open_member(place: OpenEnvironment, options: MemberOptions) -> RunningMember:
    """Start a member agent in this process."""
    from tgwizard.app.member_program import MemberProgram

    return MemberProgram(place, options)


def new_key(path: Path) -> tuple[str, ...]:
    """Draw a heartbeat key into a new file; its id."""
    from tgwizard.member.heartbeat_keys import new_key_file

    return new_key_file(path).ids


def key_ids(path: Path) -> tuple[str, ...]:
    """The ids of a key file's keys."""
    from tgwizard.member.heartbeat_keys import read_keys

    return read_keys(path).ids


def _typed() -> str | None:
    """A line that waits at the terminal; None while there is none, and where it cannot be looked at without waiting."""
    try:
        if sys.platform == "win32" or not select.select([sys.stdin], [], [], 0)[0]:
            return None
        return sys.stdin.readline() or None
    except (OSError, ValueError):
        return None  # the terminal was closed, or another program has it in front


def _ask(question: str) -> str | None:
    try:
        return input("\n".join(shown(question, look_of(sys.stdout))))
    except (EOFError, OSError):  # OSError: the terminal was closed
        _end_line()
        return None
    except KeyboardInterrupt:
        _end_line()
        raise


def _end_line() -> None:
    """What is said next begins a line of its own."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write("\n")
