"""Everything Azure says is untrusted text: hostile names are shown as the text they are, whole or cut in the middle."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.engine.setup.hand_made import ADDRESS, answers, facts, nic, world
from tests.gui.conftest import OpenSetupDesk
from tests.gui.desk import PATIENCE_MS
from tests.gui.setup_desk import SetupDesk, page_among
from tests.gui.setup_walk import go_on, looks_right, pick, ready
from tests.gui.walk import wrong
from tests.spoil import HOSTILE, spoilt
from tgwizard.engine.access.matching_roles import Affected, action_rows
from tgwizard.engine.access.required_rights import computed_scopes, required_rights
from tgwizard.engine.discovery.pairs import pair_of, suggest_pairs
from tgwizard.engine.discovery.subnet_addresses import judge_address, occupancy
from tgwizard.engine.runs.records import WriteIntended, WriteKind
from tgwizard.engine.setup.planner import make_plan
from tgwizard.engine.setup.undo import UndoItem
from tgwizard.gui.setup.apply_controller import ApplyProgress
from tgwizard.gui.setup.apply_step import ApplyPage
from tgwizard.gui.setup.floating_ip_step import AddressShown, FloatingIpPage
from tgwizard.gui.setup.interface_step import InterfacePage, InterfaceShown
from tgwizard.gui.setup.machines_step import MachinesPage, MachinesShown
from tgwizard.gui.setup.review_step import ReviewPage, ReviewShown
from tgwizard.gui.setup.role_step import RoleOption, RolePage, RoleShown
from tgwizard.gui.setup.scope_step import ScopePage, ScopeShown
from tgwizard.gui.setup.sign_in_step import SignInPage, SignInShown
from tgwizard.gui.setup.subscription_step import SubscriptionPage
from tgwizard.gui.setup.undo_dialog import UndoDialog
from tgwizard.gui.setup.verify_step import VerifyPage
from tgwizard.gui.setup.verify_view_model import MeterShown, RehearsalLine, RestartShown, VerifyShown
from tgwizard.gui.setup.wizard_frame import WizardFrame
from tgwizard.gui.setup.wizard_page import PAGES
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.labels import LiveLine, LiveText, plain_tip
from tgwizard.gui.widgets.portal_panel import PortalShown
from tgwizard.gui.widgets.problem_box import ProblemShown
from tgwizard.gui.widgets.propagation_meter import BarShown, BarState
from tgwizard.gui.widgets.step_list import StepMark, StepShown
from tgwizard.lab.clock import VirtualClock
from tgwizard.model.chosen_machines import chosen_machines
from tgwizard.model.cluster import ResourceId
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.inventory import AddressAnswer, Caller, Inventory, SubscriptionSeen, TenantSeen
from tgwizard.model.problem import Problem
from tgwizard.model.role import PrincipalKind, RoleAssignment
from tgwizard.model.setup_answers import RoleAnswer, SetupStep
from tgwizard.model.setup_events import (
    ChangeDone,
    ChangeFailed,
    ChangeSkipped,
    ChangeStarted,
    ChangeWaiting,
    PropagationStage,
    SetupFinished,
)
from tgwizard.model.setup_plan import Right, WhoMay
from tgwizard.model.text import sanitize


def check_layout(frame: WizardFrame, question: str) -> None:
    """Nothing is nameless, cut off or covered; said again until the layout has come to rest."""
    assert wrong(frame) == [], question


def renamed(inventory: Inventory, text: str) -> Inventory:
    """The inventory with `text` in every place where Azure lets people write."""
    vms = tuple(replace(vm, location=text, zone=text, tags=(("cluster", text),)) for vm in inventory.vms)
    return replace(inventory, subscription=SubscriptionSeen(inventory.subscription.id, text, text), vms=vms)


def shown_text(root: QWidget) -> list[str]:
    """Everything that any widget shows or says."""
    found: list[str] = []
    for widget in root.findChildren(QWidget):
        found += [widget.accessibleName(), widget.accessibleDescription()]
        if isinstance(widget, QLabel):
            assert widget.textFormat() is Qt.TextFormat.PlainText
            found.append(widget.text().replace("\u2060", ""))
        elif isinstance(widget, LiveText | LiveLine):
            found.append(widget.text_shown)
    return found


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_no_page_is_spoilt_by_hostile_text(text: str, theme: Theme, qtbot: QtBot) -> None:
    inventory = renamed(world(), text)
    known = facts(inventory)
    given = replace(answers(inventory), caller=Caller(text, text, text))
    chosen = chosen_machines(given, inventory, known)
    needs, scopes = required_rights(chosen), computed_scopes(chosen)
    plan = make_plan(given, inventory, known)
    problem = Problem("hostile", text, text, text, text)
    others = Right(WhoMay.OTHERS, f"/subscriptions/x/resourceGroups/{text}", (text,), (text,), problem)
    plan = replace(plan, changes=tuple(replace(change, note=text, right=others) for change in plan.changes))
    first, second = chosen.vms
    pair = replace(pair_of(first, second, inventory), reasons=(text,), state_words=text)
    found = suggest_pairs(inventory)
    subnet = inventory.subnet(chosen.subnet)
    assert subnet is not None
    taken = occupancy(subnet, inventory, chosen)

    pages = [make(theme) for make in PAGES.values()]
    frame = WizardFrame(theme, pages[0], is_lab=True)
    qtbot.addWidget(frame)
    frame.resize(1440, 900)
    frame.show()
    caller = Caller(text, text, text)
    page_among(pages, SignInPage).show_sign_in(
        SignInShown(caller=caller, tenants=(TenantSeen("a", text), TenantSeen("b", text)))
    )
    page_among(pages, SubscriptionPage).show_subscriptions((inventory.subscription,) * 8, "", text)
    both = (first.id, second.id)
    page_among(pages, MachinesPage).show_machines(
        MachinesShown(inventory, replace(found, pairs=(pair,)), both, pair, text)
    )
    page_among(pages, InterfacePage).show_interfaces(InterfaceShown(pair.lan, given.nics))
    judged = judge_address(ADDRESS, taken, AddressAnswer(free=False, others=(text,)))
    page_among(pages, FloatingIpPage).show_address(
        AddressShown(taken, ADDRESS, (str(ADDRESS),), judged, members=sanitize(text, 30))
    )
    role = RoleAnswer(name=text)
    name = sanitize(text, 128)
    options = (RoleOption(role, name, name), RoleOption(RoleAnswer(guid="x"), name, name, wider=True))
    theirs = tuple(Affected(given_to(text), text, sanitize(text, 120), gone) for gone in (False, True))
    page_among(pages, RolePage).show_role(
        RoleShown(options, role, action_rows(needs, None), text, frozenset({0}), theirs)
    )
    page_among(pages, ScopePage).show_scopes(ScopeShown(scopes, machines=chosen.vms, subscription=text, stale=(text,)))
    page_among(pages, ReviewPage).show_review(ReviewShown(plan, access_request=text))
    page_among(pages, ApplyPage).show_applying(applying(text), 10.0, "Azure")
    verified = spoilt(VERIFIED, text, keep=OURS)
    page_among(pages, VerifyPage).show_verify(replace(verified, machines=(("one", text), ("two", text))))
    steps = tuple(StepShown("Step", text, StepMark.ANSWERED, number == 0, True) for number in range(10))
    frame.side.show_steps(steps)
    frame.side.show_cluster(text)
    frame.show_portal(PortalShown(text, ((text, text),), "https://portal.azure.com", text, "Why we ask", text))
    for page in pages:
        page.problems.tell((ProblemShown(problem, Shape.BROKEN),))
        frame.show_page(page)
        qtbot.waitUntil(partial(check_layout, frame, page.question), timeout=PATIENCE_MS)
    for widget in frame.findChildren(QWidget):
        tip = widget.toolTip()
        assert not GuiQt.mightBeRichText(tip) or tip == plain_tip(text) or tip.startswith("<qt>"), tip


def given_to(text: str) -> RoleAssignment:
    """An assignment whose principal and scope are whatever Azure says."""
    return RoleAssignment("g", text, "r", text, PrincipalKind.OTHER)


def applying(text: str) -> ApplyProgress:
    """A run of which every kind of event told something foreign, and which failed for a foreign reason."""
    stamp = Stamp(datetime(2026, 3, 2, 9, tzinfo=UTC), 1.0)
    problem = Problem("hostile", text, text, text, text)
    events = (
        ChangeStarted(stamp, "a", text),
        ChangeWaiting(stamp, "a", text, 2.0),
        ChangeStarted(stamp, "b", text),
        ChangeDone(stamp, "b", text, 3.0),
        ChangeStarted(stamp, "c", text),
        ChangeFailed(stamp, "c", text, problem),
        ChangeSkipped(stamp, "d", text, text),
        SetupFinished(stamp, "apply", Outcome.FAILED, text, ("b",), ("c",), ("d",), problem),
    )
    found = ApplyProgress(running=True)
    for event in events:
        found = found.after(event)
    return found


OURS = frozenset({"key", "ask", "machines", "machine", "bars", "rehearsal_state", "marks", "proof", "title"})
"""Fields of the verify page whose words are the program's own."""
BARS = tuple(BarShown(stage.value, BarState.FAILED, "3 s") for stage in PropagationStage)

