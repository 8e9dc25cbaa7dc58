"""All journals of setting up the same two interfaces.

A journal belongs to a cluster's identity, and the address is a part of that: who changes the address between two
applies has two journals. Undo takes back what stands in any of them, under the locks of all.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from tgwizard.engine.runs.records import RunBegan
from tgwizard.engine.setup.setup_journal import SetupJournal, setup_journal_file
from tgwizard.model.cluster import ClusterIdentity
from tgwizard.model.problem import UserError

_log = logging.getLogger(__name__)


def pair_identities(state_dir: Path, identity: ClusterIdentity) -> tuple[ClusterIdentity, ...]:
    """The identities of the same two interfaces that have a journal here under another address, in a fixed order."""
    own = setup_journal_file(state_dir, identity)
    found = (_whose(file) for file in sorted(state_dir.glob("setup-*.sqlite")) if file != own)
    return tuple(one for one in found if one is not None and one.nics == identity.nics)


@contextlib.contextmanager
def journal_of_pair(state_dir: Path, identity: ClusterIdentity) -> Iterator[SetupJournal]:
    """The identity's journal with the others of its interfaces read along. UserError when one cannot be used."""
    with contextlib.closing(SetupJournal.open(setup_journal_file(state_dir, identity), identity)) as journal:
        for one in pair_identities(state_dir, identity):
            journal.others += (SetupJournal.open(setup_journal_file(state_dir, one), one),)
        yield journal


def _whose(file: Path) -> ClusterIdentity | None:
    """Whose journal a file is; None when nothing was begun in it, or when it cannot be read."""
    try:
        with contextlib.closing(SetupJournal.open(file)) as journal:
            began = next((item for item in journal.records() if isinstance(item, RunBegan)), None)
    except UserError as error:
        _log.warning("a journal was left out: %s", error.problem.sentence())
        return None
    if began is None or len(began.nics) != 2:
        return None
    return ClusterIdentity((began.nics[0], began.nics[1]), began.address)
