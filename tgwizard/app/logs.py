"""The log file: rotating, and redacted at the formatter, so that no token can reach it whatever a library logs."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from pathlib import Path

from tgwizard import __version__, paths
from tgwizard.engine.settings_file import SettingsRead
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
    """The text without tokens, secrets and signed query items (azure-wire.md 1.3)."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Redacts the whole record, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one redacted text."""
        return redact(super().format(record))


def log_file(folder: Path) -> Path:
    """The file in that folder."""
    return folder / "tgwizard.log"


def start_logging(folder: Path, level: int = logging.INFO) -> logging.Handler | None:
    """Write records of ``level`` and above to the log file. None when it cannot be written: the program goes on."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.handlers.RotatingFileHandler(
            log_file(folder), maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
        )
    except OSError:
        return None
    handler.setLevel(level)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    if root.level in (logging.NOTSET, logging.WARNING):
        root.setLevel(level)
    return handler


def log_start(settings: SettingsRead, what: str) -> logging.Handler | None:
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
