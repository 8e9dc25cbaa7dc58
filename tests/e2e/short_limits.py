"""A failover whose every limit is a few seconds, so that a test can stop the process for longer than all of them.

Engine, adapters and events are as they are, only ``FailoverTiming`` is shorter. At the first event that has all the
given values the process stops itself, in the thread of the run: between two calls, never within one, where no last look
can help any more.

    python -m tests.e2e.short_limits LAB_DIR (graceful|forced) (detach-attach|atomic) KEY=VALUE...
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from tgwizard.app.environments import open_lab_environment
from tgwizard.cli.cluster_documents import event_document
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.model.cluster import Verb
from tgwizard.model.failover_events import Event
from tgwizard.model.failover_options import Strategy

FRESH_READ_S, FRESH_CHECKS_S, LONGEST_S = 2.0, 4.0, 12.0
"""How old a reading and a preflight may be when a write leaves; and the longest limit of all."""

SHORT = FailoverTiming(
    step_s=LONGEST_S,
    forced_step_s=LONGEST_S,
    settle_s=LONGEST_S,
    silence_s=LONGEST_S,
    free_s=LONGEST_S,
    fresh_read_s=FRESH_READ_S,
    refresh_s=1.0,
    fresh_preflight_s=FRESH_CHECKS_S,
    unanswered_move_s=LONGEST_S,
    longest_call_s=LONGEST_S,
)


def main(folder: str, verb: str, strategy: str, *values: str) -> int:
    """Run it; each event is a line of JSON, as with ``--json``."""
    waited_for = [dict(value.split("=", 1) for value in values)]
    connection = open_lab_environment(Path(folder))
    try:
        setup = connection.profiles.find(None)

        def tell(event: Event) -> None:
            document = event_document(event)
            sys.stdout.write(json.dumps(document) + "\n")
            sys.stdout.flush()
            if waited_for and waited_for[0].items() <= document.items():
                waited_for.clear()
                os.kill(os.getpid(), signal.SIGSTOP)

        options = RunOptions(timing=SHORT, strategy=Strategy(strategy))
        fail_over(connection.services, setup, setup.members[1], Verb(verb), tell, CancelToken(), options)
    finally:
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
