"""The health of a member on Linux, from the system's own sources: links, DHCP leases, upstream connections.

Each check looks at most once a second and keeps what it saw. What follows from it is the decision's (engine/README.md
6.1).
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tgwizard.engine.members.member_ports import HealthCondition, HealthFinding

SYSTEM_INTERFACES = Path("/sys/class/net")
DEBOUNCE_S = 2.0
"""A link has to be down for so long before it counts."""
LOOK_EVERY_S = 1.0
CONNECT_S = 3.0
ROUND_S = 5.0
FAILED_ROUNDS = 3
GOOD_ROUNDS = 2


@dataclass
class InterfaceCheck:
    """Whether each of these interfaces has its link: carrier, and not set down. One that is not there is down."""

    interfaces: tuple[str, ...]
    now: Callable[[], float]
    root: Path = SYSTEM_INTERFACES
    _down_since: dict[str, float] = field(default_factory=dict)
    _looked_at: float = float("-inf")

    def findings(self) -> tuple[HealthFinding, ...]:
        """The interfaces that have been down for two seconds."""
        now = self.now()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            for name in self.interfaces:
                if self._is_up(name):
                    self._down_since.pop(name, None)
                else:
                    self._down_since.setdefault(name, now)
        return tuple(
            HealthFinding(HealthCondition.INTERFACE_DOWN, f"{name} has no link")
            for name, since in self._down_since.items()
            if now - since >= DEBOUNCE_S
        )

    def _is_up(self, name: str) -> bool:
        try:
            carrier = (self.root / name / "carrier").read_text("ascii").strip()
            state = (self.root / name / "operstate").read_text("ascii").strip()
        except OSError:  # an interface that is set down refuses to tell its carrier
            return False
        return carrier == "1" and state in ("up", "unknown")


@dataclass
class DhcpCheck:
    """Whether the WAN interface has an address from DHCP with life left, whichever client got it."""

    interface: str
    now: Callable[[], float]
    ask: Callable[[str], str] = field(default_factory=lambda: _addresses)
    _found: tuple[HealthFinding, ...] = ()
    _looked_at: float = float("-inf")

    def findings(self) -> tuple[HealthFinding, ...]:
        """No lease, by the system's list of addresses. What cannot be asked is not counted against the member."""
        now = self.now()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._found = self._look()
        return self._found

    def _look(self) -> tuple[HealthFinding, ...]:
        try:
            listed = json.loads(self.ask(self.interface))
            addresses = [entry for item in listed for entry in item.get("addr_info", ())]
        except (OSError, ValueError, AttributeError, TypeError, subprocess.SubprocessError):
            return self._found
        leased = [entry for entry in addresses if entry.get("dynamic") and entry.get("valid_life_time", 0) > 0]
        if leased:
            return ()
        return (HealthFinding(HealthCondition.NO_DHCP_LEASE, f"{self.interface} has no address from DHCP"),)


def _addresses(interface: str) -> str:
    done = subprocess.run(  # noqa: S603 - no shell, and the interface's name is from the configuration
        ["/usr/sbin/ip", "-j", "-4", "addr", "show", "dev", interface],
        capture_output=True,
        text=True,
        timeout=CONNECT_S,
        check=True,
    )
    return done.stdout


class UpstreamCheck:
    """Whether any of the control plane and the gateways can be reached by TCP. Lost only when all fail three times.

    It asks on a thread of its own, so that a dead network makes nobody wait. No targets: the check is off.
    """

    def __init__(
        self,
        targets: tuple[tuple[str, int], ...],
        connects: Callable[[str, int], bool] | None = None,
        round_s: float = ROUND_S,
    ) -> None:
        """Begin asking."""
        self._targets = targets
        self._connects = connects or _connects
        self._round_s = round_s
        self._failed = self._good = 0
        self._lost = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if targets:
            self._thread = threading.Thread(target=self._ask, name="upstream", daemon=True)
            self._thread.start()

    def findings(self) -> tuple[HealthFinding, ...]:
        """Lost, by the last rounds."""
        if not self._lost:
            return ()
        names = ", ".join(f"{host}:{port}" for host, port in self._targets)
        return (HealthFinding(HealthCondition.UPSTREAM_LOST, f"none of {names} can be reached"),)

    def close(self) -> None:
        """Stop asking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            self.judge(any(self._connects(host, port) for host, port in self._targets))
            self._stop.wait(self._round_s)

    def judge(self, reached: bool) -> None:  # noqa: FBT001 - one round's result
        """Count one round: three bad ones lose it, two good ones bring it back."""
        self._good = self._good + 1 if reached else 0
        self._failed = 0 if reached else self._failed + 1
        if self._failed >= FAILED_ROUNDS:
            self._lost = True
        elif self._good >= GOOD_ROUNDS:
            self._lost = False


def _connects(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S):
            return True
    except OSError:
        return False
