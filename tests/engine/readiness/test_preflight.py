"""The preflight: rights proved by a write that cannot be applied, what travels worked out, the sign-in's life."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.engine.failover.crash import tapped
from tests.engine.worlds import (
    ASG_JOIN,
    PUBLIC_IP_JOIN,
    SUBNET_JOIN,
    WRITE,
    give_public_ip,
    locked,
    sign_in_for,
    without,
)
from tests.rig import Rig, rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.azure.network import ArmNetwork
from tgwizard.engine.access.write_probe import IMPOSSIBLE_ETAG, ProbeOutcome, probe_write
from tgwizard.engine.failover.run import rehearse
from tgwizard.engine.observe import Observer
from tgwizard.engine.ports import Accepted, Precondition
from tgwizard.engine.readiness.preflight import Preflight, preflight
from tgwizard.engine.readiness.preflight_questions import BUDGET_S
from tgwizard.engine.readiness.readiness import run_readiness
from tgwizard.engine.retry import RetryPolicy
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, Reset, Timeout
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.latency import Latency
from tgwizard.lab.nic_options import NicOptions
from tgwizard.model.cluster import ResourceId, Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_options import RunIntent
from tgwizard.model.finding import Finding, Level
from tgwizard.model.nic import NicDocument

VERBS = pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)


def checked(made: Rig, verb: Verb = Verb.GRACEFUL, life_s: float = 300.0) -> Preflight:
    snapshot = Observer(made.services.azure, made.services.clock, made.setup).look()
    azure, clock, kept = made.services.azure, made.services.clock, made.services.outdated_writes
    intent = RunIntent(made.b, verb)
    ready = run_readiness(snapshot, intent)
    return preflight(azure, clock, snapshot, intent, ready, needed_life_s=life_s, kept=kept)


def about(found: Preflight, words: str) -> Finding:
    matching = [finding for finding in found.findings.findings if words in finding.fact]
    assert len(matching) == 1, [finding.fact for finding in found.findings.findings]
    return matching[0]


@VERBS
def test_that_the_right_to_write_is_proved_on_both_sides_and_nothing_changes(verb: Verb) -> None:
    made = rig()
    before = [made.nic(member).body for member in made.setup.members]
    found = checked(made, verb)
    assert found.reason_against(verb) is None
    for member in made.setup.members:
        finding = about(found, f"You may write {member.nic.name}")
        assert finding.level is Level.PASSED
        joined = "nsg-tg-inside, snet-inside and asg-tg-nodes"
        assert finding.evidence == f"proved by a write that cannot be applied, and with it the join of {joined}"
    assert [record.status for record in made.lab.requests if record.method == "PUT"] == [412, 412]
    assert [made.nic(member).body for member in made.setup.members] == before


def probes_of(made: Rig, verb: Verb = Verb.GRACEFUL) -> tuple[Preflight, list[tuple[str, list[str]]]]:
    """A check, and each PUT it sent: the interface's name, and the addresses its body named."""
    sent: list[tuple[str, list[str]]] = []

    def note(request: requests.PreparedRequest) -> None:
        if request.method == "PUT":
            items = json.loads(request.body or b"{}")["properties"]["ipConfigurations"]
            name = str(request.url).split("?", 1)[0].rsplit("/", 1)[-1]
            sent.append((name, [item["properties"]["privateIPAddress"] for item in items]))

    session = tapped(note, lambda _request: None)(made.lab)
    azure = ArmPorts(AzureSession(HeldCredential(LabToken(made.lab.issue_token)), http=session, lab=True))
    return checked(replace(made, services=replace(made.services, azure=azure)), verb), sent


@VERBS
def test_that_the_attach_is_asked_with_its_very_body_once_an_outdated_write_was_refused(verb: Verb) -> None:
    made = rig()
    found, sent = probes_of(made, verb)
    assert sent == [
        ("tg-node-a-inside", ["10.20.2.11", "10.20.2.50"]),
        ("tg-node-b-inside", ["10.20.2.12", "10.20.2.50"]),
    ]
    assert "not tried" not in about(found, "You may write tg-node-b-inside").evidence
    seen = made.services.outdated_writes.seen(made.setup.subscription)
    assert seen is not None
    assert (seen.refused, seen.at.date()) == (True, made.clock.wall().date())


