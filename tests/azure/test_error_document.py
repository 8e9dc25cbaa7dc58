"""What Azure Resource Manager says, in its own forms: rights, denials, policies, holders, second factors."""

from __future__ import annotations

import base64
import json

import pytest

from tests.azure.test_arm import fails
from tests.azure.test_error_translation import struck
from tests.rig import rig
from tgwizard.azure.error_document import ArmError, thing_words
from tgwizard.azure.error_table import row_for
from tgwizard.azure.error_translation import Operation, from_document
from tgwizard.azure.redaction import is_claims_challenge, redacted
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty, MissingRight
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.model.cluster import ResourceId
from tgwizard.model.problem import Fixer, Problem

GROUP = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-tg-prod"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
NIC = f"{NETWORK}/networkInterfaces/tg-node-b-inside"
SUBNET = f"{NETWORK}/virtualNetworks/vnet-tg/subnets/snet-inside"
NSG = f"{NETWORK}/networkSecurityGroups/nsg-tg-inside"
WRITE = "Microsoft.Network/networkInterfaces/write"
JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"
JOIN_NSG = "Microsoft.Network/networkSecurityGroups/join/action"
JOIN_ASG = "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
MAY = f"The client 'op@lab.example' with object id 'x' has permission to perform action '{WRITE}' on scope '{NIC}'; "


def told(code: str, message: str, **more: object) -> Problem:
    error = ArmError.parse({"error": {"code": code, "message": message, **more}})
    return from_document(Operation("change", "tg-node-b-inside", writes=True), 403, error, "req-1")


def refused(message: str) -> tuple[MissingRight, ...]:
    return ArmError("LinkedAuthorizationFailed", message).refused


# --- rights and denials ---


LACKS = "however, it does not have permission to perform"
INVALID = "or the linked scope(s) are invalid"
STACK = f"Deny assignment '1a2b' created by Deployment Stack '{GROUP}/stack'"
BLOCKED = f"{MAY}{LACKS} action '{JOIN_NSG}' on the '0' linked scope(s) '' {INVALID} and is blocked by deny assignments"
TWO = f"{MAY}{LACKS} action(s) '{JOIN_SUBNET},{JOIN_NSG}' on the linked scope(s) '{SUBNET},{NSG}' (respectively)."
FORMS = {
    f"{BLOCKED} on the '1' linked scope(s) '{NSG}'.": [MissingRight(JOIN_NSG, NSG, denied=True)],
    BLOCKED.replace("'0' linked scope(s) ''", f"'1' linked scope(s) '{SUBNET}'")
    + f" on the '1' linked scope(s) '{NSG}'.": [
        MissingRight(JOIN_NSG, SUBNET),
        MissingRight(JOIN_NSG, NSG, denied=True),
    ],
    TWO: [MissingRight(JOIN_SUBNET, SUBNET), MissingRight(JOIN_NSG, NSG)],
    TWO.replace(f"{JOIN_SUBNET},{JOIN_NSG}", f"{JOIN_NSG}, {JOIN_SUBNET}")
    .replace(f"{SUBNET},{NSG}", f"{NSG}, {SUBNET}")
    .replace("however", "HOWEVER"): [MissingRight(JOIN_NSG, NSG), MissingRight(JOIN_SUBNET, SUBNET)],
    f"{MAY}{LACKS} action '{JOIN_SUBNET}' on the linked scope(s) '{SUBNET},{SUBNET}2' {INVALID}.": [
        MissingRight(JOIN_SUBNET, SUBNET),
        MissingRight(JOIN_SUBNET, f"{SUBNET}2"),
    ],
    f"{MAY}{LACKS} action(s) '{JOIN_NSG},{JOIN_SUBNET}' on the linked scope(s) '{SUBNET},{NSG},{SUBNET}2' {INVALID}.": [
        MissingRight(JOIN_NSG, NSG),
        MissingRight(JOIN_SUBNET, SUBNET),
        MissingRight(JOIN_SUBNET, f"{SUBNET}2"),
    ],
    f"{MAY}{LACKS} action(s) '{JOIN_SUBNET},{JOIN_NSG}' on the linked scope(s) '{NSG}' {INVALID}.": [
        MissingRight(JOIN_NSG, NSG),
        MissingRight(JOIN_SUBNET, ""),
    ],
    f"{MAY}{LACKS} action(s) '{JOIN_SUBNET},{JOIN_NSG}' on the linked scope(s) '{GROUP}' {INVALID}.": [
        MissingRight(JOIN_SUBNET, GROUP),
        MissingRight(JOIN_NSG, GROUP),
    ],
    f"{MAY}{LACKS} actions '{JOIN_ASG},{JOIN_SUBNET},{JOIN_NSG}' on the linked scopes '{NSG},{SUBNET}'.": [
        MissingRight(JOIN_SUBNET, SUBNET),
        MissingRight(JOIN_NSG, NSG),
        MissingRight(JOIN_ASG, ""),
    ],
    f"{MAY}{LACKS} action '{JOIN_NSG}' on the '0' linked scope(s) '' {INVALID}.": [MissingRight(JOIN_NSG, "")],
    f"{BLOCKED}.": [MissingRight(JOIN_NSG, "", denied=True)],
    f'The client "x" does not have authorization to perform action "{WRITE}" over scope "{NIC}" or the scope is '
    "invalid. If access was recently granted, please refresh your credentials.": [MissingRight(WRITE, NIC)],
    f"{MAY}however, the access is denied because of the deny assignment with name '{STACK}' and Id '0f' at scope "
    f"'{GROUP}'.": [MissingRight(WRITE, NIC, denied=True, by=STACK, by_scope=GROUP)],
    f"{MAY}however, the access is denied because of the deny assignment with name 'guard'.": [
        MissingRight(WRITE, NIC, denied=True, by="guard")
    ],
    f"{MAY}however, the current tenant 'a' is not authorized to access linked subscription 'b'.": [],
    f"Der Client 'x' ist nicht berechtigt, die Aktion '{WRITE}' im Bereich '{NIC}' auszuführen.": [],
    f"{MAY}nothing else.": [],
    "": [],
}


