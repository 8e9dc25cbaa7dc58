"""The key that two members share: drawn, kept private, read again, and refused in words."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

import pytest

from tgwizard.member.heartbeat_keys import HeartbeatKeys, new_key_file, read_keys
from tgwizard.model.problem import UserError

LINE = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "heartbeat.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def refusal(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read_keys(path)
    return caught.value


def test_that_a_new_key_is_read_again_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.key"
    drawn = new_key_file(path)
    assert read_keys(path) == drawn
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600


def test_that_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.key"
    drawn = new_key_file(path)
    with pytest.raises(UserError) as caught:
        new_key_file(path)
    assert caught.value.problem.code == "heartbeat-key-exists"
    assert read_keys(path) == drawn


def test_that_two_drawn_keys_differ(tmp_path: Path) -> None:
    assert new_key_file(tmp_path / "one").ids != new_key_file(tmp_path / "two").ids


def test_that_two_lines_are_two_keys_in_their_order(tmp_path: Path) -> None:
    keys = read_keys(written(tmp_path, f"{LINE}\n{OTHER}\n"))
    assert keys.keys == (b"k" * 32, b"o" * 32)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "It holds 0 keys", id="empty"),
        pytest.param(f"{LINE}\n{OTHER}\n{LINE}\n", "It holds 3 keys", id="three"),
        pytest.param(base64.b64encode(b"k" * 31).decode(), "Line 1 is not a key of 32 bytes", id="short"),
        pytest.param(f"{LINE}\nnot/a+key\n", "Line 2 is not a key of 32 bytes", id="no base64"),
        pytest.param(f"{LINE}\n{LINE}\n", "Both lines hold the same key.", id="twice the same"),
        pytest.param("x" * 5000, "cannot be used", id="huge"),
        pytest.param("\u00e9" * 44, "Line 1 is not a key", id="not ASCII"),
    ],
)
def test_that_what_is_no_key_is_refused_with_its_line_and_never_shown(tmp_path: Path, text: str, why: str) -> None:
    problem = refusal(written(tmp_path, text)).problem
    assert why in f"{problem.what} {problem.why}"
    assert "tgwizard member key new" in problem.fix
    assert LINE not in problem.sentence()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_that_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    assert refusal(written(tmp_path, LINE, mode)).problem.code == "heartbeat-key-open"


def test_that_a_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none").problem.why


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_that_a_pipe_is_no_key_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refusal(tmp_path / "pipe").problem.code == "heartbeat-key-unusable"


def test_that_the_text_of_keys_names_only_their_ids() -> None:
    keys = HeartbeatKeys((b"k" * 32,))
    assert repr(keys) == f"HeartbeatKeys({keys.ids[0]})"
    assert len(keys.ids[0]) == 8
