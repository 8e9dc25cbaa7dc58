"""The journal's records go through JSON and come back as they were, every one of them."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tgwizard.engine.json_codec import parse_json
from tgwizard.engine.runs.records import (
    FAILOVER_RECORDS,
    SETUP_RECORDS,
    HolderRecord,
    LastReadings,
    Record,
    RunEndRecord,
    RunRecord,
    SetupRunRecord,
    StepRecord,
    StrategyFallback,
    TrafficMeasured,
    TurnedBack,
    VerdictChanged,
    WriteAnswer,
    WriteAnswered,
    WriteAttempted,
)
from tgwizard.model.cluster import Verb
from tgwizard.model.event_base import Outcome
from tgwizard.model.failover_events import Step
from tgwizard.model.failover_options import Fence, Strategy
from tgwizard.model.run_origin import Program, RunOrigin
from tgwizard.model.snapshot import LocationKind
from tgwizard.model.text import format_utc

_TEXT = st.text(max_size=20)
_AT = st.datetimes(timezones=st.just(UTC)).map(format_utc)
_SECONDS = st.none() | st.floats(0, 1e6)
_LEAF = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
_BODY: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    _TEXT,
    st.recursive(
        _LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=5
    ),
    max_size=3,
)
_STEPS = st.lists(st.sampled_from(Step), max_size=5).map(tuple)

RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        RunRecord,
        run=_TEXT,
        at=_AT,
        cluster=_TEXT,
        verb=st.sampled_from(Verb),
        to=_TEXT,
        other=_TEXT,
        address=_TEXT,
        nics=st.tuples(_TEXT, _TEXT),
        intends=_STEPS,
        configuration=st.none() | _BODY,
        losing_body=_BODY,
        gaining_body=_BODY,
        first_request=_TEXT,
        strategy=st.sampled_from(Strategy),
        fence=st.sampled_from(Fence),
        fence_optional=st.booleans(),
        repair=st.booleans(),
        origin=st.none() | st.builds(RunOrigin, _TEXT, st.none() | st.sampled_from(Program), _TEXT),
    ),
    st.builds(TrafficMeasured, _TEXT, _AT, st.floats(0, 1e6), st.booleans()),
    st.builds(StepRecord, _TEXT, _AT, st.sampled_from(Step), _TEXT, st.floats(0, 1e6)),
    st.builds(HolderRecord, _TEXT, _AT, st.sampled_from(LocationKind), _TEXT),
    st.builds(
        LastReadings,
        _TEXT,
        _AT,
        st.none() | _BODY,
        st.none() | _BODY,
        st.lists(st.dictionaries(_TEXT, _TEXT, max_size=3), max_size=2).map(tuple),
    ),
    st.builds(WriteAttempted, _TEXT, _AT, st.sampled_from(Step), _TEXT, _TEXT, _TEXT),
    st.builds(WriteAnswered, _TEXT, _AT, _TEXT, st.sampled_from(WriteAnswer), _TEXT, _TEXT, _TEXT),
    st.builds(TurnedBack, _TEXT, _AT, _TEXT),
    st.builds(StrategyFallback, _TEXT, _AT, _TEXT),
    st.builds(
        RunEndRecord,
        _TEXT,
        _AT,
        st.sampled_from(Outcome),
        _TEXT,
        _TEXT,
        st.sampled_from(Verb),
        _TEXT,
        _SECONDS,
        _SECONDS,
        _SECONDS,
        _SECONDS,
        st.sampled_from(Strategy),
        st.booleans(),
    ),
    st.builds(VerdictChanged, _AT, _TEXT, _TEXT),
)


@given(record=RECORDS)
def test_that_every_record_survives_the_way_through_json(record: Record) -> None:
    kind, document = FAILOVER_RECORDS.to_document(record)
    assert FAILOVER_RECORDS.from_document(kind, json.loads(json.dumps(document))) == record


@given(record=RECORDS, more=_BODY)
def test_that_keys_of_a_newer_program_are_passed_over(record: Record, more: dict[str, Any]) -> None:
    kind, document = FAILOVER_RECORDS.to_document(record)
    later = {f"newer_{key}": value for key, value in more.items()}
    assert FAILOVER_RECORDS.from_document(kind, {**document, **later}) == record


def test_that_a_line_of_an_older_program_without_the_measured_seconds_is_read() -> None:
    ended = RunEndRecord(
        "r",
        "2026-01-02T03:04:05.678Z",
        Outcome.DONE,
        "tg-node-b",
        "reason",
        Verb.GRACEFUL,
        "tg-node-b",
        8.0,
        4.0,
        4.0,
        4.0,
    )
    kind, document = FAILOVER_RECORDS.to_document(ended)
    older = {key: value for key, value in document.items() if not key.endswith("_s") and key != "seconds"}
    found = FAILOVER_RECORDS.from_document(kind, older)
    assert isinstance(found, RunEndRecord)
    assert (found.holder, found.seconds, found.gap_s) == ("tg-node-b", None, None)


def test_that_a_beginning_by_an_older_program_that_recorded_nobody_is_read() -> None:
    began = SetupRunRecord("r", "2026-01-02T03:04:05.678Z", "apply", ("role",), origin=RunOrigin("a@b", Program.WINDOW))
    kind, document = SETUP_RECORDS.to_document(began)
    assert SETUP_RECORDS.from_document(kind, document) == began
    del document["origin"]
    found = SETUP_RECORDS.from_document(kind, document)
    assert isinstance(found, SetupRunRecord)
    assert found.origin is None


def test_that_a_kind_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="something_new"):
        FAILOVER_RECORDS.from_document("something_new", {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("run", 7),
        ("run", "half \ud83d of a character"),
        ("at", "yesterday"),
        ("at", "2026-01-02T03:04:05.678"),
        ("outcome", "well"),
        ("outcome", []),
        ("seconds", "8"),
        ("seconds", float("nan")),
        ("seconds", True),
        ("repair", 1),
    ],
)
def test_that_a_value_of_another_type_is_no_record_and_the_field_is_named(key: str, value: object) -> None:
    kind, document = FAILOVER_RECORDS.to_document(
        RunEndRecord("r", "2026-01-02T03:04:05.678Z", Outcome.DONE, "tg-node-b", "", Verb.GRACEFUL, "tg-node-b", 8.0)
    )
    with pytest.raises(ValueError, match=key):
        FAILOVER_RECORDS.from_document(kind, {**document, key: value})


def test_that_interfaces_are_two_and_brackets_without_end_are_no_json() -> None:
    kind, document = FAILOVER_RECORDS.to_document(
        HolderRecord("r", "2026-01-02T03:04:05.678Z", LocationKind.MEMBER, "tg-node-a")
    )
    with pytest.raises(ValueError, match="nics has 3 items"):
        FAILOVER_RECORDS.from_document("began", {**document, "nics": ["a", "b", "c"]})
    with pytest.raises(ValueError, match="a value is missing: at"):
        FAILOVER_RECORDS.from_document(kind, {"run": "r"})
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * 50_000)
