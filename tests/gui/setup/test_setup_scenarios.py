"""Each scenario from signing in to applied, in the window; afterwards the members move the address by themselves.

What they may do is what the lab enforces: before the set-up their failover is refused, after it it is done.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.engine.setup.apply.scenarios import fail_over_as
from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS
from tests.gui.setup_desk import SetupDesk
from tests.gui.setup_walk import go_on, looks_right, ready, walk_to
from tests.rig import SetupRig
from tgwizard.engine.setup.planner import read_cluster
from tgwizard.gui.setup.review_step import ReviewPage
from tgwizard.gui.setup.role_step import RolePage
from tgwizard.gui.widgets.print_page import document_of
from tgwizard.gui.widgets.tick_box import TickBox
from tgwizard.lab.clock import VirtualClock
from tgwizard.lab.latency import Latency
from tgwizard.lab.rbac.role_records import Propagation
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.role import PrincipalKind, RoleAssignment, RoleKind
from tgwizard.model.setup_answers import SetupStep

ROLE = "tg-cluster-ip-failover"
ASG_JOIN = "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action"
LONG_ENOUGH_S = 700.0
"""More than the ten minutes that Azure's propagation takes."""


def is_own_role(rig: SetupRig) -> str:
    """The GUID of the scenario's own role."""
    roles = rig.services.azure.access.role_definitions(rig.scope)
    return next(role.guid for role in roles if role.kind is RoleKind.CUSTOM and role.name == ROLE)


def nobody_set_it_up(rig: SetupRig) -> None:
    """Take the scenario's role and its assignments away, as if it had never been set up."""
    access, guid = rig.services.azure.access, is_own_role(rig)
    for item in access.role_assignments(rig.scope):
        if item.role_guid.lower() == guid:
            access.delete_assignment(item, request_id=str(uuid.uuid4()))
    access.delete_role(rig.scope, guid, request_id=str(uuid.uuid4()))
    rig.clock.sleep(LONG_ENOUGH_S)


def as_slow_as_azure(rig: SetupRig) -> None:
    """Rights arrive after minutes, lists flicker."""
    rig.lab.directory.propagation, rig.lab.directory.flicker = Propagation.AZURE, True


def cluster(desk: SetupDesk) -> ClusterSetup:
    """The cluster as the wizard would save it now."""
    wizard = desk.wizard
    assert wizard.plan is not None
    return read_cluster(desk.rig.services.azure, wizard.plan, wizard.session.shown)


def refused_before(desk: SetupDesk) -> None:
    """Neither member may take the address now: the lab enforces what the role says."""
    setup = cluster(desk)
    ended = fail_over_as(desk.rig, setup, setup.members[1], setup.members[1])
    assert ended.outcome is not Outcome.DONE, ended.reason
    assert desk.rig.services.azure.network.read_nic(setup.members[0].nic).lists(str(setup.address))


def moves_there_and_back(desk: SetupDesk) -> None:
    """Each member takes the address, with nothing but its own identity's rights."""
    desk.rig.clock.sleep(LONG_ENOUGH_S)
    setup = cluster(desk)
    for member in (setup.members[1], setup.members[0]):
        ended = fail_over_as(desk.rig, setup, member, member)
        assert ended.outcome is Outcome.DONE, ended.reason
        assert desk.rig.services.azure.network.read_nic(member.nic).lists(str(setup.address))


def apply_all(desk: SetupDesk, qtbot: QtBot, count: int) -> None:
    """Press Apply at the review, and wait for the verdict; just so many writes went out."""
    before = len(desk.rig.writes())
    go_on(desk, qtbot)
    assert desk.page.step is SetupStep.APPLY
    words = "1 change is done" if count == 1 else f"All {count} changes are done"
    qtbot.waitUntil(lambda: desk.says(f"Verdict: {words}"), timeout=PATIENCE_MS)
    looks_right(desk, qtbot)
    assert len(desk.rig.writes()) - before == count