VERIFIED = VerifyShown(
    "What",
    "is proven",
    (("one", "tg-node-a"), ("two", "tg-node-b")),
    (
        MeterShown("one", "scope", BARS),
        MeterShown("two", "scope", BARS),
    ),
    "note",
    (RestartShown("one", Shape.WAITING, "tg-node-a", "first", "Restart", True, "why not", True, True),),
    (RehearsalLine("Take it off", ((Shape.GOOD, "may"), (Shape.BROKEN, "may not")), "why"),),
    (Shape.NOT_KNOWN, "state"),
    ((Shape.WARNING, "fact", "evidence"),),
    (Shape.WAITING, "proof"),
    can_prove=False,
    proof_why_not="why not",
    report_ready=True,
)
"""A verify page with something in every place."""


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_that_the_question_of_undo_shows_foreign_names_as_text(
    text: str, theme: Theme, qtbot: QtBot, setup_desk: OpenSetupDesk
) -> None:
    desk = setup_desk()
    made = WriteIntended("r", "t", "k", WriteKind.PUT_ROLE, "guid", "q", text, {"name": text}, None)
    shown = (UndoItem("a", f"Delete the role {sanitize(text, 130)}", made),)
    turned = UndoItem("b", text, made)

    def make(over: QWidget) -> UndoDialog:
        return UndoDialog(theme, over, shown, (*shown, turned), desk.window.lock)

    desk.window.show_dialog(make)
    sheet = desk.window.dialog
    assert isinstance(sheet, UndoDialog)
    sheet.identities.setChecked(True)
    qtbot.waitUntil(partial(no_fault_in, sheet), timeout=PATIENCE_MS)
    assert sanitize(text, 130)[:4] in "".join(shown_text(sheet))
    sheet.reject()