@pytest.mark.parametrize(("message", "found"), FORMS.items(), ids=range(len(FORMS)))
def test_that_what_a_refusal_names_is_read_after_what_it_allows(message: str, found: list[MissingRight]) -> None:
    assert list(refused(message)) == found


def test_that_a_denial_is_told_as_one_that_no_role_cures() -> None:
    problem = told("LinkedAuthorizationFailed", f"{BLOCKED} on the '1' linked scope(s) '{NSG}'.")
    assert problem.code == "denied"
    assert problem.why == f"A deny assignment forbids {JOIN_NSG} on nsg-tg-inside, whatever role you have."
    assert WRITE not in problem.why
    assert problem.right == "Microsoft.Authorization/denyAssignments/delete"


def test_that_each_of_several_rights_is_told_with_its_own_scope() -> None:
    problem = told("linkedauthorizationfailed", TWO)
    assert problem.why == f"Your role lacks {JOIN_SUBNET} on snet-inside and {JOIN_NSG} on nsg-tg-inside."


def test_that_an_action_whose_scope_azure_leaves_out_is_given_no_other_ones() -> None:
    message = f"{MAY}{LACKS} action(s) '{JOIN_SUBNET},{JOIN_NSG}' on the linked scope(s) '{NSG}'."
    problem = told("LinkedAuthorizationFailed", message)
    nowhere = "a scope that Azure does not name"
    assert problem.why == f"Your role lacks {JOIN_NSG} on nsg-tg-inside and {JOIN_SUBNET} on {nowhere}."


ASSIGN = "Microsoft.Authorization/roleAssignments/write"
LIMITED = (
    f"The client 'op@lab.example' with object id 'x' has an authorization with ABAC condition that is not fulfilled to "
    f"perform action '{ASSIGN}' over scope '{GROUP}/providers/Microsoft.Authorization/roleAssignments/1a2b' or the "
    "scope is invalid. If access was recently granted, please refresh your credentials."
)


