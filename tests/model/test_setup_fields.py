"""Each field of a set-up accepts its own example and says in a sentence what else must be."""

from __future__ import annotations

from typing import Any

import pytest

from tgwizard.model import setup_fields
from tgwizard.model.fields import Field
from tgwizard.model.setup_answers import Placement, RoleUse


@pytest.mark.parametrize("field", setup_fields.ALL, ids=lambda field: field.key)
def test_that_the_example_passes_its_own_check(field: Field[Any]) -> None:
    assert field.check(field.example) is None
    assert field.help.endswith(".")


@pytest.mark.parametrize("field", setup_fields.ALL, ids=lambda field: field.key)
@pytest.mark.parametrize("value", [None, "", "  ", {"a": 1}, 3], ids=["none", "empty", "blank", "table", "number"])
def test_that_a_value_of_another_kind_is_refused_in_words(field: Field[Any], value: object) -> None:
    error = field.check(value)
    assert error is not None
    assert error.why.endswith(".")


def test_that_words_are_read_as_people_type_them() -> None:
    assert setup_fields.PLACEMENT.parse("By-Appliance") is Placement.BY_APPLIANCE
    assert setup_fields.ROLE_USE.parse("network-contributor") is RoleUse.NETWORK_CONTRIBUTOR
    assert setup_fields.ROLE_EXTRA.parse(["A.b/c, A.b/d", "A.b/e"]) == ("A.b/c", "A.b/d", "A.b/e")
    assert setup_fields.WHOLE_SUBSCRIPTION.parse(True) is True
    assert setup_fields.WHOLE_SUBSCRIPTION.parse("No") is False


@pytest.mark.parametrize("name", ["n" * 129, "two\nlines"])
def test_that_a_role_name_is_one_line_of_at_most_128_characters(name: str) -> None:
    assert setup_fields.ROLE_NAME.check(name) is not None


def test_that_an_id_of_another_type_is_named() -> None:
    nic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n"
    error = setup_fields.FIRST_VM.check(nic)
    assert error is not None
    assert "virtualMachines is needed" in error.why
    assert setup_fields.FIRST_NIC.parse(nic) == nic
    assert setup_fields.FIRST_NIC.check("/subscriptions/s") is not None
