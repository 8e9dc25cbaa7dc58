from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from tests.gui.compare_pictures import difference, main


def picture(*black: tuple[int, int]) -> QImage:
    made = QImage(10, 10, QImage.Format.Format_RGB32)
    made.fill(QColor("white"))
    for x, y in black:
        made.setPixelColor(x, y, QColor("black"))
    return made


def test_that_pictures_that_are_the_same_do_not_differ() -> None:
    assert difference(picture((1, 1)), picture((1, 1))) is None


def test_that_a_picture_of_another_size_differs_wholly() -> None:
    found = difference(picture(), picture().scaled(5, 5))
    assert found is not None
    assert found.share == 1.0


def test_that_a_slight_shade_differs_and_not_notably() -> None:
    other = picture()
    other.setPixelColor(0, 0, QColor(250, 250, 250))
    found = difference(picture(), other)
    assert found is not None
    assert (found.share, found.notable) == (0.01, 0.0)


def test_that_what_differs_is_listed_with_its_share_and_shown_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, one in ((tmp_path / "a", picture()), (tmp_path / "b", picture((1, 1), (2, 2)))):
        folder.mkdir()
        one.save(str(folder / "page.png"))
        picture().save(str(folder / "same.png"))
    picture().save(str(tmp_path / "a" / "gone.png"))
    assert main([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "out")]) == 1
    said = capsys.readouterr().out
    assert "2.000% of all pixels,   2.000% notably: page.png" in said
    assert f"only in {tmp_path / 'a'}: gone.png" in said
    assert "1 of 2 pictures differ" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["page.png"]
    assert QImage(str(tmp_path / "out" / "page.png")).width() == 30
    assert main([str(tmp_path / "b"), str(tmp_path / "b")]) == 0
