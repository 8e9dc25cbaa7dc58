"""Asks before a failover, in the form that fits: the question with its checks, or the guide to the Trustgrid portal.

``GuidedDialog`` says where to press Make Active, and that nothing is written here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from tgwizard.engine.failover.guided import portal_path
from tgwizard.engine.failover.run import RunOptions
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.failover.confirm_dialog import ConfirmDialog, FailoverChoice
from tgwizard.gui.failover.run_traffic_card import MeasuredRun
from tgwizard.gui.page import Shell
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.dialog_sheet import Sheet
from tgwizard.gui.widgets.labels import TextLabel
from tgwizard.model.cluster import Member, Verb
from tgwizard.model.failover_options import Strategy
from tgwizard.model.settings import MEASURE_RUNS


class GuidedDialog(Sheet):
    """The answer is the signal `confirmed(Confirmed)`, with the strategy guided."""

    wide = 560
    help_topic = "failover"
    confirmed = Signal(object)

    def __init__(self, theme: Theme, window: QWidget, cluster: str, to: Member) -> None:
        lead = "Trustgrid decides which member is active; the members move the address themselves."
        super().__init__(theme, window, f"Fail over {cluster} to {to.name}?", lead)
        steps = (
            f"1.  {portal_path(to)}.",
            f"2.  tgwizard watches Azure until {to.name} holds the address, and measures the gap as read.",
        )
        for words in steps:
            self.body.addWidget(TextLabel(theme, words, TextRole.BODY, wrap=True))
        note = "tgwizard writes nothing. To move the address in Azure alone, use the forced failover: it is a repair."
        self.body.addWidget(TextLabel(theme, note, TextRole.CAPTION, Token.TEXT2, wrap=True))
        self.start = Button(theme, f"Watch the failover to {to.name}", ButtonKind.PRIMARY, height=36)
        self.start.clicked.connect(self._on_start)
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.cancel)
        self.buttons.addWidget(self.start)

    @Slot()
    def _on_start(self) -> None:
        self.accept()
        self.confirmed.emit(FailoverChoice(strategy=Strategy.GUIDED))


APART_MS = 15
"""Closing the question and showing the run are two repaints, with an ear for keys between."""


def ask_before_failover(shell: Shell, session: ClusterSession, verb: Verb) -> None:
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
            dialog = ConfirmDialog(shell.theme, over, session, plan, shell.context.place_options)
        dialog.confirmed.connect(begin)
        if shell.settings_store.get(MEASURE_RUNS) and not session.reachability.measuring:
            MeasuredRun(session, dialog)
        return dialog

    shell.show_dialog(make)


def _starter(session: ClusterSession, verb: Verb, to: str) -> Callable[[FailoverChoice], None]:
    def start(answer: FailoverChoice) -> None:
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
