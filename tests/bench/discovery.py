"""How long reading a subscription takes: the lab's fleet through the real SDK in process, and sorting out its pairs.

    .venv/bin/python -m tests.bench.discovery [CLUSTERS]

Two machines and four interfaces for each cluster; 2,500 clusters are 5,000 machines. The lab answers in this process,
so its own work is part of the figure: a real Azure answers a page of a list in some 100 ms.
"""

from __future__ import annotations

import sys
import time

from tgwizard.app.adapters import lab_tokens
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential
from tgwizard.engine.access.matching_roles import AccessSeen
from tgwizard.engine.access.read_access import read_access
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.discovery.pairs import suggest_pairs
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.setup_answers import Answers


def main(clusters: int) -> None:
    """Print the seconds of each part."""
    lab = Lab.from_scenario("fleet", clock=VirtualClock(), latency=Latency.INSTANT, clusters=clusters)
    tokens = lab_tokens(lab)
    azure = ArmPorts(AzureSession(HeldCredential(tokens), http=lab_session(lab), lab=True))
    subscription = next(one for one in azure.directory.subscriptions() if one.id == lab.subscription.id)
    clock = SystemClock()
    started = time.monotonic()
    inventory = discover(azure, subscription, clock, lambda _event: None, CancelToken())
    read = time.monotonic()
    facts = read_access(azure, Answers(), inventory, clock, lambda _event: None, CancelToken())
    known = time.monotonic()
    found = suggest_pairs(inventory, access=AccessSeen(facts.roles.known, facts.assignments.known))
    done = time.monotonic()
    print(f"{len(inventory.vms)} machines, {len(inventory.nics)} interfaces, {len(found.pairs)} pairs")
    print(f"read {read - started:.2f} s, roles and assignments {known - read:.2f} s, pairs {done - known:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2500)
