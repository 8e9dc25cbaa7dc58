"""Ten thousand seeded mutations of what is read: cluster files, settings, journals, Azure's and the lab's answers.

Each ends in a value or in an explained refusal; an exception of any other kind is an internal error and fails the test
with the number of the case. ``TGWIZARD_FUZZ=journal:1234`` runs that one case alone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from tests.engine.setup.apply.scenarios import prepared
from tests.fuzz.mutation import seeded, spoil_bytes, spoil_json, spoil_text
from tests.rig import ARM, Rig, rig, setup_rig
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.engine.history import run_report
from tgwizard.engine.history.run_history import cluster_history, find_run
from tgwizard.engine.history.run_statistics import measured_runs
from tgwizard.engine.observe import Observer
from tgwizard.engine.setup.wizard_steps import plan_of, problems_of
from tgwizard.lab.control_client import HttpLabControl
from tgwizard.lab.fronts.in_process import LabAdapter, lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model import settings as known
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import UserError
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.verdict import assess

pytestmark = pytest.mark.full

CHUNKS = 5
"""So that what takes long shows how far it has come, and one that breaks does not hide the others."""


def cases(kind: str, count: int) -> pytest.MarkDecorator:
    """The numbers of a kind in chunks; one alone when the environment names it."""
    wanted = os.environ.get("TGWIZARD_FUZZ", "")
    if wanted:
        name, _, number = wanted.partition(":")
        chunks = [[int(number)]] if name == kind else []
    else:
        chunks = [list(range(start, count, CHUNKS)) for start in range(CHUNKS)]
    return pytest.mark.parametrize("numbers", chunks, ids=[f"{kind}:{chunk[0]}.." for chunk in chunks])


def each(kind: str, numbers: list[int], case: Callable[[random.Random], None]) -> None:
    """Run the cases; all that broke are told by number, with what they raised."""
    broken: list[str] = []
    for number in numbers:
        try:
            case(seeded(f"{kind}:{number}"))
        except (Exception, RecursionError) as error:  # noqa: BLE001 - that is what is looked for
            broken.append(f"{kind}:{number} {type(error).__name__}: {str(error)[:300]}")
    assert not broken, "\n".join(broken[:20])


@cases("cluster_file", 3_000)
def test_that_no_cluster_file_breaks_the_program(numbers: list[int], tmp_path: Path) -> None:
    text = rig().setup.file
    assert text is not None
    whole = text.read_text()
    path, copy = tmp_path / "cluster.toml", tmp_path / "copy.toml"

    def case(rng: random.Random) -> None:
        path.write_text(spoil_text(whole, rng), encoding="utf-8", errors="surrogatepass")
        try:
            setup = load_cluster(path)
        except UserError:
            return
        copy.unlink(missing_ok=True)
        save_cluster(copy, setup)
        assert load_cluster(copy).identity == setup.identity
        save_cluster(path, setup)

    each("cluster_file", numbers, case)


SETTINGS = """# by hand
[window]
theme = "dark"
read_only = false
[watch]
nics_s = 5
vms_s = 30
[files]
data_folder = "/srv/state"
[log]
level = "info"
"""


@cases("settings", 1_500)
def test_that_no_settings_file_breaks_the_program(numbers: list[int], tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"

    def case(rng: random.Random) -> None:
        path.write_text(spoil_text(SETTINGS, rng), encoding="utf-8", errors="surrogatepass")
        read = load_settings(path)
        for setting in known.ALL:
            setting.value_of(read.settings)
        with contextlib.suppress(UserError):
            save_value(path, known.READ_ONLY, True)
            assert known.READ_ONLY.value_of(load_settings(path).settings) is True

    each("settings", numbers, case)


@pytest.fixture(scope="module")
def ran() -> Rig:
    """A rig on which runs ended and one was interrupted before its end was written."""
    made = rig()
    assert made.fail_over().outcome is Outcome.DONE
    assert made.fail_over(made.a, Verb.FORCED).outcome is Outcome.DONE
    assert made.fail_over().outcome is Outcome.DONE
    with sqlite3.connect(made.services.journal_file(made.setup)) as database:
        database.execute("DELETE FROM record WHERE seq = (SELECT max(seq) FROM record WHERE kind = 'ended')")
    database.close()
    return made


def _spoil_rows(path: Path, rng: random.Random) -> None:
    """Other values in the rows of a database that is whole in itself."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        rows = database.execute("SELECT seq, run, kind, data FROM record").fetchall()
        for _ in range(rng.randint(1, 3)):
            seq, run, kind, data = rng.choice(rows)
            spoilt = json.dumps(spoil_json(json.loads(data), rng))
            other = rng.choice(rows)
            values = rng.choice(
                [(run, kind, spoilt)] * 6
                + [(run, kind, spoil_text(data, rng).encode("utf-8", "replace").decode()), (run, other[2], data)]
                + [(other[1], kind, data), (run, kind, 7), (run, kind, b"\xff\xfe"), (1.5, kind, data)]
            )
            database.execute("UPDATE record SET run = ?, kind = ?, data = ? WHERE seq = ?", (*values, seq))


