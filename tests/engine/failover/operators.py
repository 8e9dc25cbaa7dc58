"""Operators that work at the same time, one request at a time: each in a thread of its own, and only ever one runs.

An operator stands still before each of its requests until it is stepped; so the order of everything that happens is
chosen by the test. It can be killed before a request is sent or after it was served; its journal is what survives.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.engine.failover.matrix import COARSE, seeded_random
from tests.engine.failover.promises import Witness
from tests.rig import Rig, rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import interrupted_run, resume
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.lab.lab import Lab
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.failover_options import Strategy

PATIENCE_S = 60.0


class Killed(BaseException):
    """The operator's program is gone; nothing may catch it."""


@dataclass
class Operator:
    """One computer with tgwizard on it."""

    name: str
    lab: Lab
    witness: Witness = field(init=False)
    rig: Rig = field(init=False)
    finished: list[Finished] = field(default_factory=list)
    broke: BaseException | None = None
    _thread: threading.Thread | None = None
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _stopped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _kill: str = ""

    def __post_init__(self) -> None:
        self.witness = Witness(self.name, limits=COARSE)
        self.witness.before = self._before
        self.witness.after = self._after
        folder = Path(tempfile.mkdtemp(prefix=f"tgwizard-{self.name}-"))
        self.rig = rig(lab=self.lab, state=folder, session=self.witness.session)

    @property
    def running(self) -> bool:
        """Whether a run is under way and stands before a request."""
        return self._thread is not None

    @property
    def interrupted(self) -> bool:
        """Whether its journal has a run without an end."""
        return not self.running and interrupted_run(self.rig.services, self.rig.setup) is not None

    def fail_over(self, to: Member, verb: Verb, strategy: Strategy) -> None:
        """Start a run; it goes up to its first request."""
        self.witness.watch(self.rig.setup, to)
        options = RunOptions(timing=COARSE, strategy=strategy, rng=seeded_random())
        services, setup = self.rig.services, self.rig.setup
        self._start(lambda: fail_over(services, setup, to, verb, list[Event]().append, CancelToken(), options))

    def resume(self, to: Member | None) -> None:
        """Resume what was interrupted here, to a member if one is named; without a journal one has to be."""
        began = interrupted_run(self.rig.services, self.rig.setup)
        gaining = self.rig.setup.member(began.to) if began else to
        self.witness.watch(self.rig.setup, gaining or self.rig.b, fresh_checks=began is None, asked_for=to)
        options = RunOptions(timing=COARSE, rng=seeded_random())
        services, setup = self.rig.services, self.rig.setup
        self._start(lambda: resume(services, setup, to, list[Event]().append, CancelToken(), options))

    def step(self, kill: str = "") -> None:
        """Let it send one request and come to its next one, or to its end; or kill it "before" or "after" that one."""
        if self._thread is None:
            return
        self._kill = kill
        self._go.release()
        self._wait()

    def close(self) -> None:
        """Kill what runs and forget the folder."""
        if self.running:
            self.step("before")
        shutil.rmtree(self.rig.services.state_dir, ignore_errors=True)

    def _start(self, work: Callable[[], Finished]) -> None:
        def body() -> None:
            try:
                self.finished.append(work())
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 - the test tells of it
                self.broke = error
            finally:
                self._ended = True
                self._stopped.release()

        self._ended = False
        self._thread = threading.Thread(target=body, name=f"operator-{self.name}")
        self._thread.start()
        self._wait()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=PATIENCE_S), f"{self.name} neither asks nor ends"
        if self._ended and self._thread is not None:
            self._thread.join()
            self._thread = None
            if self.broke is not None:
                raise AssertionError(f"{self.name} broke") from self.broke

    def _before(self, _request: requests.PreparedRequest) -> None:
        self._stopped.release()
        self._go.acquire()
        if self._kill == "before":
            raise Killed

    def _after(self, _request: requests.PreparedRequest, _answer: requests.Response | None) -> None:
        if self._kill == "after":
            raise Killed

    _ended: bool = False


def shuffled(operators: list[Operator], seed: int) -> list[Operator]:
    """The operators in an order that depends on the seed alone."""
    order = list(operators)
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    return order
