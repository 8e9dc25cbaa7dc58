"""What a person does on a page becomes an answer of the flow. One line for each way to answer."""

from __future__ import annotations

from ipaddress import IPv4Address

from tgwizard.engine.setup_ports import SignInMethod
from tgwizard.gui.setup.pages import Pages
from tgwizard.gui.setup.wizard import Wizard
from tgwizard.model.cluster import ResourceId
from tgwizard.model.setup_answers import Placement, RoleAnswer


def connect_pages(wizard: Wizard, pages: Pages) -> None:
    """Connect every way to answer."""
    _sign_in(wizard, pages)
    _machines(wizard, pages)
    _later(wizard, pages)
    _doing(wizard, pages)


def _sign_in(wizard: Wizard, pages: Pages) -> None:
    session = wizard.session
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
    pages.sign_in.prompt.said.connect(wizard.said)
    pages.subscription.chosen.connect(subscription)


def _machines(wizard: Wizard, pages: Pages) -> None:
    session = wizard.session

    def chosen(machines: tuple[ResourceId, ...]) -> None:
        if len(machines) == 2:
            session.answer(machines=machines)

    def named(text: str) -> None:
        session.answer(typing="name", name=text.strip())

    def nics(chosen_nics: tuple[ResourceId, ResourceId]) -> None:
        session.answer(nics=chosen_nics)

    def swapped() -> None:
        shown = session.shown
        if shown.machines is not None and shown.nics is not None:
            session.answer(machines=(shown.machines[1], shown.machines[0]), nics=(shown.nics[1], shown.nics[0]))

    pages.machines.chosen.connect(chosen)
    pages.machines.by_hand_asked.connect(wizard.name_by_hand)
    pages.machines.named.connect(named)
    pages.machines.field.editingFinished.connect(session.end_typing)
    pages.machines.reading.cancelled.connect(session.stop_reading)
    pages.interface.chosen.connect(nics)
    pages.interface.swapped.connect(swapped)


def _later(wizard: Wizard, pages: Pages) -> None:
    session = wizard.session

    def address(typed: IPv4Address) -> None:
        session.answer(typing="address", address=typed)

    def picked(address: IPv4Address) -> None:
        session.answer(address=address)

    def placed(now: bool) -> None:
        session.answer(placement=Placement.NOW if now else Placement.BY_APPLIANCE)

    def configuration(name: str) -> None:
        session.answer(ip_configuration=name)

    def role(answer: RoleAnswer) -> None:
        session.answer(role=answer)

    def role_named(answer: RoleAnswer) -> None:
        session.answer(typing="role", role=answer)

    def widened(wide: bool) -> None:
        session.answer(whole_subscription=wide)

    def narrowed(scopes: tuple[str, ...]) -> None:
        session.answer(narrowed=scopes)

    def stale(on: bool) -> None:
        session.answer(remove_stale=on)

    pages.floating_ip.typed.connect(address)
    pages.floating_ip.mistyped.connect(session.mistype)
    pages.floating_ip.picked.connect(picked)
    pages.floating_ip.field.editingFinished.connect(session.end_typing)
    pages.floating_ip.placed_now.connect(placed)
    pages.floating_ip.named.connect(configuration)
    pages.role.chosen.connect(role)
    pages.role.named.connect(role_named)
    pages.role.field.editingFinished.connect(session.end_typing)
    pages.role.said.connect(wizard.said)
    pages.scope.widened.connect(widened)
    pages.scope.narrowed.connect(narrowed)
    pages.scope.stale_wanted.connect(stale)
    pages.review.said.connect(wizard.said)


def _doing(wizard: Wizard, pages: Pages) -> None:
    def restart(vm: str) -> None:
        wizard.verifier.restart(ResourceId(vm))

    def restarted(vm: str) -> None:
        wizard.verifier.say_restarted(ResourceId(vm))

    pages.apply.stop_asked.connect(wizard.stop_writing)
    pages.apply.again_asked.connect(wizard.apply_again)
    pages.apply.undo_asked.connect(wizard.ask_undo)
    pages.verify.restart_asked.connect(restart)
    pages.verify.restarted_said.connect(restarted)
    pages.verify.again_asked.connect(wizard.verifier.look)
    pages.verify.prove_asked.connect(wizard.ending.prove)
    pages.verify.report_asked.connect(wizard.ending.save_report)
    pages.verify.undo_asked.connect(wizard.ask_undo)
