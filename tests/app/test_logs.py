"""The log file holds no token, whatever is logged."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from tests.rig import rig
from tgwizard.app.logs import log_file, redact, start_logging, stop_logging
from tgwizard.lab.lab import Lab


def token() -> str:
    it = rig()
    assert isinstance(it.lab, Lab)
    return it.lab.issue_token()


@pytest.mark.parametrize(
    "form",
    [
        "Authorization: Bearer {}",
        "{{'Authorization': 'Bearer {}'}}",
        "bearer {}",
        '{{"access_token": "{}", "expires_in": 1}}',
        "plain {} in a text",
        "https://x/y?p=1&t=99&c={}&s=abc",
    ],
)
def test_that_no_part_of_a_token_is_left_in_a_text(form: str) -> None:
    secret = token()
    shown = redact(form.format(secret))
    assert "REDACTED" in shown
    for part in secret.split("."):
        assert part not in shown


def test_that_a_secret_by_name_is_redacted_and_the_rest_is_kept() -> None:
    shown = redact("client_secret=hunter2&scope=x status 403 request 1-2-3")
    assert "hunter2" not in shown
    assert shown.endswith("scope=x status 403 request 1-2-3")


def test_that_a_traceback_is_redacted_too(tmp_path: Path) -> None:
    secret = token()
    handler = start_logging(tmp_path / "log")
    try:
        try:
            int(f"Bearer {secret}")
        except ValueError:
            logging.getLogger("tgwizard.test").info("it broke with %s", secret, exc_info=True)
    finally:
        stop_logging(handler)
    text = log_file(tmp_path / "log").read_text()
    assert "it broke with REDACTED" in text
    assert "ValueError" in text
    assert secret.split(".")[1] not in text


def test_that_a_folder_that_cannot_be_written_does_not_stop_the_program_nor_print(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    handler = start_logging(blocked / "log")
    logging.getLogger("tgwizard.test").info("nobody reads this")
    stop_logging(handler)
    assert handler.lost
    assert capfd.readouterr() == ("", "")


def test_that_only_the_owner_reads_the_log(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        handler = start_logging(tmp_path / "log")
        logging.getLogger("tgwizard.test").info("nobody else reads this")
        stop_logging(handler)
    finally:
        os.umask(before)
    assert stat.S_IMODE(log_file(tmp_path / "log").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o700
