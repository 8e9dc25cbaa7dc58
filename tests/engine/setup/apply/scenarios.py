"""A scenario set up from nothing but what discovery suggests, as a command does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.engine.setup.apply.plans import Applying
from tests.rig import SetupRig, setup_rig
from tgwizard.azure.arm_ports import ArmPorts
from tgwizard.azure.clients import AzureSession
from tgwizard.azure.credentials import HeldCredential, LabToken
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.failover.run import RunOptions, fail_over
from tgwizard.engine.setup.loading import prepare, read_needed
from tgwizard.engine.setup.planner import read_cluster
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.validation import FixKind
from tgwizard.engine.setup.wizard_state import WizardState
from tgwizard.engine.setup.wizard_steps import answer_all, plan_of, problems_of, take_fix
from tgwizard.lab.fronts.in_process import lab_session
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.failover_events import Event, Finished
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_plan import SetupPlan

TAKEN = (FixKind.ADD_ACTIONS, FixKind.UPDATE_ROLE)
"""What a careful user takes when it is offered: the actions that this topology needs."""


@dataclass
class Scenario:
    """One scenario with its flow at the review."""

    it: SetupRig
    on: Applying
    state: WizardState

    @classmethod
    def of(cls, name: str, folder: Path, latency: Latency = Latency.FAST) -> Scenario:
        it = setup_rig(name, latency)
        made = cls(it, Applying.on(it, folder / "setup.sqlite"), prepared(it))
        if made.state.pairs.suggested is None:
            # Set up already, as far as can be seen: nothing is suggested, so the user chooses the two.
            first, second = made.state.pairs.pairs[0].vms
            made.state = prepared(it, Answers(machines=(first.id, second.id)))
        made._cure()
        return made

    def _cure(self) -> None:
        """Take the offered fixes of what blocks, as far as they add what the topology needs."""
        for _ in range(5):
            fixes = [fix for item in problems_of(self.state) for fix in item.fixes if fix.kind in TAKEN]
            if not fixes:
                return
            self.state = answer_all(self._read(take_fix(self.state, fixes[0])))
            self.state = self._read(self.state)

    def _read(self, state: WizardState) -> WizardState:
        return read_needed(self.it.services.azure, self.it.clock, state, self.on.events.append, CancelToken())

    @property
    def answers(self) -> Answers:
        return proposed_answers(self.state)

    @property
    def plan(self) -> SetupPlan:
        plan = plan_of(self.state)
        assert plan is not None
        return plan

    def again(self) -> SetupPlan:
        """The plan made anew from what is there now, with the same answers."""
        state = prepared(self.it, self.answers)
        plan = plan_of(state)
        assert plan is not None
        return plan

    def cluster(self) -> ClusterSetup:
        return read_cluster(self.it.services.azure, self.plan, self.answers)


def prepared(it: SetupRig, answers: Answers | None = None) -> WizardState:
    start = replace(answers or Answers(), cloud=it.services.cloud)
    return prepare(it.services.azure, it.clock, start, (), lambda _: None, CancelToken())


def fail_over_as(it: SetupRig, setup: ClusterSetup, by: Member, to: Member, verb: Verb = Verb.FORCED) -> Finished:
    """A failover with nothing but the rights of a member's own identity."""
    principal = it.services.azure.compute.vm(by.vm).identity.principal_id
    account = next(item for item in it.lab.principals if item.oid == principal)
    token = LabToken(lambda: it.lab.issue_token_for(account))
    azure = ArmPorts(AzureSession(HeldCredential(token), http=lab_session(it.lab), lab=True))
    events: list[Event] = []
    services = replace(it.services, azure=azure)
    return fail_over(services, setup, to, verb, events.append, CancelToken(), RunOptions())
