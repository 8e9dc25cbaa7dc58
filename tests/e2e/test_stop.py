"""SIGSTOP for longer than every limit, then SIGCONT, between two calls of a real process: never a late write.

What was late is judged by the lab's own log of requests. Time between any two calls, for all of them, is jumped in
tests/engine/runs/test_late_writes.py.
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.programs import LabProcess, Program, is_event, settled
from tests.e2e.short_limits import FRESH_CHECKS_S, FRESH_READ_S, LONGEST_S
from tgwizard.app.environments import control_running
from tgwizard.engine.lab_control import RequestSeen

pytestmark = pytest.mark.full

STOPPED_S = LONGEST_S + 2.0
"""Longer than every limit of the run."""

TOLERANCE_S = 5.0
"""A reading is as old as its question, and the lab stamps when it answers: on a loaded machine seconds later. Whatever
rests on something from before the stop is older still: `STOPPED_S` is more than any limit with this."""


@pytest.mark.parametrize(
    ("moment", "verb", "strategy"),
    [
        ({"event": "step_done", "step": "check"}, "graceful", "detach-attach"),
        ({"event": "located", "place": "releasing"}, "graceful", "detach-attach"),
        ({"event": "step_started", "step": "attach"}, "forced", "detach-attach"),
        ({"event": "located", "place": "attaching"}, "graceful", "detach-attach"),
        ({"event": "call_made", "method": "POST"}, "graceful", "atomic"),
    ],
    ids=["after the checks", "while releasing", "before the attach", "while attaching", "while moving in one call"],
)
def test_that_a_process_that_was_stopped_for_longer_than_every_limit_writes_nothing_late(
    moment: dict[str, str], verb: str, strategy: str, tmp_path: Path
) -> None:
    with LabProcess(tmp_path / "lab") as lab:
        stop_at = [f"{key}={value}" for key, value in moment.items()]
        command = (sys.executable, "-m", "tests.e2e.short_limits", str(lab.folder), verb, strategy, *stop_at)
        with Program(*command) as failover:
            name, *rest = moment.items()
            failover.until(is_event(name[1], **dict(rest)))
            threading.Event().wait(STOPPED_S)  # it stopped itself
            failover.process.send_signal(signal.SIGCONT)
            finished = failover.until(is_event("finished"))
            assert failover.end() == 0, failover
        control = control_running(lab.folder)
        try:
            late = late_writes(control.requests(limit=5000))
        finally:
            control.close()
        assert late == []
        assert finished["outcome"] in ("done", "refused"), finished
        assert settled(lab.folder)["holder"] == finished["address"]


def late_writes(requests: tuple[RequestSeen, ...]) -> list[str]:
    """The accepted writes that rest on readings, and the first one that rests on a preflight, older than allowed."""
    assert max(FRESH_READ_S, FRESH_CHECKS_S) + TOLERANCE_S < STOPPED_S
    read: dict[str, datetime] = {}
    probed: datetime | None = None
    wrote, found = False, []
    for item in requests:
        nic = item.path.lower().rsplit("/", 1)[-1]
        if item.method == "GET" and item.status == 200 and "/networkinterfaces/" in item.path.lower():
            read[nic] = item.at
        elif item.method == "PUT" and item.status == 412:
            probed = item.at
        elif (item.method == "PUT" and item.status in (200, 201)) or nic == "moveipconfigurations":
            limit = timedelta(seconds=FRESH_READ_S + TOLERANCE_S)
            old = [name for name in ("tg-node-a-inside", "tg-node-b-inside") if item.at - read[name] > limit]
            if old:
                found.append(f"{item.method} {nic} at {item.at}: {old} were read too long ago")
            if not wrote and (probed is None or item.at - probed > timedelta(seconds=FRESH_CHECKS_S + TOLERANCE_S)):
                found.append(f"{item.method} {nic} at {item.at}: checked at {probed}")
            wrote = True
    assert wrote or probed is not None, "the log shows what the run did"
    return found
