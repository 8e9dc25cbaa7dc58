"""Take back exactly what was created here, read from the journals, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tgwizard.engine.azure_call_error import AzureCallError, Cause
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.jobs import Report
from tgwizard.engine.ports import AzurePorts, Clock
from tgwizard.engine.retry import PAUSES_S
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import WriteIntended, WriteKind, undo_key
from tgwizard.engine.runs.setup_journal import (
    SetupJournal,
    locked_job,
    open_pair_journal,
    pair_identities,
)
from tgwizard.engine.runs.task_runner import Task, TaskBody, TaskEnd, TaskOutcome, make_call, sleep
from tgwizard.engine.setup.apply import conclude, new_run, run_tasks
from tgwizard.engine.setup.apply_actions import (
    assignment_document,
    assignment_of,
    role_document,
    role_of,
    same_assignment,
    same_role,
)
from tgwizard.engine.setup.apply_loop import (
    Absent,
    ApplyContext,
    ChangeAction,
    LeftAlone,
    Pending,
    Present,
    Seen,
    run_change,
)
from tgwizard.model.change import USUAL_WORDS
from tgwizard.model.cluster import ClusterIdentity, ResourceId
from tgwizard.model.event_base import Outcome
from tgwizard.model.nic import NicDocument, Provisioning, carried_of, configuration_differences
from tgwizard.model.problem import Problem
from tgwizard.model.role import RoleAssignment, RoleDefinition
from tgwizard.model.setup_events import ChangeSkipped, SetupEvent, SetupFinished
from tgwizard.model.text import counted, sanitize

T = TypeVar("T")

_ORDER = (WriteKind.PLACE_ADDRESS, WriteKind.ASSIGN, WriteKind.PUT_ROLE, WriteKind.ENABLE_IDENTITY)
"""The reverse of applying: a role goes after its assignments, an identity last."""


_STAYS = "Identities stay unless you ask for them to be turned off."


@dataclass(frozen=True, slots=True)
class UndoItem:
    """One thing that undo would take back, as people are shown it before."""

    key: str
    sentence: str
    made: WriteIntended


def undo_items(journal: SetupJournal, *, identities: bool = False) -> tuple[UndoItem, ...]:
    """What undo would try, in order. Whether others use it since is only seen when it is done."""
    return tuple(item for item in _made(journal) if identities or item.made.deed is not WriteKind.ENABLE_IDENTITY)


def _made(journal: SetupJournal) -> tuple[UndoItem, ...]:
    made = [item for item in journal.made() if item.deed in _ORDER]
    made.sort(key=lambda item: _ORDER.index(item.deed))
    return tuple(UndoItem(undo_key(item), _sentence(item), item) for item in made)


def undo(
    azure: AzurePorts,
    clock: Clock,
    journal: SetupJournal,
    report: Report[SetupEvent],
    token: CancelToken,
    *,
    identities: bool = False,
) -> SetupFinished:
    """Take it back. ``identities``: also turn off the identities that were turned on here."""
    return undo_in_context(ApplyContext(azure, clock, journal, report, token), identities=identities)


def undo_in_context(context: ApplyContext, *, identities: bool = False) -> SetupFinished:
    """The same in a context of the caller's."""
    context.run = new_run()
    wanted = undo_items(context.journal, identities=identities)
    if not wanted:
        what = "There is nothing to undo."
        return conclude(
            context, "undo", Outcome.DONE, Problem("nothing-to-undo", what, "Nothing was created from here.")
        )
    ours = frozenset(item.made.sent["guid"].lower() for item in wanted if item.made.deed is WriteKind.ASSIGN)
    assigned = tuple(item.key for item in wanted if item.made.deed is WriteKind.ASSIGN)
    tasks = [_task_for(context, item, ours, assigned) for item in wanted]
    stay = {item.key: item for item in _made(context.journal) if item not in wanted}
    for key, item in stay.items():
        context.report(ChangeSkipped(context.stamp(), key, item.sentence, _STAYS))
    ends = {key: TaskEnd(TaskOutcome.LEFT, _STAYS) for key in stay}
    return run_tasks(context, "undo", tasks, {item.key: item.sentence for item in wanted}, ends)