@pytest.mark.parametrize("code", ["AuthorizationFailed", "LinkedAuthorizationFailed"])
def test_that_a_right_limited_by_a_condition_is_not_told_as_missing(code: str) -> None:
    problem = told(code, LIMITED)
    assert problem.code == "right-has-condition"
    assert problem.why.startswith(f"Your role assignment has a condition that does not let you do {ASSIGN} on 1a2b.")
    assert "added to your role" not in problem.sentence()
    assert (problem.who, problem.right) == (Fixer.ADMIN, ASSIGN)
    assert ArmError(code, LIMITED).refused == ()


LOCK = f"The scope '{NIC}' cannot perform write operation because following scope(s) are locked:"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            f"{LOCK} '{GROUP}'. Please remove the lock and try again.",
            "A lock on resource group rg-tg-prod forbids changes here.",
        ),
        (
            f"{LOCK} '{GROUP},{NIC}'. Please remove the lock and try again.".replace("write", "delete", 1),
            "Locks on resource group rg-tg-prod and tg-node-b-inside forbid deletions here.",
        ),
        (LOCK.replace("following scope(s) are locked:", "the following scope is locked."), "A lock forbids it."),
        (LOCK.rstrip(":") + ".", "A lock forbids changes here."),
        ("Azure's own words.", "A lock forbids it."),
    ],
)
def test_that_a_lock_is_told_with_where_it_is_and_what_it_forbids(message: str, words: str) -> None:
    problem = told("ScopeLocked", message)
    assert problem.why == f"{words} No role helps against a lock."
    assert problem.right == "Microsoft.Authorization/locks/delete"


def test_that_a_refusal_of_another_form_is_shown_and_not_guessed() -> None:
    words = f"Der Client ist nicht berechtigt, die Aktion '{WRITE}' im Bereich '{NIC}' auszuführen."
    problem = told("AuthorizationFailed", words)
    assert problem.code == "not-allowed"
    assert problem.why == f"A right is missing. Azure says: {words}"
    assert "Your role lacks" not in problem.why


def test_that_a_long_detail_keeps_its_end() -> None:
    problem = told("LinkedAuthorizationFailed", f"{MAY}{'x' * 5000} on the linked scope(s) '{NSG}'.")
    assert problem.detail.startswith("LinkedAuthorizationFailed · status 403 · request req-1")
    assert problem.detail.endswith(f"'{NSG}'.")


def test_that_a_write_refused_for_two_joins_names_both() -> None:
    it = rig()
    body = json.dumps({"error": {"code": "LinkedAuthorizationFailed", "message": TWO}})
    failure = struck(it, FaultAnswer(403, body))
    assert failure.refused == (MissingRight(JOIN_SUBNET, SUBNET), MissingRight(JOIN_NSG, NSG))
    assert failure.missing == MissingRight(JOIN_SUBNET, SUBNET)
    assert failure.request_id
    assert failure.request_id in failure.problem.detail


# --- documents ---


@pytest.mark.parametrize(
    "document",
    [
        {"error": {"code": "A", "message": "words", "details": [{"code": "B", "message": "more words"}]}},
        {"Error": {"Code": "A", "Message": "words", "Details": [{"Code": "B", "Message": "more words"}]}},
        {"code": "A", "message": "words", "innererror": {"code": "B", "message": "more words"}},
        {"error": {"code": "A", "message": json.dumps({"error": {"code": "B", "message": "more words"}})}},
    ],
)
def test_that_codes_are_found_in_any_of_the_forms_of_providers(document: object) -> None:
    error = ArmError.parse(document)
    assert error.codes == ("B", "A")
    assert error.said == "more words"


@pytest.mark.parametrize(
    "document", [None, [], "x", 3, {}, {"error": "x"}, {"error": {"details": 5}}, {"a": {"b": []}}]
)
def test_that_what_is_no_document_of_an_error_says_nothing(document: object) -> None:
    assert ArmError.parse(document).empty


