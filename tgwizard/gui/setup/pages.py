"""The ten pages, by name and by step."""

from __future__ import annotations

from tgwizard.gui.setup.step_page import StepPage
from tgwizard.gui.setup.steps.apply import ApplyPage
from tgwizard.gui.setup.steps.floating_ip import FloatingIpPage
from tgwizard.gui.setup.steps.interface import InterfacePage
from tgwizard.gui.setup.steps.machines import MachinesPage
from tgwizard.gui.setup.steps.review import ReviewPage
from tgwizard.gui.setup.steps.role import RolePage
from tgwizard.gui.setup.steps.scope import ScopePage
from tgwizard.gui.setup.steps.sign_in import SignInPage
from tgwizard.gui.setup.steps.subscription import SubscriptionPage
from tgwizard.gui.setup.steps.verify import VerifyPage
from tgwizard.gui.theme import Theme
from tgwizard.model.setup_answers import SetupStep


class Pages:
    """One page for each step of the flow."""

    def __init__(self, theme: Theme) -> None:
        """Nothing shown yet."""
        self.sign_in = SignInPage(theme)
        self.subscription = SubscriptionPage(theme)
        self.machines = MachinesPage(theme)
        self.interface = InterfacePage(theme)
        self.floating_ip = FloatingIpPage(theme)
        self.role = RolePage(theme)
        self.scope = ScopePage(theme)
        self.review = ReviewPage(theme)
        self.apply = ApplyPage(theme)
        self.verify = VerifyPage(theme)

    @property
    def in_order(self) -> tuple[StepPage, ...]:
        """All, as the steps come."""
        return tuple(self.of(step) for step in SetupStep)

    def of(self, step: SetupStep) -> StepPage:
        """The page of a step."""
        pages: dict[SetupStep, StepPage] = {
            SetupStep.SIGN_IN: self.sign_in,
            SetupStep.SUBSCRIPTION: self.subscription,
            SetupStep.MACHINES: self.machines,
            SetupStep.INTERFACE: self.interface,
            SetupStep.FLOATING_IP: self.floating_ip,
            SetupStep.ROLE: self.role,
            SetupStep.SCOPE: self.scope,
            SetupStep.REVIEW: self.review,
            SetupStep.APPLY: self.apply,
            SetupStep.VERIFY: self.verify,
        }
        return pages[step]