@VERBS
def test_that_on_a_lab_that_ignores_versions_no_probe_changes_anything(verb: Verb) -> None:
    made = rig(Latency.INSTANT)
    assert made.fail_over().outcome is Outcome.DONE  # here outdated writes were still refused, and that is kept
    made.lab.nic_options = NicOptions(heeds_if_match=False)
    before = [less_versions(made.nic(member).body) for member in made.setup.members]
    for _ in range(2):
        finished = made.fail_over(made.a, verb, accept_unknown=True)
        assert finished.outcome is Outcome.REFUSED
        assert finished.problem is not None
        assert finished.problem.code == "if-match-ignored"
        assert [less_versions(made.nic(member).body) for member in made.setup.members] == before
    _, sent = probes_of(made, verb)
    assert sent == [], "once it was seen, not even a probe is sent"
    seen = made.services.outdated_writes.seen(made.setup.subscription)
    assert seen is not None
    assert not seen.refused


def test_that_without_a_refused_outdated_write_the_attach_is_worked_out_and_not_tried() -> None:
    made = not_tried()
    found, sent = probes_of(made)
    first = next(item for item in sent if item[0] == "tg-node-b-inside")
    assert first == ("tg-node-b-inside", ["10.20.2.12"]), "as it is, before anything else is tried on it"
    assert "the attach itself is worked out, not tried" in about(found, "You may write tg-node-b-inside").evidence
    assert about(found, "You may attach pip-tg-node-a").evidence.startswith("worked out from your roles, not tried")


def not_tried() -> Rig:
    """A rig with a public IP that travels, where no probe of the attach gets an answer."""
    made = rig()
    give_public_ip(made)
    made.lab.faults.add(Fault("PUT", "tg-node-a-inside", FaultAnswer(500, "{}"), times=None))
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(500, "{}"), nth=2, times=None))
    return made


def less_versions(value: Any) -> Any:
    """A document without what every write moves."""
    if isinstance(value, dict):
        return {key: less_versions(item) for key, item in value.items() if key not in ("etag", "provisioningState")}
    return [less_versions(item) for item in value] if isinstance(value, list) else value


@VERBS
@pytest.mark.parametrize("action", [WRITE, SUBNET_JOIN, ASG_JOIN])
def test_that_a_missing_right_is_named_and_stops_both_verbs(verb: Verb, action: str) -> None:
    made = without(action)
    found = checked(made, verb)
    problem = found.findings.reason_against(unknown_stops=False)
    assert problem is not None
    assert "tg-node-b-inside" in problem.what
    assert action in problem.sentence()
    assert made.fail_over(verb=verb, accept_unknown=True).outcome is Outcome.REFUSED
    assert {record.status for record in made.lab.requests if record.method == "PUT"} == {403}
    assert made.holders() == ["tg-node-a"]


@pytest.mark.parametrize("side", ["tg-node-a-inside", "tg-node-b-inside"])
@VERBS
def test_that_a_lock_on_either_interface_stops_both_verbs(verb: Verb, side: str) -> None:
    made = locked(side)
    finished = made.fail_over(verb=verb, accept_unknown=True)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert "ScopeLocked" in finished.problem.detail
    assert side in finished.reason
    assert made.holders() == ["tg-node-a"]
    assert made.nic(made.a).etag == rig().nic(made.a).etag


@pytest.mark.parametrize(
    "effect", [Reset(Moment.BEFORE_COMMIT), FaultAnswer(503, "{}"), FaultAnswer(429, "{}")], ids=repr
)
def test_that_a_probe_without_a_clear_answer_is_not_known(effect: Reset | FaultAnswer) -> None:
    made = rig()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", effect, times=None))
    found = checked(made)
    assert about(found, "Whether you may write tg-node-b-inside is not known").level is Level.NOT_KNOWN
    assert found.reason_against(Verb.GRACEFUL) is not None
    assert found.findings.reason_against(unknown_stops=False) is None
    assert found.reason_against(Verb.FORCED) is None


