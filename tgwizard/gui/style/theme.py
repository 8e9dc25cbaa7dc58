"""The theme: which palette and fonts are in use, and the one signal that makes every painted widget repaint.

One `Theme` is made by `start` and handed to every widget; nothing looks it up globally. Fusion carries our palette.
Style sheets cover fields and scroll bars, each set on its own widget: an application-wide one makes Qt restore stale
palettes when it polishes a widget. Everything else is painted from tokens (gui/README.md 14).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QToolTip

from tgwizard.gui.style.presses import Presses
from tgwizard.gui.style.tokens import PALETTES, Family, Radius, Scheme, TextRole, Token
from tgwizard.model.appearance import ThemeChoice, TimeZoneChoice
from tgwizard.model.text import Moments

if TYPE_CHECKING:
    from PySide6.QtGui import QAccessibilityHints, QStyleHints

SHIPPED_FAMILIES: Mapping[Family, tuple[str, ...]] = {
    Family.TEXT: ("Inter",),
    Family.DISPLAY: ("Inter Display", "Inter"),
    Family.MONO: ("JetBrains Mono",),
}
"""Families to look for, best first; what is not installed falls back to the system's (gui/README.md 4)."""


def load_fonts(folder: Path) -> list[str]:
    """Register every font file of `folder` with Qt and return the family names found; an absent folder gives none."""
    found: list[str] = []
    if not folder.is_dir():
        return found
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in {".ttf", ".otf"}:
            handle = QFontDatabase.addApplicationFont(str(file))
            found.extend(name for name in QFontDatabase.applicationFontFamilies(handle) if name not in found)
    return found


def _system_family(family: Family) -> str:
    kind = QFontDatabase.SystemFont.FixedFont if family is Family.MONO else QFontDatabase.SystemFont.GeneralFont
    return QFontInfo(QFontDatabase.systemFont(kind)).family()


USUAL_TEXT_PT = 11.0
LARGE_TEXT_PT = 13.0
"""The system's text sizes up to here are the usual ones of some desktop, and not a wish for larger text."""


def system_text_scale() -> float:
    """How much larger than usual the system's text is: 2.0 for 200 %. Never under 1.0."""
    size = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF()
    return 1.0 if size <= LARGE_TEXT_PT else min(3.0, size / USUAL_TEXT_PT)


def prefers_contrast(system: QPalette) -> bool:
    """Whether the system's own palette is one of high contrast: pure black and white, for window and fields alike.

    Some systems show it in their palette alone and do not tell Qt.
    """
    roles = (QPalette.ColorRole.Window, QPalette.ColorRole.Base)
    grounds = {system.color(role).name() for role in roles}
    inks = {system.color(role).name() for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text)}
    return len(grounds) == len(inks) == 1 and grounds | inks == {"#000000", "#ffffff"}


def _accessibility_hints(hints: QStyleHints) -> QAccessibilityHints | None:
    """What Qt knows of the user's needs, as a child of the style hints.

    Not by ``hints.accessibility()``: in PySide6 6.11.3 a wrapper first made there owns Qt's object and deletes it.
    """
    from PySide6.QtGui import QAccessibilityHints

    return next((child for child in hints.children() if isinstance(child, QAccessibilityHints)), None)


def _black_and_white(scheme: Scheme) -> QPalette:
    """The palette of high contrast where the user asks for it and the system has none."""
    ground, ink = ("#000000", "#FFFFFF") if scheme is Scheme.DARK else ("#FFFFFF", "#000000")
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(PALETTES[scheme][Token.ACCENT]))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor(PALETTES[scheme][Token.ON_FILL]))
    return palette


def high_contrast(colours: Mapping[Token, QColor], system: QPalette) -> dict[Token, QColor]:
    """The palette for a high-contrast preference (gui/README.md 2).

    Grounds and text are the system's, edges of decoration become edges of fields, and tints go; shapes and words stay.
    """
    window = system.color(QPalette.ColorRole.Window)
    text = system.color(QPalette.ColorRole.WindowText)
    changed = dict(colours)
    for token in (Token.WINDOW, Token.SIDEBAR, Token.CARD, Token.SUNKEN, Token.HOVER, Token.ON_SHAPE):
        changed[token] = window
    for token in (Token.OK_TINT, Token.WARN_TINT, Token.BAD_TINT, Token.IDLE_TINT, Token.ACCENT_TINT):
        changed[token] = window
    for token in (Token.TEXT, Token.TEXT2, Token.TEXT3, Token.IDLE, Token.INPUT, Token.BORDER, Token.STRONG):
        changed[token] = text
    changed[Token.ACCENT] = system.color(QPalette.ColorRole.Highlight)
    changed[Token.ACCENT_HOVER] = system.color(QPalette.ColorRole.Highlight)
    changed[Token.ON_FILL] = system.color(QPalette.ColorRole.HighlightedText)
    return changed


