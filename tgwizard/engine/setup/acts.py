"""The acts of a plan: identity, role, assignment, stale assignment. Each knows how to see itself done and how to write.

A list of Azure flickers for more than a minute after a change (azure/README.md 3.1), so done is always judged by the
object's own reading; lists only help to find what is there by meaning under another name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tgwizard.engine.errors import CallFailed, Cause
from tgwizard.engine.runs.records import Deed, role_document, same_role
from tgwizard.engine.runs.task_runner import Work, ask
from tgwizard.engine.setup.driving import Against, Desk, Missing, NotYet, Seen, There
from tgwizard.model.problem import Problem
from tgwizard.model.role import (
    PrincipalKind,
    RoleAssignment,
    RoleDefinition,
    assignment_guid,
    role_id,
)
from tgwizard.model.setup_plan import Assign, EnableIdentity, PutRole, RemoveStale
from tgwizard.model.text import tame


@dataclass(slots=True)
class IdentityAct:
    """Turn on a machine's system-assigned identity."""

    desk: Desk
    act: EnableIdentity
    deed: Deed = Deed.ENABLE_IDENTITY
    done: str = ""
    showing: str = ""

    def __post_init__(self) -> None:
        self.done = f"{self.act.vm.name} has its system-assigned identity"
        self.showing = f"Azure gives {self.act.vm.name} its identity, which takes 3 to 9 s as a rule."

    def target(self) -> str:
        """The machine's id."""
        return self.act.vm.text

    def look(self) -> Work[Seen]:
        """On, with an object id."""
        vm = yield from ask(lambda: self.desk.ports.inventories.vm(self.act.vm))
        if not vm.identity.system_assigned:
            return Missing({"type": vm.identity.kind.value})
        return There() if vm.identity.principal_id else NotYet(self.showing)

    def sent(self) -> Mapping[str, Any]:
        """The identity alone."""
        return {"identity": "SystemAssigned"}

    def send(self, request: str) -> None:
        """One PATCH of the machine."""
        self.desk.ports.access.enable_identity(self.act.vm, request_id=request)

    def refused(self, failure: CallFailed) -> Seen | None:
        """Nothing of its own."""


@dataclass(slots=True)
class RoleAct:
    """Create or update the custom role. ``scope``: where it is read and written, one that the user has rights at."""

    desk: Desk
    act: PutRole
    scope: str
    deed: Deed = Deed.PUT_ROLE
    done: str = ""
    showing: str = ""

    def __post_init__(self) -> None:
        name = tame(self.act.role.name, 130)
        self.done = f"The role {name} is there" if self.act.before is None else f"The role {name} is up to date"
        self.showing = f"Azure stores the role {name}."

    def target(self) -> str:
        """The role's GUID."""
        return self.act.role.guid

    def look(self) -> Work[Seen]:
        """The role's own reading, compared by meaning."""
        found = yield from ask(lambda: self.desk.ports.access.role_definition(self.scope, self.act.role.guid))
        if found is not None and same_role(found, self.act.role):
            return There()
        if found is None and self.act.before is None:
            return Missing()
        if found is not None and self.act.before is not None and same_role(found, self.act.before):
            return Missing(role_document(found))
        return Against(self._changed(found))

    def sent(self) -> Mapping[str, Any]:
        """The whole role, and where it was written."""
        return {**role_document(self.act.role), "at": self.scope}

    def send(self, request: str) -> None:
        """One PUT."""
        self.desk.ports.access.put_role(self.scope, self.act.role, request_id=request)

    def refused(self, failure: CallFailed) -> Seen | None:
        """A name that is taken in a directory is not cured by waiting."""
        if failure.cause is Cause.NAME_TAKEN:
            name = tame(self.act.role.name, 130)
            problem = failure.problem
            return Against(
                Problem(
                    problem.code,
                    f"The name {name} is taken by another role.",
                    problem.why,
                    problem.fix,
                    problem.detail,
                )
            )
        if failure.problem.code == "scope-not-understood":
            return Against(self._scope_refused(failure.problem))
        return None

    def _scope_refused(self, problem: Problem) -> Problem:
        """A scope of the role that Azure no longer takes: named, and offered to be dropped."""
        said = f"{problem.why} {problem.detail}".lower()
        scopes = self.act.role.assignable_scopes
        named = [scope for scope in scopes if f"{scope.lower()} " in said or f"'{scope.lower()}'" in said]
        if not named:
            return problem
        scope = max(named, key=len)
        name = tame(self.act.role.name, 130)
        what = f"Azure does not accept {tame(scope, 300)} as an assignable scope of the role {name}."
        fix = f"Drop it from the role: tgwizard setup apply with --drop-scope {tame(scope, 300)}; the rest of it stays."
        return Problem(problem.code, what, problem.why, fix, problem.detail, problem.who)

    def _changed(self, found: RoleDefinition | None) -> Problem:
        name = tame(self.act.role.name, 130)
        what = f"The role {name} is no longer as the plan found it."
        why = "It was deleted meanwhile." if found is None else "Someone changed it meanwhile."
        return Problem("role-changed-since", what, why, "Look at the review again: the plan is made anew from what is.")


