from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.house.checkout import ROOT, in_package, name, project_files


def test_that_the_wheel_holds_the_program_its_resources_and_its_command(tmp_path: Path) -> None:
    wheel = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(n for n in names if n.endswith("entry_points.txt"))
        commands = archive.read(entry_points).decode()
    resources = {
        name(path).replace("resources/", "tgwizard/_data/", 1)
        for path in project_files()
        if path.is_relative_to(ROOT / "resources")
    }
    assert "tgwizard/_data/fonts/Inter-Regular.otf" in resources
    assert resources <= names
    assert {name(path) for path in in_package()} <= names
    assert not any(entry.startswith(("tests/", "packaging/")) for entry in names)
    assert "tgwizard = tgwizard.__main__:main" in commands
