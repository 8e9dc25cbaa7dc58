"""What was seen of outdated writes is kept per cloud and subscription, with its date, and is never in the way."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tgwizard.engine.files.outdated_writes import FILE_NAME, OutdatedWrites, OutdatedWriteSighting

NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
SUB, OTHER = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


def test_that_each_cloud_and_subscription_has_its_own_sighting(tmp_path: Path) -> None:
    public, lab = OutdatedWrites(tmp_path / "state", "public"), OutdatedWrites(tmp_path / "state", "lab-1")
    assert public.seen(SUB) is None
    public.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW))
    lab.keep(SUB.upper(), OutdatedWriteSighting(refused=False, at=NOW))
    assert public.seen(SUB.upper()) == OutdatedWriteSighting(refused=True, at=NOW)
    assert lab.seen(SUB) == OutdatedWriteSighting(refused=False, at=NOW)
    assert public.seen(OTHER) is None
    public.keep(SUB, OutdatedWriteSighting(refused=False, at=NOW))
    assert public.seen(SUB) == OutdatedWriteSighting(refused=False, at=NOW)
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "state" / FILE_NAME).stat().st_mode) == 0o600


def test_that_the_same_thing_seen_again_on_one_day_is_not_written_again(tmp_path: Path) -> None:
    kept = OutdatedWrites(tmp_path, "public")
    kept.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW))
    kept.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW + timedelta(minutes=5)))
    assert kept.seen(SUB) == OutdatedWriteSighting(refused=True, at=NOW)
    kept.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW + timedelta(days=1)))
    assert kept.seen(SUB) == OutdatedWriteSighting(refused=True, at=NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"schema": 2, "seen": {}}',
        b'{"schema": 1, "seen": 5}',
        f'{{"schema": 1, "seen": {{"public {SUB}": {{"refused": 1, "at": "x"}}}}}}'.encode(),
        f'{{"schema": 1, "seen": {{"public {SUB}": {{"refused": true, "at": null}}}}}}'.encode(),
    ],
    ids=["empty", "no text", "deep", "a list", "schema", "no table", "no answer", "no date"],
)
def test_that_a_damaged_file_says_nothing_and_is_replaced(tmp_path: Path, content: bytes) -> None:
    kept = OutdatedWrites(tmp_path, "public")
    (tmp_path / FILE_NAME).write_bytes(content)
    assert kept.seen(SUB) is None
    kept.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW))
    assert kept.seen(SUB) == OutdatedWriteSighting(refused=True, at=NOW)


def test_that_a_folder_that_cannot_be_written_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = OutdatedWrites(tmp_path / "file", "public")
    kept.keep(SUB, OutdatedWriteSighting(refused=True, at=NOW))
    assert kept.seen(SUB) is None
