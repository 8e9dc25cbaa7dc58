"""Every error code that azure/README.md names, by section, with the statuses it gives: each is answered somewhere.

A code is in a row of the wire table or of the role errors, or has a test
of its own that names it; the two that the lab never says are listed with the reason.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.lab.bench import Bench, error_of
from tests.lab.documents import sections
from tests.lab.rbac.test_role_errors import ASSIGNMENT_ERRORS, ROLE_ERRORS
from tests.lab.test_wire_table import DETAILS
from tests.lab.wire_rows import REFUSED
from tgwizard import lab

DETAIL = 0
"""Stands for a code inside `details` or inside a poll's error, which has no status of its own."""

CODES: dict[str, dict[str, tuple[int, ...]]] = {
    "1.2 404 and scope": {
        "ResourceNotFound": (404,),
        "ResourceGroupNotFound": (404,),
        "NotFound": (404,),
        "ParentResourceNotFound": (404,),
        "SubscriptionNotFound": (404,),
        "AuthorizationFailed": (403,),
        "InvalidResourceType": (404,),
        "NoRegisteredProviderFound": (400,),
        "MissingSubscriptionRegistration": (409,),
        "ScopeLocked": (409,),
        "ServerTimeout": (503,),
        "GatewayTimeout": (504,),
        "InternalServerError": (500,),
    },
    "1.3 compute": {"OperationNotAllowed": (409, 429, DETAIL), "PreconditionFailed": (412,)},
    "1.4 addresses": {"PrivateIPAddressNotInAnySubnet": (400,)},
    "2.1 to 2.4 interfaces": {
        "NicInUse": (400,),
        "PreconditionFailedEtagMismatch": (DETAIL,),
        "Canceled": (DETAIL,),
        "CanceledAndSupersededDueToAnotherOperation": (DETAIL,),
        "RetryableError": (429,),
        "RetryableErrorDueToAnotherOperation": (DETAIL,),
        "ReferencedResourceNotProvisioned": (DETAIL,),
        "AnotherOperationInProgress": (409, 200),
        "ParentResourceIsInFailedState": (400,),
    },
    "2.5 private addresses": {
        "PrivateIPAddressIsAllocated": (400,),
        "PrivateIPAddressNotInSubnet": (400,),
        "PrivateIPAddressInReservedRange": (400,),
        "SubnetIsFull": (400,),
        "IpConfigurationsOnSameNicCannotUseDifferentSubnets": (400,),
        "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary": (400,),
        "InvalidIPConfigCount": (400,),
        "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations": (400,),
        "PublicIPAddressInUse": (400,),
    },
    "2.6 rights": {"LinkedAuthorizationFailed": (403,)},
    "3.1 role definitions": {
        "RoleDefinitionDoesNotExist": (404, 400),
        "RoleDefinitionWithSameNameExists": (409,),
        "RoleDefinitionExists": (409,),
        "InvalidRoleDefinitionType": (400,),
        "RoleDefinitionNameNullOrEmpty": (400,),
        "MissingAssignableScopes": (400,),
        "LinkedInvalidPropertyId": (400,),
        "InvalidActionOrNotAction": (400,),
        "RoleDefinitionHasAssignments": (400,),
        "RoleDefinitionLimitExceeded": (400,),
        "AssignableScopeNotUnderSubscriptionScope": (400,),
    },
    "3.2 role assignments": {
        "RoleAssignmentExists": (409,),
        "PrincipalNotFound": (400,),
        "RoleAssignmentUpdateNotPermitted": (400,),
        "RoleAssignmentLimitExceeded": (400,),
    },
    "4.1 to 4.3 identity": {
        "AuthenticationFailed": (401,),
        "InvalidAuthenticationToken": (401,),
        "ExpiredAuthenticationToken": (401,),
        "InvalidAuthenticationTokenTenant": (401,),
        "InvalidAuthenticationTokenAudience": (401,),
        "insufficient_claims": (401,),
        "invalid_request": (400,),
    },
    "5 throttling": {
        "SubscriptionRequestsThrottled": (429,),
        "ResourceRequestsThrottled": (429,),
        "TooManyRequests": (429, DETAIL),
        "RetryableErrorDueToTooManyCalls": (DETAIL,),
        "RetryableErrorDueTooHighReadDataSize": (DETAIL,),
        "RetryableErrorDueToTooManyCallsToThisOperation": (DETAIL,),
        "RetryableErrorDueToBatchQueueTimeout": (DETAIL,),
        "RetryableErrorDueToRequestTimedOut": (DETAIL,),
        "TooManyRequestsReceived": (DETAIL,),
    },
}

