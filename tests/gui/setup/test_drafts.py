"""What was answered is kept, one writing after the other."""

from __future__ import annotations

import contextlib
import queue
from pathlib import Path

from tests.rig import setup_rig
from tgwizard.engine.setup.draft import DraftRead
from tgwizard.engine.setup.wizard_state import WizardState, begin
from tgwizard.gui.setup.wizard_controller import DraftKeeper
from tgwizard.model.setup_answers import Answers, SetupStep


def answered(name: str) -> WizardState:
    """A wizard in which something was answered."""
    return WizardState(begin(answers=Answers(name=name)).answers, done=frozenset({SetupStep.SIGN_IN}))


def test_that_a_draft_is_not_there_again_when_it_was_deleted_while_it_was_written(tmp_path: Path) -> None:
    services = setup_rig(state=tmp_path).services
    drafts, read = DraftKeeper(services, lambda: None), list[DraftRead]()

    def settle() -> None:
        while drafts._jobs.under_way:
            with contextlib.suppress(queue.Empty):
                services.jobs.deliver(0.1)

    drafts.save(answered("first"))
    drafts.save(answered("second"))
    drafts.load(read.append)
    drafts.delete()
    drafts.load(read.append)
    settle()
    kept, gone = read
    assert kept.draft is not None
    assert kept.draft.answers.name == "second"
    assert gone == DraftRead()
    assert not drafts.file.exists()
