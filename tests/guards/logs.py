"""A log record of WARNING or above fails the test that caused it, unless the test said it expects it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator

import pytest

ExpectLog = Callable[[str], None]


class _Collector(logging.Handler):
    """Keeps what was logged; a lock-free append, because records come from any thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class LogWatch:
    """The warnings and errors of one test, and those it expects."""

    def __init__(self) -> None:
        self.collector = _Collector()
        self._expected: list[re.Pattern[str]] = []

    def expect(self, pattern: str) -> None:
        """Say that a record matching the regular expression must come (one or more times)."""
        self._expected.append(re.compile(pattern))

    def complaints(self) -> list[str]:
        """One line for each record nobody expected and each expectation nobody met."""
        lines = [f"{r.name} {r.levelname}: {r.getMessage()}" for r in self.collector.records]
        unexpected = [line for line in lines if not any(p.search(line) for p in self._expected)]
        unmet = [p.pattern for p in self._expected if not any(p.search(line) for line in lines)]
        return [f"unexpected log record: {line}" for line in unexpected] + [
            f"expected log record did not come: {pattern}" for pattern in unmet
        ]


@pytest.fixture(autouse=True)
def log_watch() -> Iterator[LogWatch]:
    """Collects from the root logger during the test, its fixtures' teardown included as far as it goes."""
    watch = LogWatch()
    root = logging.getLogger()
    root.addHandler(watch.collector)
    yield watch
    root.removeHandler(watch.collector)
    complaints = watch.complaints()
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture
def expect_log(log_watch: LogWatch) -> ExpectLog:
    """`expect_log(r"tgwizard\\.lab WARNING: .*damaged")`: the test fails if that record does not come."""
    return log_watch.expect
