"""Two member agents on the lab, in virtual time: every wait of a run lets the rest of the world go on.

One thread, one clock: the same seed gives the same history. The heartbeat is the real one over a wire whose directions
can be cut; Azure is the lab, through the real SDK; each member has its own state folder and journal.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.member.test_peer_heartbeat import Wire
from tests.rig import Rig, rig
from tgwizard.engine.members.agent import MemberAgent
from tgwizard.engine.members.member_ports import HealthFinding, HeardPeer
from tgwizard.engine.members.member_report import MemberReport
from tgwizard.engine.members.member_store import MemberStore
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_events import Finished

STEP_S = 0.1


class ProcessDiedError(BaseException):
    """Unwinds the run that a killed member was in."""

    def __init__(self, which: int) -> None:
        super().__init__(which)
        self.which = which


class WorldClock(VirtualClock):
    """A wait is many short ones, and in each the others do what they have to do."""

    def __init__(self) -> None:
        super().__init__()
        self.others: Callable[[], None] = lambda: None

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        left = seconds
        while left > 1e-9:
            step = min(STEP_S, left)
            super().sleep(step, cancel)
            left -= step
            self.others()


@dataclass
class InlineRuns:
    """A run goes on inside the turn that began it; its waits let the world go on."""

    ended: Finished | None = None
    running: bool = False
    broke: Exception | None = None

    def start(self, run: Callable[[], Finished]) -> None:
        assert not self.running
        assert self.ended is None
        self.running = True
        try:
            self.ended = run()
        except Exception as error:  # noqa: BLE001 - as the real slot: told to who waits for the end
            self.broke = error
        finally:
            self.running = False

    def take(self) -> Finished | None:
        (ended, broke), self.ended, self.broke = (self.ended, self.broke), None, None
        if broke is not None:
            raise broke
        return ended


@dataclass
class WireLink:
    """The heartbeat of one member on the wire."""

    wire: Wire
    which: int

    @property
    def heard(self) -> HeardPeer:
        return self.wire.members[self.which].heard

    def tell(self, report: MemberReport) -> None:
        self.wire.members[self.which].tell(report)


@dataclass
class SwitchedHealth:
    """Health as the test says."""

    now: list[HealthFinding] = field(default_factory=list)

    def findings(self) -> tuple[HealthFinding, ...]:
        return tuple(self.now)


class Pair:
    """The pair of scenario `ready`, run by its two agents."""

    def __init__(
        self, timeout_s: float = 10.0, seed: int = 0, mode: ClusterMode = ClusterMode.AUTOMATIC_FAILBACK
    ) -> None:
        self.clock = WorldClock()
        self.timing = MemberTiming(timeout_s)
        self.lab = Lab.from_scenario("ready", clock=self.clock, latency=Latency.FAST)
        self.mode = mode
        self.folder = Path(tempfile.mkdtemp(prefix="tgwizard-pair-"))
        self.wire = Wire(timing=self.timing)
        self.rigs = tuple(self._rig(which) for which in (0, 1))
        self.health = (SwitchedHealth(), SwitchedHealth())
        self.seed = seed
        self.agents: list[MemberAgent | None] = [None, None]
        self.watch: Callable[[], None] = lambda: None
        self.frozen: set[int] = set()
        self.trouble: list[str] = []
        self.slots: list[InlineRuns] = [InlineRuns(), InlineRuns()]
        self._inside = [False, False]
        self._pumping = False
        self._turned = [-1.0, -1.0]
        for which in (0, 1):
            self.start(which)
        self.clock.others = self.pump

    def _rig(self, which: int) -> Rig:
        made = rig(lab=self.lab, clock=self.clock, state=self.folder / "ab"[which])
        return replace(made, setup=replace(made.setup, cluster_mode=self.mode))

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def start(self, which: int) -> None:
        """Start an agent, anew or for the first time: only its disk is left of an earlier one."""
        made = self.rigs[which]
        self.wire.restart(which)
        self.slots[which] = InlineRuns()
        self.agents[which] = MemberAgent(
            made.services,
            made.setup,
            made.setup.members[which],
            WireLink(self.wire, which),
            MemberStore(made.services.state_dir),
            self.slots[which],
            self.timing,
            made.events.append,
            (self.health[which],),
            boot=f"{which}-{self.now}",
            rng=random.Random(self.seed + which),  # noqa: S311 - jitter
        )

    def kill(self, which: int) -> None:
        """The process is gone; its machine stays."""
        inside = self._inside[which]
        self._gone(which)
        if inside:
            raise ProcessDiedError(which)

    def _gone(self, which: int) -> None:
        self.agents[which] = None
        self.wire.dead_members.add(which)

    def pump(self) -> None:
        """One moment of the world: what flies arrives, and each agent that is due turns."""
        if self._pumping:
            return
        self._pumping = True
        try:
            self.wire.carry(self.now)
        finally:
            self._pumping = False
        self.watch()
        for which in (0, 1):
            agent = self.agents[which]
            if agent is None or self.now - self._turned[which] < min(1.0, self.timing.interval_s):
                continue
            if which in self.frozen or (self._inside[which] and not self.slots[which].running):
                continue  # a turn that waits for Azure is not a second one
            self._turned[which] = self.now
            self._turn(which, agent)

    def _turn(self, which: int, agent: MemberAgent) -> None:
        """One turn. A member that dies inside another one's run takes that one along: one stack holds both."""
        outer, self._inside[which] = self._inside[which], True
        try:
            agent.turn()
        except ProcessDiedError as died:
            self._gone(which)
            if outer or died.which != which:
                raise
        finally:
            self._inside[which] = outer

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    @property
    def holders(self) -> list[str]:
        """Who holds the address now."""
        return self.rigs[0].holders()

    def active(self) -> list[str]:
        """Which members say that they are active."""
        return [
            agent.me.name
            for which, agent in enumerate(self.agents)
            if agent is not None and which not in self.frozen and agent.says_active()
        ]
