"""One connection between two members, without the connection: what is sent, and what received bytes are worth.

A frame is its length in two bytes and at most 1,024 bytes after it. The first of each side is its greeting, in plain
text; every other is JSON with 32 bytes of HMAC-SHA256 behind it, made with a key for this connection and this direction
alone. So a frame of another connection does not verify, one of this connection has an old number, and one that was held
back acknowledges too little (engine/README.md 6.5).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from tgwizard.engine.json_codec import from_document, parse_json, to_document
from tgwizard.engine.members.member_report import MemberReport
from tgwizard.member.heartbeat_keys import HeartbeatKeys

MAGIC = b"TGM"
PROTOCOL = 1
LARGEST_FRAME = 1024
MAC_BYTES = 32
NONCE_BYTES = 16
MOST_FRAMES_A_SECOND = 20
KEPT_SENDS = 64
"""How many of the frames sent are remembered with their moment; an acknowledgement of an older one is old."""


class FrameFault(Enum):
    """Why a connection was ended by its receiver."""

    NOT_A_MEMBER = "not_a_member"
    OTHER_PROTOCOL = "other_protocol"
    OTHER_CLUSTER = "other_cluster"
    SAME_MEMBER = "same_member"
    NO_COMMON_KEY = "no_common_key"
    TOO_LONG = "too_long"
    FORGED = "forged"
    REPLAYED = "replayed"
    MALFORMED = "malformed"
    FLOODING = "flooding"


class FrameRefusedError(Exception):
    """What came is not a frame of the peer. The connection is of no more use."""

    def __init__(self, fault: FrameFault) -> None:
        """Refused for ``fault``."""
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Greeting:
    """What each side says first, in plain text. ``cluster``: the digest of the cluster's identity."""

    protocols: tuple[int, ...]
    member: str
    cluster: str
    nonce: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeartbeatFrame:
    """A frame as sent: its number, the newest number of the peer that had arrived, and what is told.

    ``bye``: the sender stops, and why; without a report then. ``hears``: the sender has heard us within two intervals,
    so that it may not take the address for the time of a lease: only such a frame proves anything.
    """

    seq: int
    ack: int
    report: MemberReport | None = None
    bye: str = ""
    hears: bool = False


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """A frame that was verified. ``counts``: it acknowledges a frame of ours that is young enough."""

    frame: HeartbeatFrame
    counts: bool


