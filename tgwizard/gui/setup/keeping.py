"""The draft: what was answered is kept after every step, and found again when the wizard is opened the next time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.runs.services import Services
from tgwizard.engine.setup.draft import FILE_NAME, DraftRead, delete_draft, load_draft, save_draft
from tgwizard.engine.setup.wizard_state import Flow
from tgwizard.gui.setup.errands import Errands, Hear, Kind
from tgwizard.model.problem import Problem

NO_DRAFT = DraftRead()


class Keeping:
    """Reads, writes and deletes the draft, never in the window's own thread. ``problem``: why it could not."""

    def __init__(self, services: Services, errands: Errands, told: Callable[[], None]) -> None:
        """`told` hears when there is a problem, or none any more."""
        self._services = services
        self._errands = errands
        self._told = told
        self._next: Flow | None = None
        self.problem: Problem | None = None

    @property
    def file(self) -> Path:
        """Where the draft lies."""
        return self._services.state_dir / FILE_NAME

    def load(self, then: Callable[[DraftRead], None]) -> None:
        file = self.file

        def errand(_hear: Hear, _token: CancelToken) -> DraftRead:
            return load_draft(file)

        def done(found: object) -> None:
            read = found if isinstance(found, DraftRead) else NO_DRAFT
            self.problem = read.problem
            then(read)

        def failed(problem: Problem) -> None:
            self.problem = problem
            then(NO_DRAFT)

        self._errands.begin(Kind.FILE, errand, done=done, failed=failed)

    def save(self, flow: Flow) -> None:
        """Write it; while a writing is under way, the last wish waits for it."""
        if self._errands.under_way(Kind.FILE):
            self._next = flow
            return
        file, now = self.file, self._services.clock.wall()

        def errand(_hear: Hear, _token: CancelToken) -> None:
            save_draft(file, flow, now)

        self._errands.begin(Kind.FILE, errand, done=self._saved, failed=self._failed)

    def delete(self) -> None:
        """The set-up is done."""
        self._next = None
        file = self.file

        def errand(_hear: Hear, _token: CancelToken) -> None:
            delete_draft(file)

        self._errands.begin(Kind.FILE, errand, done=self._saved, failed=self._failed)

    def _saved(self, _nothing: object) -> None:
        before, self.problem = self.problem, None
        self._go_on()
        if before is not None:
            self._told()

    def _failed(self, problem: Problem) -> None:
        self.problem = problem
        self._go_on()
        self._told()

    def _go_on(self) -> None:
        flow, self._next = self._next, None
        if flow is not None:
            self.save(flow)
