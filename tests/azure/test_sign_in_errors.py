"""What keeps a sign-in from coming about, what it never tells, and the clouds that it goes to."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import partial

import pytest
import requests

from tests.azure.people import (
    EntraSays,
    clients_of,
    ignore,
    public_lab,
    signs_in_as_application,
    signs_in_by_code,
    wish,
)
from tests.azure.test_arm import fails
from tests.azure.test_secrets import debug_log  # noqa: F401 - a fixture
from tgwizard.azure.endpoint_metadata import cloud_at, described
from tgwizard.azure.redaction import redacted
from tgwizard.azure.sign_in.interactive import InteractiveSignIn
from tgwizard.azure.sign_in_errors import SignInErrorRow, SignInErrors, explain_sign_in_error, sign_in_errors
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files.toml_reader import TomlFault
from tgwizard.lab.fronts.in_process import LabAdapter
from tgwizard.model.cloud import CHINA, KNOWN, PUBLIC, US_GOVERNMENT, Cloud
from tgwizard.model.sign_in import SignInMethod, SignInPrompt

CODE = SignInMethod.DEVICE_CODE
REASONS = tuple(dict.fromkeys(sign_in_errors().entra.values()))
CREDENTIALS = sign_in_errors().credentials
CANARY = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


# --- why not ---


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.problem)
def test_that_each_refusal_of_entra_is_met_through_msal_with_its_sentence(reason: SignInErrorRow) -> None:
    for said in reason.said:
        if said in ("70016", "authorization_pending", "slow_down"):
            continue
        error, words = ("invalid_grant", f"AADSTS{said}: Words of Entra.") if said.isdigit() else (said, "Words.")
        it, sign_in, user = signs_in_by_code(adapter=partial(EntraSays, error=error, description=words))
        failure = fails(partial(sign_in.sign_in, wish(CODE), user.prompted, CancelToken()))
        assert (said, failure.problem.code) == (said, reason.problem)
        assert (failure.cause, failure.certainty) == (Cause.SIGN_IN, Certainty.NOT_SENT)
        assert "Words" in failure.problem.detail
        assert it.services.azure.directory.subscriptions()


@pytest.mark.parametrize("reason", [*REASONS, *CREDENTIALS], ids=lambda reason: "-".join(reason.said))
def test_that_each_reason_has_whole_calm_sentences(reason: SignInErrorRow) -> None:
    for sentence in (reason.why, reason.fix):
        assert sentence.endswith(".")
        assert "!" not in sentence
        assert "{" not in sentence


CREDENTIAL = '[[credential]]\nsaid = ["No token"]\nproblem = "a"\nwhy = "It is."\nfix = "Do."\n'
ENTRA = CREDENTIAL.replace("credential", "entra").replace("No token", "50020")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (ENTRA + ENTRA, 7, "entra[2].said names 50020, and an entry above it does already"),
        (CREDENTIAL + CREDENTIAL.replace("No", "Still no"), 7, "credential[2].said names Still no token, and an entry"),
        (ENTRA.replace('["50020"]', "[50020]"), 2, "entra[1].said has to be a list of texts"),
        (ENTRA.replace("Do.", "{said}"), 5, "entra[1].fix names {said}, which is not known"),
        (ENTRA.replace("why", "cause"), 4, "entra[1].cause is not known"),
        (ENTRA + "[other]\n", 6, "other is not known"),
    ],
)
def test_that_a_malformed_reason_is_named_with_its_line_and_key(text: str, line: int, words: str) -> None:
    with pytest.raises(TomlFault) as fault:
        SignInErrors.parse(text)
    assert words in fault.value.why
    assert fault.value.line == line


AZ_HABIT = "Interactive authentication is needed. Please run: az login"


@pytest.mark.parametrize("tail", ["", f"\n{AZ_HABIT}", "\nTrace ID: 1\nCorrelation ID: 2\nTimestamp: 3\n" + AZ_HABIT])
def test_that_an_unknown_number_is_shown_with_the_sentence_of_entra(tail: str) -> None:
    problem = explain_sign_in_error((f"ERROR: AADSTS123456789: Something new. And more of it.{tail}",))
    assert problem.code == "sign-in-refused"
    assert problem.why == "Entra refuses the sign-in with AADSTS123456789: Something new."
    assert "123456789" in problem.fix
    assert "And more of it." in problem.detail
    assert "Nobody is signed in" not in problem.sentence()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("530084", "token-protection"),
        ("530033", "device-code-not-allowed"),
        ("530036", "device-code-not-allowed"),
        ("530035", "security-defaults"),
        ("530032", "conditional-access"),
        ("53002", "application-not-approved"),
        ("53011", "account-at-risk"),
        ("50097", "computer-not-managed"),
        ("5000224", "directory-blocked"),
        ("5000225", "directory-blocked"),
        ("500571", "guest-disabled"),
        ("500212", "guests-not-let-out"),
        ("500213", "guests-not-let-in"),
        ("500021", "directory-not-allowed-here"),
        ("90038", "directory-of-another-cloud"),
        ("16000", "account-of-another-directory"),
        ("90033", "entra-busy"),
        ("80001", "own-directory-trouble"),
    ],
)
def test_that_a_number_decides_whatever_az_advises(number: str, code: str) -> None:
    words = f"AADSTS{number}: Words of Entra. Trace ID: x\nThe above error. {AZ_HABIT}"
    for text in (words, words.lower().replace("aadsts", "AADSTS"), f"first line\n{words}"):
        problem = explain_sign_in_error((text, "access_denied"))
        assert problem.code == code
        assert number in problem.detail


def test_that_the_whole_command_that_az_names_is_the_cure() -> None:
    claims = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlcyI6WyJwMSJdfX19"
    scope = "https://management.core.windows.net//.default"
    command = f'az login --tenant "contoso.com" --scope "{scope}" --claims-challenge "{claims}"'
    problem = explain_sign_in_error(
        (f"AADSTS50076: Due to a change you must use MFA. Please run:\naz logout\n{command}\n",)
    )
    assert problem.code == "second-factor"
    assert command in problem.fix
    for hostile in ("az login --tenant $(x)", "az login --tenant a;rm", "az login --tenant `x`"):
        assert hostile not in explain_sign_in_error((f"AADSTS50076: x. Run: {hostile}",)).fix


def test_that_what_says_nothing_known_is_shown() -> None:
    problem = explain_sign_in_error(("Some new trouble of az\nsecond line",))
    assert problem.code == "not-signed-in"
    assert "Some new trouble of az second line" in problem.why


def test_that_the_innermost_number_counts_and_words_only_without_one() -> None:
    assert (
        explain_sign_in_error(("Authentication failed: AADSTS50057: disabled", "invalid_grant")).code
        == "account-disabled"
    )
    assert explain_sign_in_error(("access_denied",)).code == "sign-in-declined"


def test_that_no_network_is_told_as_no_network() -> None:
    class Unplugged(EntraSays):
        def send(self, request: requests.PreparedRequest, *_arguments: object, **_options: object) -> requests.Response:
            from urllib3.connection import HTTPConnection
            from urllib3.exceptions import NewConnectionError

            refused = NewConnectionError(HTTPConnection("login.microsoftonline.com"), "Name or service not known")
            raise requests.ConnectionError(refused, request=request)

    _, sign_in, user = signs_in_by_code(adapter=lambda lab: Unplugged(lab, "", ""))
    failure = fails(lambda: sign_in.sign_in(wish(CODE), user.prompted, CancelToken()))
    assert failure.problem.code == "azure-not-reached"
    assert "network" in failure.problem.fix


@pytest.mark.parametrize(
    ("verify_code", "code"), [(10, "clock-wrong"), (9, "clock-wrong"), (20, "certificate-not-accepted")]
)
def test_that_a_certificate_that_is_not_accepted_is_told_apart_from_a_wrong_clock(verify_code: int, code: str) -> None:
    import ssl

    class Inspected(EntraSays):
        def send(self, request: requests.PreparedRequest, *_arguments: object, **_options: object) -> requests.Response:
            error = ssl.SSLCertVerificationError("certificate verify failed")
            error.verify_code = verify_code
            raise requests.exceptions.SSLError(error, request=request)

    _, sign_in, user = signs_in_by_code(adapter=lambda lab: Inspected(lab, "", ""))
    problem = fails(lambda: sign_in.sign_in(wish(CODE), user.prompted, CancelToken())).problem
    assert problem.code == code
    assert problem.why


@pytest.mark.parametrize("tenant", ["../x", "a b", "", "-x", "x/y", "x" * 300, "é.example", "x\r\ny"], ids=repr)
@pytest.mark.parametrize(
    "method", [CODE, SignInMethod.ENVIRONMENT, SignInMethod.AZURE_CLI], ids=lambda item: item.value
)
def test_that_what_is_no_name_of_a_directory_goes_into_no_address(tenant: str, method: SignInMethod) -> None:
    it, sign_in = public_lab()
    before = len(it.lab.requests)
    failure = fails(lambda: sign_in.sign_in(wish(method, tenant), ignore, CancelToken()))
    assert failure.problem.code == "directory-not-known"
    assert len(it.lab.requests) == before


@pytest.mark.parametrize("method", [SignInMethod.BROWSER, CODE], ids=lambda item: item.value)
def test_that_no_browser_is_sent_to_what_is_not_https(method: SignInMethod) -> None:
    class Sly(LabAdapter):
        """A cloud whose documents name addresses of another kind."""

        def send(self, request: requests.PreparedRequest, *arguments: object, **options: object) -> requests.Response:
            answer = super().send(request, *arguments, **options)  # type: ignore[arg-type]
            sly = re.sub(rb"https://[^\"]*/(authorize|devicelogin)", b"file:///etc/passwd", answer.content)
            answer._content = sly
            return answer

    opened: list[str] = []
    prompts: list[SignInPrompt] = []
    _, sign_in = public_lab(adapter=Sly, open_browser=lambda url: not opened.append(url))  # type: ignore[func-returns-value]
    failure = fails(lambda: sign_in.sign_in(wish(method), prompts.append, CancelToken()))
    assert failure.problem.code == "sign-in-not-https"
    assert (opened, prompts) == ([], [])


# --- secrets ---


def test_that_no_token_code_or_secret_is_logged_or_told(debug_log: object) -> None:  # noqa: F811
    it, sign_in, user = signs_in_by_code()
    caller = sign_in.sign_in(wish(CODE), user.prompted, CancelToken())
    source = clients_of(it).session.credential._source
    assert isinstance(source, InteractiveSignIn)
    cached = source._app.token_cache.serialize() if hasattr(source._app.token_cache, "serialize") else ""
    token = clients_of(it).session.credential.get_token().token
    (refresh,) = [item["secret"] for item in source._app.token_cache.search("RefreshToken")]
    said = debug_log.getvalue() + repr(sign_in) + repr(source) + repr(caller)  # type: ignore[attr-defined]
    for secret in (token, token.split(".")[2], refresh):
        assert secret not in said
    assert cached == ""


def test_that_a_canary_in_the_words_of_entra_does_not_reach_the_problem() -> None:
    words = f"AADSTS50057: disabled {CANARY} https://x/?code=SECRET1&state=SECRET2"
    _, sign_in, user = signs_in_by_code(adapter=lambda lab: EntraSays(lab, "invalid_grant", words))
    failure = fails(lambda: sign_in.sign_in(wish(CODE), user.prompted, CancelToken()))
    told = repr(failure.problem) + str(failure)
    assert CANARY not in told
    assert "SECRET" not in told
    assert "REDACTED" in failure.problem.detail
    assert redacted("plain") == "plain"


def test_that_the_secrets_of_the_environment_are_nowhere_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    it, sign_in = signs_in_as_application()
    secret = it.lab.directory.client_secret(it.lab.directory.automation)
    sign_in.sign_in(wish(SignInMethod.ENVIRONMENT), ignore, CancelToken())
    said = caplog.text + repr(sign_in.methods(PUBLIC)) + repr(clients_of(it).session.credential)
    assert secret not in said
    assert "AZURE_CLIENT_SECRET" in said


# --- clouds ---


def test_that_each_cloud_has_hosts_of_its_own_all_https() -> None:
    assert [cloud.name for cloud in KNOWN] == ["public", "usgovernment", "china"]
    for part in ("authority", "arm", "portal", "audience", "graph"):
        values = [getattr(cloud, part) for cloud in KNOWN]
        assert len(set(values)) == 3
        assert all(value.startswith("https://") and not value.endswith("/") for value in values)


def test_that_each_cloud_has_a_name_of_az_in_lower_case() -> None:
    names = [cloud.az for cloud in KNOWN]
    assert len(set(names)) == len(KNOWN)
    assert all(name and name == name.lower() for name in names)


def test_that_a_directory_of_another_cloud_names_every_cloud_but_the_usual_one() -> None:
    fix = explain_sign_in_error(["AADSTS90038: Tenant 'x' request is being redirected."]).fix
    assert fix == "Start in that cloud (--cloud usgovernment or china)."
    assert all(cloud.name in fix for cloud in KNOWN if cloud != PUBLIC)


@pytest.mark.parametrize("cloud", [US_GOVERNMENT, CHINA], ids=lambda cloud: cloud.name)
def test_that_a_token_is_asked_for_at_the_authority_and_for_the_audience_of_the_cloud(cloud: Cloud) -> None:
    from tests.azure.test_arm import Recorder

    recorders: list[Recorder] = []

    def adapter(lab: object) -> Recorder:
        recorders.append(Recorder(lab))  # type: ignore[arg-type]
        return recorders[-1]

    _, sign_in, user = signs_in_by_code(adapter=adapter, cloud=cloud)
    failure = fails(lambda: sign_in.sign_in(replace(wish(CODE), cloud=cloud), user.prompted, CancelToken()))
    assert failure.problem.code == "service-not-known"
    asked = recorders[0].sent[-1]
    assert str(asked.url).startswith(f"{cloud.authority}/organizations/")
    assert cloud.audience.removeprefix("https://") in str(asked.body)


@pytest.mark.parametrize(
    ("cloud", "start"),
    [(US_GOVERNMENT, "usgovernment"), (replace(CHINA, name="custom-x", arm="https://arm.x"), "https://arm.x")],
    ids=["known", "custom"],
)
def test_that_nobody_signs_in_to_another_cloud_than_the_connected_one(cloud: Cloud, start: str) -> None:
    it, sign_in, user = signs_in_by_code()
    before = clients_of(it).session
    failure = fails(lambda: sign_in.sign_in(replace(wish(CODE), cloud=cloud), user.prompted, CancelToken()))
    assert (failure.problem.code, failure.certainty) == ("other-cloud", Certainty.NOT_SENT)
    assert failure.problem.what == f"You were not signed in to {cloud.title}."
    assert failure.problem.fix.endswith(f"tgwizard --cloud {start}.")
    assert (clients_of(it).session, it.lab.requests) == (before, ())


def test_that_a_cloud_is_found_by_its_arm_endpoint() -> None:
    it, _ = public_lab()
    session = clients_of(it).session
    assert cloud_at(session, "https://management.azure.com/") == PUBLIC
    assert not it.lab.requests
    cloud = cloud_at(session, "https://arm.contoso.example")
    assert (cloud.name, cloud.arm) == ("custom-arm-contoso-example", "https://arm.contoso.example")
    assert cloud.authority == "https://arm.contoso.example"
    assert cloud.audience == "https://management.azure.com"
    assert it.lab.requests[-1].path == "/metadata/endpoints"


@pytest.mark.parametrize("arm", ["http://arm.contoso.example", "arm", "", "https://", "https://u:p@host", "https://[x"])
def test_that_what_is_no_https_address_is_no_cloud(arm: str) -> None:
    session = clients_of(public_lab()[0]).session
    assert fails(lambda: cloud_at(session, arm)).problem.code == "cloud-not-known"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"authentication": {}},
        {"authentication": {"loginEndpoint": "http://login.example"}},
        {"authentication": {"loginEndpoint": "https://login.example"}, "microsoftGraphResourceId": "http://graph"},
    ],
    ids=["empty", "no-login", "http-login", "http-graph"],
)
def test_that_an_endpoint_that_names_no_https_sign_in_is_no_cloud(document: dict[str, object]) -> None:
    assert described("https://arm.example", document) is None
