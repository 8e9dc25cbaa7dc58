"""The lab page's sentences: scenarios, latencies, power states and fault rules, and the ready-made rules it offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tgwizard.engine.lab_control import FaultSeen, HoldingSeen
from tgwizard.gui.style.state_shapes import Shape

SCENARIOS = {
    "ready": "everything is set up, the first member holds the floating IP",
    "fresh": "nothing is set up: no role, no floating IP",
    "fleet": "two hundred clusters, a few of them in trouble",
    "reader": "like ready, but you may only read",
    "old-role": "the role lacks an action, neither member can write its own NIC",
    "busy-nic": "the NICs are behind a load balancer, and the role may not join it",
    "two-tenants": "like fresh, among several subscriptions, a second tenant and hostile names",
    "vnet-elsewhere": "network and security groups lie in other resource groups",
}
"""What one meets in a scenario (`resources/lab/`). A lab may know others."""

LATENCIES = {
    "instant": ("Instant", "every operation has ended as soon as anyone looks"),
    "fast": ("Fast", "4 s for every operation"),
    "drawn": ("Drawn", "2 to 9 s for each operation"),
    "azure": ("As on Azure", "drawn from times recorded on Azure"),
}
"""Name and consequence of each latency."""


def scenario_words(name: str) -> str:
    """What one meets in this scenario."""
    return SCENARIOS.get(name, "a scenario of this lab")


def latency_words(word: str) -> tuple[str, str]:
    """Name and consequence of a latency."""
    return LATENCIES.get(word, (word, "a latency of this lab"))


_POWER = {
    "running": (Shape.GOOD, "Running"),
    "starting": (Shape.MOVING, "Starting"),
    "stopping": (Shape.MOVING, "Stopping"),
    "deallocating": (Shape.MOVING, "Deallocating"),
    "stopped": (Shape.WAITING, "Stopped"),
    "deallocated": (Shape.WAITING, "Deallocated"),
}


def power_shown(power: str) -> tuple[Shape, str]:
    """Shape and word of a VM's power state, given in Azure's word."""
    return _POWER.get(power, (Shape.NOT_KNOWN, power))


def is_on(power: str) -> bool:
    """Whether the switch would turn the VM off."""
    return power in {"running", "starting"}


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """One answer of Azure that a rule can force: the lab's word for it, name and consequence."""

    word: str
    name: str
    consequence: str


ANSWERS = (
    ReadyAnswer("throttled-by-arm", "Throttled by Azure", "429: too many requests of this sign-in"),
    ReadyAnswer("throttled-action", "Throttled action", "429: one action's own limit is used up"),
    ReadyAnswer("throttled-by-network", "Throttled by Network", "429: too many network calls in 5 minutes"),
    ReadyAnswer("throttled-by-read-size", "Read too much", "429: too much network data was read in 5 minutes"),
    ReadyAnswer("throttled-operation", "Throttled network call", "429: this one network call was made too often"),
    ReadyAnswer("queue-timed-out", "Network queue full", "429: the network service's queue did not move in time"),
    ReadyAnswer("request-timed-out", "Network ran out of time", "429: the network service did not finish in time"),
    ReadyAnswer("throttled-by-compute", "Throttled by Compute", "429: a quota of the VM provider is used up"),
    ReadyAnswer("network-busy", "Network busy", "429: the resource is held for a while"),
    ReadyAnswer("reference-not-ready", "Reference not ready", "429: a referenced resource is updating"),
    ReadyAnswer("another-operation", "Another operation", "409: another operation is in progress"),
    ReadyAnswer("server-timeout", "Server timeout", "503: nobody knows whether it took effect"),
    ReadyAnswer("gateway-timeout", "Gateway timeout", "504: the provider did not answer in time"),
    ReadyAnswer("internal-error", "Internal error", "500: Azure met an error of its own"),
)
"""Azure's own answers by the names that rules use (`azure/README.md` 1.2, 2.4, 5)."""


