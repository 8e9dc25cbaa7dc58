"""The lab as a server: NIC reads a second with authorization, through `handle` and through the SDK; a fleet's cost.

    python -m tests.bench.lab [--reads N] [--clusters N]

One thread, so one core. Reads are a member's, authorized by its role; a fleet is built, loaded and changed in processes
of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.network import NetworkManagementClient

from tests.bench.measured.figures import machine
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.wire import Request

HOST = "https://management.azure.com"
HANDLE_AT_LEAST, SDK_AT_LEAST = 3000, 500
FLEET_WITHIN_S, FLEET_WITHIN_MB = 3.0, 300.0


class MemberCredential:
    """The token of one VM's identity, as the SDK wants a credential to be."""

    def __init__(self, token: str) -> None:
        """Keep the token."""
        self._token = token

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Return it; it lives an hour."""
        return AccessToken(self._token, int(time.time()) + 3600)


def per_second(read: Callable[[], object], times: int) -> float:
    """How often a read can be made in a second of this thread."""
    read()
    began = time.perf_counter()
    for _ in range(times):
        read()
    return times / (time.perf_counter() - began)


def reads(times: int) -> tuple[float, float]:
    """NIC reads a second through `handle` and through the SDK, as tg-node-a with the ten-action role."""
    lab = Lab.from_scenario("ready", clock=VirtualClock())
    member = next(item for item in lab.principals if item.name == "tg-node-a")
    token = lab.issue_token_for(member)
    group = f"/subscriptions/{lab.subscription.id}/resourceGroups/rg-tg-prod"
    nic = f"{group}/providers/Microsoft.Network/networkInterfaces/tg-node-a-inside"
    request = Request("GET", f"{HOST}{nic}?api-version=2026-03-01", {"Authorization": f"Bearer {token}"})

    def by_hand() -> None:
        answer = lab.handle(request)
        if answer.status != 200:
            sys.exit(f"the read was answered with {answer.status}: {answer.body!r}")

    handled = per_second(by_hand, times)
    transport = RequestsTransport(session=lab_session(lab), session_owner=False, use_env_settings=False)
    with NetworkManagementClient(MemberCredential(token), lab.subscription.id, transport=transport) as client:
        by_sdk = per_second(lambda: client.network_interfaces.get("rg-tg-prod", "tg-node-a-inside"), max(1, times // 5))
    return handled, by_sdk


def fleet(clusters: int) -> dict[str, float]:
    """Build, save and load a fleet in processes of its own; seconds and MB."""
    found: dict[str, float] = {}
    with TemporaryDirectory(prefix="tgwizard-bench-") as folder:
        for step in (("build", folder, str(clusters)), ("load", folder)):
            command = [sys.executable, "-m", "tests.bench.measured.fleet", *step]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                sys.exit(f"the fleet was not measured:\n{done.stderr}")
            found |= json.loads(done.stdout)
    return found


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="NIC reads a second, and what a fleet costs.")
    parser.add_argument("--reads", type=int, default=20_000, help="reads through handle; the SDK makes a fifth of them")
    parser.add_argument("--clusters", type=int, default=5000, help="clusters of the fleet")
    given = parser.parse_args()
    handled, by_sdk = reads(given.reads)
    cost = fleet(given.clusters)
    print(f"lab, one thread; {machine()}")
    print(f"  NIC reads a second, authorized: handle {handled:,.0f}, SDK in process {by_sdk:,.0f}")
    seconds, peak = "{:.2f} s".format, "a peak of {:.0f} MB".format
    print(f"  fleet of {given.clusters:,}")
    print(f"    built in {seconds(cost['built_s'])}, {peak(cost['peak_mb'])}")
    print(f"    loaded from its folder in {seconds(cost['loaded_s'])}, {peak(cost['loaded_mb'])}")
    print(f"    saved whole in {seconds(cost['whole_s'])}")
    print(f"    a write is in its folder before its answer: {1000 * cost['note_s']:.1f} ms, {cost['change_kb']:.1f} kB")
    print(f"    and safe from a power cut a second later: {1000 * cost['change_s']:.1f} ms")
    kept = {
        f"{HANDLE_AT_LEAST:,} reads a second through handle": handled >= HANDLE_AT_LEAST,
        f"{SDK_AT_LEAST} through the SDK": by_sdk >= SDK_AT_LEAST,
        f"a fleet loads in {FLEET_WITHIN_S:g} s": max(cost["built_s"], cost["loaded_s"]) <= FLEET_WITHIN_S,
        f"and {FLEET_WITHIN_MB:g} MB": max(cost["peak_mb"], cost["loaded_mb"]) <= FLEET_WITHIN_MB,
    }
    print("promises")
    for promise, good in kept.items():
        print(f"  {promise}: {'kept' if good else 'NOT KEPT'}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
