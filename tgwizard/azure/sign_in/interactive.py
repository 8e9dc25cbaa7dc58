"""Signing in as a person, through msal: in the browser of this computer, or with a code on any other device.

msal keeps the refresh token in memory; the token source renews by it without asking anyone. The application is the one
that the SDK's own interactive credentials use, Microsoft's "Azure CLI", known in every directory (lab/README.md 3.2).
Both flows run against the lab in the tests; not against the real Entra.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from tgwizard.azure.clients import AzureSession, HttpConnection, silence_sdk_loggers
from tgwizard.azure.credentials import RENEW_BELOW_S
from tgwizard.azure.endpoint_metadata import is_https
from tgwizard.azure.intercepted_answers import refuse_intercepted
from tgwizard.azure.sign_in.loopback_receiver import LoopbackReceiver
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.model.cloud import Cloud, is_known
from tgwizard.model.problem import Problem
from tgwizard.model.sign_in import SignInMethod, SignInPrompt

APPLICATION = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
ANY_DIRECTORY = "organizations"
WITHIN_S = 900.0
"""How long the browser's answer is waited for, in seconds; a device code lives as long."""
_BROWSER_START_S = 5.0

Prompt = Callable[[SignInPrompt], None]
OpenBrowser = Callable[[str], bool]
Wait = Callable[[CancelToken, float], bool]
PageAddress = Callable[[str, str], str]
"""Where a sign-in page is opened, from the address that the cloud names and the code to type there (or none)."""


class InteractiveSignIn:
    """Someone who signed in: a token source that renews silently."""

    def __init__(self, app: Any, account: Mapping[str, Any], connection: HttpConnection) -> None:
        """``app``: msal's, whose cache holds the tokens; ``account``: msal's, the one that signed in."""
        self._app = app
        self._account = account
        self._connection = connection

    def get_token(self, *scopes: str, claims: str | None = None, **_options: object) -> AccessToken:
        """A token for the scopes; ClientAuthenticationError when a person is needed again."""
        token = self._silent(scopes, claims, renew=False)
        if token.expires_on - time.time() < RENEW_BELOW_S:
            token = self._silent(scopes, claims, renew=True)
        return token

    def known_to(self, app: Any) -> InteractiveSignIn:
        """The same person in the directory of another application; both share the tokens."""
        return InteractiveSignIn(app, self._account, self._connection)

    @property
    def cache(self) -> Any:
        """Msal's cache of their tokens. Never to be logged or saved."""
        return self._app.token_cache

    def close(self) -> None:
        """Close the connection to Entra; it is opened again when a token is needed."""
        self._connection.close()

    def _silent(self, scopes: tuple[str, ...], claims: str | None, *, renew: bool) -> AccessToken:
        asked = time.time()
        result = _by_msal(
            lambda: self._app.acquire_token_silent_with_error(
                list(scopes),
                account=self._account,
                force_refresh=renew,
                claims_challenge=claims,
            )
        )
        return AccessToken(result["access_token"], int(asked + float(result["expires_in"])))


class SignInDialog:
    """Where people sign in to one cloud. ``session``: how this environment reaches hosts; no token of it is used.

    ``open_browser`` and ``wait`` are the computer's own unless a test says otherwise. ``page``: what is told to a
    sign-in page by its address; None: nothing.
    """

    def __init__(
        self,
        session: AzureSession,
        cloud: Cloud,
        open_browser: OpenBrowser | None = None,
        wait: Wait | None = None,
        page: PageAddress | None = None,
    ) -> None:
        """Nothing is asked yet."""
        self._page = page or (lambda url, _code: url)
        self._connection = session.connection()
        self._cloud = cloud
        self._open = open_browser or start_browser
        self._wait = wait or (lambda cancel, seconds: cancel.wait(seconds))

    def by_browser(
        self, tenant: str | None, prompted: Prompt, cancel: CancelToken, claims: str | None = None
    ) -> InteractiveSignIn:
        """Open the browser and wait for its answer; the listening socket is closed on every way out.

        ``claims``: what a resource asked for beyond a plain sign-in, as JSON.
        """
        app = self._app(tenant)
        try:
            receiver = LoopbackReceiver()
        except OSError as error:
            why = "No port of this computer could be listened on for the browser's answer."
            raise _refused("no-port", why, "Use a device code.", str(error)) from error
        with receiver:
            flow = _flow(
                lambda: app.initiate_auth_code_flow(
                    [self._scope],
                    redirect_uri=f"http://localhost:{receiver.port}",
                    prompt="select_account",
                    response_mode="form_post",
                    claims_challenge=claims,
                )
            )
            receiver.state = flow["state"]
            url = self._page(flow["auth_uri"], "")
            prompted(SignInPrompt(SignInMethod.BROWSER, url))
            cancel.check()
            if not self._open(url):
                why = "No browser could be opened on this computer."
                raise _refused("browser-not-opened", why, "Use a device code.")
            answer = receiver.wait(cancel, WITHIN_S)
        if answer is None:
            why = f"The browser brought no answer within {WITHIN_S / 60:.0f} minutes."
            raise _refused("browser-silent", why, "Start again, or use a device code.")
        result = _by_msal(lambda: app.acquire_token_by_auth_code_flow(flow, answer))
        return self._signed_in_user(app, result)

    def by_code(
        self, tenant: str | None, prompted: Prompt, cancel: CancelToken, claims: str | None = None
    ) -> InteractiveSignIn:
        """Show a code and ask Entra, at the pace it wishes, whether it was used. ``claims`` as in ``by_browser``."""
        app = self._app(tenant)
        flow = _flow(lambda: app.initiate_device_flow([self._scope], claims_challenge=claims))
        expires = datetime.fromtimestamp(float(flow["expires_at"]), UTC)
        url = self._page(flow["verification_uri"], flow["user_code"])
        prompted(SignInPrompt(SignInMethod.DEVICE_CODE, url, flow["user_code"], expires))
        pace = float(flow.get("interval", 5))
        while True:
            if self._wait(cancel, pace):
                cancel.check()
            result = _asked(
                lambda: app.acquire_token_by_device_flow(
                    dict(flow), claims_challenge=claims, exit_condition=lambda _flow: True
                )
            )
            if result.get("error") == "slow_down":
                pace += 5.0
            elif result.get("error") != "authorization_pending":
                return self._signed_in_user(app, _token_in(result))
            elif time.time() > float(flow["expires_at"]):
                raise ClientAuthenticationError(message="expired_token")

    def elsewhere(self, person: InteractiveSignIn, tenant: str) -> InteractiveSignIn:
        """Who signed in before, in another of their directories; whether it lets them in shows at the first token."""
        return person.known_to(self._app(tenant, person.cache))

    def close(self) -> None:
        """Close the connection, after a sign-in that did not come about."""
        self._connection.close()

    @property
    def _scope(self) -> str:
        return f"{self._cloud.audience}/.default"

    def _app(self, tenant: str | None, cache: Any = None) -> Any:
        import msal  # type: ignore[import-untyped]

        silence_sdk_loggers()
        return _by_msal_object(
            lambda: msal.PublicClientApplication(
                APPLICATION,
                authority=_authority(self._cloud, tenant),
                http_client=_Http(self._connection),
                token_cache=cache,
                instance_discovery=None if is_known(self._cloud) else False,
            )
        )

    def _signed_in_user(self, app: Any, result: Mapping[str, Any]) -> InteractiveSignIn:
        accounts = app.get_accounts()
        if not accounts or "access_token" not in result:
            raise ClientAuthenticationError(message="the answer names no account")
        return InteractiveSignIn(app, accounts[0], self._connection)


