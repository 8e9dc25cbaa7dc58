"""``member``: keys, refusals in words, and what is told to and by the agents of this computer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.bench import Shell, fits
from tests.rig import Rig, rig
from tgwizard.app.main import key_ids, new_key, open_member
from tgwizard.cli.member_commands import _REASONS
from tgwizard.engine.members.decision import Reason
from tgwizard.engine.members.member_store import MemberStore, MemberTold, MemberWish, member_folder

DOORS = {"open_member": open_member, "new_key": new_key, "key_ids": key_ids}


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(state=tmp_path / "state")


@pytest.fixture
def shell(it: Rig) -> Shell[Rig]:
    return Shell(it, ports=DOORS)


def store(it: Rig, which: int = 0) -> MemberStore:
    return MemberStore(member_folder(it.services.state_dir, it.setup, it.setup.members[which]))


def test_that_a_new_key_is_drawn_once_and_named_by_its_id(shell: Shell[Rig], tmp_path: Path) -> None:
    file = tmp_path / "heartbeat.key"
    drawn = shell("member", "key", "new", "--out", str(file))
    assert drawn.code == 0, drawn.err
    shown = shell("member", "key", "show-id", str(file))
    assert shown.out.strip() in drawn.out
    assert file.read_text().strip() not in drawn.out + shown.out
    again = shell("member", "key", "new", "--out", str(file))
    assert again.code == 2
    assert "is there already." in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "tg-node-z", "--key", "KEY"), "edge-dallas has no member tg-node-z."),
        (("--name", "tg-node-a"), "A member needs the heartbeat key of its cluster."),
        (("--name", "tg-node-a", "--key", "none"), "The heartbeat key none cannot be used."),
        (("--name", "tg-node-a", "--key", "KEY", "--listen", "here"), "heartbeat of tg-node-a here cannot be used."),
        (
            ("--name", "tg-node-a", "--key", "KEY", "--listen", "127.0.0.1:9", "--peer", "127.0.0.1:9"),
            "Both members listen on 127.0.0.1:9.",
        ),
    ],
)
def test_that_a_member_that_cannot_run_here_is_refused_in_words(
    shell: Shell[Rig], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "heartbeat.key"
    new_key(file)
    answered = shell("member", "run", *(str(file) if word == "KEY" else word for word in words))
    assert answered.code == 2
    assert said in answered.err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "The agents of edge-dallas are not enabled."),
        (
            "\n[agent]\nenabled = true\n\n[trustgrid]\ncluster = 'x'\n",
            "edge-dallas is a cluster of Trustgrid appliances.",
        ),
        ("\n[agent]\nenabled = 'yes'\n", "It must be true or false, without quotes."),
    ],
)
def test_that_outside_a_lab_a_member_runs_only_where_it_was_enabled_and_no_appliance_is(
    tmp_path: Path, more: str, said: str
) -> None:
    made = rig(state=tmp_path / "state")
    (file,) = made.services.state_dir.glob("*.toml")
    key = tmp_path / "heartbeat.key"
    new_key(key)
    text = file.read_text().replace(f'cloud = "{made.lab.cloud}"', 'cloud = "public"')
    file.write_text(text + more)
    answered = Shell(made, ports=DOORS, cloud="public")("member", "run", "--name", "tg-node-a", "--key", str(key))
    assert answered.code == 2
    assert said in answered.err


def test_that_commands_say_so_where_no_agent_ever_ran(shell: Shell[Rig]) -> None:
    for words in (("status",), ("pause",), ("make-active", "--to", "tg-node-b")):
        answered = shell("member", *words)
        assert answered.code == 2
        assert "No agent of edge-dallas ran on this computer yet." in answered.err


def test_that_a_word_waits_for_the_agent_that_does_not_run_now(it: Rig, shell: Shell[Rig]) -> None:
    store(it).wish(MemberWish())
    assert store(it).take_wish() == MemberWish()
    answered = shell("member", "make-active", "--to", "tg-node-b")
    assert answered.code == 0, answered.err
    assert "tg-node-b is to be active." in answered.out
    assert "it follows this when it starts" in answered.out
    assert store(it).take_wish() == MemberWish(active="tg-node-b")
    assert store(it).take_wish() is None, "a wish is taken once"


def test_that_the_status_is_what_the_agent_last_said_and_fits_its_schema(it: Rig, shell: Shell[Rig]) -> None:
    store(it).wish(MemberWish())
    told = MemberTold(
        "2026-03-02T09:00:00.000Z",
        "tg-node-a",
        "active",
        "i_hold",
        "me",
        active=True,
        cover=False,
        heard=True,
        preferred="tg-node-a",
        mode="autoFailback",
    )
    store(it).tell(told)
    (document,) = shell("member", "status", "--json").lines
    fits(document, "member")
    assert (document["role"], document["running"]) == ("active", False)
    assert shell("member", "status").out == "tg-node-a: its agent does not run. At 09:00:00 UTC it was active.\n"


def test_that_every_reason_of_a_decision_has_words() -> None:
    assert set(_REASONS) == {reason.value for reason in Reason}
