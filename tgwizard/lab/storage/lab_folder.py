"""The lab folder: whoever locks it hosts the lab and serves it on loopback; everybody else attaches to that one.

``DIR/world.json`` (with ``DIR/world.changes``) is the world, ``DIR/lab.json`` (0600) tells others where the lab
listens, ``DIR/tls/`` holds its CA, ``DIR/clusters/`` the cluster files. The lock is the operating system's, so a
killed host never blocks the next.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import ssl
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tgwizard.engine.files.file_reading import read_text
from tgwizard.engine.files.file_writing import PRIVATE, open_private, write_atomically
from tgwizard.engine.lab_control import LabRun
from tgwizard.lab.clock import LabTime
from tgwizard.lab.data_plane import DataPlane
from tgwizard.lab.entra import sign_in_code
from tgwizard.lab.entra.access_tokens import TokenKind
from tgwizard.lab.fronts import certificates
from tgwizard.lab.fronts.tls_server import LabServer
from tgwizard.lab.lab import Lab
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage import world_document
from tgwizard.lab.storage.folder_problems import (
    LabFolderDamaged,
    another_lab,
    different_lab_runs,
    folder_unusable,
    no_lab_runs,
    not_answering,
    other_count,
    other_scenario,
)
from tgwizard.lab.storage.world_store import WorldFile, WorldSaver
from tgwizard.lab.wire import Json
from tgwizard.model.problem import UserError
from tgwizard.paths import expanded

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FolderLock:
    """An exclusive lock on a file. Two in one process exclude each other as well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free and return whether it was."""
        if self._file is not None:
            raise RuntimeError(f"{self._path} is locked by this object already")
        file = open(self._path, "a+b", opener=open_private)  # noqa: SIM115 - Path.open takes no opener
        try:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back; without effect when it is not held."""
        if self._file is not None:
            file, self._file = self._file, None
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
            file.close()


DEFAULT_SCENARIO = "ready"
DEFAULT_LATENCY = Latency.FAST
TOKEN_LIFETIME = timedelta(hours=24)
"""Of the published token, which is renewed every half hour: a lab is often left running for a day."""

_log = logging.getLogger(__name__)

_ATTACH_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.05
_PROBE_TIMEOUT_S = 5.0
_LONGEST_PUBLICATION = 5_000_000
"""Bytes. It names the cluster files, of which a fleet has thousands."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What `lab.json` says."""

    port: int
    arm_url: str
    ca: Path
    pid: int
    token: str
    graph_token: str
    control_token: str
    sign_in_code: str
    scenario: str
    latency: Latency
    cloud: str
    clusters: tuple[Path, ...]


class HostedLab:
    """A lab that runs in this process, is served on loopback, and is saved to its folder until it is closed."""

    def __init__(self, file: WorldFile, lab: Lab, lock: FolderLock, port: int) -> None:
        self.directory = directory = file.path.parent
        self._file = file
        self.lab = lab
        self._lock = lock
        self._closed = False
        try:
            files = certificates.prepare(directory / "tls", lab.lab_id)
        except ValueError as error:
            raise LabFolderDamaged(directory / "tls", str(error)) from error
        self.ca = files.ca
        self.clusters = _write_clusters(directory, lab)
        self._server = LabServer(lab, files.server, port=port)
        try:
            self._save()
            self._publish()
        except OSError:
            self._server.stop()
            raise
        self._saver = WorldSaver(self._save, self._publish)
        self._data_plane = DataPlane(lab)
        lab.traffic_port = self._data_plane.port
        lab.on_change = self._changed
        lab.on_scenario = self._scenario_changed
        self._server.start()

    @property
    def port(self) -> int:
        """The port the lab is served on."""
        return self._server.port

    @property
    def arm_url(self) -> str:
        """The base URL for clients in other processes."""
        return self._server.url

    @property
    def cloud(self) -> str:
        """The cloud's name in cluster files."""
        return self.lab.cloud

    def token(self) -> str:
        """Return a fresh bearer token of the operator."""
        return self.lab.issue_token(TokenKind.OPERATOR)

    def control_token(self) -> str:
        """Return what opens the lab's controls."""
        return self.lab.control_token

    def sign_in_url(self, url: str, user_code: str = "") -> str:
        """Return the address of a sign-in page of the lab with the proof that it is opened for this program."""
        return self.lab.sign_in_url(url, user_code)

    def close(self) -> None:
        """Stop serving, save the world, take the publication back, free the folder. Raises OSError if saving fails."""
        if self._closed:
            return
        self._closed = True
        self._server.stop()
        self.lab.traffic_port = None
        self._data_plane.close()
        self.lab.on_change = None
        self.lab.on_scenario = None
        try:
            self._saver.close()
        finally:
            (self.directory / "lab.json").unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _scenario_changed(self) -> None:
        """Put the new world's cluster files in the place of the old one's, which are kept beside them."""
        for path in self.clusters:
            if path.exists():
                path.replace(path.with_suffix(".toml.old"))
        self.clusters = _write_clusters(self.directory, self.lab)
        self._publish()

    def _changed(self) -> None:
        """Write a change down before its answer goes out: what was answered outlives this process, however it ends."""
        self._data_plane.look()
        try:
            self._file.note(self.lab)
        except OSError as error:
            _log.error("The lab could not write a change down: %s. It goes on and tries again.", error)
        self._saver.note_change()

    def _save(self) -> None:
        self._file.save(self.lab)

    def _publish(self) -> None:
        content: Json = {
            "schema": world_document.SCHEMA,
            "port": self.port,
            "arm": self.arm_url,
            "ca": str(self.ca),
            "pid": os.getpid(),
            "token": self.lab.issue_token(TokenKind.OPERATOR, lifetime=TOKEN_LIFETIME),
            "graph_token": self.lab.issue_graph_token(lifetime=TOKEN_LIFETIME),
            "control_token": self.lab.control_token,
            "sign_in_code": self.lab.sign_in_code,
            "scenario": self.lab.scenario,
            "latency": self.lab.latency.value,
            "cloud": self.lab.cloud,
            "clusters": [str(path) for path in self.clusters],
        }
        write_atomically(self.directory / "lab.json", json.dumps(content, indent=1), PRIVATE)


