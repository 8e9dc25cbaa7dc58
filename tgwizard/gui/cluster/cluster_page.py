"""The cluster page: verdict, picture, three sources, events, and the two failover cards with their reasons.

``columns_of`` says how many columns it has in a window of some width.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import Enum
from functools import partial

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QVBoxLayout, QWidget

from tgwizard.engine.history.last_known import last_known_in
from tgwizard.engine.readiness.recommended_action import ActionKind
from tgwizard.gui.cluster.action_card import ActionCard
from tgwizard.gui.cluster.cluster_picture import ClusterPicture
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.cluster_view_model import (
    StateShown,
    azure_holder,
    needs_sign_in,
    picture,
    picture_unread,
    read_age,
    state_shape,
    verb_state,
)
from tgwizard.gui.cluster.event_timeline import EventsCard
from tgwizard.gui.cluster.source_cards import SourceCards
from tgwizard.gui.cluster.start_machine import StartMachineButton
from tgwizard.gui.cluster.traffic_card import ReachabilityCard
from tgwizard.gui.style.accessible import announce
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.banner import VerdictBanner
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.cards import BAR, PageScroll
from tgwizard.gui.widgets.check_rows import NoticeBox, problem_notice
from tgwizard.gui.widgets.context_menu import Entries, MenuOffer
from tgwizard.gui.widgets.copyable_fact import fact_of
from tgwizard.gui.widgets.idle_queue import BuiltInSteps, IdleStep
from tgwizard.gui.widgets.shortcuts import Shortcut, bind
from tgwizard.model.cluster import Verb
from tgwizard.model.cluster_readiness import ClusterReadiness
from tgwizard.model.problem import Problem
from tgwizard.model.text import format_age, format_estimate
from tgwizard.model.verdict import VerdictName

WIDE = 980
"""From this page width on (a window of 1200 with its rail), the action column stands beside the picture."""

ACTIONS_WIDTH, WIDE_ACTIONS_WIDTH = 352, 400
EVENTS_WIDTH = 400
MAIN_WIDEST = 1080
THREE_COLUMNS_FROM, LARGE_FROM = 1920, 2560
"""Window widths, at 100 % text, from which on events stand in a column of their own, and the picture grows as well."""

LARGER = 1.25
"""How much the picture grows on a very wide window; its text with it, and nothing else (gui/README.md 7)."""

LOW = 720
"""On a page that is lower, at 100 % text, both cards are short: their buttons stay in view."""

EVENTS_SHARE = 1000
"""Of the room that is left over in the main column: all but nothing goes to what is below the events."""

ACTION_HIGHEST, LOW_ACTION_HIGHEST = 440, 240
"""In a column that is higher, at 100 % text, the two cards stand at its top; the second is for a low page."""

EVENT_LINES, EVENT_LINES_ALONE = 3, 8
"""How many events are seen at once at least: where a column gives them more room, and where the page scrolls."""

START_ABREAST = 1200
"""On a narrower page Start and Read again do not stand side by side in the verdict's banner."""
SENTENCE_ABREAST = 900
"""On a narrower page, at 100 % text, room is kept for a second line of the verdict."""

ACTIONS_ABREAST = 760
SOURCE_CARDS_ABREAST = 720
"""Narrower than this, at 100 % text, the two action cards, or the three source cards, stand one under the other."""

Scaled = Callable[[float], int]
"""Pixels at 100 % text to those at the present size of text."""


class Columns(Enum):
    """How the page stands in a window of some width (gui/README.md 7)."""

    ONE = "one column"
    TWO = "main and actions"
    THREE = "main, actions and events"
    LARGE = "main with a larger picture, actions and events"


def columns_of(page: int, window: int, px: Scaled) -> Columns:
    """What fits into a page and a window so wide, in pixels."""
    if page < px(WIDE):
        return Columns.ONE
    if window < px(THREE_COLUMNS_FROM):
        return Columns.TWO
    return Columns.THREE if window < px(LARGE_FROM) else Columns.LARGE


def main_width(columns: Columns, page: int, px: Scaled) -> int:
    """What the main column of a page so wide has, before it is laid out."""
    aside = {
        Columns.ONE: 0,
        Columns.TWO: ACTIONS_WIDTH,
        Columns.THREE: WIDE_ACTIONS_WIDTH + EVENTS_WIDTH,
        Columns.LARGE: WIDE_ACTIONS_WIDTH + EVENTS_WIDTH,
    }[columns]
    return page - (px(aside) if aside else 0)


