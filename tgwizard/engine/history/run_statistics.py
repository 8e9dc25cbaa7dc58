"""How long runs took in a subscription, out of every journal on this computer: what predictions are made from."""

from __future__ import annotations

import contextlib
import sqlite3

from tgwizard.engine.json_codec import from_document, parse_json
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.journal import looking_into
from tgwizard.engine.runs.records import RunEndRecord
from tgwizard.model.cluster_setup import ClusterSetup

MEASURED_RUNS = 50
"""From how many ended runs predictions are made; the latest count."""


def measured_runs(services: Services, setup: ClusterSetup) -> tuple[RunEndRecord, ...]:
    """Ended runs of all clusters in the subscription of this one, newest first.

    A journal that cannot be read is passed over: a prediction is not worth an error.
    """
    wanted = f"/subscriptions/{setup.subscription.lower()}/"
    found: list[RunEndRecord] = []
    for path in sorted(services.state_dir.glob("journal-*.sqlite")):
        with (
            contextlib.suppress(sqlite3.Error, ValueError),
            looking_into(path) as database,
        ):
            owner = database.execute("SELECT text FROM identity").fetchone()
            if owner is None or wanted not in str(owner[0]).lower():
                continue
            rows = database.execute(
                "SELECT data FROM record WHERE kind = 'ended' ORDER BY seq DESC LIMIT ?", (MEASURED_RUNS,)
            ).fetchall()
            found += [from_document(RunEndRecord, parse_json(data)) for (data,) in rows]
    found.sort(key=lambda end: end.at, reverse=True)
    return tuple(found[:MEASURED_RUNS])
