"""The Azure CLI as a source of tokens: where the program is, how it is run, and what it says when it gives none.

It is run as any program is: its answer is looked for in all that it writes, because extensions and wrappers write too,
and its own words are kept when it fails. A program that was started from a desktop has not the PATH of a terminal, so
the places where az is usually installed are looked at as well. A stand-in plays az in the tests; it was not run
against the real Azure here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from tgwizard.azure.redaction import redacted

NOT_FOUND = "Azure CLI not found"
NO_ANSWER = "Failed to invoke the Azure CLI"
NO_TOKEN = "Unexpected output from Azure CLI"  # noqa: S105 - words, and no secret
"""What the texts below begin with; sign_in_problems tells them apart by it."""

WITHIN_S = 30.0
"""How long az may take: it starts a Python and may have to reach Entra. Real seconds."""

_WINDOWS = sys.platform == "win32"


def usual_places() -> tuple[str, ...]:
    """The folders in which the installers of az put it, on this kind of system."""
    if _WINDOWS:
        roots = (os.environ.get(name, "") for name in ("ProgramFiles", "ProgramFiles(x86)", "ProgramW6432"))
        return tuple(rf"{root}\Microsoft SDKs\Azure\CLI2\wbin" for root in dict.fromkeys(roots) if root)
    return (
        "/opt/homebrew/bin",
        "/usr/local/bin",
        "/usr/bin",
        "/opt/az/bin",
        "/snap/bin",
        "/home/linuxbrew/.linuxbrew/bin",
    )


def find_az(environment: Mapping[str, str], places: tuple[str, ...] | None = None) -> str | None:
    """The program, by PATH or else in the usual places; None when it is in neither."""
    for path in (environment.get("PATH", ""), os.pathsep.join(usual_places() if places is None else places)):
        for name in ("az.cmd", "az") if _WINDOWS else ("az",):
            found = shutil.which(name, path=path) if path else None
            if found is not None:
                return found
    return None


@dataclass(frozen=True, slots=True)
class AzureCli:
    """The sign-in that ``az login`` left on this computer, of its default directory or of ``tenant``.

    ``environment`` and ``places`` say where az is looked for; ``within_s`` how long it may take.
    """

    tenant: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    places: tuple[str, ...] | None = None
    within_s: float = WITHIN_S

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token of az's; ClientAuthenticationError, with az's own words, when it gives none."""
        if options.get("claims"):
            # az takes a challenge at az login alone; whoever was challenged tells the command.
            raise ClientAuthenticationError(message="The Azure CLI gives no token for a claims challenge.")
        program = find_az(self.environment, self.places)
        if program is None:
            raise ClientAuthenticationError(message=f"{NOT_FOUND} by PATH, and in no usual place")
        resource = scopes[0].removesuffix("/.default") if scopes else ""
        words = [program, "account", "get-access-token", "--output", "json", "--resource", resource]
        code, out, err = _run(
            [*words, "--tenant", self.tenant] if self.tenant else words, self._around(program), self.within_s
        )
        if code == 127 or "is not recognized as an internal or external command" in err:
            raise ClientAuthenticationError(message=f"{NOT_FOUND}: {redacted(err, 300)}")
        if code != 0:
            raise ClientAuthenticationError(message=redacted(err.strip() or out) or f"az ended with {code}")
        token = token_in(out)
        if token is None:
            raise ClientAuthenticationError(message=f"{NO_TOKEN}: {redacted(out, 300)}")
        return token

    def _around(self, program: str) -> dict[str, str]:
        """Az's environment: with its own folder in PATH, and without colours in what it says."""
        path = os.pathsep.join(part for part in (self.environment.get("PATH", ""), str(Path(program).parent)) if part)
        return {**self.environment, "PATH": path, "AZURE_CORE_NO_COLOR": "true"}


def token_in(text: str) -> AccessToken | None:
    """The first JSON object with a token in what az wrote; None when there is none."""
    reader, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        with contextlib.suppress(ValueError, RecursionError):
            found, _ = reader.raw_decode(text, at)
            if isinstance(found, dict) and isinstance(found.get("accessToken"), str):
                return AccessToken(found["accessToken"], _expiry(found))
        at = text.find("{", at + 1)
    return None


def _expiry(found: Mapping[str, Any]) -> int:
    """Seconds since 1970; az of old tells the local time alone. ValueError when it tells neither."""
    if "expires_on" in found:
        return int(found["expires_on"])
    return int(datetime.strptime(str(found.get("expiresOn", "")), "%Y-%m-%d %H:%M:%S.%f").astimezone().timestamp())


def _run(words: list[str], environment: Mapping[str, str], within_s: float) -> tuple[int, str, str]:
    """Exit code, output and error output, in bounded time: az's children end with it."""
    alone: dict[str, Any] = {"start_new_session": True}
    if _WINDOWS:
        alone = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    # Not the folder of whoever started the program: on Windows that would be searched for programs first.
    home = os.environ.get("SYSTEMROOT") if _WINDOWS else "/"
    try:
        with subprocess.Popen(  # noqa: S603 - az, found as a program, and words of ours
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=dict(environment),
            encoding="utf-8",
            errors="replace",
            **alone,
        ) as process:
            try:
                out, err = process.communicate(timeout=within_s)
            except subprocess.TimeoutExpired:
                _end(process)
                raise ClientAuthenticationError(message=f"{NO_ANSWER} within {within_s:.0f} s") from None
            except BaseException:
                _end(process)
                raise
            return process.returncode, out, err
    except OSError as error:
        raise ClientAuthenticationError(message=f"{NO_ANSWER}: {error.strerror or error}") from error


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(OSError):
        if _WINDOWS:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
