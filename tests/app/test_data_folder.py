"""Where journals and locks lie: never silently somewhere else than the settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tgwizard import paths
from tgwizard.app.open_environment import data_folder
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.model.problem import UserError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TGWIZARD_STATE_DIR", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "usual"))
    return tmp_path / "settings.toml"


def test_that_the_setting_says_where_it_lies_and_else_the_system(file: Path, tmp_path: Path) -> None:
    assert data_folder(load_settings(file)) == paths.state_dir()
    file.write_text(f'[files]\ndata_folder = "{(tmp_path / "mine").as_posix()}"\n')
    assert data_folder(load_settings(file)) == tmp_path / "mine"


def test_that_a_setting_that_cannot_be_read_is_no_other_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('[files]\ndata_folder = "/srv/state"\n[window\n')
    with pytest.raises(UserError) as refused:
        data_folder(load_settings(file))
    assert [problem.code for problem in refused.value.problems] == ["data-folder-not-known", "settings-not-toml"]
    monkeypatch.setenv("TGWIZARD_STATE_DIR", "/srv/named")
    assert data_folder(load_settings(file)) == Path("/srv/named")


def test_that_a_fault_elsewhere_in_the_settings_stops_nothing(file: Path) -> None:
    file.write_text('[window]\ntheme = "drak"\n')
    assert data_folder(load_settings(file)) == paths.state_dir()


def test_that_a_home_that_is_nobodys_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TGWIZARD_STATE_DIR", "~nosuchuser/state")
    with pytest.raises(paths.NoSuchUser, match="There is no user nosuchuser on this computer"):
        paths.state_dir()
