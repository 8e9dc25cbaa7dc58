"""What is imported after the first paint, module after module, each in a turn of the event loop.

What comes later stands on what came first. A name that is missing in a list only makes one turn longer.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

AFTER_FIRST_PAINT = (
    "tgwizard.model.fields",
    "tgwizard.model.cluster_setup",
    "tgwizard.model.failover_events",
    "tgwizard.model.settings",
    "tgwizard.model.verdict",
    "tgwizard.engine.files.settings_file",
    "tgwizard.engine.files.cluster_file",
    "tgwizard.engine.ports",
    "tgwizard.engine.jobs",
    "tgwizard.engine.runs.records",
    "tgwizard.engine.runs.failover_journal",
    "tgwizard.engine.runs.job_services",
    "tgwizard.engine.readiness.readiness",
    "tgwizard.engine.failover.failover_plan",
    "tgwizard.engine.failover.control_loop",
    "tgwizard.engine.failover.run",
    "tgwizard.engine.failover.resume",
    "tgwizard.engine.watch.monitor",
    "tgwizard.engine.watch.fleet_monitor",
    "tgwizard.gui.style.icons",
    "tgwizard.gui.style.state_shapes",
    "tgwizard.gui.widgets.cards",
    "tgwizard.gui.widgets.idle_queue",
    "tgwizard.gui.widgets.check_rows",
    "tgwizard.gui.widgets.buttons",
    "tgwizard.gui.widgets.request_table",
    "tgwizard.gui.shell.navigation_rail",
    "tgwizard.gui.cluster.cluster_view_model",
    "tgwizard.gui.cluster.cluster_session",
    "tgwizard.gui.cluster.cluster_picture",
    "tgwizard.gui.cluster.cluster_page",
    "tgwizard.gui.widgets.dialog_sheet",
    "tgwizard.gui.failover.confirm_dialog",
    "tgwizard.gui.failover.run_page",
    "tgwizard.gui.fleet.fleet_page",
    "tgwizard.gui.shell.command_palette",
    "tgwizard.gui.shell.main_window",
    "tgwizard.gui.style.focus_ring",
    "tgwizard.gui.shell.crash_report",
    "tgwizard.gui.shell.program_opener",
    "logging.handlers",
)
"""What the window stands on."""

AFTER_FIRST_READING = (
    "tgwizard.model.setup_answers",
    "tgwizard.model.access_facts",
    "tgwizard.model.chosen_machines",
    "tgwizard.engine.discovery.subnet_addresses",
    "tgwizard.engine.access.required_rights",
    "tgwizard.engine.access.matching_roles",
    "tgwizard.engine.discovery.lan_interface",
    "tgwizard.engine.discovery.pairs",
    "tgwizard.engine.setup.wizard_state",
    "tgwizard.gui.widgets.problem_box",
    "tgwizard.gui.widgets.layouts",
    "tgwizard.model.setup_events",
    "tgwizard.model.setup_plan",
    "tgwizard.gui.setup.apply_controller",
    "tgwizard.gui.widgets.address_map",
    "tgwizard.gui.widgets.tick_box",
    "tgwizard.gui.widgets.badges",
    "tgwizard.gui.widgets.option_card",
    "tgwizard.gui.widgets.pick_list",
    "tgwizard.gui.widgets.fact_table",
    "tgwizard.gui.widgets.tabs",
    "tgwizard.gui.widgets.save_text",
    "tgwizard.gui.widgets.code_block",
    "tgwizard.engine.setup.assignment_scopes",
    "tgwizard.gui.widgets.propagation_meter",
    "tgwizard.engine.setup.validation",
    "tgwizard.engine.setup.draft",
    "tgwizard.engine.setup.export.plan_values",
    "tgwizard.engine.setup.export.az_script",
    "tgwizard.engine.setup.export.portal_checklist",
    "tgwizard.engine.setup.export.access_request",
    "tgwizard.engine.setup.export.terraform",
    "tgwizard.engine.setup.export.formats",
    "tgwizard.engine.runs.task_runner",
    "tgwizard.engine.discovery.read_subscription",
    "tgwizard.engine.setup.read_access",
    "tgwizard.engine.setup.suggestions",
    "tgwizard.model.role",
    "tgwizard.engine.access.access_decision",
    "tgwizard.engine.setup.planned_role",
    "tgwizard.engine.setup.plan_changes",
    "tgwizard.engine.setup.planner",
    "tgwizard.engine.setup.wizard_steps",
    "tgwizard.engine.setup.loading",
    "tgwizard.engine.setup.plan_freshness",
    "tgwizard.engine.setup.setup_journal",
    "tgwizard.engine.setup.apply_loop",
    "tgwizard.engine.setup.apply_actions",
    "tgwizard.engine.setup.apply",
    "tgwizard.engine.setup.restart",
    "tgwizard.engine.setup.undo",
    "tgwizard.engine.discovery.nsg_rules",
    "tgwizard.model.verify_result",
    "tgwizard.engine.discovery.network_checks",
    "tgwizard.engine.access.write_probe",
    "tgwizard.engine.access.effective_rights",
    "tgwizard.engine.setup.verify",
    "tgwizard.gui.setup.background_tasks",
    "tgwizard.engine.setup.verify_report",
    "tgwizard.gui.setup.verify_controller",
    "tgwizard.gui.setup.finish_setup",
    "tgwizard.gui.setup.wizard_controller",
    "tgwizard.gui.setup.setup_session",
    "tgwizard.gui.setup.undo_dialog",
    "tgwizard.gui.setup.restart_dialog",
    "tgwizard.gui.setup.wizard_step",
    "tgwizard.gui.setup.loading_card",
    "tgwizard.gui.setup.sign_in_step",
    "tgwizard.gui.setup.subscription_step",
    "tgwizard.gui.setup.machines_step",
    "tgwizard.gui.setup.interface_step",
    "tgwizard.gui.setup.floating_ip_step",
    "tgwizard.gui.setup.role_step",
    "tgwizard.gui.setup.scope_step",
    "tgwizard.gui.setup.review_step",
    "tgwizard.gui.setup.step_problems",
    "tgwizard.gui.setup.verify_view_model",
    "tgwizard.gui.setup.verify_step",
    "tgwizard.engine.setup.portal_help",
    "tgwizard.gui.widgets.portal_panel",
    "tgwizard.gui.setup.wizard_page",
    "tgwizard.gui.setup.wizard_frame",
    "tgwizard.gui.widgets.step_list",
    "tgwizard.gui.setup.wizard_sidebar",
    "tgwizard.gui.lab.lab_session",
    "tgwizard.gui.lab.lab_text",
    "tgwizard.gui.lab.fault_card",
    "tgwizard.gui.lab.machine_cards",
    "tgwizard.gui.lab.scenario_cards",
    "tgwizard.gui.lab.lab_page",
    "tgwizard.engine.history.run_history",
    "tgwizard.engine.history.run_report",
    "tgwizard.engine.history.report_folder",
    "tgwizard.gui.history.history_reader",
    "tgwizard.gui.history.history_list",
    "tgwizard.gui.history.run_details",
    "tgwizard.gui.history.history_page",
    "tgwizard.gui.history.reports_page",
    "tgwizard.gui.settings.settings_page",
)
"""What the pages stand on that nobody has asked for yet: imported once the first cluster was read.

Opening Set up for the first time would import half the program in one turn."""


class WarmUp(QObject):
    """Imports module after module, one in a turn, so that the window answers in between; then `done`."""

    done = Signal()

    def __init__(self, modules: Sequence[str], parent: QObject, pause_ms: int = 0) -> None:
        """Nothing is imported before `begin`; after each module there is a pause of so many milliseconds."""
        super().__init__(parent)
        self._left = list(modules)
        # A timer, not `singleShot(0)`: that posts an event, and what is posted meanwhile belongs to the same turn.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(pause_ms)
        self._timer.timeout.connect(self.begin)

    @Slot()
    def begin(self) -> None:
        """Import the next one, and go on in the next turn."""
        if not self._left:
            self.done.emit()
            return
        importlib.import_module(self._left.pop(0))
        self._timer.start()