OWN_TESTS: dict[tuple[str, int], tuple[str, str]] = {
    ("OperationNotAllowed", 409): ("test_compute.py", "test_that_a_vm_marked_for_deletion_allows_nothing_else"),
    ("OperationNotAllowed", DETAIL): ("test_compute.py", "test_that_a_nic_cannot_be_updated_while_its_vm_is_deleted"),
    ("Canceled", DETAIL): ("test_nic_put.py", "test_that_a_second_put_supersedes_the_first"),
    ("CanceledAndSupersededDueToAnotherOperation", DETAIL): (
        "test_nic_put.py",
        "test_that_a_second_put_supersedes_the_first",
    ),
    ("AuthenticationFailed", 401): ("test_gateway.py", "test_that_a_request_without_a_token_is_told_so"),
    ("InvalidAuthenticationToken", 401): ("test_gateway.py", "test_that_a_foreign_token_is_invalid"),
    ("ExpiredAuthenticationToken", 401): ("test_gateway.py", "test_that_an_expired_token_is_told_both_times"),
    ("InvalidAuthenticationTokenTenant", 401): (
        "test_entra.py",
        "test_that_a_token_of_another_tenant_is_refused_by_name",
    ),
    ("InvalidAuthenticationTokenAudience", 401): (
        "test_gateway.py",
        "test_that_both_arm_audiences_are_accepted_and_no_other",
    ),
    ("insufficient_claims", 401): (
        "test_entra.py",
        "test_that_only_tokens_for_clients_that_know_challenges_end_early",
    ),
    ("invalid_request", 400): ("test_identity.py", "test_that_a_vm_without_an_identity_is_told_so"),
    ("TooManyRequests", DETAIL): (
        "test_fault_rules.py",
        "test_that_the_four_kinds_of_429_are_told_apart_by_code_and_details",
    ),
    ("TooManyRequestsReceived", DETAIL): (
        "test_fault_rules.py",
        "test_that_a_compute_throttle_says_which_quota_is_used_up",
    ),
}

NEVER_SAID = {
    "PrivateIPAddressInUse": "2.5: the code of 2016; the lab says today's",
    "LinkedAccessCheckFailed": "2.6: of VPN gateways, a type that the lab does not serve",
}


def answered() -> dict[str, set[int]]:
    """The codes of the tables with the statuses they are asked to have."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in REFUSED:
        found[row.code].add(row.status)
    for _, status_of, code in ((row[0], row[2], row[3]) for row in (*ROLE_ERRORS, *ASSIGNMENT_ERRORS)):
        found[code].add(status_of)
    for _, code, _ in DETAILS:
        found[code].add(DETAIL)
    return found


@pytest.mark.parametrize("title", CODES)
def test_that_the_document_names_every_code_in_its_section(title: str) -> None:
    match = re.match(r"(?P<first>\d(?:\.\d)?)(?: to (?P<last>\d\.\d))?", title)
    assert match is not None
    first, last = match["first"], match["last"] or match["first"]
    texts = [text for number, text in sections("azure").items() if first <= number <= last]
    assert texts
    named = set(re.findall(r"\w+", "".join(texts)))
    assert set(CODES[title]) - named == set()


@pytest.mark.parametrize(
    ("code", "status"),
    [(code, status) for codes in CODES.values() for code, statuses in codes.items() for status in statuses],
)
def test_that_every_code_of_the_reference_has_its_row_or_its_own_test(code: str, status: int) -> None:
    if status in answered()[code]:
        return
    file, name = OWN_TESTS[code, status]
    tree = ast.parse(next(Path(__file__).parent.rglob(file)).read_text("utf-8"))
    (function,) = [item for item in tree.body if isinstance(item, ast.FunctionDef) and item.name == name]
    texts = (item.value for item in ast.walk(function) if isinstance(item, ast.Constant))
    named = any(re.search(rf"\b{code}\b", text) for text in texts if isinstance(text, str))
    assert named, f"{name} does not name {code}"


def test_that_no_own_test_is_listed_for_what_a_table_has() -> None:
    assert [pair for pair in OWN_TESTS if pair[1] in answered()[pair[0]]] == []


def test_that_what_the_lab_never_says_is_nowhere_in_it() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(lab.__file__).parent.rglob("*.py"))
    assert [code for code in NEVER_SAID if code in source] == []


def test_that_the_type_with_a_later_check_is_not_served(bench: Bench) -> None:
    gateway = f"{bench.group}/providers/Microsoft.Network/virtualNetworkGateways/gw"
    assert error_of(bench.call("PUT", gateway, {}))[:2] == (501, "LabDoesNotServe")
