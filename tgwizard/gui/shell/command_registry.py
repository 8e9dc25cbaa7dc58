"""Every command of the window: what the menus and Ctrl+K offer now, with its keys, and why it is off when it is.

A new command is one line here: it then stands in its menu and in the palette.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tgwizard.gui.app.destinations import Destination
from tgwizard.gui.app.nav_pages import NavPage
from tgwizard.gui.app.practice_buttons import WORDS
from tgwizard.gui.cluster.action_card import button_text
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.cluster.cluster_view_model import state_shape
from tgwizard.gui.page import Shell
from tgwizard.gui.shell.context_commands import verb_command
from tgwizard.gui.shell.navigation_rail import ICONS
from tgwizard.gui.shell.window_actions import WindowActions
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.widgets.command import Command, CommandGroup, CommandRole
from tgwizard.gui.widgets.shortcuts import Shortcut, page_keys
from tgwizard.model.appearance import ThemeChoice, TimeZoneChoice
from tgwizard.model.cluster import Verb
from tgwizard.model.settings import PINNED, THEME, TIME_ZONE

NO_CLUSTER = "Open a cluster first: this is done on its page."


def commands_of(window: Shell, actions: WindowActions) -> tuple[Command, ...]:
    """Everything that can be found or run now; what is off says why."""
    return (
        *cluster_commands(window, actions),
        *actions.page_commands,
        *_clusters(window),
        *_file(window),
        *_practice(window),
        *_view(window, actions),
        *_help(actions),
    )


def menus_of(window: Shell, actions: WindowActions) -> tuple[Command, ...]:
    """What the menus hold: all of it but the clusters, of which there may be a thousand."""
    every = (*_file(window), *_view(window, actions), *cluster_commands(window, actions), *actions.page_commands)
    return (*every, *_help(actions))


def _clusters(window: Shell) -> tuple[Command, ...]:
    return tuple(_cluster(window, session) for session in window.sessions.values())


def _cluster(window: Shell, session: ClusterSession) -> Command:
    name = session.setup.name
    words = f"open {session.setup.address} {' '.join(member.name for member in session.setup.members)}"
    return Command(name, partial(window.visit_cluster, name), words=words, state=partial(_state, session))


def _state(session: ClusterSession) -> tuple[Shape, str]:
    state = session.state
    return (Shape.NOT_KNOWN, "not read yet") if state is None else (state_shape(state.state), state.sentence)


# The cluster shown -----------------------------------------------------------------------------------------------


def cluster_commands(window: Shell, actions: WindowActions) -> tuple[Command, ...]:
    """What can be done with the cluster shown, or with the only one there is."""
    session = _meant(window)
    read = Command(
        "Read again now", window.read_again, str(Shortcut.READ_AGAIN), Icon.REFRESH, group=CommandGroup.CLUSTER
    )
    verbs = tuple(_verb(window, session, verb) for verb in Verb)
    if session is None:
        return (*verbs, read)
    name, address = session.setup.name, str(session.setup.address)
    pinned = name in window.settings_store.get(PINNED)
    pin = f"Take {name} off the rail" if pinned else f"Pin {name} to the rail"
    return (
        *verbs,
        read,
        Command(pin, partial(window.pin, name), "", Icon.CLUSTERS, group=CommandGroup.CLUSTER_MORE),
        Command(
            f"Copy the address {address}",
            partial(actions.copy, "the floating IP", address),
            "",
            Icon.COPY,
            group=CommandGroup.CLUSTER_MORE,
        ),
    )


def _meant(window: Shell) -> ClusterSession | None:
    """The cluster a failover may be asked for: the one shown, or the only one there is."""
    current = window.sessions.get(window.current)
    if current is None and len(window.sessions) == 1:
        return next(iter(window.sessions.values()))
    return current


def _verb(window: Shell, session: ClusterSession | None, verb: Verb) -> Command:
    group = CommandGroup.CLUSTER
    if session is None:
        keys = Shortcut.GRACEFUL if verb is Verb.GRACEFUL else Shortcut.FORCED
        icon = Icon.SWAP if verb is Verb.GRACEFUL else Icon.BOLT
        text = button_text(verb, "the other member")
        return Command(text, partial(window.ask, verb), str(keys), icon, NO_CLUSTER, group=group)
    found = verb_command(window, session, verb)
    name = session.setup.name
    return replace(found, name=found.name if name == window.current else f"{name}: {found.name}", group=group)


# The window ------------------------------------------------------------------------------------------------------


def _practice(window: Shell) -> tuple[Command, ...]:
    """To the lab, or back from it."""
    if window.context.practice is not None:
        return (Command("Back to Azure", partial(window.go_elsewhere, Destination()), "", Icon.LAB),)
    return tuple(
        Command(words, partial(window.go_elsewhere, Destination(practice)), "", Icon.LAB, words=explained)
        for practice, (words, explained) in WORDS.items()
        if window.context.can_practise
    )


def _file(window: Shell) -> tuple[Command, ...]:
    locked = window.lock.locked
    return (
        Command(
            "Set up a cluster…",
            partial(window.go_to, NavPage.SET_UP),
            page_keys(list(NavPage).index(NavPage.SET_UP) + 1),
            Icon.ADD,
            group=CommandGroup.FILE,
        ),
        Command("Add a cluster file…", window.choose_cluster_files, "", Icon.LINK, group=CommandGroup.FILE),
        Command("Sign in…", window.ask_sign_in, "", Icon.PERSON, group=CommandGroup.FILE),
        Command(
            "Unlock: allow changes again…" if locked else "Lock: make every screen read-only",
            window.ask_lock,
            str(Shortcut.LOCK),
            Icon.UNLOCKED if locked else Icon.LOCK,
            group=CommandGroup.FILE_STATE,
        ),
        Command(
            "Settings",
            partial(window.go_to, NavPage.SETTINGS),
            page_keys(list(NavPage).index(NavPage.SETTINGS) + 1),
            Icon.SETTINGS,
            group=CommandGroup.FILE_STATE,
            role=CommandRole.SETTINGS,
        ),
        Command(
            "Close tgwizard",
            window.close_window,
            str(Shortcut.QUIT),
            Icon.POWER,
            group=CommandGroup.FILE_END,
            role=CommandRole.QUIT,
        ),
    )


def _view(window: Shell, actions: WindowActions) -> tuple[Command, ...]:
    find = Command("Find or run…", window.find_or_run, str(Shortcut.FIND), Icon.SEARCH, group=CommandGroup.VIEW)
    narrow = Command("Filter this page", actions.filter, str(Shortcut.FILTER), Icon.SEARCH, group=CommandGroup.VIEW)
    back = Command(
        "Back", actions.back, str(Shortcut.BACK), Icon.BACK, actions.why_not_through(-1), group=CommandGroup.VIEW_WAY
    )
    forward = Command(
        "Forward",
        actions.forward,
        str(Shortcut.CONTINUE),
        Icon.ARROW_RIGHT,
        actions.why_not_through(1),
        group=CommandGroup.VIEW_WAY,
    )
    places = tuple(
        Command(
            f"Go to {place.value}",
            partial(window.go_to, place),
            page_keys(number),
            ICONS[place],
            group=CommandGroup.VIEW_PAGES,
        )
        for number, place in enumerate(NavPage, start=1)
    )
    return (find, narrow, back, forward, *places, *_looks(window, actions))


def _looks(window: Shell, actions: WindowActions) -> tuple[Command, ...]:
    text, looks = CommandGroup.VIEW_TEXT, CommandGroup.VIEW_LOOKS
    utc = window.settings_store.get(TIME_ZONE) is TimeZoneChoice.UTC
    now = window.settings_store.get(THEME)
    names = {ThemeChoice.SYSTEM: "Follow the system's theme", ThemeChoice.LIGHT: "Use the light theme"}
    names[ThemeChoice.DARK] = "Use the dark theme"
    return (
        Command("Larger text", actions.larger, str(Shortcut.LARGER), Icon.ADD, group=text),
        Command("Smaller text", actions.smaller, str(Shortcut.SMALLER), Icon.SEARCH, group=text),
        Command("Usual text size", actions.system_size, str(Shortcut.USUAL_SIZE), Icon.SEARCH, group=text),
        *(
            Command(
                words,
                partial(window.settings_store.set, THEME, choice),
                "",
                Icon.THEME,
                group=looks,
                checked=choice is now,
            )
            for choice, words in names.items()
        ),
        Command("Tell times in UTC", actions.other_times, "", Icon.HISTORY, group=looks, checked=utc),
    )


def _help(actions: WindowActions) -> tuple[Command, ...]:
    pages, log, about = CommandGroup.HELP, CommandGroup.HELP_LOG, CommandGroup.HELP_ABOUT
    why = actions.why_no_log
    return (
        Command("Help on this page", actions.help_here, str(Shortcut.HELP), Icon.INFO, group=pages),
        Command("Contents of the help", actions.contents, "", Icon.INFO, group=pages),
        Command("Keyboard shortcuts", actions.keys, "", Icon.INFO, group=pages),
        Command("Open the log folder", actions.open_log_folder, "", Icon.EXTERNAL, why, group=log),
        Command("Copy the path of the log", actions.copy_log_path, "", Icon.COPY, why, group=log),
        Command("Report a problem…", actions.report_problem, "", Icon.REPORT, group=log),
        Command("About tgwizard", actions.about, "", Icon.INFO, group=about, role=CommandRole.ABOUT),
    )
