"""The window's entry. The first paint waits for as little as can be: two glances at files, and Qt.

``window_options_of`` reads the few words that open the window without the whole command line behind them; anything else
goes to ``app.main``, which understands them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tgwizard import paths

if TYPE_CHECKING:
    import logging

    from tgwizard.app.environments import Environment
    from tgwizard.cli.app_ports import EnvironmentChoice
    from tgwizard.engine.files.cluster_folder import ClusterFolderContent
    from tgwizard.engine.files.settings_file import SettingsRead
    from tgwizard.gui.app.app_context import AppContext, OpenedProgram
    from tgwizard.gui.app.destinations import Destination, Practice
    from tgwizard.gui.app.first_glance import Opening
    from tgwizard.model.cluster_setup import ClusterSetup

_FOLDERS = {"--lab-dir", "--config"}


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """Where the window is to open: a lab's folder, or None for the real Azure; and another settings folder, if any."""

    lab_dir: Path | None = None
    config: Path | None = None
    where: EnvironmentChoice | None = None
    """All that the command line said of the environment, the way of signing in included; None: plain words."""
    practice: Practice | None = None
    """What is practised in the lab, whose folder then goes with it. Its clusters lie in that folder alone."""
    settings: Path | None = None
    """The folder of its settings, when that is not the one of its clusters."""

    @property
    def settings_file(self) -> Path:
        """The settings file it goes by."""
        return (self.settings or self.config or paths.config_dir()) / paths.SETTINGS_NAME

    @property
    def clusters(self) -> Path:
        """The folder of its cluster files."""
        return (self.config or self.lab_dir or paths.config_dir()) / "clusters"

    @property
    def place(self) -> str:
        """What to call the environment; a cloud that has no title of its own by the address that was given."""
        if self.practice is not None:
            return "Two pretend machines on this computer"
        if self.lab_dir is not None:
            return f"Lab in {self.lab_dir}"
        from tgwizard.model.cloud import KNOWN  # not before the first paint of a lab, which has no cloud

        cloud = (self.where.cloud if self.where is not None else None) or "public"
        titles = {known.name: known.title for known in KNOWN}
        return titles.get(cloud.lower(), f"Azure at {cloud}")


def window_options_of(words: Sequence[str]) -> WindowOptions | None:
    """What plain words ask for: none, ``--lab``, ``--lab-dir DIR`` and ``--config DIR``. None: ask ``app.main``."""
    found: dict[str, Path] = {}
    lab = False
    rest = list(words)
    while rest:
        word, _, value = rest.pop(0).partition("=")
        if word == "--lab" and not value:
            lab = True
        elif word in _FOLDERS and (value or (rest and not rest[0].startswith("-"))):
            found[word] = paths.expanded(value or rest.pop(0)).absolute()
        else:
            return None
    return WindowOptions(found.get("--lab-dir") or (paths.lab_dir() if lab else None), found.get("--config"))


def open_window(options: WindowOptions) -> int:
    """Show the window until it is closed; the exit code."""
    from tgwizard.gui.start import start

    logs: list[logging.Handler | None] = []
    first = opening_of(options, logs)
    try:
        return start(
            first.open_program, first.glance, first.surround, lambda where: opening_of(options_at(options, where), logs)
        )
    finally:
        _stop(logs)


def opening_of(options: WindowOptions, logs: list[logging.Handler | None]) -> Opening:
    """How a window opens with these options; the log is begun once, and put into ``logs``."""
    from tgwizard.gui.app.first_glance import Opening, glance_at

    state = _state_folder(options)
    is_lab = options.lab_dir is not None
    glance = glance_at(options.settings_file, options.clusters, options.place, state, is_lab=is_lab)
    if options.practice is not None:
        from tgwizard.gui.app.destinations import Practice
        from tgwizard.gui.app.nav_pages import NavPage

        first = NavPage.SET_UP if options.practice is Practice.SET_UP else None
        glance = glance._replace(practice=options.practice, first=first, read_only=False)
    return Opening(glance, lambda: open_program(options), lambda: _surround(options, state, logs))


def options_at(options: WindowOptions, where: Destination) -> WindowOptions:
    """The options with which a window goes on elsewhere: the same settings, and what practises is kept apart.

    Each practice has a lab folder of its own, for as long as it lasts: the user's lab, its world and its clusters stay
    as they are, and nothing is met of an earlier practice.
    """
    from tgwizard.cli.app_ports import EnvironmentChoice

    if where.practice is None:
        return WindowOptions(config=options.config, where=EnvironmentChoice(config=options.config, cloud=where.cloud))
    import secrets
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"tgwizard-practice-{secrets.token_hex(8)}"
    return WindowOptions(folder, practice=where.practice, settings=options.config)


