"""The wizard in the window: its state, and the jobs that read for it.

The state says what is wanted and what blocks; this carries it out and never decides anything itself. Everything
is read with the account's own rights, as soon as it can be, so that a step is answered before it is asked.

``Account`` is signing in, as the first step needs it: the ways there are, what a person has to do, who is signed
in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import JobGroup, JobQueue, Report
from tgwizard.engine.ports import Directory, SignIn
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.setup import wizard_state as wizard
from tgwizard.engine.setup.draft import Draft, resume
from tgwizard.engine.setup.loading import AddressLoaded, Loaded, load, with_loaded
from tgwizard.engine.setup.plan_freshness import read_age_s
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.typed_answers import with_typed, without_typed
from tgwizard.engine.setup.validation import Fix, with_fix
from tgwizard.engine.setup.wizard_state import ReadNeeded, WizardState
from tgwizard.model import fields
from tgwizard.model.cloud import Cloud
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.fields import Field
from tgwizard.model.inventory import Caller, Part, TenantSeen
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, RoleAnswer, SetupStep
from tgwizard.model.setup_events import PartProgress, SetupEvent
from tgwizard.model.sign_in import MethodSeen, SignInMethod, SignInPrompt, SignInRequest
from tgwizard.model.text import sanitize

_BUSY = {
    SignInMethod.LAB: "Signing in to the lab",
    SignInMethod.AZURE_CLI: "Asking az for its account",
    SignInMethod.BROWSER: "Opening your browser",
    SignInMethod.DEVICE_CODE: "Asking for a code",
    SignInMethod.ENVIRONMENT: "Signing in with the service principal",
    SignInMethod.MANAGED_IDENTITY: "Asking this machine for its identity",
}


class Account(QObject):
    """`changed` when there is something new to show; `signed_in` when someone is, `signed_out` when nobody is now."""

    changed = Signal()
    signed_in = Signal()
    signed_out = Signal()

    def __init__(self, sign_in: SignIn, directory: Directory, jobs: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sign_in = sign_in
        self._directory = directory
        self._signing_in, self._tenants = JobGroup(jobs), JobGroup(jobs)
        self.clouds: tuple[Cloud, ...] = ()
        self.cloud = ""
        self.methods: tuple[MethodSeen, ...] = ()
        self.method: SignInMethod | None = None
        self.caller: Caller | None = None
        self.tenants: tuple[TenantSeen, ...] = ()
        self.busy = ""
        self.prompted: SignInPrompt | None = None
        self.problem: Problem | None = None
        self.tenant = ""
        """The directory that is typed; empty for the account's own."""
        self.told = ""
        """What a sign-in that was stopped, or an account that was given up, has left."""

    def begin(self) -> None:
        """Ask who is signed in, and which ways there are."""
        self.problem, self.told = None, ""
        self.clouds = self._sign_in.clouds()
        self.cloud = self.clouds[0].name if self.clouds else ""
        self._look(self._chosen_cloud())
        self._ask_who()

    def _chosen_cloud(self) -> Cloud | None:
        return next((cloud for cloud in self.clouds if cloud.name == self.cloud), None)

    def _look(self, cloud: Cloud | None) -> None:
        self.methods = self._sign_in.methods(cloud) if cloud is not None else ()
        known = {seen.method for seen in self.methods}
        if self.method is None or self.method not in known:
            # The first is the one found, if any; those that cannot work stand last.
            self.method = self.methods[0].method if self.methods else None

    def _ask_who(self) -> None:
        directory = self._directory

        def work(_report: Report[object], _token: CancelToken) -> Caller | None:
            try:
                return directory.caller()
            except AzureCallError:
                # Nobody is signed in yet: that is where this step begins, and no fault.
                return None

        self.busy = "Looking who is signed in"
        self._signing_in.begin("setup-sign-in", work, done=self._done, failed=self._failed)
        self.changed.emit()

    def choose(self, method: SignInMethod) -> None:
        """Choose a way; nothing begins by that."""
        if not self.busy:
            self.method, self.problem, self.told = method, None, ""
            self.changed.emit()

    def name_tenant(self, tenant: str) -> None:
        """The directory to sign in to, as it is typed."""
        self.tenant = tenant

    def look_again(self) -> None:
        """Look again which ways there are here: az may have been installed, or somebody signed in to it."""
        self._look(self._chosen_cloud())
        self.changed.emit()

    def start(self, method: SignInMethod) -> None:
        """Sign in that way, to the directory that is named."""
        self.sign_in(method, self.tenant or None)

    def sign_out(self) -> None:
        """Forget the account here; whatever gave it stays signed in."""
        try:
            self._sign_in.sign_out()
        except AzureCallError as failure:
            self.problem = failure.problem
        else:
            before, self.caller, self.tenants = self.caller, None, ()
            name = sanitize(before.name, 200) if before is not None else "The account"
            self.told = f"{name} is signed out of tgwizard. What was read with this account is forgotten."
            self.signed_out.emit()
        self.changed.emit()

    def sign_in(self, method: SignInMethod, tenant: str | None = None) -> None:
        """Sign in; a sign-in under way is given up for it."""
        cloud = self._chosen_cloud()
        if cloud is None:
            return
        port, request = self._sign_in, SignInRequest(method, cloud, tenant)

        def work(report: Report[SignInPrompt], token: CancelToken) -> Caller:
            return port.sign_in(request, report, token)

        self.method, self.prompted, self.problem, self.told = method, None, None, ""
        self.busy = _BUSY[method]
        self._signing_in.begin("setup-sign-in", work, done=self._done, failed=self._failed, heard=self._on_prompt)
        self.changed.emit()

    def choose_tenant(self, tenant: str) -> None:
        """Sign in to another directory, the same way."""
        if self.method is not None and (self.caller is None or self.caller.tenant != tenant):
            self.sign_in(self.method, tenant)

    def abandon(self) -> None:
        """Give the sign-in up; who was signed in before still is."""
        self.stop()
        prompted = self.prompted
        page = "" if prompted is None else " The page in your browser can be closed."
        if prompted is not None and prompted.code:
            page = " The code is of no use any more."
        self.busy, self.prompted = "", None
        still = f"{sanitize(self.caller.name, 200)} is still signed in." if self.caller is not None else ""
        self.told = f"The sign-in was stopped; nothing was changed.{page} {still}".strip()
        self.changed.emit()

    def stop(self) -> None:
        """Hear no more of a sign-in that is under way."""
        self._signing_in.give_up()

    def _on_prompt(self, prompt: SignInPrompt) -> None:
        self.prompted = prompt
        self.changed.emit()

    def _done(self, found: Caller | None) -> None:
        self.busy, self.prompted = "", None
        before = self.caller
        if found is not None:
            self.caller = found
            if before is not None and found != before:
                self.told = "What was read with the account before is forgotten, and read anew with this one."
            self._read_tenants()
            self.signed_in.emit()
        self.changed.emit()

    def _failed(self, problem: Problem) -> None:
        self.busy, self.prompted = "", None
        self.problem = problem
        self.changed.emit()

    def _read_tenants(self) -> None:
        directory = self._directory

        def work(_report: Report[object], _token: CancelToken) -> tuple[TenantSeen, ...]:
            return directory.tenants()

        def done(found: tuple[TenantSeen, ...]) -> None:
            self.tenants = found
            self.changed.emit()

        # Without them only the choice of another directory is missing; the account's own is in use.
        self._tenants.begin("setup-tenants", work, done=done, failed=lambda _problem: done(()))