class RuleTarget(Enum):
    """Which requests a ready-made rule meets."""

    NIC_WRITES = "Writes of a NIC"
    NIC_READS = "Reads of a NIC"
    VM_READS = "Reads of a VM"
    EVERYTHING = "Every request"


TARGETS: dict[RuleTarget, tuple[str, Mapping[str, str]]] = {
    RuleTarget.NIC_WRITES: (
        "the two writes of a failover, and its probe",
        {"method": "PUT", "operation": "Microsoft.Network/networkInterfaces/write"},
    ),
    RuleTarget.NIC_READS: (
        "what the window and a run look at",
        {"method": "GET", "operation": "Microsoft.Network/networkInterfaces/read"},
    ),
    RuleTarget.VM_READS: (
        "power state and identity of a member",
        {"method": "GET", "operation": "Microsoft.Compute/virtualMachines/read"},
    ),
    RuleTarget.EVERYTHING: ("whatever is asked of the lab's Azure", {}),
}
"""What a target is in words, and how a rule spells it."""


class RuleTimes(Enum):
    """How often a ready-made rule strikes."""

    ONCE = "Once"
    ALWAYS = "Until cleared"


TIMES: dict[RuleTimes, tuple[str, object]] = {
    RuleTimes.ONCE: ("the next such request, and no other", 1),
    RuleTimes.ALWAYS: ("every such request from now on", "always"),
}
"""What it means, and how a rule spells it."""


def rule_of(answer: ReadyAnswer, target: RuleTarget, times: RuleTimes, resource: str) -> dict[str, Any]:
    """A rule as a scenario file spells it; `resource` is a part of the path, empty for any."""
    match: dict[str, Any] = {**TARGETS[target][1], "times": TIMES[times][1]}
    if resource:
        match["resource"] = resource
    return {"match": match, "effect": {"kind": "azure", "answer": answer.word}}


def rule_words(rule: FaultSeen) -> str:
    """A present rule as a sentence: the page's own words for its own rules, the lab's for all others."""
    words = rule_sentence(rule.match, rule.effect)
    return words or (f"{rule.name}: {rule.sentence}" if rule.name else rule.sentence)


def rule_sentence(match: Mapping[str, Any], effect: Mapping[str, Any]) -> str:
    """The sentence of a rule that this page could have made; empty for any other."""
    answer = next((item for item in ANSWERS if item.word == effect.get("answer")), None)
    times = next((times for times, (_, value) in TIMES.items() if value == match.get("times")), None)
    said = {key: match.get(key) or "" for key in ("method", "operation", "caller")}
    target = next((item for item, (_, spelled) in TARGETS.items() if {**_ANY, **spelled} == said), None)
    plain = all(match.get(key, value) == value for key, value in _PLAIN.items())
    plain = plain and effect.get("moment", "before-commit") == "before-commit"
    if answer is None or times is None or target is None or not plain:
        return ""
    where = f" on {match['resource']}" if match.get("resource") else ""
    return f"{answer.name} for {target.value[0].lower()}{target.value[1:]}{where}, {times.value.lower()}"


_ANY = {"method": "", "operation": "", "caller": ""}
_PLAIN: dict[str, object] = {"nth": 1, "every": 1, "probability": 1.0, "from_s": 0.0, "until_s": None}


def rule_counts(rule: FaultSeen) -> str:
    """How often a rule has met its requests so far."""
    return f"Met {rule.seen} such requests, struck {rule.struck}." if rule.seen else "Met no such request yet."


def name_of(resource_id: str) -> str:
    """The last part of a resource id."""
    return resource_id.rsplit("/", 1)[-1]


def holding_words(holding: HoldingSeen) -> str:
    """One holding as a sentence."""
    nic = name_of(holding.nic)
    if holding.until is None:
        return f"{nic} holds {holding.address}"
    seconds = (holding.until - holding.since).total_seconds()
    return f"{nic} held {holding.address} for {_duration(seconds)}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
