"""What this program is made of and where its files lie, to read and to copy; the same with the log, for a report."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

import PySide6
from PySide6.QtCore import Slot, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from tgwizard import __version__, paths
from tgwizard.gui.app.app_context import AppContext
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.gui.widgets.text_inputs import ReportText
from tgwizard.model.text import sanitize

LAST_LINES = 200
LAST_BYTES = 64_000

FONTS = (("Inter", "OFL-1.1"), ("JetBrains Mono", "OFL-1.1"))


def about_text(context: AppContext) -> str:
    """Versions, paths and licences, as plain lines."""
    lines = [
        f"tgwizard {__version__}",
        f"Python {platform.python_version()}",
        f"PySide6 {PySide6.__version__}, Qt {qVersion()}",
        f"System {platform.platform()}, {QGuiApplication.platformName()}",
        "",
        f"Connected to: {context.place}",
    ]
    lines += [f"{what}: {where}" for what, where in files_of(context)]
    lines += ["", "Other people's work in this program, and its licences:"]
    lines += [f"{name} {version}: {licence}" for name, version, licence in parts()]
    lines += [f"{name} (font): {licence}" for name, licence in FONTS]
    return "\n".join(lines) + "\n"


def files_of(context: AppContext) -> tuple[tuple[str, str], ...]:
    """Where the files of a person lie."""
    found: Iterable[tuple[str, Path | None]] = (
        ("Log", context.log_file),
        ("Journals", context.data_folder),
        ("Settings", context.settings_file),
        ("Cluster files", context.clusters_folder),
        ("Program files", paths.resources()),
    )
    return tuple((what, "none in this window" if where is None else str(where)) for what, where in found)


def parts() -> tuple[tuple[str, str, str], ...]:
    """Name, version and licence of what the program stands on, as the installed packages say."""
    found = []
    for name in sorted(_required(), key=str.lower):
        try:
            package = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # of another system
        found.append((package["Name"], package["Version"], _licence(package)))
    return tuple(found)


def _required() -> set[str]:
    try:
        wanted = metadata.requires("tgwizard") or []
    except metadata.PackageNotFoundError:
        wanted = []
    return {line.split(";")[0].split("[")[0].split("=")[0].split(">")[0].split("<")[0].split("~")[0].strip()
            for line in wanted if "extra ==" not in line}  # fmt: skip


def _licence(package: metadata.PackageMetadata) -> str:
    told = next((text for key in ("License-Expression", "License") for text in package.get_all(key) or []), "")
    if not told or len(told) > 60 or "\n" in told:
        classes = (line for line in package.get_all("Classifier") or [] if line.startswith("License ::"))
        told = next((line.rpartition(" :: ")[2] for line in classes), "see its own files")
    return sanitize(told, 80)


def last_of_log(context: AppContext) -> str:
    """The last lines of the log, redacted once more; why there are none, in words."""
    if context.log_file is None:
        return "No log is written in this window."
    try:
        with context.log_file.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LAST_BYTES))
            read = file.read().decode("utf-8", "replace")
    except OSError as error:
        return f"The log cannot be read: {error.strerror or error}."
    return context.redact("\n".join(read.splitlines()[-LAST_LINES:]))


class TextSheet(Sheet):
    """A longer text to read and to copy."""

    wide = 680

    def __init__(self, theme: Theme, over: QWidget, title: str, lead: str, text: str, copy: str) -> None:
        """`copy` is what the button says that copies `text`."""
        super().__init__(theme, over, title, "", "Close")
        self.text = text
        if lead:
            self.body.addWidget(TextLabel(theme, lead, TextRole.BODY, Token.TEXT2, wrap=True))
        shown = ReportText(theme, title, text)
        shown.setMinimumHeight(max(theme.px(120), min(theme.px(300), round(over.height() * 0.9) - theme.px(260))))
        self.body.addWidget(shown)
        self.copy = Button(theme, copy, icon=Icon.COPY, height=36)
        self.copy.clicked.connect(self._on_copy)
        self.buttons.addWidget(self.copy)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)

    def add_button(self, words: str, act: Callable[[], object]) -> None:
        """One more thing to do, beside *Copy*."""
        button = Button(self._theme, words, height=36)
        button.clicked.connect(act)
        self.buttons.insertWidget(1, button)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self.copy.rename("Copied")


def about_dialog(theme: Theme, over: QWidget, context: AppContext) -> TextSheet:
    """About tgwizard."""
    lead = "Sets up, watches and fails over the floating IP of a Trustgrid cluster in Azure."
    return TextSheet(theme, over, "About tgwizard", lead, about_text(context), "Copy")


def problem_dialog(theme: Theme, over: QWidget, context: AppContext) -> TextSheet:
    """What a report of a problem needs."""
    lead = (
        "Send this to whoever supports tgwizard for you, with what you did and what you saw. Tokens never reach the "
        "log; names of resources do, so read it first."
    )
    text = f"{about_text(context)}\nThe end of the log:\n\n{last_of_log(context)}\n"
    return TextSheet(theme, over, "Report a problem", lead, text, "Copy the report")
