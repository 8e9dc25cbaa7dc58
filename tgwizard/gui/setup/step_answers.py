"""What a person does on a page becomes an answer of the wizard. One line for each way to answer."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address

from tgwizard.gui.setup.step_pages import StepPages
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.model.cluster import ResourceId
from tgwizard.model.setup_answers import Placement, RoleAnswer, SetupStep
from tgwizard.model.sign_in import SignInMethod


def _sign_in(wizard: WizardController, pages: StepPages) -> None:
    account = wizard.session.account

    def method(chosen: SignInMethod) -> None:
        account.sign_in(chosen)

    page = pages.sign_in
    page.method_chosen.connect(method)
    page.tenant_chosen.connect(account.choose_tenant)
    page.abandoned.connect(account.abandon)
    page.prompt.said.connect(wizard.said)


def _subscription(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def subscription(chosen: str) -> None:
        found = next((one for one in session.wizard_state.subscriptions or () if one.id == chosen), None)
        if found is not None:
            session.answer(subscription=found)

    pages.subscription.chosen.connect(subscription)


def _machines(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def chosen(machines: tuple[ResourceId, ...]) -> None:
        if len(machines) == 2:
            session.answer(machines=machines)

    def named(text: str) -> None:
        session.answer(typing="name", name=text.strip())

    page = pages.machines
    page.chosen.connect(chosen)
    page.by_hand_asked.connect(wizard.name_by_hand)
    page.named.connect(named)
    page.field.editingFinished.connect(session.end_typing)
    page.reading.cancelled.connect(session.stop_reading)


def _interface(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def nics(chosen_nics: tuple[ResourceId, ResourceId]) -> None:
        session.answer(nics=chosen_nics)

    def swapped() -> None:
        shown = session.shown
        if shown.machines is not None and shown.nics is not None:
            session.answer(machines=(shown.machines[1], shown.machines[0]), nics=(shown.nics[1], shown.nics[0]))

    pages.interface.chosen.connect(nics)
    pages.interface.swapped.connect(swapped)


def _floating_ip(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def address(typed: IPv4Address) -> None:
        session.answer(typing="address", address=typed)

    def picked(address: IPv4Address) -> None:
        session.answer(address=address)

    def placed(now: bool) -> None:
        session.answer(placement=Placement.NOW if now else Placement.BY_APPLIANCE)

    def configuration(name: str) -> None:
        session.answer(ip_configuration=name)

    page = pages.floating_ip
    page.typed.connect(address)
    page.mistyped.connect(session.mistype)
    page.picked.connect(picked)
    page.field.editingFinished.connect(session.end_typing)
    page.placed_now.connect(placed)
    page.named.connect(configuration)


def _role(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def role(answer: RoleAnswer) -> None:
        session.answer(role=answer)

    def role_named(answer: RoleAnswer) -> None:
        session.answer(typing="role", role=answer)

    page = pages.role
    page.chosen.connect(role)
    page.named.connect(role_named)
    page.field.editingFinished.connect(session.end_typing)
    page.said.connect(wizard.said)


def _scope(wizard: WizardController, pages: StepPages) -> None:
    session = wizard.session

    def widened(wide: bool) -> None:
        session.answer(whole_subscription=wide)

    def narrowed(scopes: tuple[str, ...]) -> None:
        session.answer(narrowed=scopes)

    def stale(on: bool) -> None:
        session.answer(remove_stale=on)

    page = pages.scope
    page.widened.connect(widened)
    page.narrowed.connect(narrowed)
    page.stale_wanted.connect(stale)


def _review(wizard: WizardController, pages: StepPages) -> None:
    pages.review.said.connect(wizard.said)


def _apply(wizard: WizardController, pages: StepPages) -> None:
    page = pages.apply
    page.stop_asked.connect(wizard.stop_writing)
    page.again_asked.connect(wizard.apply_again)
    page.undo_asked.connect(wizard.ask_undo)


def _verify(wizard: WizardController, pages: StepPages) -> None:
    def restart(vm: str) -> None:
        wizard.ask_restart(ResourceId(vm))

    def restarted(vm: str) -> None:
        wizard.verifier.say_restarted(ResourceId(vm))

    page = pages.verify
    page.restart_asked.connect(restart)
    page.restarted_said.connect(restarted)
    page.again_asked.connect(wizard.verifier.look)
    page.prove_asked.connect(wizard.ending.prove)
    page.report_asked.connect(wizard.ending.save_report)
    page.undo_asked.connect(wizard.ask_undo)


class StepAnswers:
    """Connects the page of each step once, when it is first shown."""

    def __init__(self, wizard: WizardController, pages: StepPages) -> None:
        self._wizard = wizard
        self._pages = pages
        self._left: dict[SetupStep, Callable[[WizardController, StepPages], None]] = {
            SetupStep.SIGN_IN: _sign_in,
            SetupStep.SUBSCRIPTION: _subscription,
            SetupStep.MACHINES: _machines,
            SetupStep.INTERFACE: _interface,
            SetupStep.FLOATING_IP: _floating_ip,
            SetupStep.ROLE: _role,
            SetupStep.SCOPE: _scope,
            SetupStep.REVIEW: _review,
            SetupStep.APPLY: _apply,
            SetupStep.VERIFY: _verify,
        }

    def connect(self, step: SetupStep) -> None:
        """Connect every way to answer on the page of a step, unless that is done."""
        way = self._left.pop(step, None)
        if way is not None:
            way(self._wizard, self._pages)
