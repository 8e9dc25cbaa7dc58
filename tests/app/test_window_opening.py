"""What the window is given when the program opens a lab folder: its controls, and where it can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from tgwizard.app.main import _open_program
from tgwizard.cli.program import Where
from tgwizard.model.problem import UserError


def test_that_the_window_gets_the_controls_of_the_lab_and_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    opened = _open_program(Where(lab_dir=folder))
    assert opened.lab is not None
    assert opened.lab_where is not None
    assert opened.lab.state().scenario == "ready"
    assert Path(opened.lab_where.folder) == folder
    assert opened.lab_where.address.startswith("https://localhost:")
    assert Path(opened.lab_where.ca).is_file()
    opened.services.jobs.close(5.0)
    opened.close()


def test_that_a_second_window_on_the_same_lab_controls_it_over_tls(tmp_path: Path) -> None:
    first = _open_program(Where(lab_dir=tmp_path))
    second = _open_program(Where(lab_dir=tmp_path))
    assert first.lab is not None
    assert second.lab is not None
    second.lab.set_latency("drawn")
    assert first.lab.state().latency == "drawn"
    second.close()
    first.close()
    with pytest.raises(UserError):
        second.lab.state()