THROTTLED = FaultAnswer(429, '{"error": {"code": "TooManyRequests", "message": "Not now."}}')


@pytest.mark.parametrize(
    ("effect", "lost"),
    [
        (Reset(Moment.BEFORE_COMMIT), True),
        (FaultAnswer(503, "{}"), True),
        (FaultAnswer(429, "{}"), True),
        (THROTTLED, False),
    ],
    ids=["reset", "503", "429 without a word", "429"],
)
def test_that_a_probe_is_asked_again_and_after_a_lost_answer_only_after_reading(
    effect: Reset | FaultAnswer, lost: bool
) -> None:
    made = rig()
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", effect))
    found = checked(made)
    assert about(found, "You may write tg-node-b-inside").level is Level.PASSED
    asked = [item.method for item in made.lab.requests if item.path.endswith("/tg-node-b-inside")]
    assert asked[-3:] == (["PUT", "GET", "PUT"] if lost else ["GET", "PUT", "PUT"])


def test_that_a_probe_is_not_asked_again_when_something_changed_meanwhile() -> None:
    made = rig()
    snapshot = Observer(made.services.azure, made.clock, made.setup).look()
    document = snapshot.seen(made.b).nic.value
    assert document is not None
    made.edit(made.b, lambda body: body["properties"].update(enableIPForwarding=False))
    made.clock.sleep(60)
    made.lab.faults.add(Fault("PUT", "tg-node-b-inside", FaultAnswer(503, "{}")))
    retry_policy = RetryPolicy.of(made.clock, 60.0)
    probed = probe_write(made.services.azure, made.b.nic, document, retry_policy=retry_policy)
    assert probed.outcome is ProbeOutcome.UNCLEAR
    assert [item.method for item in made.lab.requests if item.path.endswith("/tg-node-b-inside")][-2:] == ["PUT", "GET"]


def test_that_no_probe_is_sent_to_an_interface_that_is_being_updated() -> None:
    made = rig()
    made.edit(made.b, lambda body: body["properties"].update(enableIPForwarding=False))
    sent = len(made.puts())
    found = checked(made, Verb.FORCED)
    assert about(found, "Whether you may write tg-node-b-inside is not known").level is Level.NOT_KNOWN
    assert len(made.puts()) == sent


def test_that_only_the_gaining_side_is_asked_when_the_address_is_on_no_interface() -> None:
    made = rig()
    made.edit(made.a, lambda body: body["properties"]["ipConfigurations"].pop())
    made.clock.sleep(30)
    assert made.holders() == []
    asked = len(made.lab.requests)
    checked(made, Verb.FORCED)
    puts = [record.path.rsplit("/", 1)[-1] for record in made.lab.requests[asked:] if record.method == "PUT"]
    assert puts == ["tg-node-b-inside"] * 2, "as it is first, then as the attach"


class IgnoresIfMatch(ArmNetwork):
    """An Azure that applies every write, whatever version it was bound to."""

    applied = 0

    def write_nic(
        self,
        nic: ResourceId,
        document: NicDocument,
        *,
        if_match: str,
        request_id: str,
        precondition: Precondition | None = None,
    ) -> Accepted:
        assert precondition is None, "a probe writes nothing, so it is never late"
        assert if_match == IMPOSSIBLE_ETAG
        self.applied += 1
        return super().write_nic(nic, document, if_match=document.etag, request_id=request_id)