class _Http:
    """What msal talks through: a connection of the environment. A redirect could take a secret elsewhere."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection

    def get(self, url: str, **options: Any) -> requests.Response:
        """A GET within the usual bounds."""
        return _of_entra(self._connection.http.get(url, allow_redirects=False, **options))

    def post(self, url: str, **options: Any) -> requests.Response:
        """A POST within the usual bounds."""
        return _of_entra(self._connection.http.post(url, allow_redirects=False, **options))

    def close(self) -> None:
        """Close what is not in use."""
        self._connection.close()


def _of_entra(answer: requests.Response) -> requests.Response:
    """The answer; InterceptedAnswer when something between here and Entra gave it."""
    refuse_intercepted(answer.status_code, answer.headers, lambda: answer.content)
    return answer


def start_browser(url: str) -> bool:
    """Open the system's browser, whose command may block: then it counts as opened. False when there is none."""
    if not has_screen():
        return False
    opened: list[bool] = []
    thread = threading.Thread(target=lambda: opened.append(_open(url)), name="browser", daemon=True)
    thread.start()
    thread.join(_BROWSER_START_S)
    return opened[0] if opened else True


def has_screen() -> bool:
    """Whether a browser could show itself here. Looks at the environment only."""
    if sys.platform in ("win32", "darwin") or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def _authority(cloud: Cloud, tenant: str | None) -> str:
    base = cloud.authority.rstrip("/")
    return base if base.endswith("/adfs") else f"{base}/{tenant or ANY_DIRECTORY}"


def _flow(start: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    flow = cast("dict[str, Any]", _by_msal_object(start))
    url = flow.get("auth_uri") or flow.get("verification_uri")
    if url is None:
        raise ClientAuthenticationError(message=_said(flow))
    if not is_https(str(url)):
        # The address comes from the cloud that was named; whatever else it is, no browser is sent there.
        why = "The cloud names an address to sign in at that is not https."
        raise _refused("sign-in-not-https", why, "Check the cloud.")
    return flow


def _by_msal(call: Callable[[], Any]) -> Mapping[str, Any]:
    return _token_in(_asked(call))


def _asked(call: Callable[[], Any]) -> Mapping[str, Any]:
    result = _by_msal_object(call)
    return result if isinstance(result, Mapping) else {}


def _token_in(result: Mapping[str, Any]) -> Mapping[str, Any]:
    if "access_token" not in result:
        raise ClientAuthenticationError(message=_said(result))
    return result


def _by_msal_object(call: Callable[[], Any]) -> Any:
    """Msal raises ValueError for a directory that is not known; why stands in what it caught before."""
    try:
        return call()
    except requests.RequestException:
        raise  # some are ValueErrors too: what kept the request here is told by whoever knows the settings
    except (ValueError, KeyError) as error:
        raise ClientAuthenticationError(message=" ".join(_texts(error))) from None


def _texts(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__


def _said(result: Mapping[str, Any]) -> str:
    said = (str(result.get("error_description", "")), str(result.get("error", "")))
    return " ".join(text for text in said if text) or "AADSTS50058: no account is signed in"


def _refused(code: str, why: str, fix: str, detail: str = "") -> AzureCallError:
    problem = Problem(code, "You were not signed in.", why, fix, detail)
    return AzureCallError(problem, Certainty.NOT_SENT, Cause.SIGN_IN)
