from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

LOCKS = [ROOT / "packaging" / "requirements.lock", ROOT / "packaging" / "requirements-dev.lock"]
AZ_LOCK = ROOT / "packaging" / "requirements-az.lock"
"""Of the Azure CLI, which tests drive the lab with; installed beside our own environment, never into it."""
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text()))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~ ;\[]", requirement)[0]) for requirement in requirements}


@pytest.mark.parametrize("lock", [*LOCKS, AZ_LOCK], ids=lambda path: path.name)
def test_that_every_locked_package_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PIN.findall(text)) > 20  # a package may be there twice, for two systems
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert [line for line in text.splitlines() if re.search(r"://|@ |--\w*index|find-links", line)] == []


def test_that_the_lock_covers_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, development = (set(pins(lock)) for lock in LOCKS)
    assert required(project["project"]["dependencies"]) <= runtime
    assert required(project["dependency-groups"]["dev"]) <= development
    assert required(project["build-system"]["requires"]) <= development


def test_that_both_locks_agree_on_every_version() -> None:
    runtime, development = (pins(lock) for lock in LOCKS)
    assert runtime.items() <= development.items()


def test_that_the_azure_cli_is_locked_in_its_version() -> None:
    (wanted,) = re.findall(r"^azure_cli=azure-cli==(\S+)$", (ROOT / "packaging" / "lock").read_text(), re.MULTILINE)
    assert pins(AZ_LOCK)["azure-cli"] == wanted


def test_that_what_is_installed_here_is_what_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = pins(LOCKS[1])
    names = required([*project["project"]["dependencies"], *project["dependency-groups"]["dev"]])
    differs = {name: metadata.version(name) for name in names if metadata.version(name) != locked[name]}
    assert differs == {}