def test_that_a_hostile_document_is_read_to_a_bound() -> None:
    deep: dict[str, object] = {"code": "X", "message": "end"}
    for _ in range(100):
        deep = {"code": "X", "message": "m", "details": [deep] * 3}
    assert len(tuple(ArmError.parse({"error": deep}).walk())) < 10_000


# --- policies ---

MFA = (
    "Resource 'tg-node-b-inside' was disallowed by policy. Reasons: 'MFA is required. Users must authenticate with "
    "multi-factor authentication to create or update resources.'. See error details for policy resource IDs."
)


@pytest.mark.parametrize(
    "message",
    [
        MFA,
        "Resource 'x' was disallowed by policy. Reasons: 'To resolve this error, set up MFA at aka.ms/setupMFA.'.",
        "Resource 'x' was disallowed by policy. Reasons: 'Users must authenticate with Multi-Factor Authentication'",
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_that_a_policy_that_wants_a_second_factor_is_told_as_one(status: int, message: str) -> None:
    body = json.dumps({"error": {"code": "RequestDisallowedByPolicy", "message": message}})
    failure = struck(rig(), FaultAnswer(status, body))
    assert (failure.problem.code, failure.cause) == ("second-factor", Cause.SIGN_IN)
    assert failure.problem.who is Fixer.YOU
    assert "exemption" not in failure.problem.sentence()
    assert "az logout, then az login --tenant" in failure.problem.fix


def test_that_a_policy_is_named_with_its_reason() -> None:
    assignment = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/no-public-ip"
    message = "Resource 'x' was disallowed by policy. Reasons: 'No public addresses here.'. See error details for IDs."
    for info in (
        {"policyAssignmentDisplayName": "No public IPs", "policyAssignmentId": assignment},
        {"PolicyAssignmentDisplayName": "No public IPs", "PolicyAssignmentId": assignment},
    ):
        problem = told("RequestDisallowedByPolicy", message, additionalInfo=[{"type": "PolicyViolation", "info": info}])
        assert problem.code == "policy"
        assert f"No public IPs ({assignment})" in problem.why
        assert "No public addresses here." in problem.why
        assert assignment in problem.detail


def test_that_a_policy_is_named_by_the_sentence_of_older_answers_too() -> None:
    identifiers = (
        '[{"policyAssignment":{"name":"No public IPs","id":"/subscriptions/s/x"},"policyDefinition":{"name":"d"}}]'
    )
    problem = told(
        "RequestDisallowedByPolicy", f"Resource 'x' was disallowed by policy. Policy identifiers: '{identifiers}'."
    )
    assert "No public IPs (/subscriptions/s/x)" in problem.why
    broken = told("RequestDisallowedByPolicy", "Resource 'x' was disallowed by policy. Policy identifiers: '[{'.")
    assert broken.code == "policy"


def test_that_a_region_that_azure_restricts_is_no_policy_of_the_organisation() -> None:
    words = "Resource 'x' was disallowed by Azure: This policy maintains a set of best available regions"
    problem = told("RequestDisallowedByAzure", words)
    assert problem.code == "region-restricted"
    assert problem.fix.startswith("Rights and exemptions do not help.")
    assert words in problem.why

    closed = told(
        "RequestDisallowedByAzure", "Resource 'x' was disallowed by Azure: The selected region is not accepting."
    )
    assert closed.code == "region-restricted"


def test_that_what_azure_itself_forbids_is_told_by_what_it_says() -> None:
    words = "Resource 'x' was disallowed by Azure: Accounts under review cannot change it."
    problem = told("RequestDisallowedByAzure", words)
    assert problem.code == "azure-restricted"
    assert "region" not in problem.sentence()
    assert words.rstrip(".") in problem.why
    factor = told(
        "RequestDisallowedByAzure", "Resource 'x' was disallowed by Azure: Multi-factor authentication is needed."
    )
    assert factor.code == "second-factor"


@pytest.mark.parametrize("code", ["RequestDisallowedByAzure", "AccessDeniedByNewRule"])
@pytest.mark.parametrize("status", [401, 403])
def test_that_a_second_factor_is_told_as_one_whatever_the_code(code: str, status: int) -> None:
    message = "Users must authenticate with multi-factor authentication. Set it up at aka.ms/setupMFA."
    failure = struck(rig(), FaultAnswer(status, json.dumps({"error": {"code": code, "message": message}})))
    assert (failure.problem.code, failure.cause) == ("second-factor", Cause.SIGN_IN)
    assert "az logout, then az login --tenant" in failure.problem.fix


# --- holders and scopes ---


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        ("networkInterfaces/nic-x/ipConfigurations/ipc", "networkInterfaces/nic-x", "nic-x"),
        (
            "loadBalancers/lb-web/frontendIPConfigurations/fe",
            "loadBalancers/lb-web",
            "load balancer lb-web (frontend fe)",
        ),
        (
            "applicationGateways/agw/frontendIPConfigurations/fe",
            "applicationGateways/agw",
            "application gateway agw (frontend fe)",
        ),
        ("privateEndpoints/pe", "privateEndpoints/pe", "private endpoint pe"),
        ("bastionHosts/b/bastionHostIpConfigurations/i", "bastionHosts/b", "bastion b (bastionHostIpConfigurations i)"),
        (
            "virtualNetworkGateways/gw/ipConfigurations/default",
            "virtualNetworkGateways/gw",
            "virtual network gateway gw (configuration default)",
        ),
        ("newThings/n/parts/p", "newThings/n", "Microsoft.Network/newThings n (parts p)"),
    ],
)
def test_that_the_parent_of_a_frontend_is_named(part: str, whole: str, words: str) -> None:
    found = ResourceId(f"{NETWORK}/{part}")
    assert (found.whole.text, thing_words(found)) == (f"{NETWORK}/{whole}", words)
    message = (
        f"IP configuration x is using the private IP address 10.0.0.9 which is already allocated to resource {found}."
    )
    body = json.dumps({"error": {"code": "PrivateIPAddressIsAllocated", "message": message, "details": []}})
    failure = struck(rig(), FaultAnswer(400, body))
    assert failure.allocated_to == ResourceId(f"{NETWORK}/{whole}")
    assert failure.problem.why == f"The address is still allocated to {words}."