def test_that_an_old_role_is_updated_and_everybody_whom_it_reaches_is_named_first(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    def someone_else_has_it(rig: SetupRig) -> None:
        guid, operator = is_own_role(rig), rig.services.azure.directory.caller().object_id
        theirs = RoleAssignment(str(uuid.uuid4()), rig.group(), guid, operator, PrincipalKind.USER)
        role_id = f"{rig.scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        rig.services.azure.access.put_assignment(theirs, role_id, request_id=str(uuid.uuid4()))
        # Lists show what is new only now and then; this is not new.
        rig.clock.sleep(LONG_ENOUGH_S)
        as_slow_as_azure(rig)

    desk = setup_desk("old-role", clock=VirtualClock(), latency=Latency.AZURE, before=someone_else_has_it)
    walk_to(desk, qtbot, SetupStep.ROLE)
    ready(desk, qtbot)
    # Others have the role: a role for this cluster is suggested, and the old one is one click away.
    assert desk.says("Ten actions, its own name. The old role stays as it is.")
    lacks = "Lacks applicationSecurityGroups/joinIpConfiguration/action"
    assert desk.says(f"Found here. {lacks}. 1 other assignment of it gains the same.")
    desk.press(f"Update {ROLE}")
    ready(desk, qtbot)
    assert desk.says(f"{ROLE} has nine of the ten actions")
    assert desk.says(f"{ASG_JOIN}, needed to keep the application security groups, to be added")
    desk.press("JSON")
    assert desk.step_page(RolePage).code.isVisible()
    desk.press("Other clusters using it")
    assert desk.says(f"Lab Operator, from {desk.rig.group()}")
    looks_right(desk, qtbot)
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    assert desk.says(f"change: Add one action to {ROLE}, changes 3 assignments")
    refused_before(desk)
    apply_all(desk, qtbot, 1)
    moves_there_and_back(desk)


def test_that_a_busy_interface_takes_its_public_ip_and_pools_along(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = setup_desk("busy-nic", clock=VirtualClock(), latency=Latency.AZURE, before=as_slow_as_azure)
    walk_to(desk, qtbot, SetupStep.ROLE)
    ready(desk, qtbot)
    desk.press("Continue")
    assert desk.page.step is SetupStep.ROLE
    assert desk.says("These interfaces need 3 actions beyond Trustgrid's ten.")
    desk.press("Add the 3 actions")
    qtbot.waitUntil(lambda: not desk.says("These interfaces need 3 actions"), timeout=PATIENCE_MS)
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    assert desk.says(f"change: Add 3 actions to {ROLE}, changes 2 assignments: tg-node-a and tg-node-b")
    refused_before(desk)
    apply_all(desk, qtbot, 1)
    moves_there_and_back(desk)
    carried = cluster(desk).carried
    assert carried.public_ip is not None
    assert carried.pools


def test_that_a_network_elsewhere_is_assigned_in_each_of_its_groups(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    def before(rig: SetupRig) -> None:
        nobody_set_it_up(rig)
        as_slow_as_azure(rig)

    desk = setup_desk("vnet-elsewhere", clock=VirtualClock(), latency=Latency.AZURE, before=before)
    walk_to(desk, qtbot, SetupStep.SCOPE)
    ready(desk, qtbot)
    for group in ("rg-tg-prod", "rg-security", "rg-network"):
        assert desk.says(f"{group}: Holds the ")
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    for group in ("rg-tg-prod", "rg-security", "rg-network"):
        for machine in ("tg-node-a", "tg-node-b"):
            assert desk.says(f"add: Role for {machine} on {group}, Holds the ")
    refused_before(desk)
    apply_all(desk, qtbot, 7)
    moves_there_and_back(desk)


def test_that_what_is_set_up_already_goes_from_review_to_verify_without_a_write(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    desk = setup_desk("vnet-elsewhere")
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    assert desk.says("Everything is already right")
    go_on(desk, qtbot)
    assert desk.page.step is SetupStep.VERIFY
    ready(desk, qtbot)
    assert desk.rig.writes() == []


def test_that_a_reader_ends_in_an_export_and_a_sentence_and_nothing_is_tried(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    desk = setup_desk("reader", clock=VirtualClock())
    walk_to(desk, qtbot, SetupStep.MACHINES)
    desk.press("tg-node-a and tg-node-b")
    walk_to(desk, qtbot, SetupStep.FLOATING_IP)
    desk.press("Use 10.20.2.254")
    qtbot.waitUntil(lambda: desk.says("Use tg-floating-1"), timeout=PATIENCE_MS)
    desk.press("Use tg-floating-1")
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    assert desk.says("None of the changes is yours to make.")
    clipboard = QApplication.clipboard()
    for tab, held in (
        ("az CLI", "az network nic"),
        ("Terraform", "azurerm"),
        ("Portal checklist", "10.20.2.254"),
    ):
        desk.press(tab)
        looks_right(desk, qtbot)
        desk.press(f"Copy {tab}")
        assert held in clipboard.text(), tab
    desk.press("Copy a request")
    assert "tg-node-a" in clipboard.text()
    desk.press("Apply")
    assert desk.page.step is SetupStep.REVIEW
    assert desk.wizard.applier.plan is None
    assert desk.rig.writes() == []


def test_that_the_checklist_is_a_page_whose_ticks_stay_while_the_wizard_is_open(
    setup_desk: OpenSetupDesk, qtbot: QtBot
) -> None:
    desk = setup_desk("fresh", clock=VirtualClock())
    walk_to(desk, qtbot, SetupStep.REVIEW)
    ready(desk, qtbot)
    desk.press("Portal checklist")
    looks_right(desk, qtbot)
    assert not desk.says("# ")
    page = desk.step_page(ReviewPage)
    boxes = page.findChildren(TickBox)
    assert len(boxes) > 20
    assert any(box.accessibleName().startswith("1. ") for box in boxes)
    assert desk.says(f"0 of {len(boxes)} steps ticked.")
    boxes[0].click()
    assert desk.says(f"1 of {len(boxes)} steps ticked.")
    shown = page._shown
    page.show_review(replace(shown, exports=()))
    page.show_review(shown)
    desk.press("Portal checklist")
    qtbot.waitUntil(lambda: desk.says(f"1 of {len(boxes)} steps ticked."), timeout=PATIENCE_MS)
    assert [box.isChecked() for box in page.findChildren(TickBox) if box.isVisible()].count(True) == 1
    assert "\u2610" in document_of(shown.checklist_page).toPlainText()