def _state_folder(options: WindowOptions) -> Path:
    """Where journals and locks lie. The settings are read in full only when they may name another folder."""
    if options.lab_dir is not None:
        return options.lab_dir / "state"
    from tgwizard.engine.files.file_reading import read_text

    try:
        named = "data_folder" in read_text(options.settings_file)
    except OSError:
        named = False
    if not named:
        return paths.state_dir()
    from tgwizard.app.open_environment import data_folder
    from tgwizard.model.problem import UserError

    try:
        return data_folder(_settings(options))
    except UserError:
        return paths.state_dir()  # opening the environment tells what is wrong; until then nothing is written


def _settings(options: WindowOptions) -> SettingsRead:
    from tgwizard.engine.files.settings_file import load_settings

    return load_settings(options.settings_file)


def _surround(options: WindowOptions, state: Path | None, logs: list[logging.Handler | None]) -> AppContext:
    """What the real window is told, after the first paint. From here on the log is written."""
    from tgwizard.app.logs import log_file, log_start, redact
    from tgwizard.gui.app.app_context import AppContext

    settings = _settings(options)
    if not logs:
        logs.append(log_start(settings, "OpenWindow"))
    return AppContext(
        options.place,
        options.lab_dir is not None,
        log_file(paths.log_dir()),
        redact,
        settings,
        options.settings_file,
        state,
        options.clusters,
        options.practice,
        can_practise=options.lab_dir is None,
        place_options=_where(options).options,
    )


def _where(options: WindowOptions) -> EnvironmentChoice:
    from tgwizard.cli.app_ports import EnvironmentChoice

    return options.where or EnvironmentChoice(options.lab_dir, options.config)


def _stop(logs: Sequence[logging.Handler | None]) -> None:
    if logs:
        from tgwizard.app.logs import stop_logging

        for handler in logs:
            stop_logging(handler)


@dataclass(frozen=True, slots=True)
class _Saved:
    """The cluster files of an open environment."""

    place: Environment

    def load(self) -> ClusterFolderContent:
        return self.place.profiles.read_all()

    def adopt(self, file: Path) -> ClusterSetup:
        return self.place.profiles.adopt(file, self.place.check).setup


def _refuse_if_none(read: ClusterFolderContent) -> None:
    """UserError with every fault when no file can be used; else the window opens on the others and tells them."""
    from tgwizard.model.problem import UserError

    if read.problems and not read.clusters:
        raise UserError(*read.problems)


def open_program(
    options: WindowOptions, connect: Callable[[EnvironmentChoice], Environment] | None = None
) -> OpenedProgram:
    """Open what the window works on, on a worker thread; UserError with the reason when that cannot be.

    A lab that dies meanwhile runs in no program any more: it is opened once again, in this one. ``connect``: how an
    environment is opened, if not as the program does.
    """
    from tgwizard.app.open_environment import open_environment
    from tgwizard.lab.storage.folder_problems import stopped
    from tgwizard.model.problem import UserError
    from tgwizard.model.run_origin import Program

    where, connect = _where(options), connect or open_environment
    if options.practice is not None:
        return _open_practice(options, partial(open_environment, scenario=options.practice.value))
    try:
        return _open(where, connect(where).used_by(Program.WINDOW))
    except UserError as error:
        if where.lab_dir is None or error.problem.code not in _LAB_DIED:
            raise
    try:
        return _open(where, connect(where).used_by(Program.WINDOW))
    except UserError as error:
        if error.problem.code not in _LAB_DIED:
            raise
        raise UserError(stopped(where.lab_dir), *error.problems) from error


def _open_practice(options: WindowOptions, connect: Callable[[EnvironmentChoice], Environment]) -> OpenedProgram:
    """A lab that is there for one practice: when that is closed, its folder goes."""
    where = _where(options)

    def clear_away() -> None:
        import shutil

        if where.lab_dir is not None:
            shutil.rmtree(where.lab_dir, ignore_errors=True)

    try:
        opened = _open(where, connect(where))
    except BaseException:
        clear_away()
        raise

    def close() -> None:
        try:
            opened.close()
        finally:
            clear_away()

    return replace(opened, close=close)


_LAB_DIED = ("lab-not-answering", "lab-stopped")


def _open(where: EnvironmentChoice, place: Environment) -> OpenedProgram:
    from tgwizard.app.open_environment import sign_in_as
    from tgwizard.gui.app.app_context import LabLocation, OpenedProgram

    saved = _Saved(place)
    try:
        if where.sign_in is not None:
            sign_in_as(place, where)
        read = saved.load()
        _refuse_if_none(read)
        place.prepare(read.clusters)
        control = place.control()
        epoch = control.state().epoch if control is not None else 0
    except BaseException:
        place.close()
        raise
    if control is None or place.lab is None:
        return OpenedProgram(place.services, read.clusters, place.close, saved=saved, problems=read.problems)
    lab = place.lab

    def close() -> None:
        place.wait_for_others()
        control.close()
        place.close()

    lab_where = LabLocation(str(lab.directory), lab.arm_url, str(lab.ca))
    return OpenedProgram(
        place.services, read.clusters, close, control, lab_where, epoch, saved, read.problems, lab_link=place.link
    )
