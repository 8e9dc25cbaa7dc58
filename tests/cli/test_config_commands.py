"""``add`` copies a cluster file among the saved ones, ``settings`` shows and changes settings: as the window does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bench import Answered, Shell, fits
from tests.rig import Rig, rig
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.model import settings as known
from tgwizard.model.fields import FieldError
from tgwizard.model.settings import ALL, Applies
from tgwizard.model.text import sanitize
from tgwizard.paths import SETTINGS_NAME


@pytest.fixture
def it(tmp_path: Path) -> Rig:
    return rig(state=tmp_path / "state")


@pytest.fixture
def elsewhere(it: Rig, tmp_path: Path) -> Path:
    """The rig's cluster file as a colleague sent it; among the saved ones it is not."""
    (saved,) = it.services.state_dir.glob("*.toml")
    return saved.rename(tmp_path / "from-a-colleague.toml")


# --- add ---


def test_that_a_file_is_added_as_it_is_and_can_be_named_then(it: Rig, elsewhere: Path) -> None:
    answered = Shell(it)("add", str(elsewhere))
    assert answered.code == 0, answered.err
    copy = it.services.state_dir / "from-a-colleague.toml"
    assert copy.read_bytes() == elsewhere.read_bytes()
    assert (
        answered.out
        == f"edge-dallas is added, as {copy}.\nTo see where its floating IP is: tgwizard status edge-dallas\n"
    )
    assert Shell(it)("status", "edge-dallas").code == 0


def test_that_adding_fits_its_schema(it: Rig, elsewhere: Path) -> None:
    (document,) = Shell(it)("add", str(elsewhere), "--json").lines
    fits(document, "add")
    assert document["cluster"] == "edge-dallas"
    assert Path(document["file"]).exists()


def test_that_what_is_saved_already_is_refused_and_nothing_is_copied(it: Rig, elsewhere: Path) -> None:
    shell = Shell(it)
    shell("add", str(elsewhere))
    before = sorted(it.services.state_dir.iterdir())
    again = shell("add", str(elsewhere))
    assert again.code == 2
    assert "which is saved already." in again.err
    assert "Use edge-dallas as it is." in again.err
    assert sorted(it.services.state_dir.iterdir()) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('address = "10.20.2.50"', 'address = "10.99.0.1"', "10.99.0.1"),
        ('address = "10.20.2.50"', 'address = "10.20.2.50/24"', "It must be one IPv4 address"),
        ("schema = 1", "schema = 9", "this tgwizard reads schema"),
        ("name = ", "nmae = ", "Did you mean name?"),
        ('cloud = "', 'cloud = "other-', "other-"),
    ],
)
def test_that_a_file_that_azure_or_the_model_refuses_is_told_and_not_copied(
    it: Rig, elsewhere: Path, old: str, new: str, said: str
) -> None:
    text = elsewhere.read_text(encoding="utf-8")
    assert old in text
    elsewhere.write_text(text.replace(old, new, 1), encoding="utf-8")
    answered = Shell(it)("add", str(elsewhere))
    assert answered.code == 2
    assert said in answered.err
    assert list(it.services.state_dir.glob("*.toml")) == []


def test_that_a_file_that_is_not_there_and_a_folder_that_cannot_be_made_are_told(
    it: Rig, elsewhere: Path, tmp_path: Path
) -> None:
    assert Shell(it)("add", str(tmp_path / "no.toml")).code == 2
    for file in it.services.state_dir.iterdir():
        file.unlink()
    it.services.state_dir.rmdir()
    it.services.state_dir.touch()  # a file where the folder would be
    answered = Shell(it)("add", str(elsewhere))
    assert answered.code == 2
    assert "Traceback" not in answered.err


# --- settings ---

Settings = Callable[..., Answered]


@pytest.fixture
def setting(it: Rig, tmp_path: Path) -> Settings:
    def call(*words: str) -> Answered:
        return Shell(it)("settings", *words, "--config", str(tmp_path / "config"))

    return call


def test_that_all_settings_are_listed_with_what_differs_from_the_default(setting: Settings, tmp_path: Path) -> None:
    setting("watch.nics_s", "5")
    answered = setting()
    assert answered.code == 0
    assert f"The settings in {tmp_path / 'config' / SETTINGS_NAME}:" in answered.out
    for one in ALL:
        assert (one.key in answered.out) is one.shown
    assert "5 s         Read the network interfaces every; default: 2 s" in " ".join(
        answered.out.split("  watch.nics_s")
    )