@dataclass(slots=True)
class AssignAct:
    """Give the role to a machine's identity at one scope."""

    desk: Desk
    act: Assign
    role: RoleDefinition
    deed: Deed = Deed.ASSIGN
    done: str = ""
    showing: str = ""
    wanted: RoleAssignment | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        place = self.act.scope.rsplit("/", 1)[-1]
        self.done = f"{self.act.vm.name} has the role on {place}"
        self.showing = f"Azure stores the assignment for {self.act.vm.name} on {place}."

    @property
    def assignment(self) -> RoleAssignment:
        """What is wanted, once the first look has found the identity."""
        if self.wanted is None:
            raise RuntimeError("the identity has not been looked up")
        return self.wanted

    def target(self) -> str:
        """The assignment's id."""
        return self.assignment.id

    def look(self) -> Work[Seen]:
        """Its own reading; then, before anything was written, by meaning under any other name."""
        access, act = self.desk.ports.access, self.act
        if self.wanted is None:
            vm = yield from ask(lambda: self.desk.ports.inventories.vm(act.vm))
            if not vm.identity.principal_id:
                return Against(self._no_identity())
            self.wanted = _assignment(act.scope, act.role_guid, vm.identity.principal_id)
        wanted = self.wanted
        found = yield from ask(lambda: access.role_assignment(act.scope, wanted.guid))
        if found is not None:
            return There() if same_assignment(found, wanted) else Against(self._of_another(found))
        held = yield from ask(lambda: access.assignments_to(act.scope, wanted.principal_id))
        for other in held:
            if same_assignment(other, wanted) and other.guid.lower() != wanted.guid:
                # The list may name what was just removed, so its own reading decides here as well.
                real = yield from ask(lambda guid=other.guid: access.role_assignment(act.scope, guid))  # type: ignore[misc]
                if real is not None:
                    return There(f"{self.done} already")
        return Missing()

    def sent(self) -> Mapping[str, Any]:
        """All that Azure tells assignments apart by."""
        wanted = self.assignment
        return {
            "guid": wanted.guid,
            "scope": wanted.scope,
            "role": wanted.role_guid,
            "principal": wanted.principal_id,
            "vm": self.act.vm.text,
        }

    def send(self, request: str) -> None:
        """One PUT, with the principal's type, which spares the look-up in a directory that may not know it yet."""
        full = self.role.id if self.role.id and self.role.guid == self.act.role_guid else ""
        full = full or role_id(self.act.scope, self.act.role_guid)
        self.desk.ports.access.put_assignment(self.assignment, full, request_id=request)

    def refused(self, failure: CallFailed) -> Seen | None:
        """What is normal for a fresh identity or role is waited for; what is there already is done."""
        name = self.act.vm.name
        match failure.cause:
            case Cause.ALREADY_ASSIGNED:
                return There(f"{self.done} already, by another assignment")
            case Cause.PRINCIPAL_UNKNOWN:
                return NotYet(
                    f"Azure's directory does not know the new identity of {name} yet: 16 s as a rule, up to 5 min."
                )
            case Cause.ROLE_UNKNOWN:
                return NotYet(f"The role {tame(self.role.name, 130)} has not arrived everywhere in Azure yet.")
            case _:
                return None

    def _no_identity(self) -> Problem:
        name = self.act.vm.name
        return Problem(
            "no-identity",
            f"{name} has no system-assigned identity.",
            "It was turned off after the plan was made.",
            "Look at the review again: the plan is made anew from what is.",
        )

    def _of_another(self, found: RoleAssignment) -> Problem:
        return Problem(
            "assignment-of-another",
            f"The assignment {found.guid} belongs to another identity or role.",
            "Its name follows from this identity, role and scope, so someone made it by hand.",
            "Remove it in the Azure portal, under Access control (IAM), then apply again.",
        )


@dataclass(slots=True)
class StaleAct:
    """Remove an assignment to an identity that no longer exists."""

    desk: Desk
    act: RemoveStale
    deed: Deed = Deed.REMOVE_STALE
    done: str = "The stale assignment is gone"
    showing: str = "Azure removes the stale assignment."

    def target(self) -> str:
        """The assignment's id, or its GUID."""
        return self.act.assignment.id or self.act.assignment.guid

    def look(self) -> Work[Seen]:
        """Gone; or there, and its identity still unknown to the directory."""
        access, stale = self.desk.ports.access, self.act.assignment
        found = yield from ask(lambda: access.role_assignment(stale.scope, stale.guid))
        if found is None:
            return There()
        known = yield from ask(lambda: access.known_principals((stale.principal_id,)))
        if known:
            problem = Problem(
                "no-longer-stale",
                "The assignment is not stale: its identity exists.",
                "The directory did not show it when the plan was made.",
                "It is kept. Look at the review again.",
            )
            return Against(problem)
        return Missing(assignment_document(found))

    def sent(self) -> Mapping[str, Any]:
        """Nothing is sent with it."""
        return {}

    def send(self, request: str) -> None:
        """One DELETE."""
        self.desk.ports.access.delete_assignment(self.act.assignment, request_id=request)

    def refused(self, failure: CallFailed) -> Seen | None:
        """Nothing of its own."""


def same_assignment(first: RoleAssignment, second: RoleAssignment) -> bool:
    """Whether two assignments give the same role to the same identity at the same scope."""
    return _meaning(first) == _meaning(second)


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


def _meaning(item: RoleAssignment) -> tuple[str, str, str]:
    return item.scope.lower().rstrip("/"), item.role_guid.lower(), item.principal_id.lower()