def _task_for(context: ApplyContext, item: UndoItem, ours: frozenset[str], assigned: tuple[str, ...]) -> Task:
    action = _action_for(context, item.made, ours)
    after = assigned if item.made.deed in (WriteKind.PUT_ROLE, WriteKind.ENABLE_IDENTITY) else ()
    return Task(item.key, lambda: run_change(context, item.key, item.sentence, action), after, anyway=True)


def _action_for(context: ApplyContext, made: WriteIntended, ours: frozenset[str]) -> ChangeAction:
    match made.deed:
        case WriteKind.PLACE_ADDRESS:
            return _RemoveAddress(context, made)
        case WriteKind.ASSIGN:
            return _Unassign(context, made)
        case WriteKind.PUT_ROLE if made.before is not None:
            return _RestoreRole(context, made)
        case WriteKind.PUT_ROLE:
            return _DeleteRole(context, made, ours)
        case _:
            return _DisableIdentity(context, made, ours)


def _sentence(made: WriteIntended) -> str:
    match made.deed:
        case WriteKind.PLACE_ADDRESS:
            return f"Take {made.sent['address']} off {_last(made.target)}"
        case WriteKind.ASSIGN:
            machine = _last(made.sent.get("vm", "")) or "the identity"
            return f"Take the role from {machine} on {_last(made.sent['scope'])}"
        case WriteKind.PUT_ROLE if made.before is not None:
            return f"Restore the role {sanitize(made.before['name'], 130)}"
        case WriteKind.PUT_ROLE:
            return f"Delete the role {sanitize(made.sent['name'], 130)}"
        case _:
            return f"Turn off the identity of {_last(made.target)}"


@dataclass(slots=True)
class _UndoAction:
    """What all of undo's acts share."""

    context: ApplyContext
    made: WriteIntended

    def target(self) -> str:
        """The same thing that was made."""
        return self.made.target

    def content(self) -> Mapping[str, Any]:
        """Taking away sends nothing."""
        return {}

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Nothing of its own."""


@dataclass(slots=True)
class _Unassign(_UndoAction):
    write_kind: WriteKind = WriteKind.UNASSIGN
    done_sentence: str = "The assignment is gone"
    waiting_sentence: str = "Azure removes the assignment."

    @property
    def assignment(self) -> RoleAssignment:
        return assignment_of(self.made.sent)

    def look(self) -> TaskBody[Seen]:
        wanted = self.assignment
        found = yield from make_call(lambda: self.context.azure.access.role_assignment(wanted.scope, wanted.guid))
        if found is None:
            return Present()
        if not same_assignment(found, wanted):
            return LeftAlone("The assignment is for another identity now, so it stays.")
        return Absent(assignment_document(found))

    def send(self, request: str) -> None:
        self.context.azure.access.delete_assignment(self.assignment, request_id=request)


@dataclass(slots=True)
class _UndoRoleAction(_UndoAction):
    @property
    def role(self) -> RoleDefinition:
        return role_of(self.made.sent)

    @property
    def at(self) -> str:
        return str(self.made.sent.get("at") or self.role.assignable_scopes[0])

    def changed(self) -> Seen:
        return LeftAlone(f"Someone changed the role {sanitize(self.role.name, 130)} since, so it stays as it is.")


@dataclass(slots=True)
class _DeleteRole(_UndoRoleAction):
    ours: frozenset[str] = frozenset()
    write_kind: WriteKind = WriteKind.DELETE_ROLE
    done_sentence: str = "The role is gone"
    waiting_sentence: str = "Azure deletes the role."
    refusals: int = 0

    def look(self) -> TaskBody[Seen]:
        access, role = self.context.azure.access, self.role
        found = yield from make_call(lambda: access.role_definition(self.at, role.guid))
        if found is None:
            return Present()
        if not same_role(found, role):
            return self.changed()
        used = yield from self._users()
        if used:
            others = counted(used, "other assignment uses it", "other assignments use it")
            return LeftAlone(f"The role {sanitize(role.name, 130)} stays: {others}.")
        return Absent(role_document(found))

    def send(self, request: str) -> None:
        self.context.azure.access.delete_role(self.at, self.role.guid, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Azure counts assignments that were removed a moment ago; for a minute that is normal, then it is not."""
        if failure.problem.code != "role-has-assignments":
            return None
        self.refusals += 1
        if self.refusals > 12:
            return LeftAlone(
                f"The role {sanitize(self.role.name, 130)} stays: Azure says that assignments still use it."
            )
        return Pending("Azure still counts the assignments that were just removed.")

    def _users(self) -> TaskBody[int]:
        """How many assignments of others use the role. The list may lag, so each is read by itself."""
        access, guid = self.context.azure.access, self.role.guid.lower()
        scopes = tuple(dict.fromkeys("/".join(scope.split("/")[:3]) for scope in self.role.assignable_scopes))
        found: dict[str, RoleAssignment] = {}
        for scope in scopes:
            listed = yield from make_call(lambda scope=scope: access.role_assignments(scope))  # type: ignore[misc]
            found |= {item.guid.lower(): item for item in listed if item.role_guid.lower() == guid}
        used = 0
        for item in found.values():
            real = yield from make_call(lambda item=item: access.role_assignment(item.scope, item.guid))  # type: ignore[misc]
            used += real is not None and item.guid.lower() not in self.ours
        return used


