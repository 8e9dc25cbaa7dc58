"""Tokens never reach a log, an exception's text or a repr, whatever the level of logging."""

from __future__ import annotations

import io
import logging
import time
import traceback
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ClientAuthenticationError

from tests.azure.test_arm import detach, fails
from tests.rig import rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import RENEW_BELOW_S, HeldCredential, LabToken, expiry
from tgwizard.engine.azure_call_error import Cause, Certainty
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer, Moment, Reset
from tgwizard.lab.fronts.in_process import lab_session


@pytest.fixture
def debug_log() -> Iterator[io.StringIO]:
    """Everything any library logs at DEBUG, in the rawest form."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


def test_that_no_token_is_logged_or_raised_at_any_level(debug_log: io.StringIO) -> None:
    it = rig()
    tokens: list[str] = []

    def fetch() -> str:
        tokens.append(it.lab.issue_token())
        return tokens[-1]

    credential = HeldCredential(LabToken(fetch))
    azure = ArmPorts(AzureSession(credential, http=lab_session(it.lab), lab=True))
    azure.compute.vm(it.a.vm)
    detach(it)
    it.lab.faults.add(Fault("GET", "tg-node-b-inside", Reset(Moment.BEFORE_COMMIT), times=5))
    lost = fails(lambda: azure.network.read_nic(it.b.nic))
    it.lab.faults.clear()
    it.lab.faults.add(
        Fault("GET", "tg-node-b-inside", FaultAnswer(401, '{"error":{"code":"InvalidAuthenticationToken"}}'))
    )
    refused = fails(lambda: azure.network.read_nic(it.b.nic))
    assert refused.cause is Cause.SIGN_IN
    said = debug_log.getvalue() + repr(credential) + repr(azure)
    for failure in (lost, refused):
        said += "".join(traceback.format_exception(failure)) + repr(failure.problem)
    assert tokens
    for token in tokens:
        for part in (token, *token.split(".")[1:]):
            assert part not in said
    assert "Bearer" not in said


def test_that_a_credential_that_gives_nothing_is_a_sign_in_problem() -> None:
    it = rig()
    azure = ArmPorts(AzureSession(HeldCredential(LabToken(lambda: "no-jwt")), http=lab_session(it.lab), lab=True))
    for call in (lambda: azure.network.read_nic(it.a.nic), azure.directory.token_life_s):
        failure = fails(call)
        assert (failure.cause, failure.certainty) == (Cause.SIGN_IN, Certainty.NOT_SENT)
    assert not it.lab.requests


def test_that_the_life_of_a_token_is_that_of_its_exp_claim_in_real_time() -> None:
    it = rig()
    it.clock.sleep(100_000)
    assert 3500 < it.services.azure.directory.token_life_s() <= 3600


def test_that_an_old_token_is_renewed_before_it_is_used_and_a_young_one_is_kept() -> None:
    it = rig()
    asked: list[str] = []

    class Source:
        """Gives tokens that live just too short, then long."""

        def get_token(self, *scopes: str, **_options: object) -> object:
            from azure.core.credentials import AccessToken

            asked.append(scopes[0])
            life = RENEW_BELOW_S - 60 if len(asked) == 1 else 3600
            return AccessToken(it.lab.issue_token(), int(time.time() + life))

    held = HeldCredential(Source())  # type: ignore[arg-type]
    first = held.get_token("scope")
    second = held.get_token("scope")
    assert second is not first
    assert held.get_token("scope") is second
    assert held.get_token("scope", claims="challenge") is not second
    assert asked == ["scope"] * 3


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.e30.c", "é.é.é"])
def test_that_what_is_no_token_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ClientAuthenticationError):
        expiry(text)
