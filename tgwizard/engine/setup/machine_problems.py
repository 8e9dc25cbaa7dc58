"""What may be wrong with the first steps' answers: account, subscription, machines, interfaces; each with its cures."""

from __future__ import annotations

from tgwizard.engine.discovery.lan_interface import has_public_ip
from tgwizard.engine.discovery.pairs import Pair, PairState
from tgwizard.engine.setup.cures import Cure, CureKind, StepProblem
from tgwizard.engine.setup.flow import Flow
from tgwizard.engine.setup.suggest import chosen_pair, lan_choices
from tgwizard.model import fields
from tgwizard.model.finding import Level
from tgwizard.model.inventory import Inventory, NicFound, Part, VmFound
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import Answers, SetupStep
from tgwizard.model.snapshot import Power
from tgwizard.model.text import counted, tame
from tgwizard.model.topology import fits, not_found

READ_AGAIN = Cure(CureKind.READ_AGAIN, "Check again")
_NEEDED = (Part.MACHINES, Part.INTERFACES)
_OF_MACHINES = ("same-machine", "two-subscriptions", "two-regions")
_OTHER_MACHINES = Cure(CureKind.GO_TO_STEP, "Choose other machines", step=SetupStep.MACHINES)


def blocking(code: str, what: str, why: str = "", fix: str = "", *cures: Cure) -> StepProblem:
    """A problem that keeps Continue from going on."""
    return StepProblem(Level.BLOCKS, Problem(code, what, why, fix), cures)


def sign_in_problems(answers: Answers) -> tuple[StepProblem, ...]:
    """Nobody signed in."""
    if answers.caller is not None:
        return ()
    why = "What is in Azure, and what you may do there, can be read only with an account."
    return (blocking("sign-in-needed", "Nobody is signed in.", why, "Choose a way to sign in."),)


def subscription_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """No subscription, none chosen, or one that Azure takes no writes in."""
    chosen = answers.subscription
    again = Cure(CureKind.SIGN_IN_AGAIN, "Sign in with another account")
    if chosen is None and flow.subscriptions == ():
        why = "The account has no role in any subscription of this directory."
        fix = "Sign in with another account or to another directory, or ask for the Reader role."
        return (blocking("no-subscription", "This account sees no subscription.", why, fix, again, READ_AGAIN),)
    if chosen is None:
        what = "No subscription is chosen yet."
        return (blocking("subscription-not-chosen", what, "", "Choose the one that holds the two machines."),)
    if not chosen.enabled:
        what = f"Azure takes no changes in {tame(chosen.name, 90)}."
        why = "The subscription is disabled."
        return (blocking("subscription-disabled", what, why, "Have it enabled, or choose another one."),)
    return ()


def machine_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """What could not be read, what does not fit together, and what the machines still lack."""
    inventory = flow.inventory
    if inventory is None:
        what = "The subscription was not read yet."
        return (blocking("subscription-not-read", what, "", "Wait for the reading, or read it again.", READ_AGAIN),)
    found = list(_unread(inventory))
    if answers.machines is None:
        many = len(inventory.vms)
        why = f"{counted(many, 'machine')} {'was' if many == 1 else 'were'} read, and no two look like a new cluster."
        found.append(
            blocking("machines-not-chosen", "No machines are chosen yet.", why, "Choose two machines yourself.")
        )
        return tuple(found)
    missing = [vm for vm in answers.machines if inventory.vm(vm) is None]
    found += [StepProblem(Level.BLOCKS, not_found(vm), (READ_AGAIN,)) for vm in missing]
    pair = chosen_pair(flow, answers)
    if pair is None:
        return tuple(found)
    found += _unfit(pair)
    found += [problem for vm in pair.vms for problem in _machine(flow, vm)]
    if pair.state is PairState.SAVED:
        what = f"This pair is a cluster already: {pair.state_words}."
        fix = "Go on to look at it again or to change it; nothing that is right is written twice."
        found.append(StepProblem(Level.NOTE, Problem("pair-saved", what, "", fix)))
    return (*found, *_name(flow, answers, pair))


