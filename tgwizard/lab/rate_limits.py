"""What ARM tells of its limits: how many reads, writes and deletions a caller has left at a subscription.

Since 2024 these are token buckets: 250 reads refilled by 25 a second, 200 writes and 200 deletions by 10, and fifteen
times as much for all callers of the subscription together. The lab counts and tells; only a fault rule throttles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tgwizard.lab.wire import Headers

GLOBAL_TIMES = 15


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    most: float
    per_second: float


_READS, _WRITES, _DELETES = _Limit("reads", 250, 25), _Limit("writes", 200, 10), _Limit("deletes", 200, 10)
_OF_METHOD = {"GET": _READS, "HEAD": _READS, "DELETE": _DELETES}


_WINDOWS = ((3, 180.0), (30, 1800.0))
"""The windows of the compute provider's limits: minutes as their names say them, and seconds."""
_COMPUTE = {
    "LowCostGet": (4000, 32000),
    "GetOperation": (15000, 30000),
    "UpdateVM": (240, 1200),
    "DeleteVM": (240, 1200),
    "PutVM": (240, 1200),
}
"""What a group of its calls may do in each window."""


@dataclass(slots=True)
class _Bucket:
    left: float
    since: datetime


@dataclass(slots=True)
class RateLimits:
    """The buckets of a lab's callers. Not safe between threads: the lab's lock is held around every call."""

    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def headers(self, method: str, subscription: str, caller: str, now: datetime) -> Headers:
        """Count a call and return the headers that tell what is left; without a subscription, of the tenant's."""
        limit = _OF_METHOD.get(method, _WRITES)
        place = "subscription" if subscription else "tenant"
        own = self._take(limit, (limit.name, subscription, caller), now, 1)
        told: Headers = ((f"x-ms-ratelimit-remaining-{place}-{limit.name}", str(own)),)
        if subscription:
            all_left = self._take(limit, (limit.name, subscription, ""), now, GLOBAL_TIMES)
            told += ((f"x-ms-ratelimit-remaining-subscription-global-{limit.name}", str(all_left)),)
        return told

    def compute_headers(self, method: str, path: str, subscription: str, now: datetime) -> Headers:
        """Count a call of the compute provider against limits of its own, and return the header that tells of them."""
        if "/providers/microsoft.compute/" not in path:
            return ()
        group = _compute_group(method, path)
        told = []
        for (minutes, seconds), most in zip(_WINDOWS, _COMPUTE[group], strict=True):
            limit = _Limit(f"{group}{minutes}Min", most, most / seconds)
            left = self._take(limit, (limit.name, subscription, ""), now, 1)
            told.append(f"Microsoft.Compute/{limit.name};{left}")
        return (("x-ms-ratelimit-remaining-resource", ",".join(told)),)

    def _take(self, limit: _Limit, key: tuple[str, str, str], now: datetime, times: int) -> int:
        most = limit.most * times
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        gained = max(0.0, (now - bucket.since).total_seconds()) * limit.per_second * times
        bucket.left = max(0.0, min(most, bucket.left + gained) - 1)
        bucket.since = now
        return int(bucket.left)


def _compute_group(method: str, path: str) -> str:
    if method == "GET":
        return "GetOperation" if "/operations/" in path else "LowCostGet"
    if method == "DELETE" or path.endswith("/deallocate"):
        return "DeleteVM"
    return "UpdateVM" if method == "POST" else "PutVM"
