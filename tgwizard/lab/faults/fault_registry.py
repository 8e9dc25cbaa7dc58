"""Which faults a lab has: rules are added, counted and forgotten, and each request is judged by them in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tgwizard.lab.faults.canned_errors import RequestInfo
from tgwizard.lab.faults.fault_rules import Effect, Fault, FaultVerdict


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A fault in a lab: its id, when it was added, how many requests it counted and how many it struck."""

    id: str
    fault: Fault
    added: datetime
    seen: int = 0
    struck: int = 0


def _real_time() -> datetime:
    return datetime.now(UTC)


class FaultRegistry:
    """The rules of a lab in their order.

    They belong to a running lab and its copies and are not saved with the world. Guarded by the lab's lock.
    """

    def __init__(self, now: Callable[[], datetime] = _real_time) -> None:
        self._now = now
        self._rules: tuple[ActiveRule, ...] = ()
        self._added = 0

    @property
    def rules(self) -> tuple[ActiveRule, ...]:
        """The rules with their counts, in the order they were added."""
        return self._rules

    def add(self, fault: Fault) -> ActiveRule:
        """Add a rule; it counts the requests from now on."""
        self._added += 1
        rule = ActiveRule(f"{self._added}", fault, self._now())
        self._rules = (*self._rules, rule)
        return rule

    def remove(self, rule_id: str) -> bool:
        """Forget one rule. Return whether there was one of that id or name."""
        kept = tuple(rule for rule in self._rules if rule_id not in (rule.id, rule.fault.name))
        removed = len(kept) != len(self._rules)
        self._rules = kept
        return removed

    def clear(self) -> None:
        """Forget all rules."""
        self._rules = ()

    def copy(self, now: Callable[[], datetime] | None = None) -> FaultRegistry:
        """Return independent rules with the same counts, on another clock if one is given."""
        twin = FaultRegistry(now or self._now)
        twin._rules = self._rules
        twin._added = self._added
        return twin

    def judge(self, met: RequestInfo) -> FaultVerdict:
        """Count a request and return what strikes it."""
        if not self._rules:
            return FaultVerdict(met=met)
        now = self._now()
        effects: list[Effect] = []
        names: list[str] = []
        rules: list[ActiveRule] = []
        for rule in self._rules:
            after = rule
            if rule.fault.concerns(met, (now - rule.added) / timedelta(seconds=1)):
                hit = rule.fault.strikes(rule.seen + 1, rule.struck)
                after = replace(rule, seen=rule.seen + 1, struck=rule.struck + hit)
                if hit:
                    effects.append(rule.fault.effect)
                    names.append(rule.id)
            rules.append(after)
        self._rules = tuple(rules)
        return FaultVerdict(tuple(effects), tuple(names), met)