class Theme(QObject):
    """Colours and fonts for the whole window, and the time it tells; emits `changed` after colours were replaced.

    `remade` after text has another size, or times are told otherwise: what says them is then built anew.
    """

    changed = Signal()
    remade = Signal()

    def __init__(
        self,
        app: QApplication,
        choice: ThemeChoice = ThemeChoice.SYSTEM,
        text_scale: float = 1.0,
        *,
        reduced_motion: bool = False,
        contrast: bool | None = None,
    ) -> None:
        """Apply the theme to `app` at once; `follow_system` keeps it in step with the system.

        `contrast` overrides the system's preference for high contrast.
        """
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._text_scale = text_scale
        self._moments = Moments()
        self._reduced_motion = reduced_motion
        self._families = {family: self._installed(family) for family in Family}
        self._fonts: dict[TextRole, QFont] = {}
        self._larger: dict[float, Theme] = {}
        self.presses = Presses()
        app.setPalette(QPalette())  # the system's own again, whatever another theme made of it
        self._following = False
        self._system = app.palette()
        self._dark = self._system.color(QPalette.ColorRole.Window).lightnessF() < 0.5
        self._contrast_chosen = contrast
        self._contrast_told = prefers_contrast(self._system)
        self._scheme = self._wanted()
        self._colours = self._read_colours()
        self._apply()

    @property
    def scheme(self) -> Scheme:
        """The palette in use now."""
        return self._scheme

    @property
    def choice(self) -> ThemeChoice:
        """What the user asked for."""
        return self._choice

    @property
    def text_scale(self) -> float:
        """The user's text size: 1.0 is 100 %."""
        return self._text_scale

    def scale_text(self, scale: float) -> None:
        """Set all text in another size."""
        if scale == self._text_scale:
            return
        self._text_scale = scale
        self._fonts.clear()
        self._larger.clear()
        self._apply()
        self.remade.emit()

    @property
    def moments(self) -> Moments:
        """How moments are told."""
        return self._moments

    def tell_times_in(self, zone: TimeZoneChoice) -> None:
        """Tell moments in local time, or in UTC."""
        if zone is not self._moments.zone:
            self._moments = Moments(zone)
            self.remade.emit()

    @property
    def reduced_motion(self) -> bool:
        """True when glides and fades are to be instant (gui/README.md 8)."""
        return self._reduced_motion

    @property
    def contrast(self) -> bool:
        """True when the user, or else the system, prefers high contrast."""
        return self._contrast_told if self._contrast_chosen is None else self._contrast_chosen

    def choose_contrast(self, high: bool | None) -> None:
        """Hold high or usual contrast, or follow the system (None); repaints live."""
        before = self.contrast
        self._contrast_chosen = high
        self._repaint_if(self.contrast is not before)

    def reduce_motion(self, reduced: bool) -> None:
        """Glide no more, or again; what glides now ends where it is going."""
        self._reduced_motion = reduced

    def choose(self, choice: ThemeChoice) -> None:
        """Follow the system, or hold one palette; repaints live."""
        self._choice = choice
        self._refresh()

    def colour(self, token: Token) -> QColor:
        """The colour of `token` in the palette in use."""
        return self._colours[token]

    def font(self, role: TextRole) -> QFont:
        """The font of a text role: scaled, with tabular figures, unhinted."""
        font = self._fonts.get(role)
        if font is None:
            style = role.value
            font = QFont(self._families[style.family])
            font.setPixelSize(round(style.px * self._text_scale))
            font.setWeight(QFont.Weight(style.weight))
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
            font.setFeature(QFont.Tag("tnum"), 1)
            if style.family is Family.MONO:
                # Programming ligatures would draw an address or a path differently from its characters.
                font.setFeature(QFont.Tag("calt"), 0)
                font.setStyleHint(QFont.StyleHint.Monospace)
            self._fonts[role] = font
        return QFont(font)

    def px(self, size: float) -> int:
        """A measure given at 100 %, scaled with the text (for marks that belong to text, not for margins)."""
        return round(size * self._text_scale)

    def _installed(self, family: Family) -> str:
        installed = set(QFontDatabase.families())
        for name in SHIPPED_FAMILIES[family]:
            if name in installed:
                return name
        return _system_family(family)

    def _wanted(self) -> Scheme:
        if self._choice is ThemeChoice.LIGHT:
            return Scheme.LIGHT
        if self._choice is ThemeChoice.DARK:
            return Scheme.DARK
        return Scheme.DARK if self._dark else Scheme.LIGHT

    def _read_colours(self) -> dict[Token, QColor]:
        if self.contrast:
            # The system says how its high contrast looks, dark or light; the state inks follow its ground.
            system = self._system if prefers_contrast(self._system) else _black_and_white(self._scheme)
            dark = system.color(QPalette.ColorRole.Window).lightnessF() < 0.5
            inks = PALETTES[Scheme.DARK if dark else Scheme.LIGHT]
            return high_contrast({token: QColor(value) for token, value in inks.items()}, system)
        return {token: QColor(value) for token, value in PALETTES[self._scheme].items()}

    def follow_system(self) -> None:
        """Follow the system's scheme from now on; until then its palette alone has told which it is.

        Apart, because it needs Qt's name space, whose hundred enumerations cost the first paint a tenth of its time.
        """
        hints = self._app.styleHints()
        if not self._following:
            self._following = True
            hints.colorSchemeChanged.connect(self._on_system_scheme)
            told = _accessibility_hints(hints)
            if told is not None:
                told.contrastPreferenceChanged.connect(self._on_system_contrast)
                self._on_system_contrast(told.contrastPreference())
        self._on_system_scheme()

    @Slot(object)
    def _on_system_contrast(self, preference: object) -> None:
        from PySide6.QtCore import Qt

        self._app.setPalette(QPalette())
        self._system = self._app.palette()
        before = self.contrast
        wanted = preference == Qt.ContrastPreference.HighContrast
        self._contrast_told = wanted or prefers_contrast(self._system)
        self._apply()
        self._repaint_if(self.contrast is not before)

    def _repaint_if(self, changed: bool) -> None:
        if changed:
            self._colours = self._read_colours()
            self._apply()
            self.changed.emit()

    @Slot()
    def _on_system_scheme(self) -> None:
        from PySide6.QtCore import Qt

        scheme = self._app.styleHints().colorScheme()
        if scheme != Qt.ColorScheme.Unknown:
            self._dark = scheme == Qt.ColorScheme.Dark
        self._refresh()

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted is self._scheme:
            return
        self._scheme = wanted
        self._colours = self._read_colours()
        self._apply()
        self.changed.emit()

    def _apply(self) -> None:
        self._app.setFont(self.font(TextRole.BODY))
        self._app.setPalette(self._palette())
        QToolTip.setPalette(self._app.palette())

    def _palette(self) -> QPalette:
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: Token.WINDOW,
            QPalette.ColorRole.WindowText: Token.TEXT,
            QPalette.ColorRole.Base: Token.CARD,
            QPalette.ColorRole.AlternateBase: Token.SUNKEN,
            QPalette.ColorRole.Text: Token.TEXT,
            QPalette.ColorRole.PlaceholderText: Token.TEXT3,
            QPalette.ColorRole.Button: Token.CARD,
            QPalette.ColorRole.ButtonText: Token.TEXT,
            QPalette.ColorRole.BrightText: Token.ON_FILL,
            QPalette.ColorRole.Highlight: Token.ACCENT,
            QPalette.ColorRole.HighlightedText: Token.ON_FILL,
            QPalette.ColorRole.Link: Token.ACCENT_TEXT,
            QPalette.ColorRole.LinkVisited: Token.ACCENT_TEXT,
            QPalette.ColorRole.ToolTipBase: Token.CARD,
            QPalette.ColorRole.ToolTipText: Token.TEXT,
            QPalette.ColorRole.Light: Token.CARD,
            QPalette.ColorRole.Midlight: Token.BORDER,
            QPalette.ColorRole.Mid: Token.STRONG,
            QPalette.ColorRole.Dark: Token.INPUT,
            QPalette.ColorRole.Shadow: Token.TEXT,
            QPalette.ColorRole.Accent: Token.ACCENT,
        }
        for role, token in roles.items():
            palette.setColor(role, self.colour(token))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.colour(Token.TEXT3))
        return palette

    def enlarged(self, factor: float) -> Theme:
        """This theme with texts and measures by a factor larger, for a part that is to grow as a whole."""
        found = self._larger.get(factor)
        if found is None:
            found = self._larger[factor] = _Enlarged(self, factor, self._families)
        return found

    def field_style(self, *, wrong: bool = False) -> str:
        """The style sheet of one-line and report fields; ``wrong``: what stands there cannot be used."""
        name = self._name
        edge, ring = (Token.BAD, Token.BAD) if wrong else (Token.INPUT, Token.ACCENT_TEXT)
        return f"""
        QLineEdit {{ background: {name(Token.CARD)}; color: {name(Token.TEXT)}; padding: 0 {self.px(12)}px;
            border: 1px solid {name(edge)}; border-radius: {Radius.CONTROL}px; min-height: {self.px(34)}px;
            selection-background-color: {name(Token.ACCENT)}; selection-color: {name(Token.ON_FILL)}; }}
        QLineEdit:focus {{ border: 2px solid {name(ring)}; padding: 0 {self.px(12) - 1}px;
            min-height: {self.px(34) - 2}px; }}
        QLineEdit:disabled {{ background: {name(Token.SUNKEN)}; color: {name(Token.TEXT3)}; }}
        QPlainTextEdit {{ background: {name(Token.SUNKEN)}; color: {name(Token.TEXT)};
            border: 1px solid {name(Token.BORDER)}; border-radius: {Radius.CONTROL}px; padding: 8px; }}
        QPlainTextEdit:focus {{ border: 2px solid {name(Token.ACCENT_TEXT)}; padding: 7px; }}
        """

    def menu_bar_style(self) -> str:
        """The style sheet of a bar of menus: words on the ground they stand on."""
        name = self._name
        return f"""
        QMenuBar {{ background: transparent; color: {name(Token.TEXT2)}; border: 0; }}
        QMenuBar::item {{ background: transparent; padding: {self.px(4)}px {self.px(9)}px;
            border-radius: {Radius.TAG}px; }}
        QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {name(Token.HOVER)};
            color: {name(Token.TEXT)}; }}
        """

    def reading_style(self) -> str:
        """The style sheet of a longer text that is read and not typed into."""
        name = self._name
        return f"""
        QTextBrowser {{ background: {name(Token.CARD)}; color: {name(Token.TEXT)}; border: 0; padding: 0;
            selection-background-color: {name(Token.ACCENT)}; selection-color: {name(Token.ON_FILL)}; }}
        """

    def scroll_style(self) -> str:
        """The style sheet of a scroll bar: a quiet handle on no ground."""
        name = self._name
        return f"""
        QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
        QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
        QScrollBar::handle {{ background: {name(Token.STRONG)}; border-radius: 3px; margin: 3px;
            min-height: 32px; min-width: 32px; }}
        QScrollBar::handle:hover {{ background: {name(Token.INPUT)}; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
        """

    def _name(self, token: Token) -> str:
        return self.colour(token).name()


class _Enlarged(Theme):
    """Another theme's colours, with larger texts and measures; it follows that theme."""

    def __init__(self, theme: Theme, factor: float, families: Mapping[Family, str]) -> None:
        QObject.__init__(self, theme)
        self._base = theme
        self._text_scale = theme.text_scale * factor
        self._families = dict(families)
        self._fonts = {}
        self._larger = {}
        self.presses = theme.presses
        theme.changed.connect(self.changed)

    @property
    def scheme(self) -> Scheme:
        return self._base.scheme

    @property
    def moments(self) -> Moments:
        return self._base.moments

    @property
    def choice(self) -> ThemeChoice:
        return self._base.choice

    @property
    def reduced_motion(self) -> bool:
        return self._base.reduced_motion

    @property
    def contrast(self) -> bool:
        return self._base.contrast

    def choose(self, choice: ThemeChoice) -> None:
        self._base.choose(choice)

    def colour(self, token: Token) -> QColor:
        return self._base.colour(token)
