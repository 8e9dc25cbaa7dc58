"""What each step is in the Azure portal: where, the clicks it replaces, the same as a command, and why it is asked.

The clicks follow Trustgrid's own instructions, counted as they stand there: each place to press is a click, each text
to enter a typed field. Names come filled in from the answers. Commands are quoted for a POSIX shell.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tgwizard.engine.access.required_rights import scope_name
from tgwizard.engine.setup.assignment_scopes import chosen_scopes
from tgwizard.engine.setup.setup_command_line import cluster_command, plan_command
from tgwizard.engine.setup.suggestions import chosen_machines_in, proposed_answers
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.model.chosen_machines import ChosenMachines
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.inventory import VmFound
from tgwizard.model.role import NETWORK_CONTRIBUTOR
from tgwizard.model.setup_answers import Answers, RoleAnswer, RoleUse, SetupStep
from tgwizard.model.setup_plan import Assign, EnableIdentity
from tgwizard.model.text import counted, join_words, sanitize


@dataclass(frozen=True, slots=True)
class PortalStep:
    """One place in the portal: what to press there, and how many clicks and typed fields that is."""

    words: str
    note: str = ""
    clicks: int = 1
    typed: int = 0


@dataclass(frozen=True, slots=True)
class PortalGuide:
    """What stands beside a step. ``at``: the resource and blade to open, as ``portal_url`` takes it; may be empty.

    ``command``: lines of a shell script; empty when there is no such command.
    """

    intro: str
    steps: tuple[PortalStep, ...]
    why_title: str
    why: str
    command: str = ""
    at: str = ""

    @property
    def clicks(self) -> int:
        """How many clicks the portal takes."""
        return sum(step.clicks for step in self.steps)

    @property
    def typed(self) -> int:
        """How many fields have to be typed there."""
        return sum(step.typed for step in self.steps)


def portal_guide(
    state: WizardState, step: SetupStep | None = None, saved: Iterable[ClusterSetup] | None = None
) -> PortalGuide:
    """The panel beside a step; the current one by default.

    ``saved``: the clusters that are saved by now, which a command finds; those that the wizard began with by default.
    """
    answers, step = proposed_answers(state), step or state.step
    guide = _GUIDES[step](state, answers, chosen_machines_in(state, answers))
    word = _PLAN_COMMANDS.get(step)
    if word is None:
        return guide
    return replace(guide, command=plan_command(word, state, state.saved if saved is None else saved))


_PLAN_COMMANDS = {SetupStep.REVIEW: "plan", SetupStep.APPLY: "apply"}
"""The steps whose command makes the plan, by its word."""


def replaced_clicks(state: WizardState) -> tuple[int, int]:
    """Clicks and typed fields of Trustgrid's own instructions for this cluster: role and assignments in every group."""
    answers = proposed_answers(state)
    chosen = chosen_machines_in(state, answers)
    groups = len(chosen_scopes(answers, chosen)) if chosen else 1
    names = tuple("group" for _ in range(max(1, groups)))
    whole = (*_create_role("subscription", names), *_assign_all(names, ("first", "second"), "role"))
    return sum(step.clicks for step in whole), sum(step.typed for step in whole)


def portal_url(portal: str, tenant: str, at: str) -> str:
    """The address of a blade; empty when there is no portal (a lab) or no place."""
    if not portal or not at:
        return ""
    return f"{portal.rstrip('/')}/#@{tenant}/resource{at}"


def _sign_in(_state: WizardState, answers: Answers, _chosen: ChosenMachines | None) -> PortalGuide:
    tenant = f" --tenant {shlex.quote(answers.caller.tenant)}" if answers.caller and answers.caller.tenant else ""
    return PortalGuide(
        "Signing in.",
        (
            PortalStep("Open the Azure portal", clicks=1),
            PortalStep("Choose the account", "password and second factor", clicks=1, typed=1),
        ),
        "Why we ask",
        "Everything here is read and written as you, with the rights that you have and no others. Tokens stay in "
        "memory; no password is asked for or kept.",
        f"az login{tenant}",
    )


def _subscription(_state: WizardState, answers: Answers, _chosen: ChosenMachines | None) -> PortalGuide:
    name = sanitize(answers.subscription.name, 90) if answers.subscription else "the one with the machines"
    command = f"az account set --subscription {answers.subscription.id}" if answers.subscription else "az account list"
    at = f"/subscriptions/{answers.subscription.id}/overview" if answers.subscription else ""
    return PortalGuide(
        "Finding the subscription.",
        (PortalStep("Search for Subscriptions", clicks=2, typed=1), PortalStep(f"Select {name}")),
        "Why we ask",
        "Machines, interfaces and network of a cluster are in one subscription; the role is made there.",
        command,
        at,
    )


