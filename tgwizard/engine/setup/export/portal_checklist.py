"""The plan as a checklist for the Azure portal: Trustgrid's steps with every name filled in.

One document, two forms. Foreign text is a ``Name`` and is quoted by the form: as a code span in Markdown, escaped and
kept from reordering its neighbours on the page, whose template is ``portal-checklist.html``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tgwizard.engine.html_page import render_page
from tgwizard.engine.setup.export import plan_values
from tgwizard.model.cluster import ResourceId
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import Assign, EnableIdentity, PlaceAddress, PutRole, RemoveStale, SetupPlan
from tgwizard.model.text import sanitize

_EVERYWHERE = "It then counts in every group, including later ones."


@dataclass(frozen=True, slots=True)
class Name:
    """A name of Azure's or of the user's: foreign text."""

    text: str


Span = str | Name


@dataclass(frozen=True, slots=True)
class ChecklistStep:
    """One thing to do, and the single clicks of which it consists where these are many."""

    words: tuple[Span, ...]
    clicks: tuple[tuple[Span, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, its steps, and a file that belongs to them."""

    heading: tuple[Span, ...]
    steps: tuple[ChecklistStep, ...]
    file: str = ""


def _steps(*all_words: tuple[Span, ...]) -> tuple[ChecklistStep, ...]:
    return tuple(ChecklistStep(words) for words in all_words)


def sections(plan: SetupPlan, answers: Answers) -> tuple[Section, ...]:
    """The whole checklist."""
    found = (
        *_identities(plan),
        *_role(plan, answers),
        *_assignments(plan),
        *_stale(plan),
        *_placement(plan),
        *_restarts(plan, answers),
    )
    return found or (Section(("Nothing is left to do",), _steps(("Everything is there already.",))),)


def markdown(plan: SetupPlan, answers: Answers) -> str:
    """With boxes to tick."""
    lines = [
        f"# Floating IP of {_code(Name(plan_values.title(answers)))}: checklist for the Azure portal",
        "",
        f"Subscription: {_code(Name(plan_values.subscription_name(answers)))}",
    ]
    for section in sections(plan, answers):
        lines += ["", f"## {_md(section.heading)}", ""]
        for number, step in enumerate(section.steps, 1):
            lines.append(f"- [ ] {number}. {_md(step.words)}")
            lines += [f"    - [ ] {number}.{place} {_md(click)}" for place, click in enumerate(step.clicks, 1)]
        if section.file:
            lines += ["", "```json", section.file, "```"]
    return "\n".join(lines) + "\n"


def html(plan: SetupPlan, answers: Answers) -> str:
    """A page to print."""
    return render_page(
        "portal-checklist.html",
        cluster=plan_values.title(answers),
        subscription=plan_values.subscription_name(answers),
        sections=sections(plan, answers),
    )


def plain(spans: tuple[Span, ...]) -> str:
    """The words of a step or heading as plain text."""
    return "".join(span if isinstance(span, str) else sanitize(span.text, 400) for span in spans)


def _identities(plan: SetupPlan) -> Iterator[Section]:
    for change in plan.writing:
        if isinstance(change.write, EnableIdentity):
            vm = Name(change.write.vm.name)
            yield Section(
                ("Turn on the identity of ", vm),
                _steps(
                    ("Search for Virtual machines and open ", vm, " in ", Name(change.write.vm.group), "."),
                    ("Under Security select Identity, tab System assigned.",),
                    ("Set Status to On, select Save, then Yes. Identities on the other tab stay as they are.",),
                ),
            )


def _role(plan: SetupPlan, answers: Answers) -> Iterator[Section]:
    put = plan_values.role_put(plan)
    if put is None:
        return
    role = Name(put.role.name)
    place = Name(plan_values.subscription_name(answers))
    if put.before is not None:
        yield _update(put, role, place)
        return
    instead: tuple[tuple[Span, ...], ...] = (
        ("Instead of resource groups, the whole subscription ", place, " can be the assignable scope."),
    )
    yield Section(
        ("Create the custom role ", role),
        (
            *_steps(
                ("Save the JSON below to a file named ", Name(plan_values.ROLE_FILE), "."),
                ("Search for Subscriptions and select the service.",),
                ("Select ", place, "."),
                ("Select Access control (IAM), then Add, then Add custom role.",),
                ("Select Start from JSON and choose the file.",),
                (
                    "The role name becomes ",
                    role,
                    ". You may choose another name; if you do, look for that name in the later steps.",
                ),
                ("Select Next.",),
                ("On Permissions look at what is granted, and select Next.",),
            ),
            *(_assignable(scope, place) for scope in put.role.assignable_scopes),
            *_steps(
                *(instead if any(plan_values.group_of(scope) for scope in put.role.assignable_scopes) else ()),
                ("On Assignable scopes select Next.",),
                ("On JSON select Next.",),
                ("Select Review + create, then Create.",),
            ),
        ),
        plan_values.role_json(put.role),
    )


def _assignable(scope: str, place: Name) -> ChecklistStep:
    group = plan_values.group_of(scope)
    kind = "Resource group" if group else "Subscription"
    search: tuple[Span, ...] = ("In Select search for ", Name(group), " and select it.") if group else ("Select it.",)
    return ChecklistStep(
        ("On Assignable scopes there should be ", Name(scope), ". If not, select Add assignable scopes:"),
        (
            (f"From Type select {kind}.",),
            ("From Subscription select ", place, "."),
            search,
            ("Click Select.",),
        ),
    )


