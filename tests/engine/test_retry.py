"""One answer that passes stops no run before it began, in whatever phase it comes; and the asking is bounded."""

from __future__ import annotations

import json

import pytest

from tests.rig import Rig, rig
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.resume import resume
from tgwizard.engine.failover.run import RunOptions, fail_over, rehearse
from tgwizard.engine.failover.timing import FailoverTiming
from tgwizard.engine.retry import LONGEST_PAUSE_S, RetryPolicy, plausible_wait_s
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.faults.fault_rules import Effect, Fault, FaultAnswer, Moment, Reset, Timeout
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import CallMade, Event, Finished, RunStarted, Step, StepCompleted, StepWaiting
from tgwizard.model.failover_options import Fence, FenceRequest
from tgwizard.model.problem import Problem


def says(status: int, code: str = "Trouble", **headers: str) -> FaultAnswer:
    body = json.dumps({"error": {"code": code, "message": "Azure's words."}})
    named = (("Content-Type", "application/json"), *((name.replace("_", "-"), text) for name, text in headers.items()))
    return FaultAnswer(status, body, named)


HTML = (("Content-Type", "text/html"),)
PASSING: dict[str, Effect] = {
    "408": says(408),
    "409 in flux": says(409),
    "429": says(429),
    "429 for ever": says(429, Retry_After="999999"),
    "429 until a date": says(429, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"),
    "500": says(500),
    "502 of a proxy": FaultAnswer(502, "<html>Bad Gateway</html>", HTML),
    "503": says(503, Retry_After="3"),
    "504": says(504),
    "reset": Reset(Moment.BEFORE_COMMIT),
    "no answer": Timeout(Moment.BEFORE_COMMIT),
    "a portal's page": FaultAnswer(200, "<html>Sign in</html>", HTML),
    "a proxy's refusal": FaultAnswer(403, "<html>Forbidden</html>", HTML),
    "redirect": FaultAnswer(302, "", (("Location", "https://portal.example/"),)),
    "half a document": FaultAnswer(200, '{"properties": '),
    "20,000 brackets": FaultAnswer(200, "[" * 20_000 + "]" * 20_000),
    "another document": FaultAnswer(200, '{"value": []}'),
    "no object": FaultAnswer(200, "[]"),
    "empty": FaultAnswer(200, ""),
}


FEW = {name: PASSING[name] for name in ("429", "503", "reset", "no answer", "a portal's page", "20,000 brackets")}
"""One of each kind."""


def twice(effect: Effect) -> int:
    """A broken connection is mended below already, so it has to break more often."""
    return 3 if isinstance(effect, Reset) else 1


@pytest.mark.parametrize("effect", PASSING.values(), ids=PASSING)
def test_that_an_answer_that_passes_does_not_refuse_a_forced_run(effect: Effect) -> None:
    assert moved_in_spite_of(effect, "tg-node-a-inside", Verb.FORCED) < 60


@pytest.mark.parametrize("effect", FEW.values(), ids=FEW)
@pytest.mark.parametrize("path", ["tg-node-b-inside", "virtualMachines/tg-node-b"])
def test_that_an_answer_that_passes_does_not_refuse_a_graceful_run(path: str, effect: Effect) -> None:
    assert moved_in_spite_of(effect, path, Verb.GRACEFUL) < 60


def moved_in_spite_of(effect: Effect, path: str, verb: Verb) -> float:
    """After how many seconds the address was moved although reads of ``path`` failed at first."""
    made = rig()
    made.lab.faults.add(Fault("GET", path, effect, times=twice(effect)))
    finished = made.fail_over(verb=verb)
    assert (finished.outcome, made.holders()) == (Outcome.DONE, ["tg-node-b"])
    return made.clock.monotonic()


@pytest.mark.parametrize("effect", FEW.values(), ids=FEW)
@pytest.mark.parametrize("path", ["/subnets/snet-inside", "/permissions", "/locks"])
def test_that_the_questions_before_a_run_are_asked_again(path: str, effect: Effect) -> None:
    made, undisturbed = rig(), rig()
    made.lab.faults.add(Fault("GET", path, effect, times=twice(effect)))
    found = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, CancelToken())
    plain = rehearse(undisturbed.services, undisturbed.setup, undisturbed.b, Verb.GRACEFUL, print, CancelToken())
    assert [item.level for item in found.findings.findings] == [item.level for item in plain.findings.findings]


def gap() -> Rig:
    """The address is on no interface, and this computer has no journal."""
    made = rig()
    floating = made.nic(made.a).find(made.address)
    assert floating is not None
    kept = [item for item in made.nic(made.a).configurations if item["name"] != floating["name"]]
    made.edit(made.a, lambda body: body["properties"].update(ipConfigurations=kept))
    made.clock.sleep(60)
    return made


