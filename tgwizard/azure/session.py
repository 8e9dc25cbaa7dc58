"""``Session``: where Azure Resource Manager is and who asks it, and the SDK clients that share one connection pool.

The SDK is imported when the first client is built, in the job that needs it, because that takes about half a second
(qt-and-sdk.md 2). Environment proxies and CA bundles count for the real Azure and never for a lab (lab-clients.md 6.7).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from tgwizard import __version__
from tgwizard.azure.failures import connection_closed
from tgwizard.azure.sign_in import ARM_SCOPE, HeldCredential

if TYPE_CHECKING:
    from azure.core.pipeline.transport import RequestsTransport
    from azure.mgmt.authorization import AuthorizationManagementClient
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient

PUBLIC_ARM = "https://management.azure.com"

_PINNED = {
    "azure": logging.ERROR,
    "msal": logging.WARNING,
    "urllib3": logging.WARNING,
    "requests_oauthlib": logging.WARNING,
}
"""Loggers that at DEBUG could print headers, bodies or token answers (qt-and-sdk.md 0, trap 3).

What the SDK warns about (an answer it cannot read, a broken download) reaches the user as a CallFailed already.
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in connection. ``http`` is the lab's in-process session or one of our own; ``ca`` a lab's CA file.

    ``lab`` keeps the environment's proxies and CA bundles away.
    """

    credential: HeldCredential
    base_url: str = PUBLIC_ARM
    http: requests.Session | None = None
    ca: str | None = None
    lab: bool = False

    def __post_init__(self) -> None:
        """ValueError for an address that is not https: a token never travels in clear."""
        if urlsplit(self.base_url).scheme != "https":
            raise ValueError("Azure Resource Manager is asked over https only")

    @property
    def host(self) -> str:
        """Host and port of the ARM endpoint, lower case."""
        return urlsplit(self.base_url).netloc.lower()


class Clients:
    """The SDK clients of a session, built when first asked for, one of each per subscription. Thread-safe."""

    def __init__(self, session: Session) -> None:
        """Nothing is imported or connected yet."""
        self.session = session
        self._mutex = threading.RLock()
        self._transport: RequestsTransport | None = None
        self._made: dict[tuple[str, str], Any] = {}
        self._closed = False

    def network(self, subscription: str) -> NetworkManagementClient:
        """NICs and virtual networks; the api-version is the newest this SDK knows."""
        from azure.mgmt.network import NetworkManagementClient

        client: NetworkManagementClient = self._client(NetworkManagementClient, subscription)
        return client

    def compute(self, subscription: str) -> ComputeManagementClient:
        """Virtual machines."""
        from azure.mgmt.compute import ComputeManagementClient

        client: ComputeManagementClient = self._client(ComputeManagementClient, subscription)
        return client

    def authorization(self, subscription: str) -> AuthorizationManagementClient:
        """Permissions of the signed-in identity."""
        from azure.mgmt.authorization import AuthorizationManagementClient

        client: AuthorizationManagementClient = self._client(AuthorizationManagementClient, subscription)
        return client

    def close(self) -> None:
        """Close the connections. Calls made afterwards fail."""
        with self._mutex:
            self._closed = True
            if self.session.http is not None:
                self.session.http.close()
            if self._transport is not None:
                self._transport.close()
            self._made.clear()

    def _client(self, kind: type[Any], subscription: str) -> Any:
        with self._mutex:
            if self._closed:
                raise connection_closed()
            key = (kind.__name__, subscription.lower())
            if key not in self._made:
                quieten()
                self._made[key] = kind(
                    self.session.credential,
                    subscription,
                    base_url=self.session.base_url,
                    credential_scopes=[ARM_SCOPE],
                    transport=self._shared_transport(),
                    user_agent=f"tgwizard/{__version__}",
                )
            return self._made[key]

    def _shared_transport(self) -> RequestsTransport:
        from azure.core.pipeline.transport import RequestsTransport

        if self._transport is None:
            options: dict[str, Any] = {"use_env_settings": not self.session.lab}
            if self.session.http is not None:
                options |= {"session": self.session.http, "session_owner": False}
            if self.session.ca is not None:
                options["connection_verify"] = self.session.ca
            self._transport = RequestsTransport(**options)
        return self._transport


def quieten() -> None:
    """Pin the loggers that could ever print a token, whatever level the program's own logging has."""
    for name, level in _PINNED.items():
        logging.getLogger(name).setLevel(level)
