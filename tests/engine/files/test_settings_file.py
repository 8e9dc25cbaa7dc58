"""The settings file: what a person wrote is kept, and what is wrong is told with its line and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from tgwizard.engine.files.settings_file import load_settings, save_value
from tgwizard.model import settings as known
from tgwizard.model.appearance import ThemeChoice
from tgwizard.model.problem import UserError
from tgwizard.model.settings import ALL, ClusterFilter, LogLevel, Settings
from tgwizard.paths import SETTINGS_NAME

HAND_WRITTEN = """# mine
[window]
theme = "dark"  # easier at night

[watch]
nics_s = 5
other = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / SETTINGS_NAME


def test_that_no_file_means_defaults(file: Path) -> None:
    read = load_settings(file)
    assert read.problems == ()
    assert [setting.value_of(read.settings) for setting in ALL] == [setting.default for setting in ALL]
    assert not file.exists()


def test_that_every_default_and_example_is_a_value_of_its_field() -> None:
    for setting in ALL:
        assert setting.default is None or setting.check(setting.default) is None, setting.key
        assert [choice.word for choice in setting.choices if setting.check(choice.word) is not None] == [], setting.key


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (known.THEME, ThemeChoice.DARK),
        (known.NOTIFICATIONS, False),
        (known.READ_ONLY, True),
        (known.NICS_S, 2.5),
        (known.VMS_S, 30.0),
        (known.DATA_FOLDER, Path("/srv/tg")),
        (known.LOG_LEVEL, LogLevel.DEBUG),
        (known.FILTER, ClusterFilter.ATTENTION),
        (known.FILTER_TEXT, "edge"),
        (known.PINNED, ("edge-dallas", "gw-eastus")),
    ],
)
def test_that_a_saved_value_is_read_back(file: Path, setting: known.Setting[object], value: object) -> None:
    save_value(file, setting, value)
    read = load_settings(file)
    assert read.problems == ()
    assert setting.value_of(read.settings) == value
    save_value(file, setting, setting.default)
    assert setting.value_of(load_settings(file).settings) == setting.default


def test_that_comments_and_other_keys_survive_saving(file: Path) -> None:
    file.write_text(HAND_WRITTEN)
    save_value(file, known.NICS_S, 7.0)
    assert file.read_text() == HAND_WRITTEN.replace("nics_s = 5", "nics_s = 7")


def test_that_a_wrong_value_is_told_with_its_line_and_cure_and_the_rest_is_used(file: Path) -> None:
    file.write_text('[window]\ntheme = "drak"\nread_only = true\n\n[watch]\nnics_s = "often"\nncs_s = 2\n')
    before = file.read_bytes()
    read = load_settings(file)
    assert known.THEME.value_of(read.settings) is ThemeChoice.SYSTEM
    assert known.READ_ONLY.value_of(read.settings) is True
    assert [problem.what.split(":")[0] for problem in read.problems] == [
        f"{SETTINGS_NAME}, line 2",
        f"{SETTINGS_NAME}, line 6",
        f"{SETTINGS_NAME}, line 7",
    ]
    assert "system, light, dark" in read.problems[0].why
    assert "nics_s = 2" in read.problems[1].fix
    assert read.problems[2].fix == "Did you mean watch.nics_s?"
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", [b"[window\ntheme = 1", b"\xff\xfe\x00", b"theme", b"window = 3\n"])
def test_that_a_damaged_file_gives_defaults_and_is_kept(file: Path, damage: bytes) -> None:
    file.write_bytes(damage)
    read = load_settings(file)
    assert read.settings == Settings()
    assert len(read.problems) == 1
    assert SETTINGS_NAME in read.problems[0].what
    with pytest.raises(UserError, match="could not be saved"):
        save_value(file, known.THEME, ThemeChoice.DARK)
    assert file.read_bytes() == damage


def test_that_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="could not be saved"):
        save_value(tmp_path / "file" / SETTINGS_NAME, known.READ_ONLY, True)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ('[files]\ndata_folder = "/srv/state"\nthis is no TOML', True),
        ('[window]\ntheme = "dark"\nthis is no TOML', False),
        ("[files]\ndata_folder = 7\n", True),
        ('[files]\ndata_folder = "~nosuchuser/state"\n', True),
        ('[files]\ndata_folder = "/srv/\\u0000"\n', True),
        ('[files]\ndata_folder = "/srv/state"\nno_setting = 1\n', False),
        ("", False),
    ],
)
def test_that_a_value_that_may_stand_there_and_was_not_read_is_unknown(file: Path, text: str, unknown: bool) -> None:
    file.write_text(text)
    assert (known.DATA_FOLDER.key in load_settings(file).unknown) is unknown


def test_that_of_a_file_that_cannot_be_read_nothing_is_known(file: Path) -> None:
    file.mkdir()
    assert load_settings(file).unknown == {setting.key for setting in known.ALL}