@pytest.mark.parametrize("path", ["properties.assignableScopes[1]", "assignableScopes[0]"])
def test_that_an_assignable_scope_that_azure_refuses_is_named(path: str) -> None:
    gone = f"{GROUP}-gone"
    words = f"Property id '{gone}' at path '{path}' is invalid. Expect fully qualified resource Id that start with"
    problem = told("LinkedInvalidPropertyId", f"{words} '/subscriptions/{{subscriptionId}}'.")
    assert problem.code == "scope-not-understood"
    assert gone in problem.why
    assert "assignable scope" in problem.why


# --- second factors ---

ACRS = base64.b64encode(json.dumps({"access_token": {"acrs": {"essential": True, "values": ["p1"]}}}).encode()).decode()
NBF = base64.urlsafe_b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}').decode().rstrip("=")


def challenged(
    claims: str, code: str = "InvalidAuthenticationToken", message: str = "Claims are missing."
) -> AzureCallError:
    said = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common", error="insufficient_claims"'
    headers = (("Content-Type", "application/json"), ("WWW-Authenticate", f'{said}, claims="{claims}"'))
    it = rig()
    body = json.dumps({"error": {"code": code, "message": message}})
    it.lab.faults.add(Fault("PUT", "tg-node-a-inside", FaultAnswer(401, body, headers), times=None))
    read = it.services.azure.network.read_nic(it.a.nic)
    failure = fails(lambda: it.services.azure.network.write_nic(it.a.nic, read, if_match=read.etag, request_id="r"))
    assert it.setup.tenant in failure.problem.fix
    return failure


