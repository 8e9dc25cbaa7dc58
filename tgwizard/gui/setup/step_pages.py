"""The ten pages, by name and by step."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from tgwizard.gui.setup.apply_step import ApplyPage
from tgwizard.gui.setup.floating_ip_step import FloatingIpPage
from tgwizard.gui.setup.interface_step import InterfacePage
from tgwizard.gui.setup.machines_step import MachinesPage
from tgwizard.gui.setup.review_step import ReviewPage
from tgwizard.gui.setup.role_step import RolePage
from tgwizard.gui.setup.scope_step import ScopePage
from tgwizard.gui.setup.sign_in_step import SignInPage
from tgwizard.gui.setup.subscription_step import SubscriptionPage
from tgwizard.gui.setup.verify_step import VerifyPage
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.theme import Theme
from tgwizard.model.setup_answers import SetupStep

AnyPage = TypeVar("AnyPage", bound=StepPage)


class StepPages:
    """One page for each step of the wizard, built when it is first wanted: all ten at once would be a stall."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._built: dict[SetupStep, StepPage] = {}

    @property
    def built(self) -> tuple[StepPage, ...]:
        """Those that there are."""
        return tuple(self._built.values())

    def of(self, step: SetupStep) -> StepPage:
        match step:
            case SetupStep.SIGN_IN:
                return self.sign_in
            case SetupStep.SUBSCRIPTION:
                return self.subscription
            case SetupStep.MACHINES:
                return self.machines
            case SetupStep.INTERFACE:
                return self.interface
            case SetupStep.FLOATING_IP:
                return self.floating_ip
            case SetupStep.ROLE:
                return self.role
            case SetupStep.SCOPE:
                return self.scope
            case SetupStep.REVIEW:
                return self.review
            case SetupStep.APPLY:
                return self.apply
            case SetupStep.VERIFY:
                return self.verify

    @cached_property
    def sign_in(self) -> SignInPage:
        """The page of its step."""
        return self._new(SetupStep.SIGN_IN, SignInPage(self._theme))

    @cached_property
    def subscription(self) -> SubscriptionPage:
        """The page of its step."""
        return self._new(SetupStep.SUBSCRIPTION, SubscriptionPage(self._theme))

    @cached_property
    def machines(self) -> MachinesPage:
        """The page of its step."""
        return self._new(SetupStep.MACHINES, MachinesPage(self._theme))

    @cached_property
    def interface(self) -> InterfacePage:
        """The page of its step."""
        return self._new(SetupStep.INTERFACE, InterfacePage(self._theme))

    @cached_property
    def floating_ip(self) -> FloatingIpPage:
        """The page of its step."""
        return self._new(SetupStep.FLOATING_IP, FloatingIpPage(self._theme))

    @cached_property
    def role(self) -> RolePage:
        """The page of its step."""
        return self._new(SetupStep.ROLE, RolePage(self._theme))

    @cached_property
    def scope(self) -> ScopePage:
        """The page of its step."""
        return self._new(SetupStep.SCOPE, ScopePage(self._theme))

    @cached_property
    def review(self) -> ReviewPage:
        """The page of its step."""
        return self._new(SetupStep.REVIEW, ReviewPage(self._theme))

    @cached_property
    def apply(self) -> ApplyPage:
        """The page of its step."""
        return self._new(SetupStep.APPLY, ApplyPage(self._theme))

    @cached_property
    def verify(self) -> VerifyPage:
        """The page of its step."""
        return self._new(SetupStep.VERIFY, VerifyPage(self._theme))

    def _new(self, step: SetupStep, page: AnyPage) -> AnyPage:
        self._built[step] = page
        return page
