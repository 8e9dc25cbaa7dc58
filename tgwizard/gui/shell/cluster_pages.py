"""The pages of the clusters: one for watching each, one for its next run or the one in progress. A few are kept."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal, Slot
from PySide6.QtGui import QPixmap, QRegion
from PySide6.QtWidgets import QStackedWidget, QWidget

from tgwizard.gui.cluster.cluster_page import ClusterPage
from tgwizard.gui.cluster.cluster_session import ClusterSession
from tgwizard.gui.failover.run_page import RunPage
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.idle_queue import IdleQueue, IdleStep

PAGES_KEPT = 8

PREPARE_MS = 200
"""How long after a cluster page was shown the page of its next run is built."""

DRAWN_IN = 4
"""In how many bands an unseen page is drawn for the first time."""


class ClusterPages(QObject):
    """Builds, keeps and drops them.

    `asked(session, verb)` from a failover button, `back_asked(name)` from a run, `run_asked(name, run)` from an event,
    `sign_in_asked` from a page that nothing can be read for. `made(page)`: a page of a cluster came to be.
    """

    asked = Signal(object, object)
    back_asked = Signal(str)
    run_asked = Signal(str, str)
    sign_in_asked = Signal()
    made = Signal(object)

    def __init__(self, theme: Theme, stack: QStackedWidget, parent: QObject) -> None:
        """No page yet; they go into `stack`."""
        super().__init__(parent)
        self._theme = theme
        self._stack = stack
        self._pages: dict[str, ClusterPage] = {}
        self._runs: dict[str, RunPage] = {}
        self._next: ClusterSession | None = None
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(PREPARE_MS)
        self._warm.timeout.connect(self._prepare_next)
        self._turns = IdleQueue(self)

    def __len__(self) -> int:
        """How many clusters have a page now."""
        return len(self._pages)

    @property
    def cluster_shown(self) -> ClusterPage | None:
        """The page of a cluster that is shown now, if one is."""
        page = self._stack.currentWidget()
        return page if isinstance(page, ClusterPage) else None

    @property
    def shows_run(self) -> bool:
        """Whether the page of a run is shown now."""
        return isinstance(self._stack.currentWidget(), RunPage)

    def preparing(self, session: ClusterSession) -> tuple[IdleStep, ...]:
        """The steps after which the page of a cluster is there, laid out and drawn once; it is not shown."""
        page = self._page(session)
        return self._unseen(page)

    def _page(self, session: ClusterSession) -> ClusterPage:
        """The page of a cluster, as far as it is built."""
        name = session.setup.name
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = ClusterPage(self._theme, session, in_turns=True)
            page.asked.connect(partial(self.asked.emit, session))
            page.resume_asked.connect(session.resume)
            page.run_asked.connect(partial(self.run_asked.emit, name))
            page.sign_in_asked.connect(self.sign_in_asked)
            self._stack.addWidget(page)
            self.made.emit(page)
        return page

    def visit(self, session: ClusterSession, show: IdleStep) -> None:
        """Do `show` when the page of the cluster is there: at once, or after some turns in which it is built."""
        page = self._page(session)
        if page.whole:
            show()
            return
        self.leave()
        self._turns.add(*self._unseen(page), show)

    def show(self, session: ClusterSession) -> None:
        """Show the page of a cluster, and soon after prepare that of its next run."""
        name = session.setup.name
        page = self._page(session)
        page.finish()
        self._pages.pop(name)
        self._pages[name] = page  # the last is the one seen last
        self._turns.drop()
        self._stack.setCurrentWidget(page)
        self._drop_run(name)
        self._drop_old()
        self._next = session
        self._warm.start()

    def show_run(self, session: ClusterSession) -> None:
        """Show the page of the session's run."""
        self._turns.drop()
        page = self._run_page(session)
        page.finish()
        self._stack.setCurrentWidget(page)

    def begin_run(self, session: ClusterSession) -> bool:
        """A run began: show it, on a page that has not shown another one. False: another page tells it."""
        shown = self._runs.get(session.setup.name)
        if shown is not None and shown.used:
            self._drop_run(session.setup.name)
        if not session.told_elsewhere:
            self.show_run(session)
        return not session.told_elsewhere

    def _drop_old(self) -> None:
        """Of many clusters only the pages last seen are kept; a later visit builds the page anew."""
        for name in tuple(self._pages)[:-PAGES_KEPT]:
            if not self._pages[name].session.running:
                page = self._pages.pop(name)
                self._take_out(page)
                page.deleteLater()
                self._drop_run(name)

    def _take_out(self, page: QWidget) -> None:
        """Take a page out of the stack and keep it: removing gives it to Python, which would delete it here and now."""
        self._stack.removeWidget(page)
        page.setParent(self._stack)

    def _run_page(self, session: ClusterSession) -> RunPage:
        """The page of the session's next run, as far as it is built; showing it builds the rest."""
        name = session.setup.name
        page = self._runs.get(name)
        if page is None:
            page = RunPage(self._theme, session, in_turns=True)
            page.back_asked.connect(partial(self.back_asked.emit, name))
            page.resume_asked.connect(session.resume)
            self._runs[name] = page
            self._stack.addWidget(page)
        return page

    @Slot()
    def _prepare_next(self) -> None:
        """Build the page of the next run while nothing is in progress, and have Qt lay it out and draw it, unseen.

        Each part in a turn of its own: a run then starts without a stall, and so does everything until then.
        """
        session = self._next
        if session is None or session.running or session.setup.name in self._runs:
            return
        self._turns.drop()
        self._turns.add(*self._unseen(self._run_page(session)))

    def _unseen(self, page: ClusterPage | RunPage) -> tuple[IdleStep, ...]:
        """Build what is missing of a page, lay it out and draw it, all of it unseen."""
        build = (page.build_part for _ in range(page.parts_left()))
        draw = (partial(self._draw, page, part / DRAWN_IN) for part in range(DRAWN_IN))
        return (*build, partial(self._lay_out, page), *draw)

    def _lay_out(self, page: QWidget) -> None:
        if not page.isVisible():
            page.resize(self._stack.size())
            page.render(QPixmap(1, 1), QPoint(), QRegion(0, 0, 1, 1))

    def _draw(self, page: QWidget, top: float) -> None:
        """Draw one band of the page: its first drawing is the dearest, it has every text shaped."""
        if not page.isVisible():
            band = QRect(0, round(top * page.height()), page.width(), math.ceil(page.height() / DRAWN_IN))
            page.render(QPixmap(band.size()), QPoint(), QRegion(band))

    def _drop_run(self, name: str) -> None:
        page = self._runs.pop(name, None)
        if page is not None:
            self._turns.drop()
            self._take_out(page)
            page.delete_soon()

    def clear(self) -> None:
        """Every cluster is gone: so are their pages."""
        self.leave()
        for name in tuple(self._runs):
            self._drop_run(name)
        for page in self._pages.values():
            self._take_out(page)
            page.hide()
            page.deleteLater()
        self._pages.clear()

    def leave(self) -> None:
        """Another page is shown: prepare nothing any more."""
        self._next = None
        self._warm.stop()
        self._turns.drop()

    def stop(self) -> None:
        """The window closes."""
        self.leave()