@dataclass(slots=True)
class _RestoreRole(_UndoRoleAction):
    write_kind: WriteKind = WriteKind.RESTORE_ROLE
    done_sentence: str = "The role is as it was before"
    waiting_sentence: str = "Azure stores the role."

    @property
    def before(self) -> RoleDefinition:
        return role_of(self.made.before or {})

    def look(self) -> TaskBody[Seen]:
        found = yield from make_call(lambda: self.context.azure.access.role_definition(self.at, self.role.guid))
        if found is None:
            return LeftAlone(
                f"The role {sanitize(self.role.name, 130)} was deleted since, so there is nothing to restore."
            )
        if same_role(found, self.before):
            return Present()
        return Absent(role_document(found)) if same_role(found, self.role) else self.changed()

    def content(self) -> Mapping[str, Any]:
        return {**role_document(self.before), "at": self.at}

    def send(self, request: str) -> None:
        self.context.azure.access.put_role(self.at, self.before, request_id=request)


@dataclass(slots=True)
class _DisableIdentity(_UndoAction):
    ours: frozenset[str] = frozenset()
    write_kind: WriteKind = WriteKind.DISABLE_IDENTITY
    done_sentence: str = "The identity is off"
    waiting_sentence: str = "Azure turns the identity off."

    @property
    def vm(self) -> ResourceId:
        return ResourceId(self.made.target)

    def look(self) -> TaskBody[Seen]:
        access = self.context.azure.access
        vm = yield from _unless_gone(lambda: self.context.azure.compute.vm(self.vm))
        if vm is None or not vm.identity.system_assigned:
            return Present()
        scope = f"/subscriptions/{self.vm.subscription}"
        held = yield from make_call(lambda: access.assignments_to(scope, vm.identity.principal_id))
        for item in held:
            real = yield from make_call(lambda item=item: access.role_assignment(item.scope, item.guid))  # type: ignore[misc]
            if real is not None and item.guid.lower() not in self.ours:
                return LeftAlone(f"The identity of {self.vm.name} stays: it was given other rights since.")
        return Absent({"type": vm.identity.kind.value, "principal": vm.identity.principal_id})

    def send(self, request: str) -> None:
        self.context.azure.compute.disable_identity(self.vm, request_id=request)