def _machines(state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    off = _without_identity(state, answers)
    if not off:
        return PortalGuide(
            "Looking at each machine: is its identity on, where are its interfaces?",
            (
                PortalStep("Virtual machines", "both, one after the other", clicks=4),
                PortalStep("Security, then Identity", "System assigned must be On", clicks=4),
            ),
            "Why we ask",
            "The machine that takes over moves the address itself and signs the request with its own identity, so each "
            "of the two needs one.",
            _lines(f"az vm identity show --ids {shlex.quote(vm.id.text)}" for vm in _both(chosen)),
            chosen.vms[0].id.text + "/identity" if chosen else "",
        )
    first = off[0]
    name, group = sanitize(first.id.name, 90), sanitize(first.id.group, 90)
    return PortalGuide(
        f"Turning on the identity of {name}.",
        (
            PortalStep("Virtual machines"),
            PortalStep(name, f"in {group}"),
            PortalStep("Security, then Identity", clicks=2),
            PortalStep("System assigned: On, Save", "confirm with Yes", clicks=3),
        ),
        "Why we ask",
        "Azure moves the floating IP only on request. The machine that takes over sends the request and signs it with "
        "its own identity, so each of the two needs one.",
        _lines(f"az vm identity assign -g {shlex.quote(vm.id.group)} -n {shlex.quote(vm.id.name)}" for vm in off),
        f"{first.id.text}/identity",
    )


def _interface(_state: WizardState, _answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    names = [sanitize(nic.id.name, 90) for nic in chosen.nics] if chosen else ["the LAN interface of each"]
    return PortalGuide(
        "Comparing the interfaces of both machines.",
        (
            PortalStep("Virtual machines, each of the two", clicks=4),
            PortalStep("Networking, Network settings", "each interface in turn", clicks=4),
            PortalStep("IP configurations", f"{' and '.join(names)}: subnet and IP forwarding", clicks=2),
        ),
        "Why we ask",
        "The floating IP is one more Azure IP Configuration on the LAN interface of the active machine. Both "
        "interfaces must be in one subnet, and Azure must let them forward.",
        _lines(
            f"az network nic show --ids {shlex.quote(nic.id.text)} "
            '--query "{forwarding: enableIPForwarding, configurations: ipConfigurations[].subnet.id}"'
            for nic in (chosen.nics if chosen else ())
        ),
        f"{chosen.nics[0].id.text}/ipConfigurations" if chosen else "",
    )


def _address(_state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    network = chosen.network if chosen else None
    command = ""
    if network is not None and answers.address is not None:
        where = f"-g {shlex.quote(network.group)} -n {shlex.quote(network.name)}"
        command = f"az network vnet check-ip-address {where} --ip-address {answers.address}"
    return PortalGuide(
        "There is no page for this. You would compare two lists by hand.",
        (
            PortalStep(f"Virtual networks, {sanitize(network.name, 90) if network else 'the network'}", clicks=2),
            PortalStep("Settings, then Connected devices", "lists addresses in use", clicks=2),
            PortalStep("Compare with the subnet's range", "minus the five that Azure keeps", clicks=2),
        ),
        "What happens to it",
        "Until Apply, nothing. Then tgwizard puts it on the active machine's interface, or the appliance does. In "
        "Trustgrid it is the cluster's virtual IP on the LAN interface.",
        command,
        f"{network.text}/connectedDevices" if network else "",
    )


def _role(state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    role = answers.role or RoleAnswer()
    name = shown_role(state, role)
    subscription = answers.subscription
    where = sanitize(subscription.name, 90) if subscription else "the subscription"
    groups = _group_names(answers, chosen)
    why = "A change to a role reaches Azure within ten minutes. Each machine must then restart once to use it."
    at = f"/subscriptions/{subscription.id}/users" if subscription else ""
    if role.use is RoleUse.UPDATE:
        steps: tuple[PortalStep, ...] = (
            PortalStep(f"Subscriptions, {where}", clicks=3, typed=1),
            PortalStep("Access control (IAM), then Roles", clicks=2),
            PortalStep(f"{name}, Edit", clicks=3, typed=1),
            PortalStep("Permissions, Add permissions", "search each missing action, tick it, Add", 5, 1),
            PortalStep("Review + update, Update", clicks=2),
        )
        return PortalGuide(
            "Editing the custom role.",
            steps,
            "Why we ask",
            why,
            "az role definition update --role-definition role.json",
            at,
        )
    if role.use is RoleUse.NEW:
        return PortalGuide(
            "Making the custom role.",
            _create_role(where, groups),
            "Why we ask",
            why,
            "az role definition create --role-definition role.json",
            at,
        )
    return PortalGuide(
        f"Looking at {name}.",
        (
            PortalStep(f"Subscriptions, {where}", clicks=3, typed=1),
            PortalStep("Access control (IAM), then Roles", clicks=2),
            PortalStep(f"{name}, View, Permissions", clicks=3, typed=1),
        ),
        "Why we ask",
        why,
        f"az role definition list --name {shlex.quote(_role_key(state, role))}",
        at,
    )


def _scope(state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    groups = _group_names(answers, chosen)
    machines = tuple(sanitize(vm.id.name, 90) for vm in _both(chosen)) or ("the first machine", "the second machine")
    scopes = chosen_scopes(answers, chosen) if chosen else ()
    role = answers.role or RoleAnswer()
    commands = []
    for reason in scopes:
        for vm in _both(chosen):
            principal = vm.identity.principal_id
            who = shlex.quote(principal) if principal else f'"$({_principal_of(vm)})"'
            commands.append(
                f"az role assignment create --assignee-object-id {who} --assignee-principal-type ServicePrincipal"
                f" --role {shlex.quote(_role_key(state, role))} --scope {shlex.quote(reason.scope)}"
            )
    return PortalGuide(
        "Assigning the role to each machine's identity, in every group.",
        _assign_all(groups, machines, shown_role(state, role)),
        "Why we ask",
        "A machine writes both interfaces, its own and its peer's, and joins the subnet and the groups they are in. "
        "Azure checks each at its own place, so the role must reach them all.",
        _lines(commands),
        f"{scopes[0].scope}/users" if scopes else "",
    )


def _review(state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    plan = plan_of(state)
    steps: list[PortalStep] = []
    if plan is not None:
        steps += [
            PortalStep(f"Identity of {sanitize(change.write.vm.name, 90)}", "4 places", clicks=7)
            for change in plan.writing
            if isinstance(change.write, EnableIdentity)
        ]
        role = answers.role or RoleAnswer()
        if role.use in (RoleUse.NEW, RoleUse.UPDATE) and any(item.key.startswith("role:") for item in plan.writing):
            made = _role(state, answers, chosen)
            steps.append(PortalStep("Custom role", counted(len(made.steps), "place"), made.clicks, made.typed))
        for reason in plan.scopes:
            here = [
                item for item in plan.writing if isinstance(item.write, Assign) and item.write.scope == reason.scope
            ]
            if here:
                once = _assign(scope_name(reason.scope), tuple("x" for _ in here), "role")
                clicks, typed = sum(step.clicks for step in once), sum(step.typed for step in once)
                steps.append(
                    PortalStep(
                        f"Access control of {scope_name(reason.scope)}", counted(len(once), "place"), clicks, typed
                    )
                )
    nothing = "Nothing: all is right already." if plan is not None else "Azure is read; then it stands here."
    return PortalGuide(
        "The same plan by hand. The portal checklist holds every step." if steps else nothing,
        tuple(steps),
        "If you change your mind",
        "Each change is recorded with what was there before. Undo takes back exactly what was written, and keeps what "
        "others have used since.",
    )


def _apply(_state: WizardState, _answers: Answers, _chosen: ChosenMachines | None) -> PortalGuide:
    return PortalGuide(
        "Pressing Create, Assign and Save in each place, and waiting after each.",
        (),
        "What is going on",
        "Azure takes its time: a new identity is known after some seconds, a role after up to a minute, rights after "
        "up to ten minutes. Waiting is normal. You may close the window; the set-up goes on where it stopped.",
    )


def _verify(_state: WizardState, answers: Answers, chosen: ChosenMachines | None) -> PortalGuide:
    return PortalGuide(
        "Checking access, then restarting both machines.",
        (
            PortalStep("Resource groups, the group, Access control (IAM)", clicks=3, typed=1),
            PortalStep("Check access, Managed identity, each machine", clicks=6),
            PortalStep("Virtual machines, each, Restart", "standby first, one at a time", clicks=6),
        ),
        "Why restart",
        "Trustgrid's instructions ask for a restart of both machines after rights have changed: the appliance keeps "
        "what it was given at its start.",
        cluster_command("verify", answers.name),
        chosen.vms[1].id.text + "/overview" if chosen else "",
    )


_GUIDES: dict[SetupStep, Callable[[WizardState, Answers, ChosenMachines | None], PortalGuide]] = {
    SetupStep.SIGN_IN: _sign_in,
    SetupStep.SUBSCRIPTION: _subscription,
    SetupStep.MACHINES: _machines,
    SetupStep.INTERFACE: _interface,
    SetupStep.FLOATING_IP: _address,
    SetupStep.ROLE: _role,
    SetupStep.SCOPE: _scope,
    SetupStep.REVIEW: _review,
    SetupStep.APPLY: _apply,
    SetupStep.VERIFY: _verify,
}


def shown_role(state: WizardState, role: RoleAnswer) -> str:
    """The role's name for people."""
    if role.use is RoleUse.NETWORK_CONTRIBUTOR:
        return "Network Contributor"
    found = state.facts.role(role.guid) if state.facts and role.use is not RoleUse.NEW else None
    return sanitize(found.name if found else role.name, 128)


def _role_key(state: WizardState, role: RoleAnswer) -> str:
    """The role for a command: its GUID where there is one, which no name can be mistaken for."""
    if role.use is RoleUse.NETWORK_CONTRIBUTOR:
        return NETWORK_CONTRIBUTOR
    found = state.facts.role(role.guid) if state.facts and role.use is not RoleUse.NEW else None
    return found.guid if found else sanitize(role.name, 128)


def _create_role(subscription: str, groups: tuple[str, ...]) -> tuple[PortalStep, ...]:
    """Trustgrid's "Create the custom role"."""
    before = (
        PortalStep("Search for Subscriptions", clicks=2, typed=1),
        PortalStep(f"Select {subscription}"),
        PortalStep("Access control (IAM), Add, Add custom role", clicks=3),
        PortalStep("Save the JSON to a file", "azure-custom-role-sample.json", clicks=1, typed=1),
        PortalStep("Start from JSON, select the file", clicks=3),
        PortalStep("Next, and Next on Permissions", clicks=2),
    )
    note = "Type, Resource Group, Subscription, search, Select"
    scope = PortalStep(f"Add Assignable Scope, {groups[0]}", note, clicks=7, typed=1)
    return (
        *before,
        *_repeated((scope,), groups, after=len(before)),
        PortalStep("Next, and Next on JSON", clicks=2),
        PortalStep("Review + create, Create", clicks=2),
    )


def _assign(group: str, machines: tuple[str, ...], role: str) -> tuple[PortalStep, ...]:
    """Trustgrid's "Assign the custom role", for one resource group."""
    return (
        PortalStep("Search for Resource groups", clicks=2, typed=1),
        PortalStep(f"Select {group}"),
        PortalStep("Access control (IAM), Add, Add role assignment", clicks=3),
        PortalStep(f"{role}, Next", "search for it and select it", clicks=2, typed=1),
        PortalStep("Assign access to: Managed identity"),
        *(
            PortalStep(f"Select members: {name}", "Virtual Machine, the identity, Select", clicks=5)
            for name in machines
        ),
        PortalStep("Review + assign, and once more", clicks=2),
    )


def _assign_all(groups: tuple[str, ...], machines: tuple[str, ...], role: str) -> tuple[PortalStep, ...]:
    return _repeated(_assign(groups[0], machines, role), groups)


def _repeated(steps: tuple[PortalStep, ...], things: tuple[str, ...], *, after: int = 0) -> tuple[PortalStep, ...]:
    """The steps for the first of `things`, and one that says to take them again for the others.

    `after`: how many steps stand before these in the list.
    """
    others = things[1:]
    if not others:
        return steps
    first, last = after + 1, after + len(steps)
    which = f"step {first}" if first == last else f"steps {first} to {last}"
    clicks, typed = sum(step.clicks for step in steps), sum(step.typed for step in steps)
    times = len(others)
    again = PortalStep(f"Repeat {which} for {join_words(others)}", clicks=times * clicks, typed=times * typed)
    return (*steps, again)


def _group_names(answers: Answers, chosen: ChosenMachines | None) -> tuple[str, ...]:
    scopes = chosen_scopes(answers, chosen) if chosen else ()
    return tuple(scope_name(reason.scope) for reason in scopes) or ("the machines' resource group",)


def _both(chosen: ChosenMachines | None) -> tuple[VmFound, ...]:
    return chosen.vms if chosen else ()


def _principal_of(vm: VmFound) -> str:
    return f"az vm show --ids {shlex.quote(vm.id.text)} --query identity.principalId -o tsv"


def _without_identity(state: WizardState, answers: Answers) -> tuple[VmFound, ...]:
    if state.inventory is None:
        return ()
    found = [
        (state.facts.machine(vm) if state.facts else None) or state.inventory.vm(vm) for vm in answers.machines or ()
    ]
    return tuple(vm for vm in found if vm is not None and not vm.identity.system_assigned)


def _lines(commands: Iterable[str]) -> str:
    return "\n".join(commands)