@pytest.mark.parametrize("effect", FEW.values(), ids=FEW)
@pytest.mark.parametrize(
    ("path", "nth"),
    [("tg-node-a-inside", 1), ("tg-node-b-inside", 4), ("/providers/Microsoft.Network/networkInterfaces", 1)],
    ids=["first look", "while watching for quiet", "who else has it"],
)
def test_that_a_resume_without_a_journal_asks_again(path: str, nth: int, effect: Effect) -> None:
    made = gap()
    where = f"{made.setup.subscription}{path}" if path.startswith("/") else path
    made.lab.faults.add(Fault("GET", where, effect, nth=nth, times=twice(effect)))
    finished = resume(made.services, made.setup, made.b, made.events.append, made.token)
    assert (finished.outcome, made.holders()) == (Outcome.DONE, ["tg-node-b"])


@pytest.mark.parametrize("effect", FEW.values(), ids=FEW)
def test_that_the_look_after_a_fence_is_asked_again(effect: Effect) -> None:
    made = rig()

    def hear(event: Event) -> None:
        if isinstance(event, StepCompleted) and event.step is Step.FENCE:
            made.lab.faults.add(Fault("GET", "tg-node-a-inside", effect, times=twice(effect)))

    options = RunOptions(fence=FenceRequest(Fence.STOP))
    finished = fail_over(made.services, made.setup, made.b, Verb.FORCED, hear, made.token, options)
    assert (finished.outcome, made.holders()) == (Outcome.DONE, ["tg-node-b"])


def begun(made: Rig) -> None:
    """A run that was stopped by a death in the gap: its journal is open, the address on no interface."""

    class Dead(BaseException):
        pass

    def die(event: Event) -> None:
        if isinstance(event, CallMade) and event.method == "PUT":
            raise Dead

    with pytest.raises(Dead):
        fail_over(made.services, made.setup, made.b, Verb.GRACEFUL, die, made.token)
    made.clock.sleep(30)


@pytest.mark.parametrize("effect", FEW.values(), ids=FEW)
def test_that_a_resume_of_an_interrupted_run_asks_again(effect: Effect) -> None:
    made = rig()
    begun(made)
    made.lab.faults.add(Fault("GET", "tg-node-b-inside", effect, times=5))
    finished = resume(made.services, made.setup, None, made.events.append, made.token)
    assert (finished.outcome, made.holders()) == (Outcome.DONE, ["tg-node-b"])


def test_that_a_resume_that_cannot_read_writes_nothing_and_can_be_done_again() -> None:
    made = rig()
    begun(made)
    writes = len(made.puts())
    made.lab.faults.add(Fault("GET", "tg-node-a-inside", says(503), times=None))
    finished = resume(made.services, made.setup, None, made.events.append, made.token)
    assert (finished.outcome, len(made.puts())) == (Outcome.UNKNOWN, writes)
    assert finished.resume
    assert "tg-node-a-inside" in finished.reason
    made.lab.faults.clear()
    assert resume(made.services, made.setup, None, made.events.append, made.token).outcome is Outcome.DONE


def stopped_first(made: Rig) -> tuple[Finished, bool]:
    """A forced run with a fence, and whether it asked for the stop."""
    options = RunOptions(fence=FenceRequest(Fence.STOP))
    finished = fail_over(made.services, made.setup, made.b, Verb.FORCED, made.events.append, made.token, options)
    asked = any(item.method == "POST" and "tg-node-a/" in item.path for item in made.lab.requests)
    return finished, asked


def test_that_a_machine_that_is_not_found_once_is_stopped_all_the_same() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "virtualMachines/tg-node-a", says(404, "ResourceNotFound"), times=1))
    finished, asked = stopped_first(made)
    assert (finished.outcome, asked) == (Outcome.DONE, True)


def test_that_a_machine_that_is_gone_with_its_place_on_the_interface_needs_no_stop() -> None:
    made = rig()
    made.call("DELETE", made.a.vm.text).raise_for_status()
    made.clock.sleep(300)
    finished, asked = stopped_first(made)
    assert (finished.outcome, asked) == (Outcome.DONE, False)


def test_that_a_machine_that_is_not_found_while_its_interface_names_it_may_run_and_the_fence_holds() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "virtualMachines/tg-node-a", says(404, "ResourceNotFound"), times=None))
    finished, _ = stopped_first(made)
    assert finished.outcome is Outcome.FAILED
    assert made.puts() == []
    assert made.holders() == ["tg-node-a"]


# -- giving up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", PASSING.values(), ids=PASSING)
def test_that_a_run_that_gives_up_says_what_could_not_be_read_and_names_no_other_holder(effect: Effect) -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "tg-node-a-inside", effect, times=None))
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.REFUSED
    assert "tg-node-a-inside could not be read" in finished.reason
    assert "later" not in finished.reason
    assert not any(isinstance(event, RunStarted) for event in made.events)
    assert made.puts() == []
    assert made.clock.monotonic() < 120


def test_that_a_cancel_ends_the_asking() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "tg-node-a-inside", says(503), times=None))
    made.token.cancel()
    assert made.fail_over(verb=Verb.FORCED).outcome is Outcome.CANCELLED


