"""The table of Azure's codes: cause, fix and who can do it, row by row; every code that was ever seen has one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.logs import ExpectLog
from tgwizard import lab
from tgwizard.azure.error_document import ArmError
from tgwizard.azure.error_file import shipped, usable
from tgwizard.azure.error_table import FIELDS, FILE, ErrorRow, ErrorTable, error_table, row_for
from tgwizard.azure.error_translation import Operation, from_document
from tgwizard.engine.azure_call_error import Cause
from tgwizard.engine.files.toml_reader import TomlFault
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

TABLE = tuple((code, row) for row in error_table().rows for code in row.codes)
BY_CODE = error_table().by_code
ROWS = pytest.mark.parametrize(
    ("code", "row"), TABLE, ids=[f"{code} {BY_CODE[code.lower()].index(row)}" for code, row in TABLE]
)

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
def test_that_a_row_names_cause_cure_and_who_can_fix_it(code: str, row: ErrorRow) -> None:
    told = from_document(Operation("change", "tg-node-a-inside"), 400, ArmError(code, words_for(row)))
    assert told.code == row.problem
    assert told.what
    assert told.why
    assert told.fix
    assert told.who is row.who
    assert told.fixer
    assert (told.right != "") == (row.who is Fixer.ADMIN)
    assert code in told.detail


@ROWS
def test_that_codes_are_compared_without_case(code: str, row: ErrorRow) -> None:
    words = words_for(row)
    assert row_for(400, (code.upper(),), words.upper()) is row_for(400, (code.lower(),), words) is row


@ROWS
def test_that_what_passes_by_itself_is_left_to_azure_and_what_needs_a_right_to_an_administrator(
    code: str, row: ErrorRow
) -> None:
    if row.cause in (Cause.NOT_ALLOWED, Cause.LOCKED) and not code.startswith("Lab"):
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


# --- the file ---

ENTRY = '[[error]]\ncodes = ["A"]\nproblem = "a"\nwhy = "It is."\nfix = "Do."\n'
FAMILY = '[[error]]\nproblem = "a"\nfix = "Do."\n[error.why]\nA = "One."\nB = "Two {said}."\n'


def test_that_codes_that_differ_in_their_reason_alone_share_an_entry() -> None:
    read = ErrorTable.parse(FAMILY)
    assert [(row.codes, row.why, row.fix) for row in read.rows] == [
        (("A",), "One.", "Do."),
        (("B",), "Two {said}.", "Do."),
    ]
    assert (read.rows[0].cause, read.rows[0].who) == (Cause.OTHER, Fixer.YOU)


def test_that_an_entry_may_name_sentences_and_fields() -> None:
    text = '[sentences]\nagain = "Once more."\n' + ENTRY.replace('"Do."', '"{again} {sign_in} {said}"')
    assert ErrorTable.parse(text).rows[0].fix == "Once more. Sign in again. With the Azure CLI: az login. {said}"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[[error]\n", 1, "Expected"),
        (ENTRY + 'wy = "It is."\n', 6, "error[1].wy is not known"),
        (ENTRY + ENTRY.replace("A", "B").replace("why", "# why"), 6, "error[2] has no why"),
        (ENTRY.replace("problem", "# problem"), 1, "error[1] has no problem"),
        (ENTRY.replace("codes", "# codes"), 1, "error[1] has no codes"),
        (ENTRY.replace("fix", "# fix"), 1, "error[1] has no fix"),
        (ENTRY + ENTRY, 6, "error[2] is never reached for a"),
        (ENTRY.replace('"A"', '"A", "a"'), 1, "error[1] is never reached for a"),
        (ENTRY + FAMILY, 6, "error[2] is never reached for a"),
        (ENTRY + 'said = "x"\n', 1, "error[1] is the last one for a"),
        (ENTRY + 'said = "("\n', 6, "error[1].said is no pattern"),
        (ENTRY + 'cause = "busyy"\n', 6, "error[1].cause has to be one of etag_moved,"),
        (ENTRY + "who = 3\n", 6, "error[1].who has to be one of you,"),
        (ENTRY + 'who = "admin"\n', 1, "error[1] has to name a right for an administrator"),
        (ENTRY + 'right = "x/write"\n', 1, "error[1] has to name a right for an administrator"),
        (ENTRY + 'who = "admin"\nright = "{said}"\n', 7, "error[1].right names {said}, which is not known"),
        (ENTRY + 'statuses = ["401"]\n', 6, "error[1].statuses has to be a list of numbers"),
        (ENTRY.replace('["A"]', '"A"'), 2, "error[1].codes has to be a list of texts"),
        (ENTRY.replace('["A"]', "[]"), 2, "error[1].codes has to be a list of texts"),
        (ENTRY.replace('"It is."', '" "'), 4, "error[1].why has to be a text"),
        (ENTRY.replace('"It is."', "3"), 4, "error[1].why has to be a text"),
        (ENTRY.replace("It is.", "{sayd}"), 4, "error[1].why names {sayd}, which is not known"),
        (ENTRY.replace("It is.", "{said!r}"), 4, "error[1].why has braces that name nothing"),
        (ENTRY.replace("It is.", "{said.code}"), 4, "error[1].why has braces that name nothing"),
        (ENTRY.replace("It is.", "{"), 4, "error[1].why has braces that name nothing"),
        (ENTRY.replace("It is.", "{}"), 4, "error[1].why has braces that name nothing"),
        (FAMILY.replace("[[error]]", '[[error]]\ncodes = ["C"]'), 5, "error[1].why has to be one text, or a section"),
        (FAMILY.replace('"One."', "1"), 4, "error[1].why has to be a text"),
        ("[error]\n" + ENTRY.partition("\n")[2], 1, "error has to be written [[error]]"),
        ("[more]\nx = 1\n" + ENTRY, 1, "more is not known"),
        ('[sentences]\nx = "X."\n' + ENTRY, 2, "sentences.x is used by no entry"),
        ('[sentences]\nsaid = "X."\n' + ENTRY, 2, "sentences.said is a name that has a meaning already"),
        ('[sentences]\nx = "{said}"\n' + ENTRY, 2, "sentences.x has to be a text without braces"),
        ("sentences = 1\n" + ENTRY, 1, "sentences has to be a section"),
    ],
)
def test_that_a_malformed_entry_is_named_with_its_line_and_key(text: str, line: int, words: str) -> None:
    with pytest.raises(TomlFault) as fault:
        ErrorTable.parse(text)
    assert words in fault.value.why
    assert fault.value.line == line


def test_that_every_field_is_named_by_an_entry() -> None:
    sentences = [sentence for _, row in TABLE for sentence in (row.what, row.why, row.fix)]
    assert {field for field in FIELDS if any(f"{{{field}}}" in sentence for sentence in sentences)} == FIELDS


def test_that_the_file_is_read_at_the_first_error_and_not_before() -> None:
    program = (
        "import sys; import tgwizard.azure.arm_ports, tgwizard.azure.error_table as table; from tgwizard.azure import "
        "sign_in_errors; print(table.error_table.cache_info().currsize, sign_in_errors.sign_in_errors.cache_info()"
        ".currsize); table.row_for(400, ()); print(table.error_table.cache_info().currsize)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["0", "0", "1"]
    assert error_table() is error_table()


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.SIGN_IN),
        (403, Cause.NOT_ALLOWED),
        (404, Cause.NOT_FOUND),
        (412, Cause.ETAG_MOVED),
        (429, Cause.THROTTLED),
        (400, Cause.OTHER),
        (500, Cause.OTHER),
        (None, Cause.OTHER),
    ],
)
def test_that_the_status_decides_when_the_file_cannot_be_used(status: int | None, cause: Cause) -> None:
    row = ErrorTable().row_for(status, ("ScopeLocked",), "Words.")
    assert row.cause is cause
    assert row.why


def test_that_a_file_that_cannot_be_used_is_logged_and_no_error_of_its_own(expect_log: ExpectLog) -> None:
    expect_log(r"in general words: errors\.toml, line 6: error\[1\]\.x is not known$")
    expect_log(r"in general words: lost\.toml: ")
    assert usable("errors.toml", lambda: ErrorTable.parse(ENTRY + "x = 1\n")) is None
    assert usable("lost.toml", lambda: shipped("lost.toml")) is None
    assert usable(FILE, error_table) is error_table()
