"""What people have on their disks is written as ever, read as ever, and brought to its end as ever."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import commands, documents, failovers, setups
from tests.corpus.failovers import ENDS, JOURNAL, SQLITE, STOPS
from tests.corpus.parts import KEPT, differences, files_of, kept, text
from tests.corpus.sqlite_text import restored, text_of
from tests.corpus.worlds import CHANGES, WORLD, lab_at
from tests.rig import inline_journal, rig, setup_rig
from tgwizard.engine.files.cluster_file import load_cluster, save_cluster
from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.setup.draft import load_draft, resume, save_draft
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.lab import Lab
from tgwizard.lab.storage.world_store import WorldFile
from tgwizard.model.settings import ALL

RECORDED = (WORLD, JOURNAL, CHANGES, STOPS)


def of_failover(name: str) -> dict[str, str]:
    """The recorded files of a kind of run."""
    return {file: text(failovers.path_of(name, file)) for file in RECORDED}


def of_setup(name: str) -> dict[str, str]:
    """The recorded files of a story of a set-up."""
    return {file: text(setups.path_of(name, file)) for file in RECORDED}


@cache
def start_of(world: str) -> Lab:
    """The lab as a story begins."""
    return Lab.load(world, VirtualClock())


# --- written as ever -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", failovers.STORIES)
def test_that_a_failover_leaves_the_same_journal_and_the_same_world(name: str, tmp_path: Path) -> None:
    assert failovers.record(name, tmp_path) == of_failover(name)


@pytest.mark.parametrize("name", setups.STORIES)
def test_that_a_set_up_leaves_the_same_journal_and_the_same_world(name: str, tmp_path: Path) -> None:
    assert setups.record(name, tmp_path) == of_setup(name)


@pytest.mark.parametrize("name", documents.PARTS)
def test_that_a_document_is_written_byte_for_byte_as_ever(name: str, tmp_path: Path) -> None:
    written = documents.PARTS[name](tmp_path / "part")
    assert {path: content.decode() for path, content in written.items()} == {path: text(path) for path in written}


def test_that_no_document_is_missing(tmp_path: Path) -> None:
    written = {
        path: content for name, part in documents.PARTS.items() for path, content in part(tmp_path / name).items()
    }
    assert differences(written, among="documents") == []


@pytest.mark.parametrize("name", commands.PARTS)
def test_that_every_command_says_the_same_as_json_and_in_words(name: str, tmp_path: Path) -> None:
    written = commands.PARTS[name](tmp_path / "part")
    mine = {path for path in files_of("commands") if path.removeprefix("commands/").startswith(f"{name}-")}
    assert {path: content.decode() for path, content in written.items()} == {path: text(path) for path in mine}


def test_that_every_file_of_the_commands_belongs_to_a_session() -> None:
    kept_of = {path.removeprefix("commands/") for path in files_of("commands")}
    assert {name for name in kept_of if not any(name.startswith(f"{part}-") for part in commands.PARTS)} == set()
    assert len(kept_of) >= 2 * len(commands.PARTS)


# --- read as ever ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", failovers.STORIES)
def test_that_every_record_of_a_failover_is_read_whole(name: str, tmp_path: Path) -> None:
    files = of_failover(name)
    made = rig(lab=start_of(files[WORLD]), state=tmp_path / "state")
    assert failovers.read_again(files[JOURNAL], tmp_path / "journal.sqlite", made.setup.identity) == files[JOURNAL]


@pytest.mark.parametrize("name", setups.STORIES)
def test_that_every_record_of_a_set_up_is_read_whole(name: str, tmp_path: Path) -> None:
    files = of_setup(name)
    assert setups.read_again(files[JOURNAL], tmp_path / "journal.sqlite") == files[JOURNAL]


@pytest.mark.parametrize("path", [path for path in files_of("failovers") + files_of("setups") if path.endswith(SQLITE)])
def test_that_a_journal_that_was_kept_as_a_file_is_read_like_its_lines(path: str, tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    shutil.copyfile(KEPT / path, file)
    lines = text(str(Path(path).with_name(JOURNAL)))
    assert text_of(file) == lines
    if path.startswith("setups"):
        with closing(SetupJournal.open(file)) as journal:
            assert len(journal.records()) == len(lines.splitlines()) - 1
        return
    world = text(failovers.path_of("graceful", WORLD))
    made = rig(lab=start_of(world), state=tmp_path / "state")
    with closing(inline_journal(file, made.setup.identity)) as opened:
        assert opened.unfinished() is None
        assert len(opened.runs()) == 1


@pytest.mark.parametrize("path", [path for path in files_of("") if path.endswith(".jsonl")])
def test_that_text_of_a_journal_and_file_are_the_same(path: str, tmp_path: Path) -> None:
    if not path.endswith(JOURNAL):
        assert all(isinstance(json.loads(line), dict) for line in text(path).splitlines())
        return
    assert text_of(restored(text(path), tmp_path / "journal.sqlite")) == text(path)


@pytest.mark.parametrize("path", [path for path in files_of("") if path.endswith(f"/{WORLD}")])
def test_that_a_world_is_read_whole(path: str, tmp_path: Path) -> None:
    (tmp_path / WORLD).write_bytes(kept(path))
    found = WorldFile(tmp_path).load(VirtualClock())
    assert found is not None
    lines = text(path).splitlines()
    assert found.dump().splitlines() == [line for line in lines if not line.startswith('"base": ')]


@pytest.mark.parametrize("name", [*failovers.STORIES, *setups.STORIES])
def test_that_a_world_with_its_changes_is_the_world_in_which_they_were_written(name: str, tmp_path: Path) -> None:
    module = setups if name in setups.STORIES else failovers
    files = of_setup(name) if name in setups.STORIES else of_failover(name)
    stop = module.stops_of(files)[-1]
    read = lab_at(tmp_path, files[WORLD], files[CHANGES], stop.lines, stop.at_s)
    whole = json.loads(read.dump())
    assert whole == json.loads(Lab.load(read.dump(), read.clock).dump())
    assert whole["serial"] > json.loads(files[WORLD])["serial"]


def test_that_the_settings_are_read_and_written_back(tmp_path: Path) -> None:
    (path,) = [path for path in files_of("documents") if path.endswith("settings.toml")]
    found = load_settings(KEPT / path)
    assert found.problems == ()
    assert set(found.settings.values) == {setting.key for setting in ALL}
    again = tmp_path / "settings.toml"
    again.write_text(documents.BEGUN)
    for setting in ALL:
        save_value(again, setting, setting.value_of(found.settings))
    assert again.read_bytes() == kept(path)


@pytest.mark.parametrize("path", files_of("documents/drafts"))
def test_that_a_draft_is_read_and_written_back(path: str, tmp_path: Path) -> None:
    draft = load_draft(KEPT / path).draft
    assert draft is not None
    again = tmp_path / "draft.json"
    save_draft(again, resume(draft, draft.caller), VirtualClock().wall())
    written = json.loads(again.read_text())
    assert {**written, "saved_at": draft.saved_at} == json.loads(kept(path))


@pytest.mark.parametrize("path", files_of("documents/clusters"))
def test_that_a_cluster_file_is_read_and_written_back(path: str, tmp_path: Path) -> None:
    found = load_cluster(KEPT / path)
    again = tmp_path / "again.toml"
    again.write_bytes(kept(path))
    save_cluster(again, found)
    assert load_cluster(again) == found
    kept_lines = {line for line in text(path).splitlines() if line and not line.startswith("#")}
    assert kept_lines - set(again.read_text("utf-8").splitlines()) == set()
    first = again.read_bytes()
    save_cluster(again, found)
    assert again.read_bytes() == first


# --- brought to its end as ever --------------------------------------------------------------------------------

Point = tuple[str, int]


def points(names: list[str], stops: dict[str, list[str]], *, quick: bool) -> list[Point]:
    """The stops of all stories. Quick: those at which an answer had arrived that nobody had written down yet."""
    return [
        (name, number)
        for name in names
        for number, after in enumerate(stops[name])
        if after.startswith("answer") or not quick
    ]


def at(point: Point) -> str:
    return f"{point[0]}: stop {point[1]}"


FAILOVER_STOPS = {name: [stop.after for stop in failovers.stops_of(of_failover(name))] for name in failovers.STORIES}
SETUP_STOPS = {name: [stop.after for stop in setups.stops_of(of_setup(name))] for name in setups.STORIES}


Ended = tuple[Any, str]
"""How it ended, with the place of the address or what is left, and the records that going on added (where kept)."""


def resumed(point: Point, folder: Path) -> Ended:
    name, number = point
    line, added = failovers.end_of(name, of_failover(name), number, folder)
    return json.loads(line), failovers.kept_tail(number, added)


def continued(point: Point, folder: Path) -> Ended:
    name, number = point
    files = of_setup(name)
    plan = setups.plan_again(name, files, folder / "plan")
    line, added = setups.end_of(files, number, folder / "end", plan)
    return json.loads(line), failovers.kept_tail(number, added)


def ended(story: Callable[[str, str], str], verb: str, point: Point) -> Ended:
    """The same as it was kept."""
    name, number = point
    end = text(story(name, ENDS)).splitlines()[number]
    return json.loads(end), text(story(name, f"{verb}-{number:02}.jsonl"))


@pytest.mark.parametrize("point", points(list(failovers.STORIES), FAILOVER_STOPS, quick=True), ids=at)
def test_that_a_failover_whose_answer_nobody_wrote_down_is_brought_to_its_end(point: Point, tmp_path: Path) -> None:
    assert resumed(point, tmp_path) == ended(failovers.path_of, "resumed", point)


@pytest.mark.parametrize("point", points(list(setups.STORIES), SETUP_STOPS, quick=True), ids=at)
def test_that_a_set_up_whose_answer_nobody_wrote_down_is_brought_to_its_end(point: Point, tmp_path: Path) -> None:
    assert continued(point, tmp_path) == ended(setups.path_of, "continued", point)


@pytest.mark.full
@pytest.mark.parametrize("point", points(list(failovers.STORIES), FAILOVER_STOPS, quick=False), ids=at)
def test_that_a_failover_that_stopped_anywhere_is_brought_to_its_end(point: Point, tmp_path: Path) -> None:
    assert resumed(point, tmp_path) == ended(failovers.path_of, "resumed", point)


@pytest.mark.full
@pytest.mark.parametrize("point", points(list(setups.STORIES), SETUP_STOPS, quick=False), ids=at)
def test_that_a_set_up_that_stopped_anywhere_is_brought_to_its_end(point: Point, tmp_path: Path) -> None:
    assert continued(point, tmp_path) == ended(setups.path_of, "continued", point)


def test_that_every_story_has_stops_and_every_stop_an_end() -> None:
    for name, stops in FAILOVER_STOPS.items():
        assert len(text(failovers.path_of(name, ENDS)).splitlines()) == len(stops) >= 8
    for name, stops in SETUP_STOPS.items():
        assert len(text(setups.path_of(name, ENDS)).splitlines()) == len(stops) >= 20
    assert sum(map(len, FAILOVER_STOPS.values())) >= 150


def test_that_a_set_up_can_be_begun_in_the_kept_world(tmp_path: Path) -> None:
    files = of_setup("fresh")
    lab = lab_at(tmp_path / "lab", files[WORLD], "", 0, 0.0)
    assert setup_rig(lab=lab, state=tmp_path / "state").writes() == []
