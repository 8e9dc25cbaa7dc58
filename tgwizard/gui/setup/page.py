"""The place "Set up a cluster": the wizard in its frame, bound to its session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tgwizard.engine.setup.cures import Cure, CureKind, StepProblem
from tgwizard.engine.setup.export.formats import ExportKind, export
from tgwizard.engine.setup.flow import STEPS, StepState, Want, reachable, state_of
from tgwizard.engine.setup.walk import plan_of, problems_of, summary
from tgwizard.gui.kit.accessible import announce
from tgwizard.gui.kit.icons import Icon
from tgwizard.gui.kit.shapes import Shape
from tgwizard.gui.kit.step_list import StepShown
from tgwizard.gui.kit.step_list import StepState as Look
from tgwizard.gui.lock import LOCKED
from tgwizard.gui.opened import Opened
from tgwizard.gui.places import Place
from tgwizard.gui.setup.applier import Applier
from tgwizard.gui.setup.frame import WizardFrame
from tgwizard.gui.setup.session import STALE_S, SetupSession
from tgwizard.gui.setup.show_machines import interface_shown, machines_shown, sign_in_shown, subscriptions_busy
from tgwizard.gui.setup.show_plan import address_shown, review_shown, role_shown, scope_shown
from tgwizard.gui.setup.step_page import Cure as Button
from tgwizard.gui.setup.step_page import StepPage, Told
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
from tgwizard.gui.shell import PlacePage, Shell
from tgwizard.model.finding import Level
from tgwizard.model.problem import Problem
from tgwizard.model.setup_answers import SetupStep
from tgwizard.model.setup_plan import SetupPlan, WhoMay

SHAPES = {
    Level.BLOCKS: Shape.BROKEN,
    Level.NOT_KNOWN: Shape.NOT_KNOWN,
    Level.WARNS: Shape.WARNING,
    Level.NOTE: Shape.NOTE,
    Level.PASSED: Shape.GOOD,
}
