"""Each field accepts its own example and says in a sentence what else must be."""

from __future__ import annotations

from typing import Any

import pytest

from tgwizard.model import fields
from tgwizard.model.fields import Field


@pytest.mark.parametrize("field", [*fields.ALL, fields.DROPPED_SCOPE, fields.SCOPE], ids=lambda field: field.key)
def test_that_the_example_of_a_field_passes_its_own_check(field: Field[Any]) -> None:
    assert field.check(field.example) is None
    assert field.label
    assert field.help.endswith(".")


@pytest.mark.parametrize("field", [*fields.ALL, fields.DROPPED_SCOPE, fields.SCOPE], ids=lambda field: field.key)
@pytest.mark.parametrize("value", [None, True, {"a": 1}, object()], ids=["none", "true", "table", "object"])
def test_that_a_value_of_another_kind_is_refused_in_words(field: Field[Any], value: object) -> None:
    error = field.check(value)
    if field is fields.AGENT_ENABLED and value is True:
        assert error is None
        return
    assert error is not None
    assert error.why.endswith(".")


@pytest.mark.parametrize("address", ["::1", "10.20.2.50/24", "10.20.2", "224.0.0.1", "127.0.0.1", "169.254.1.1"])
def test_that_only_one_unicast_ipv4_address_is_a_floating_ip(address: str) -> None:
    assert fields.ADDRESS.check(address) is not None


def test_that_an_ipv6_address_is_refused_by_name() -> None:
    error = fields.ADDRESS.check("fd00::50")
    assert error is not None
    assert "IPv6" in error.why


def test_that_the_id_of_another_type_is_named() -> None:
    error = fields.MEMBER_VM.check(fields.MEMBER_NIC.example)
    assert error is not None
    assert "Microsoft.Network/networkInterfaces" in error.why


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "ünicode", "a" * 64, "a\x1b[2J"])
def test_that_a_name_is_letters_digits_and_a_few_signs(name: str) -> None:
    assert fields.NAME.check(name) is not None
