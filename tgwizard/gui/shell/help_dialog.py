"""Help at the page or step where one is: short pages of ours, rendered as plain documents without any link outside.

The pages are Markdown files in `resources/help`, one for each topic; a topic is the name of its file. Two are made
here: the contents, and the keys, which are those that are declared.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QTextBrowser, QWidget

from tgwizard import paths
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.shortcuts import INSIDE, Shortcut, page_keys

CONTENTS = "contents"
KEYS = "keys"

TOPICS = (
    "clusters", "cluster", "failover", "run",
    "sign-in", "subscription", "machines", "interface", "floating-ip", "role", "scope", "review", "apply", "verify",
    "lab", "history", "reports", "settings",
)  # fmt: skip
"""Every page of `resources/help`, in the order of the contents."""

SCHEME = "help"


def help_folder() -> Path:
    """Where the pages lie."""
    return paths.resources() / "help"


def help_text(topic: str) -> str:
    """A page as Markdown. A file that cannot be read is told in its place."""
    if topic == CONTENTS:
        lines = (f"- [{help_title(one)}]({SCHEME}:{one})" for one in (*TOPICS, KEYS))
        return "\n".join(("# Contents", "", *lines, ""))
    if topic == KEYS:
        return _keys()
    try:
        return (help_folder() / f"{topic}.md").read_text("utf-8")
    except OSError as error:
        return f"# Help\n\nThe page *{topic}* cannot be read: {error.strerror or error}. Install tgwizard again.\n"


def help_title(topic: str) -> str:
    """The title of a page."""
    return help_text(topic).partition("\n")[0].removeprefix("# ").strip()


def _keys() -> str:
    lines = ["# Keyboard", "", "| keys | do |", "|---|---|"]
    lines += [f"| {', '.join(one.keys)} | {one.words} |" for one in Shortcut]
    lines += [f"| {page_keys(number)} | go to {place.value} |" for number, place in enumerate(NavPage, start=1)]
    lines += [f"| {keys} | {words} |" for keys, words in INSIDE]
    lines.append("")
    return "\n".join(lines)


class HelpText(QTextBrowser):
    """One page. A link leads to another page of ours; nothing is fetched from anywhere."""

    def __init__(self, theme: Theme, high: int) -> None:
        """At least `high` px high: the page scrolls, and not the dialog round it."""
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Help")
        self.setOpenLinks(False)
        self.setFont(theme.font(TextRole.BODY))
        self.setMinimumHeight(high)
        self._restyle()
        theme.changed.connect(self._restyle)

    @Slot()
    def _restyle(self) -> None:
        self.setStyleSheet(self._theme.reading_style())
        self.verticalScrollBar().setStyleSheet(self._theme.scroll_style())

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Pages of ours have no picture and no style sheet."""
        return None

    def show_topic(self, topic: str) -> None:
        """Show a page from its top; its title stands over it already."""
        self.document().setDefaultFont(self._theme.font(TextRole.BODY))
        self.document().setIndentWidth(self._theme.px(20))
        self.setMarkdown(help_text(topic).partition("\n")[2])
        self._set_type()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(0)

    def _set_type(self) -> None:
        """Our own fonts and distances: Qt sets headings larger than anything of ours, and code in the system's font."""
        theme, block = self._theme, self.document().begin()
        while block.isValid():
            cursor, form, letters = QTextCursor(block), block.blockFormat(), block.charFormat()
            is_code = form.hasProperty(QTextBlockFormat.Property.BlockCodeFence) or letters.fontFixedPitch()
            spaced = QTextBlockFormat()
            spaced.setTopMargin(theme.px(14) if form.headingLevel() else 0)
            spaced.setBottomMargin(theme.px(2 if is_code else 5))
            spaced.setLineHeight(theme.px(2), QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
            cursor.mergeBlockFormat(spaced)
            if form.headingLevel() or is_code:
                cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                set_in = QTextCharFormat()
                set_in.setFont(theme.font(TextRole.SECTION if form.headingLevel() else TextRole.MONO))
                set_in.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
                cursor.mergeCharFormat(set_in)
            block = block.next()


class HelpDialog(Sheet):
    """A page of help, and the way to the others. It may stand over another dialog, which stays as it is."""

    wide = 720

    def __init__(self, theme: Theme, over: QWidget, topic: str) -> None:
        """Show `topic` first."""
        super().__init__(theme, over, "Help", "", "Close")
        self.topic = topic
        self.text = HelpText(theme, min(theme.px(400), round(over.height() * 0.9) - theme.px(190)))
        self.text.anchorClicked.connect(self._on_link)
        self.body.addWidget(self.text)
        self.contents = Button(theme, "Contents", ButtonKind.GHOST, Icon.BACK, height=36)
        self.contents.clicked.connect(self._on_contents)
        self.buttons.addWidget(self.contents)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.show_topic(topic)

    def show_topic(self, topic: str) -> None:
        """Show another page."""
        self.topic = topic
        self.title.say("Help" if topic == CONTENTS else f"Help: {help_title(topic)}")
        self.text.show_topic(topic)
        self.contents.setEnabled(topic != CONTENTS)

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        topic = url.path()
        if url.scheme() == SCHEME and topic in (*TOPICS, KEYS):
            self.show_topic(topic)

    @Slot()
    def _on_contents(self) -> None:
        self.show_topic(CONTENTS)
        self.text.setFocus()