TICK_MS = 1000
READINGS_TICK_S = 1.5
"""While readings come more often than this, they are the tick of the ages: painting twice a second is not idle."""

_URGENT = {VerdictName.ON_NO_NIC, VerdictName.FOREIGN_NIC, VerdictName.WRONG_HOLDER}


class ClusterPage(BuiltInSteps, QWidget):
    """Shows one `ClusterSession`. It asks for a failover by `asked`; it never starts one."""

    widest = 2400
    asked = Signal(object)
    resume_asked = Signal()
    run_asked = Signal(str)
    sign_in_asked = Signal()

    def __init__(
        self, theme: Theme, session: ClusterSession, parent: QWidget | None = None, *, in_turns: bool = False
    ) -> None:
        """Show what the session knows, and follow it.

        With ``in_turns`` nothing is built yet: `build_part` does that part by part, or `finish` at once.
        """
        super().__init__(parent)
        self.setAccessibleName(session.setup.name)
        self._theme = theme
        self.session = session
        self._columns: Columns | None = None
        self._shown_once = False
        self._observed_at = -math.inf
        self._larger = False
        self._may_reorder = True
        self._unfinished: QWidget | None = None
        self._trouble: QWidget | None = None
        self._menus: tuple[Callable[[], Entries], Sequence[Callable[[], Entries]]] | None = None
        self._has_menus: ClusterPicture | None = None
        self.parts: deque[IdleStep] = deque(
            (
                self._build_head,
                self._follow,
                self._build_picture,
                self._build_below,
                partial(self._build_actions, Verb.GRACEFUL),
                partial(self._build_actions, Verb.FORCED),
                self._build,
                self._show_all,
            )
        )
        if not in_turns:
            self.finish()

    def _build_head(self) -> None:
        theme = self._theme
        self.banner = VerdictBanner(theme)
        self._read_again = Button(theme, "Read again", icon=Icon.REFRESH)
        self._read_again.explain(f"Read Azure again now ({Shortcut.READ_AGAIN})")
        self._read_again.clicked.connect(self.session.read_now)
        self.sign_in = Button(theme, "Sign in to Azure", icon=Icon.PERSON)
        self.sign_in.explain("Opens the first step of the set-up, where you sign in")
        self.sign_in.clicked.connect(self.sign_in_asked)
        self.sign_in.hide()
        self.resume = Button(theme, "Resume the failover")
        self.resume.explain("Read Azure and finish the interrupted run")
        self.resume.clicked.connect(self.resume_asked)
        self.session.lock.hold(self.resume)
        self.resume.hide()
        self.banner.add_action(self.sign_in)
        self.banner.add_action(self.resume)
        self.starts = tuple(StartMachineButton(theme, self.session, member) for member in self.session.setup.members)
        for button in self.starts:
            self.banner.add_action(button)
        self.banner.add_action(self._read_again)

    def _build_picture(self) -> None:
        self.picture = ClusterPicture(self._theme)
        self.picture.show_picture(picture_unread(self.session.setup))

    def _build_below(self) -> None:
        session = self.session
        self.sources = SourceCards(self._theme)
        self.reachability = ReachabilityCard(self._theme, session.reachability)
        self.events = EventsCard(self._theme)
        self.events.run_asked.connect(self.run_asked)

    def _build_actions(self, verb: Verb) -> None:
        card = ActionCard(self._theme, verb)
        if verb is Verb.GRACEFUL:
            self.graceful = card
        else:
            self.forced = card
        card.asked.connect(self._ask_callback(verb))
        card.considered.connect(self._on_considered)
        card.choose.clicked.connect(self._on_choose)
        card.check_asked.connect(partial(self._on_check, verb))
        card.despite.clicked.connect(partial(self.asked.emit, verb))

    def _follow(self) -> None:
        bind(self, Shortcut.COPY, self.copy_fact, inside=True)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        session = self.session
        session.observed.connect(self._on_observed)
        session.timeline_changed.connect(self._on_timeline)
        session.unfinished_changed.connect(self._on_unfinished)
        session.trouble.connect(self._on_trouble)
        session.run_changed.connect(self.refresh)

    @Slot()
    def _on_observed(self) -> None:
        self._observed_at = self.session.now()
        self.refresh()

    @Slot()
    def _on_tick(self) -> None:
        """Ages go on when no reading comes; one that has just come, or is about to, shows them anyway."""
        if self.session.now() - self._observed_at > READINGS_TICK_S:
            self.refresh()

    def _show_all(self) -> None:
        self.refresh()
        self._on_timeline()
        self._on_unfinished()

    def _build(self) -> None:
        content = QWidget()
        self._grid = QGridLayout(content)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._actions = QWidget()
        self._actions_box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._actions)
        self._actions_box.setContentsMargins(0, 0, 0, 0)
        self._actions_box.setSpacing(12)
        self._actions_box.addWidget(self.graceful, 1)
        self._actions_box.addWidget(self.forced, 1)
        self._actions_box.addStretch(0)
        self._main = QWidget()
        main = QVBoxLayout(self._main)
        main.setContentsMargins(0, 0, 0, 0)
        main.setSpacing(12)
        main.addWidget(self.picture)
        main.addWidget(self.sources)
        main.addWidget(self.reachability)
        main.addWidget(self.events, EVENTS_SHARE)
        main.addStretch(1)
        self._main_rows = main
        self._aside = QWidget()
        aside = QVBoxLayout(self._aside)
        aside.setContentsMargins(0, 0, 0, 0)
        self._aside_rows = aside
        self._aside.hide()
        self._scroll = PageScroll(self._theme, content, f"Cluster {self.session.setup.name}")
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self._scroll)
        self._arrange(Columns.TWO)

    def offer_menus(self, address: Callable[[], Entries], members: Sequence[Callable[[], Entries]]) -> None:
        """Give the floating IP and the two members their menus, as soon as there is a picture."""
        whole = self.whole
        self._menus = address, members
        self.parts.append(self._offer_menus)
        if whole:
            self.finish()

    def _offer_menus(self) -> None:
        """On the picture there is: a larger one is another."""
        if self._menus is None or self._has_menus is self.picture:
            return
        self._has_menus = self.picture
        address, members = self._menus
        MenuOffer(self._theme, self.picture.pill, address)
        for card, entries in zip(self.picture.cards, members, strict=True):
            MenuOffer(self._theme, card, entries)

    def _cards(self) -> list[ActionCard]:
        """The two cards of verbs in the order they stand in."""
        return sorted((self.graceful, self.forced), key=self._actions_box.indexOf)

    def focus_parts(self) -> tuple[QWidget, ...]:
        """Reading order of gui/README.md 12: verdict, picture, sources, readiness, buttons, events."""
        if not self.whole:
            return ()
        cards = self._cards()
        return (self.banner, self.picture, self.sources, *cards, self.reachability, self.events)

    @Slot()
    def copy_fact(self) -> None:
        """Copy the focused fact with its source and the time it was read (Ctrl+C)."""
        fact = fact_of(self.focusWidget())
        snapshot = self.session.snapshot
        if fact is None:
            return
        oldest = None if snapshot is None else snapshot.oldest_nic_age_s()
        read = None
        if snapshot is not None and oldest is not None:
            read = self.session.services.clock.wall() - timedelta(seconds=oldest)
        QGuiApplication.clipboard().setText(fact.line(read))

    def _ask_callback(self, verb: Verb) -> Callable[[], None]:
        def ask() -> None:
            self.ask(verb)

        return ask

    def ask(self, verb: Verb) -> bool:
        """Ask to open the question for `verb`, unless its button is off; whether it is on."""
        on = self._card(verb).button.isEnabled()
        if on:
            self.asked.emit(verb)
        return on

    def why_off(self, verb: Verb) -> tuple[str, QWidget]:
        """Why the button for `verb` is off, and the button."""
        card = self._card(verb)
        return card.reason or "The cluster is being read; the button follows what is read.", card.button

    def _card(self, verb: Verb) -> ActionCard:
        return self.graceful if verb is Verb.GRACEFUL else self.forced

    # Showing -----------------------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Show what is known now, with its age. A hidden page is brought up to date when it is shown."""
        if not self.whole or (not self.isVisible() and self._shown_once):
            return
        self._shown_once = True
        session = self.session
        snapshot, state = session.snapshot, session.state
        if snapshot is None or state is None:
            words = f"The first answer usually takes about 2 s. {self._last_known}"
            self.banner.show_verdict(Shape.NOT_KNOWN, "Reading Azure", words)
            against = session.reason_against(Verb.GRACEFUL)
            for card in (self.graceful, self.forced):
                card.show_action("the other member", StateShown(Shape.NOT_KNOWN, "Not known"), "", None, against)
            return
        session.ask_rights()
        detail = " ".join(part for part in (state.detail, read_age(snapshot)) if part)
        self.banner.show_verdict(state_shape(state.state), state.sentence, detail, urgent=state.verdict.name in _URGENT)
        self.sign_in.setVisible(needs_sign_in(snapshot))
        self._show_starts()
        self.picture.show_picture(picture(snapshot, state.verdict, session.run, session.now()))
        self.sources.show_holder(azure_holder(snapshot, session.run))
        offer = session.recommended_action
        repair = offer.sentence if offer is not None and offer.kind is ActionKind.REPAIR else ""
        if self._may_reorder:
            self._may_reorder = False
            self._put_first(self.forced if repair else self.graceful)
        for card in (self.graceful, self.forced):
            self._show_action(card, state, repair)
        other = snapshot.setup.other(state.to)
        self.forced.choose.setVisible(snapshot.place.member is None)
        self.forced.choose.rename(f"Choose {other.name} instead")

    @property
    def _last_known(self) -> str:
        """What the journal last knew of the cluster, in one sentence."""
        known = last_known_in(self.session.records, self.session.setup)
        if known is None:
            return "Nothing is known yet."
        age_s = (self.session.services.clock.wall() - known.at).total_seconds()
        return f"Last known, recorded here {format_age(age_s)}: {known.sentence}."

    def _show_action(self, card: ActionCard, state: ClusterReadiness, repair: str) -> None:
        verb = Verb.GRACEFUL if card is self.graceful else Verb.FORCED
        found = state.of(verb)
        repairs = bool(repair) and verb is Verb.FORCED
        cost = f"{repair} {self._cost(verb)}" if repairs else self._cost(verb)
        card.show_action(
            state.to.name,
            verb_state(found, state.graceful),
            cost,
            found.findings,
            self.session.reason_against(verb, state),
            repairs=repairs,
            consent=found.needs_consent and not self.session.lock.locked,
        )

    def _put_first(self, card: ActionCard) -> None:
        """What is offered first stands first, also for the keyboard; not while someone may be pointing at a button."""
        if self._actions_box.indexOf(card) != 0:
            self._actions_box.removeWidget(card)
            self._actions_box.insertWidget(0, card, 1)

    def _cost(self, verb: Verb) -> str:
        intended = self.session.plan(verb)
        if intended is None:
            return ""
        times = f"{format_estimate(intended.predicted_s).capitalize()}, gap {format_estimate(intended.gap.usual_s)}."
        if verb is Verb.GRACEFUL:
            return times
        asked = f", without asking {intended.losing.name}" if intended.losing is not None else ""
        return f"Edits the network interfaces with your sign-in{asked}. {times}"

    @Slot()
    def _on_timeline(self) -> None:
        if not self.whole:
            return
        if self.session.snapshot is None:
            self.refresh()  # the journal was read: it may know something
        self.events.show_events(self.session.events, self.session.services.clock.wall())

    @Slot()
    def _on_unfinished(self) -> None:
        self._drop(self._unfinished)
        self._unfinished = None
        began = self.session.unfinished
        waits = began is not None and not self.session.running
        self.resume.setVisible(waits)
        if began is None or not waits:
            return
        box = NoticeBox(
            self._theme,
            Shape.WARNING,
            f"A {began.verb.value} failover to {began.to} was interrupted",
            "Resume reads Azure first and does only what is missing. Nothing was sent since.",
        )
        self._unfinished = box
        self.events.add_notice(box)

    @Slot(object)
    def _on_trouble(self, problem: Problem) -> None:
        self._drop(self._trouble)
        self._trouble = problem_notice(self._theme, problem, Shape.WARNING)
        self.events.add_notice(self._trouble)
        announce(self._trouble, problem.sentence())

    @staticmethod
    def _drop(box: QWidget | None) -> None:
        if box is not None:
            box.hide()
            box.deleteLater()

    @Slot(bool)
    def _on_considered(self, considered: bool) -> None:
        target = self.session.target
        if considered and target is not None:
            self.picture.preview(self.session.setup.members.index(target))
        else:
            self.picture.preview(None)

    def _on_check(self, verb: Verb) -> None:
        target = self.session.target
        if target is not None:
            self.session.check(target, verb)

    @Slot()
    def _on_choose(self) -> None:
        target = self.session.target
        if target is not None:
            self.session.prefer(self.session.setup.other(target))

    # Layout ------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column below 1200 px, two from there on, three from 1920, with a larger picture from 2560."""
        super().resizeEvent(event)
        if not self.whole:
            return
        px, width = self._theme.px, self.width()
        columns = columns_of(width, self.window().width(), px)
        self._arrange(columns)
        self.sources.set_stacked(main_width(columns, width, px) < px(SOURCE_CARDS_ABREAST))
        self._set_actions_abreast()
        one = columns is Columns.ONE
        low = self.height() < px(LOW)
        for card in (self.graceful, self.forced):
            card.setMaximumHeight(px(LOW_ACTION_HIGHEST if low and not one else ACTION_HIGHEST))
            card.set_compact(one or low, alone=one)
        self.banner.keep_lines(2 if width < px(SENTENCE_ABREAST) else 1)
        self._show_starts()
        self.events.set_lines(EVENT_LINES_ALONE if one else EVENT_LINES)

    def _show_starts(self) -> None:
        """In a narrow banner Start takes the place of Read again, so that the sentence keeps its lines (F5 reads)."""
        narrow = self.width() < self._theme.px(START_ABREAST)
        for button in self.starts:
            button.refresh(narrow=narrow)
        starts = any(not button.isHidden() for button in self.starts)
        self._read_again.setVisible(not (narrow and starts))

    def _set_actions_abreast(self) -> None:
        abreast = self._columns is Columns.ONE and self.width() >= self._theme.px(ACTIONS_ABREAST)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._actions_box.setDirection(across if abreast else down)

    def _arrange(self, columns: Columns) -> None:
        if columns is self._columns:
            return
        self._columns = columns
        wide = columns is not Columns.ONE
        grid, px = self._grid, self._theme.px
        for widget in (self.banner, self._actions, self._main, self._aside):
            grid.removeWidget(widget)
        margin = 24 if wide else 16
        grid.setContentsMargins(margin, 17 if wide else 11, margin - BAR, margin)
        grid.setVerticalSpacing(12 if wide else 10)
        for row in range(5):
            grid.setRowStretch(row, 0)
        apart = columns in {Columns.THREE, Columns.LARGE}
        across = 3 if apart else 2
        grid.addWidget(self.banner, 0, 0, 1, across)
        self._aside.setVisible(apart)
        self.events.set_narrow(apart)
        if apart:
            self._aside_rows.addWidget(self.events, 1)
        elif self.events.parentWidget() is not self._main:
            self._main_rows.insertWidget(self._main_rows.count() - 1, self.events, EVENTS_SHARE)
        self._main.setMaximumWidth(px(MAIN_WIDEST) if columns is Columns.THREE else 16777215)
        if wide:
            actions = ACTIONS_WIDTH if columns is Columns.TWO else WIDE_ACTIONS_WIDTH
            self._actions.setFixedWidth(max(actions, px(actions)))
            grid.addWidget(self._main, 2, 0)
            grid.addWidget(self._actions, 2, 1)
            if apart:
                self._aside.setMinimumWidth(px(EVENTS_WIDTH) // 2)
                grid.addWidget(self._aside, 2, 2)
            grid.setRowStretch(2, 1)
        else:
            self._actions.setMinimumWidth(0)
            self._actions.setMaximumWidth(16777215)
            grid.addWidget(self._actions, 2, 0, 1, across)
            grid.addWidget(self._main, 3, 0, 1, across)
            grid.setRowStretch(3, 1)
        grid.setColumnStretch(0, 5 if apart else 1)
        grid.setColumnStretch(1, 0)
        grid.setColumnStretch(2, 2 if apart else 0)
        self._enlarge_picture(columns is Columns.LARGE)

    def _enlarge_picture(self, larger: bool) -> None:
        if larger is self._larger:
            return
        self._larger = larger
        shown, old = self.picture.shown, self.picture
        self.picture = ClusterPicture(self._theme.enlarged(LARGER) if larger else self._theme)
        self._main_rows.replaceWidget(old, self.picture)
        old.hide()
        old.deleteLater()
        self._offer_menus()
        if shown is not None:
            self.picture.show_picture(shown)

    def showEvent(self, event: QShowEvent) -> None:
        """Ages are kept up to date only while someone can see them."""
        super().showEvent(event)
        self.finish()
        self._may_reorder = True
        self.refresh()
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop the clock of the ages."""
        super().hideEvent(event)
        if self.whole:
            self._tick.stop()