def test_that_a_second_factor_on_writes_comes_with_its_whole_command() -> None:
    failure = challenged(ACRS)
    assert (failure.cause, failure.certainty, failure.status) == (Cause.SIGN_IN, Certainty.REFUSED, 401)
    assert failure.problem.code == "second-factor"
    assert "second factor" in failure.problem.why
    assert f'--claims-challenge "{ACRS}"' in failure.problem.fix
    assert f'--sign-in browser or device-code: repeat it with --claims-challenge "{ACRS}"' in failure.problem.fix
    assert "az login --tenant " in failure.problem.fix
    assert "Claims are missing." in failure.problem.detail


def test_that_a_policy_refusal_with_a_challenge_is_a_second_factor_too() -> None:
    failure = challenged(ACRS, "RequestDisallowedByPolicy", MFA)
    assert failure.problem.code == "second-factor"
    assert ACRS in failure.problem.fix


def test_that_a_withdrawn_sign_in_is_told_from_a_second_factor() -> None:
    failure = challenged(NBF)
    assert failure.problem.code == "sign-in-revoked"
    assert NBF in failure.problem.fix.replace("=", "")


@pytest.mark.parametrize(
    "claims", ["not base64 !", "e30=", "$(touch x)", "eyJh", base64.b64encode(b'{"a":1}').decode()]
)
def test_that_a_challenge_that_cannot_be_read_goes_into_no_command(claims: str) -> None:
    failure = challenged(claims)
    assert failure.problem.code == "second-factor"
    assert claims not in failure.problem.fix
    assert "az logout, then az login --tenant" in failure.problem.fix


# --- secrets ---

JWT = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


def test_that_a_challenge_is_no_token_and_a_token_is_no_challenge() -> None:
    assert redacted(f"az login --claims-challenge {ACRS} now") == f"az login --claims-challenge {ACRS} now"
    hidden = base64.b64encode(json.dumps({"access_token": {"x": {"value": JWT}}}).encode()).decode()
    for secret in (
        JWT,
        JWT.split(".", maxsplit=1)[0],
        f"{JWT}.a.b",
        hidden,
        base64.b64encode(b'{"alg":"RS256"}').decode(),
    ):
        assert not is_claims_challenge(secret)
        assert redacted(f"it was {secret} then") == "it was REDACTED then"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRETvalue123456",
        "client_secret=SECRETvalue123456&x=1",
        '{"accessToken": "SECRETvalue123456", "x": 1}',
        "https://x/?code=SECRETvalue123456&state=SECRETvalue123456",
        "http://someone:SECRETvalue123456@proxy.corp:3128/",
        "http://someone:SECRETva#lue123456@proxy.corp:3128/",
        "0.AXoASECRETvalue123456SECRETvalue123456",
        "abc8Q~SECRETvalue123456SECRETvalue123456",
    ],
)
def test_that_what_looks_like_a_secret_is_not_shown(text: str) -> None:
    assert "SECRET" not in redacted(text, environment={})


def test_that_no_piece_of_what_the_process_was_given_is_shown() -> None:
    environment = {
        "HTTPS_PROXY": "http://alice:Sup#erSecret%21x@proxy:3128",
        "AZURE_CLIENT_SECRET": "zYxWvUtSrQp987",
    }
    shown = redacted("host 'Sup#er' then erSecret!x and WvUtSrQ in words", environment=environment)
    for secret in ("Sup#erSecret!x", "zYxWvUtSrQp987"):
        for at in range(len(secret) - 5):
            assert secret[at : at + 6] not in shown
    assert shown.endswith("in words")


def test_that_codes_states_and_plain_words_stay() -> None:
    text = "Code: RequestDisallowedByPolicy, state: Failed, secret: no, Bearer authorization_uri=x"
    assert redacted(text) == text


def test_that_the_rows_of_one_code_are_told_apart_by_its_words() -> None:
    linked = "LinkedAuthorizationFailed"
    assert row_for(403, (linked,), "is blocked by deny assignments on").problem == "denied"
    assert row_for(403, (linked,), "not have permission to perform").problem == "not-allowed"
