"""The steps that every request to Azure goes through: the SDK's own policies, less those that act by themselves.

Three are ours: a request is sent to the environment's own host alone, whoever named the address, what answers
in Azure's place is refused, and a read whose connection broke is sent once more within the same seconds. Left out:
registering resource providers (the SDK's default sends that write when a mere read meets an unregistered one; nothing
may be written that was not shown), redirects (ARM sends none, and a token must not follow one), the SDK's repeats (they
would sleep out any Retry-After), and logging (its records could hold what must not be logged). Imported by the job that
builds the first client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse, policies
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from tgwizard import __version__
from tgwizard.azure.bounded_http import REPEATED
from tgwizard.azure.intercepted_answers import content_of, refuse_intercepted
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.engine.clock import SystemClock
from tgwizard.model.problem import Problem
from tgwizard.model.text import sanitize

if TYPE_CHECKING:
    from tgwizard.azure.credentials import HeldCredential

AGENT = f"tgwizard/{__version__}"

_LEAST_S = 1.0
"""A second try with less time left than this would only make the end later."""

_clock = SystemClock()


def for_arm(credential: HeldCredential, scope: str, base_url: str, *, raw: bool = False) -> list[Any]:
    """For Azure Resource Manager, which may challenge for a newer token (azure/README.md 4.1).

    ``raw``: the answers are not read by the SDK, which would take as long as reading them ourselves.
    """
    steps = _around(ARMChallengeAuthenticationPolicy(credential, scope), base_url)
    return [step for step in steps if not isinstance(step, policies.ContentDecodePolicy)] if raw else steps


def for_graph(credential: HeldCredential, scope: str, base_url: str) -> list[Any]:
    """For Microsoft Graph, whose answers are read as raw ones."""
    steps = _around(policies.BearerTokenCredentialPolicy(credential, scope), base_url)
    return [step for step in steps if not isinstance(step, policies.ContentDecodePolicy)]


def same_place(url: str, base_url: str) -> bool:
    """Whether both have the same scheme, host and port, and no one's name in front."""
    try:
        asked, own = urlsplit(url), urlsplit(base_url)
        ports = [443 if parts.port is None else parts.port for parts in (asked, own)]
    except ValueError:
        return False
    known = asked.scheme == own.scheme == "https" and asked.username is None
    return known and asked.hostname == own.hostname and ports[0] == ports[1]


class _OnlyThere(policies.HTTPPolicy[Any, Any]):
    """Nothing is sent to another host than the one that the token is for."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        if not same_place(request.http_request.url, self._base_url):
            raise elsewhere(request.http_request.url, self._base_url)
        return self.next.send(request)


class _AzuresOwn(policies.SansIOHTTPPolicy[Any, Any]):
    """Looks at every answer before anybody takes it for Azure's."""

    def on_response(self, _request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        answer = response.http_response
        refuse_intercepted(answer.status_code, answer.headers, lambda: content_of(answer))


class _OnceMore(policies.HTTPPolicy[Any, Any]):
    """A read whose connection broke, as one does that was idle for long, is sent again within the same seconds."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        options = request.context.options
        repeated, whole_s = options.pop(REPEATED, False), options.get("read_timeout")
        began = _clock.monotonic()
        try:
            return self.next.send(request)
        except (ServiceRequestTimeoutError, ServiceResponseTimeoutError):
            raise
        except (ServiceRequestError, ServiceResponseError):
            left_s = 0.0 if whole_s is None else whole_s - (_clock.monotonic() - began)
            if not repeated or left_s < _LEAST_S:
                raise
            options["read_timeout"] = left_s
            return self.next.send(request)


def elsewhere(url: str, base_url: str) -> AzureCallError:
    """What an address of another host is refused with."""
    try:
        named = urlsplit(url).netloc or "no host"
    except ValueError:
        named = "no host"
    what = "A request was not sent."
    why = f"The address that Azure's answer names is at {sanitize(named, 120)}, not at {urlsplit(base_url).netloc}."
    return AzureCallError(Problem("azure-elsewhere", what, why, "Read again."), Certainty.NOT_SENT)


def _around(authentication: Any, base_url: str) -> list[Any]:
    return [
        policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy(base_user_agent=AGENT),
        policies.ContentDecodePolicy(),
        _AzuresOwn(),
        _OnlyThere(base_url),
        _OnceMore(),
        authentication,
        policies.CustomHookPolicy(),
        policies.SensitiveHeaderCleanupPolicy(),
    ]