def test_that_a_definite_refusal_is_not_asked_again() -> None:
    made = rig()
    made.lab.faults.add(Fault("GET", "tg-node-a-inside", says(403, "AuthorizationFailed"), times=None))
    assert made.fail_over(verb=Verb.FORCED).outcome is Outcome.REFUSED
    read = [item for item in made.lab.requests if item.path.endswith("/tg-node-a-inside")]
    assert len(read) == 1


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(None, 2.5), (4.0, 8.0), (0.0, 2.5), (999_999.0, 2 * LONGEST_PAUSE_S)]
)
def test_that_what_azure_asks_is_waited_for_within_a_bound(asked_s: float | None, waited_s: float) -> None:
    clock = VirtualClock()
    failure = AzureCallError(Problem("x", "No."), Certainty.REFUSED, Cause.THROTTLED, retry_after_s=asked_s)

    def question() -> None:
        raise failure

    with pytest.raises(AzureCallError):
        RetryPolicy.of(clock, 60.0).ask(question)
    assert clock.monotonic() == waited_s


def test_that_no_try_begins_when_the_time_is_over() -> None:
    clock = VirtualClock()
    tries: list[float] = []

    def question() -> None:
        tries.append(clock.monotonic())
        clock.sleep(10)
        raise AzureCallError(Problem("x", "No."), Certainty.UNKNOWN)

    with pytest.raises(AzureCallError):
        RetryPolicy.of(clock, 12.0).ask(question)
    assert tries == [0.0, 10.5]


@pytest.mark.parametrize(("asked", "taken"), [(None, None), (0.0, 0.0), (324.0, 324.0), (999_999.0, 30.0)])
def test_that_a_wait_that_is_not_azures_is_not_believed(asked: float | None, taken: float | None) -> None:
    assert plausible_wait_s(asked) == taken


@pytest.mark.parametrize("retry_after", ["999999", "Wed, 21 Oct 2099 07:28:00 GMT", "-5", "nan", "soon", ""])
def test_that_a_mad_retry_after_does_not_hold_up_a_run_in_the_gap(retry_after: str) -> None:
    made = rig()
    for method, name, nth in (("PUT", "tg-node-b-inside", 2), ("GET", "tg-node-a-inside", 3)):
        made.lab.faults.add(Fault(method, name, says(429, Retry_After=retry_after), nth=nth))
    assert made.fail_over().outcome is Outcome.DONE
    assert made.clock.monotonic() < 250


MAD = says(429, "TooManyRequests", Retry_After="999999")


def gap_s(finished: Finished) -> float:
    assert finished.gap.seconds is not None
    return finished.gap.seconds


def waits(made: Rig) -> list[StepWaiting]:
    return [event for event in made.events if isinstance(event, StepWaiting) and "Azure asks to wait" in event.sentence]


@pytest.mark.parametrize("effect", [MAD, says(503, Retry_After="999999")], ids=["429", "503"])
@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("times", [1, 3, 5])
def test_that_what_azure_cannot_have_asked_is_bounded_in_sum_while_nobody_has_the_address(
    effect: Effect, verb: Verb, times: int
) -> None:
    calm, made = rig(), rig()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", effect, nth=2, times=times))
    usual, finished = gap_s(calm.fail_over(verb=verb)), made.fail_over(verb=verb)
    assert finished.outcome is Outcome.DONE
    own = sum(min(2.0**n, 8.0) for n in range(times - 1))
    assert gap_s(finished) <= usual + FailoverTiming().asked_in_gap_s + own + times * 3  # jitter, and a read after each
    (first, *_) = waits(made)
    assert "tg-node-b-inside" in first.sentence
    assert "10.20.2.50 is on no interface, so it is tried again sooner" in first.sentence
    assert first.until_s == FailoverTiming().asked_in_gap_s


def test_that_readings_that_azure_throttles_in_the_gap_share_that_bound() -> None:
    calm, made = rig(), rig()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", MAD, nth=2, times=2))
    made.lab.faults.add(Fault("GET", "tg-node-b-inside", MAD, nth=3, times=3))
    made.lab.faults.add(Fault("GET", "tg-node-a-inside", MAD, nth=4, times=3))
    usual, finished = gap_s(calm.fail_over()), made.fail_over()
    assert finished.outcome is Outcome.DONE
    assert gap_s(finished) <= usual + FailoverTiming().asked_in_gap_s + sum(min(2.0**n, 8.0) for n in range(5)) + 10


def test_that_a_throttle_is_obeyed_while_the_address_is_held() -> None:
    made = rig()
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", says(429, "TooManyRequests", Retry_After="20"), nth=2))
    assert made.fail_over().outcome is Outcome.DONE
    (wait,) = waits(made)
    assert wait.until_s == 20.0
    assert "tried again sooner" not in wait.sentence


def test_that_a_repair_goes_on_asking_in_its_own_time_while_nobody_has_the_address() -> None:
    made = rig()
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    assert made.holders() == []
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", MAD, nth=2, times=6))
    began = made.clock.monotonic()
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.DONE
    assert made.clock.monotonic() - began < 75


def test_that_a_repair_that_azure_throttles_for_ever_ends_untouched() -> None:
    made = rig()
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", MAD, nth=2, times=None))
    began = made.clock.monotonic()
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.FAILED
    assert made.clock.monotonic() - began < 2 * FailoverTiming().free_s
    assert finished.resume
