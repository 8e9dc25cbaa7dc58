"""The commands that work on a running lab through its controls, whichever program holds it."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tgwizard.cli.app_ports import AppPorts
from tgwizard.cli.console import SCHEMA, Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.lab_arguments import (
    FaultAction,
    LabCommand,
    LabDataplane,
    LabEnv,
    LabFaults,
    LabLatency,
    LabOverlap,
    LabPropagation,
    LabRequests,
    LabScenario,
    LabShow,
    LabVm,
)
from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.toml_reader import TomlFault, parse_toml
from tgwizard.engine.lab_control import FaultSeen, HoldingSeen, LabControl, LabStatus, RequestSeen, VmPowerSeen
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import format_utc


def run(command: LabCommand, directory: Path, program: AppPorts, console: Console) -> ExitCode:
    """Do what the command asks of the lab that runs in the folder. UserError: none does, or it turned it down."""
    if isinstance(command, LabEnv):
        return _env(command, directory, program, console)
    with contextlib.closing(program.control(directory)) as control:
        match command:
            case LabShow():
                _show_state(control.state(), console)
            case LabScenario():
                return _scenario(command, control, console)
            case LabLatency():
                _show_state(control.set_latency(command.word), console)
            case LabOverlap():
                _show_state(control.set_overlap(command.word), console)
            case LabPropagation():
                _show_state(control.set_propagation(command.word, flicker=command.flicker), console)
            case LabFaults():
                _faults(command, control, console)
            case LabVm():
                _vm(command, control, console)
            case LabRequests():
                _requests(control.requests(command.limit), console)
            case LabDataplane():
                _dataplane(control.data_plane(command.address), command.address, console)
    return ExitCode.DONE


def _env(command: LabEnv, directory: Path, program: AppPorts, console: Console) -> ExitCode:
    environment = program.lab_environment(directory, command.options)
    console.document({"schema": SCHEMA, "environment": dict(environment)})
    if not console.as_json:
        # Lines for a shell, which no terminal may break.
        console.raw("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
    return ExitCode.DONE


def _scenario(command: LabScenario, control: LabControl, console: Console) -> ExitCode:
    state = control.state()
    if command.name is None:
        console.document(_state_document(state))
        for name in state.scenarios:
            console.say(f"{'*' if name == state.scenario else ' '} {name}")
        return ExitCode.DONE
    if command.name not in state.scenarios:
        fact, known = f"The lab has no scenario named {command.name}.", ", ".join(state.scenarios)
        raise UserError(Problem("unknown-scenario", fact, "Nothing was changed.", f"It knows {known}."))
    if not command.yes:
        if console.ask is None or console.as_json:
            raise UserError(_nobody_to_ask())
        answer = console.ask(f"Replace everything in the lab ({state.scenario}) by the scenario {command.name}? [y/N] ")
        if (answer or "").strip().lower() not in {"y", "yes"}:
            console.say("Cancelled. The lab is as it was.")
            return ExitCode.CANCELLED
    _show_state(control.use_scenario(command.name, clusters=command.clusters), console)
    return ExitCode.DONE


def _faults(command: LabFaults, control: LabControl, console: Console) -> None:
    match command.action:
        case FaultAction.ADD:
            rules = [command.rule] if command.rule is not None else []
            rules += _rules_of(command.file) if command.file is not None else []
            if not rules:
                raise UserError(_no_rule())
            _show_faults([control.add_fault(rule) for rule in rules], console)
        case FaultAction.LIST:
            _show_faults(list(control.faults()), console)
        case FaultAction.CLEAR:
            control.clear_faults(command.which)
            _show_faults(list(control.faults()), console)


def _rules_of(file: Path) -> list[dict[str, Any]]:
    try:
        document = parse_toml(read_text(file))
    except OSError as error:
        why = f"The system says: {error.strerror or error}."
        raise UserError(Problem("fault-file", f"{file} cannot be read.", why, "Nothing was added.")) from error
    except TomlFault as fault:
        what = f"{file}{fault.place}: this is not TOML."
        raise UserError(Problem("fault-file", what, f"{fault.why}.", "Nothing was added.")) from fault
    rules = document.get("fault", [])
    if not isinstance(rules, list):
        what = f"{file} has no [[fault]] tables."
        raise UserError(Problem("fault-file", what, "", "Begin each rule with [[fault]]. Nothing was added."))
    return rules


def _vm(command: LabVm, control: LabControl, console: Console) -> None:
    seen = control.vms() if command.name is None else (control.switch(command.name, on=command.on),)
    console.document({"schema": SCHEMA, "vms": [_vm_document(item) for item in seen]})
    for item in seen:
        console.say(f"{item.name:<24} {item.power}")


def _requests(seen: tuple[RequestSeen, ...], console: Console) -> None:
    console.document({"schema": SCHEMA, "requests": [_request_document(item) for item in seen]})
    for item in seen:
        status = "lost" if item.status is None else str(item.status)
        rules = f" rule {','.join(item.rules)}" if item.rules else ""
        console.say(f"{format_utc(item.at)} {status:>4} {item.decision}{rules} {item.caller} {item.method} {item.path}")


def _dataplane(seen: tuple[HoldingSeen, ...], address: str | None, console: Console) -> None:
    console.document({"schema": SCHEMA, "holdings": [_holding_document(item) for item in seen]})
    for item in seen:
        until = "now" if item.until is None else format_utc(item.until)
        console.say(f"{item.address:<15} {format_utc(item.since)} to {until:<24} {item.nic.rsplit('/', 1)[-1]}")
    if not seen:
        console.say(f"Nobody has held {address or 'any address'} in this lab.")


def _show_state(state: LabStatus, console: Console) -> None:
    console.document(_state_document(state))
    console.say(f"Scenario  {state.scenario} ({state.clusters} clusters)")
    console.say(f"Latency   {state.latency} (of {', '.join(state.latencies)})")
    console.say(f"Overlap   {state.overlap} (of {', '.join(state.overlaps)})")
    flicker = ", lists flicker" if state.flicker else ""
    console.say(f"Rights    {state.propagation}{flicker} (of {', '.join(state.propagations)})")
    console.say(f"Faults    {state.faults}")
    console.say(f"Time      {format_utc(state.at)}")
    if state.sign_in_code:
        console.say(f"Sign-in   {state.sign_in_code} is what the lab's sign-in page asks for")


def _show_faults(faults: list[FaultSeen], console: Console) -> None:
    console.document({"schema": SCHEMA, "faults": [_fault_document(item) for item in faults]})
    for item in faults:
        name = f" {item.name}" if item.name else ""
        console.say(f"{item.id}{name}: {item.sentence}; struck {item.struck} of {item.seen}")
    if not faults:
        console.say("The lab has no fault rules.")


def _state_document(state: LabStatus) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "lab": {
            "scenario": state.scenario,
            "scenarios": list(state.scenarios),
            "latency": state.latency,
            "latencies": list(state.latencies),
            "overlap": state.overlap,
            "overlaps": list(state.overlaps),
            "propagation": state.propagation,
            "propagations": list(state.propagations),
            "flicker": state.flicker,
            "epoch": state.epoch,
            "page_size": state.page_size,
            "clusters": state.clusters,
            "faults": state.faults,
            "cloud": state.cloud,
            "sign_in_code": state.sign_in_code,
            "at": format_utc(state.at),
        },
    }


def _fault_document(item: FaultSeen) -> Mapping[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "match": dict(item.match),
        "effect": dict(item.effect),
        "seen": item.seen,
        "struck": item.struck,
    }


def _vm_document(item: VmPowerSeen) -> Mapping[str, Any]:
    return {"name": item.name, "id": item.id, "power": item.power}


def _holding_document(item: HoldingSeen) -> Mapping[str, Any]:
    until = None if item.until is None else format_utc(item.until)
    return {"address": item.address, "nic": item.nic, "since": format_utc(item.since), "until": until}


def _request_document(item: RequestSeen) -> Mapping[str, Any]:
    return {
        "at": format_utc(item.at),
        "method": item.method,
        "path": item.path,
        "status": item.status,
        "caller": item.caller,
        "action": item.action,
        "decision": item.decision,
        "rules": list(item.rules),
        "took_s": item.took_s,
    }


def _nobody_to_ask() -> Problem:
    return Problem(
        "confirmation-needed",
        "The lab was not replaced, because nobody could be asked.",
        "Standard input is no terminal, or --json was given.",
        "Add --yes to replace it without a question.",
    )


def _no_rule() -> Problem:
    return Problem(
        "fault-rule-missing",
        "There is no rule to add.",
        "Neither --effect nor a file with [[fault]] tables was given.",
        "Say what the request is to meet, as in: lab faults add --method PUT --effect reset --moment after-commit.",
    )
