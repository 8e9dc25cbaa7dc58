"""The cluster picture: where the pill stands, what is said of it, and how it makes room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui.cluster.test_run_model import run_events
from tests.gui.desk import PATIENCE_MS, accessible_description, accessible_name
from tests.rig import Rig
from tgwizard.engine.observe import Observer
from tgwizard.gui.cluster.cluster_picture import ClusterPicture
from tgwizard.gui.cluster.cluster_view_model import aged, azure_holder, picture, picture_unread, state_shape
from tgwizard.gui.cluster.picture_layout import CARD_MIN, PictureMeasures, lay_out
from tgwizard.gui.cluster.picture_model import HOLDER, NOT_HOLDER, Dock, PictureShown, PillState
from tgwizard.gui.cluster.run_model import RunModel
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.model.cluster_readiness import ClusterState
from tgwizard.model.snapshot import LocationKind, Snapshot
from tgwizard.model.verdict import VerdictName, assess

MEASURES = PictureMeasures(head=20, pill_width=148, pill_height=34, card_height=184, link_height=64)


def seen(lab: Rig) -> Snapshot:
    return Observer(lab.services.azure, lab.clock, lab.setup).look()


def shown(lab: Rig) -> PictureShown:
    snapshot = seen(lab)
    return picture(snapshot, assess(snapshot))


@pytest.mark.parametrize("width", [420, 560, 752, 760, 804, 936, 1300, 2000])
@pytest.mark.parametrize("at", [0.0, 0.04, 0.25, 0.5, 0.96, 1.0])
def test_that_the_pill_touches_a_dock_only_at_the_ends_of_its_way(width: int, at: float) -> None:
    layout = lay_out(width, MEASURES)
    box = layout.pill_at(at)
    docked = [pill for pill in layout.pills if box.intersects(pill)]
    if at in {0.0, 1.0}:
        assert docked == [layout.pills[int(at)]]
        assert box == layout.pills[int(at)]
    else:
        assert docked == []


@pytest.mark.parametrize("width", [420, 560, 752, 760, 804, 1300])
def test_that_nothing_on_the_picture_overlaps_or_leaves_it(width: int) -> None:
    layout = lay_out(width, MEASURES)
    whole = QRectF(0, 0, width, layout.height)
    parts = [layout.head, *layout.pills, *layout.cards]
    for index, part in enumerate(parts):
        assert whole.contains(part)
        assert not any(part.intersects(other) for other in parts[index + 1 :])


def test_that_members_are_stacked_when_a_card_would_be_too_narrow() -> None:
    assert not lay_out(2 * 24 + 104 + 2 * CARD_MIN, MEASURES).stacked
    assert lay_out(2 * 24 + 104 + 2 * CARD_MIN - 2, MEASURES).stacked


def test_that_the_filled_pill_is_on_the_holders_dock(lab: Rig) -> None:
    drawn = shown(lab)
    assert drawn.docks == (Dock.HOLDS, Dock.WOULD_DOCK)
    assert drawn.pill.state is PillState.HELD
    assert drawn.pill.at == 0.0
    assert [member.role for member in drawn.members] == [HOLDER, NOT_HOLDER]
    assert drawn.members[1].own_address.value == "10.20.2.12"


def test_that_old_readings_are_never_drawn_as_held(lab: Rig) -> None:
    old = aged(seen(lab), lab.clock.monotonic() + 42)
    drawn = picture(old, assess(old))
    assert drawn.pill.state is PillState.NOT_KNOWN
    assert drawn.docks[0] is Dock.NOT_KNOWN
    verdict = assess(old)
    assert verdict.name is VerdictName.NOT_KNOWN
    assert verdict.sentence == "Last known 42 s ago: tg-node-a held 10.20.2.50"
    assert state_shape(ClusterState(verdict.name.value)) is Shape.NOT_KNOWN
    assert not azure_holder(old).known


def test_that_the_pill_hangs_between_the_docks_when_the_address_is_on_no_nic(lab: Rig) -> None:
    lab.edit(
        lab.a,
        lambda body: body["properties"].update(
            ipConfigurations=[
                item
                for item in body["properties"]["ipConfigurations"]
                if item["properties"]["privateIPAddress"] != lab.address
            ]
        ),
    )
    lab.clock.sleep(20)
    drawn = shown(lab)
    assert drawn.pill.state is PillState.NO_NIC
    assert 0.0 < drawn.pill.at < 1.0
    assert "on no NIC" in drawn.pill.spoken


def test_that_during_a_run_the_pill_moves_with_real_progress_and_docks_only_when_azure_shows_the_holder(
    lab: Rig,
) -> None:
    before = seen(lab)
    lab.fail_over()
    state, places = RunModel(), []
    for event in run_events(lab):
        state = state.after(event)
        if state.started is None or state.finished is not None:
            continue
        drawn = picture(before, assess(before), state, event.stamp.clock_s)
        if state.place.kind in {LocationKind.NO_NIC, LocationKind.ATTACHING}:
            assert drawn.pill.state is PillState.MOVING
            assert 0.0 < drawn.pill.at < 1.0
            assert drawn.docks == (Dock.DETACHED, Dock.ATTACHING)
            places.append(drawn.pill.at)
    assert places == sorted(places)
    assert len(set(places)) > 3


def test_that_the_interface_a_run_writes_is_shown_as_updating_before_the_monitor_has_read_it(lab: Rig) -> None:
    before = seen(lab)
    lab.fail_over()
    run, states = RunModel(), dict[LocationKind, set[tuple[str, str]]]()
    for event in run_events(lab):
        run = run.after(event)
        if run.started is not None and run.finished is None:
            made = picture(before, assess(before), run, lab.clock.monotonic())
            words = (made.members[0].provisioning.value, made.members[1].provisioning.value)
            states.setdefault(run.place.kind, set()).add(words)
    assert states[LocationKind.RELEASING] == {("Updating", "Succeeded")}
    assert states[LocationKind.ATTACHING] == {("Succeeded", "Updating")}
    assert states[LocationKind.NO_NIC] == {("Succeeded", "Succeeded")}


def test_that_the_subnets_range_is_in_the_head_once_it_was_read(lab: Rig) -> None:
    observer = Observer(lab.services.azure, lab.clock, lab.setup)
    assert picture(observer.look(), assess(observer.look())).subnet_range == ""
    observer.look_at_subnet()
    assert picture(observer.look(), assess(observer.look())).subnet_range == "10.20.2.0/24"


def test_that_the_picture_has_a_role_a_description_and_its_parts_in_order(theme: Theme, qtbot: QtBot, lab: Rig) -> None:
    drawing = ClusterPicture(theme)
    qtbot.addWidget(drawing)
    drawing.show_picture(shown(lab))
    interface = QAccessible.queryAccessibleInterface(drawing)
    assert interface.role() == QAccessible.Role.Graphic
    assert accessible_name(drawing) == "Cluster picture"
    assert accessible_description(drawing) == "In sync: tg-node-a holds 10.20.2.50"
    parts = [drawing.pill, *drawing.cards, drawing.heartbeat]
    assert [accessible_name(part) for part in parts] == [
        "10.20.2.50, on tg-node-a",
        "tg-node-a",
        "tg-node-b",
        "Heartbeat: not connected",
    ]
    assert "NIC tg-node-a-inside, own IP 10.20.2.11, Succeeded" in accessible_description(drawing.cards[0])


def test_that_the_arrows_walk_through_the_picture(theme: Theme, qtbot: QtBot, lab: Rig) -> None:
    drawing = ClusterPicture(theme)
    qtbot.addWidget(drawing)
    drawing.show_picture(shown(lab))
    with qtbot.waitExposed(drawing, timeout=PATIENCE_MS):
        drawing.show()
    drawing.activateWindow()
    drawing.pill.setFocus()
    qtbot.waitUntil(drawing.pill.hasFocus, timeout=PATIENCE_MS)
    QTest.keyClick(drawing.pill, Qt.Key.Key_Right)
    assert drawing.cards[0].hasFocus()
    QTest.keyClick(drawing.cards[0], Qt.Key.Key_End)
    assert drawing.heartbeat.hasFocus()


def test_that_pointing_at_a_button_shows_the_roles_after_it_and_leaving_shows_the_present(
    theme: Theme, qtbot: QtBot, lab: Rig
) -> None:
    drawing = ClusterPicture(theme)
    qtbot.addWidget(drawing)
    drawing.show_picture(shown(lab))
    plain = drawing.grab().toImage()
    drawing.preview(1)
    assert drawing.grab().toImage() != plain
    drawing.preview(None)
    assert drawing.grab().toImage() == plain


def test_that_nothing_is_known_before_the_first_read(theme: Theme, qtbot: QtBot, lab: Rig) -> None:
    drawing = ClusterPicture(theme)
    qtbot.addWidget(drawing)
    drawing.show_picture(picture_unread(lab.setup))
    assert drawing.pill.state is PillState.NOT_KNOWN
    assert accessible_name(drawing.pill) == "10.20.2.50, place not known"
