"""Set-ups that were begun here and not finished: told on the Clusters page and by ``status``, after a crash too.

The draft says what was answered; the journals of setting up say what was written, whichever program wrote it.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tgwizard.engine.files.file_lock import is_locked
from tgwizard.engine.runs.job_services import Services
from tgwizard.engine.runs.records import SetupRunEndRecord, SetupRunRecord
from tgwizard.engine.runs.setup_journal import SetupJournal
from tgwizard.engine.setup.draft import FILE_NAME, load_draft
from tgwizard.engine.setup.planner import complete_identity
from tgwizard.engine.setup.undo import undo_items
from tgwizard.model import fields
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.cluster_setup import ClusterSetup
from tgwizard.model.event_base import Outcome
from tgwizard.model.problem import UserError
from tgwizard.model.text import are, counted, sanitize

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnfinishedSetup:
    """One of them. ``name``: the cluster's, empty while it has none. ``written``: how many changes stand from here.

    ``broken_off``: a job that was writing has no end in the journal: the program was ended in the middle.
    """

    name: str
    written: int = 0
    broken_off: bool = False
    identity: ClusterIdentity | None = None

    @property
    def title(self) -> str:
        """What it is, in few words."""
        return f"The set-up of {self.name or 'a cluster'} is not finished"

    @property
    def sentence(self) -> str:
        """How far it came."""
        if not self.written:
            return "Nothing was written yet; the answers are kept."
        ended = "The program was ended in the middle. " if self.broken_off else ""
        return f"{ended}{counted(self.written, 'change')} {are(self.written)} written, and can be undone."


def continue_command(one: UnfinishedSetup) -> str:
    """The command that applies what is left; it reads Azure first, and shows and asks before it writes."""
    words = ["tgwizard", "setup", "apply", one.name or "CLUSTER"]
    if one.identity is not None:
        first, second = one.identity.nics
        nic = fields.MEMBER_NIC.flag
        words += [nic, first, nic, second, fields.ADDRESS.flag, one.identity.address]
    return shlex.join(words)


def setup_traces(state_dir: Path) -> tuple[tuple[str, int], ...]:
    """What the answer below rests on: the files and when each was written last."""
    files = (state_dir / FILE_NAME, *state_dir.glob("setup-*.sqlite*"))
    found = []
    for file in files:
        with contextlib.suppress(OSError):
            found.append((file.name, file.stat().st_mtime_ns))
    return tuple(sorted(found))


def unfinished_setups(services: Services, saved: Iterable[ClusterSetup]) -> tuple[UnfinishedSetup, ...]:
    """All of them, those of which something was written first; ``saved``: the clusters that have a file here.

    What a program of this computer works on now is none.
    """
    state_dir = services.state_dir
    known = {setup.identity: setup.name for setup in saved}
    journals = [_in_journal(file, known) for file in sorted(state_dir.glob("setup-*.sqlite"))]
    found = [one for one in journals if one is not None and not _in_use(services, one.identity)]
    draft = load_draft(state_dir / FILE_NAME).draft
    if draft is not None and draft.done:
        identity = complete_identity(draft.answers)
        known_already = any(one.identity == identity for one in found if identity is not None)
        if not known_already and not _in_use(services, identity):
            found.append(UnfinishedSetup(sanitize(draft.answers.name, 80), identity=identity))
    return tuple(sorted(found, key=lambda one: not one.written))


def _in_use(services: Services, identity: ClusterIdentity | None) -> bool:
    return identity is not None and is_locked(services.lock_file(identity))


def _in_journal(file: Path, known: dict[ClusterIdentity, str]) -> UnfinishedSetup | None:
    try:
        with contextlib.closing(SetupJournal.open(file)) as journal:
            records, made = journal.records(), undo_items(journal, identities=True)
    except UserError as error:
        _log.warning("a journal was left out: %s", error.problem.sentence())
        return None
    runs = [item for item in records if isinstance(item, SetupRunRecord)]
    ends = {item.run: item.outcome for item in records if isinstance(item, SetupRunEndRecord)}
    applied = [run for run in runs if run.job in ("apply", "undo")]
    if not applied or len(applied[-1].nics) != 2:
        return None
    last = applied[-1]
    identity = ClusterIdentity((last.nics[0], last.nics[1]), last.address)
    outcome = ends.get(last.run)
    finished = outcome is Outcome.DONE and (last.job == "undo" or identity in known)
    if finished or (not made and outcome is not None):
        return None
    name = known.get(identity) or next((run.cluster for run in reversed(runs) if run.cluster), "")
    return UnfinishedSetup(sanitize(name, 80) or last.address, len(made), outcome is None, identity)
