"""The program as it is started: real processes, real signals, TLS between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bench import fits
from tests.rig import rig
from tgwizard.engine.files.cluster_file import save_cluster
from tgwizard.lab.fronts.certificates import client_certificate

PATIENCE_S = 240


def tgwizard(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tgwizard", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
        check=False,
    )


@contextmanager
def lab(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    words = ["lab", "run", "--lab-dir", str(folder), "--latency", "instant"]
    command = [sys.executable, "-m", "tgwizard", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE_S)


def test_that_a_failover_between_processes_ends_done_and_the_lab_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    options = ("--lab-dir", str(folder))
    with lab(folder) as (process, ready):
        fits(ready, "lab-ready")
        assert ready["dir"] == str(folder)
        moved = tgwizard("failover", *options, "--to", "tg-node-b", "--graceful", "--yes", "--json")
        assert (moved.returncode, moved.stderr) == (0, "")
        last = json.loads(moved.stdout.splitlines()[-1])
        fits(last, "event")
        assert (last["event"], last["outcome"], last["address"]) == ("finished", "done", "tg-node-b")
        again = tgwizard(*options, "failover", "--to", "tg-node-b", "--graceful", "--yes", "--json")
        assert again.returncode == 3
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    status = tgwizard("status", *options, "--json")
    assert status.returncode == 0
    document = json.loads(status.stdout)
    fits(document, "status")
    assert document["holder"] == "tg-node-b"


def test_that_a_command_signs_in_by_the_certificate_in_the_environment(tmp_path: Path) -> None:
    options = ("--lab-dir", str(tmp_path / "lab"))
    with lab(tmp_path / "lab"):
        lines = tgwizard("lab", "env", *options, "--certificate", "--json")
        assert (lines.returncode, lines.stderr) == (0, "")
        environment = json.loads(lines.stdout)["environment"]
        file = Path(environment["AZURE_CLIENT_CERTIFICATE_PATH"])
        assert file.stat().st_mode & 0o077 == 0
        assert "AZURE_CLIENT_SECRET" not in environment
        ours = {name: value for name, value in environment.items() if name.startswith("AZURE_")}
        status = ("status", *options, "--sign-in", "environment")
        seen = tgwizard(*status, "--json", environment=ours)
        assert (seen.returncode, seen.stderr) == (0, "Signed in as tgwizard-automation.\n")
        assert json.loads(seen.stdout)["holder"] == "tg-node-a"
        asked = tgwizard("lab", "requests", *options, "--json")
        callers = {
            item["caller"] for item in json.loads(asked.stdout)["requests"] if "/networkInterfaces" in item["path"]
        }
        assert callers == {"tgwizard-automation"}
        file.unlink()
        assert tgwizard("lab", "env", *options).returncode == 0
        refused = tgwizard(*status, environment=ours)
        assert refused.returncode == 4
        assert "AZURE_CLIENT_CERTIFICATE_PATH names cannot be read" in refused.stderr
        client_certificate(file)  # one that nobody registered
        refused = tgwizard(*status, environment=ours)
        assert refused.returncode == 4
        assert "The certificate is not one that the application knows" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_that_help_and_bad_words_need_neither_azure_nor_qt_nor_the_lab() -> None:
    program = (
        "import sys; from tgwizard.app.main import main\n"
        "try: code = main(sys.argv[1:])\n"
        "except SystemExit as end: code = end.code\n"
        "late = ('azure', 'msal', 'PySide6', 'requests', 'cryptography', 'jinja2')\n"
        "heavy = [n for n in sys.modules if n.split('.')[0] in late"
        " or n.startswith('tgwizard.lab')]\n"
        "assert not heavy, heavy\n"
        "sys.exit(code)\n"
    )
    for words, code in ((["--help"], 0), (["--version"], 0), (["failover", "--help"], 0), (["nonsense"], 2)):
        found = subprocess.run(
            [sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert (found.returncode, found.stdout == "") == (code, code != 0), found.stderr
        assert "Traceback" not in found.stderr


def test_that_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tgwizard", "status", "--json", "--lab-dir", str(tmp_path / "lab")]
    read, write = os.pipe()
    os.close(read)
    try:
        found = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False
        )
    finally:
        os.close(write)
    assert (found.returncode, found.stderr) == (0, "")


def test_that_status_on_the_real_azure_without_a_saved_cluster_says_what_to_do() -> None:
    found = tgwizard("status")
    assert found.returncode == 2
    assert "No cluster is saved" in found.stderr
    assert "--lab" in found.stderr


def test_that_without_any_sign_in_every_command_says_how_to_sign_in(tmp_path: Path) -> None:
    made = rig().setup
    file = tmp_path / "edge.toml"
    save_cluster(file, replace(made, cloud="public"))
    nobody = {"PATH": "/nowhere", "HTTPS_PROXY": "http://127.0.0.1:9", "AZURE_CONFIG_DIR": str(tmp_path)}
    for words, code in (
        (("status", str(file)), 5),
        (("failover", str(file), "--to", "tg-node-b", "--forced", "--dry-run"), 3),
        (("discover",), 4),
    ):
        found = tgwizard(*words, environment=nobody)
        said = found.stdout + found.stderr
        assert (found.returncode, "Traceback" in said) == (code, False), said
        assert "The Azure CLI (az) was not found on this computer." in said or "You are not signed in" in said
        assert "--sign-in device-code" in said
        assert "on no member" not in said, "nothing was read, so nothing is known"


@pytest.mark.parametrize("words", [("status", "/no/such.toml"), ("failover", "x", "--to", "b", "--forced", "--yes")])
def test_that_a_cluster_that_is_not_there_is_exit_2(words: tuple[str, ...]) -> None:
    found = tgwizard(*words)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_that_no_token_reaches_the_log_of_a_whole_program(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with lab(folder):
        moved = tgwizard("failover", "--lab-dir", str(folder), "--to", "tg-node-b", "--forced", "--yes", "--json")
        assert moved.returncode == 0
    log = Path(os.environ["TGWIZARD_LOG_DIR"])
    texts = [path.read_text() for path in log.glob("*")] + [moved.stdout, moved.stderr]
    texts += [path.read_bytes().decode("latin-1") for path in (folder / "state").iterdir()]
    for text in texts:
        assert "eyJ" not in text
        assert "Bearer" not in text
