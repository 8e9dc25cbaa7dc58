"""However a program is asked to end, or loses what it stands on, it leaves the address on a NIC and tells the end true.

The cases run at the same time, each with a program and a cluster of its own, on one lab.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing

import pytest

from tests.e2e.programs import LabProcess

if sys.platform != "linux":
    pytest.skip("sessions, terminals and an X server as Linux has them", allow_module_level=True)

from tests.e2e.hang_ups import DISPLAY_GONE, UNHEARD, Bench, By, Case, Ending, Left, Moment, adopted
from tgwizard.app.environments import open_lab_environment
from tgwizard.cli.exit_code import ExitCode
from tgwizard.gui.start import WindowEnd
from tgwizard.model.event_base import Outcome

pytestmark = pytest.mark.full

AT_ONCE = 6
"""So many cases at the same time: most of the time of each is the lab's."""

CASES = (
    *(
        Case(By.FAILOVER, ending, moment)
        for ending in (Ending.TERM, Ending.HUP, Ending.QUIT, Ending.TERM_HUP, Ending.TERMINAL, Ending.LEADER)
        for moment in Moment
    ),
    Case(By.FAILOVER, Ending.CTRL_C, Moment.BEFORE),
    Case(By.FAILOVER, Ending.CTRL_C, Moment.GAP),
    Case(By.FAILOVER, Ending.HUP_HUP, Moment.GAP),
    *(Case(By.FAILOVER, Ending.PIPE, moment) for moment in (Moment.BEFORE, Moment.GAP, Moment.ATTACHING)),
    *(Case(By.FAILOVER, Ending.NOHUP, moment) for moment in (Moment.DETACHING, Moment.GAP)),
    *(
        Case(By.RESUME, ending, moment)
        for ending in (Ending.TERM, Ending.HUP, Ending.TERMINAL)
        for moment in (Moment.GAP, Moment.ATTACHING)
    ),
    *(Case(By.WINDOW, Ending.TERM, moment) for moment in (Moment.DETACHING, Moment.GAP, Moment.ATTACHING)),
    Case(By.WINDOW, Ending.HUP, Moment.GAP),
    Case(By.WINDOW, Ending.TERM_HUP, Moment.DETACHING),
    Case(By.WINDOW, Ending.HUP_HUP, Moment.ATTACHING),
    *(
        Case(By.WINDOW, Ending.X_KILLED, moment)
        for moment in (Moment.BEFORE, Moment.DETACHING, Moment.GAP, Moment.ATTACHING, Moment.AFTER)
    ),
    Case(By.WINDOW, Ending.X_ENDED, Moment.GAP),
    Case(By.WINDOW, Ending.X_ENDED, Moment.ATTACHING),
    Case(By.WINDOW, Ending.X_CLIENT, Moment.GAP),
    Case(By.WINDOW, Ending.COMPOSITOR, Moment.GAP),
    Case(By.WINDOW, Ending.COMPOSITOR, Moment.ATTACHING),
)

LATE_S = 45.0
"""So long after the run nothing may be alive; a run takes some ten seconds more of the lab's time."""


@pytest.fixture(scope="module")
def left(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[Case, Future[Left]]]:
    """What each case that is asked for leaves behind. pytest-xdist must not split the file (`packaging/dev`)."""
    wanted = [case for item in request.session.items if (case := _case_of(item)) is not None]
    missing = [name for name in ("Xvfb", "xkill", "xdotool") if shutil.which(name) is None]
    assert not missing, f"packaging/dev test --full installs what is missing: {missing}"
    folder = tmp_path_factory.mktemp("hang-up") / "lab"
    with (
        LabProcess(folder, ("--scenario", "fleet", "--clusters", str(len(CASES) + 20))),
        closing(open_lab_environment(folder)) as place,
        adopted(),
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        bench = Bench(folder, place)
        futures = {case: pool.submit(bench.run, case) for case in wanted}
        wait(futures.values())
        yield futures
        ends = [future.result() for future in futures.values() if future.exception() is None]
        outcomes = Counter(end.ended.outcome.value if end.ended is not None else "no end" for end in ends)
        reporter = request.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            slowest = max((end.after_s for end in ends), default=0.0)
            reporter.write_line(f"\n{len(ends)} hang-ups: {dict(outcomes)}, the slowest ended after {slowest:.0f} s")


def _case_of(item: pytest.Item) -> Case | None:
    found = getattr(getattr(item, "callspec", None), "params", {}).get("case")
    return found if isinstance(found, Case) else None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_that_the_address_is_on_a_nic_and_the_end_is_told_true(case: Case, left: Mapping[Case, Future[Left]]) -> None:
    end = left[case].result()
    assert end.place in (end.losing.name, end.gaining.name), end
    assert not end.unfinished, end
    # A run that was cancelled before it wrote anything is in no journal.
    outcome = Outcome.CANCELLED if end.ended is None else end.ended.outcome
    assert outcome in (Outcome.DONE, Outcome.CANCELLED), end
    assert end.place == (end.gaining.name if outcome is Outcome.DONE else end.losing.name), end
    assert end.ended is None or end.ended.holder == end.place
    if case.ending in UNHEARD or case.moment in (Moment.ATTACHING, Moment.AFTER):
        assert outcome is Outcome.DONE, "nothing was asked for, or too late"
    elif case.moment is Moment.BEFORE:
        assert outcome is Outcome.CANCELLED, end
    else:
        assert end.ended is not None, end
    if case.by is not By.WINDOW:
        assert end.code == ExitCode.of(outcome), end
    else:
        assert end.code == (WindowEnd.DISPLAY_LOST if case.ending in DISPLAY_GONE else WindowEnd.IN_ORDER), end


def test_that_the_table_is_no_smaller_than_it_was() -> None:
    assert len(set(CASES)) == len(CASES) >= 60
