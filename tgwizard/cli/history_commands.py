"""``history`` lists the runs of the clusters; ``report`` tells one of them, or writes it to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tgwizard.cli.exit_code import ExitCode
from tgwizard.cli.history_documents import history_document, report_document
from tgwizard.cli.program import Connection
from tgwizard.cli.screen import Screen
from tgwizard.engine.files.file_writing import write_whole
from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory, cluster_history, find_run
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.text import measured, tame
from tgwizard.paths import expanded


@dataclass(frozen=True, slots=True)
class History:
    """``history``: of one cluster, or of all; at most ``limit`` runs and changes of each."""

    cluster: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Report:
    """``report``: the run whose id begins so. ``out``: a file, by its ending .html or .json; None: the screen."""

    run: str
    out: Path | None


def history(command: History, connection: Connection, screen: Screen) -> ExitCode:
    """What happened, newest first. A damaged journal is told and does not hide the others."""
    profiles = connection.profiles
    setups = [profiles.find(command.cluster)] if command.cluster else profiles.readable()
    clusters = tuple(cluster_history(connection.services, setup, command.limit) for setup in setups)
    screen.document(history_document(clusters))
    for cluster in clusters:
        for line in _lines(cluster, command.limit):
            screen.say(line)
        if cluster.problem:
            screen.warn(cluster.problem)
    if not clusters:
        screen.say(f"No cluster is saved in {profiles.folder}.")
    return ExitCode.USAGE if any(cluster.problem for cluster in clusters) else ExitCode.DONE


def report(command: Report, connection: Connection, screen: Screen) -> ExitCode:
    """One run, whole."""
    setup, run = find_run(connection.services, connection.profiles.readable(), command.run)
    document = report_document(run, setup)
    if command.out is None:
        screen.document(document)
        for line in _report(run, setup):
            screen.say(line)
        return ExitCode.DONE
    path = expanded(command.out).absolute()
    kind = path.suffix.lower()
    if kind not in (".html", ".htm", ".json"):
        what = f"The report was not written: {tame(path.name, 80)} ends neither in .html nor in .json."
        raise UserError(
            Problem("report-kind", what, "The ending says which kind is wanted.", "Give it one of the two.")
        )
    text = json.dumps(document, indent=2) + "\n" if kind == ".json" else run_report.html(run, setup)
    try:
        write_whole(path, text)
    except OSError as error:
        what = f"The report was not written to {path}."
        fix = "Choose another place with --out."
        raise UserError(Problem("report-not-written", what, f"{error.strerror or error}.", fix)) from error
    screen.document({"schema": 1, "written": str(path)})
    screen.say(f"Written: {path}")
    return ExitCode.DONE


def _lines(cluster: ClusterHistory, limit: int) -> Iterator[str]:
    yield f"{cluster.setup.name}{' (lab)' if cluster.setup.is_lab else ''}"
    lines = [(run.began.at, _run(run)) for run in cluster.runs]
    lines += [(change.at, f"{run_report.local(change.at)}  {'':<12}  {change.sentence}") for change in cluster.verdicts]
    lines.sort(key=lambda line: line[0], reverse=True)
    for _, line in lines[:limit]:
        yield f"  {line}"
    if not lines and not cluster.problem:
        yield "  Nothing happened here yet."
    yield ""


def _run(run: RunHistory) -> str:
    took = ""
    if run.ended and run.ended.seconds is not None:
        took = f", {measured(run.ended.seconds)}"
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
        yield f"  {run_report.local(step.at)}  {step.sentence} ({measured(step.seconds)})"
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