def no_fault_in(widget: QWidget) -> None:
    """Nothing is nameless, cut off or covered."""
    assert wrong(widget) == []


def plain_everywhere(desk: SetupDesk) -> None:
    """No control or direction character is shown or spoken, and no label takes mark-up."""
    said = "".join(shown_text(desk.page)).replace("\n", "")
    assert [char for char in said if unicodedata.category(char) in {"Cc", "Cf"}] == []


def test_that_the_whole_wizard_can_be_walked_through_hostile_names(setup_desk: OpenSetupDesk, qtbot: QtBot) -> None:
    desk = setup_desk("two-tenants", clock=VirtualClock())
    for step in SetupStep:
        qtbot.waitUntil(lambda step=step: desk.page.step is step, timeout=PATIENCE_MS)  # type: ignore[misc]
        if step is SetupStep.SUBSCRIPTION:
            qtbot.waitUntil(lambda: len(desk.wizard.session.wizard_state.subscriptions or ()) > 1, timeout=PATIENCE_MS)
            qtbot.waitUntil(desk.step_page(SubscriptionPage).list.isVisible, timeout=PATIENCE_MS)
            looks_right(desk, qtbot)
            pick(desk.step_page(SubscriptionPage).list, "Trustgrid Production")
        ready(desk, qtbot)
        looks_right(desk, qtbot)
        plain_everywhere(desk)
        if step is SetupStep.APPLY:
            break
        go_on(desk, qtbot)
    assert desk.says("Verdict: All ")
    assert any("$(" in one.name for one in desk.wizard.session.wizard_state.subscriptions or ())
    assert "$(touch" in desk.rig.services.azure.directory.caller().name or any(
        "<b>" in tenant.name for tenant in desk.wizard.session.account.tenants
    )


def test_that_a_tooltip_of_mark_up_is_shown_as_its_text() -> None:
    assert plain_tip("<b>x</b>\ny") == "<qt>&lt;b&gt;x&lt;/b&gt;<br>y</qt>"
    assert GuiQt.mightBeRichText("&lt;b")
    assert plain_tip("&lt;b").startswith("<qt>")
    assert plain_tip("tg-node-a & co") == "tg-node-a & co"


def test_that_names_from_azure_lose_their_control_characters_on_every_page(theme: Theme, qtbot: QtBot) -> None:
    text = "a\u202eb\nc\x07"
    interface = nic(text.replace("\n", ""), "10.20.2.11")
    assert isinstance(interface.id, ResourceId)
    inventory = renamed(world(), text)
    pages = [make(theme) for make in PAGES.values()]
    frame = WizardFrame(theme, pages[0], is_lab=True)
    qtbot.addWidget(frame)
    for page in pages:
        frame.show_page(page)
    pair = pair_of(inventory.vms[0], inventory.vms[1], inventory)
    both = (pair.vms[0].id, pair.vms[1].id)
    page_among(pages, MachinesPage).show_machines(
        MachinesShown(inventory, suggest_pairs(inventory), both, pair, "edge")
    )
    page_among(pages, SubscriptionPage).show_subscriptions((inventory.subscription,), "", "")
    page_among(pages, SignInPage).show_sign_in(SignInShown(caller=Caller(text, text, text)))
    said = "".join(shown_text(frame)).replace("\n", "")
    assert "a b c" in said
    assert [char for char in said if unicodedata.category(char) in {"Cc", "Cf"}] == []
