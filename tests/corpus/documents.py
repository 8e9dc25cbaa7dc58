"""The files that people and the program keep: settings, drafts, cluster files, and a lab's folder."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

from tests.corpus.steady import Renamer, drawn_in_order
from tests.engine.setup.test_walk_on_the_lab import Person
from tests.engine.worlds import give_public_ip
from tests.rig import rig, setup_rig
from tgwizard.engine.files.cluster_file import keep_carried, load_cluster, save_cluster
from tgwizard.engine.files.settings_file import save_value
from tgwizard.engine.setup.draft import FILE_NAME as DRAFT_NAME
from tgwizard.engine.setup.draft import save_draft
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.latency import Latency
from tgwizard.lab.storage.lab_folder import HostedLab, open_lab
from tgwizard.model.cluster_setup import CarriedConfiguration, SavedRole
from tgwizard.model.role import RoleKind
from tgwizard.model.settings import ALL
from tgwizard.model.setup_answers import SetupStep
from tgwizard.paths import SETTINGS_NAME

CHOSEN: dict[str, Any] = {
    "window.theme": "dark",
    "window.contrast": "high",
    "window.reduced_motion": True,
    "window.place": [40, 60, 1440, 900],
    "window.maximised": True,
}
"""Values of settings whose example is the default, or which have none."""
BEGUN = "# My own settings.\n\n[window]  # how it looks\n"


def settings(folder: Path) -> dict[str, bytes]:
    """Every setting with another value than its default, in a file that somebody had begun."""
    file = folder / SETTINGS_NAME
    file.parent.mkdir(parents=True)
    file.write_text(BEGUN, "utf-8")
    for setting in ALL:
        save_value(file, setting, other_value(setting))
    return {f"documents/{SETTINGS_NAME}": file.read_bytes()}


def other_value(setting: Any) -> Any:
    """A value of the setting that is not its default."""
    tried = [
        CHOSEN.get(setting.key),
        setting.example,
        not setting.default,
        ["edge-dallas"],
        [1, 2, 300, 400],
        7,
        45,
        "x",
    ]
    if isinstance(setting.default, Enum):
        tried += [item.value for item in type(setting.default)]
    for value in tried:
        try:
            found = setting.parse(json.loads(value) if value in ("true", "false") else value)
        except (ValueError, TypeError):
            continue
        if found != setting.default:
            return found
    raise AssertionError(f"no other value of {setting.key} is known")


def drafts(folder: Path) -> dict[str, bytes]:
    """The draft at each step of a walk through the wizard, and one of a walk that went back."""
    kept = {}
    person = Person(setup_rig("fresh", state=folder / "state"))
    while True:
        file = folder / person.state.step.name.lower() / DRAFT_NAME
        save_draft(file, person.state, person.rig.clock.wall())
        kept[f"documents/drafts/{person.state.step.name.lower().replace('_', '-')}.json"] = file.read_bytes()
        if person.state.step is SetupStep.REVIEW:
            return kept
        person.press_continue()


ODD = CarriedConfiguration(
    {"publicIPAddress": {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p"},
     "futureList": [1, {"deep": True}], "futureNothing": {"a": None}},
    {"zones": ["1"]},
)  # fmt: skip
"""Fields of a configuration: one that is known, some that nobody knows yet, one that TOML cannot say."""


def clusters(folder: Path) -> dict[str, bytes]:
    """Cluster files: the lab's own, one with a role, one with what travels, one that people had begun by hand."""
    made = rig(Latency.FAST, state=folder / "state")
    own = made.setup.file
    assert own is not None
    kept = {"lab": own.read_bytes()}
    scope = f"/subscriptions/{made.setup.subscription}"
    guid = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/5a3b0c1e-0000-4000-8000-0000000000aa"
    role = SavedRole(guid, "tg-cluster-ip-failover", RoleKind.CUSTOM, (f"{scope}/resourceGroups/rg-tg-prod",))
    for name, setup in {
        "role": replace(made.setup, role=role),
        "odd-fields": replace(made.setup, carried=ODD),
    }.items():
        save_cluster(folder / f"{name}.toml", replace(setup, file=None))
        kept[name] = (folder / f"{name}.toml").read_bytes()
    give_public_ip(made)
    made.fail_over()
    kept["carried"] = own.read_bytes()
    by_hand = folder / "by-hand.toml"
    by_hand.write_text(kept["lab"].decode().replace("\n\n[[member]]", "  # ours\n\n[[member]] # one\n", 1))
    keep_carried(load_cluster(by_hand, made.services.cloud), ODD)
    kept["by-hand"] = by_hand.read_bytes()
    return {f"documents/clusters/{name}.toml": text for name, text in kept.items()}


SECRET = re.compile(r"token|code|secret")


def lab_folder(folder: Path) -> dict[str, bytes]:
    """What a program that holds a lab publishes, without its secrets; names and modes of the files in its folder."""
    with drawn_in_order(), open_lab(folder / "lab", clock=VirtualClock()) as lab:
        assert isinstance(lab, HostedLab)
        published = json.loads((lab.directory / "lab.json").read_text("utf-8"))
        text = (lab.directory / "lab.json").read_text("utf-8")
        assert json.dumps(published, indent=1) == text
        rename = Renamer({str(lab.directory): "/lab", str(lab.port): "8443", lab.cloud: "lab-000000000000"})
        steady = {key: "..." if SECRET.search(key) else value for key, value in published.items()} | {"pid": 4242}
        files = sorted(path for path in lab.directory.rglob("*") if path.is_file())
        listing = [f"{path.stat().st_mode & 0o777:o} {path.relative_to(lab.directory)}\n" for path in files]
        kept = {
            "lab.json": rename(json.dumps(steady, indent=1)),
            "files.txt": "".join(listing),
        }
    return {f"documents/lab/{name}": text.encode() for name, text in kept.items()}


PARTS = {"settings": settings, "drafts": drafts, "clusters": clusters, "lab": lab_folder}
