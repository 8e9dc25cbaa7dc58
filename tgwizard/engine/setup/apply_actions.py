"""The actions of a plan: identity, role, assignment, stale assignment, address.

Each knows how to see itself done and what Azure's refusals mean.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tgwizard.engine import json_codec
from tgwizard.engine.azure_call_error import AzureCallError, Cause, Certainty
from tgwizard.engine.runs.records import WriteKind
from tgwizard.engine.runs.task_runner import TaskBody, make_call
from tgwizard.engine.setup.apply_loop import Absent, ApplyContext, Conflicting, Pending, Present, Seen
from tgwizard.model.change import USUAL_WORDS
from tgwizard.model.cluster import ResourceId
from tgwizard.model.cluster_setup import CarriedConfiguration
from tgwizard.model.nic import NicDocument, NicDocumentError, Provisioning
from tgwizard.model.problem import Problem
from tgwizard.model.role import (
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    RoleKind,
    RolePermission,
    assignment_guid,
    role_id,
)
from tgwizard.model.setup_plan import Assign, EnableIdentity, PlaceAddress, PutRole, RemoveStale
from tgwizard.model.text import sanitize


def role_document(role: RoleDefinition) -> dict[str, Any]:
    """A role as it is kept: what Azure stores of it, and nothing that Azure moves by itself."""
    return {
        "guid": role.guid,
        "name": role.name,
        "description": role.description,
        "permissions": [json_codec.to_document(block) for block in role.permissions],
        "assignable_scopes": list(role.assignable_scopes),
        "id": role.id,
    }


def role_of(document: Mapping[str, Any]) -> RoleDefinition:
    """The role again."""
    blocks = tuple(
        RolePermission(**{name: tuple(actions) for name, actions in block.items()}) for block in document["permissions"]
    )
    return RoleDefinition(
        document["guid"],
        document["name"],
        document["description"],
        RoleKind.CUSTOM,
        blocks,
        tuple(document["assignable_scopes"]),
        document.get("id", ""),
    )


def same_role(first: RoleDefinition, second: RoleDefinition) -> bool:
    """Whether two roles say the same: name, description, actions and scopes, whatever their order and case."""
    return _role_meaning(first) == _role_meaning(second)


def _role_meaning(role: RoleDefinition) -> tuple[object, ...]:
    blocks = sorted(
        tuple(tuple(sorted({item.lower() for item in part})) for part in dataclasses.astuple(block))
        for block in role.permissions
    )
    scopes = sorted({scope.lower().rstrip("/") for scope in role.assignable_scopes})
    return role.name, role.description, tuple(blocks), tuple(scopes)


@dataclass(slots=True)
class EnableIdentityAction:
    """Turn on a machine's system-assigned identity."""

    context: ApplyContext
    write: EnableIdentity
    write_kind: WriteKind = WriteKind.ENABLE_IDENTITY
    done_sentence: str = ""
    waiting_sentence: str = ""

    def __post_init__(self) -> None:
        self.done_sentence = f"{self.write.vm.name} has its system-assigned identity"
        self.waiting_sentence = f"Azure gives {self.write.vm.name} its identity, which takes 3 to 9 s as a rule."

    def target(self) -> str:
        """The machine's id."""
        return self.write.vm.text

    def look(self) -> TaskBody[Seen]:
        """On, with an object id."""
        vm = yield from make_call(lambda: self.context.azure.compute.vm(self.write.vm))
        if not vm.identity.system_assigned:
            return Absent({"type": vm.identity.kind.value})
        return Present() if vm.identity.principal_id else Pending(self.waiting_sentence)

    def content(self) -> Mapping[str, Any]:
        """The identity alone."""
        return {"identity": "SystemAssigned"}

    def send(self, request: str) -> None:
        """One PATCH of the machine."""
        self.context.azure.compute.enable_identity(self.write.vm, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Nothing of its own."""


@dataclass(slots=True)
class PutRoleAction:
    """Create or update the custom role. ``scope``: where it is read and written, one that the user has rights at."""

    context: ApplyContext
    write: PutRole
    scope: str
    write_kind: WriteKind = WriteKind.PUT_ROLE
    done_sentence: str = ""
    waiting_sentence: str = ""

    def __post_init__(self) -> None:
        name = sanitize(self.write.role.name, 130)
        self.done_sentence = (
            f"The role {name} is there" if self.write.before is None else f"The role {name} is up to date"
        )
        self.waiting_sentence = f"Azure stores the role {name}."

    def target(self) -> str:
        """The role's GUID."""
        return self.write.role.guid

    def look(self) -> TaskBody[Seen]:
        """The role's own reading, compared by meaning."""
        found = yield from make_call(
            lambda: self.context.azure.access.role_definition(self.scope, self.write.role.guid)
        )
        if found is not None and same_role(found, self.write.role):
            return Present()
        if found is None and self.write.before is None:
            return Absent()
        if found is not None and self.write.before is not None and same_role(found, self.write.before):
            return Absent(role_document(found))
        return Conflicting(self._changed(found))

    def content(self) -> Mapping[str, Any]:
        """The whole role, and where it was written."""
        return {**role_document(self.write.role), "at": self.scope}

    def send(self, request: str) -> None:
        """One PUT."""
        self.context.azure.access.put_role(self.scope, self.write.role, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """A name that is taken in a directory is not cured by waiting."""
        if failure.cause is Cause.NAME_TAKEN:
            name = sanitize(self.write.role.name, 130)
            problem = failure.problem
            return Conflicting(
                Problem(
                    problem.code,
                    f"The name {name} is taken by another role.",
                    problem.why,
                    problem.fix,
                    problem.detail,
                )
            )
        if failure.problem.code == "scope-not-understood":
            return Conflicting(self._scope_refused(failure.problem))
        return None

    def _scope_refused(self, problem: Problem) -> Problem:
        """A scope of the role that Azure no longer takes: named, and offered to be dropped."""
        said = f"{problem.why} {problem.detail}".lower()
        scopes = self.write.role.assignable_scopes
        named = [scope for scope in scopes if f"{scope.lower()} " in said or f"'{scope.lower()}'" in said]
        if not named:
            return problem
        scope = max(named, key=len)
        name = sanitize(self.write.role.name, 130)
        what = f"Azure does not accept {sanitize(scope, 300)} as an assignable scope of the role {name}."
        option = f"--drop-scope {sanitize(scope, 300)}"
        fix = f"Drop it from the role: tgwizard setup apply with {option}; the rest of it stays."
        return Problem(problem.code, what, problem.why, fix, problem.detail, problem.who)

    def _changed(self, found: RoleDefinition | None) -> Problem:
        name = sanitize(self.write.role.name, 130)
        what = f"The role {name} is no longer as the plan found it."
        why = "It was deleted meanwhile." if found is None else "Someone changed it meanwhile."
        return Problem(
            "role-changed-since",
            what,
            why,
            "Look at the review again: it shows a new plan, made from what is there now.",
        )


@dataclass(slots=True)
class AssignRoleAction:
    """Give the role to a machine's identity at one scope."""

    context: ApplyContext
    write: Assign
    role: RoleDefinition
    write_kind: WriteKind = WriteKind.ASSIGN
    done_sentence: str = ""
    waiting_sentence: str = ""
    wanted: RoleAssignment | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        place = self.write.scope.rsplit("/", 1)[-1]
        self.done_sentence = f"{self.write.vm.name} has the role on {place}"
        self.waiting_sentence = f"Azure stores the assignment for {self.write.vm.name} on {place}."

    @property
    def assignment(self) -> RoleAssignment:
        """What is wanted, once the first look has found the identity."""
        if self.wanted is None:
            raise RuntimeError("the identity has not been looked up")
        return self.wanted

    def target(self) -> str:
        """The assignment's id."""
        return self.assignment.id

    def look(self) -> TaskBody[Seen]:
        """Its own reading; then, before anything was written, by meaning under any other name."""
        access, write = self.context.azure.access, self.write
        if self.wanted is None:
            vm = yield from make_call(lambda: self.context.azure.compute.vm(write.vm))
            if not vm.identity.principal_id:
                return Conflicting(self._no_identity())
            self.wanted = _assignment(write.scope, write.role_guid, vm.identity.principal_id)
        wanted = self.wanted
        found = yield from make_call(lambda: access.role_assignment(write.scope, wanted.guid))
        if found is not None:
            return Present() if same_assignment(found, wanted) else Conflicting(self._of_another(found))
        held = yield from make_call(lambda: access.assignments_to(write.scope, wanted.principal_id))
        for other in held:
            if same_assignment(other, wanted) and other.guid.lower() != wanted.guid:
                # The list may name what was just removed, so its own reading decides here as well.
                real = yield from make_call(lambda guid=other.guid: access.role_assignment(write.scope, guid))  # type: ignore[misc]
                if real is not None:
                    return Present(f"{self.done_sentence} already")
        return Absent()

    def content(self) -> Mapping[str, Any]:
        """All that Azure tells assignments apart by."""
        wanted = self.assignment
        return {
            "guid": wanted.guid,
            "scope": wanted.scope,
            "role": wanted.role_guid,
            "principal": wanted.principal_id,
            "vm": self.write.vm.text,
        }

    def send(self, request: str) -> None:
        """One PUT, with the principal's type, which spares the look-up in a directory that may not know it yet."""
        full = self.role.id if self.role.id and self.role.guid == self.write.role_guid else ""
        full = full or role_id(self.write.scope, self.write.role_guid)
        self.context.azure.access.put_assignment(self.assignment, full, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """What is normal for a fresh identity or role is waited for; what is there already is done."""
        name = self.write.vm.name
        match failure.cause:
            case Cause.ALREADY_ASSIGNED:
                return Present(f"{self.done_sentence} already, by another assignment")
            case Cause.PRINCIPAL_UNKNOWN:
                return Pending(
                    f"Azure's directory does not know the new identity of {name} yet: 16 s as a rule, up to 5 min."
                )
            case Cause.ROLE_UNKNOWN:
                return Pending(f"The role {sanitize(self.role.name, 130)} has not arrived everywhere in Azure yet.")
            case _:
                return None

    def _no_identity(self) -> Problem:
        name = self.write.vm.name
        return Problem(
            "no-identity",
            f"{name} has no system-assigned identity.",
            "It was turned off after the plan was made.",
            "Look at the review again: it shows a new plan, made from what is there now.",
        )

    def _of_another(self, found: RoleAssignment) -> Problem:
        return Problem(
            "assignment-of-another",
            f"The assignment {found.guid} belongs to another identity or role.",
            "Its name follows from this identity, role and scope, so someone made it by hand.",
            "Remove it in the Azure portal, under Access control (IAM), then apply again.",
        )


@dataclass(slots=True)
class RemoveStaleAction:
    """Remove an assignment to an identity that no longer exists."""

    context: ApplyContext
    write: RemoveStale
    write_kind: WriteKind = WriteKind.REMOVE_STALE
    done_sentence: str = "The stale assignment is gone"
    waiting_sentence: str = "Azure removes the stale assignment."

    def target(self) -> str:
        """The assignment's id, or its GUID."""
        return self.write.assignment.id or self.write.assignment.guid

    def look(self) -> TaskBody[Seen]:
        """Gone; or there, and its identity still unknown to the directory."""
        azure, stale = self.context.azure, self.write.assignment
        found = yield from make_call(lambda: azure.access.role_assignment(stale.scope, stale.guid))
        if found is None:
            return Present()
        known = yield from make_call(lambda: azure.directory.known_principals((stale.principal_id,)))
        if known:
            problem = Problem(
                "no-longer-stale",
                "The assignment is not stale: its identity exists.",
                "The directory did not show it when the plan was made.",
                "It is kept. Look at the review again.",
            )
            return Conflicting(problem)
        return Absent(assignment_document(found))

    def content(self) -> Mapping[str, Any]:
        """Nothing is sent with it."""
        return {}

    def send(self, request: str) -> None:
        """One DELETE."""
        self.context.azure.access.delete_assignment(self.write.assignment, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """Nothing of its own."""


def same_assignment(first: RoleAssignment, second: RoleAssignment) -> bool:
    """Whether two assignments give the same role to the same identity at the same scope."""
    return _assignment_meaning(first) == _assignment_meaning(second)


def assignment_document(item: RoleAssignment) -> dict[str, Any]:
    """An assignment as the journal keeps it."""
    return {"guid": item.guid, "scope": item.scope, "role": item.role_guid, "principal": item.principal_id}


def assignment_of(document: Mapping[str, Any]) -> RoleAssignment:
    """The assignment again."""
    return _assignment(document["scope"], document["role"], document["principal"], document["guid"])


def _assignment(scope: str, role_guid: str, principal: str, guid: str = "") -> RoleAssignment:
    guid = guid or assignment_guid(scope, principal, role_guid)
    full = f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{guid}"
    return RoleAssignment(guid, scope, role_guid.lower(), principal, PrincipalKind.SERVICE_PRINCIPAL, id=full)


def _assignment_meaning(item: RoleAssignment) -> tuple[str, str, str]:
    return item.scope.lower().rstrip("/"), item.role_guid.lower(), item.principal_id.lower()


@dataclass(slots=True)
class PlaceAddressAction:
    """Create the configuration. ``nics``: the cluster's own interfaces, on either of which the address is at home."""

    context: ApplyContext
    write: PlaceAddress
    nics: tuple[ResourceId, ...]
    write_kind: WriteKind = WriteKind.PLACE_ADDRESS
    done_sentence: str = ""
    waiting_sentence: str = ""
    _read: NicDocument | None = field(default=None, init=False)
    _asked_twice: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.done_sentence = f"{self.write.nic.name} holds {self.write.address}"
        self.waiting_sentence = f"Azure attaches {self.write.address} to {self.write.nic.name}: {USUAL_WORDS}."

    def target(self) -> str:
        """The interface's id."""
        return self.write.nic.text

    def look(self) -> TaskBody[Seen]:
        """The interface itself; before a write also whether anyone else has the address."""
        write = self.write
        document = yield from make_call(lambda: self.context.azure.network.read_nic(write.nic))
        self._read = document
        if document.lists(write.address):
            return self._listed(document)
        if document.provisioning is Provisioning.UPDATING:
            return Pending(f"Azure still updates {write.nic.name}.")
        subnet = ResourceId(document.subnet)
        holders = yield from make_call(lambda: self.context.azure.network.nics_listing(write.address, subnet))
        for holder in holders:
            if holder == write.nic:
                continue
            if holder in self.nics:
                return Present(f"{holder.name} holds {write.address} already")
            return Conflicting(self._taken(f"{holder.name} has it."))
        return (yield from self._free(subnet))

    def content(self) -> Mapping[str, Any]:
        """The configuration; the rest of the interface goes back as it was read."""
        return {"configuration": dict(self._configuration()), "address": self.write.address}

    def send(self, request: str) -> None:
        """One conditional PUT of the whole interface."""
        document = self._document()
        wanted = document.plus(self._configuration())
        self.context.azure.network.write_nic(self.write.nic, wanted, if_match=document.etag, request_id=request)

    def interpret_refusal(self, failure: AzureCallError) -> Seen | None:
        """A moved version is read again; an address that another has is named."""
        if failure.cause is Cause.ETAG_MOVED:
            return Pending(f"{self.write.nic.name} changed meanwhile; it is read again.")
        holder = failure.allocated_to
        if failure.cause is Cause.ADDRESS_ALLOCATED and holder is not None and holder != self.write.nic:
            return Conflicting(self._taken(f"{sanitize(holder.name, 90)} has it."))
        return None

    def _free(self, subnet: ResourceId) -> TaskBody[Seen]:
        try:
            answer = yield from make_call(lambda: self.context.azure.network.check_address(subnet, self.write.address))
        except AzureCallError as failure:
            if failure.cause is Cause.NOT_ALLOWED:
                return Absent()  # No right to ask; the write itself is refused when the address is taken.
            raise
        if answer.free:
            return self._writable()
        if answer.reserved:
            return Conflicting(self._taken("Azure keeps it for itself."))
        if not self._asked_twice:
            # A write of an earlier run may have arrived between our reading of the interface and this answer.
            self._asked_twice = True
            return Pending(f"{self.write.address} is not free; {self.write.nic.name} is looked at again.")
        return Conflicting(self._taken("Something in the virtual network that is no network interface has it."))

    def _writable(self) -> Seen:
        try:
            self._configuration()
        except NicDocumentError as error:
            what = f"{self.write.nic.name} cannot take the floating IP."
            return Conflicting(
                Problem("nic-not-usable", what, f"{error}.", "Look at the interface in the Azure portal.")
            )
        return Absent()

    def _listed(self, document: NicDocument) -> Seen:
        match document.provisioning:
            case Provisioning.SUCCEEDED:
                return Present()
            case Provisioning.FAILED:
                return Conflicting(self._failed())
            case _:
                return Pending(self.waiting_sentence)

    def _failed(self) -> Problem:
        why = "The details of the interface in the Azure portal say why."
        fix = "Write the interface again in the Azure portal, or apply again once it says Succeeded."
        return Problem("attach-failed", f"Azure could not finish attaching {self.write.address}.", why, fix)

    def _taken(self, why: str) -> Problem:
        what = f"{self.write.address} is not free."
        return Problem("address-taken", what, why, "Choose another floating IP. Nothing was written for it.")

    def _document(self) -> NicDocument:
        if self._read is None:
            raise AzureCallError(Problem("not-read", f"{self.write.nic.name} was not read."), Certainty.NOT_SENT)
        return self._read

    def _configuration(self) -> Mapping[str, Any]:
        return self._document().new_configuration(self.write.configuration, self.write.address, CarriedConfiguration())
