"""What the pages from the floating IP to the review show, worked out from the session. Pure."""

from __future__ import annotations

from tgwizard.engine.access.matching_roles import (
    Affected,
    Today,
    action_rows,
    affected_by,
    network_contributor,
    stale_assignments,
)
from tgwizard.engine.access.required_rights import computed_scopes, required_rights
from tgwizard.engine.discovery.subnet_addresses import suggested_addresses
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.export.formats import FORMATS, ExportKind, export, file_name
from tgwizard.engine.setup.export.plan_values import role_json
from tgwizard.engine.setup.role_target import RoleTarget, role_target
from tgwizard.engine.setup.suggestions import occupancy_in, role_as_new, role_candidates, topology_in
from tgwizard.engine.setup.validation import address_findings
from tgwizard.engine.setup.wizard_state import Want
from tgwizard.gui.setup.session import SetupSession
from tgwizard.gui.setup.steps.floating_ip import AddressShown
from tgwizard.gui.setup.steps.review import Exported, ReviewShown
from tgwizard.gui.setup.steps.role import RoleOption, RoleShown
from tgwizard.gui.setup.steps.scope import ScopeShown
from tgwizard.model.access_facts import SetupFacts
from tgwizard.model.role import RoleDefinition
from tgwizard.model.setup_answers import Answers, Placement, RoleAnswer, RoleUse
from tgwizard.model.setup_plan import SetupPlan, WhoMay
from tgwizard.model.text import age, counted, listed, tame
from tgwizard.model.topology import Topology

TABS = {
    ExportKind.AZ: "az CLI",
    ExportKind.TERRAFORM: "Terraform",
    ExportKind.PORTAL: "Portal checklist",
}
"""The exports with a tab of their own; the request has its buttons beside the rights."""

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def address_shown(session: SetupSession) -> AddressShown:
    """The fifth page."""
    flow, shown = session.flow, session.shown
    taken, topology = occupancy_in(flow, shown), topology_in(flow, shown)
    if taken is None or topology is None:
        return AddressShown()
    return AddressShown(
        taken,
        shown.address,
        suggested_addresses(taken, topology),
        address_findings(flow, shown),
        session.reading(Want.ADDRESS),
        ", ".join(tame(vm.id.name, 30) for vm in topology.vms),
        tame(topology.vms[0].id.name, 90),
        shown.placement is Placement.NOW,
        shown.ip_configuration,
        session.mistyped,
    )


def role_shown(session: SetupSession, name_problem: str = "") -> RoleShown:
    """The sixth page."""
    flow, shown = session.flow, session.shown
    topology, facts = topology_in(flow, shown), flow.facts
    if topology is None or facts is None:
        return RoleShown(reading="Reading the roles of the subscription" if session.reading(Want.FACTS) else "")
    needs = required_rights(topology)
    answer = shown.role or RoleAnswer()
    target = role_target(answer, topology.subnet.subscription, needs, chosen_scopes(shown, topology), facts)
    existing: RoleDefinition | None = None
    if answer.use in (RoleUse.REUSE, RoleUse.UPDATE):
        existing = facts.role(answer.guid)
    elif answer.use is RoleUse.NETWORK_CONTRIBUTOR:
        existing = network_contributor(facts)
    rows = action_rows(needs, existing, extra=answer.extra, update=answer.use is RoleUse.UPDATE)
    text = role_json(target.role)
    key = f"others of {existing.guid if existing is not None else ''}"
    others = session.once(key, lambda: _of_others(existing, facts, topology))
    extra = sum(row.extra and bool(row.on) for row in rows)
    asked = len({need.action.lower() for need in needs if need.asked and need.in_brief})
    lead = f"The brief's ten actions, no more. Azure asks for {_NUMBERS[asked]} of them when this address moves."
    if answer.use is RoleUse.NETWORK_CONTRIBUTOR:
        lead = "Azure's own role for networks: wider than needed, without virtualMachines/read, which is not asked for."
    elif extra:
        words = _NUMBERS[extra] if extra < len(_NUMBERS) else str(extra)
        lead = f"The brief's ten actions; {words} more {'is' if extra == 1 else 'are'} offered for what is here."
    elif existing is not None:
        lacks = sum(not row.extra and row.today in {Today.TO_ADD, Today.MISSING, Today.NOT_ASKED} for row in rows)
        has = "all ten actions" if not lacks else f"{_NUMBERS[10 - lacks]} of the ten actions"
        lead = f"{tame(existing.name, 90)} has {has} of the brief's role."
    return RoleShown(
        _options(session, answer, facts),
        answer,
        rows,
        name_problem,
        text,
        _added_lines(text, target),
        others,
        lead,
    )


