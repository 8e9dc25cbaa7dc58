"""Bad input by the command line: exit 2, a sentence with file, line or key, and fix; the file is kept as it was."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.programs import Answer, LabProcess, run

pytestmark = pytest.mark.full


@dataclass(frozen=True)
class Bad:
    """One fault of a cluster file: how it gets there, and what must be said about it."""

    damage: Callable[[str], str]
    words: tuple[str, ...]


def _line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def _swap(old: str, new: str) -> Callable[[str], str]:
    def damage(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return damage


def _without_second_member(text: str) -> str:
    return text[: text.rindex("[[member]]")]


FAULTS = {
    "a typo in a key": Bad(
        _swap("\naddress = ", "\nadress = "), ("adress is not a known key", "Did you mean address?")
    ),
    "no TOML": Bad(_swap("\naddress = ", "\naddress  "), ("this is not TOML", "Correct the line.")),
    "a missing member": Bad(_without_second_member, ("There is 1 [[member]]", "Add the missing one.")),
    "a wrong type": Bad(
        _swap('address = "10.20.2.50"', "address = 10"), ("floating.address is '10'", "text in quotes")
    ),
    "an address outside the subnet": Bad(
        _swap('address = "10.20.2.50"', 'address = "10.99.0.1"'),
        ("10.99.0.1 is not in snet-inside", "10.20.2.0/24", "Correct floating.address"),
    ),
    "a reserved address": Bad(
        _swap('address = "10.20.2.50"', 'address = "10.20.2.1"'), ("is reserved by Azure", "Choose another")
    ),
    "another schema": Bad(_swap("schema = 1", "schema = 7"), ("schema is '7'", "reads schema 1", "Use that version.")),
    "another cloud": Bad(_swap('cloud = "lab-', 'cloud = "lab-other-'), ("lab-other-",)),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabProcess]:
    with LabProcess(tmp_path_factory.mktemp("bad") / "lab") as running:
        yield running


def expect_refused(answer: Answer, *words: str) -> None:
    """Exit 2, all the words on standard error and nothing but them; no traceback."""
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err, answer.err


FAILOVER = ("failover", "--to", "tg-node-b", "--graceful", "--yes")


@pytest.mark.parametrize("command", [("status",), FAILOVER], ids=["status", "failover"])
@pytest.mark.parametrize("bad", FAULTS.values(), ids=FAULTS.keys())
def test_that_a_fault_of_a_cluster_file_is_named_with_its_place_and_its_cure(
    lab: LabProcess, bad: Bad, command: tuple[str, ...], tmp_path: Path
) -> None:
    good = Path(lab.ready["clusters"][0]).read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(bad.damage(good), encoding="utf-8")
    before = file.read_bytes()
    word, *more = command
    expect_refused(run(word, str(file), *more, "--lab-dir", lab.folder), *bad.words)
    assert file.read_bytes() == before
    assert lab.status()["holder"] == "tg-node-a"


def test_that_the_line_of_a_fault_is_told(lab: LabProcess, tmp_path: Path) -> None:
    good = Path(lab.ready["clusters"][0]).read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(good.replace("\naddress = ", "\nadress = "), encoding="utf-8")
    line = _line_of(file.read_text(encoding="utf-8"), "adress")
    expect_refused(run("status", file, "--lab-dir", lab.folder), f"mine.toml, line {line}: ")


def test_that_in_json_the_same_is_one_document_on_standard_error(lab: LabProcess, tmp_path: Path) -> None:
    good = Path(lab.ready["clusters"][0]).read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(
        good.replace('address = "10.20.2.50"', 'address = "x"').replace("schema = 1\n", ""), encoding="utf-8"
    )
    answer = run("status", file, "--lab-dir", lab.folder, "--json")
    expect_refused(answer)
    problems = json.loads(answer.err)["error"]["problems"]
    assert {problem["code"] for problem in problems} == {"file-key-missing", "file-value-wrong"}
    assert all(problem["what"] and problem["fix"] for problem in problems)


def test_that_an_unknown_member_gets_the_list_of_members(lab: LabProcess) -> None:
    answer = run("failover", "--to", "tg-node-x", "--graceful", "--yes", "--lab-dir", lab.folder)
    expect_refused(answer, "edge-dallas has no member named tg-node-x.", "tg-node-a and tg-node-b", "--to")


def test_that_an_unknown_cluster_gets_the_list_of_clusters(lab: LabProcess) -> None:
    expect_refused(run("status", "edge-austin", "--lab-dir", lab.folder), "edge-austin", "edge-dallas")


def test_that_a_file_that_is_not_there_is_named(lab: LabProcess, tmp_path: Path) -> None:
    expect_refused(run("status", tmp_path / "none.toml", "--lab-dir", lab.folder), str(tmp_path / "none.toml"))


def test_that_a_command_that_was_not_understood_is_a_usage_error() -> None:
    expect_refused(run("failover", "--to", "tg-node-b", "--lab"), "--graceful", "--help")


def test_that_a_failover_nobody_can_confirm_is_not_started(lab: LabProcess) -> None:
    expect_refused(
        run("failover", "--to", "tg-node-b", "--graceful", "--lab-dir", lab.folder), "--yes", "Nothing was written."
    )
    assert lab.status()["holder"] == "tg-node-a"


def test_that_a_second_lab_in_the_same_folder_is_refused(lab: LabProcess) -> None:
    expect_refused(run("lab", "run", "--lab-dir", lab.folder), str(lab.folder), lab.ready["arm"])


def test_that_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expect_refused(run("lab", "run", "--lab-dir", tmp_path / "lab", "--port", str(port)), str(port), "--port")


def test_that_a_lab_folder_that_is_a_file_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "lab"
    file.write_text("mine")
    expect_refused(run("status", "--lab-dir", file), str(file))
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("world.json", b"{ not json", ("world.json",), id="damaged world"),
        pytest.param("world.json", b"\xff\xfe\x00", ("world.json",), id="world of bytes"),
        pytest.param("world.json", b"{}", ("world.json",), id="empty world"),
        pytest.param("world.json", b'{"schema": 99}', ("world.json", "99"), id="world of another schema"),
        pytest.param("lab.json", b"{ not json", ("lab.json",), id="damaged publication"),
        pytest.param("lab.json", b"[" * 50_000, ("lab.json", "nested too deeply"), id="nested publication"),
        pytest.param("world.json", b"[" * 50_000, ("world.json", "nested too deeply"), id="nested world"),
        pytest.param("world.json", b'{"schema": 1, "a": ' + b"9" * 5_000 + b"}", ("world.json",), id="long number"),
        pytest.param("lab.json", b'{"schema": 99}', ("lab.json", "99"), id="publication of another schema"),
    ],
)
@pytest.mark.parametrize("command", [("status",), ("lab", "run")], ids=" ".join)
def test_that_a_lab_folder_that_cannot_be_read_is_named_and_kept(
    command: tuple[str, ...], name: str, content: bytes, words: tuple[str, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / name).write_bytes(content)
    expect_refused(run(*command, "--lab-dir", folder), str(folder), *words)
    assert (folder / name).read_bytes() == content


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _of(text: str) -> Callable[[Path], None]:
    return lambda path: (path.write_text(text), None)[1]


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (_pipe, "a pipe, not a file"),
    "a device without end": (_endless, "a device, not a file"),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "nested brackets": (_of("a = " + "[" * 20_000), "nested too deeply"),
    "a number of 5,000 digits": (_of("a = " + "9" * 5_000), "digits"),
    "a key of 20,000 parts": (_of(".".join("a" * 20_000) + " = 1"), "more than 32 parts"),
    "a file of 300,000 bytes": (_of("#" * 300_000), "larger than 200,000 bytes"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_that_hostile_files_are_explained_and_hide_no_other(lab: LabProcess, tmp_path: Path) -> None:
    clusters = tmp_path / "clusters"
    clusters.mkdir()
    (clusters / "good.toml").write_text(Path(lab.ready["clusters"][0]).read_text())
    for number, (make, _) in enumerate(HOSTILE.values()):
        make(clusters / f"aaa{number}.toml")
    (tmp_path / "settings.toml").write_text("[window]\ntheme = " + "[" * 20_000)
    options = ("--lab-dir", lab.folder, "--config", tmp_path)
    seen = run("status", "edge-dallas", *options)
    assert seen.code == 0, seen
    assert "10.20.2.50" in seen.out
    assert "settings.toml" in seen.err
    assert "nested too deeply" in seen.err
    expect_refused(run("status", clusters / "aaa0.toml", *options), "aaa0.toml", "a pipe, not a file")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("status", "n" * 300), "There is no cluster named"),
        (("status", "n" * 300 + ".toml"), "File name too long"),
        (("status", "--lab-dir", "~nosuchuser/lab"), "There is no user nosuchuser"),
        (("status", "--lab-dir", "n" * 300), "File name too long"),
    ],
    ids=["cluster", "file", "user", "folder"],
)
def test_that_a_name_that_nothing_can_have_is_explained(
    lab: LabProcess, arguments: tuple[str, ...], words: str
) -> None:
    place = () if "--lab-dir" in arguments else ("--lab-dir", lab.folder)
    expect_refused(run(*arguments, *place), words)