@VERBS
def test_that_an_azure_that_ignores_versions_is_not_written_to_at_all(verb: Verb) -> None:
    made = rig()
    token = HeldCredential(LabToken(made.lab.issue_token))
    azure = ArmPorts(AzureSession(token, http=lab_session(made.lab), lab=True))
    azure.network = careless = IgnoresIfMatch(azure.clients)
    other = replace(made, services=replace(made.services, azure=azure))
    finished = other.fail_over(verb=verb, accept_unknown=True)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "if-match-ignored"
    assert careless.applied == 1, "the first that is applied is the last that is sent"
    made.clock.sleep(60)
    assert made.holders() == ["tg-node-a"]


@VERBS
def test_that_a_public_ip_that_may_not_be_attached_stops_both_verbs(verb: Verb) -> None:
    allowed = rig()
    give_public_ip(allowed)
    assert "pip-tg-node-a" in about(checked(allowed, verb), "You may write tg-node-b-inside").evidence
    made = without(PUBLIC_IP_JOIN, allowed)
    found = checked(made, verb)
    finding = about(found, "attach pip-tg-node-a")
    assert finding.level is Level.BLOCKS
    assert finding.problem is not None
    assert PUBLIC_IP_JOIN in finding.problem.why
    assert made.fail_over(verb=verb, accept_unknown=True).outcome is Outcome.REFUSED
    assert made.holders() == ["tg-node-a"]


def test_that_rights_that_cannot_be_read_are_not_known() -> None:
    made = not_tried()
    made.lab.faults.add(Fault("GET", "/permissions", FaultAnswer(500, "{}"), times=99))
    found = checked(made)
    assert about(found, "Whether you may attach pip-tg-node-a is not known").level is Level.NOT_KNOWN
    assert found.reason_against(Verb.GRACEFUL) is not None
    assert found.findings.reason_against(unknown_stops=False) is None
    assert found.reason_against(Verb.FORCED) is None


@VERBS
def test_that_a_sign_in_that_ends_too_soon_stops_both_verbs(verb: Verb) -> None:
    made = sign_in_for(rig(), timedelta(minutes=4))
    finished = made.fail_over(verb=verb, accept_unknown=True)
    assert finished.outcome is Outcome.REFUSED
    assert finished.problem is not None
    assert finished.problem.code == "token-too-short"
    assert made.puts() == []


def test_that_a_sign_in_that_cannot_be_had_stops_the_run() -> None:
    made = sign_in_for(rig(), timedelta(seconds=-60))
    finished = made.fail_over(verb=Verb.FORCED)
    assert finished.outcome is Outcome.REFUSED
    assert made.puts() == []


def test_that_a_rehearsal_tells_its_findings_and_writes_nothing() -> None:
    made = rig()
    told = rehearse(made.services, made.setup, made.b, Verb.GRACEFUL, made.events.append, made.token)
    assert made.events == [told]
    assert made.puts() == []
    assert json.loads(made.lab.dump())["operation_count"] == 0


def test_that_the_asking_as_a_whole_is_bounded_and_says_what_was_not_asked() -> None:
    made = rig()
    for words in ("/permissions", "/locks", "/subnets/"):
        made.lab.faults.add(Fault("GET", words, Timeout(Moment.BEFORE_COMMIT), times=None))
    begun = made.clock.monotonic()
    found = checked(made)
    assert made.clock.monotonic() - begun <= BUDGET_S + 20
    assert about(found, "You may write tg-node-b-inside").level is Level.PASSED
    assert found.reason_against(Verb.FORCED) is None
    assert found.facts is not None
    unasked = found.facts.access.locks.problem
    assert unasked is not None
    assert unasked.code == "not-asked"


def test_that_a_rehearsal_of_what_the_members_do_checks_the_members() -> None:
    made = rig()
    live = replace(made.setup, cloud="public")
    told = rehearse(made.services, live, made.b, Verb.GRACEFUL, made.events.append, made.token)
    facts = {finding.fact: finding.level for finding in told.findings.findings}
    assert facts["tg-node-b's identity may write tg-node-b-inside"] is Level.PASSED
    assert facts["tg-node-a's identity may write tg-node-a-inside"] is Level.PASSED
    assert told.findings.reason_against(unknown_stops=True) is None
    assert made.puts() == []
