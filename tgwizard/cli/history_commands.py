"""``history`` lists the runs of the clusters; ``report`` tells one of them, or writes it to a file.

Both as words or as JSON (schemas in resources/schema). Bodies of interfaces stay in the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tgwizard.cli.app_ports import OpenEnvironment
from tgwizard.cli.console import SCHEMA, Console, problem_document
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.files.file_writing import write_atomically
from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory, cluster_history, find_run
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import format_duration, sanitize
from tgwizard.paths import expanded

Document = dict[str, Any]


def history_document(clusters: tuple[ClusterHistory, ...]) -> Document:
    """Every cluster with its runs and changes of the verdict, newest first."""
    return {"schema": SCHEMA, "clusters": [_cluster_document(cluster) for cluster in clusters]}


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


def _cluster_document(cluster: ClusterHistory) -> Document:
    return {
        "cluster": cluster.setup.name,
        "runs": [_run_document(run) for run in cluster.runs],
        "verdicts": [
            {"at": change.at, "verdict": change.verdict, "sentence": change.sentence} for change in cluster.verdicts
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
    }


@dataclass(frozen=True, slots=True)
class History:
    """``history``: of one cluster, or of all; at most ``limit`` runs and changes of each."""

    cluster: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Report:
    """``report``: the run whose id begins so. ``out``: a file, by its ending .html or .json; None: the console."""

    run: str
    out: Path | None


def history(command: History, connection: OpenEnvironment, console: Console) -> ExitCode:
    """What happened, newest first. A damaged journal is told and does not hide the others."""
    profiles = connection.profiles
    setups = [profiles.find(command.cluster)] if command.cluster else profiles.readable()
    clusters = tuple(cluster_history(connection.services, setup, command.limit) for setup in setups)
    console.document(history_document(clusters))
    for cluster in clusters:
        for line in _lines(cluster, command.limit):
            console.say(line)
        if cluster.problem:
            console.warn(cluster.problem)
    if not clusters:
        console.say(f"No cluster is saved in {profiles.folder}.")
    return ExitCode.USAGE if any(cluster.problem for cluster in clusters) else ExitCode.DONE


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


def _lines(cluster: ClusterHistory, limit: int) -> Iterator[str]:
    yield f"{cluster.setup.name}{' (lab)' if cluster.setup.is_lab else ''}"
    lines = [(run.began.at, _run_line(run)) for run in cluster.runs]
    lines += [(change.at, f"{run_report.local(change.at)}  {'':<12}  {change.sentence}") for change in cluster.verdicts]
    lines.sort(key=lambda line: line[0], reverse=True)
    for _, line in lines[:limit]:
        yield f"  {line}"
    if not lines and not cluster.problem:
        yield "  Nothing happened here yet."
    yield ""


def _run_line(run: RunHistory) -> str:
    took = ""
    if run.ended and run.ended.seconds is not None:
        took = f", {format_duration(run.ended.seconds)}"
    if run.ended and run.ended.gap.words:
        took += f", gap as read {run.ended.gap.words}"
    ended = run_report.outcome(run).lower()
    return f"{run_report.local(run.began.at)}  {run.run:<12}  {run_report.title(run)}: {ended}{took}"


def _report(run: RunHistory, setup: ClusterSetup) -> Iterator[str]:
    yield f"{run_report.title(run)}, run {run.run}"
    yield f"  {run_report.outcome(run)}: {run_report.reason(run)}"
    yield f"  Cluster {setup.name}{' (lab)' if setup.is_lab else ''}, began {run_report.local(run.began.at)}"
    if run.ended and run.ended.detail:
        yield f"  Details: {run.ended.detail}"
    if run.turned_back:
        yield f"  Turned back: {run.turned_back}"
    for step in run.steps:
        yield f"  {run_report.local(step.at)}  {step.sentence} ({format_duration(step.seconds)})"
    for sighted in run.sightings:
        yield f"  {run_report.local(sighted.at)}  Seen: {run_report.sighting(sighted)}"
    for attempt in run.attempts:
        answer = run_report.ANSWERS[attempt.answer]
        ids = f"ours {attempt.request}" + (f", Azure's {attempt.arm_request}" if attempt.arm_request else "")
        yield f"  Write: {run_report.STEPS[attempt.step]} on {attempt.member}, {answer}; request ids: {ids}"
        if attempt.problem:
            yield f"    {attempt.problem}"
    for seen in run.compared:
        yield f"  {seen.nic} of {seen.member}: {seen.sentence}"
        for item in seen.by_other:
            yield f"    Changed by someone else and kept: {item.path} was {item.before}, is {item.after}"
