"""The golden cases: what the preflight finds and what the planner plans, word for word, and what holds for all."""

from __future__ import annotations

import pytest

from tests.engine.readiness.golden.render import expected, judged, rendered
from tests.engine.readiness.golden.scene import Checked, Planned
from tests.engine.readiness.golden.tables import TABLES
from tgwizard.model.cluster import Verb
from tgwizard.model.finding import Level
from tgwizard.model.problem import Fixer

CASES = {(group, name): case for group, make in TABLES.items() for name, case in make().cases.items()}
CHECKED = {key: case for key, case in CASES.items() if isinstance(case, Checked)}


def ids(key: tuple[str, str]) -> str:
    return f"{key[0]}: {key[1]}"


@pytest.mark.parametrize("key", CASES, ids=ids)
def test_that_a_golden_case_comes_out_word_for_word(key: tuple[str, str]) -> None:
    group, name = key
    assert rendered(CASES[key]) == expected(group)[name]


def test_that_the_expected_files_hold_these_cases_and_no_others() -> None:
    assert {(group, name) for group in TABLES for name in expected(group)} == set(CASES)
    assert len(CASES) >= 150


@pytest.mark.parametrize("key", CHECKED, ids=ids)
def test_that_every_judgement_keeps_the_rules_of_the_list(key: tuple[str, str]) -> None:
    case = CHECKED[key]
    found = judged(case)
    order = list(Level)
    places = [order.index(finding.level) for finding in found.findings]
    assert places == sorted(places)
    for finding in found.findings:
        if finding.level in (Level.BLOCKS, Level.NOT_KNOWN):
            assert finding.problem is not None
            assert finding.problem.why or finding.problem.fix
        if finding.level is Level.NOT_KNOWN:
            assert finding.evidence
            assert finding.problem is not None
            assert finding.problem.fix
        if finding.level is Level.NOT_APPLICABLE:
            assert finding.evidence
        if finding.problem is not None:
            assert finding.problem.what.endswith(".")
            assert (finding.problem.right != "") == (finding.problem.who is Fixer.ADMIN)
    against = found.reason_against(unknown_stops=case.verb is Verb.GRACEFUL)
    blocked = any(finding.level is Level.BLOCKS for finding in found.findings)
    unknown = any(finding.level is Level.NOT_KNOWN for finding in found.findings)
    assert (against is not None) == (blocked or (unknown and case.verb is Verb.GRACEFUL))


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if isinstance(case, Planned)], ids=ids)
def test_that_the_same_readings_always_give_the_same_plan(key: tuple[str, str]) -> None:
    assert rendered(CASES[key]) == rendered(TABLES[key[0]]().cases[key[1]])
