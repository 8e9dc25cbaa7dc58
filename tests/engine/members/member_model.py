"""Every history of two members, one address and at most a few faults: the shipped decision, explored exhaustively.

The world is as small as it can be and still hold the questions: who lists the address, whether the heartbeat and Azure
can be reached, what each member last read, last heard, remembers on its disk and has under way. Steps of both members
interleave in every order; a member may lag behind for as long as the heartbeat's own bounds allow. The seconds of the
agent become levels ("silent for the timeout", "on nobody long enough"), each reached in a step of its own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from tgwizard.engine.members.decision import (
    MemberAction,
    MemberDecision,
    after_run,
    decide_member,
    remembered,
    still_wanted,
)
from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import (
    AzureSeen,
    HandOverAnswer,
    HolderSeen,
    MemberMemory,
    MemberView,
    PeerSeen,
    UnfinishedRun,
)
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_options import PartOfRun

TIMING = MemberTiming(30.0)
NOBODY = 2
"""The holder when neither member (0, 1) lists the address."""

HEARD, STARTED, MISSED, LOST = range(4)
"""Silence: none, since the start for less than three intervals, for more, for the cluster timeout."""


class Fault(Enum):
    """What may go wrong, once for each fault that is allowed."""

    CUT = "cut"
    CRASH = "crash"
    VM_OFF = "vm_off"
    UNFIT = "unfit"
    NO_AZURE = "no_azure"
    NO_RIGHT = "no_right"
    MAKE_ACTIVE = "make_active"
    REMOVED = "removed"
    MOVED = "moved"


class Rule(Enum):
    """A rule that can be switched off, to show that the invariants notice."""

    SPENT = "spent"
    WITNESS = "witness"
    SECOND_LOOK = "second_look"
    CREATED_IS_NOT_REPEATED = "created_is_not_repeated"
    MEMORY = "memory"


class Frame(NamedTuple):
    """What the last frame of the peer said."""

    fit: bool = True
    can: bool = True
    idle: bool = True
    offers: bool = False
    answer: HandOverAnswer = HandOverAnswer.NONE
    failed: bool = False
    version: int = 0
    active: int = 0


class Run(NamedTuple):
    """A run: ``sent`` the first write was accepted, ``created`` the last one was. ``live``: its process still runs."""

    part: PartOfRun
    sent: bool = False
    created: bool = False
    live: bool = True
    late: bool = False
    """A release whose gainer has had its time."""


class Agent(NamedTuple):
    """One member. ``seen``: the holder as last read, None without a reading. ``current``: nothing was written since."""

    up: bool = True
    off: bool = False
    fit: bool = True
    azure: bool = True
    right: bool = True
    silence: int = HEARD
    frame: Frame = Frame()
    unfit_long: bool = False
    well_long: bool = True
    seen: int | None = 0
    current: bool = True
    settled: int = 0
    off_long: bool = False
    spent: bool = False
    last: int | None = 0
    served: int = 0
    version: int = 0
    active: int = 0
    offer: int = 0
    """0 none, 1 open, 2 open for too long"""
    run: Run | None = None
    answer: HandOverAnswer = HandOverAnswer.NONE
    failed: bool = False


class World(NamedTuple):
    """All there is. ``takes``: completed takeovers in this loss, at most 2 counted; ``faults`` still to come."""

    holder: int
    link: bool
    agents: tuple[Agent, Agent]
    takes: int
    faults: int


@dataclass(frozen=True)
class Step:
    """One step. ``label`` names it; ``write``: Azure is written; ``broken``: the invariant that it breaks."""

    label: str
    after: World
    write: bool = False
    broken: str = ""


@dataclass
class Explored:
    """The result. ``broken`` counts steps by invariant; ``settled`` are the components that nothing leaves."""

    states: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    settled: int = 0
    unsettled_writes: int = 0
    badly_settled: list[World] = field(default_factory=list)
    uncovered: int = 0
    example: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class MemberModel:
    """What is explored: ``faults`` of ``kinds`` may happen, ``off`` rules are switched off."""

    kinds: frozenset[Fault]
    faults: int = 1
    mode: ClusterMode = ClusterMode.AUTOMATIC_FAILBACK
    off: frozenset[Rule] = frozenset()

    # -- what a member sees and decides --------------------------------------------------------------------------

    def view(self, agent: Agent, me: int) -> MemberView:
        """The view of member ``me``, in the seconds that the levels stand for."""
        return _view(agent._replace(off=False, up=True, current=True), me, self.mode)

    def decide(self, agent: Agent, me: int) -> MemberDecision:
        """What it would do now."""
        return _decided(agent._replace(off=False, up=True, current=True), me, self.mode)

    def remember(self, agent: Agent, me: int) -> Agent:
        """With what is kept on its disk brought up to date."""
        if agent.seen is None:
            return agent
        memory = remembered(self.view(agent, me))
        spent = memory.spent
        if Rule.SPENT in self.off:
            spent = False
        elif Rule.WITNESS in self.off and agent.seen == 1 - me and agent.silence != HEARD:
            spent = agent.spent
        last = agent.seen if agent.seen != NOBODY else agent.last
        return agent._replace(spent=spent, last=last, served=memory.served)

    # -- steps ---------------------------------------------------------------------------------------------------

    def steps(self, world: World) -> Iterator[Step]:
        """Everything that can happen next, faults apart."""
        for me in (0, 1):
            if world.agents[me].up:
                yield from self._hear(world, me)
                yield from self._wait(world, me)
                yield from self._read(world, me)
                yield from self._act(world, me)

    def _hear(self, world: World, me: int) -> Iterator[Step]:
        """A frame counts only if it acknowledges a young one: so, within one round trip, both hear again or neither."""
        agent, peer = world.agents[me], world.agents[1 - me]
        if not (world.link and peer.up):
            return
        if agent.silence != HEARD or peer.silence != HEARD:
            both = _with(_with(world, me, self._heard(world, me)), 1 - me, self._heard(world, 1 - me))
            yield Step("both hear", both._replace(takes=0))
            return
        heard = self._heard(world, me)
        if heard != agent:
            yield Step(f"{me} hears", _with(world, me, heard))

    def _heard(self, world: World, me: int) -> Agent:
        agent, peer = world.agents[me], world.agents[1 - me]
        frame = Frame(
            peer.fit,
            peer.right and peer.azure,
            peer.run is None,
            peer.offer > 0,
            peer.answer,
            peer.failed,
            peer.version,
            peer.active,
        )
        heard = agent._replace(silence=HEARD, frame=frame, unfit_long=agent.unfit_long and not frame.fit)
        if agent.silence != HEARD or not frame.fit:
            heard = heard._replace(well_long=False)
        if frame.version > heard.version:
            heard = heard._replace(version=frame.version, active=frame.active)
        if not frame.offers and heard.answer is not HandOverAnswer.NONE:
            heard = heard._replace(answer=HandOverAnswer.NONE)
        if frame.idle and heard.failed:
            heard = heard._replace(failed=False)
        return self.remember(heard, me)

    def _wait(self, world: World, me: int) -> Iterator[Step]:
        agent, peer = world.agents[me], world.agents[1 - me]
        if not (world.link and peer.up):
            if agent.silence in (HEARD, STARTED):
                missed = self.remember(agent._replace(silence=MISSED, unfit_long=False, well_long=False), me)
                yield Step(f"{me} misses", _with(world, me, missed))
            elif (
                agent.silence == MISSED
                and agent.seen is not None
                and agent.azure
                and not (peer.up and peer.silence == HEARD)
            ):
                # Both miss each other within three intervals, which is sooner than the timeout (a frame counts only if
                # it acknowledges a young one). A member that was frozen finds that it missed when it wakes.
                yield Step(f"{me} loses the peer", _with(world, me, agent._replace(silence=LOST)))
        elif agent.silence == HEARD:
            if not agent.frame.fit and not peer.fit and not agent.unfit_long:
                yield Step(f"{me} has heard unfit for the timeout", _with(world, me, agent._replace(unfit_long=True)))
            if agent.frame.fit and peer.fit and not agent.well_long:
                yield Step(f"{me} has heard well for the hold-down", _with(world, me, agent._replace(well_long=True)))
        if agent.seen == NOBODY and world.holder == NOBODY and agent.azure and agent.settled < 2:
            yield Step(f"{me} sees it on nobody for long", _with(world, me, agent._replace(settled=agent.settled + 1)))
        if peer.off and agent.azure and not agent.off_long:
            yield Step(f"{me} sees the peer's VM off for long", _with(world, me, agent._replace(off_long=True)))
        run = agent.run
        if run is not None and run.part is PartOfRun.RELEASE and run.sent and not run.created and not run.late:
            yield Step(f"{me}: the gainer is late", _with(world, me, agent._replace(run=run._replace(late=True))))
        if agent.offer == 1:
            yield Step(f"{me}: its offer is over", _with(world, me, agent._replace(offer=2)))

    def _read(self, world: World, me: int) -> Iterator[Step]:
        agent = world.agents[me]
        if not agent.azure or (agent.seen == world.holder and agent.current):
            return
        yield Step(f"{me} reads {world.holder}", _with(world, me, self._reading(agent, world, me)))

    def _reading(self, agent: Agent, world: World, me: int) -> Agent:
        settled = agent.settled if agent.seen == world.holder == NOBODY and agent.current else 0
        silence = agent.silence
        if agent.last == 1 - me and agent.seen == NOBODY and world.holder == 1 - me and silence == LOST:
            silence = MISSED  # a sign of life: the count starts again
        off_long = agent.off_long and world.agents[1 - me].off
        read = agent._replace(seen=world.holder, current=True, settled=settled, silence=silence, off_long=off_long)
        return self.remember(read, me)

    def _act(self, world: World, me: int) -> Iterator[Step]:
        agent = world.agents[me]
        if agent.run is not None and agent.run.live and not agent.run.sent:
            yield from self._first_write(world, me, agent.run)
            return
        if agent.run is not None and agent.run.live:
            yield from self._create(world, me)
            return
        decision = self.decide(agent, me)
        action = decision.action
        if action is MemberAction.NONE:
            return
        repeat = action is MemberAction.YIELD and agent.seen == NOBODY and Rule.CREATED_IS_NOT_REPEATED in self.off
        if repeat:
            action = MemberAction.GO_ON
        label = f"{me}: {action.value} ({decision.reason.value})"
        if action in (MemberAction.TAKE, MemberAction.RELEASE, MemberAction.CLAIM):
            part = {
                MemberAction.TAKE: PartOfRun.TAKE,
                MemberAction.RELEASE: PartOfRun.RELEASE,
                MemberAction.CLAIM: PartOfRun.CLAIM,
            }
            yield Step(label, _with(world, me, agent._replace(run=Run(part[action]))))
        elif action is MemberAction.READY:
            run = Run(PartOfRun.GAIN)
            yield Step(label, _with(world, me, agent._replace(run=run, answer=HandOverAnswer.READY)))
        elif action is MemberAction.REFUSE:
            if agent.answer is not HandOverAnswer.REFUSED:
                yield Step(label, _with(world, me, agent._replace(answer=HandOverAnswer.REFUSED)))
        elif action is MemberAction.OFFER:
            yield Step(label, _with(world, me, agent._replace(offer=1)))
        elif action is MemberAction.WITHDRAW:
            yield Step(label, _with(world, me, agent._replace(offer=0)))
        elif action in (MemberAction.GO_ON, MemberAction.PUT_BACK):
            yield from self._create(world, me)
        else:
            yield self._end(world, me, agent, label)

    def _end(self, world: World, me: int, agent: Agent, label: str) -> Step:
        assert agent.run is not None
        ended = self._after_run(agent, me)._replace(run=None, offer=0, answer=HandOverAnswer.NONE)
        return Step(label, _with(world, me, ended))

    def _first_write(self, world: World, me: int, run: Run) -> Iterator[Step]:
        """The second look and the write after it, which are milliseconds apart."""
        agent = world.agents[me]
        if run.part is PartOfRun.GAIN:
            yield from self._gain(world, me)
            return
        if not agent.azure:
            yield self._end(world, me, agent, f"{me} drops its {run.part.value}: no Azure")
            return
        if (agent.seen != world.holder or not agent.current) and Rule.SECOND_LOOK not in self.off:
            agent = self._reading(agent, world, me)
        action = {
            PartOfRun.TAKE: MemberAction.TAKE,
            PartOfRun.RELEASE: MemberAction.RELEASE,
            PartOfRun.CLAIM: MemberAction.CLAIM,
        }
        wanted = still_wanted(action[run.part], self.view(agent, me), TIMING)
        if not wanted and Rule.SECOND_LOOK not in self.off:
            yield self._end(world, me, agent, f"{me} looks again and drops its {run.part.value}")
            return
        if run.part is PartOfRun.CLAIM:
            yield from self._create(_with(world, me, agent), me)
            return
        victim = 1 - me if run.part is PartOfRun.TAKE else me
        if world.holder != victim or not agent.current or not agent.right:
            refused = self._refused(world, me, agent)
            yield Step(f"{me}: its removal is refused", refused)
            return
        broken, takes = self._judge_removal(agent, run, world.takes)
        live = run.part is not PartOfRun.RELEASE
        sent = agent._replace(run=run._replace(sent=True, live=live), current=True, seen=NOBODY, settled=0)
        after = self._written(_with(world, me, sent), me, NOBODY)._replace(takes=takes)
        yield Step(f"{me} removes it from {victim}", after, write=True, broken=broken)

    def _judge_removal(self, agent: Agent, run: Run, takes: int) -> tuple[str, int]:
        """The invariant that a removal breaks, and how many takeovers this loss has had with it."""
        if run.part is PartOfRun.RELEASE:
            ready = agent.silence == HEARD and agent.frame.answer is HandOverAnswer.READY
            return "" if ready else "released without a peer that is ready", takes
        if agent.silence == HEARD:
            unfit = not agent.frame.fit and agent.unfit_long
            return "" if unfit else "a fit peer that is heard was detached", takes
        if agent.silence != LOST:
            return "detached before the cluster timeout", takes
        takes = min(2, takes + 1)
        return "two takeovers in one loss" if takes == 2 and not agent.off_long else "", takes

    def _gain(self, world: World, me: int) -> Iterator[Step]:
        agent = world.agents[me]
        if agent.seen == NOBODY and world.holder == NOBODY:
            yield from self._create(world, me)
        elif agent.seen == 1 - me and agent.silence == HEARD and not agent.frame.offers and agent.frame.idle:
            yield self._end(world, me, agent, f"{me}: the offer is withdrawn")
        elif agent.seen == 1 - me and agent.silence in (MISSED, LOST):
            yield self._end(world, me, agent, f"{me}: the offering peer is silent")
        elif agent.seen == me:
            yield self._end(world, me, agent, f"{me}: it is here")

    def _create(self, world: World, me: int) -> Iterator[Step]:
        agent = world.agents[me]
        run = agent.run or Run(PartOfRun.CLAIM)
        if run.created and Rule.CREATED_IS_NOT_REPEATED not in self.off:
            if agent.azure:
                agent = self._reading(agent, world, me)
                yield self._end(world, me, agent, f"{me}: its run has ended")
            return
        if not agent.azure:
            return
        if world.holder != NOBODY or not agent.right:
            if world.holder == NOBODY and run.part is PartOfRun.TAKE and world.agents[1 - me].run is None:
                # The right went between both writes: the address goes back to where it was.
                back = self._end(world, me, agent, "").after
                yield Step(f"{me} puts it back on {1 - me}", self._written(back, me, 1 - me), write=True)
                return
            yield Step(f"{me}: its create is refused", self._refused(world, me, agent))
            return
        other = world.agents[1 - me].run
        against = other is not None and other.live and other.sent and other.part is PartOfRun.TAKE and not other.created
        broken = "a takeover under way was undone by a run that had arrived" if against and run.created else ""
        created = agent._replace(run=run._replace(sent=True, created=True, live=True), seen=me, current=True, settled=0)
        created = self.remember(created, me)
        after = self._written(_with(world, me, created), me, me)
        yield Step(f"{me} creates it", after, write=True, broken=broken)

    def _refused(self, world: World, me: int, agent: Agent) -> World:
        """Azure said no. The reading that the write was built on is outdated; a lasting refusal spends the right."""
        read = self._after_run(self._reading(agent, world, me) if agent.azure else agent, me)
        gained = agent.run is not None and agent.run.part is PartOfRun.GAIN
        ended = read._replace(run=None, offer=0, answer=HandOverAnswer.NONE, failed=gained)
        return _with(world, me, ended)

    def _after_run(self, agent: Agent, me: int) -> Agent:
        if agent.run is None or Rule.SPENT in self.off:
            return agent
        run = UnfinishedRun(agent.run.part, sent=agent.run.sent, created=agent.run.created and agent.seen != me)
        memory = MemberMemory(agent.spent, _seen(agent.last, me), agent.served)
        kept = after_run(memory, run, heard=agent.silence == HEARD, refused_for_good=not agent.right)
        return agent._replace(spent=kept.spent)

    def _written(self, world: World, me: int, holder: int) -> World:
        other = world.agents[1 - me]
        return _with(world, 1 - me, other._replace(current=False))._replace(holder=holder)

    # -- faults and recoveries -----------------------------------------------------------------------------------

    def faults_of(self, world: World) -> Iterator[Step]:
        """Every fault that may happen now."""
        if not world.faults:
            return
        less = world._replace(faults=world.faults - 1)
        if Fault.CUT in self.kinds and world.link:
            yield Step("cut", less._replace(link=False))
        if Fault.REMOVED in self.kinds and world.holder != NOBODY:
            yield Step("removed by another", _all_outdated(less)._replace(holder=NOBODY))
        if Fault.MOVED in self.kinds and world.holder != NOBODY:
            yield Step("moved by another", _all_outdated(less)._replace(holder=1 - world.holder))
        for me in (0, 1):
            agent = world.agents[me]
            if Fault.CRASH in self.kinds and agent.up:
                yield Step(f"{me} crashes", _with(less, me, _crashed(agent)))
            if Fault.VM_OFF in self.kinds and agent.up:
                yield Step(f"the VM of {me} is off", _with(less, me, _crashed(agent)._replace(off=True)))
            if Fault.UNFIT in self.kinds and agent.fit:
                yield Step(f"{me} is unfit", _with(less, me, agent._replace(fit=False)))
            if Fault.NO_AZURE in self.kinds and agent.azure:
                yield Step(f"{me} has no Azure", _with(less, me, agent._replace(azure=False)))
            if Fault.NO_RIGHT in self.kinds and agent.right:
                yield Step(f"{me} has no right", _with(less, me, agent._replace(right=False)))
            if Fault.MAKE_ACTIVE in self.kinds and agent.up:
                named = agent._replace(version=agent.version + 1, active=1 - agent.active)
                yield Step(f"make-active {1 - agent.active} at {me}", _with(less, me, named))

    def recoveries_of(self, world: World) -> Iterator[Step]:
        """Every fault that may end now."""
        if not world.link:
            yield Step("the cut heals", world._replace(link=True))
        for me in (0, 1):
            agent = world.agents[me]
            if not agent.up:
                started = agent._replace(up=True, off=False)
                if Rule.MEMORY in self.off:
                    started = started._replace(spent=False, last=None)
                yield Step(f"{me} starts", _with(world, me, started))
            if not agent.fit:
                yield Step(f"{me} is fit again", _with(world, me, agent._replace(fit=True)))
            if not agent.azure:
                yield Step(f"{me} has Azure again", _with(world, me, agent._replace(azure=True)))
            if not agent.right:
                yield Step(f"{me} has the right again", _with(world, me, agent._replace(right=True)))

    # -- exploring -----------------------------------------------------------------------------------------------

    def explore(self, limit: int = 5_000_000) -> Explored:
        """All states from both members well and the first one holding; then the components that nothing leaves."""
        start = World(0, True, (Agent(), Agent()), 0, self.faults)
        found: dict[World, int] = {start: 0}
        came: list[tuple[int, str]] = [(-1, "")]
        order: list[World] = [start]
        edges: list[tuple[tuple[int, bool], ...]] = []
        result = Explored()
        queue = deque([start])
        while queue:
            world = queue.popleft()
            here = found[world]
            own: list[tuple[int, bool]] = []
            for kind, make in (("own", self.steps), ("fault", self.faults_of), ("recovery", self.recoveries_of)):
                for step in make(world):
                    number = found.get(step.after)
                    if number is None:
                        number = len(order)
                        found[step.after] = number
                        order.append(step.after)
                        came.append((here, step.label))
                        queue.append(step.after)
                        if number > limit:
                            raise MemoryError(f"more than {limit} states")
                    if kind == "own":
                        own.append((number, step.write))
                    if step.broken:
                        result.broken[step.broken] += 1
                        result.example.setdefault(step.broken, [*_history(came, here), step.label])
            edges.append(tuple(own))
        result.states = len(order)
        self._settle(order, edges, came, result)
        return result

    def _settle(
        self,
        order: list[World],
        edges: list[tuple[tuple[int, bool], ...]],
        came: list[tuple[int, str]],
        result: Explored,
    ) -> None:
        component = _components([[to for to, _ in out] for out in edges])
        leaves = [False] * len(order)
        writes = [False] * len(order)
        for here, out in enumerate(edges):
            for to, write in out:
                if component[to] != component[here]:
                    leaves[component[here]] = True
                elif write:
                    writes[component[here]] = True
        seen: set[int] = set()
        for here, world in enumerate(order):
            number = component[here]
            if leaves[number] or number in seen:
                continue
            seen.add(number)
            result.settled += 1
            if writes[number]:
                result.unsettled_writes += 1
                result.example.setdefault("writes for ever", _history(came, here))
            if not _well_settled(world):
                if _is_uncovered(world):
                    result.uncovered += 1
                else:
                    result.badly_settled.append(world)
                    result.example.setdefault("badly settled", [*_history(came, here), str(world)])


@lru_cache(maxsize=500_000)
def _decided(agent: Agent, me: int, mode: ClusterMode) -> MemberDecision:
    return decide_member(_view(agent, me, mode), TIMING)


def _view(agent: Agent, me: int, mode: ClusterMode) -> MemberView:
    seconds = {HEARD: 0.0, STARTED: 0.0, MISSED: TIMING.fresh_s + 1, LOST: TIMING.start_grace_s}
    run = agent.run
    return MemberView(
        AzureSeen(
            _seen(agent.seen, me),
            0.0 if agent.azure else TIMING.reading_valid_s + 1,
            on_nobody_s=agent.settled * TIMING.settle_s,
            peer_off_s=TIMING.timeout_s if agent.off_long else 0.0,
            answers=agent.azure,
        ),
        PeerSeen(
            agent.silence == HEARD,
            seconds[agent.silence],
            True,
            agent.frame.fit,
            TIMING.timeout_s if agent.unfit_long else 0.0,
            agent.frame.can,
            agent.frame.idle,
            agent.frame.offers,
            agent.frame.answer,
            agent.frame.failed,
        ),
        agent.active == me,
        mode,
        agent.version,
        MemberMemory(agent.spent, _seen(agent.last, me), agent.served),
        agent.fit,
        agent.right and agent.azure,
        unfinished=None
        if run is None
        else UnfinishedRun(run.part, run.live, run.sent, run.created, TIMING.handed_over_s + 1 if run.late else 0.0),
        offer_age_s=None if not agent.offer else (0.0 if agent.offer == 1 else TIMING.offer_s + 1),
        peer_well_s=TIMING.hold_down_s if agent.well_long else 0.0,
        hold_down_s=TIMING.hold_down_s,
    )


def _seen(holder: int | None, me: int) -> HolderSeen:
    if holder is None:
        return HolderSeen.NOT_KNOWN
    if holder == NOBODY:
        return HolderSeen.NOBODY
    return HolderSeen.ME if holder == me else HolderSeen.PEER


def _with(world: World, me: int, agent: Agent) -> World:
    agents = (agent, world.agents[1]) if me == 0 else (world.agents[0], agent)
    return world._replace(agents=agents)


def _all_outdated(world: World) -> World:
    first, second = world.agents
    return world._replace(agents=(first._replace(current=False), second._replace(current=False)))


def _crashed(agent: Agent) -> Agent:
    """Only disk and journal are left: what it remembers, and a run that has sent something."""
    run = agent.run
    if run is not None:
        run = run._replace(live=False)
    return Agent(
        up=False,
        fit=agent.fit,
        azure=agent.azure,
        right=agent.right,
        silence=STARTED,
        well_long=False,
        seen=None,
        current=False,
        spent=agent.spent,
        last=agent.last,
        served=agent.served,
        version=agent.version,
        active=agent.active,
        run=run,
        frame=Frame(version=agent.version, active=agent.active),
    )


def _serves(agent: Agent) -> bool:
    return agent.up and agent.fit


def _well_settled(world: World) -> bool:
    """On a member that serves, if one can: such a one is there and could have taken it."""
    if world.holder != NOBODY and _serves(world.agents[world.holder]):
        return True
    able = [agent for agent in world.agents if _serves(agent) and agent.azure and agent.right]
    return not able


def _is_uncovered(world: World) -> bool:
    """The known limit: the second failure in one loss. The one that could take has used its takeover in this loss."""
    for me in (0, 1):
        agent = world.agents[me]
        if _serves(agent) and world.holder == 1 - me and agent.spent and agent.silence == LOST:
            return True
    return False


def _history(came: list[tuple[int, str]], here: int) -> list[str]:
    steps: list[str] = []
    while here > 0:
        here, label = came[here]
        steps.append(label)
    return steps[::-1]


def _components(edges: list[list[int]]) -> list[int]:
    """The strongly connected component of each node (Tarjan, without recursion)."""
    index = [-1] * len(edges)
    low = [0] * len(edges)
    component = [-1] * len(edges)
    on_stack = [False] * len(edges)
    stack: list[int] = []
    counter = components = 0
    for root in range(len(edges)):
        if index[root] != -1:
            continue
        work = [(root, 0)]
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = counter
                counter += 1
                stack.append(node)
                on_stack[node] = True
            for position in range(at, len(edges[node])):
                to = edges[node][position]
                if index[to] == -1:
                    work.append((node, position + 1))
                    work.append((to, 0))
                    break
                if on_stack[to]:
                    low[node] = min(low[node], index[to])
            else:
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        on_stack[member] = False
                        component[member] = components
                        if member == node:
                            break
                    components += 1
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
    return component


def describe(explored: Explored, show: Callable[[str], None] = print) -> None:
    """For a person: the numbers, and the shortest history of each thing that is wrong."""
    show(f"{explored.states} states, {explored.settled} settled, {explored.uncovered} without cover")
    show(
        f"broken {dict(explored.broken)}, writes for ever {explored.unsettled_writes}, "
        f"badly settled {len(explored.badly_settled)}"
    )
    for name, history in explored.example.items():
        show(f"  {name}:")
        for step in history:
            show(f"    {step}")