@cases("journal", 2_000)
def test_that_no_journal_breaks_the_program(numbers: list[int], ran: Rig, tmp_path: Path) -> None:
    whole = ran.services.journal_file(ran.setup).read_bytes()
    state = tmp_path / "state"
    state.mkdir()

    def case(rng: random.Random) -> None:
        made = rig(lab=ran.lab, state=state)
        file = made.services.journal_file(made.setup)
        file.write_bytes(spoil_bytes(whole, rng) if rng.random() < 0.3 else whole)
        if file.read_bytes() == whole:
            _spoil_rows(file, rng)
        history = cluster_history(made.services, made.setup)
        for run in history.runs:
            run_report.run_report_page(run, made.setup)
            with contextlib.suppress(UserError):
                find_run(made.services, [made.setup], run.run[:8])
        measured_runs(made.services, made.setup)
        with contextlib.suppress(UserError):
            interrupted_run(made.services, made.setup)
        if rng.random() < 0.2:
            finished = resume(made.services, made.setup, None, made.events.append, made.token)
            assert finished.outcome in Outcome

    each("journal", numbers, case)


class Spoiling(BaseAdapter):
    """Between a client and the lab: some answers are spoilt on their way, by the request and how often it came.

    So a case is the same whatever thread asks first.
    """

    def __init__(self, lab: Lab, rng: random.Random) -> None:
        super().__init__()
        self._inner, self._name = LabAdapter(lab), str(rng.random())
        self._share = rng.choice((0.03, 0.1, 0.3, 1.0))
        self._seen: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """The lab's answer, spoilt as the case's random numbers say."""
        answer = self._inner.send(request, **options)
        content = answer.raw.read()
        asked = f"{request.method} {urlsplit(str(request.url)).path}"
        self._seen[asked] += 1
        rng = seeded(f"{self._name} {asked} {self._seen[asked]}")
        if content and rng.random() < self._share:
            content = _spoilt(content, rng)
        headers = {**answer.headers, "Content-Length": str(len(content))}
        raw = HTTPResponse(io.BytesIO(content), headers=headers, status=answer.status_code, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing is held open."""


def _spoilt(content: bytes, rng: random.Random) -> bytes:
    with contextlib.suppress(ValueError):
        content = json.dumps(spoil_json(json.loads(content), rng)).encode()
    return spoil_bytes(content, rng) if rng.random() < 0.1 else content


def spoiling_session(lab: Lab, rng: random.Random) -> requests.Session:
    """A session over such an adapter."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Spoiling(lab, rng))
    return session


@cases("answers", 1_500)
def test_that_no_answer_of_azure_breaks_a_run_or_loses_the_address(numbers: list[int], tmp_path: Path) -> None:
    def case(rng: random.Random) -> None:
        made = rig(session=lambda lab: spoiling_session(lab, rng), state=tmp_path / f"{rng.random()}")
        if rng.random() < 0.3:
            assess(Observer(made.services.azure, made.services.clock, made.setup).look())
            return
        told: list[Any] = []
        options = RunOptions(accept_unknown=rng.random() < 0.8)
        verb = rng.choice(list(Verb))
        finished = fail_over(made.services, made.setup, made.b, verb, told.append, CancelToken(), options)
        assert [type(event).__name__ for event in told].count("Finished") == 1
        if finished.outcome in (Outcome.DONE, Outcome.REFUSED):
            assert len(made.holders()) == 1, finished

    each("answers", numbers, case)


@cases("set_up", 500)
def test_that_no_answer_of_azure_breaks_a_set_up(numbers: list[int], tmp_path: Path) -> None:
    def case(rng: random.Random) -> None:
        scenario = rng.choice(("fresh", "ready", "vnet-elsewhere", "old-role", "busy-nic"))
        made = setup_rig(scenario, session=lambda lab: spoiling_session(lab, rng), state=tmp_path / f"{rng.random()}")
        try:
            state = prepared(made)
            found = [problem for step in SetupStep for problem in problems_of(state, step)]
            plan = plan_of(state)
        except UserError as error:
            told = [error.problem]
        else:
            told = [one.problem for one in found]
            outcomes["refused" if plan is None or plan.problems else "planned"] += 1
        assert all(problem.code and problem.what for problem in told)
        assert made.writes() == [], "to plan is to read"

    outcomes: Counter[str] = Counter()
    each("set_up", numbers, case)
    assert len(numbers) == 1 or min(outcomes["refused"], outcomes["planned"]) > 0, outcomes


@pytest.fixture(scope="module")
def lab() -> Lab:
    return rig().lab


WISHES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", "/lab", {"latency": "fast", "page_size": 3, "move": {}, "statuses": {}, "flicker": False}),
    ("POST", "/lab/faults", {"name": "x", "match": {"method": "PUT"}, "effect": {"status": 429}, "times": 1}),
    ("POST", "/lab/vms/stop", {"vm": "tg-node-b"}),
    ("POST", "/lab/vms/start", {"vm": "tg-node-b"}),
    ("POST", "/lab/dataplane/port", {"subnet": "x", "address": "10.20.2.50"}),
    ("POST", "/lab/clients/certificate", {"pem": "x"}),
)


