"""Every row of azure/README.md 1 and 2 that has a status or a code: asked for, and answered so.

The rows are in `wire_rows`, in the order of the document. Rows that need a history of several calls have tests of
their own, named in `ELSEWHERE`; the last test looks that they are there. Calls that come with what needs them
(Resource Graph, the activity log) answer as Azure answers a type it does not know. Section 3 is in test_roles.py and
test_role_errors.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.rights import edit, member, sign_in
from tests.lab.wire_asks import (
    COMPUTE,
    LINKED,
    NET,
    A,
    Row,
    filled,
    known,
    pattern,
    stale,
    under,
)
from tests.lab.wire_rows import CALLS, REFUSED
from tgwizard.lab.faults.canned_errors import CannedError
from tgwizard.lab.wire import Response
from tgwizard.lab.world import Overlap

DETAILS = [
    (stale, "PreconditionFailedEtagMismatch",
     (r"^Etag provided in if-match header W/\"stale\" does not match etag W/\"[0-9a-f-]{36}\" of resource {a} in NRP "
     r"data store\.$")),
    (under(Overlap.RETRY_LATER), "RetryableErrorDueToAnotherOperation",
     (r"^Operation PutNicOperation \([0-9a-f-]{36}\) is updating resource {a}\. The call can be retried in 10 "
     r"seconds\.$")),
    (under(Overlap.NOT_PROVISIONED), "ReferencedResourceNotProvisioned",
     (r"^Cannot proceed with operation because resource {a} used by resource tg-node-a-inside is not in Succeeded "
     r"state\. Resource is in Updating state and the last operation that updated/is updating the resource is "
     r"PutNicOperation\.$")),
    (known(CannedError.NETWORK_BUSY), "RetryableErrorDueToAnotherOperation",
     (r"^Operation PutNicOperation \([0-9a-f-]{36}\) is updating resource {a}\. The call can be retried in 12 "
     r"seconds\.$")),
    (known(CannedError.REFERENCE_NOT_READY), "ReferencedResourceNotProvisioned", r"is not in Succeeded state"),
    (known(CannedError.THROTTLED_BY_NETWORK), "RetryableErrorDueToTooManyCalls",
     (r"^Subscription '{guid}' was used to perform too many calls within last 5 minutes\. The number of calls exceeds "
     r"Microsoft.Network throttling limit\. The call can be retried in 64 seconds\.$")),
    (known(CannedError.THROTTLED_BY_READ_SIZE), "RetryableErrorDueTooHighReadDataSize",
     r"^Subscription '{guid}' was used to read too much data within last 5 minutes\."),
    # Of the next three the reference has the codes alone: how Azure words them is not known [?].
    (known(CannedError.THROTTLED_OPERATION), "RetryableErrorDueToTooManyCallsToThisOperation",
     r"^Operation GetNicOperation exceeded throttling limit of 1000 calls .* can be retried in 12 seconds\.$"),
    (known(CannedError.QUEUE_TIMED_OUT), "RetryableErrorDueToBatchQueueTimeout", r"retried in 12 seconds\.$"),
    (known(CannedError.REQUEST_TIMED_OUT), "RetryableErrorDueToRequestTimedOut", r"retried in 12 seconds\.$"),
]  # fmt: skip

ELSEWHERE = {
    "1.0 headers": ("test_gateway.py", "test_that_every_answer_carries_arms_headers"),
    "1.3 power verbs, both poll forms": ("test_compute.py", "test_that_a_power_verb_is_accepted_and_takes_its_time"),
    "1.3 Retry-After": ("test_latency.py", "test_that_computes_retry_after_is_a_guess_at_what_is_left"),
    "1.3 durations": ("test_latency.py", "test_that_compute_takes_as_long_as_was_recorded"),
    "1.3 identity PATCH": ("test_compute.py", "test_that_an_identity_patch_takes_an_operation_without_location"),
    "1.3 new principal": (
        "test_identity.py",
        "test_that_taking_and_giving_it_makes_another_principal_and_orphans_the_rights",
    ),
    "1.3 marked for deletion": ("test_compute.py", "test_that_a_vm_marked_for_deletion_allows_nothing_else"),
    "1.4 suggestions": (
        "test_subnet_addresses.py",
        "test_that_a_taken_address_comes_with_five_free_ones_of_its_subnet",
    ),
    "1.4 isPlatformReserved": ("test_network_parts.py", "test_that_the_reserved_flag_came_with_2019_09_01"),
    "2.1 attached": (
        "test_nic_put.py",
        "test_that_an_attached_nic_answers_updating_with_an_operation_and_no_etag_header",
    ),
    "2.1 unattached": ("test_nic_put.py", "test_that_an_unattached_nic_is_done_at_once"),
    "2.1 etags": ("test_nic_put.py", "test_that_the_etag_moves_when_accepted_and_again_when_finished"),
    "2.1 poll body": ("test_nic_put.py", "test_that_the_poll_body_is_exactly_the_status"),
    "2.1 whole replace": ("test_nic_put.py", "test_that_a_put_replaces_the_whole_resource"),
    "2.1 DELETE": (
        "test_network_parts.py",
        "test_that_a_deletion_is_accepted_polled_both_ways_and_frees_the_address",
    ),
    "2.2 durations": ("test_latency.py", "test_that_a_nic_takes_20_to_60_seconds_as_a_rule_and_minutes_now_and_then"),
    "2.3 an etag taken while Updating": (
        "test_nic_put.py",
        "test_that_an_if_match_taken_while_updating_fails_once_the_update_is_over",
    ),
    "2.4 superseded": ("test_nic_put.py", "test_that_a_second_put_supersedes_the_first"),
    "2.4 startTenantUpdate": ("test_compute.py", "test_that_a_nic_cannot_be_updated_while_its_vm_is_deleted"),
    "2.4 Failed is cured by a PUT": (
        "test_nic_put.py",
        "test_that_a_failed_operation_keeps_the_content_and_needs_a_new_put",
    ),
    "2.5 released at the end only": (
        "test_subnet_addresses.py",
        "test_that_an_address_stays_allocated_until_its_removal_has_finished",
    ),
    "2.5 ASGs": ("test_subnet_addresses.py", "test_that_all_configurations_carry_one_set_of_security_groups"),
    "2.6 poll URL": ("test_gateway.py", "test_that_a_member_may_move_the_address_and_not_poll"),
}


@pytest.mark.parametrize("row", CALLS, ids=str)
def test_that_a_call_answers_with_the_status_of_the_reference(bench: Bench, row: Row) -> None:
    answer = row.ask(bench)
    assert answer.status == row.status, answer.body


@pytest.mark.parametrize("row", REFUSED, ids=str)
def test_that_a_refusal_has_the_status_code_and_wording_of_the_reference(bench: Bench, row: Row) -> None:
    answer = row.ask(bench)
    status, code, message = error_of(answer)
    assert (status, code) == (row.status, row.code)
    if row.wording.startswith("~"):
        assert re.search(pattern(bench, row.wording[1:]), message), message
    else:
        assert message == filled(bench, row.wording)
    gateway = {"1.2", "1.2 write", "1.2 delete", "1.2 authorization comes before existence", "2.6 list", "5 ARM"}
    if row.line in gateway and row.code not in {"NotFound", "GatewayTimeout"}:
        assert answer.header("x-ms-failure-cause") == "gateway"
    if row.line.startswith(("2.1", "2.5")):
        assert answer.json()["error"]["details"] == []


@pytest.mark.parametrize(("ask", "code", "wording"), DETAILS, ids=lambda item: item if isinstance(item, str) else "")
def test_that_a_detail_has_the_code_and_wording_of_the_reference(
    bench: Bench, ask: Callable[[Bench], Response], code: str, wording: str
) -> None:
    (detail,) = ask(bench).json()["error"]["details"]
    assert detail["code"] == code
    assert re.search(pattern(bench, wording), detail["message"]), detail["message"]


@pytest.mark.parametrize(("field", "target", "action"), LINKED)
def test_that_each_reference_of_a_body_is_checked_with_its_own_action(
    bench: Bench, field: str, target: str, action: str
) -> None:
    """2.6: the right to write the NIC is there, and no other; the linked resource need not even exist."""

    def only_write(world: dict[str, Any]) -> None:
        (history,) = world["authorization"]["roles"].values()
        history["versions"][-1]["permissions"][0]["actions"] = ["Microsoft.Network/networkInterfaces/write"]

    edit(bench, only_write)
    who = sign_in(bench, member(bench))
    reference: Any = {"id": f"{bench.group}/providers/{NET}/{target}"}
    properties: dict[str, Any] = {"ipConfigurations": [{"name": "x", "properties": {}}]}
    holder = properties if field == "networkSecurityGroup" else properties["ipConfigurations"][0]["properties"]
    holder[field] = [reference] if field.endswith("s") and field != "publicIPAddress" else reference
    answer = bench.put(A, {"location": "southcentralus", "properties": properties})
    assert error_of(answer) == (
        403,
        "LinkedAuthorizationFailed",
        (
            f"The client '{who.oid}' with object id '{who.oid}' has permission to perform action "
            f"'Microsoft.Network/networkInterfaces/write' on scope '{bench.nic_id(A)}'; however, it does not have "
            f"permission to perform action(s) 'Microsoft.Network/{action}' on the linked scope(s) '{reference['id']}' "
            "(respectively) or the linked scope(s) are invalid."
        ),
    )


def test_that_a_vm_list_shows_states_only_when_asked(bench: Bench) -> None:
    path = f"{bench.subscription}/providers/{COMPUTE}/virtualMachines"
    assert all("instanceView" not in item["properties"] for item in bench.get(path)["value"])
    shown = bench.get(f"{path}?statusOnly=true")["value"]
    assert all(item["properties"]["instanceView"]["statuses"][1]["code"] == "PowerState/running" for item in shown)


@pytest.mark.parametrize(("file", "test"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_that_a_row_with_a_test_of_its_own_has_it(file: str, test: str) -> None:
    text = next(Path(__file__).parent.rglob(file)).read_text(encoding="utf-8")
    assert re.search(rf"^def {test}\(", text, re.MULTILINE)
