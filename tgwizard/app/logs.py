"""The log file: rotating, and redacted at the formatter, so that no token can reach it whatever a library logs."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import re
from io import TextIOWrapper
from pathlib import Path

from tgwizard import __version__, paths
from tgwizard.engine.files.file_writing import make_private_folder, open_private
from tgwizard.engine.files.settings_file import SettingsRead
from tgwizard.model.settings import LOG_LEVEL

_log = logging.getLogger(__name__)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"), "REDACTED-TOKEN"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s'\",;]+"), r"\1REDACTED"),
    (
        re.compile(
            r"(?i)([\"']?(?:access_token|refresh_token|id_token|client_secret|client_assertion|password|token)[\"']?\s*[:=]\s*[\"']?)"
            r"[^\s'\",;&}]+"
        ),
        r"\1REDACTED",
    ),
    (re.compile(r"(?i)([?&](?:sig|code|t|c|s|h)=)[^&\s'\"]+"), r"\1REDACTED"),
)


def redact(text: str) -> str:
    """The text without tokens, secrets and signed query items (azure/README.md 1.3)."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class PrivateLog(logging.handlers.RotatingFileHandler):
    """The log file, its owner's alone. When it cannot be written, no command is disturbed: it is then `lost`."""

    lost = False

    def _open(self) -> TextIOWrapper:
        descriptor = open_private(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding, errors=self.errors)

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing is printed among a command's answers."""
        self.lost = True


class RedactingFormatter(logging.Formatter):
    """Redacts the whole record, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one redacted text."""
        return redact(super().format(record))


def log_file(folder: Path) -> Path:
    return folder / "tgwizard.log"


def start_logging(folder: Path, level: int = logging.INFO) -> PrivateLog:
    """Write records of ``level`` and above to the log file. Where it cannot be written the program goes on."""
    handler = PrivateLog(log_file(folder), maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True)
    with contextlib.suppress(OSError):  # told by the first record that is not written
        make_private_folder(folder)
    handler.setLevel(level)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    if root.level in (logging.NOTSET, logging.WARNING):
        root.setLevel(level)
    return handler


def log_start(settings: SettingsRead, what: str) -> PrivateLog:
    """Write the log from now on; the handler, to be stopped at the end."""
    level = LOG_LEVEL.value_of(settings.settings).value.upper()
    handler = start_logging(paths.log_dir(), logging.getLevelNamesMapping()[level])
    _log.info("tgwizard %s, process %d: %s", __version__, os.getpid(), what)
    return handler


def stop_logging(handler: logging.Handler | None) -> None:
    """Take the handler off and close the file."""
    if handler is not None:
        logging.getLogger().removeHandler(handler)
        handler.close()
