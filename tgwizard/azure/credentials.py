"""Credentials: the Azure CLI's sign-in for the real Azure, and the fixed token of a lab.

All clients of a session share one ``HeldCredential``, so that the token whose life the preflight checks is the one the
writes go out with, and so that no process is started and nobody is asked between a detach and an attach.

Tokens live in memory only.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from tgwizard.azure.azure_cli import AzureCli
from tgwizard.azure.sign_in_errors import clock_ahead
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.model.cloud import PUBLIC
from tgwizard.model.inventory import Caller, CallerKind
from tgwizard.model.problem import Problem, UserError

ARM_SCOPE = f"{PUBLIC.audience}/.default"
"""The audience of Azure Resource Manager; the lab accepts the same one."""

RENEW_BELOW_S = 600.0
"""A token with less life than this is renewed before it is used. azure-core renews at 300 s: ours is the younger."""


_LEAST_S = 30.0
_ASK_AGAIN_S = 60.0
"""A token that could not be renewed is used on while it has this much life, and its renewal is tried at this pace."""


class TokenSource(Protocol):
    """What azure-core and azure-identity call a TokenCredential."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """An access token for the scopes; ClientAuthenticationError when there is none."""


class HeldCredential:
    """Keeps the tokens of ``source``, one for each audience, and renews them when they are old.

    One that cannot be renewed now is used while it lasts: Entra may be silent just when an address is on no interface.
    Thread-safe. Real time, never the virtual clock. ``scope``: the audience of Azure Resource Manager in this cloud.
    """

    def __init__(self, source: TokenSource, scope: str = ARM_SCOPE) -> None:
        """Nothing is asked of ``source`` before the first call."""
        self._source = source
        self.scope = scope
        self._mutex = threading.Lock()
        self._tokens: dict[tuple[str, ...], AccessToken] = {}
        self._refused_at: dict[tuple[str, ...], float] = {}
        self.challenge: str | None = None
        """The claims that a resource asked for last (JSON): whoever signs in anew asks Entra for them."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The held token. A claims challenge always fetches a new one (azure/README.md 4.1)."""
        wanted = scopes or (self.scope,)
        if options.get("claims"):
            self.challenge = str(options["claims"])
        with self._mutex:
            held = self._tokens.get(wanted)
            left_s = 0.0 if held is None or options.get("claims") else held.expires_on - time.time()
            if held is not None and (left_s >= RENEW_BELOW_S or (left_s > _LEAST_S and self._refused_lately(wanted))):
                return held
            try:
                self._tokens[wanted] = self._source.get_token(*wanted, **options)
            except Exception:
                if held is None or left_s <= _LEAST_S:
                    raise
                self._refused_at[wanted] = time.monotonic()
            return self._tokens[wanted]

    def _refused_lately(self, wanted: tuple[str, ...]) -> bool:
        refused_at = self._refused_at.get(wanted)
        return refused_at is not None and time.monotonic() - refused_at < _ASK_AGAIN_S

    def caller(self) -> Caller:
        """Who is signed in, by the token's own claims; raises whatever the sign-in raises."""
        return caller_of(self.get_token(self.scope).token)

    def life_s(self) -> float:
        """Real seconds the token for Azure Resource Manager is still good for, after renewing it when it is old.

        AzureCallError when even a new one is over: then this computer's clock is wrong.
        """
        token = self.get_token(self.scope)
        left = token.expires_on - time.time()
        if left <= 0:
            # It was renewed just now, because it was old: what is over when it is issued tells of the clock.
            raise AzureCallError(clock_ahead(-left), Certainty.NOT_SENT)
        return left

    def close(self) -> None:
        """Close the connections of the source, if it has any; a call that is still under way may open them again."""
        closing = getattr(self._source, "close", None)
        if closing is not None:
            closing()

    def __repr__(self) -> str:
        """Never the token."""
        return f"HeldCredential({type(self._source).__name__})"


class SignedOut:
    """No token: somebody signed out in this program."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Always refused, without asking anybody."""
        what = "There is no sign-in to Azure, so nothing was asked."
        fix = "Sign in again, at the first step of the set-up."
        problem = Problem("signed-out", what, "You signed out in this window.", fix, sign_in=True)
        raise AzureCallError(problem, Certainty.NOT_SENT, Cause.SIGN_IN)


class LabToken:
    """The bearer tokens of a lab. ``fetch`` asks the lab (or its lab.json) for a fresh one.

    ``graph`` fetches one for Microsoft Graph, an audience of its own; without it the lab's directory cannot be asked.
    ``elsewhere`` gives the tokens of another of the lab's directories, or None when there is no such.
    """

    def __init__(
        self,
        fetch: Callable[[], str],
        graph: Callable[[], str] | None = None,
        elsewhere: Callable[[str], LabToken | None] | None = None,
    ) -> None:
        """``fetch`` and ``graph`` are called again whenever the token is old."""
        self._fetch = fetch
        self._graph = graph
        self._elsewhere = elsewhere

    def of_directory(self, tenant: str) -> LabToken | None:
        """The tokens of the same person in that directory; None when these do not lead there."""
        own = str(claims_of(self.get_token().token).get("tid", ""))
        if own.lower() == tenant.lower():
            return self
        return self._elsewhere(tenant) if self._elsewhere is not None else None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ARG002 - the SDK's signature
        """A token with the expiry that its own ``exp`` claim states."""
        fetch = self._fetch if scopes in ((), (ARM_SCOPE,)) else self._graph
        if fetch is None:
            raise ClientAuthenticationError("the lab gives no token for its directory here")
        try:
            text = fetch()
        except (UserError, OSError) as error:
            raise ClientAuthenticationError(f"the lab gave no token: {error}") from error
        return AccessToken(text, expiry(text))


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JWT says about itself, unverified; ClientAuthenticationError when the text is none."""
    try:
        _, claims, _ = token.split(".")
        document = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (ValueError, binascii.Error):
        document = None
    if not isinstance(document, Mapping):
        raise ClientAuthenticationError("the token is not a JWT")
    return document


def expiry(token: str) -> int:
    """The ``exp`` claim (seconds since 1970) of a JWT; ClientAuthenticationError when there is none."""
    try:
        return int(claims_of(token)["exp"])
    except (ValueError, KeyError, TypeError):
        raise ClientAuthenticationError("the token is not a JWT with an exp claim") from None


def caller_of(token: str) -> Caller:
    """Who a token was issued to, by its own claims (azure/README.md 4.3): a person, an application or a machine."""
    claims = claims_of(token)

    def said(*names: str) -> str:
        return next((str(claims[name]) for name in names if claims.get(name)), "")

    if said("idtyp") != "app" and said("upn", "unique_name", "preferred_username", "email"):
        name = said("upn", "preferred_username", "unique_name", "email")
        return Caller(name, said("oid"), said("tid"), CallerKind.USER)
    machine = said("xms_mirid")
    if machine:
        return Caller(machine.rsplit("/", 1)[-1], said("oid"), said("tid"), CallerKind.MANAGED_IDENTITY)
    return Caller(said("app_displayname", "appid"), said("oid"), said("tid"), CallerKind.APPLICATION)


def azure_cli(tenant: str | None = None) -> HeldCredential:
    """The sign-in that ``az login`` left on this computer. Not run against the real Azure here."""
    return HeldCredential(AzureCli(tenant))
