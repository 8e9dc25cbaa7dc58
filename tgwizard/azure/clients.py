"""``AzureSession``: where Azure Resource Manager is, who asks it, and the SDK clients that share a connection pool.

The SDK is imported when the first client is built, in the job that needs it, because that takes about half a second
(azure/README.md 6.1). Environment proxies and CA bundles count for the real Azure, never for a lab
(lab/README.md 3.4).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests

from tgwizard.azure.bounded_http import DEFAULT_S, PROMISED, Timeouts, bounded_session
from tgwizard.azure.credentials import HeldCredential
from tgwizard.azure.error_translation import connection_closed
from tgwizard.model.cloud import PUBLIC

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.pipeline.transport import RequestsTransport
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.resource.subscriptions import SubscriptionClient

T = TypeVar("T")

_PINNED = {
    "azure": logging.ERROR,
    "msal": logging.WARNING,
    "urllib3": logging.ERROR,
    "requests_oauthlib": logging.WARNING,
}
"""Loggers that at DEBUG could print headers, bodies or token answers (azure/README.md 6.3).

What the SDK warns about (an answer it cannot read, a broken download) reaches the user as an AzureCallError already.
"""


@dataclass(frozen=True, slots=True)
class AzureSession:
    """One signed-in connection. ``http`` is the lab's in-process session or one of our own; ``ca`` a lab's CA file.

    ``lab`` keeps the environment's proxies and CA bundles away. ``limits`` are those of every program, unless a test
    cannot wait for as long.
    """

    credential: HeldCredential
    base_url: str = PUBLIC.arm
    graph: str = PUBLIC.graph
    http: requests.Session | None = None
    ca: str | None = None
    lab: bool = False
    limits: Timeouts = PROMISED

    def __post_init__(self) -> None:
        """ValueError for an address that is not https: a token never travels in clear."""
        if urlsplit(self.base_url).scheme != "https":
            raise ValueError("Azure Resource Manager is asked over https only")
        if urlsplit(self.graph).scheme != "https":
            raise ValueError("Microsoft Graph is asked over https only")

    def connection(self) -> HttpConnection:
        """A connection to the hosts of this environment, apart from the pool; it signs in and carries no token."""
        http = bounded_session(self.http)
        if self.lab:
            http.trust_env = False
            http.verify = self.ca or True
        return HttpConnection(http)


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """A session of ours, whose every exchange is bounded."""

    http: requests.Session

    def transport(self, connect_s: float = DEFAULT_S[0], whole_s: float = DEFAULT_S[1]) -> RequestsTransport:
        """The same connection for the SDK: seconds to connect, and for a whole exchange."""
        from azure.core.pipeline.transport import RequestsTransport

        return RequestsTransport(
            session=self.http,
            session_owner=False,
            use_env_settings=self.http.trust_env,
            connection_verify=self.http.verify,
            connection_timeout=connect_s,
            read_timeout=whole_s,
        )

    def close(self) -> None:
        """Close what no request uses now; the connection stays usable."""
        self.http.close()


class Clients:
    """The SDK clients of a session, built when first asked for, one of each per subscription. Thread-safe."""

    def __init__(self, session: AzureSession) -> None:
        """Nothing is imported or connected yet."""
        self.session = session
        self._mutex = threading.RLock()
        self._connection: HttpConnection | None = None
        self._retired: list[HttpConnection] = []
        self._made: dict[tuple[str, str], Any] = {}
        self._closed = False

    @property
    def limits(self) -> Timeouts:
        """The seconds that requests of this session may take."""
        return self.session.limits

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

    def arm(self) -> SubscriptionClient:
        """The client for raw requests anywhere at the ARM endpoint: the SDK's smallest, bound to no subscription."""
        from azure.mgmt.resource.subscriptions import SubscriptionClient

        client: SubscriptionClient = self._client(SubscriptionClient, None)
        return client

    def graph(self) -> PipelineClient[Any, Any]:
        """The client for raw requests to Microsoft Graph, with a token of its own audience."""
        from azure.core import PipelineClient

        from tgwizard.azure.http_pipeline import for_graph

        with self._mutex:
            session = self.session
            return self._made_once(
                ("graph", ""),
                lambda: PipelineClient(
                    session.graph,
                    policies=for_graph(session.credential, f"{session.graph}/.default", session.graph),
                    transport=self._shared_transport(),
                ),
            )

    def use(self, session: AzureSession) -> None:
        """Ask as somebody else, or somewhere else, from the next call on.

        Calls under way end as they began; the idle connections of the former account are closed.
        """
        with self._mutex:
            if self._closed:
                raise connection_closed()
            self.session.credential.close()
            self.session = session
            self._made.clear()
            if self._connection is not None:
                # A call that began before may need it once more.
                self._retired.append(self._connection)
                self._connection.close()
                self._connection = None

    def close(self) -> None:
        """Close the connections. Calls made afterwards fail."""
        with self._mutex:
            self._closed = True
            self.session.credential.close()
            if self.session.http is not None:
                self.session.http.close()
            for connection in (*self._retired, *([self._connection] if self._connection else [])):
                connection.close()
            self._made.clear()

    def _client(self, kind: type[Any], subscription: str | None) -> Any:
        from tgwizard.azure.http_pipeline import for_arm

        with self._mutex:
            session = self.session
            return self._made_once(
                (kind.__name__, (subscription or "").lower()),
                lambda: kind(
                    session.credential,
                    *(() if subscription is None else (subscription,)),
                    base_url=session.base_url,
                    credential_scopes=[session.credential.scope],
                    policies=for_arm(
                        session.credential, session.credential.scope, session.base_url, raw=subscription is None
                    ),
                    transport=self._shared_transport(),
                ),
            )

    def _made_once(self, key: tuple[str, str], make: Callable[[], T]) -> T:
        if self._closed:
            raise connection_closed()
        if key not in self._made:
            silence_sdk_loggers()
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def _shared_transport(self) -> RequestsTransport:
        if self._connection is None:
            self._connection = self.session.connection()
        return self._connection.transport()


def silence_sdk_loggers() -> None:
    """Pin the loggers that could ever print a token, whatever level the program's own logging has."""
    for name, level in _PINNED.items():
        logger = logging.getLogger(name)
        if logger.level != level:  # setting it empties what every logger of the process has cached
            logger.setLevel(level)
