"""The table of Azure's codes: cause, fix and who can do it, row by row; every code that was ever seen has one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tgwizard import lab
from tgwizard.azure.error_document import ArmError
from tgwizard.azure.error_row import ErrorRow
from tgwizard.azure.error_table import BY_CODE, TABLE, row_for
from tgwizard.azure.error_translation import Operation, from_document
from tgwizard.engine.errors import Cause
from tgwizard.model.problem import Fixer

SEEN = [
    "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
    "AnotherOperationInProgress",
    "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations",
    "AssignableScopeNotUnderSubscriptionScope",
    "AuthenticationFailed",
    "AuthorizationFailed",
    "BadRequest",
    "Canceled",
    "CanceledAndSupersededDueToAnotherOperation",
    "ExpiredAuthenticationToken",
    "GatewayTimeout",
    "InternalServerError",
    "InvalidActionOrNotAction",
    "InvalidAuthenticationToken",
    "InvalidAuthenticationTokenAudience",
    "InvalidAuthenticationTokenTenant",
    "InvalidIPConfigCount",
    "InvalidResourceType",
    "InvalidRoleDefinitionType",
    "IpConfigDeleteNotSupported",
    "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
    "LinkedAccessCheckFailed",
    "LinkedAuthorizationFailed",
    "LinkedInvalidPropertyId",
    "MissingAssignableScopes",
    "MissingSubscriptionRegistration",
    "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
    "NicInUse",
    "NoRegisteredProviderFound",
    "NotFound",
    "OperationNotAllowed",
    "ParentResourceIsInFailedState",
    "ParentResourceNotFound",
    "PreconditionFailed",
    "PreconditionFailedEtagMismatch",
    "PrincipalNotFound",
    "PrivateIPAddressInReservedRange",
    "PrivateIPAddressInUse",
    "PrivateIPAddressIsAllocated",
    "PrivateIPAddressIsBeingCleanedUp",
    "PrivateIPAddressNotInAnySubnet",
    "PrivateIPAddressNotInSubnet",
    "PublicIPAddressInUse",
    "ReferencedResourceNotProvisioned",
    "ResourceGroupNotFound",
    "ResourceNotFound",
    "ResourceRequestsThrottled",
    "RetryableError",
    "RetryableErrorDueToAnotherOperation",
    "RetryableErrorDueToBatchQueueTimeout",
    "RetryableErrorDueToRequestTimedOut",
    "RetryableErrorDueToTooManyCalls",
    "RetryableErrorDueToTooManyCallsToThisOperation",
    "RetryableErrorDueTooHighReadDataSize",
    "RoleAssignmentExists",
    "RoleAssignmentLimitExceeded",
    "RoleAssignmentUpdateNotPermitted",
    "RoleDefinitionDoesNotExist",
    "RoleDefinitionExists",
    "RoleDefinitionHasAssignments",
    "RoleDefinitionLimitExceeded",
    "RoleDefinitionNameNullOrEmpty",
    "RoleDefinitionWithSameNameExists",
    "ScopeLocked",
    "ServerTimeout",
    "SubnetIsFull",
    "SubscriptionNotFound",
    "SubscriptionRequestsThrottled",
    "TooManyRequests",
]
"""The codes of ARM in azure/README.md 1 to 5, and a few that threads about other resources quote."""

ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.code} {TABLE.index(row)}")

SAMPLES = {
    "because of": "however, the access is denied because of the deny assignment with name 'guard'.",
    "deny assignment": "it is blocked by deny assignments on the '1' linked scope(s) '/subscriptions/x'",
    "authorized to access": "the current tenant 'a' is not authorized to access linked subscription 'b'.",
    "to perform": "The client 'x' does not have authorization to perform action 'a' over scope 'b'.",
    "MFA": "Reasons: 'MFA is required.'",
    "Failed state": "Resource is in Failed state and the last operation was x.",
    "condition that": "has an authorization with ABAC condition that is not fulfilled to perform action 'a'",
    "region": "Resource 'x' was disallowed by Azure: The selected region is currently not accepting new customers.",
    "assignableScopes": "Property id 'x' at path 'properties.assignableScopes[1]' is invalid.",
}


def words_for(row: ErrorRow) -> str:
    """A sentence that only this row of its code's rows is for."""
    found = [text for part, text in SAMPLES.items() if part in row.said.replace("\\b", "")]
    return found[0] if found else "Azure's own words."