@cases("lab_control", 1_500)
def test_that_neither_side_of_the_lab_control_breaks(numbers: list[int], lab: Lab) -> None:
    plain = lab_session(lab)
    bearer = {"Authorization": f"Bearer {lab.control_token}", "Content-Type": "application/json"}

    def asks(rng: random.Random) -> None:
        method, path, wish = rng.choice(WISHES)
        body = json.dumps(spoil_json(wish, rng)).encode()
        if rng.random() < 0.2:
            body = spoil_bytes(body, rng)
        answer = plain.request(method, f"{ARM}{path}", data=body, headers=bearer, timeout=30)
        assert answer.status_code < 500, (method, path, body[:300], answer.text[:300])

    def reads(rng: random.Random) -> None:
        session = spoiling_session(lab, rng)
        control = HttpLabControl(session, lambda: ARM, lambda: lab.control_token)
        calls = (control.state, control.faults, control.vms, control.data_plane, control.requests)
        for call in (*calls, control.client_access):
            with contextlib.suppress(UserError, AzureCallError):
                call()

    each("lab_control", numbers, lambda rng: (asks if rng.random() < 0.5 else reads)(rng))


def test_that_the_number_of_a_case_says_all_of_it() -> None:
    document = {"a": [1, {"b": "c"}], "d": None}
    assert spoil_json(document, seeded("answers:7")) == spoil_json(document, seeded("answers:7"))
    assert spoil_text(SETTINGS, seeded("settings:7")) == spoil_text(SETTINGS, seeded("settings:7"))
    assert document == {"a": [1, {"b": "c"}], "d": None}
