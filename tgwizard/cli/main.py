"""The entry of the command line: one call in, one exit code out. Errors that are explained need no traceback."""

from __future__ import annotations

import contextlib
import logging

from tgwizard.cli import (
    cluster_commands,
    config_commands,
    history_commands,
    lab_commands,
    member_commands,
    setup_commands,
    sign_in_option,
)
from tgwizard.cli.app_ports import AppPorts, OpenEnvironment
from tgwizard.cli.arguments import Failover, OpenWindow, ParsedCommand, Resume, Status, command_parser
from tgwizard.cli.cluster_commands import warn_of_interrupted_run
from tgwizard.cli.completion import Completion, completion
from tgwizard.cli.config_commands import Add, ChangeSetting, ShowSettings
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.history_commands import History, Report
from tgwizard.cli.lab_arguments import LabRunCommand
from tgwizard.cli.member_commands import MemberAsk, MemberCommand, MemberKey, MemberRun, MemberStatusOf
from tgwizard.cli.setup_arguments import Apply, Discover, Export, Plan, ProveHow, SetupCommand, Start, Undo, Verify
from tgwizard.engine.interrupts import as_before
from tgwizard.model.problem import Cancelled, Problem, UserError

_log = logging.getLogger(__name__)


def run(call: ParsedCommand, program: AppPorts, console: Console) -> ExitCode:
    """Do what the call asks. Every outcome is an exit code; nothing is raised.

    From the start of a run to the end of the command its signals are counted: what comes late changes no exit code.
    """
    with as_before():
        code = _run(call, program, console)
        if console.lost:
            console.note(f"The output could not be written in full: {console.lost}. What the command did still stands.")
            return ExitCode.FAILED if code is ExitCode.DONE and not _writes(call) else code
        return code


def _writes(call: ParsedCommand) -> bool:
    """Whether it changes anything in Azure: then its exit code tells how that ended, whoever could read the rest."""
    match call.command:
        case Failover() as command:
            return not command.dry_run
        case Verify() as command:
            return bool(command.restart) or command.prove is not ProveHow.NO
        case command:
            return isinstance(command, Resume | Apply | Undo)


def _run(call: ParsedCommand, program: AppPorts, console: Console) -> ExitCode:
    try:
        return _dispatch(call, program, console)
    except UserError as error:
        console.complain(error)
        # Without a sign-in nothing was wrong with what was asked for.
        return ExitCode.FAILED if error.problem.sign_in else ExitCode.USAGE
    except (KeyboardInterrupt, Cancelled):
        cancelled = Problem("cancelled", "Cancelled.", "", "Nothing was written.")
        if console.as_json:
            console.complain(UserError(cancelled))
        else:
            console.note(cancelled.sentence())
        return ExitCode.CANCELLED
    except Exception as error:  # noqa: BLE001 - the one place where a command's unexpected error is told and logged
        _log.exception("the command broke")
        what = f"tgwizard made an error ({type(error).__name__})."
        report = "There is no report of it, because the log file cannot be written."
        fix = report if program.log_lost() else "The report is in the log file."
        console.complain(UserError(Problem("internal", what, "", fix)))
        return ExitCode.INTERNAL


def _dispatch(call: ParsedCommand, program: AppPorts, console: Console) -> ExitCode:
    match call.command:
        case OpenWindow():
            raise UserError(Problem("usage", "The window is no command.", "", "See tgwizard --help."))
        case ShowSettings() | ChangeSetting() as command:
            return config_commands.settings(command, console, call.where.config)
        case Completion() as command:
            return completion(command, command_parser(program.latencies), console)
        case MemberKey() as command:
            return member_commands.key(command, program, console)
        case LabRunCommand() as command:
            return cluster_commands.lab_run(command, program, console)
        case (
            Status()
            | Failover()
            | Resume()
            | History()
            | Report()
            | Discover()
            | Plan()
            | Apply()
            | Verify()
            | Undo()
            | Export()
            | Start()
            | Add()
            | MemberRun()
            | MemberStatusOf()
            | MemberAsk()
        ) as command:
            connection = program.connect(call.where)
            try:
                if isinstance(command, Failover | History | Plan | Apply | Verify | Undo):
                    warn_of_interrupted_run(command.cluster, connection, console, call.where)
                refused = sign_in_option.sign_in(call.where, connection, console)
                code = _connected(command, connection, call, console, program) if refused is None else refused
            except BaseException:
                with contextlib.suppress(UserError):
                    connection.close()
                raise
            return _closed(connection, code, console)
        case _ as command:
            return lab_commands.run(command, call.where.lab_dir or program.default_lab(), program, console)


def _closed(connection: OpenEnvironment, code: ExitCode, console: Console) -> ExitCode:
    """A trouble at closing is told, and never hides how the command ended."""
    try:
        connection.close()
    except UserError as error:
        console.complain(error)
        return ExitCode.FAILED if code is ExitCode.DONE else code
    return code


def _connected(
    command: Status | Failover | Resume | History | Report | Add | MemberCommand | SetupCommand,
    connection: OpenEnvironment,
    call: ParsedCommand,
    console: Console,
    program: AppPorts,
) -> ExitCode:
    match command:
        case Status():
            return cluster_commands.status(command, connection, console, call.where, program.settings)
        case Failover():
            return cluster_commands.failover(command, connection, console, call.where)
        case Resume():
            return cluster_commands.resume_run(command, connection, console, call.where)
        case History():
            return history_commands.history(command, connection, console)
        case Report():
            return history_commands.report(command, connection, console)
        case Add():
            return config_commands.add(command, connection, console, call.where)
        case MemberRun() | MemberStatusOf() | MemberAsk():
            return member_commands.run(command, connection, program, console, call.where)
        case _:
            return setup_commands.run(command, connection, console, call.where)
