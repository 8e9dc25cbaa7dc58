"""Azure's own error answers that depend on load and luck, ready-made for fault rules (azure/README.md 1.2, 2.4, 5).

All four kinds of 429 are here: they share the status and are told apart by code and details alone.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from tgwizard.lab.wire import Detail, Headers, Json, Refusal, RefusalCause, Response, json_response, network_refusal


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a rule and its answer may know about a request."""

    method: str = ""
    path: str = ""
    action: str = ""
    caller: str = ""
    caller_oid: str = ""
    subscription: str = ""
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    body: str = ""


class CannedError(Enum):
    """The answers by the names that rules use."""

    THROTTLED_BY_ARM = "throttled-by-arm"
    """429: the token bucket of ARM, per subscription and principal."""
    THROTTLED_ACTION = "throttled-action"
    """429 of ARM as well: one action's own limit."""
    THROTTLED_BY_NETWORK = "throttled-by-network"
    """429: too many calls to the network provider within five minutes."""
    THROTTLED_BY_READ_SIZE = "throttled-by-read-size"
    """429 of the network provider, in its other form `TooManyRequests`: too much was read."""
    THROTTLED_OPERATION = "throttled-operation"
    """429 of the network provider: too many calls to this one operation."""
    QUEUE_TIMED_OUT = "queue-timed-out"
    """429 of the network provider: its batch queue did not come to the request in time. Wording [?]."""
    REQUEST_TIMED_OUT = "request-timed-out"
    """429 of the network provider: it ran out of time with the request. Wording [?]."""
    THROTTLED_BY_COMPUTE = "throttled-by-compute"
    """429: a quota of the compute provider; its code says `OperationNotAllowed`."""
    NETWORK_BUSY = "network-busy"
    """429 that is no throttle: another operation holds the resource for a while."""
    REFERENCE_NOT_READY = "reference-not-ready"
    """429 that is no throttle: a referenced resource is being updated."""
    ANOTHER_OPERATION = "another-operation"
    """409: another operation on this or a dependent resource."""
    SERVER_TIMEOUT = "server-timeout"
    """503: nobody knows whether the request took effect."""
    GATEWAY_TIMEOUT = "gateway-timeout"
    """504: the provider did not answer ARM in time."""
    INTERNAL_ERROR = "internal-error"
    """500."""


def canned_response(known: CannedError, met: RequestInfo) -> Response:
    """Return the answer to one request."""
    return _ANSWERS[known](met)


def _by_arm(met: RequestInfo) -> Response:
    return _limited(
        "SubscriptionRequestsThrottled",
        f"Number of requests for subscription '{met.subscription}' and operation '{met.method}' exceeded the backend "
        "storage limit. Please try again after '6' seconds.",
        6,
    )


def _by_action(met: RequestInfo) -> Response:
    return _limited(
        "ResourceRequestsThrottled",
        f"Number of requests for action '{met.action}' exceeded the limit of '150' for time interval '01:00:00'. "
        "Please try again after '324' seconds.",
        324,
    )


def _limited(code: str, message: str, seconds: int) -> Response:
    return Refusal(429, code, message, headers=_retry_after(seconds)).response()


def _by_network(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueToTooManyCalls",
        f"Subscription '{met.subscription}' was used to perform too many calls within last 5 minutes. The number of "
        "calls exceeds Microsoft.Network throttling limit. The call can be retried in 64 seconds.",
        64,
    )


def _by_read_size(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueTooHighReadDataSize",
        f"Subscription '{met.subscription}' was used to read too much data within last 5 minutes. The size exceeds "
        "Microsoft.Network throttling limit. The call can be retried in 64 seconds.",  # wording [?]
        64,
        outer="TooManyRequests",
    )


def _by_operation(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueToTooManyCallsToThisOperation",
        # Seen of another operation (azure/README.md 5); the number of calls [?].
        f"Operation {met.method.capitalize()}NicOperation exceeded throttling limit of 1000 calls within last 5 "
        f"minutes. The number of calls exceeds Microsoft.Network throttling limit. {_AGAIN}",
        _UNKNOWN_WAIT_S,
    )


def _queue_timed_out(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueToBatchQueueTimeout",
        f"The request for resource {met.path} was not taken from the queue in time. {_AGAIN}",  # wording [?]
        _UNKNOWN_WAIT_S,
    )


def _request_timed_out(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueToRequestTimedOut",
        f"The request for resource {met.path} timed out. {_AGAIN}",  # wording [?]
        _UNKNOWN_WAIT_S,
    )


