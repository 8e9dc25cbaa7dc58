"""200 only while the member is active, whoever asks and however."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tgwizard.member.status_endpoint import StatusAnswer, StatusEndpoint
from tgwizard.model.problem import UserError

DEADLINE_S = 60.0


class Member:
    """What is answered now."""

    def __init__(self) -> None:
        self.answer = StatusAnswer(active=True, role="active")


@pytest.fixture
def member() -> Member:
    return Member()


@pytest.fixture
def endpoint(member: Member) -> Iterator[StatusEndpoint]:
    found = StatusEndpoint("127.0.0.1", 0, lambda: member.answer)
    yield found
    found.close()


def ask(endpoint: StatusEndpoint, method: str = "GET", path: str = "/status") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", endpoint.port, timeout=DEADLINE_S)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_that_an_active_member_answers_200_on_every_path(endpoint: StatusEndpoint) -> None:
    assert ask(endpoint) == (200, b'{"role": "active"}')
    assert ask(endpoint, path="/")[0] == 200


@pytest.mark.parametrize("role", ["standby", "unfit", "unconfirmed", "taking", "starting"])
def test_that_any_other_answers_503_with_its_role(endpoint: StatusEndpoint, member: Member, role: str) -> None:
    member.answer = StatusAnswer(active=False, role=role)
    assert ask(endpoint) == (503, f'{{"role": "{role}"}}'.encode())


def test_that_nothing_but_reading_is_answered(endpoint: StatusEndpoint) -> None:
    assert ask(endpoint, "POST")[0] == 501


def test_that_a_port_in_use_is_told(endpoint: StatusEndpoint) -> None:
    with pytest.raises(UserError, match="status endpoint cannot listen"):
        StatusEndpoint("127.0.0.1", endpoint.port, lambda: StatusAnswer(active=False, role=""))


def test_that_a_client_that_says_nothing_keeps_nobody_else_waiting(endpoint: StatusEndpoint) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port)):
        assert ask(endpoint)[0] == 200
