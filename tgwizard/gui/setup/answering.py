"""What a person does on a page becomes an answer of the flow. One line for each way to answer."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from tgwizard.engine.setup_ports import SignInMethod
from tgwizard.gui.setup.pages import Pages
from tgwizard.gui.setup.session import SetupSession
from tgwizard.model.cluster import ResourceId
from tgwizard.model.setup_answers import Placement, RoleAnswer

if TYPE_CHECKING:
    from tgwizard.gui.setup.page import SetupPage


def connect_pages(page: SetupPage, pages: Pages, session: SetupSession) -> None:
    """Connect every way to answer."""
    _sign_in(page, pages, session)
    _machines(page, pages, session)
    _later(page, pages, session)
    _doing(page, pages)


def _sign_in(page: SetupPage, pages: Pages, session: SetupSession) -> None:
    account = session.account

    def method(chosen: SignInMethod) -> None:
        account.sign_in(chosen)

    def subscription(chosen: str) -> None:
        found = next((one for one in session.flow.subscriptions or () if one.id == chosen), None)
        if found is not None:
            session.answer(subscription=found)

    pages.sign_in.method_chosen.connect(method)
    pages.sign_in.tenant_chosen.connect(account.choose_tenant)
    pages.sign_in.abandoned.connect(account.abandon)
    pages.sign_in.prompt.said.connect(page.say)
    pages.subscription.chosen.connect(subscription)


def _machines(page: SetupPage, pages: Pages, session: SetupSession) -> None:
    def chosen(machines: tuple[ResourceId, ...]) -> None:
        if len(machines) == 2:
            session.answer(machines=machines)

    def by_hand() -> None:
        page.by_hand = True
        page.refresh()

    def named(text: str) -> None:
        session.answer(name=text.strip())

    def nics(chosen_nics: tuple[ResourceId, ResourceId]) -> None:
        session.answer(nics=chosen_nics)

    def swapped() -> None:
        shown = session.shown
        if shown.machines is not None and shown.nics is not None:
            session.answer(machines=(shown.machines[1], shown.machines[0]), nics=(shown.nics[1], shown.nics[0]))

    pages.machines.chosen.connect(chosen)
    pages.machines.by_hand_asked.connect(by_hand)
    pages.machines.named.connect(named)
    pages.machines.reading.cancelled.connect(session.stop_reading)
    pages.interface.chosen.connect(nics)
    pages.interface.swapped.connect(swapped)


def _later(page: SetupPage, pages: Pages, session: SetupSession) -> None:
    def address(typed: IPv4Address | None) -> None:
        if typed is not None:
            session.answer(address=typed)

    def placed(now: bool) -> None:
        session.answer(placement=Placement.NOW if now else Placement.BY_APPLIANCE)

    def configuration(name: str) -> None:
        session.answer(ip_configuration=name)

    def role(answer: RoleAnswer) -> None:
        session.answer(role=answer)

    def widened(wide: bool) -> None:
        session.answer(whole_subscription=wide)

    def narrowed(scopes: tuple[str, ...]) -> None:
        session.answer(narrowed=scopes)

    def stale(on: bool) -> None:
        session.answer(remove_stale=on)

    pages.floating_ip.typed.connect(address)
    pages.floating_ip.placed_now.connect(placed)
    pages.floating_ip.named.connect(configuration)
    pages.role.chosen.connect(role)
    pages.role.said.connect(page.say)
    pages.scope.widened.connect(widened)
    pages.scope.narrowed.connect(narrowed)
    pages.scope.stale_wanted.connect(stale)
    pages.review.said.connect(page.say)


def _doing(page: SetupPage, pages: Pages) -> None:
    def restart(vm: str) -> None:
        page.verifier.restart(ResourceId(vm))

    def restarted(vm: str) -> None:
        page.verifier.say_restarted(ResourceId(vm))

    pages.apply.stop_asked.connect(page.stop_writing)
    pages.apply.again_asked.connect(page.apply_again)
    pages.apply.undo_asked.connect(page.ask_undo)
    pages.verify.restart_asked.connect(restart)
    pages.verify.restarted_said.connect(restarted)
    pages.verify.again_asked.connect(page.verifier.look)
    pages.verify.prove_asked.connect(page.ending.prove)
    pages.verify.report_asked.connect(page.ending.save_report)
    pages.verify.undo_asked.connect(page.ask_undo)
