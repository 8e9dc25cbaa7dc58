"""The theme: palettes switch live, fonts are the shipped ones, and everything painted follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFontInfo, QImage, QPainter, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tgwizard.gui.style.icons import Icon, draw_icon, icon_path
from tgwizard.gui.style.state_shapes import Shape, ShapeMark
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import DARK, LIGHT, Scheme, TextRole, Token
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.labels import TextLabel, unbroken
from tgwizard.model.appearance import ThemeChoice
from tgwizard.paths import resources


def middle(widget: QWidget) -> str:
    return widget.grab().toImage().pixelColor(widget.width() // 2, widget.height() // 2).name().upper()


def test_that_a_card_repaints_when_the_theme_changes(theme: Theme, qtbot: QtBot) -> None:
    card = Card(theme)
    qtbot.addWidget(card)
    card.resize(120, 80)
    assert middle(card) == LIGHT[Token.CARD]
    theme.choose(ThemeChoice.DARK)
    assert middle(card) == DARK[Token.CARD]


def test_that_a_label_changes_its_colour_with_the_theme(theme: Theme, qtbot: QtBot) -> None:
    label = TextLabel(theme, "tg-node-a", TextRole.BODY, Token.TEXT2)
    qtbot.addWidget(label)
    theme.choose(ThemeChoice.DARK)
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == DARK[Token.TEXT2]


def test_that_a_colour_set_before_the_first_paint_survives_it(theme: Theme, qtbot: QtBot) -> None:
    card = Card(theme)
    qtbot.addWidget(card)
    label = TextLabel(theme, "10.20.2.11", TextRole.MONO)
    card.body.addWidget(label)
    label.recolour(Token.TEXT2)
    label.recolour(Token.TEXT)
    card.show()
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == LIGHT[Token.TEXT]


def test_that_choosing_system_follows_the_computer(theme: Theme) -> None:
    schemes = []
    for choice in (ThemeChoice.DARK, ThemeChoice.SYSTEM):
        theme.choose(choice)
        schemes.append(theme.scheme)
    assert schemes == [Scheme.DARK, Scheme.LIGHT]


def test_that_the_shipped_fonts_are_used(theme: Theme) -> None:
    assert QFontInfo(theme.font(TextRole.BODY)).family() == "Inter"
    assert QFontInfo(theme.font(TextRole.VERDICT)).family() == "Inter Display"
    assert QFontInfo(theme.font(TextRole.MONO)).family() == "JetBrains Mono"


def test_that_text_scales_with_the_users_text_size(qapp: QApplication) -> None:
    double = Theme(qapp, ThemeChoice.LIGHT, 2.0)
    assert double.font(TextRole.BODY).pixelSize() == 26
    double.deleteLater()


def test_that_a_name_is_not_broken_at_its_hyphens_and_is_read_out_as_it_is(theme: Theme, qtbot: QtBot) -> None:
    label = TextLabel(theme, "tg-node-a", wrap=True)
    qtbot.addWidget(label)
    assert label.text() == unbroken("tg-node-a") != "tg-node-a"
    assert label.text_shown == label.accessibleName() == "tg-node-a"


def test_that_markup_in_a_name_is_shown_as_text(theme: Theme, qtbot: QtBot) -> None:
    plain, bold = TextLabel(theme, "xxxxxxxx"), TextLabel(theme, "<b>x</b>")
    qtbot.addWidget(plain)
    qtbot.addWidget(bold)
    assert bold.sizeHint().width() > plain.sizeHint().width() / 2


def test_that_every_icon_has_its_file_and_every_file_its_icon() -> None:
    assert {f"{icon.value}.svg" for icon in Icon} == {file.name for file in (resources() / "icons").iterdir()}


@pytest.mark.parametrize("icon", list(Icon), ids=lambda icon: icon.value)
def test_that_an_icon_is_painted_as_any_program_shows_its_file(icon: Icon) -> None:
    file = (resources() / "icons" / f"{icon.value}.svg").read_bytes()
    assert b'stroke="currentColor"' in file  # tinted by whoever shows it
    renderer = QSvgRenderer(QByteArray(file))
    assert renderer.isValid()
    assert renderer.viewBoxF() == QRectF(0, 0, 24, 24)
    shown, painted = painted_by(renderer.render), painted_by(lambda p, box: draw_icon(p, icon, QColor("black"), box))
    pixels = range(0, len(shown), 4)
    # Where two strokes meet, the edge of a pixel may be darker: Qt's painter of SVG strokes each shape by itself.
    assert sum(abs(shown[at] - painted[at]) for at in pixels) / len(pixels) < 1
    assert sum(255 - painted[at] for at in pixels) / len(pixels) > 3


def painted_by(paint: Callable[[QPainter, QRectF], None]) -> bytes:
    """96 by 96 pixels, black on white, that `paint` filled."""
    image = QImage(96, 96, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter, QRectF(0, 0, 96, 96))
    painter.end()
    return bytes(image.constBits())


def test_that_every_icon_stays_inside_its_grid() -> None:
    for icon in Icon:
        box = icon_path(icon).boundingRect()
        assert not box.isEmpty(), icon
        assert box.left() >= 2, icon
        assert box.top() >= 2, icon
        assert box.right() <= 22, icon
        assert box.bottom() <= 22, icon


def test_that_every_state_shape_differs_from_the_others_in_grey(theme: Theme, qtbot: QtBot) -> None:
    seen: dict[bytes, Shape] = {}
    for shape in Shape:
        mark = ShapeMark(theme, shape, 24)
        qtbot.addWidget(mark)
        grey = mark.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        # One bit of each pixel: the drawing alone, not how dark it is.
        bits = bytes(grey.pixelColor(x, y).lightness() < 160 for x in range(24) for y in range(24))
        assert bits not in seen, (shape, seen.get(bits))
        seen[bits] = shape