def _update(put: PutRole, role: Name, place: Name) -> Section:
    before = put.before.actions if put.before else ()
    known = {action.lower() for action in before}
    more = [action for action in put.role.actions if action.lower() not in known]
    there = {scope.lower() for scope in put.before.assignable_scopes} if put.before else set()
    added = [scope for scope in put.role.assignable_scopes if scope.lower() not in there]
    return Section(
        ("Update the custom role ", role),
        (
            *_steps(
                ("Search for Subscriptions and open ", place, "."),
                ("Select Access control (IAM), tab Roles, search for ", role, ", and from its menu (…) select Edit."),
                *(("On Permissions select Add permissions and add ", Name(action), ".") for action in more),
            ),
            *(_assignable(scope, place) for scope in added),
            *_steps(("Select Review + update, then Update. On the JSON tab it should then read as below.",)),
        ),
        plan_values.role_json(put.role),
    )


def _assignments(plan: SetupPlan) -> Iterator[Section]:
    """One section for each scope; a further one with the same machines is done as the first one was."""
    by_scope: dict[str, tuple[Assign, ...]] = {}
    for write in plan_values.assigns(plan):
        by_scope[write.scope] = (*by_scope.get(write.scope, ()), write)
    role = Name(plan.role.name)
    if len(by_scope) > 1 and all(plan_values.group_of(scope) for scope in by_scope):
        yield Section(
            ("Choose where the role is given",),
            _steps(
                ("Group by group, as below: no more than a failover needs.",),
                ("Or once on the whole subscription, if that is an assignable scope. " + _EVERYWHERE,),
            ),
        )
    told: dict[tuple[ResourceId, ...], str] = {}
    for scope, writes in by_scope.items():
        heading: tuple[Span, ...] = ("Give the role on ", Name(_last(scope)))
        first = told.setdefault(tuple(write.vm for write in writes), scope)
        if first != scope:
            same: tuple[Span, ...] = (
                "Repeat the steps for ",
                Name(_last(first)),
                ", starting at Access control (IAM).",
            )
            yield Section(heading, _steps(_opening(scope), same))
            continue
        members = [
            (
                ("From Managed identity select Virtual machine.",),
                ("Select ", Name(write.vm.name), " in ", Name(write.vm.group), "."),
                ("Click Select.",),
            )
            for write in writes
        ]
        yield Section(
            heading,
            (
                *_steps(
                    _opening(scope),
                    ("Select Access control (IAM), then Add, then Add role assignment.",),
                    ("Search for ", role, ", select it, then Next."),
                    ("Under Assign access to select Managed identity.",),
                ),
                *(ChecklistStep(("Select members:",), clicks) for clicks in members),
                *_steps(("Select Review + assign, and Review + assign once more.",)),
            ),
        )


def _opening(scope: str) -> tuple[Span, ...]:
    group = plan_values.group_of(scope)
    if not group:
        return ("Search for Subscriptions and open ", Name(_last(scope)), ".")
    if scope.strip("/").count("/") > 3:
        return ("Search for ", Name(_last(scope)), " and open it (resource group ", Name(group), ").")
    return ("Search for Resource groups and open ", Name(group), ".")


def _stale(plan: SetupPlan) -> Iterator[Section]:
    for change in plan.writing:
        if isinstance(change.write, RemoveStale):
            stale = change.write.assignment
            yield Section(
                ("Remove a stale assignment on ", Name(_last(stale.scope))),
                _steps(
                    _opening(stale.scope),
                    ("Select Access control (IAM), tab Role assignments.",),
                    ("Tick the row Identity not found with the object id ", Name(stale.principal_id), "."),
                    ("Select Remove, then Yes.",),
                ),
            )


def _placement(plan: SetupPlan) -> Iterator[Section]:
    write = plan_values.placement(plan)
    if isinstance(write, PlaceAddress):
        yield Section(
            ("Create the Azure IP Configuration",),
            _steps(
                ("Search for Network interfaces and open ", Name(write.nic.name), " in ", Name(write.nic.group), "."),
                ("Under Settings select IP configurations, then Add.",),
                ("Name: ", Name(write.configuration), ". Type: Secondary. Allocation: Static."),
                ("Private IP address: ", Name(write.address), ". No public IP. Select Add."),
            ),
        )


def _restarts(plan: SetupPlan, answers: Answers) -> Iterator[Section]:
    machines: tuple[ResourceId, ...] = plan_values.restarts(plan, answers)
    if machines:
        yield Section(
            ("Restart the machines, one at a time",),
            _steps(
                ("Wait ten minutes: new rights can take that long to count.",),
                *(
                    ("Open ", Name(vm.name), ", select Restart, and wait until the appliance is healthy again.")
                    for vm in machines
                ),
            ),
        )


def _last(scope: str) -> str:
    return scope.rstrip("/").rsplit("/", 1)[-1]


def _md(spans: tuple[Span, ...]) -> str:
    return "".join(_code(span) if isinstance(span, Name) else span for span in spans)


def _code(name: Name) -> str:
    """A code span that nothing in the name can end (CommonMark: a longer run of backticks, and room beside them)."""
    text = sanitize(name.text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    room = " " if longest else ""
    return f"{fence}{room}{text}{room}{fence}"
