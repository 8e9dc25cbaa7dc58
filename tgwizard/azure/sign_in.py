"""Credentials: the Azure CLI's sign-in for the real Azure, and the fixed token of a lab.

All clients of a session share one ``HeldCredential``, so that the token whose life the preflight checks is the one the
writes go out with, and so that no process is started and nobody is asked between a detach and an attach.

The Azure CLI path is written from the references (qt-and-sdk.md 3, lab-clients.md 4, azure-wire.md 4.4) and was not run
against the real Azure. Tokens live in memory only.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from tgwizard.model.problem import UserError

ARM_SCOPE = "https://management.azure.com/.default"
"""The audience of Azure Resource Manager; the lab accepts the same one (lab-clients.md 5)."""

RENEW_BELOW_S = 600.0
"""A token with less life than this is renewed before it is used. azure-core renews at 300 s: ours is the younger."""


class TokenSource(Protocol):
    """What azure-core and azure-identity call a TokenCredential."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """An access token for the scopes; ClientAuthenticationError when there is none."""


class HeldCredential:
    """Keeps one token of ``source`` and renews it when it is old. Thread-safe. Real time, never the virtual clock."""

    def __init__(self, source: TokenSource) -> None:
        """Nothing is asked of ``source`` before the first call."""
        self._source = source
        self._mutex = threading.Lock()
        self._token: AccessToken | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The held token. A claims challenge always fetches a new one (azure-wire.md 4.1)."""
        with self._mutex:
            held = self._token
            if held is None or options.get("claims") or held.expires_on - time.time() < RENEW_BELOW_S:
                held = self._token = self._source.get_token(*(scopes or (ARM_SCOPE,)), **options)
            return held

    def life_s(self) -> float:
        """Real seconds the token is still good for, after renewing it when it is old."""
        return max(0.0, self.get_token(ARM_SCOPE).expires_on - time.time())

    def __repr__(self) -> str:
        """Never the token."""
        return f"HeldCredential({type(self._source).__name__})"


class LabToken:
    """The bearer token of a lab. ``fetch`` asks the lab (or its lab.json) for a fresh one."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        """``fetch`` is called again whenever the token is old."""
        self._fetch = fetch

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - the SDK's signature
        """A token with the expiry that its own ``exp`` claim states."""
        try:
            text = self._fetch()
        except (UserError, OSError) as error:
            raise ClientAuthenticationError(f"the lab gave no token: {error}") from error
        return AccessToken(text, expiry(text))


def expiry(token: str) -> int:
    """The ``exp`` claim (seconds since 1970) of a JWT; ClientAuthenticationError when the text is none."""
    try:
        _, claims, _ = token.split(".")
        document = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return int(document["exp"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise ClientAuthenticationError("the token is not a JWT with an exp claim") from None


def azure_cli(tenant: str | None = None) -> HeldCredential:
    """The sign-in that ``az login`` left on this computer. Not run against the real Azure here."""
    from azure.identity import AzureCliCredential

    source = AzureCliCredential(tenant_id=tenant) if tenant else AzureCliCredential()
    return HeldCredential(source)