_UNKNOWN_WAIT_S = 12
"""Of the three kinds that are known by their codes alone: as long as the lock of another operation [?]."""
_AGAIN = f"The call can be retried in {_UNKNOWN_WAIT_S} seconds."


def _network_busy(met: RequestInfo) -> Response:
    return _retryable(
        "RetryableErrorDueToAnotherOperation",
        f"Operation PutNicOperation ({uuid.uuid4()}) is updating resource {met.path}. The call can be retried in 12 "
        "seconds.",
        12,
    )


def _reference_not_ready(met: RequestInfo) -> Response:
    name = met.path.rsplit("/", 1)[-1]
    return _retryable(
        "ReferencedResourceNotProvisioned",
        f"Cannot proceed with operation because resource {met.path} used by resource {name} is not in Succeeded "
        "state. Resource is in Updating state and the last operation that updated/is updating the resource is "
        "PutSubnetOperation.",
        10,
    )


def _retryable(code: str, message: str, seconds: int, outer: str = "RetryableError") -> Response:
    refusal = network_refusal(
        429, outer, "A retryable error occurred.", Detail(code, message), headers=_retry_after(seconds)
    )
    return refusal.response()


def _by_compute(met: RequestInfo) -> Response:
    begin = met.now.astimezone(UTC)
    measured: Json = {
        "operationGroup": "HighCostGet30Min",
        "startTime": begin.isoformat(),
        "endTime": (begin + timedelta(minutes=30)).isoformat(),
        "allowedRequestCount": 900,
        "measuredRequestCount": 3155,
    }
    error: Json = {
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received for this "
        "subscription.",
        "details": [{"code": "TooManyRequests", "target": "HighCostGet30Min", "message": json.dumps(measured)}],
        "innererror": {"internalErrorCode": "TooManyRequestsReceived"},
    }
    headers = (
        ("x-ms-failure-cause", RefusalCause.SERVICE.value),
        *_retry_after(1200),
        ("x-ms-ratelimit-remaining-resource", _QUOTA),
    )
    return json_response(429, {"error": error}, headers)


_QUOTA = "Microsoft.Compute/HighCostGet3Min;39,Microsoft.Compute/HighCostGet30Min;0"


def _another_operation(_met: RequestInfo) -> Response:
    refusal = network_refusal(
        409,
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
        "uri: .",
    )
    return refusal.response()


def _server_timeout(met: RequestInfo) -> Response:
    return _diagnostic(503, "ServerTimeout", "The request timed out.", met)


def _internal_error(met: RequestInfo) -> Response:
    return _diagnostic(500, "InternalServerError", "Encountered internal server error.", met)


def _diagnostic(status: int, code: str, sentence: str, met: RequestInfo) -> Response:
    text = (
        f"{sentence} Diagnostic information: timestamp '{met.now:%Y%m%dT%H%M%SZ}', subscription id "
        f"'{met.subscription}', tracking id '{uuid.uuid4()}', request correlation id '{uuid.uuid4()}'."
    )
    return Refusal(status, code, text).response()


def _gateway_timeout(met: RequestInfo) -> Response:
    parts = met.path.split("/providers/")
    provider = parts[-1].split("/", 1)[0] if len(parts) > 1 else "Microsoft.Resources"
    text = f"The gateway did not receive a response from '{provider}' within the specified time period."
    return Refusal(504, "GatewayTimeout", text, cause=RefusalCause.SERVICE).response()


def _retry_after(seconds: int) -> Headers:
    return (("Retry-After", str(seconds)),)


_ANSWERS: dict[CannedError, Callable[[RequestInfo], Response]] = {
    CannedError.THROTTLED_BY_ARM: _by_arm,
    CannedError.THROTTLED_ACTION: _by_action,
    CannedError.THROTTLED_BY_NETWORK: _by_network,
    CannedError.THROTTLED_BY_READ_SIZE: _by_read_size,
    CannedError.THROTTLED_OPERATION: _by_operation,
    CannedError.QUEUE_TIMED_OUT: _queue_timed_out,
    CannedError.REQUEST_TIMED_OUT: _request_timed_out,
    CannedError.THROTTLED_BY_COMPUTE: _by_compute,
    CannedError.NETWORK_BUSY: _network_busy,
    CannedError.REFERENCE_NOT_READY: _reference_not_ready,
    CannedError.ANOTHER_OPERATION: _another_operation,
    CannedError.SERVER_TIMEOUT: _server_timeout,
    CannedError.GATEWAY_TIMEOUT: _gateway_timeout,
    CannedError.INTERNAL_ERROR: _internal_error,
}
