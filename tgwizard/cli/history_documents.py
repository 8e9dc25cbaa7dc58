"""``history`` and ``report`` as JSON (schemas in resources/schema). Bodies of interfaces stay in the journal."""

from __future__ import annotations

from typing import Any

from tgwizard.cli.screen import SCHEMA, problem_document
from tgwizard.engine.history.run_history import ClusterHistory, RunHistory
from tgwizard.model.cluster_setup import ClusterSetup

Document = dict[str, Any]


def history_document(clusters: tuple[ClusterHistory, ...]) -> Document:
    """Every cluster with its runs and changes of the verdict, newest first."""
    return {"schema": SCHEMA, "clusters": [_cluster(cluster) for cluster in clusters]}


def report_document(run: RunHistory, setup: ClusterSetup) -> Document:
    """One run, whole."""
    return {
        "schema": SCHEMA,
        "cluster": setup.name,
        "cloud": setup.cloud,
        "subscription": setup.subscription,
        "nics": [member.nic.text for member in setup.members],
        **_run(run),
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


def _cluster(cluster: ClusterHistory) -> Document:
    return {
        "cluster": cluster.setup.name,
        "runs": [_run(run) for run in cluster.runs],
        "verdicts": [
            {"at": change.at, "verdict": change.verdict, "sentence": change.sentence} for change in cluster.verdicts
        ],
        "problem": problem_document(cluster.problem) if cluster.problem else None,
    }


def _run(run: RunHistory) -> Document:
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
