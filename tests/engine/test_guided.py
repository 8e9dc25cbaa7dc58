"""Guided: on a live Trustgrid pair the members move the address; tgwizard says where to press, watches, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.failover.strategies import is_repair
from tgwizard.engine.failover.timing import Timing
from tgwizard.lab.clock import Cancellable, VirtualClock
from tgwizard.model.cluster import Verb
from tgwizard.model.event import Finished, Located, Outcome, Started, Step, StepStarted, StepWaiting
from tgwizard.model.strategy import Strategy


class Scripted(VirtualClock):
    """A clock on which others act: each act once, when the run has waited that often."""

    def __init__(self) -> None:
        super().__init__()
        self.acts: dict[int, Callable[[], object]] = {}
        self._waits = 0

    def sleep(self, seconds: float, cancel: Cancellable | None = None) -> None:
        super().sleep(seconds, cancel)
        self._waits += 1
        act = self.acts.pop(self._waits, None)
        if act is not None:
            act()


def live() -> tuple[Rig, Scripted]:
    """A pair that is not the lab's own, so that Trustgrid decides who is active."""
    clock = Scripted()
    made = rig(clock=clock)
    return replace(made, setup=replace(made.setup, cloud="public")), clock


def _detach(made: Rig) -> None:
    def remove(body: dict[str, Any]) -> None:
        items = body["properties"]["ipConfigurations"]
        body["properties"]["ipConfigurations"] = [
            item for item in items if item["properties"]["privateIPAddress"] != made.address
        ]

    made.edit(made.a, remove)


def _attach(made: Rig) -> None:
    document = made.nic(made.b)
    configuration = document.new_configuration("tg-own", made.address, made.setup.carried)
    made.edit(made.b, lambda body: body["properties"]["ipConfigurations"].append(dict(configuration)))


def by_us(made: Rig, before: int) -> list[str]:
    """What the run wrote: requests with a client request id that are no reads."""
    return [
        record.method for record in made.lab.requests[before:] if record.method != "GET" and record.client_request_id
    ]


def test_that_the_run_says_where_to_press_and_ends_when_the_members_have_moved_the_address() -> None:
    made, clock = live()
    clock.acts = {5: lambda: _detach(made), 12: lambda: _attach(made)}
    before = len(made.lab.requests)
    finished = made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert finished.reason == "tg-node-b holds 10.20.2.50. Trustgrid moved it; tgwizard wrote nothing."
    assert by_us(made, before) == []
    started = next(event for event in made.events if isinstance(event, Started))
    assert [step.step for step in started.steps] == [Step.GUIDE, Step.CONFIRM]
    waiting = next(event for event in made.events if isinstance(event, StepWaiting))
    assert "Make Active in the row of tg-node-b" in waiting.sentence
    first = next(event for event in made.events if isinstance(event, StepStarted))
    assert first.deadline_s == Timing().step_s
    assert finished.gap_as_read_s == pytest.approx(7.0, abs=1.1)
    assert finished.seconds == pytest.approx(11.0, abs=1.1)
    assert sum(isinstance(event, Located) for event in made.events) >= 3
    assert made.events[-1] is finished
    assert made.services.journal_file(made.setup).exists()


def test_that_nothing_happening_ends_at_the_deadline_and_cancelling_ends_at_once() -> None:
    made, clock = live()
    finished = made.fail_over()
    assert finished.outcome is Outcome.FAILED
    assert "did not take 10.20.2.50 in time" in finished.reason
    assert clock.monotonic() >= Timing().step_s
    assert made.puts() == []
    made, clock = live()
    clock.acts = {3: made.token.cancel}
    finished = made.fail_over()
    assert finished.outcome is Outcome.CANCELLED
    assert made.puts() == []


def test_that_a_member_that_has_the_address_already_is_refused() -> None:
    made, _ = live()
    finished: Finished = made.fail_over(made.a)
    assert finished.outcome is Outcome.REFUSED
    assert finished.reason.startswith("tg-node-a already holds 10.20.2.50.")


def test_that_moving_the_address_of_a_live_pair_in_azure_alone_is_a_repair() -> None:
    made, _ = live()
    lab = rig().setup
    assert not is_repair(made.setup, Strategy.AUTO, Verb.GRACEFUL)
    assert is_repair(made.setup, Strategy.DETACH_ATTACH, Verb.GRACEFUL)
    assert is_repair(made.setup, Strategy.AUTO, Verb.FORCED)
    assert not any(is_repair(lab, strategy, verb) for strategy in Strategy for verb in Verb)
