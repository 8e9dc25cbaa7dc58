"""A set-up that was begun and not finished is told, whoever was ended in the middle, until it is finished or undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.bench import Shell
from tests.rig import SetupRig, setup_rig
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.setup.apply import apply_job
from tgwizard.engine.setup.loading import prepare
from tgwizard.engine.setup.suggestions import proposed_answers
from tgwizard.engine.setup.unfinished_setup import unfinished_setups
from tgwizard.engine.setup.wizard_steps import plan_of
from tgwizard.model.setup_answers import Answers
from tgwizard.model.setup_events import ChangeDone, SetupEvent


class Killed(BaseException):
    """The program is gone in this moment."""


@pytest.fixture
def it(tmp_path: Path) -> SetupRig:
    return setup_rig(state=tmp_path / "state")


def killed_in_the_first_apply(it: SetupRig) -> None:
    """The program ends without a word after the first change of a first apply."""
    state = prepare(
        it.services.azure, it.clock, Answers(cloud=it.services.cloud), (), lambda _event: None, CancelToken()
    )
    plan = plan_of(state)
    assert plan is not None

    def die(event: SetupEvent) -> None:
        if isinstance(event, ChangeDone):
            raise Killed

    with pytest.raises(Killed):
        apply_job(it.services, proposed_answers(state), plan, die, CancelToken())


def test_that_status_names_a_set_up_killed_in_its_first_apply_and_its_commands_go_on_and_take_back(
    it: SetupRig,
) -> None:
    killed_in_the_first_apply(it)
    (found,) = unfinished_setups(it.services, ())
    assert found.name == "edge-dallas"
    assert found.written
    assert found.broken_off
    shell = Shell(it)
    status = shell("status")
    assert "The set-up of edge-dallas is not finished." in status.err
    assert "The program was ended in the middle." in status.err
    (again,) = (line.split("To go on: tgwizard ")[1] for line in status.err.splitlines() if "To go on" in line)
    (back,) = (
        line.split("To take it back: tgwizard ")[1] for line in status.err.splitlines() if "take it back" in line
    )
    undone = shell(*back.split(), "--yes")
    assert undone.code == 0, undone.err
    assert unfinished_setups(it.services, ()) == ()
    applied = shell(*again.split(), "--yes")
    assert applied.code == 0, applied.err
    assert "not finished" not in shell("status").err


def test_that_nothing_is_told_where_nothing_was_begun(it: SetupRig) -> None:
    assert unfinished_setups(it.services, ()) == ()
    assert "not finished" not in Shell(it)("status").err