def _of_others(existing: RoleDefinition | None, facts: SetupFacts, topology: Topology) -> tuple[Affected, ...]:
    """Who has the role besides the two machines."""
    principals = {vm.identity.principal_id.lower() for vm in topology.vms}
    return tuple(
        one
        for one in (affected_by(existing, facts) if existing is not None else ())
        if one.assignment.principal_id.lower() not in principals
    )


def _options(session: SetupSession, answer: RoleAnswer, facts: SetupFacts) -> tuple[RoleOption, ...]:
    options: list[RoleOption] = []
    for item in role_candidates(session.flow, session.shown)[:3]:
        name = tame(item.role.name, 128)
        others = item.others
        used = f" {counted(others, 'other assignment')} of it." if others else ""
        if item.complete:
            words = f"Found here, with all that is needed.{used}"
            options.append(RoleOption(RoleAnswer(RoleUse.REUSE, item.role.name, item.role.guid), f"Use {name}", words))
        elif not item.withheld:
            lacks = [action.rsplit("Microsoft.Network/", 1)[-1] for action in item.missing]
            what = f"Found here. Lacks {listed(lacks)}." if lacks else "Found here. Not assignable everywhere needed."
            gains = f"{used[:-1]} gain{'s' if others == 1 else ''} the same." if others else ""
            update = RoleAnswer(RoleUse.UPDATE, item.role.name, item.role.guid, answer.extra, answer.declined)
            options.append(RoleOption(update, f"Update {name}", f"{what}{gains}"))
    new = answer if answer.use is RoleUse.NEW else role_as_new(session.shown.name, facts)
    words = "Ten actions, its own name. The old role stays as it is." if options else "Ten actions, its own name."
    options.append(RoleOption(new, "Make a new role", words))
    built_in = RoleAnswer(RoleUse.NETWORK_CONTRIBUTOR)
    wide = "May change every network resource, yet cannot read virtual machines."
    options.append(RoleOption(built_in, "Network Contributor", wide, wider=True))
    return tuple(options)


def _added_lines(text: str, target: RoleTarget) -> frozenset[int]:
    """The lines of the JSON that an update adds; a new role has no old lines to tell apart."""
    if target.before is None:
        return frozenset()
    added = {action.lower() for action in target.added}
    return frozenset(
        number for number, line in enumerate(text.splitlines()) if line.strip().strip('",').lower() in added
    )


def scope_shown(session: SetupSession) -> ScopeShown:
    """The seventh page."""
    flow, shown = session.flow, session.shown
    topology = topology_in(flow, shown)
    if topology is None:
        return ScopeShown()
    name = shown.subscription.name if shown.subscription is not None else ""
    return ScopeShown(
        computed_scopes(topology),
        shown.whole_subscription,
        shown.narrowed,
        name,
        topology.vms,
        _stale_words(session, topology),
        shown.remove_stale,
    )


def _stale_words(session: SetupSession, topology: Topology) -> tuple[str, ...]:
    facts = session.flow.facts
    if facts is None:
        return ()
    shown = session.shown
    scopes = chosen_scopes(shown, topology)
    target = role_target(
        shown.role or RoleAnswer(), topology.subnet.subscription, required_rights(topology), scopes, facts
    )
    found = stale_assignments(target.role, scopes, facts)
    return tuple(
        f"An assignment on {tame(item.scope.rsplit('/', 1)[-1], 90)} is for the identity {item.principal_id}, which is "
        "no longer in the directory."
        for item in found
    )


def review_shown(session: SetupSession, plan: SetupPlan | None) -> ReviewShown:
    """The eighth page."""
    busy = ""
    if session.reading(Want.FACTS):
        busy = "Reading roles, identities and rights"
    if plan is None:
        return ReviewShown(busy=busy)
    shown = session.shown
    exports = session.once("exports", lambda: _exports(plan, shown))
    others = any(change.right.who is WhoMay.OTHERS for change in plan.writing)
    letter = session.once("letter", lambda: export(ExportKind.REQUEST, plan, shown)) if others else ""
    seconds = session.read_age_s
    ago = "" if seconds is None else f"read from Azure {age(seconds)}"
    return ReviewShown(plan, exports, letter, "", ago, busy)


def _exports(plan: SetupPlan, answers: Answers) -> tuple[Exported, ...]:
    return tuple(
        Exported(word, file_name(kind, answers), export(kind, plan, answers))
        for kind, word in TABS.items()
        if kind in FORMATS
    )