def interface_problems(flow: Flow, answers: Answers) -> tuple[StepProblem, ...]:
    """Interfaces that are not chosen, do not fit, or will not carry what comes to the floating IP."""
    pair = chosen_pair(flow, answers)
    inventory = flow.inventory
    if pair is None or inventory is None:
        what = "The two machines are not known yet."
        return (blocking("machines-not-chosen", what, "", "Choose them first.", _OTHER_MACHINES),)
    if answers.nics is None:
        found = []
        for choice in lan_choices(flow, answers):
            if choice.nic is None:
                what = f"The LAN interface of {tame(choice.vm.name, 90)} could not be told."
                fix = "Read again, or choose other machines."
                found.append(blocking("nic-not-chosen", what, choice.why, fix, READ_AGAIN, _OTHER_MACHINES))
        return tuple(found) or (blocking("nic-not-chosen", "No interfaces are chosen yet.", "", "Choose one each."),)
    nics = [(flow.facts.nic(nic) if flow.facts else None) or inventory.nic(nic) for nic in answers.nics]
    missing = [wanted for wanted, nic in zip(answers.nics, nics, strict=True) if nic is None]
    if missing:
        return tuple(StepProblem(Level.BLOCKS, not_found(nic), (READ_AGAIN,)) for nic in missing)
    first, second = (nic for nic in nics if nic is not None)
    problems = [problem for problem in fits(pair.vms, (first, second)) if problem.code not in _OF_MACHINES]
    told = [StepProblem(Level.BLOCKS, problem, (_OTHER_MACHINES,)) for problem in problems]
    for vm, nic in zip(pair.vms, (first, second), strict=True):
        told += _interface(vm, nic)
    return tuple(told)


def _unread(inventory: Inventory) -> list[StepProblem]:
    found = []
    for part in inventory.failed:
        level = Level.BLOCKS if part.part in _NEEDED else Level.WARNS
        what = f"The {part.part.value} could not be read."
        problem = Problem("part-not-read", what, part.problem.what, part.problem.fix, part.problem.detail)
        found.append(StepProblem(level, problem, (READ_AGAIN,)))
    return found


def _unfit(pair: Pair) -> list[StepProblem]:
    nics = pair.nics
    # Without interfaces only the machines themselves can be judged; the next step says what is missing.
    stand_in = nics or tuple(NicFound(vm.id, vm.location, ()) for vm in pair.vms)
    problems = fits(pair.vms, (stand_in[0], stand_in[1]))
    return [StepProblem(Level.BLOCKS, problem) for problem in problems if problem.code in _OF_MACHINES]


def _machine(flow: Flow, vm: VmFound) -> list[StepProblem]:
    now = (flow.facts.machine(vm.id) if flow.facts else None) or vm
    name = tame(vm.id.name, 90)
    found = []
    if not now.identity.system_assigned:
        problem = Problem(
            "identity-off",
            f"{name} has no identity.",
            "Without one it cannot take the floating IP, so a failover would leave the address on no machine.",
            "Turning it on does not restart the machine.",
        )
        cures = (
            Cure(CureKind.PLANNED, "Turn it on with Apply"),
            READ_AGAIN,
            Cure(CureKind.HAND_OVER, "Ask a colleague…"),
        )
        found.append(StepProblem(Level.WARNS, problem, cures))
    if now.power in (Power.STOPPED, Power.DEALLOCATED):
        what = f"{name} is not running."
        why = "It can be set up all the same, and picks its rights up when it starts."
        found.append(StepProblem(Level.NOTE, Problem("machine-off", what, why), (READ_AGAIN,)))
    return found


def _name(flow: Flow, answers: Answers, pair: Pair) -> list[StepProblem]:
    error = fields.NAME.check(answers.name)
    offer = Cure(CureKind.USE_NAME, f"Use {pair.name}", (pair.name,))
    if error is not None:
        problem = Problem("cluster-name", f"{tame(answers.name, 80) or 'Nothing'} is no name for a cluster.", error.why)
        return [StepProblem(Level.BLOCKS, problem, (offer,))]
    same = next((one for one in flow.saved if one.name.lower() == answers.name.lower()), None)
    if same is not None and {member.vm for member in same.members} != {vm.id for vm in pair.vms}:
        what = f"A cluster named {tame(answers.name, 80)} is saved already."
        return [blocking("cluster-name-taken", what, "It has other machines.", "Type another name.")]
    return []


def _interface(vm: VmFound, nic: NicFound) -> list[StepProblem]:
    name = tame(nic.id.name, 90)
    found = []
    if not nic.ip_forwarding:
        found.append(
            Problem(
                "ip-forwarding-off",
                f"IP forwarding is off on {name}.",
                "Azure then drops what the appliance passes on for others.",
                "Turn it on in the interface's IP configurations; it takes effect at once.",
            )
        )
    if has_public_ip(nic):
        found.append(
            Problem(
                "lan-has-public-ip",
                f"{name} has a public IP.",
                "Every write of the interface then needs one right more, which the brief's role does not have.",
                "The step Role offers it. Or choose the interface without a public IP.",
            )
        )
    if len(vm.nics) == 1:
        found.append(
            Problem(
                "single-interface",
                f"{name} is the only interface of {tame(vm.id.name, 90)}.",
                "The floating IP shares it with the connection to the control plane.",
                "That works; the appliance's cluster interface has to be this one.",
            )
        )
    return [StepProblem(Level.WARNS, problem, (READ_AGAIN,)) for problem in found]
