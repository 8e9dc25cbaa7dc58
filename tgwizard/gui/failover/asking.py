"""Asks before a failover, in the form that fits: the question with its checks, or the guide to the Trustgrid portal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from tgwizard.engine.failover.run import RunOptions
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.failover.confirm import ConfirmDialog, Confirmed
from tgwizard.gui.failover.guided import GuidedDialog
from tgwizard.gui.failover.measuring import MeasuredRun
from tgwizard.gui.page import Shell
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import MEASURE_RUNS

APART_MS = 15
"""Closing the question and showing the run are two repaints, with an ear for keys between."""


def ask_failover(shell: Shell, session: ClusterSession, verb: Verb) -> None:
    """Open the question for `verb`; what is confirmed there begins. Nothing before the first reading."""
    plan = session.plan(verb)
    if plan is None:
        return
    begin = _starter(session, verb, plan.to.name)

    def make(over: QWidget) -> Sheet:
        dialog: GuidedDialog | ConfirmDialog
        if session.guided(verb):
            dialog = GuidedDialog(shell.theme, over, session.setup.name, plan.to)
        else:
            dialog = ConfirmDialog(shell.theme, over, session, plan)
        dialog.confirmed.connect(begin)
        if shell.preferences.get(MEASURE_RUNS) and not session.reachability.measuring:
            MeasuredRun(session, dialog)
        return dialog

    shell.show_dialog(make)


def _starter(session: ClusterSession, verb: Verb, to: str) -> Callable[[Confirmed], None]:
    def start(answer: Confirmed) -> None:
        member = session.setup.member(to)
        if member is not None:
            options = RunOptions(
                accept_unknown=answer.accept_unknown,
                fence=answer.fence,
                strategy=answer.strategy,
                to_dead_machine=answer.to_dead_machine,
            )
            QTimer.singleShot(APART_MS, session, partial(session.fail_over, member, verb, options))

    return start
