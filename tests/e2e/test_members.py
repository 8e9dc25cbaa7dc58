"""Two member agents as processes on a lab in a third: kill -9 of the active one, and by agreement back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.programs import Document, LabProcess, Program, run, settled, tgwizard

pytestmark = pytest.mark.full

A, B = "tg-node-a", "tg-node-b"


class MemberProcesses:
    """A lab with a cluster timeout of 5 s, and the agents of its members."""

    def __init__(self, lab: LabProcess, opened: ExitStack, key: Path) -> None:
        self.lab, self.opened, self.key = lab, opened, key

    def start(self, name: str, *more: str) -> Program:
        words: tuple[str | Path, ...] = (
            "member",
            "run",
            "--lab-dir",
            self.lab.folder,
            "--name",
            name,
            "--key",
            self.key,
            "--json",
            *more,
        )
        return self.opened.enter_context(tgwizard(*words))


@pytest.fixture
def members(tmp_path: Path) -> Iterator[MemberProcesses]:
    with ExitStack() as opened:
        lab = opened.enter_context(LabProcess(tmp_path / "lab"))
        (file,) = (lab.folder / "clusters").glob("*.toml")
        text = file.read_text()
        file.write_text(re.sub(r"cluster_timeout_s = \S+", "cluster_timeout_s = 5", text))
        if "cluster_timeout_s" not in text:
            file.write_text(f"{text}\n[timing]\ncluster_timeout_s = 5\n")
        assert run("member", "key", "new", "--out", tmp_path / "heartbeat.key").code == 0
        yield MemberProcesses(lab, opened, tmp_path / "heartbeat.key")


def says(document: Document, **facts: object) -> bool:
    return all(document[name] == value for name, value in facts.items())


def test_that_the_standby_takes_the_address_from_an_agent_that_was_killed(members: MemberProcesses) -> None:
    active, standby = members.start(A), members.start(B)
    active.until(lambda told: says(told, role="active", heard=True))
    standby.until(lambda told: says(told, role="standby", heard=True, cover=True))
    active.kill()
    standby.until(lambda told: says(told, reason="peer_silent"))
    standby.until(lambda told: says(told, role="active", holder="me"))
    assert settled(members.lab.folder)["holder"] == B
    told = run("member", "status", "--lab-dir", members.lab.folder, "--json").events
    assert [(item["member"], item["running"]) for item in told] == [(B, True), (A, False)]


def test_that_make_active_moves_it_by_agreement_and_both_end_when_told(members: MemberProcesses) -> None:
    active, standby = members.start(A), members.start(B)
    active.until(lambda told: says(told, role="active", heard=True))
    standby.until(lambda told: says(told, role="standby", heard=True))
    named = run("member", "make-active", "--lab-dir", members.lab.folder, "--to", B)
    assert named.code == 0, named.err
    standby.until(lambda told: says(told, role="active", holder="me"))
    active.until(lambda told: says(told, role="standby", holder="peer"))
    assert settled(members.lab.folder)["holder"] == B
    for program in (active, standby):
        program.interrupt()
        assert program.end() == 0, program.said


def test_that_a_second_agent_of_the_same_member_is_refused(members: MemberProcesses) -> None:
    first = members.start(A)
    first.until(lambda told: says(told, role="active"))
    second = members.start(A)
    assert second.end() == 2
    assert "runs on this computer already" in second.said
