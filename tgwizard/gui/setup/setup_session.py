"""The wizard in the window: its state, what is being read for it, and the background tasks that read.

The state says what is wanted and what blocks; this carries it out and never decides anything itself. Everything
is read with the account's own rights, as soon as it can be, so that a step is answered before it is asked.

``Account`` is signing in, as the first step needs it: the ways there are, what a person has to do, who is signed
in.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.discovery.read_subscription import discover
from tgwizard.engine.errors import AzureCallError
from tgwizard.engine.ports import Directory, SignIn
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup import wizard_state as wizard
from tgwizard.engine.setup.draft import Draft, resume
from tgwizard.engine.setup.plan_freshness import forget_readings, read_age_s
from tgwizard.engine.setup.read_access import ask_address, read_access
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.validation import Fix, with_fix
from tgwizard.engine.setup.wizard_state import PairsKnown, ReadNeeded, WizardState
from tgwizard.gui.setup.background_tasks import BackgroundTaskKind, BackgroundTasks, OnValue
from tgwizard.model.access_facts import AccessFacts, AddressChecked
from tgwizard.model.cloud import Cloud
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import Caller, Inventory, Part, SubscriptionSeen, TenantSeen
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.setup_events import PartProgress
from tgwizard.model.sign_in import MethodSeen, SignInMethod, SignInPrompt, SignInRequest

_BUSY = {
    SignInMethod.LAB: "Signing in to the lab",
    SignInMethod.AZURE_CLI: "Asking az for its account",
    SignInMethod.BROWSER: "Opening your browser",
    SignInMethod.DEVICE_CODE: "Asking for a code",
    SignInMethod.ENVIRONMENT: "Signing in with the service principal",
    SignInMethod.MANAGED_IDENTITY: "Asking this machine for its identity",
}


class Account(QObject):
    """`changed` when there is something new to show; `signed_in` when someone is."""

    changed = Signal()
    signed_in = Signal()

    def __init__(
        self, sign_in: SignIn, directory: Directory, tasks: BackgroundTasks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._sign_in = sign_in
        self._directory = directory
        self._tasks = tasks
        self.clouds: tuple[Cloud, ...] = ()
        self.cloud = ""
        self.methods: tuple[MethodSeen, ...] = ()
        self.method: SignInMethod | None = None
        self.caller: Caller | None = None
        self.tenants: tuple[TenantSeen, ...] = ()
        self.busy = ""
        self.prompted: SignInPrompt | None = None
        self.problem: Problem | None = None

    def begin(self) -> None:
        """Ask who is signed in, and which ways there are."""
        self.problem = None
        self.clouds = self._sign_in.clouds()
        self.cloud = self.clouds[0].name if self.clouds else ""
        self._look(self._chosen_cloud())
        self._ask_who()

    def _chosen_cloud(self) -> Cloud | None:
        return next((cloud for cloud in self.clouds if cloud.name == self.cloud), None)

    def _look(self, cloud: Cloud | None) -> None:
        self.methods = self._sign_in.methods(cloud) if cloud is not None else ()
        if self.method is None:
            self.method = next((seen.method for seen in self.methods if seen.found), None)

    def _ask_who(self) -> None:
        directory = self._directory

        def task(_hear: OnValue, _token: CancelToken) -> Caller | None:
            try:
                return directory.caller()
            except AzureCallError:
                # Nobody is signed in yet: that is where this step begins, and no fault.
                return None

        self.busy = "Looking who is signed in"
        self._tasks.begin(BackgroundTaskKind.SIGN_IN, task, done=self._done, failed=self._failed)
        self.changed.emit()

    def sign_in(self, method: SignInMethod, tenant: str | None = None) -> None:
        """Sign in; a sign-in under way is given up for it."""
        cloud = self._chosen_cloud()
        if cloud is None:
            return
        port, request = self._sign_in, SignInRequest(method, cloud, tenant)

        def task(hear: OnValue, token: CancelToken) -> Caller:
            return port.sign_in(request, hear, token)

        def heard(event: object) -> None:
            if isinstance(event, SignInPrompt):
                self.prompted = event
                self.changed.emit()

        self.method, self.prompted, self.problem = method, None, None
        self.busy = _BUSY[method]
        self._tasks.begin(BackgroundTaskKind.SIGN_IN, task, done=self._done, failed=self._failed, heard=heard)
        self.changed.emit()

    def choose_tenant(self, tenant: str) -> None:
        """Sign in to another directory, the same way."""
        if self.method is not None and (self.caller is None or self.caller.tenant != tenant):
            self.sign_in(self.method, tenant)

    def abandon(self) -> None:
        """Give the sign-in up; who was signed in before still is."""
        self._tasks.give_up(BackgroundTaskKind.SIGN_IN)
        self.busy, self.prompted = "", None
        self.changed.emit()

    def _done(self, found: object) -> None:
        self.busy, self.prompted = "", None
        if isinstance(found, Caller):
            self.caller = found
            self._read_tenants()
            self.signed_in.emit()
        self.changed.emit()

    def _failed(self, problem: Problem) -> None:
        self.busy, self.prompted = "", None
        self.problem = problem
        self.changed.emit()

    def _read_tenants(self) -> None:
        directory = self._directory

        def task(_hear: OnValue, _token: CancelToken) -> tuple[TenantSeen, ...]:
            return directory.tenants()

        def done(found: object) -> None:
            if isinstance(found, tuple):
                self.tenants = found
                self.changed.emit()

        def failed(_problem: Problem) -> None:
            # Only the choice of another directory is missing then; the account's own is in use.
            self.tenants = ()
            self.changed.emit()

        self._tasks.begin(BackgroundTaskKind.TENANTS, task, done=done, failed=failed)


T = TypeVar("T")

_KINDS = {
    ReadNeeded.SUBSCRIPTIONS: BackgroundTaskKind.ACCOUNT,
    ReadNeeded.INVENTORY: BackgroundTaskKind.READ,
    ReadNeeded.FACTS: BackgroundTaskKind.FACTS,
    ReadNeeded.ADDRESS: BackgroundTaskKind.ADDRESS,
}

_AFTER = frozenset({SetupStep.REVIEW, SetupStep.APPLY, SetupStep.VERIFY})


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A reading that did not come about; not tried again before it is asked for, or for other answers."""

    key: tuple[object, ...]
    problem: Problem