T = TypeVar("T")

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
        saved: Callable[[], tuple[ClusterSetup, ...]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.services = services
        self._saved = saved
        self._reads = {need: JobGroup(services.jobs) for need in ReadNeeded}
        self._read_for: dict[ReadNeeded, tuple[object, ...]] = {}
        self._draft: Draft | None = None
        self.wizard_state: WizardState = wizard.begin(saved())
        self._memo_of: WizardState | None = None
        self._memo: dict[str, Any] = {}
        self.shown: Answers = Answers()
        self.parts: dict[Part, PartProgress] = {}
        self.unread: dict[ReadNeeded, ReadFailure] = {}
        self.account = Account(services.sign_in, services.azure.directory, services.jobs, self)
        self.account.changed.connect(self._on_account)
        self.account.signed_in.connect(self._on_signed_in)
        self.account.signed_out.connect(self._on_signed_out)

    # The state ---------------------------------------------------------------------------------------------------

    def begin(self, draft: Draft | None = None) -> None:
        """Start anew, or from a draft; who is signed in is asked once more."""
        self._give_up_reading()
        self.wizard_state = wizard.begin(self._saved(), draft.answers if draft is not None else None)
        self._draft = draft
        self.account.begin()
        self.settle(moved=True)

    def rest(self) -> None:
        """The set-up is done: know nothing, and read nothing before it begins again."""
        self.account.stop()
        self._give_up_reading()
        self.wizard_state = wizard.begin()
        self.shown = Answers()
        self.moved.emit()

    def _give_up_reading(self) -> None:
        for group in self._reads.values():
            group.give_up()
        self.parts, self.unread = {}, {}

    def settle(self, *, moved: bool = False) -> None:
        """Fill the gaps, read what is wanted next, and tell."""
        self.shown = proposed_answers(self.wizard_state)
        self._read_next()
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

    @property
    def saved(self) -> tuple[ClusterSetup, ...]:
        """The clusters that are saved by now."""
        return self._saved()

    def now(self) -> float:
        """Seconds on the engine's clock."""
        return self.services.clock.monotonic()

    def answer(self, **changes: object) -> None:
        """Replace some answers, as they are shown now, and what was typed wrong in their fields."""
        base = replace(self.wizard_state.answers, **changes)  # type: ignore[arg-type]
        for name, wanted in _FIELDS.items():
            if name in changes:
                base = without_typed(base, wanted)
        self.wizard_state = wizard.answer(self.wizard_state, base)
        self.settle()

    def type_text(self, wanted: Field[Any], text: str) -> None:
        """Take what stands in a field now: all keys until `end_typing` are one edit."""
        answers = with_typed(self.wizard_state.answers, wanted, text, self.shown.role)
        self.wizard_state = wizard.answer(self.wizard_state, answers, typing=wanted.key)
        self.settle()

    def choose_role(self, role: RoleAnswer) -> None:
        """Take a role, or the same one with other actions; a name that is being typed outlives the latter only."""
        answers = replace(self.wizard_state.answers, role=role)
        before = self.shown.role
        if before is None or (before.use, before.guid) != (role.use, role.guid):
            answers = without_typed(answers, fields.ROLE_NAME)
        self.wizard_state = wizard.answer(self.wizard_state, answers)
        self.settle()

    def end_typing(self) -> None:
        """A field was left: what is typed next is another edit."""
        self.wizard_state = wizard.typed(self.wizard_state)

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
        self.settle()

    def fix(self, fix: Fix) -> None:
        """Take a fix that changes answers, or goes to a step."""
        before = self.wizard_state.step
        self.wizard_state = with_fix(self.wizard_state, self.shown, fix)
        self.settle(moved=self.wizard_state.step is not before)

    # Reading -----------------------------------------------------------------------------------------------------

    def read_again(self) -> None:
        """Read everything of the chosen subscription again; what was read stays until the new answers are there."""
        self.unread = {}
        if self.shown.subscription is not None and self.wizard_state.answers.caller is not None:
            self._read(ReadNeeded.INVENTORY)
        else:
            self.account.begin()
        self.changed.emit()

    def read_facts_again(self) -> None:
        """Read roles, identities and rights again, for the machines chosen."""
        self.unread.pop(ReadNeeded.FACTS, None)
        if self.wizard_state.inventory is not None:
            self._read(ReadNeeded.FACTS)
            self.changed.emit()

    def stop_reading(self) -> None:
        """Read no more of the subscription now."""
        self._reads[ReadNeeded.INVENTORY].give_up()
        self._not_read(ReadNeeded.INVENTORY)(
            Problem(
                "reading-stopped",
                "The reading was stopped.",
                "The machines of this subscription are not known.",
                "Read it again, or choose another subscription.",
            )
        )

    def reading(self, need: ReadNeeded) -> bool:
        """Whether that is being read."""
        return self._reads[need].under_way

    @property
    def read_age_s(self) -> float | None:
        """How old the oldest is of what the plan rests on; None while something was not read."""
        return read_age_s(self.wizard_state, self.now())

    @property
    def at_rest(self) -> bool:
        """Whether nothing is being read that the plan rests on."""
        return not any(self.reading(need) for need in (ReadNeeded.INVENTORY, ReadNeeded.FACTS, ReadNeeded.ADDRESS))

    def trouble(self, *needs: ReadNeeded) -> tuple[Problem, ...]:
        """Why these could not be read."""
        return tuple(self.unread[need].problem for need in needs if need in self.unread)

    def _key(self, need: ReadNeeded) -> tuple[object, ...]:
        """What that reading is for; with another one it is read again, or tried again."""
        shown = self.shown
        key: list[object] = [shown.caller.object_id if shown.caller is not None else ""]
        if need is not ReadNeeded.SUBSCRIPTIONS:
            key.append(shown.subscription.id if shown.subscription is not None else "")
        if need in (ReadNeeded.FACTS, ReadNeeded.ADDRESS):
            key += [shown.machines, shown.nics]
        if need is ReadNeeded.ADDRESS:
            key.append(str(shown.address))
        return tuple(key)

    def _read_next(self) -> None:
        for need in wizard.needed_reads(self.wizard_state, self.shown):
            key, failed = self._key(need), self.unread.get(need)
            if failed is not None and failed.key == key:
                continue
            self.unread.pop(need, None)
            if self._read_for.get(need) != key or not self.reading(need):
                self._read(need)

    def _read(self, need: ReadNeeded) -> None:
        azure, clock, state, shown = self.services.azure, self.services.clock, self.wizard_state, self.shown
        self._read_for[need] = self._key(need)
        if need is ReadNeeded.INVENTORY:
            self.parts = {}

        def work(report: Report[SetupEvent], token: CancelToken) -> Loaded:
            return load(azure, clock, state, shown, need, report, token)

        self._reads[need].begin(
            f"setup-{need.value}", work, done=self._on_loaded, failed=self._not_read(need), heard=self._on_progress
        )

    def _on_progress(self, event: SetupEvent) -> None:
        if isinstance(event, PartProgress):
            self.parts[event.part] = event
            self.changed.emit()

    def _on_loaded(self, loaded: Loaded) -> None:
        if isinstance(loaded, AddressLoaded) and loaded.checked is None:
            # Of no use to ask: outside the subnet, reserved, or the cluster's own. The checks say which.
            self.unread[ReadNeeded.ADDRESS] = ReadFailure(self._key(ReadNeeded.ADDRESS), NOT_ASKED)
        self.wizard_state = with_loaded(self.wizard_state, loaded)
        self.settle()

    def _not_read(self, need: ReadNeeded) -> Callable[[Problem], None]:
        return partial(self._on_unread, need, self._key(need))

    def _on_unread(self, need: ReadNeeded, key: tuple[object, ...], problem: Problem) -> None:
        self.unread[need] = ReadFailure(key, problem)
        if need is ReadNeeded.ADDRESS:
            self.wizard_state = wizard.with_address(self.wizard_state, self.wizard_state.checked, problem)
        self.settle()

    # Who is signed in --------------------------------------------------------------------------------------------

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

    def _on_signed_out(self) -> None:
        """Nothing that was read may stand any more as if somebody could still ask for it."""
        self._give_up_reading()
        self.wizard_state = wizard.without_caller(self.wizard_state)
        self.settle()


_FIELDS: dict[str, Field[Any]] = {
    "name": fields.NAME,
    "address": fields.ADDRESS,
    "ip_configuration": fields.IP_CONFIGURATION,
}
"""In which field an answer stands."""

NOT_ASKED = Problem("address-not-asked", "Azure was not asked about this address.")
