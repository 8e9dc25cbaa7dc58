"""What a member does next: a pure function from what it knows to one action (engine/README.md 6.1).

Asked at every turn of the agent, and a second time in the last moment before the first write of a run: another answer
then drops the run with nothing written (``still_wanted``). Only the member that does not hold the address writes the
interface of its peer, and only after the cluster timeout of silence that it lived through, or of the peer's own word
that it is unfit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from tgwizard.engine.members.member_timing import MemberTiming
from tgwizard.engine.members.member_view import (
    HandOverAnswer,
    HolderSeen,
    MemberMemory,
    MemberView,
    UnfinishedRun,
)
from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_options import PartOfRun


class MemberRole(Enum):
    """What a member is. UNCONFIRMED: it holds the address and can prove it to nobody; the last four carry a reason."""

    STARTING = "starting"
    ACTIVE = "active"
    STANDBY = "standby"
    RELEASING = "releasing"
    GAINING = "gaining"
    TAKING = "taking"
    UNFIT = "unfit"
    UNCONFIRMED = "unconfirmed"
    PAUSED = "paused"
    STOPPED = "stopped"


class MemberAction(Enum):
    """What is to be done. The runs: RELEASE, PUT_BACK and CLAIM write the member's own interface, TAKE both.

    GO_ON: create the address for the unfinished run. CLOSE: the unfinished run has arrived. DROP: end it with nothing
    more written. YIELD: end it, because its create was taken away again.
    """

    NONE = "none"
    CLOSE = "close"
    DROP = "drop"
    YIELD = "yield"
    OFFER = "offer"
    WITHDRAW = "withdraw"
    RELEASE = "release"
    READY = "ready"
    REFUSE = "refuse"
    TAKE = "take"
    PUT_BACK = "put_back"
    GO_ON = "go_on"
    CLAIM = "claim"


class Reason(Enum):
    """Why: the row of the decision that applied, for the status and the log."""

    NOT_ENABLED = "not_enabled"
    PAUSED = "paused"
    STOPPED = "stopped"
    AZURE_NOT_KNOWN = "azure_not_known"
    STRANGER_HOLDS = "stranger_holds"
    UPDATE_UNDER_WAY = "update_under_way"
    RUN_UNDER_WAY = "run_under_way"
    NOTHING_SENT = "nothing_sent"
    ARRIVED = "arrived"
    I_HOLD = "i_hold"
    I_HOLD_UNFIT = "i_hold_unfit"
    PEER_IS_NAMED = "peer_is_named"
    FAILBACK = "failback"
    OFFER_IS_OPEN = "offer_is_open"
    OFFER_IS_OVER = "offer_is_over"
    PEER_IS_READY = "peer_is_ready"
    PEER_HOLDS = "peer_holds"
    PEER_OFFERS = "peer_offers"
    PEER_UNFIT = "peer_unfit"
    PEER_SILENT = "peer_silent"
    PEER_OFF = "peer_off"
    TAKEOVER_USED = "takeover_used"
    CANNOT = "cannot"
    GAINER_FAILED = "gainer_failed"
    WAITS_FOR_GAINER = "waits_for_gainer"
    TAKEN_AWAY = "taken_away"
    LEFT_UNFINISHED = "left_unfinished"
    WAITS_FOR_PEER = "waits_for_peer"
    ON_NOBODY = "on_nobody"


@dataclass(frozen=True, slots=True)
class MemberDecision:
    """One action, what the member is while it does it, and why."""

    role: MemberRole
    action: MemberAction
    reason: Reason


def decide_member(view: MemberView, timing: MemberTiming) -> MemberDecision:
    """The next action: the first row that fits."""
    if not view.enabled or view.stopped:
        return _nothing(MemberRole.STOPPED, Reason.STOPPED if view.stopped else Reason.NOT_ENABLED)
    if view.paused:
        return _nothing(MemberRole.PAUSED, Reason.PAUSED)
    azure = view.azure
    if azure.holder is HolderSeen.NOT_KNOWN or azure.age_s > timing.reading_valid_s:
        return _nothing(_role_without_reading(view), Reason.AZURE_NOT_KNOWN)
    if azure.holder is HolderSeen.STRANGER:
        return _nothing(MemberRole.STOPPED, Reason.STRANGER_HOLDS)
    run = view.unfinished
    if run is not None and run.live:
        return _nothing(_ROLE_IN_RUN[run.part], Reason.RUN_UNDER_WAY)
    if run is not None and not run.sent:
        return MemberDecision(_at_rest(view), MemberAction.DROP, Reason.NOTHING_SENT)
    if azure.moving and run is None:
        return _nothing(_role_without_reading(view), Reason.UPDATE_UNDER_WAY)
    if azure.holder is HolderSeen.ME:
        return _as_holder(view, timing)
    if azure.holder is HolderSeen.PEER:
        return _as_standby(view, timing)
    return _on_nobody(view, timing)


def still_wanted(action: MemberAction, view: MemberView, timing: MemberTiming) -> bool:
    """Whether the run that ``action`` began is still what this member would do: asked before its first write."""
    return decide_member(replace(view, unfinished=None), timing).action is action


def silence_needed_s(view: MemberView, timing: MemberTiming) -> float:
    """How long the peer has to be silent before it counts as lost."""
    powered_off = view.azure.peer_off_s > 0
    return timing.timeout_s if view.peer.ever_heard or powered_off else timing.start_grace_s


def is_lost(view: MemberView, timing: MemberTiming) -> bool:
    """Whether the peer has been silent for the cluster timeout."""
    return not view.peer.heard and view.peer.silent_s >= silence_needed_s(view, timing)


def remembered(view: MemberView) -> MemberMemory:
    """What has to be kept of this view. Written to the disk before anything is done on it, when it changed.

    The right to take comes back with the first fresh frame. It is spent by holding the address or handing it over in a
    loss, and by seeing it go from oneself to the peer: who wrote that was alive.
    """
    memory, holder = view.memory, view.azure.holder
    spent = memory.spent
    if view.peer.heard:
        spent = False
    elif holder is HolderSeen.ME or _hands_over(view.unfinished):
        spent = True
    else:
        spent = spent or (holder is HolderSeen.PEER and memory.last_holder is HolderSeen.ME)
    known = holder in (HolderSeen.ME, HolderSeen.PEER)
    served = memory.served
    if known and (holder is HolderSeen.ME) == view.prefers_me:
        served = max(served, view.version)
    return MemberMemory(spent, holder if known else memory.last_holder, served)


def after_run(memory: MemberMemory, run: UnfinishedRun, *, heard: bool, refused_for_good: bool = False) -> MemberMemory:
    """What is kept when a run has ended. In a loss the takeover is used by one that has written anything.

    So does one whose create was taken away, and one that Azure refused for a reason that lasts (a right, a lock).
    """
    used = run.created or refused_for_good or (run.part is PartOfRun.TAKE and run.sent)
    return replace(memory, spent=memory.spent or (used and not heard))


def _hands_over(run: UnfinishedRun | None) -> bool:
    return run is not None and run.part is PartOfRun.RELEASE


def _nothing(role: MemberRole, reason: Reason) -> MemberDecision:
    return MemberDecision(role, MemberAction.NONE, reason)


def _role_without_reading(view: MemberView) -> MemberRole:
    """What the member was by its memory: a role follows the holder as read, and here there is no reading."""
    if view.unfinished is not None:
        return _ROLE_IN_RUN[view.unfinished.part]
    if not view.fit:
        return MemberRole.UNFIT
    if view.memory.last_holder is HolderSeen.ME:
        return MemberRole.ACTIVE
    return MemberRole.STANDBY if view.memory.last_holder is HolderSeen.PEER else MemberRole.STARTING


_ROLE_IN_RUN = {
    PartOfRun.WHOLE: MemberRole.TAKING,
    PartOfRun.TAKE: MemberRole.TAKING,
    PartOfRun.RELEASE: MemberRole.RELEASING,
    PartOfRun.GAIN: MemberRole.GAINING,
    PartOfRun.CLAIM: MemberRole.GAINING,
}


def _as_holder(view: MemberView, timing: MemberTiming) -> MemberDecision:
    if view.unfinished is not None:
        return MemberDecision(MemberRole.ACTIVE, MemberAction.CLOSE, Reason.ARRIVED)
    if not view.fit:
        # Nothing is written by the one that cannot serve: the taker does it, after the cluster timeout.
        action = MemberAction.NONE if view.offer_age_s is None else MemberAction.WITHDRAW
        return MemberDecision(MemberRole.UNFIT, action, Reason.I_HOLD_UNFIT)
    peer = view.peer
    able = peer.heard and peer.fit and peer.can
    if view.offer_age_s is None:
        reason = _why_offer(view) if able and peer.idle and view.can else None
        if reason is not None:
            return MemberDecision(MemberRole.ACTIVE, MemberAction.OFFER, reason)
        return _nothing(MemberRole.ACTIVE, Reason.I_HOLD)
    if not able or peer.answer is HandOverAnswer.REFUSED or view.offer_age_s > timing.offer_s:
        return MemberDecision(MemberRole.ACTIVE, MemberAction.WITHDRAW, Reason.OFFER_IS_OVER)
    if peer.answer is HandOverAnswer.READY and view.can and _why_offer(view) is not None:
        return MemberDecision(MemberRole.RELEASING, MemberAction.RELEASE, Reason.PEER_IS_READY)
    return _nothing(MemberRole.ACTIVE, Reason.OFFER_IS_OPEN)


def _why_offer(view: MemberView) -> Reason | None:
    """A person named the peer since it last served, or it is preferred and has been well for long enough."""
    if view.prefers_me:
        return None
    if view.version > view.memory.served:
        return Reason.PEER_IS_NAMED
    automatic = view.mode is ClusterMode.AUTOMATIC_FAILBACK and not view.failback_rests
    return Reason.FAILBACK if automatic and view.peer_well_s >= view.hold_down_s else None


def _as_standby(view: MemberView, timing: MemberTiming) -> MemberDecision:
    if view.unfinished is not None:
        action = MemberAction.YIELD if view.unfinished.created else MemberAction.DROP
        return MemberDecision(MemberRole.STANDBY, action, Reason.PEER_HOLDS)
    peer = view.peer
    able = view.fit and view.can
    if peer.heard and peer.offers:
        if able:
            return MemberDecision(MemberRole.GAINING, MemberAction.READY, Reason.PEER_OFFERS)
        return MemberDecision(_at_rest(view), MemberAction.REFUSE, Reason.CANNOT)
    reason = _why_take(view, timing)
    if reason is None:
        used = is_lost(view, timing) and view.memory.spent
        return _nothing(_at_rest(view), Reason.TAKEOVER_USED if used else Reason.PEER_HOLDS)
    if not able:
        return _nothing(_at_rest(view), Reason.CANNOT)
    return MemberDecision(MemberRole.TAKING, MemberAction.TAKE, reason)


def _why_take(view: MemberView, timing: MemberTiming) -> Reason | None:
    peer = view.peer
    if peer.heard:
        return Reason.PEER_UNFIT if not peer.fit and peer.unfit_s >= timing.timeout_s and peer.idle else None
    if not is_lost(view, timing):
        return None
    if not view.memory.spent:
        return Reason.PEER_SILENT
    return Reason.PEER_OFF if view.azure.peer_off_s >= timing.timeout_s else None


def _at_rest(view: MemberView) -> MemberRole:
    return MemberRole.STANDBY if view.fit else MemberRole.UNFIT


def _on_nobody(view: MemberView, timing: MemberTiming) -> MemberDecision:
    run = view.unfinished
    if run is not None and run.created:
        return MemberDecision(_at_rest(view), MemberAction.YIELD, Reason.TAKEN_AWAY)
    peer = view.peer
    if run is not None and run.part is PartOfRun.RELEASE:
        return _released(view, run, timing)
    if run is not None:
        if (not peer.heard and peer.silent_s < timing.fresh_s) or (peer.heard and not peer.idle):
            return _nothing(_ROLE_IN_RUN[run.part], Reason.WAITS_FOR_PEER)
        return MemberDecision(_ROLE_IN_RUN[run.part], MemberAction.GO_ON, Reason.LEFT_UNFINISHED)
    return _claim(view, timing)


def _released(view: MemberView, run: UnfinishedRun, timing: MemberTiming) -> MemberDecision:
    peer = view.peer
    over = (peer.heard and (peer.idle or peer.gain_failed)) or not peer.heard or run.sent_s > timing.handed_over_s
    if over:
        return MemberDecision(MemberRole.RELEASING, MemberAction.PUT_BACK, Reason.GAINER_FAILED)
    return _nothing(MemberRole.RELEASING, Reason.WAITS_FOR_GAINER)


def _claim(view: MemberView, timing: MemberTiming) -> MemberDecision:
    peer, settled = view.peer, view.azure.on_nobody_s
    role = _at_rest(view)
    if not view.can:
        return _nothing(role, Reason.CANNOT)
    if peer.heard:
        neither = not view.fit and not peer.fit
        preferred = view.prefers_me if neither else view.fit and (view.prefers_me or not peer.fit)
        wait = timing.settle_s if peer.idle else 2 * timing.settle_s
        if preferred and settled >= wait:
            return MemberDecision(MemberRole.GAINING, MemberAction.CLAIM, Reason.ON_NOBODY)
        if settled >= 2 * timing.settle_s and (view.fit or neither):
            return MemberDecision(MemberRole.GAINING, MemberAction.CLAIM, Reason.ON_NOBODY)
        return _nothing(role, Reason.ON_NOBODY)
    if is_lost(view, timing) and view.fit and settled >= timing.settle_s:
        return MemberDecision(MemberRole.GAINING, MemberAction.CLAIM, Reason.ON_NOBODY)
    return _nothing(role, Reason.ON_NOBODY)
