"""The jobs of setting up as window and command line start them: under the cluster's lock, with its journal open.

What stands in the way of starting ends in a ``SetupFinished`` like everything else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.files import file_lock
from tgwizard.engine.runs.services import Services
from tgwizard.engine.setup.apply import apply
from tgwizard.engine.setup.pair_journals import journal_of_pair, pair_identities
from tgwizard.engine.setup.restart import restart
from tgwizard.engine.setup.result import identity_of
from tgwizard.engine.setup.setup_journal import SetupJournal, setup_journal_file
from tgwizard.engine.setup.undo import Undoing, undo, undoable
from tgwizard.engine.setup.verify import Subject, verify
from tgwizard.model.cluster import ClusterIdentity, ResourceId
from tgwizard.model.event_base import Outcome, Stamp
from tgwizard.model.problem import Problem, UserError
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import SetupEvent, SetupFinished
from tgwizard.model.setup_plan import SetupPlan
from tgwizard.model.verify_result import VerifyResult

Report = Callable[[SetupEvent], None]


def apply_job(
    services: Services,
    answers: Answers,
    plan: SetupPlan,
    report: Report,
    token: CancelToken,
    *,
    only_mine: bool = False,
) -> SetupFinished:
    """Apply the plan; ``only_mine``: what the signed-in user may."""
    return _under_lock(
        services,
        identity_of(answers),
        "apply",
        report,
        lambda journal: apply(
            services.setup, services.azure, services.clock, journal, plan, report, token, only_mine=only_mine
        ),
    )


def undo_job(
    services: Services, identity: ClusterIdentity, report: Report, token: CancelToken, *, identities: bool = False
) -> SetupFinished:
    """Take back what was created here for this cluster, also for the same two interfaces under other addresses."""
    return _under_lock(
        services,
        identity,
        "undo",
        report,
        lambda journal: undo(
            services.setup, services.azure, services.clock, journal, report, token, identities=identities
        ),
        pair_identities(services.state_dir, identity),
    )


def restart_job(
    services: Services, identity: ClusterIdentity, vm: ResourceId, report: Report, token: CancelToken
) -> SetupFinished:
    """Restart one machine and wait until it is back."""
    return _under_lock(
        services,
        identity,
        "restart",
        report,
        lambda journal: restart(services.setup, services.azure, services.clock, journal, vm, report, token),
    )


def verify_job(services: Services, subject: Subject, report: Report, token: CancelToken) -> VerifyResult:
    """Verify; it changes nothing, so it needs no lock. UserError when there is nothing to verify."""
    with journal_of(services, identity_of(subject.answers)) as journal:
        kept = services.outdated_writes
        return verify(services.setup, services.azure, services.clock, journal, subject, report, token, kept)


def what_undo_would_do(
    services: Services, identity: ClusterIdentity, *, identities: bool = False
) -> tuple[Undoing, ...]:
    """What undo would try to take back, to be shown before it is asked for. UserError: the journal is damaged."""
    if not services.state_dir.is_dir():
        return ()
    with journal_of_pair(services.state_dir, identity) as journal:
        return undoable(journal, identities=identities)


@contextlib.contextmanager
def journal_of(services: Services, identity: ClusterIdentity) -> Iterator[SetupJournal]:
    """The journal of setting up this cluster, closed at the end. UserError when it cannot be used."""
    file = setup_journal_file(services.state_dir, identity)
    with contextlib.closing(SetupJournal.open(file, identity)) as journal:
        yield journal


def _under_lock(
    services: Services,
    identity: ClusterIdentity,
    job: str,
    report: Report,
    body: Callable[[SetupJournal], SetupFinished],
    others: tuple[ClusterIdentity, ...] = (),
) -> SetupFinished:
    """``others``: identities whose journals are read along, and which nobody else may work on meanwhile."""
    busy = Problem(
        "cluster-locked",
        "Another run works on this cluster on this computer.",
        "Only one run at a time may change a cluster.",
        "Wait until it has ended.",
    )
    try:
        # The same lock as a failover's: setting up and failing over must not meet.
        with contextlib.ExitStack() as held:
            for one in (identity, *others):
                held.enter_context(file_lock.held(services.state_dir / f"cluster-{one.digest}.lock", busy))
            opened = journal_of_pair(services.state_dir, identity) if others else journal_of(services, identity)
            return body(held.enter_context(opened))
    except UserError as error:
        stamp = Stamp(services.clock.wall(), services.clock.monotonic())
        finished = SetupFinished(stamp, job, Outcome.REFUSED, error.problem.sentence(), problem=error.problem)
        report(finished)
        return finished