class SetupSession(QObject):
    """`changed` when anything to be shown has changed; `moved` when another step is shown."""

    changed = Signal()
    moved = Signal()

    def __init__(
        self,
        services: Services,
        own: queue.SimpleQueue[object],
        saved: Callable[[], tuple[ClusterSetup, ...]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.services = services
        self.tasks = BackgroundTasks(services.jobs, own)
        self._saved = saved
        self.wizard_state: WizardState = wizard.begin(saved())
        self._memo_of: WizardState | None = None
        self._memo: dict[str, Any] = {}
        self.shown: Answers = Answers()
        self.mistyped = ""
        self.parts: dict[Part, PartProgress] = {}
        self.unread: dict[ReadNeeded, ReadFailure] = {}
        self.account = Account(services.sign_in, services.azure.directory, self.tasks, self)
        self.account.changed.connect(self._on_account)
        self.account.signed_in.connect(self._on_signed_in)

    # The state ---------------------------------------------------------------------------------------------------

    def begin(self, draft: Draft | None = None) -> None:
        """Start anew, or from a draft; who is signed in is asked once more."""
        for kind in _KINDS.values():
            self.tasks.give_up(kind)
        self.parts, self.unread = {}, {}
        self.wizard_state = wizard.begin(self._saved(), draft.answers if draft is not None else None)
        self._draft = draft
        self.account.begin()
        self.settle(moved=True)

    def rest(self) -> None:
        """The set-up is done: know nothing, and read nothing before it begins again."""
        self.tasks.give_up(BackgroundTaskKind.SIGN_IN)
        for kind in _KINDS.values():
            self.tasks.give_up(kind)
        self.wizard_state = wizard.begin()
        self.shown = Answers()
        self.parts, self.unread = {}, {}
        self.moved.emit()

    def settle(self, *, moved: bool = False) -> None:
        """Fill the gaps, read what is wanted next, and tell."""
        self.shown = proposed_answers(self.wizard_state)
        self._read_next()
        if moved:
            self.mistyped = ""
        self.changed.emit()
        if moved:
            self.moved.emit()

    def once(self, key: str, work: Callable[[], T]) -> T:
        """What `work` makes of the state, worked out once for each: with thousands of machines it is not cheap."""
        if self._memo_of is not self.wizard_state:
            self._memo_of, self._memo = self.wizard_state, {}
        if key not in self._memo:
            self._memo[key] = work()
        found: T = self._memo[key]
        return found

    def now(self) -> float:
        """Seconds on the engine's clock."""
        return self.services.clock.monotonic()

    def answer(self, *, typing: str = "", **changes: object) -> None:
        """Replace some answers, as they are shown now. ``typing``: the field whose key this was."""
        base = replace(self.wizard_state.answers, **changes)  # type: ignore[arg-type]
        self.wizard_state = wizard.answer(self.wizard_state, base, typing=typing)
        self.mistyped = ""
        self.settle()

    def end_typing(self) -> None:
        """A field was left: what is typed next is another edit."""
        self.wizard_state = wizard.typed(self.wizard_state)

    def mistype(self, text: str) -> None:
        """What stands in the field of the address is none; the answer before it stays, and one cannot go on with it."""
        self.mistyped = text
        self.changed.emit()

    def go_on(self, *, blocked: bool) -> bool:
        """Accept the step; whether it went on."""
        before = self.wizard_state.step
        self.wizard_state = wizard.go_on(self.wizard_state, self.shown, blocked=blocked)
        went = self.wizard_state.step is not before
        self.settle(moved=went)
        return went

    def go_back(self) -> None:
        """One step back."""
        self.wizard_state = wizard.go_back(self.wizard_state)
        self.settle(moved=True)

    def go_to(self, step: SetupStep) -> None:
        """Open a step again."""
        before = self.wizard_state.step
        self.wizard_state = wizard.go_to(self.wizard_state, step)
        if self.wizard_state.step is not before:
            self.settle(moved=True)

    def undo(self) -> None:
        """Take the last answer back."""
        self.wizard_state = wizard.undo(self.wizard_state)
        self.mistyped = ""
        self.settle()

    def fix(self, fix: Fix) -> None:
        """Take a fix that changes answers, or goes to a step."""
        before = self.wizard_state.step
        self.wizard_state = with_fix(self.wizard_state, self.shown, fix)
        self.mistyped = ""
        self.settle(moved=self.wizard_state.step is not before)

    # Reading -----------------------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read everything of the chosen subscription again; what was read stays until the new answers are there."""
        self.unread = {}
        if self.shown.subscription is not None and self.wizard_state.answers.caller is not None:
            self._read_inventory(self.shown.subscription)
        else:
            self.account.begin()
        self.changed.emit()

    def read_facts_again(self) -> None:
        """Read roles, identities and rights again, for the machines chosen."""
        self.unread.pop(ReadNeeded.FACTS, None)
        if self.wizard_state.inventory is not None:
            self._read_facts(self.wizard_state.inventory)
            self.changed.emit()

    def stop_reading(self) -> None:
        """Read no more of the subscription now."""
        self.tasks.give_up(BackgroundTaskKind.READ)
        self._not_read(ReadNeeded.INVENTORY)(
            Problem(
                "reading-stopped",
                "The reading was stopped.",
                "The machines of this subscription are not known.",
                "Read it again, or choose another subscription.",
            )
        )

    def reading(self, want: ReadNeeded) -> bool:
        """Whether that is being read."""
        return self.tasks.under_way(_KINDS[want])

    @property
    def read_age_s(self) -> float | None:
        """How old the oldest is of what the plan rests on; None while something was not read."""
        return read_age_s(self.wizard_state, self.now())

    @property
    def at_rest(self) -> bool:
        """Whether nothing is being read that the plan rests on."""
        return not any(self.reading(want) for want in (ReadNeeded.INVENTORY, ReadNeeded.FACTS, ReadNeeded.ADDRESS))

    def trouble(self, *wants: ReadNeeded) -> tuple[Problem, ...]:
        """Why these could not be read."""
        return tuple(self.unread[want].problem for want in wants if want in self.unread)

    def _key(self, want: ReadNeeded) -> tuple[object, ...]:
        shown = self.shown
        sub = shown.subscription.id if shown.subscription is not None else ""
        caller = shown.caller.object_id if shown.caller is not None else ""
        return (want, caller, sub, shown.machines, shown.nics, str(shown.address) if want is ReadNeeded.ADDRESS else "")

    def _read_next(self) -> None:
        for want in wizard.needed_reads(self.wizard_state, self.shown):
            failed = self.unread.get(want)
            if failed is not None and failed.key == self._key(want):
                continue
            self.unread.pop(want, None)
            match want:
                case ReadNeeded.SUBSCRIPTIONS:
                    self._begin_once(want, self._read_subscriptions)
                case ReadNeeded.INVENTORY if self.shown.subscription is not None:
                    subscription = self.shown.subscription
                    if self._reading_of != subscription.id or not self.reading(want):
                        self._read_inventory(subscription)
                case ReadNeeded.FACTS if self.wizard_state.inventory is not None:
                    if self._facts_of != self._key(want) or not self.reading(want):
                        self._read_facts(self.wizard_state.inventory)
                case ReadNeeded.ADDRESS if self.wizard_state.inventory is not None:
                    if self._address_of != self.shown.address or not self.reading(want):
                        self._ask_address(self.wizard_state.inventory)
                case _:
                    continue

    _reading_of = ""
    _facts_of: tuple[object, ...] = ()
    _address_of: object = None
    _draft: Draft | None = None

    def _begin_once(self, want: ReadNeeded, begin: Callable[[], None]) -> None:
        if not self.reading(want):
            begin()

    def _not_read(self, want: ReadNeeded) -> Callable[[Problem], None]:
        key = self._key(want)

        def failed(problem: Problem) -> None:
            self.unread[want] = ReadFailure(key, problem)
            if want is ReadNeeded.ADDRESS:
                self.wizard_state = wizard.with_address(self.wizard_state, self.wizard_state.checked, problem)
            self.settle()

        return failed

    def _read_subscriptions(self) -> None:
        directory = self.services.azure.directory

        def done(found: object) -> None:
            if isinstance(found, tuple):
                self.wizard_state = wizard.with_subscriptions(self.wizard_state, found)
                self.settle()

        def task(_hear: OnValue, _token: CancelToken) -> tuple[SubscriptionSeen, ...]:
            return directory.subscriptions()

        self.tasks.begin(BackgroundTaskKind.ACCOUNT, task, done=done, failed=self._not_read(ReadNeeded.SUBSCRIPTIONS))

    def _read_inventory(self, subscription: SubscriptionSeen) -> None:
        azure, clock = self.services.azure, self.services.clock
        self.parts = {}
        self._reading_of = subscription.id
        wizard_state = self.wizard_state

        def task(hear: OnValue, token: CancelToken) -> tuple[Inventory, PairsKnown | None]:
            found = discover(azure, subscription, clock, hear, token)
            return found, wizard.pairs_known(wizard_state, found, wizard_state.facts)

        def heard(event: object) -> None:
            if isinstance(event, PartProgress):
                self.parts[event.part] = event
                self.changed.emit()

        def done(found: object) -> None:
            match found:
                case (Inventory() as inventory, PairsKnown() | None as known_pairs):
                    # Facts may be older than what was just read: they are read again with it.
                    self.wizard_state = forget_readings(
                        wizard.with_inventory(self.wizard_state, inventory, known_pairs)
                    )
                    self.settle()
                case _:
                    pass

        self.tasks.begin(
            BackgroundTaskKind.READ, task, done=done, failed=self._not_read(ReadNeeded.INVENTORY), heard=heard
        )

    def _read_facts(self, inventory: Inventory) -> None:
        azure, clock, answers = self.services.azure, self.services.clock, self.shown
        self._facts_of = self._key(ReadNeeded.FACTS)
        wizard_state = self.wizard_state

        def task(hear: OnValue, token: CancelToken) -> tuple[AccessFacts, PairsKnown | None]:
            facts = read_access(azure, answers, inventory, clock, hear, token)
            return facts, wizard.pairs_known(wizard_state, inventory, facts)

        def done(found: object) -> None:
            match found:
                case (AccessFacts() as facts, PairsKnown() | None as known_pairs):
                    self.wizard_state = wizard.with_access_facts(self.wizard_state, facts, answers, known_pairs)
                    self.settle()
                case _:
                    pass

        self.tasks.begin(BackgroundTaskKind.FACTS, task, done=done, failed=self._not_read(ReadNeeded.FACTS))

    def _ask_address(self, inventory: Inventory) -> None:
        azure, answers, facts = self.services.azure, self.shown, self.wizard_state.facts
        self._address_of = answers.address

        def task(_hear: OnValue, _token: CancelToken) -> AddressChecked | None:
            return ask_address(azure, answers, inventory, facts)

        def done(found: object) -> None:
            checked = found if isinstance(found, AddressChecked) else None
            if checked is None and answers.address is not None:
                # Of no use to ask: outside the subnet, reserved, or the cluster's own. The checks say which.
                self.unread[ReadNeeded.ADDRESS] = ReadFailure(self._key(ReadNeeded.ADDRESS), NOT_ASKED)
            self.wizard_state = wizard.with_address(self.wizard_state, checked)
            self.settle()

        self.tasks.begin(BackgroundTaskKind.ADDRESS, task, done=done, failed=self._not_read(ReadNeeded.ADDRESS))

    # Events ------------------------------------------------------------------------------------------------------

    def take(self, event: object) -> None:
        """Take one event of the bridge."""
        self.tasks.take(event)

    def _on_account(self) -> None:
        self.changed.emit()

    def _on_signed_in(self) -> None:
        caller = self.account.caller
        if caller is None:
            return
        self.unread = {}
        draft, self._draft = self._draft, None
        before = self.wizard_state.step
        if draft is not None:
            # What was applied is found in Azure, not in the draft: the review tells what is left.
            step = SetupStep.REVIEW if draft.step in _AFTER else draft.step
            draft = replace(draft, step=step, done=draft.done - _AFTER)
            self.wizard_state = resume(draft, caller, self.wizard_state)
        self.wizard_state = wizard.with_caller(self.wizard_state, self.account.cloud, caller)
        self.settle(moved=self.wizard_state.step is not before)


NOT_ASKED = Problem("address-not-asked", "Azure was not asked about this address.")