@dataclass
class HeartbeatSession:
    """One side of one connection. Times are seconds on one monotonic scale, given by the caller.

    ``connects``: this side made the connection. ``fresh_s``: how old a frame may be that an incoming one acknowledges.
    """

    member: str
    cluster: str
    keys: HeartbeatKeys
    connects: bool
    fresh_s: float
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_BYTES))
    peer: Greeting | None = None
    key: bytes = field(default=b"", repr=False)
    _sign: bytes = b""
    _verify: bytes = b""
    _seq: int = 0
    _heard: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _sends: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=KEPT_SENDS))
    _arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FRAMES_A_SECOND + 1))

    @property
    def established(self) -> bool:
        """Whether both have greeted, so that frames can be sent."""
        return self.peer is not None

    def greeting(self) -> bytes:
        """This side's first bytes."""
        told = Greeting((PROTOCOL,), self.member, self.cluster, self.nonce.hex(), self.keys.ids)
        return _framed(MAGIC + _text(to_document(told)))

    def seal(self, report: MemberReport, now: float, *, hears: bool = False) -> bytes:
        """The next frame with this report. The greeting of the peer must have come."""
        return self._sealed(HeartbeatFrame(self._next(now), self._heard, report, hears=hears))

    def seal_bye(self, why: str, now: float) -> bytes:
        """The last frame: this side stops."""
        return self._sealed(HeartbeatFrame(self._next(now), self._heard, bye=why))

    def receive(self, data: bytes, now: float) -> list[HeardFrame]:
        """The frames that are whole with these bytes. FrameRefusedError: something among them is none of the peer's."""
        self._buffer += data
        heard: list[HeardFrame] = []
        while len(self._buffer) >= 2:
            length = int.from_bytes(self._buffer[:2], "big")
            if not 0 < length <= LARGEST_FRAME:
                raise FrameRefusedError(FrameFault.TOO_LONG)
            if len(self._buffer) < 2 + length:
                break
            body = bytes(self._buffer[2 : 2 + length])
            del self._buffer[: 2 + length]
            self._count(now)
            if self.peer is None:
                self._greeted(body)
            else:
                heard.append(self._opened(body, now))
        return heard

    def _count(self, now: float) -> None:
        self._arrivals.append(now)
        if len(self._arrivals) > MOST_FRAMES_A_SECOND and now - self._arrivals[0] < 1:
            raise FrameRefusedError(FrameFault.FLOODING)

    def _greeted(self, body: bytes) -> None:
        if not body.startswith(MAGIC):
            raise FrameRefusedError(FrameFault.NOT_A_MEMBER)
        try:
            peer = from_document(Greeting, parse_json(body[len(MAGIC) :]))
            nonce = bytes.fromhex(peer.nonce)
        except (ValueError, RecursionError) as error:
            raise FrameRefusedError(FrameFault.NOT_A_MEMBER) from error
        if len(nonce) != NONCE_BYTES or nonce == self.nonce:
            raise FrameRefusedError(FrameFault.NOT_A_MEMBER)
        if PROTOCOL not in peer.protocols:
            raise FrameRefusedError(FrameFault.OTHER_PROTOCOL)
        if peer.cluster != self.cluster:
            raise FrameRefusedError(FrameFault.OTHER_CLUSTER)
        if peer.member == self.member:
            raise FrameRefusedError(FrameFault.SAME_MEMBER)
        key = self._common_key(peer)
        if key is None:
            raise FrameRefusedError(FrameFault.NO_COMMON_KEY)
        self.key = key
        nonces = self.nonce + nonce if self.connects else nonce + self.nonce
        session = _mac(key, b"tgm1" + nonces + self.cluster.encode())
        to_listener, to_connector = _mac(session, b"to listener"), _mac(session, b"to connector")
        self._sign, self._verify = (to_listener, to_connector) if self.connects else (to_connector, to_listener)
        self.peer = peer

    def _common_key(self, peer: Greeting) -> bytes | None:
        """Both sides choose alike: the connecting side's order decides."""
        if self.connects:
            return self.keys.shared_with(peer.keys)
        own = dict(zip(self.keys.ids, self.keys.keys, strict=True))
        return next((own[name] for name in peer.keys if name in own), None)

    def _opened(self, body: bytes, now: float) -> HeardFrame:
        text, mac = body[:-MAC_BYTES], body[-MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(self._verify, text)):
            raise FrameRefusedError(FrameFault.FORGED)
        try:
            frame = from_document(HeartbeatFrame, parse_json(text))
        except (ValueError, RecursionError) as error:
            raise FrameRefusedError(FrameFault.MALFORMED) from error
        if frame.seq <= self._heard or frame.ack > self._seq:
            raise FrameRefusedError(FrameFault.REPLAYED)
        self._heard = frame.seq
        sent = next((at for seq, at in self._sends if seq == frame.ack), None)
        return HeardFrame(frame, sent is not None and now - sent <= self.fresh_s)

    def _next(self, now: float) -> int:
        self._seq += 1
        self._sends.append((self._seq, now))
        return self._seq

    def _sealed(self, frame: HeartbeatFrame) -> bytes:
        text = _text(to_document(frame))
        return _framed(text + _mac(self._sign, text))


def _text(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _framed(body: bytes) -> bytes:
    if len(body) > LARGEST_FRAME:
        raise ValueError(f"a frame of {len(body)} bytes")
    return len(body).to_bytes(2, "big") + body


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
