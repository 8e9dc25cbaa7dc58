"""``history`` lists the runs of the clusters; ``report`` tells one of them, or writes it to a file.

Both as words or as JSON (schemas in resources/schema). Bodies of interfaces stay in the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tgwizard.cli.app_ports import OpenEnvironment
from tgwizard.cli.console import SCHEMA, Console, problem_document
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.files.file_writing import write_atomically
from tgwizard.engine.history import run_report
from tgwizard.engine.history.history_entries import EntryKind, HistoryEntry, HistoryFilter, entries_of
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory, WholeHistory, find_run, history_of
from tgwizard.engine.history.setup_history import SetupRun
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.run_origin import RunOrigin
from tgwizard.model.text import format_duration, format_utc, sanitize
from tgwizard.paths import expanded

Document = dict[str, Any]


def history_document(past: WholeHistory, wanted: HistoryFilter) -> Document:
    """Every cluster with its runs, jobs of setting up and changes of the verdict that are wanted, newest first."""
    kept = {id(entry.source) for entry in entries_of(past) if wanted.admits(entry)}
    return {
        "schema": SCHEMA,
        "clusters": [_cluster_document(cluster, kept) for cluster in past.clusters],
        "unsaved_setups": [_setup_document(run) for run in past.unsaved if id(run) in kept],
    }


def report_document(run: RunHistory, setup: ClusterSetup) -> Document:
    """One run, whole."""
    return {
        "schema": SCHEMA,
        "cluster": setup.name,
        "cloud": setup.cloud,
        "subscription": setup.subscription,
        "nics": [member.nic.text for member in setup.members],
        **_run_document(run),
        "turned_back": run.turned_back or None,
        "steps": [
            {"step": step.step.value, "sentence": step.sentence, "at": step.at, "seconds_s": step.seconds}
            for step in run.steps
        ],
        "seen": [
            {"at": sighted.at, "place": sighted.place.value, "who": sighted.who or None} for sighted in run.sightings
        ],
        "writes": [
            {
                "step": attempt.step.value,
                "member": attempt.member,
                "at": attempt.at,
                "answer": attempt.answer.value if attempt.answer else None,
                "problem": attempt.problem or None,
                "client_request_id": attempt.request,
                "arm_request_id": attempt.arm_request or None,
            }
            for attempt in run.attempts
        ],
        "interfaces": [
            {
                "member": seen.member,
                "nic": seen.nic,
                "known": seen.known,
                "before": seen.before,
                "after": seen.after,
                "by_other": [{"path": item.path, "before": item.before, "after": item.after} for item in seen.by_other],
            }
            for seen in run.compared
        ],
    }


def _cluster_document(cluster: ClusterHistory, kept: AbstractSet[int]) -> Document:
    return {
        "cluster": cluster.setup.name,
        "runs": [_run_document(run) for run in cluster.runs if id(run) in kept],
        "setups": [_setup_document(run) for run in cluster.setups if id(run) in kept],
        "verdicts": [
            {"at": change.at, "verdict": change.verdict, "sentence": change.sentence}
            for change in cluster.verdicts
            if id(change) in kept
        ],
        "problem": problem_document(cluster.problem) if cluster.problem else None,
    }


def _run_document(run: RunHistory) -> Document:
    began, ended = run.began, run.ended
    return {
        "run": run.run,
        "verb": began.verb.value,
        "strategy": began.strategy.value,
        "repair": began.repair,
        "from": began.other if began.configuration else None,
        "to": began.to,
        "floating_ip": began.address,
        "began": began.at,
        "ended": ended.at if ended else None,
        "outcome": ended.outcome.value if ended else None,
        "holder": (ended.holder or None) if ended else None,
        "reason": ended.reason if ended else None,
        "detail": (ended.detail or None) if ended else None,
        "seconds_s": ended.seconds if ended else None,
        "gap_as_read_s": ended.gap_s if ended else None,
        "gap_at_least": ended.gap_at_least if ended else False,
        "gap_at_most_s": ended.gap_at_most_s if ended else None,
        "traffic_gap_s": run.traffic.gap_s if run.traffic and run.traffic.answered else None,
        **_origin_document(began.origin),
    }


def _setup_document(run: SetupRun) -> Document:
    began, ended = run.began, run.ended
    return {
        "run": began.run,
        "job": began.job,
        "floating_ip": began.address or None,
        "nics": list(began.nics),
        "began": began.at,
        "ended": ended.at if ended else None,
        "outcome": ended.outcome.value if ended else None,
        "reason": ended.reason if ended else None,
        "changes": [
            {
                "sentence": change.sentence,
                "at": change.at,
                "answer": change.answer.value if change.answer else None,
                "problem": change.problem or None,
                "client_request_id": change.request,
                "seconds_s": change.seconds,
            }
            for change in run.changes
        ],
        **_origin_document(began.origin),
    }


def _origin_document(origin: RunOrigin | None) -> Document:
    found = origin or RunOrigin()
    return {
        "account": found.account or None,
        "program": found.program.value if found.program else None,
        "machine": found.machine or None,
    }


@dataclass(frozen=True, slots=True)
class History:
    """``history``: of one cluster, or of all; at most ``limit`` of each kind of each, of which ``wanted`` are shown."""

    cluster: str | None
    limit: int
    wanted: HistoryFilter = field(default_factory=HistoryFilter)


@dataclass(frozen=True, slots=True)
class Report:
    """``report``: the run whose id begins so. ``out``: a file, by its ending .html or .json; None: the console."""

    run: str
    out: Path | None


def history(command: History, connection: OpenEnvironment, console: Console) -> ExitCode:
    """What happened, newest first. A damaged journal is told and does not hide the others."""
    profiles = connection.profiles
    setups = [profiles.find(command.cluster)] if command.cluster else profiles.readable()
    past = history_of(connection.services, setups, command.limit)
    if command.cluster:
        past = replace(past, unsaved=())
    console.document(history_document(past, command.wanted))
    for line in _lines(past, command):
        console.say(line)
    for cluster in past.clusters:
        if cluster.problem:
            console.warn(cluster.problem)
    if not past.clusters:
        console.say(f"No cluster is saved in {profiles.folder}.")
    return ExitCode.USAGE if any(cluster.problem for cluster in past.clusters) else ExitCode.DONE


def report(command: Report, connection: OpenEnvironment, console: Console) -> ExitCode:
    """One run, whole."""
    setup, run = find_run(connection.services, connection.profiles.readable(), command.run)
    document = report_document(run, setup)
    if command.out is None:
        console.document(document)
        for line in _report(run, setup):
            console.say(line)
        return ExitCode.DONE
    path = expanded(command.out).absolute()
    kind = path.suffix.lower()
    if kind not in (".html", ".htm", ".json"):
        what = f"The report was not written: {sanitize(path.name, 80)} ends neither in .html nor in .json."
        raise UserError(
            Problem("report-kind", what, "The ending says which kind is wanted.", "Give it one of the two.")
        )
    text = json.dumps(document, indent=2) + "\n" if kind == ".json" else run_report.run_report_page(run, setup)
    try:
        write_atomically(path, text)
    except OSError as error:
        what = f"The report was not written to {path}."
        fix = "Choose another place with --out."
        raise UserError(Problem("report-not-written", what, f"{error.strerror or error}.", fix)) from error
    console.document({"schema": 1, "written": str(path)})
    console.say(f"Written: {path}")
    return ExitCode.DONE


def _lines(past: WholeHistory, command: History) -> Iterator[str]:
    entries = [entry for entry in entries_of(past) if command.wanted.admits(entry)]
    for cluster in past.clusters:
        yield f"{cluster.setup.name}{' (lab)' if cluster.setup.is_lab else ''}"
        own = [entry for entry in entries if entry.setup == cluster.setup]
        for entry in own[: command.limit]:
            yield from _entry(entry)
        if not own and not cluster.problem:
            nothing = not (cluster.runs or cluster.setups or cluster.verdicts)
            yield "  Nothing happened here yet." if nothing else "  Nothing of what happened here matches."
        yield ""
    others = [entry for entry in entries if entry.setup is None]
    if others:
        yield "Clusters of which no file is kept here"
        for entry in others[: command.limit]:
            yield from _entry(entry)
        yield ""
    run = next((entry for entry in entries if entry.kind is EntryKind.RUN), None)
    if run is not None:
        yield f'One of them whole: tgwizard report "{run.at.astimezone():%Y-%m-%d %H:%M:%S}"'


def _entry(entry: HistoryEntry) -> Iterator[str]:
    yield f"  {run_report.when(format_utc(entry.at))}  {entry.what}"
    if entry.note:
        yield f"    {entry.note}"
    if entry.by:
        yield f"    By {entry.by}"


def _report(run: RunHistory, setup: ClusterSetup) -> Iterator[str]:
    yield run_report.title(run)
    yield f"  {run_report.outcome(run)}: {run_report.reason(run)}"
    if run.began.origin is not None:
        yield f"  Begun by {run_report.began_by(run.began.origin, run.began.strategy)}"
    for name, words in run_report.gaps(run):
        yield f"  {name}: {words}"
    yield f"  Cluster {setup.name}{' (lab)' if setup.is_lab else ''}, began {run_report.when(run.began.at)}"
    if run.ended and run.ended.detail:
        yield f"  Details: {run.ended.detail}"
    if run.turned_back:
        yield f"  Turned back: {run.turned_back}"
    for step in run.steps:
        yield f"  {run_report.when(step.at)}  {step.sentence} ({format_duration(step.seconds)})"
    for sighted in run.sightings:
        yield f"  {run_report.when(sighted.at)}  Seen: {run_report.sighting(sighted)}"
    for attempt in run.attempts:
        answer = run_report.ANSWERS[attempt.answer]
        ids = f"ours {attempt.request}" + (f", Azure's {attempt.arm_request}" if attempt.arm_request else "")
        yield f"  Write: {run_report.STEPS[attempt.step]} on {attempt.member}, {answer}; request ids: {ids}"
        if attempt.problem:
            yield f"    {attempt.problem}"
    yield f"  Run id, for support: {run.run}"
    for seen in run.compared:
        yield f"  {seen.nic} of {seen.member}: {seen.sentence}"
        for item in seen.by_other:
            yield f"    Changed by someone else and kept: {item.path} was {item.before}, is {item.after}"