@dataclass(slots=True)
class _RemoveAddress(_UndoAction):
    write_kind: WriteKind = WriteKind.REMOVE_ADDRESS
    done_sentence: str = "The floating IP is off the interface"
    waiting_sentence: str = f"Azure detaches the address: {USUAL_WORDS}."
    _read: NicDocument | None = field(default=None, init=False)

    @property
    def nic(self) -> ResourceId:
        return ResourceId(self.made.target)

    @property
    def address(self) -> str:
        return str(self.made.sent["address"])

    def look(self) -> TaskBody[Seen]:
        document = yield from _unless_gone(lambda: self.context.azure.network.read_nic(self.nic))
        if document is None:
            return Present()
        self._read = document
        if document.provisioning is Provisioning.UPDATING:
            return Pending(f"Azure still updates {self.nic.name}.")
        found = document.find(self.address)
        if found is None:
            return (yield from self._gone(ResourceId(document.subnet)))
        if found is document.primary:
            return LeftAlone(f"{self.address} is the interface's own address now, so it stays.")
        placed = self.made.sent["configuration"]
        same_name = str(found.get("name", "")).lower() == str(placed.get("name", "")).lower()
        if not same_name or configuration_differences(placed, found) or _carries_more(placed, found):
            return LeftAlone(f"Someone changed the configuration of {self.address} since, so it stays.")
        return Absent({"configuration": dict(found)})

    def send(self, request: str) -> None:
        document = self._read
        if document is None:
            raise RuntimeError("the interface has not been looked at")
        self.context.azure.network.write_nic(
            self.nic, document.without(self.address), if_match=document.etag, request_id=request
        )

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        if failure.cause is Cause.ETAG_MOVED:
            return Pending(f"{self.nic.name} changed meanwhile; it is read again.")
        return None

    def _gone(self, subnet: ResourceId) -> TaskBody[Seen]:
        holders = yield from make_call(lambda: self.context.azure.network.nics_listing(self.address, subnet))
        others = [holder for holder in holders if holder != self.nic]
        if others:
            return LeftAlone(f"{self.address} has moved to {sanitize(others[0].name, 90)} since, so it stays there.")
        return Present()


def _unless_gone(read: Callable[[], T]) -> TaskBody[T | None]:
    """What was read; None when Azure says twice that it does not exist: what was made on it went with it."""
    try:
        return (yield from make_call(read))
    except AzureCallError as failure:
        if not failure.says_gone:
            raise
    yield from sleep(PAUSES_S[0])
    try:
        return (yield from make_call(read))
    except AzureCallError as failure:
        if not failure.says_gone:
            raise
    return None


def _carries_more(placed: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether someone has hung a public IP, a pool, a NAT rule or something else on the configuration since."""
    return not set(carried_of(found).references) <= set(carried_of(placed).references)


def _last(text: str) -> str:
    return sanitize(text.rstrip("/").rsplit("/", 1)[-1], 90)


def undo_job(
    services: Services,
    identity: ClusterIdentity,
    report: Report[SetupEvent],
    token: CancelToken,
    *,
    identities: bool = False,
) -> SetupFinished:
    """Take back what was created here for this cluster, also for the same two interfaces under other addresses."""
    return locked_job(
        services,
        identity,
        "undo",
        report,
        lambda journal: undo(services.azure, services.clock, journal, report, token, identities=identities),
        pair_identities(services.state_dir, identity),
    )


def preview_undo(services: Services, identity: ClusterIdentity, *, identities: bool = False) -> tuple[UndoItem, ...]:
    """What undo would try to take back, to be shown before it is asked for. UserError: the journal is damaged."""
    if not services.state_dir.is_dir():
        return ()
    with open_pair_journal(services.state_dir, identity) as journal:
        return undo_items(journal, identities=identities)
