"""Random histories of a pair in virtual time: what may befall it, done at its moment, and what must hold at every one.

A history is a seed. It is played by `Pair`, so that agents, heartbeat, engine, journals, SDK and lab are the real ones.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise

import requests

from tests.engine.members.simulation import Pair
from tests.rig import rig
from tgwizard.engine.members.member_ports import HealthCondition, HealthFinding
from tgwizard.engine.members.member_store import MemberWish
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, Timeout
from tgwizard.model.cluster import Verb

LINK_DOWN = HealthFinding(HealthCondition.INTERFACE_DOWN, "eth1 has no link")
JSON = "application/json; charset=utf-8"
THROTTLED = FaultAnswer(
    429, '{"error": {"code": "TooManyRequests", "message": "later"}}', (("Content-Type", JSON), ("Retry-After", "7"))
)
UNAVAILABLE = FaultAnswer(503, '{"error": {"code": "ServiceUnavailable", "message": "later"}}')
FORBIDDEN = FaultAnswer(403, '{"error": {"code": "AuthorizationFailed", "message": "no write"}}')
LASTS_S = 30.0
"""For how long things happen."""
QUIET_S = 75.0
"""A history has settled when nothing was written for so long: longer than the hold-down before a failback."""
LONGEST_S = 2400.0
"""By then it has settled: the longest back-off of a failed run is 600 s and a fifth."""


class History:
    """One history. ``log`` tells it, oldest first."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - which things befall the pair
        self.pair = Pair(timeout_s=self.rng.choice((5.0, 10.0, 10.0, 30.0, 30.0)), seed=seed)
        self.log: list[str] = []
        self.wrong: list[str] = []
        self._due: list[tuple[float, str, Callable[[], None]]] = []
        self._operator = rig(lab=self.pair.lab, clock=self.pair.clock, state=self.pair.folder / "operator")
        self.pair.watch = self._watch

    def play(self) -> History:
        """Let things happen, then none any more, until it has settled."""
        self.pair.run(self.rng.choice((0.5, 5.0)))
        for _ in range(self.rng.randint(1, 7)):
            name, act = self._drawn()
            self._due.append((self.pair.now + self.rng.uniform(0.0, LASTS_S), name, act))
        self._due.sort(key=lambda item: item[0])
        end = self.pair.now + LASTS_S + 1
        while self._due or self.pair.now < end:
            self.pair.run(1.0)
        self.heal()
        return self

    def heal(self) -> None:
        """Every fault ends, every agent runs, and a person says so to an agent that was paused."""
        pair = self.pair
        self._say("all faults end")
        pair.lab.faults.clear()
        pair.wire.dead.clear()
        pair.wire.frozen.clear()
        for which in (0, 1):
            pair.health[which].now.clear()
            pair.frozen.discard(which)
            if pair.agents[which] is None:
                pair.start(which)
        pair.run(1.0)
        if any(one is not None and one.kept.preference.paused for one in pair.agents):
            for (
                one
            ) in pair.agents:  # what was said to one while it was down may count for more than a word to the other
                assert one is not None
                one.store.wish(MemberWish(paused=False, goes_on=True))

    def settle(self) -> str:
        """Who holds it in the end. AssertionError: nobody does for good."""
        pair, quiet_since, writes = self.pair, self.pair.now, len(self._operator.puts())
        end = pair.now + LONGEST_S
        while pair.now - quiet_since < QUIET_S:
            assert pair.now < end, self.told(f"it never settles: {self._states()}")
            pair.run(5.0)
            if len(self._operator.puts()) != writes:
                quiet_since, writes = pair.now, len(self._operator.puts())
            elif not self.holders():
                quiet_since = pair.now
        self._never_two_holders()
        held = self.holders()
        assert len(held) == 1, self.told(f"held by {held}")
        assert pair.active() == held, self.told(f"{held} holds, {pair.active()} say that they are active")
        return held[0]

    def fails_over(self) -> None:
        """A settled pair has cover again, whatever it went through: the holder dies, and the other one takes it."""
        pair = self.pair
        names = [member.name for member in pair.rigs[0].setup.members]
        which = names.index(self.holders()[0])
        self._say("the holder is killed")
        pair.kill(which)
        pair.run(pair.timing.timeout_s + 12.0)
        held = self.holders()
        assert held == pair.active() == [names[1 - which]], self.told(f"held by {held}; {self._states()}")

    def _never_two_holders(self) -> None:
        """By the lab's truth, over the whole history."""
        held = [item for item in self.pair.lab.holdings if item.address == self._operator.address]
        for one, two in pairwise(sorted(held, key=lambda item: item.since)):
            assert one.until is not None, self.told(f"two hold it: {one}, {two}")
            assert one.until <= two.since, self.told(f"two hold it: {one}, {two}")

    def holders(self) -> list[str]:
        """By the lab's own truth, under way or not."""
        setup, address = self._operator.setup, self._operator.address
        found = []
        for member in setup.members:
            nic = self._operator.nic(member)
            if nic.lists(address):
                found.append(member.name)
        return found

    def told(self, what: str) -> str:
        """The history, for a failure."""
        return "\n".join([what, *self.log])

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.pair.folder, ignore_errors=True)

    def _say(self, what: str) -> None:
        self.log.append(f"{self.pair.now:8.1f}  {what}; {self._states()}")

    def _states(self) -> str:
        told = []
        for which, agent in enumerate(self.pair.agents):
            if agent is None or agent.status is None:
                told.append(f"{'ab'[which]} -")
                continue
            status = agent.status
            last = status.last_run.reason[:60] if status.last_run else ""
            told.append(f"{'ab'[which]} {status.role.value} {status.decision.reason.value} [{last}]")
        return ", ".join(told)

    def _watch(self) -> None:
        pair = self.pair
        active = pair.active()
        if len(active) > 1:
            self.wrong.append(self.told(f"{pair.now:.1f}: both say that they are active"))
        self.wrong.extend(self.told(item) for item in pair.trouble)
        pair.trouble.clear()
        while self._due and self._due[0][0] <= pair.now:
            _, name, act = self._due.pop(0)
            self._say(name)
            act()

    def _drawn(self) -> tuple[str, Callable[[], None]]:
        pair, rng = self.pair, self.rng
        which = rng.randrange(2)
        name = "ab"[which]
        until = rng.choice((3.0, 12.0, 40.0))
        choices: list[tuple[str, Callable[[], None]]] = [
            (f"kill {name}", lambda: self._kill(which)),
            (f"kill {name}, and start it after {until:g} s", lambda: self._kill(which, until)),
            (f"cut one way, {which}, for {until:g} s", lambda: self._cut_one_way(which, until)),
            (f"cut both for {until:g} s", lambda: self._cut(until)),
            (f"{name} unfit for {until:g} s", lambda: self._unfit(which, until)),
            (f"{name} frozen for {until:g} s", lambda: self._freeze(which, until)),
            (f"429 for {until:g} s", lambda: self._fault("", THROTTLED, until)),
            (f"503 for {until:g} s", lambda: self._fault("", UNAVAILABLE, until)),
            (f"403 of writes for {until:g} s", lambda: self._fault("PUT", FORBIDDEN, until)),
            ("the answers of two writes are lost", lambda: self._lost(2)),
            (f"make-active {name}", lambda: self._wish(MemberWish(active=pair.rigs[0].setup.members[which].name))),
            ("pause", lambda: self._wish(MemberWish(paused=True))),
            (f"an operator moves it to {name}", lambda: self._operate(which)),
            ("somebody removes it", self._remove),
            ("both sleep for ten minutes", lambda: pair.clock.advance(600.0)),
        ]
        return rng.choice(choices)

    def _later(self, seconds: float, name: str, act: Callable[[], None]) -> None:
        self._due.append((self.pair.now + seconds, name, act))
        self._due.sort(key=lambda item: item[0])

    def _cut_one_way(self, which: int, seconds: float) -> None:
        self.pair.wire.dead.add(which)
        self._later(seconds, f"the cut {which} ends", lambda: self.pair.wire.dead.discard(which))

    def _kill(self, which: int, back_s: float | None = None) -> None:
        if self.pair.agents[which] is None:
            return
        if back_s is not None:
            self._later(back_s, f"start {'ab'[which]}", lambda: self._start(which))
        self.pair.kill(which)

    def _start(self, which: int) -> None:
        if self.pair.agents[which] is None:
            self.pair.start(which)

    def _cut(self, seconds: float) -> None:
        self.pair.wire.dead |= {0, 1}
        self._later(seconds, "the cut ends", self.pair.wire.dead.clear)

    def _unfit(self, which: int, seconds: float) -> None:
        health = self.pair.health[which].now
        if not health:
            health.append(LINK_DOWN)
            self._later(seconds, f"{'ab'[which]} fit again", health.clear)

    def _freeze(self, which: int, seconds: float) -> None:
        pair = self.pair

        def thaw() -> None:
            pair.frozen.discard(which)
            pair.wire.frozen.discard(which)

        pair.frozen.add(which)
        pair.wire.frozen.add(which)
        self._later(seconds, f"{'ab'[which]} goes on", thaw)

    def _fault(self, method: str, answer: FaultAnswer, seconds: float) -> None:
        added = self.pair.lab.faults.add(Fault(method, "networkInterfaces", answer, times=None))
        self._later(seconds, "the answers are right again", lambda: self._faults_end(added.id))

    def _faults_end(self, rule: str) -> None:
        self.pair.lab.faults.remove(rule)

    def _lost(self, count: int) -> None:
        self.pair.lab.faults.add(Fault("PUT", "networkInterfaces", Timeout(Moment.AFTER_COMMIT), times=count))

    def _wish(self, wish: MemberWish) -> None:
        running = [agent for agent in self.pair.agents if agent is not None]
        if running:
            self.rng.choice(running).store.wish(wish)

    def _operate(self, which: int) -> None:
        self._operator.fail_over(self._operator.setup.members[which], Verb.FORCED)

    def _remove(self) -> None:
        with suppress(requests.RequestException):
            self._take_it_off()

    def _take_it_off(self) -> None:
        address = self._operator.address
        for member in self._operator.setup.members:
            nic = self._operator.call("GET", member.nic.text)
            if nic.status_code != 200:
                return
            body = nic.json()
            items = body["properties"]["ipConfigurations"]
            kept = [item for item in items if item["properties"]["privateIPAddress"] != address]
            if len(kept) < len(items):
                body["properties"]["ipConfigurations"] = kept
                self._operator.call("PUT", member.nic.text, body)


@contextmanager
def history(seed: int) -> Iterator[History]:
    """Play the history of this seed."""
    with closing(History(seed)) as played:
        yield played.play()
