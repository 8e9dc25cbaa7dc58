"""Opens the lab or cloud that window or command were started for: where its state lies, and who is signed in.

Nothing heavy is imported before an environment is opened.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tgwizard import paths
from tgwizard.cli.app_ports import EnvironmentChoice
from tgwizard.cli.sign_in_option import sign_in_request_of
from tgwizard.engine.files.settings_file import SettingsRead, load_settings
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.settings import DATA_FOLDER
from tgwizard.paths import SETTINGS_NAME

if TYPE_CHECKING:
    from tgwizard.app.environments import Environment


def open_environment(where: EnvironmentChoice, scenario: str | None = None) -> Environment:
    """Open a lab's folder, or the real Azure; UserError when that cannot be. ``scenario``: of the lab."""
    from tgwizard.app.environments import open_lab_environment, open_real_environment

    if where.lab_dir is not None:
        return open_lab_environment(where.lab_dir, config=where.config, scenario=scenario)
    settings = load_settings((where.config or paths.config_dir()) / SETTINGS_NAME)
    return open_real_environment(
        config=where.config, state=data_folder(settings), cloud=where.cloud, tenant=where.tenant
    )


def data_folder(settings: SettingsRead) -> Path:
    """Where journals and locks of real clusters lie: what the environment says, else the setting, else the system.

    UserError when the setting cannot be read: in another folder nothing would be known of an interrupted run.
    """
    if os.environ.get("TGWIZARD_STATE_DIR"):
        return paths.state_dir()
    if DATA_FOLDER.key in settings.unknown:
        what = f"Where journals and locks lie is not known, because the setting {DATA_FOLDER.key} cannot be read."
        why = "In another folder nothing would be known of an interrupted run. Nothing was asked or changed."
        raise UserError(Problem("data-folder-not-known", what, why, "Correct the settings file."), *settings.problems)
    chosen = DATA_FOLDER.value_of(settings.settings)
    return paths.state_dir() if chosen is None else chosen


def sign_in_as(place: Environment, where: EnvironmentChoice) -> None:
    """Sign the window in the way the command line said; UserError with the reason when that fails."""
    from tgwizard.engine.azure_call_error import AzureCallError
    from tgwizard.engine.cancel import CancelToken

    try:
        place.services.sign_in.sign_in(sign_in_request_of(where, place.services), lambda _prompt: None, CancelToken())
    except AzureCallError as failure:
        raise UserError(failure.problem) from failure
