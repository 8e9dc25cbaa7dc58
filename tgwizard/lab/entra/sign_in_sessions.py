"""Sign-ins under way: pages that wait for an answer, authorization codes, device codes. In memory only.

Their life is counted on the lab's clock, as all waiting in the lab is; that of the tokens they lead to is real.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from tgwizard.lab.entra.oauth_errors import Denied

CODE_LIFETIME = timedelta(minutes=10)
DEVICE_LIFETIME = timedelta(minutes=15)
INTERVAL_S = 5
"""How far apart a client must keep its questions about a device code, as Entra tells it."""

_TOLERANCE_S = 1.0  # a client that sleeps for the interval may seem a little early
_PAGE_LIFETIME = timedelta(minutes=30)
_MOST = 1000  # of each sort; what is older than the newest thousand is dropped
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes that people type are made of: nothing that is taken for something else."""
_USER_CODE_LENGTH = 9


class SignInVerdict(Enum):
    """What has become of a device code."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What a client wants a sign-in for."""

    client: str
    tenant: str
    scope: str
    redirect_uri: str = ""
    state: str = ""
    nonce: str = ""
    response_mode: str = ""
    challenge: str = ""
    """PKCE's code challenge; empty if the client sent none."""
    challenge_method: str = "plain"


@dataclass(frozen=True, slots=True)
class GrantedSignIn:
    """A sign-in that succeeded: what it was for, and who signed in."""

    asked: PendingSignIn
    oid: str


@dataclass(slots=True)
class DeviceSignIn:
    """A device code and what has become of it."""

    device_code: str
    user_code: str
    asked: PendingSignIn
    expires: datetime
    verdict: SignInVerdict = SignInVerdict.PENDING
    oid: str = ""
    polled: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignInForm:
    """A page that was shown and can be answered once; the ticket in it is what a page of somebody else cannot know."""

    asked: PendingSignIn
    oid: str
    expires: datetime
    user_code: str = ""
    """The device code's, if the page confirms one."""
    vouched: bool = False
    """Whether whoever was shown the page has proved to know the lab's sign-in code; else the answer must bring it."""


@dataclass(slots=True)
class _Code:
    granted: GrantedSignIn
    expires: datetime
    redeemed: bool = False


@dataclass(slots=True)
class SignInSessions:
    """All sign-ins under way in a lab."""

    _pages: dict[str, SignInForm] = field(default_factory=dict)
    _codes: dict[str, _Code] = field(default_factory=dict)
    _devices: dict[str, DeviceSignIn] = field(default_factory=dict)

    def show(self, asked: PendingSignIn, oid: str, now: datetime, user_code: str = "", *, vouched: bool = False) -> str:
        """Return the ticket of a page that asks whether this user signs in."""
        ticket = secrets.token_urlsafe(24)
        self._pages[ticket] = SignInForm(asked, oid, now + _PAGE_LIFETIME, user_code, vouched)
        _keep_newest(self._pages)
        return ticket

    def answered(self, ticket: str, now: datetime) -> SignInForm | None:
        """Return the page of a ticket, which is good for one answer; None for an old or unknown one."""
        page = self._pages.pop(ticket, None)
        return page if page is not None and now < page.expires else None

    def code_for(self, asked: PendingSignIn, oid: str, now: datetime) -> str:
        """Return a fresh authorization code."""
        code = f"1.{secrets.token_urlsafe(48)}"
        self._codes[code] = _Code(GrantedSignIn(asked, oid), now + CODE_LIFETIME)
        _keep_newest(self._codes)
        return code

    def redeem(self, code: str, client: str, redirect_uri: str, verifier: str, now: datetime) -> GrantedSignIn:
        """Return what an authorization code stands for; it is good once. Raises Denied."""
        found = self._codes.get(code)
        if found is None or found.granted.asked.client != client:
            raise Denied(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        if found.redeemed:
            raise Denied(
                400,
                "invalid_grant",
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
                "refresh token.",
            )
        if now >= found.expires:
            raise Denied(
                400,
                "invalid_grant",
                70008,
                "The provided authorization code or refresh token has expired due to inactivity. Send a new "
                "interactive authorization request for this user and resource.",
            )
        asked = found.granted.asked
        if redirect_uri != asked.redirect_uri:
            raise Denied(
                400,
                "invalid_grant",
                500112,
                f"The reply address '{redirect_uri}' does not match the reply address '{asked.redirect_uri}' provided "
                "when requesting Authorization code.",
            )
        if not _proves(asked, verifier):
            raise Denied(
                400,
                "invalid_grant",
                501481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            )
        found.redeemed = True
        return found.granted

    def begin_device(self, asked: PendingSignIn, now: datetime) -> DeviceSignIn:
        """Return a fresh device code."""
        while (user_code := "".join(secrets.choice(LETTERS) for _ in range(_USER_CODE_LENGTH))) in self._devices:
            continue
        device = DeviceSignIn(secrets.token_urlsafe(48), user_code, asked, now + DEVICE_LIFETIME)
        self._devices[user_code] = device
        _keep_newest(self._devices)
        return device

    def device(self, user_code: str, now: datetime) -> DeviceSignIn | None:
        """Return the device code that a user typed, if it can still be answered; spaces, dashes and case are free."""
        found = self._devices.get(typed(user_code))
        return found if found is not None and found.verdict is SignInVerdict.PENDING and now < found.expires else None

    def poll(self, device_code: str, client: str, now: datetime) -> GrantedSignIn:
        """Return what a device code stands for once the user has agreed. Raises Denied until then, and otherwise.

        Numbers and words of the refusals are Entra's as far as clients name them; `slow_down` is RFC 8628's [?].
        """
        found = next((item for item in self._devices.values() if _same(item.device_code, device_code)), None)
        if found is None or found.asked.client != client or found.verdict is SignInVerdict.REDEEMED:
            raise Denied(400, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
        if now >= found.expires:
            raise Denied(
                400,
                "expired_token",
                70020,
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
            )
        before, found.polled = found.polled, now
        if found.verdict is SignInVerdict.DECLINED:
            text = "The user has denied the request to access the application."
            raise Denied(400, "authorization_declined", 70017, text)
        if found.verdict is SignInVerdict.PENDING:
            if before is not None and (now - before).total_seconds() < INTERVAL_S - _TOLERANCE_S:
                raise Denied(400, "slow_down", 70016, "OAuth 2.0 device flow error. Requests come too fast. Slow down.")
            text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
            raise Denied(400, "authorization_pending", 70016, text)
        found.verdict = SignInVerdict.REDEEMED
        return GrantedSignIn(found.asked, found.oid)


def typed(code: str) -> str:
    """Return a code as it is compared: spaces, dashes and case are free when it is typed."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def _same(given: str, genuine: str) -> bool:
    return hmac.compare_digest(given.encode(), genuine.encode())


def _proves(asked: PendingSignIn, verifier: str) -> bool:
    """Return whether a verifier is the one whose challenge came first; without a challenge there is none (RFC 7636)."""
    if not asked.challenge:
        return True
    if asked.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        return _same(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), asked.challenge)
    return _same(verifier, asked.challenge)


def _keep_newest(items: dict[str, SignInForm] | dict[str, _Code] | dict[str, DeviceSignIn]) -> None:
    for key in list(items)[:-_MOST]:
        del items[key]
