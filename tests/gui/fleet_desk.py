"""A window on many clusters: one lab, one pair of machines, and as many addresses as wanted; only the first is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

from PySide6.QtWidgets import QApplication

from tests.gui.desk import LEAVE_WITHIN_S, Desk, End, whole_window
from tests.rig import Rig, rig
from tgwizard.engine.clock import SystemClock
from tgwizard.engine.files.settings_file import load_settings
from tgwizard.engine.runs.failover_journal import FailoverJournal
from tgwizard.gui.app.app_context import AppContext, OpenedProgram
from tgwizard.gui.app.bridge import Bridge
from tgwizard.gui.style.focus_ring import FocusRing
from tgwizard.gui.style.theme import Theme
from tgwizard.lab.clock import LabTime
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.paths import SETTINGS_NAME

CITIES = ("dallas", "miami", "phoenix", "boston", "chicago", "seattle", "denver", "austin", "atlanta", "portland")


def many(made: Rig, count: int) -> tuple[ClusterSetup, ...]:
    """Clusters with names and addresses of their own; the lab's own cluster is the first."""
    others = (
        replace(
            made.setup,
            name=f"edge-{CITIES[number % len(CITIES)]}" + (f"-{number // 10}" if number >= 10 else ""),
            address=IPv4Address(int(IPv4Address("10.20.2.60")) + number),
        )
        for number in range(1, count)
    )
    return (made.setup, *others)


def hold(made: Rig, setups: tuple[ClusterSetup, ...]) -> None:
    """Attach addresses in the lab: on tg-node-b for every third cluster, on none for every fifth, else on tg-node-a."""
    for member, mine in ((made.a, lambda n: n % 3 != 0), (made.b, lambda n: n % 3 == 0)):

        def add(body: dict[str, Any], mine: Callable[[int], bool] = mine) -> None:
            configurations = body["properties"]["ipConfigurations"]
            primary = configurations[0]["properties"]
            for number, setup in enumerate(setups[1:], 1):
                if not mine(number) or number % 5 == 0:
                    continue
                settings: dict[str, Any] = {
                    "privateIPAddress": str(setup.address),
                    "privateIPAllocationMethod": "Static",
                }
                settings |= {
                    "primary": False,
                    "privateIPAddressVersion": "IPv4",
                    "subnet": {"id": primary["subnet"]["id"]},
                }
                if "applicationSecurityGroups" in primary:
                    settings["applicationSecurityGroups"] = primary["applicationSecurityGroups"]
                configurations.append({"name": f"held-{number}", "properties": settings})

        made.edit(member, add)


def around(folder: Path, *, is_lab: bool = True) -> AppContext:
    """Settings in a file of the test's own."""
    file = folder / SETTINGS_NAME
    return AppContext(
        "Embedded in this window",
        is_lab,
        settings=load_settings(file),
        settings_file=file,
        clusters_folder=folder / "clusters",
        can_practise=not is_lab,
    )


def open_fleet(
    theme: Theme, folder: Path, count: int, *, is_lab: bool = True, clock: LabTime | None = None
) -> tuple[Desk, End]:
    """A shown window on `count` clusters, real SDK, real jobs, in real time but for `clock`; call the end when done."""
    made = rig(
        Latency.INSTANT,
        clock=clock or cast("LabTime", SystemClock()),
        state=folder / "state",
        open_journal=FailoverJournal.open,
    )
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    ring = FocusRing(app, theme)
    bridge = Bridge()
    window = whole_window(theme, bridge, around(folder, is_lab=is_lab))
    bridge.start()
    window.show()
    setups = many(made, count) if count else ()
    if len(setups) > 1:
        hold(made, setups)
    window.show_opened(OpenedProgram(made.services, setups))

    def end() -> None:
        window.watching.stop()
        still = made.services.jobs.close(LEAVE_WITHIN_S)
        window.settings_store.flush()
        bridge.stop()
        window.hide()
        window.deleteLater()
        ring.deleteLater()
        bridge.deleteLater()
        assert not still, f"jobs outlived the window: {still}"

    return Desk(window, bridge, made, theme), end
