"""Every way a call can fail, as the engine gets it. Each row of the table is played by the lab through the SDK."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
import requests

from tests.azure.test_arm import fails
from tests.azure.test_error_table import ROWS, TABLE, words_for
from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.error_document import ArmError
from tgwizard.azure.error_table import ErrorRow
from tgwizard.azure.error_translation import Operation, from_document
from tgwizard.azure.redaction import LONGEST_DETAIL
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.lab.faults.fault_rules import Effect, Fault, FaultAnswer, Moment, OperationFails, Reset, Timeout
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import ResourceId

BUSY_429 = "Operation PutNicOperation (1) is updating resource x. The call can be retried in 12 seconds."


def answered(it: Rig, status: int, code: str, message: str = "", details: str = "", **headers: str) -> AzureCallError:
    """What a NIC write makes of this answer."""
    inner = [{"code": details, "message": "Details."}] if details else []
    body = json.dumps({"error": {"code": code, "message": message, "details": inner}})
    named = (("Content-Type", "application/json"), *((name.replace("_", "-"), text) for name, text in headers.items()))
    return struck(it, FaultAnswer(status, body, named))


def struck(it: Rig, effect: Effect) -> AzureCallError:
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", effect))
    read = it.services.azure.network.read_nic(it.a.nic)
    return fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))


@ROWS
def test_that_each_row_of_the_table_has_a_whole_calm_sentence(code: str, row: ErrorRow) -> None:
    said = words_for(row)
    problem = from_document(Operation("change", "nic-x", writes=True), 400, ArmError(code, said))
    for sentence in (problem.what, problem.why, problem.fix):
        assert "{" not in sentence
        assert "!" not in sentence
        assert not sentence or sentence.endswith(".")
    assert "nic-x" in problem.what
    assert code in problem.detail
    assert said in problem.detail


def test_that_each_row_is_met_through_the_sdk_with_its_cause() -> None:
    it = rig()
    for code, row in TABLE:
        failure = answered(it, 400, code, words_for(row))
        assert (code, failure.cause) == (code, row.cause)
        assert failure.problem.code == row.problem
        assert failure.certainty is Certainty.REFUSED


@pytest.mark.parametrize(
    ("status", "code", "details", "cause"),
    [
        (429, "RetryableError", "RetryableErrorDueToAnotherOperation", Cause.BUSY),
        (429, "RetryableError", "ReferencedResourceNotProvisioned", Cause.BUSY),
        (409, "AnotherOperationInProgress", "", Cause.BUSY),
        (429, "TooManyRequests", "", Cause.THROTTLED),
        (429, "SubscriptionRequestsThrottled", "", Cause.THROTTLED),
        (429, "SomethingNew", "", Cause.THROTTLED),
        (412, "PreconditionFailed", "PreconditionFailedEtagMismatch", Cause.ETAG_MOVED),
        (412, "SomethingNew", "", Cause.ETAG_MOVED),
        (409, "ScopeLocked", "", Cause.LOCKED),
        (403, "SomethingNew", "", Cause.NOT_ALLOWED),
        (401, "ExpiredAuthenticationToken", "", Cause.SIGN_IN),
        (401, "SomethingNew", "", Cause.SIGN_IN),
        (404, "SomethingNew", "", Cause.NOT_FOUND),
        (409, "SomethingNew", "", Cause.OTHER),
        (400, "SomethingNew", "", Cause.OTHER),
    ],
)
def test_that_an_answer_below_500_refuses_a_write_for_a_cause(
    status: int, code: str, details: str, cause: Cause
) -> None:
    failure = answered(rig(), status, code, BUSY_429, details)
    assert (failure.cause, failure.certainty, failure.status) == (cause, Certainty.REFUSED, status)
    assert failure.problem.what == "Azure refused to change tg-node-a-inside."


def test_that_a_reference_that_is_failed_is_told_from_one_that_is_being_updated() -> None:
    it = rig()
    subnet = it.services.azure.network.read_nic(it.a.nic).body["properties"]["ipConfigurations"][0]["properties"][
        "subnet"
    ]["id"]
    body = {"properties": it.call("GET", subnet).json()["properties"]}
    it.lab.faults.add(Fault("PUT", "/subnets/", OperationFails()))
    read = it.services.azure.network.read_nic(it.a.nic)

    def write() -> object:
        return it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r")

    it.call("PUT", subnet, body).raise_for_status()
    busy = fails(write)
    assert (busy.status, busy.cause, busy.problem.code) == (429, Cause.BUSY, "busy")
    it.clock.sleep(10)
    stuck = fails(write)
    assert (stuck.status, stuck.cause, stuck.problem.code) == (400, Cause.OTHER, "parent-failed")
    assert subnet in stuck.problem.detail


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_that_trouble_inside_azure_leaves_a_write_unknown(status: int) -> None:
    failure = answered(rig(), status, "ServerTimeout", "The request timed out.")
    assert failure.certainty is Certainty.UNKNOWN
    assert failure.problem.what == "Whether Azure took the request to change tg-node-a-inside is not known."


def test_that_retry_after_is_handed_on_and_not_slept_out() -> None:
    it = rig()
    failure = answered(it, 429, "TooManyRequests", Retry_After="17")
    assert failure.retry_after_s == 17
    assert it.clock.monotonic() == 0
    assert len([record for record in it.lab.requests if record.method == "PUT"]) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_that_a_write_is_never_repeated_by_the_sdk(status: int) -> None:
    it = rig()
    answered(it, status, "Trouble", Retry_After="1")
    assert len([record for record in it.lab.requests if record.method == "PUT"]) == 1


@pytest.mark.parametrize(
    "effect",
    [
        Reset(Moment.BEFORE_COMMIT),
        Reset(Moment.AFTER_COMMIT),
        Timeout(Moment.BEFORE_COMMIT),
        Timeout(Moment.AFTER_COMMIT),
    ],
)
def test_that_a_lost_answer_leaves_a_write_unknown_and_is_sent_once(effect: Effect) -> None:
    it = rig()
    failure = struck(it, effect)
    assert failure.certainty is Certainty.UNKNOWN
    assert len([record for record in it.lab.requests if record.method == "PUT"]) == 1


def test_that_a_read_is_repeated_once_when_the_connection_broke() -> None:
    it = rig()
    it.lab.faults.add(Fault("GET", "tg-node-a-inside", Reset(Moment.BEFORE_COMMIT)))
    assert it.services.azure.network.read_nic(it.a.nic).lists(it.address)


def test_that_a_missing_right_is_named_with_its_scope() -> None:
    it = rig()
    message = (
        "The client 'x' with object id 'x' does not have authorization to perform action "
        f"'Microsoft.Network/networkInterfaces/write' over scope '{it.a.nic}' or the scope is invalid."
    )
    failure = answered(it, 403, "AuthorizationFailed", message)
    assert failure.problem.why == "Your role lacks Microsoft.Network/networkInterfaces/write on tg-node-a-inside."


def test_that_a_missing_linked_right_is_named_with_its_scope() -> None:
    it = rig()
    message = (
        "The client 'x' with object id 'x' has permission to perform action 'Microsoft.Network/networkInterfaces/write'"
        f" on scope '{it.a.nic}'; however, it does not have permission to perform action(s) "
        f"'Microsoft.Network/virtualNetworks/subnets/join/action' on the linked scope(s) '{it.setup.subnet}' "
        "(respectively) or the linked scope(s) are invalid."
    )
    failure = answered(it, 403, "LinkedAuthorizationFailed", message)
    assert "Microsoft.Network/virtualNetworks/subnets/join/action on snet-inside" in failure.problem.why


@pytest.mark.parametrize(
    "tail", ["/ipConfigurations/tg-floating.", "/ipconfigurations/x. Use another address.", ".", ""]
)
def test_that_the_holder_of_an_address_is_cut_out_of_azures_words(tail: str) -> None:
    it = rig()
    message = (
        f"IP configuration a is using the private IP address 1.2.3.4 which is already allocated to resource {it.b.nic}"
    )
    message += tail
    failure = answered(it, 400, "PrivateIPAddressIsAllocated", message)
    assert failure.allocated_to == it.b.nic
    assert failure.problem.why == "The address is still allocated to tg-node-b-inside."


def test_that_hostile_text_is_tamed() -> None:
    failure = answered(rig(), 400, "Bad\x1b[2J", "line\n\u202eevil" + "x" * 5000)
    assert "\x1b" not in failure.problem.detail
    assert "\u202e" not in failure.problem.detail
    assert len(failure.problem.detail) <= LONGEST_DETAIL


def unreachable(url: str) -> Callable[[Lab], ArmPorts]:
    return lambda lab: ArmPorts(AzureSession(HeldCredential(LabToken(lab.issue_token)), base_url=url, lab=True))


def test_that_a_refused_connection_means_that_nothing_was_sent() -> None:
    it = rig()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody else gets it, nor listens there
        azure = unreachable(f"https://localhost:{free.getsockname()[1]}")(it.lab)
        read = it.services.azure.network.read_nic(it.a.nic)
        try:
            failure = fails(lambda: azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
        finally:
            azure.close()
    assert failure.certainty is Certainty.NOT_SENT
    assert failure.problem.code == "azure-not-reached"


def test_that_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    it = rig()
    azure = unreachable("https://arm.invalid")(it.lab)
    try:
        failure = fails(lambda: azure.network.read_nic(it.a.nic))
    finally:
        azure.close()
    assert failure.certainty is Certainty.NOT_SENT


class Broken(requests.adapters.BaseAdapter):
    """Raises what a real connection can raise."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, *_arguments: object, **_options: object) -> requests.Response:
        raise self.error

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("error", "certainty"),
    [
        (requests.exceptions.ConnectTimeout("no"), Certainty.NOT_SENT),
        (requests.exceptions.ProxyError("no"), Certainty.NOT_SENT),
        (requests.exceptions.ReadTimeout("no"), Certainty.UNKNOWN),
        (requests.exceptions.ConnectionError("no word about when"), Certainty.UNKNOWN),
        (requests.exceptions.SSLError("EOF occurred in violation of protocol"), Certainty.UNKNOWN),
        (requests.exceptions.ChunkedEncodingError("broke"), Certainty.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.value,
)
def test_that_only_what_was_provably_not_sent_counts_as_not_sent(error: Exception, certainty: Certainty) -> None:
    def session(lab: Lab) -> requests.Session:
        found = lab_session(lab)
        found.mount("https://", Broken(error))
        return found

    good, it = rig(), rig(session=session)
    read = good.services.azure.network.read_nic(good.a.nic)
    failure = fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
    assert failure.certainty is certainty


def test_that_a_vm_of_another_kind_of_answer_is_not_understood() -> None:
    it = rig()
    it.lab.faults.add(Fault("GET", "virtualMachines/tg-node-a", FaultAnswer(200, "[]")))
    assert fails(lambda: it.services.azure.compute.vm(it.a.vm)).problem.code == "answer-not-understood"


def test_that_an_id_without_a_group_does_not_break_the_program() -> None:
    it = rig()
    assert fails(lambda: it.services.azure.network.read_nic(ResourceId("/nonsense"))).certainty is not None
