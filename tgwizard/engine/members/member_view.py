"""What one member knows at one moment: all that its decision rests on (engine/README.md 6.1).

Frozen values without a clock: the agent fills in the seconds, the decision reads them. Azure says who *holds*; the two
members decide who *should*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tgwizard.model.cluster_setup import ClusterMode
from tgwizard.model.failover_options import PartOfRun


class HolderSeen(Enum):
    """On whose interface the address is, from where this member stands. STRANGER: on one of neither member."""

    ME = "me"
    PEER = "peer"
    NOBODY = "nobody"
    STRANGER = "stranger"
    NOT_KNOWN = "not_known"


class HandOverAnswer(Enum):
    """What the peer said to the offer that is open."""

    NONE = "none"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AzureSeen:
    """The last reading. ``moving``: one of both interfaces is being updated.

    ``on_nobody_s``: how long nobody has held the address with both interfaces settled and unchanged.
    ``peer_off_s``: how long Azure has said that the virtual machine of the peer is not running. ``answers``: whether
    the last call was answered.
    """

    holder: HolderSeen
    age_s: float = 0.0
    moving: bool = False
    on_nobody_s: float = 0.0
    peer_off_s: float = 0.0
    answers: bool = True


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """The peer by its heartbeat. ``heard``: a frame younger than three intervals that acknowledges one of ours.

    ``silent_s`` counts from the first reading of Azure in this loss. ``fit``, ``can``, ``idle`` and what follows are as
    the last frame said. ``can``: it could carry out a run now. ``idle``: it has no run under way.
    """

    heard: bool
    silent_s: float = 0.0
    ever_heard: bool = True
    fit: bool = True
    unfit_s: float = 0.0
    can: bool = True
    idle: bool = True
    offers: bool = False
    answer: HandOverAnswer = HandOverAnswer.NONE
    gain_failed: bool = False


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """A run of this member that has not ended. ``live``: it is under way in this process; else the journal tells of it.

    ``sent``, ``created``: its first write, its own create was sent. ``sent_s``: seconds since the first.
    """

    part: PartOfRun
    live: bool = False
    sent: bool = False
    created: bool = False
    sent_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MemberMemory:
    """What outlives a restart, beside the journal. ``spent``: this loss has had its takeover (engine/README.md 6.3).

    ``last_holder``: as last read. ``served``: the highest version of the configuration whose preferred member has held
    the address; a higher one is a wish that is still open.
    """

    spent: bool = False
    last_holder: HolderSeen = HolderSeen.NOT_KNOWN
    served: int = 0


@dataclass(frozen=True, slots=True)
class MemberView:
    """One member's view. ``fit``: no health condition holds. ``can``: Azure answers and its probe was not refused.

    ``prefers_me``: the configuration names this member. ``version``: of that configuration. ``peer_well_s``: how long
    the peer has been heard and fit without a break. ``failback_rests``: another actor moved the address, so that only
    a person's word moves it back. ``offer_age_s``: of this member's open offer, None without one.
    """

    azure: AzureSeen
    peer: PeerSeen
    prefers_me: bool
    mode: ClusterMode = ClusterMode.AUTOMATIC_FAILBACK
    version: int = 0
    memory: MemberMemory = field(default_factory=MemberMemory)
    fit: bool = True
    can: bool = True
    enabled: bool = True
    paused: bool = False
    stopped: bool = False
    unfinished: UnfinishedRun | None = None
    offer_age_s: float | None = None
    peer_well_s: float = 0.0
    hold_down_s: float = 60.0
    failback_rests: bool = False