@pytest.mark.parametrize("code", SEEN)
def test_that_every_code_of_the_references_has_a_row(code: str) -> None:
    assert code.lower() in BY_CODE


def emitted() -> set[str]:
    """The codes with which the lab refuses, from its source."""
    found = set()
    for path in Path(lab.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                strings = [arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
                if name in ("Refusal", "network_refusal"):
                    found |= {text for text in strings if isinstance(text, str) and text}
    return found


def test_that_every_code_of_the_lab_has_a_row() -> None:
    codes = emitted()
    assert len(codes) > 30
    assert {code for code in codes if code.lower() not in BY_CODE} == set()


def test_that_a_code_with_several_rows_has_a_last_one_for_all_other_words() -> None:
    for rows in BY_CODE.values():
        assert [row for row in rows if not row.said] == [rows[-1]]
        assert len({row.said for row in rows}) == len(rows)


def test_that_a_resource_or_policy_with_mfa_in_its_name_is_no_wish_for_a_second_factor() -> None:
    for words in ("Resource 'mfa-vm' was disallowed by policy.", "Resource 'x-mfa' was ...", "/policyAssignments/mfa"):
        assert row_for(403, ("RequestDisallowedByPolicy",), words).problem == "policy"


@ROWS
def test_that_a_row_names_cause_cure_and_who_can_fix_it(row: ErrorRow) -> None:
    told = from_document(Operation("change", "tg-node-a-inside"), 400, ArmError(row.code, words_for(row)))
    assert told.code == row.problem
    assert told.why
    assert told.fix
    assert told.who is row.who
    assert told.fixer
    assert (told.right != "") == (row.who is Fixer.ADMIN)
    assert row.code in told.detail


@ROWS
def test_that_codes_are_compared_without_case(row: ErrorRow) -> None:
    words = words_for(row)
    assert row_for(400, (row.code.upper(),), words.upper()) is row_for(400, (row.code.lower(),), words) is row


@ROWS
def test_that_what_passes_by_itself_is_left_to_azure_and_what_needs_a_right_to_an_administrator(row: ErrorRow) -> None:
    if row.cause in (Cause.NOT_ALLOWED, Cause.LOCKED) and not row.code.startswith("Lab"):
        by_azure = row.problem in ("region-restricted", "azure-restricted")
        assert row.who is (Fixer.AZURE if by_azure else Fixer.ADMIN)
    if row.cause is Cause.SIGN_IN:
        assert row.who is Fixer.YOU


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 412, 418, 429, 500, 502, 503, 504])
def test_that_a_code_nobody_has_seen_gets_an_honest_sentence_and_someone_to_turn_to(status: int) -> None:
    told = from_document(Operation("change", "tg-node-a-inside"), status, ArmError("NeverSeenBefore", "New words."))
    assert told.why
    assert told.who is not None
    assert "NeverSeenBefore" in told.detail
    assert "New words." in told.detail


def test_that_the_details_decide_what_one_general_code_lumps_together() -> None:
    assert row_for(429, ("RetryableErrorDueToAnotherOperation", "RetryableError")).cause is Cause.BUSY
    assert row_for(429, ("RetryableErrorDueToTooManyCalls", "TooManyRequests")).cause is Cause.THROTTLED
    assert row_for(429, ("TooManyRequests", "OperationNotAllowed")).cause is Cause.THROTTLED
    assert row_for(409, ("OperationNotAllowed",)).cause is Cause.OTHER