def test_that_settings_fit_their_schema(setting: Settings) -> None:
    for words in ((), ("window.theme",), ("window.theme", "dark")):
        (document,) = setting(*words, "--json").lines
        fits(document, "settings")
        assert len(document["settings"]) == (1 if words else sum(one.shown for one in ALL))
    (document,) = setting("clusters.pinned", '["a"]', "--json").lines
    fits(document, "settings")
    assert document["settings"][0]["value"] == ["a"]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.key)
def test_that_every_setting_takes_its_example_as_a_person_types_it(
    setting: Settings, tmp_path: Path, one: known.Setting[Any]
) -> None:
    answered = setting(one.key, one.example)
    assert answered.code == 0, answered.err
    read = load_settings(tmp_path / "config" / SETTINGS_NAME)
    assert read.problems == ()
    assert one.value_of(read.settings) == one.typed(one.example)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("window.theme", "drak"),
        ("window.reduced_motion", "maybe"),
        ("window.reduced_motion", "1"),
        ("watch.nics_s", "0"),
        ("watch.nics_s", "nan"),
        ("watch.nics_s", "often"),
        ("watch.vms_s", "4"),
        ("files.data_folder", "relative/path"),
        ("log.level", "loud"),
        ("clusters.pinned", "a, b"),
        pytest.param("watch.nics_s", "9" * 4000, id="a number beyond any float"),
        pytest.param("watch.nics_s", "9" * 4400, id="more digits than Python reads"),
        pytest.param("window.read_only", "9" * 4400, id="many digits for a switch"),
        pytest.param("clusters.pinned", "[" * 3000, id="brackets nested too deep"),
    ],
)
def test_that_a_wrong_value_gets_the_sentence_of_the_model_and_changes_nothing(
    setting: Settings, tmp_path: Path, key: str, text: str
) -> None:
    file = tmp_path / "config" / SETTINGS_NAME
    setting("window.contrast", "high")
    before = file.read_bytes()
    answered = setting(key, text)
    assert answered.code == 2
    one = next(item for item in ALL if item.key == key)
    with pytest.raises(FieldError) as caught:
        one.parse(text)
    assert answered.err.splitlines()[:2] == [f"{key} {sanitize(text, 80)} cannot be used.", f"  {caught.value.why}"]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("window.them", "Did you mean window.theme?"),
        ("theme", "Did you mean window.theme?"),
        ("nics", "Did you mean watch.nics_s?"),
        ("moon", "All of them: tgwizard settings"),
    ],
)
def test_that_an_unknown_key_gets_the_nearest_one(setting: Settings, key: str, fix: str) -> None:
    answered = setting(key)
    assert answered.code == 2
    assert fix in answered.err


def test_that_a_word_spelled_wrong_gets_the_nearest_one(setting: Settings) -> None:
    assert "Did you mean dark?" in setting("window.theme", "drak").err
    assert "For example: tgwizard settings watch.nics_s 2" in setting("watch.nics_s", "x").err


def test_that_comments_and_other_keys_stay_and_a_default_is_taken_out(setting: Settings, tmp_path: Path) -> None:
    file = tmp_path / "config" / SETTINGS_NAME
    file.parent.mkdir()
    file.write_text('# mine\n[window]\ntheme = "dark" # at night\ncontrast = "high"\n', encoding="utf-8")
    setting("window.contrast", "system")
    assert file.read_text(encoding="utf-8") == '# mine\n[window]\ntheme = "dark" # at night\n'


def test_that_a_file_with_a_fault_is_exit_2_and_left_as_it_is(setting: Settings, tmp_path: Path) -> None:
    file = tmp_path / "config" / SETTINGS_NAME
    file.parent.mkdir()
    file.write_text("[window\n", encoding="utf-8")
    assert setting().code == 2
    answered = setting("window.theme", "dark")
    assert answered.code == 2
    assert "window.theme was not saved." in answered.err
    assert file.read_text(encoding="utf-8") == "[window\n"


def test_that_it_is_said_when_a_change_holds_only_at_the_next_start(setting: Settings) -> None:
    assert any(one.applies is Applies.NEXT_START for one in ALL)
    assert "A window that is open now uses the change after a restart." in setting("log.level", "debug").out
