"""Faults strike behind authentication, before or after the change."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.lab.bench import FLOATING, HOST, VERSION, Bench
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, Reset, Timeout
from tgwizard.lab.fronts.in_process import lab_session

A = "tg-node-a-inside"


def put(bench: Bench, nic: dict[str, Any]) -> requests.Response:
    with lab_session(bench.lab) as session:
        return session.put(
            f"{HOST}{bench.nic_id(A)}?api-version={VERSION}",
            data=json.dumps(nic),
            headers={"Authorization": f"Bearer {bench.token}"},
            timeout=(5, 30),
        )


def lists_floating(bench: Bench) -> bool:
    return FLOATING in str(bench.nic(A))


@pytest.mark.parametrize(("moment", "changed"), [(Moment.BEFORE_COMMIT, False), (Moment.AFTER_COMMIT, True)])
def test_that_a_reset_loses_the_answer_on_either_side_of_the_change(
    bench: Bench, moment: Moment, changed: bool
) -> None:
    nic = bench.without_floating(A)
    bench.lab.faults.add(Fault("PUT", "networkInterfaces", Reset(moment)))
    with pytest.raises(requests.ConnectionError, match="Connection aborted"):
        put(bench, nic)
    assert lists_floating(bench) is not changed
    assert [item.status for item in bench.lab.requests if item.method == "PUT"] == [None]
    assert put(bench, nic).status_code == 200, "a fault strikes once unless told otherwise"


@pytest.mark.parametrize(("moment", "changed"), [(Moment.BEFORE_COMMIT, False), (Moment.AFTER_COMMIT, True)])
def test_that_a_timeout_lasts_as_long_as_the_client_waits(bench: Bench, moment: Moment, changed: bool) -> None:
    nic = bench.without_floating(A)
    bench.lab.faults.add(Fault("PUT", A, Timeout(moment)))
    with pytest.raises(requests.ReadTimeout):
        put(bench, nic)
    assert bench.clock.monotonic() == 30
    assert lists_floating(bench) is not changed


@pytest.mark.parametrize(("moment", "changed"), [(Moment.BEFORE_COMMIT, False), (Moment.AFTER_COMMIT, True)])
def test_that_an_answer_can_be_put_in_the_place_of_the_real_one(bench: Bench, moment: Moment, changed: bool) -> None:
    nic = bench.without_floating(A)
    body = '{"error":{"code":"ServerTimeout","message":"The request timed out."}}'
    bench.lab.faults.add(Fault("put", A.upper(), FaultAnswer(503, body, moment=moment), nth=2, times=2))
    assert put(bench, bench.nic(A)).status_code == 200
    answers = [put(bench, nic) for _ in range(2)]
    assert [(item.status_code, item.json()["error"]["code"]) for item in answers] == [(503, "ServerTimeout")] * 2
    assert lists_floating(bench) is not changed
    assert put(bench, nic).status_code == 200


def test_that_a_fault_is_not_spent_on_a_request_without_rights(bench: Bench) -> None:
    bench.lab.faults.add(Fault("GET", A, FaultAnswer(500, "{}")))
    token, bench.token = bench.token, "wrong"
    assert bench.call("GET", bench.nic_id(A)).status == 401
    bench.token = token
    assert bench.call("GET", bench.nic_id(A)).status == 500


def test_that_copies_have_the_same_faults_to_come(bench: Bench) -> None:
    bench.lab.faults.add(Fault("GET", A, FaultAnswer(500, "{}"), nth=2))
    bench.call("GET", bench.nic_id(A))
    twin = bench.lab.copy(bench.clock.copy())
    assert bench.call("GET", bench.nic_id(A)).status == 500
    assert bench.call("GET", bench.nic_id(A), lab=twin).status == 500
    assert bench.call("GET", bench.nic_id(A), lab=twin).status == 200
