"""Locks are the operating system's: two programs exclude each other, and a killed one leaves none behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tgwizard.engine.files.file_lock import hold_lock, is_locked
from tgwizard.model.problem import Problem, UserError

BUSY = Problem("cluster-locked", "Another run works on it.")

_HOLDER = """
import sys
import threading
from pathlib import Path
from tgwizard.engine.files.file_lock import hold_lock, is_locked
from tgwizard.model.problem import Problem
with hold_lock(Path(sys.argv[1]), Problem("busy", "Busy.")):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another program that holds the lock until its standard input ends."""
    root = Path(__file__).resolve().parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )


def taken(path: Path) -> bool:
    try:
        with hold_lock(path, BUSY):
            return False
    except UserError as error:
        return error.problem == BUSY


def test_that_two_programs_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "state" / "cluster.lock"
    with holder(path) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        assert taken(path)
        other.stdin.close()
        other.wait(60)
        assert not taken(path)


def test_that_a_killed_program_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    with holder(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.kill()
        other.wait(60)
        assert path.exists()
        assert not taken(path)


def test_that_two_runs_in_one_program_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    with hold_lock(path, BUSY):
        assert taken(path)
    assert not taken(path)


def test_that_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    with pytest.raises(ValueError, match="inside"), hold_lock(path, BUSY):
        raise ValueError("inside")
    assert not taken(path)


def test_that_another_cluster_is_free(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "one.lock", BUSY):
        assert not taken(tmp_path / "two.lock")


def test_that_a_lock_that_cannot_be_made_is_explained_and_is_not_called_busy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path, tmp_path / "file" / "cluster.lock"):
        with pytest.raises(UserError) as caught, hold_lock(path, BUSY):
            raise AssertionError("a lock that could not be made was held")
        assert caught.value.problem.code == "lock-not-made"
        assert str(path) in caught.value.problem.sentence()


def test_that_looking_whether_a_lock_is_held_tells_the_truth_and_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    assert not is_locked(path)
    assert not path.exists()
    with holder(path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert is_locked(path)
        other.kill()
        other.wait(60)
        assert not is_locked(path)
    with hold_lock(path, BUSY):
        assert is_locked(path)
    assert not is_locked(path)


def test_that_who_looks_keeps_nobody_from_holding(tmp_path: Path) -> None:
    path = tmp_path / "cluster.lock"
    path.touch()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            is_locked(path)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        assert not any(taken(path) for _ in range(300))
    finally:
        done.set()
        looking.join()
