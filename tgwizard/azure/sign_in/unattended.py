"""Signing in without a person: as an application out of the environment, or as the machine the program runs on.

Credentials of azure-identity over the environment's own connection. Played by the lab in the tests; not run against
the real Entra, nor on an Azure machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from azure.core.credentials import AccessToken

from tgwizard.azure.clients import AzureSession, HttpConnection
from tgwizard.azure.credentials import TokenSource
from tgwizard.azure.intercepted_answers import refuse_intercepted
from tgwizard.azure.redaction import redacted
from tgwizard.azure.sign_in.available_methods import CERTIFICATE, CERTIFICATE_PASSWORD, CLIENT, SECRET, TENANT
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.files.file_reading import read_bytes
from tgwizard.model.cloud import is_known
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import SignInRequest

_REPEATS: dict[str, Any] = {"retry_total": 1, "retry_connect": 0, "retry_status": 0}
"""An answer is an answer: the SDK would sleep out whatever Retry-After it carries."""


class UnattendedCredential:
    """A credential of azure-identity with the connection that it asks through."""

    def __init__(self, credential: TokenSource, connection: HttpConnection) -> None:
        """Nothing is asked yet."""
        self._credential = credential
        self._connection = connection

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token; ClientAuthenticationError when there is none."""
        return self._credential.get_token(*scopes, **options)

    def close(self) -> None:
        """Close the connection; it is opened again when a token is needed."""
        self._connection.close()


def service_principal(session: AzureSession, request: SignInRequest, environment: Mapping[str, str]) -> TokenSource:
    """The application that the environment names, by its secret or else its certificate. Its variables are set."""
    from azure.identity import CertificateCredential, ClientSecretCredential

    tenant = request.tenant or environment[TENANT]
    authority = request.cloud.authority
    if authority.endswith("/adfs"):
        # AD FS has no directories; the SDK wants the word in their place.
        authority, tenant = authority.removesuffix("/adfs"), "adfs"
    connection = session.connection()
    connection.http.hooks["response"].append(_entras_own)
    options: dict[str, Any] = {
        "authority": authority,
        "disable_instance_discovery": not is_known(request.cloud),
        "transport": connection.transport(),
        **_REPEATS,
    }
    try:
        if environment.get(SECRET):
            secret = environment[SECRET]
            return UnattendedCredential(
                ClientSecretCredential(tenant, environment[CLIENT], secret, **options), connection
            )
        data = _file(environment[CERTIFICATE])
        password = environment.get(CERTIFICATE_PASSWORD)
        credential = CertificateCredential(
            tenant, environment[CLIENT], certificate_data=data, password=password, **options
        )
        return UnattendedCredential(credential, connection)
    except ValueError as error:
        if "tenant" in str(error).lower():
            why = "The directory is neither a GUID nor a name such as contoso.com."
            raise _refused("directory-not-known", why, f"Check {TENANT}.") from error
        why = "The certificate file is not a PEM or PKCS12 file with a private key, or its password is wrong."
        fix = f"Check {CERTIFICATE} and {CERTIFICATE_PASSWORD}."
        raise _refused("certificate-unreadable", why, fix, redacted(error)) from error


def managed_identity(session: AzureSession, environment: Mapping[str, str]) -> TokenSource:
    """The identity of the machine that the program runs on, the user-assigned one of AZURE_CLIENT_ID if that is set."""
    from azure.identity import ManagedIdentityCredential

    connection = session.connection()
    # The identity endpoint of a machine is on the machine's own network, or nowhere: it is not waited for long.
    transport = connection.transport(connect_s=2, whole_s=10)
    credential = ManagedIdentityCredential(client_id=environment.get(CLIENT), transport=transport, **_REPEATS)
    return UnattendedCredential(credential, connection)


def _entras_own(answer: requests.Response, **_options: object) -> None:
    """InterceptedAnswer for a page of a proxy: msal would tell only that it could not read it."""
    refuse_intercepted(answer.status_code, answer.headers, lambda: answer.content)


def _file(path: str) -> bytes:
    try:
        return read_bytes(Path(path))
    except OSError as error:
        why = f"The certificate file that {CERTIFICATE} names cannot be read: {error.strerror}."
        raise _refused("certificate-unreadable", why, f"Check {CERTIFICATE}.") from error


def _refused(code: str, why: str, fix: str, detail: str = "") -> AzureCallError:
    return AzureCallError(Problem(code, "You were not signed in.", why, fix, detail), Certainty.NOT_SENT, Cause.SIGN_IN)