class AttachedLab:
    """A lab that another process hosts."""

    def __init__(self, directory: Path, publication: Publication) -> None:
        self.directory = directory
        self.cloud = publication.cloud
        self.clusters = publication.clusters
        self._publication = publication

    @property
    def port(self) -> int:
        """The port the lab was served on when that was last read."""
        return self._publication.port

    @property
    def arm_url(self) -> str:
        """The base URL where the lab was served when that was last read."""
        return self._publication.arm_url

    @property
    def ca(self) -> Path:
        """The file with the CA of the lab's certificate."""
        return self._publication.ca

    @property
    def run(self) -> LabRun:
        """Which life of the lab that was."""
        return LabRun(self._publication.arm_url, self._publication.pid)

    def look(self) -> LabRun:
        """Read where the lab runs now. Raises UserError when none answers, or its files are damaged."""
        found = _running(self.directory)
        if found.cloud != self.cloud:
            raise UserError(another_lab(self.directory))
        self._publication = found
        return self.run

    def token(self) -> str:
        """Return the operator's token as published now; the last known one if the host has gone."""
        return self._now().token

    def graph_token(self) -> str:
        """Return the operator's token for the lab's Microsoft Graph, published likewise."""
        return self._now().graph_token

    def control_token(self) -> str:
        """Return what opens the lab's controls, published likewise."""
        return self._now().control_token

    def sign_in_url(self, url: str, user_code: str = "") -> str:
        """Return the address of a sign-in page of the lab with the proof that it is opened for this program."""
        return sign_in_code.vouched_url(self._now().sign_in_code, url, user_code)

    def _now(self) -> Publication:
        with contextlib.suppress(FileNotFoundError):
            self._publication = _read_publication(self.directory)
        return self._publication

    def close(self) -> None:
        """Nothing is held: the lab goes on in its own process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_lab(
    directory: Path,
    *,
    scenario: str | None = None,
    latency: Latency | None = None,
    port: int | None = None,
    clusters: int | None = None,
    clock: LabTime,
) -> HostedLab | AttachedLab:
    """Host the folder's lab if nobody does, else attach to it. `clusters`: how many a new fleet has.

    Raises UserError: LabFolderDamaged (files kept as they are), another scenario, latency or number of clusters than
    the running or saved lab's, port taken, unknown scenario, or a host that holds the folder and does not answer within
    10 s.
    """
    directory = expanded(directory).resolve()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(directory / "lab.lock")
        give_up = time.monotonic() + _ATTACH_WITHIN_S
        while not lock.acquire():
            attached = _attach(directory)
            if attached is not None:
                _check_effect(directory, attached, scenario, latency, port)
                _check_count(directory, len(attached.clusters), clusters)
                return AttachedLab(directory, attached)
            if time.monotonic() > give_up:
                raise UserError(not_answering(directory, _ATTACH_WITHIN_S))
            # The host is starting or ending. Its files and its lock are outside any virtual clock.
            threading.Event().wait(_LOOK_EVERY_S)
    except OSError as error:
        raise UserError(folder_unusable(directory, error)) from error
    try:
        _discard_leftover(directory)
        file = WorldFile(directory)
        lab = _world_of(file, scenario, latency, clusters, clock)
        return HostedLab(file, lab, lock, port or 0)
    except OSError as error:
        lock.release()
        raise UserError(folder_unusable(directory, error)) from error
    except BaseException:
        lock.release()
        raise


def find_running(directory: Path) -> AttachedLab:
    """Attach to the lab that runs in a folder. Raises UserError when none does, or its files are damaged."""
    directory = expanded(directory).resolve()
    return AttachedLab(directory, _running(directory))


def _running(directory: Path) -> Publication:
    try:
        publication = _attach(directory)
    except OSError as error:
        raise UserError(folder_unusable(directory, error)) from error
    if publication is None:
        raise UserError(no_lab_runs(directory))
    return publication


def _world_of(
    file: WorldFile, scenario: str | None, latency: Latency | None, clusters: int | None, clock: LabTime
) -> Lab:
    directory, lab = file.path.parent, file.load(clock)
    if lab is None:
        seed = secrets.randbelow(2**53)
        return Lab.from_scenario(
            scenario or DEFAULT_SCENARIO,
            clock=clock,
            latency=latency or DEFAULT_LATENCY,
            seed=seed,
            clusters=clusters,
        )
    if scenario is not None and scenario != lab.scenario:
        raise UserError(other_scenario(directory, lab.scenario, scenario))
    _check_count(directory, lab.cluster_count, clusters)
    if latency is not None:
        lab.latency = latency
    return lab


def _check_count(directory: Path, has: int, wanted: int | None) -> None:
    if wanted is not None and wanted != has:
        raise UserError(other_count(directory, has, wanted))


def _write_clusters(directory: Path, lab: Lab) -> tuple[Path, ...]:
    """Write the cluster files that are missing; one that is there may have been edited and is kept."""
    folder = directory / "clusters"
    folder.mkdir(exist_ok=True)
    files: list[Path] = []
    for name, text in lab.cluster_tomls().items():
        path = folder / f"{name}.toml"
        if not path.exists():
            write_atomically(path, text, durable=False)
        files.append(path)
    return tuple(files)


def _attach(directory: Path) -> Publication | None:
    """Return the publication of a host that really answers, or None while there is none."""
    try:
        publication = _read_publication(directory)
    except FileNotFoundError:
        return None
    return publication if _answers(publication) else None


def _discard_leftover(directory: Path) -> None:
    """Remove the publication of a killed host. Raises LabFolderDamaged, and keeps the file, if it is no such thing."""
    try:
        _read_publication(directory)
    except FileNotFoundError:
        return
    (directory / "lab.json").unlink()


def _read_publication(directory: Path) -> Publication:
    """Read `lab.json`. Raises FileNotFoundError, or LabFolderDamaged."""
    path = directory / "lab.json"
    try:
        content = json.loads(read_text(path, _LONGEST_PUBLICATION))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LabFolderDamaged(path, f"it could not be read ({error.strerror})") from error
    except ValueError as error:
        raise LabFolderDamaged(path, f"it is not JSON ({error})") from error
    except RecursionError as error:
        raise LabFolderDamaged(path, "its brackets are nested too deeply") from error
    if not isinstance(content, dict) or content.get("schema") != world_document.SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else None
        raise LabFolderDamaged.other_schema(path, found, world_document.SCHEMA)
    try:
        return Publication(
            port=int(content["port"]),
            arm_url=str(content["arm"]),
            ca=Path(content["ca"]),
            pid=int(content["pid"]),
            token=str(content["token"]),
            graph_token=str(content["graph_token"]),
            # A lab of an earlier version is controlled with the operator's token, and asks for no code.
            control_token=str(content.get("control_token", content["token"])),
            sign_in_code=str(content.get("sign_in_code", "")),
            scenario=str(content["scenario"]),
            latency=Latency(content["latency"]),
            cloud=str(content["cloud"]),
            clusters=tuple(Path(item) for item in content["clusters"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise LabFolderDamaged(path, f"wrong or missing: {error}") from error


def _answers(publication: Publication) -> bool:
    """Return whether the published lab accepts the published control token; what a killed host left behind does not."""
    try:
        context = ssl.create_default_context(cafile=str(publication.ca))
        connection = HTTPSConnection("localhost", publication.port, timeout=_PROBE_TIMEOUT_S, context=context)
    except OSError:
        return False
    with contextlib.closing(connection):
        try:
            # The control surface: no fault rule strikes or counts it.
            connection.request("GET", "/lab", headers={"Authorization": f"Bearer {publication.control_token}"})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False


def _check_effect(
    directory: Path, running: Publication, scenario: str | None, latency: Latency | None, port: int | None
) -> None:
    """Refuse to attach to a lab that is not the one that was asked for."""
    if scenario is not None and scenario != running.scenario:
        raise UserError(other_scenario(directory, running.scenario, scenario))
    if latency is not None and latency is not running.latency:
        raise UserError(different_lab_runs(directory, f"latency {running.latency.value}", latency.value))
    if port and port != running.port:  # 0 is any free port, and so this one as well
        raise UserError(different_lab_runs(directory, f"port {running.port}", str(port)))
