"""Files of anybody: read within a bound and only when they are files, written whole, private where they hold state."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tgwizard.engine.files.file_reading import LARGEST_BYTES, read_text
from tgwizard.engine.files.file_writing import PRIVATE, make_private_folder, open_private, write_atomically
from tgwizard.engine.files.toml_reader import TomlFault, editable_toml, line_numbers, parse_toml, section_of

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes, pipes or devices of this kind")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def why_not(path: Path) -> str:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - what it says is judged below
        read_text(path)
    return caught.value.strerror or ""


@posix
def test_that_only_a_regular_file_is_read_and_nobody_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert why_not(tmp_path / "pipe") == "It is a pipe, not a file"
    assert why_not(Path("/dev/zero")) == "It is a device, not a file"
    assert why_not(tmp_path) in ("It is a folder, not a file", "Is a directory")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    assert why_not(tmp_path / "link") == "It is a pipe, not a file"


def test_that_a_file_is_read_up_to_its_limit_and_not_beyond(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * LARGEST_BYTES)
    assert len(read_text(path)) == LARGEST_BYTES
    path.write_bytes(b"x" * (LARGEST_BYTES + 1))
    assert why_not(path) == "It is larger than 200,000 bytes"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe", "It is not UTF-8 text (byte 0 is none)"), (b"ab\xc3", "It is not UTF-8 text (byte 2 is none)")],
)
def test_that_what_is_no_text_is_said_to_be_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert why_not(tmp_path / "file") == words


@pytest.mark.parametrize("name", ["n" * 300, "nul\0byte"])
def test_that_a_name_that_no_file_can_have_is_an_error_of_the_system(tmp_path: Path, name: str) -> None:
    assert why_not(tmp_path / name)


@posix
def test_that_documents_obey_the_umask_and_state_is_its_owners_alone(tmp_path: Path) -> None:
    for mask, expected in ((0o077, 0o600), (0o022, 0o644), (0o000, 0o666)):
        with umask(mask):
            path = tmp_path / f"document-{mask:o}"
            write_atomically(path, "text")
            assert mode(path) == expected
            write_atomically(path.with_suffix(".state"), "text", PRIVATE)
            assert mode(path.with_suffix(".state")) == 0o600
            make_private_folder(tmp_path / f"state-{mask:o}")
            assert mode(tmp_path / f"state-{mask:o}") == 0o700
            os.close(open_private(str(path.with_suffix(".lock")), os.O_CREAT | os.O_WRONLY))
            assert mode(path.with_suffix(".lock")) == 0o600


@posix
def test_that_a_document_keeps_the_mode_that_it_has_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "document", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert (path.read_text(), mode(path)) == ("new", 0o640)


@posix
def test_that_a_device_or_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    write_atomically(link, "text")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(Path("/dev/full"), "text")
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, "text")


def test_that_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    def breaks(write: Callable[[str], object]) -> None:
        write("half")
        raise OSError("the disk is gone")

    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    write_atomically(path, "old")
    with pytest.raises(OSError, match="gone"):
        write_atomically(path, breaks)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


HOSTILE = {
    "nested lists": ("a = " + "[" * 50_000, "nested"),
    "nested tables": ("a = " + "{a=" * 50_000, ""),
    "a number of 5,000 digits": ("a = " + "9" * 5_000, "digits"),
    "a hexadecimal number of 5,000 digits": ("a = 0x" + "f" * 5_000, "64 bits"),
    "a number of 65 bits": ("a = 18446744073709551616", "64 bits"),
    "a key of 20,000 parts": (".".join("a" * 20_000) + " = 1", "more than 32 parts"),
    "a key of 20,000 quoted parts": (".".join(["'a'"] * 20_000) + " = 1", "more than 32 parts"),
    "a section of 20,000 parts": ("[" + " . ".join("a" * 20_000) + "]", "more than 32 parts"),
    "such a key in an inline table": ("t = {" + ".".join("a" * 20_000) + " = 1}", "more than 32 parts"),
    "a date that is none": ("a = 2026-13-45", ""),
    "half a character": ('a = "\\ud800"', ""),
    "an open text": ('a = """' + "x" * 100_000, ""),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_that_toml_of_any_kind_is_read_or_explained(text: str, words: str) -> None:
    with pytest.raises(TomlFault) as caught:
        parse_toml(text)
    assert words in caught.value.why
    assert len(caught.value.why) < 400


def test_that_the_place_of_a_fault_is_told() -> None:
    with pytest.raises(TomlFault) as caught:
        parse_toml("a = 1\nb\nc = 3")
    assert caught.value.place == ", line 2, column 2"
    with pytest.raises(TomlFault) as caught:
        parse_toml("a = 1\n" + ".".join("b" * 40) + " = 1")
    assert caught.value.place == ", line 2"
    with pytest.raises(TomlFault) as caught:
        parse_toml('a = 1\nb = "open')
    assert caught.value.place.startswith(", line 2")


def test_that_a_long_text_with_dots_is_no_long_key() -> None:
    words = ". ".join(["Written by hand, for the night shift"] * 40)
    assert parse_toml(f'# {words}\nnote = "{words}"\nfloat = 1.5\nid = "/a.b/c.d"')["float"] == 1.5


def test_that_lines_of_keys_are_found_by_dotted_name() -> None:
    lines = line_numbers('schema = 1\n\n[azure]\n"cloud" = "x"\n[[member]]\nname = "a"\n[[member]]\nname = "b"\n')
    assert (lines["schema"], lines["azure"], lines["azure.cloud"], lines["member[2].name"]) == (1, 3, 4, 8)


def test_that_a_document_is_changed_only_when_it_is_one(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    assert editable_toml(path).as_string() == ""
    path.write_text("# kept\n[a]\nb = 1 # kept too\n")
    document = editable_toml(path)
    section_of(document, "a")["b"] = 2
    section_of(document, "new")["c"] = 3
    assert document.as_string().startswith("# kept\n[a]\nb = 2 # kept too\n")
    path.write_text("a = 1\n")
    with pytest.raises(TomlFault, match="no section"):
        section_of(editable_toml(path), "a")
