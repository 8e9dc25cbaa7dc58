"""Nothing that is pressed or typed into moves or changes size by itself, whatever Azure answers, on any page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.calm import Place, controls, laid_out, moved
from tests.gui.desk import Desk
from tests.gui.pictures import AFTER_S, SILENCE, may_begin, on_a_cluster, ready
from tests.gui.setup_desk import SetupDesk
from tests.gui.studio import Studio, studio
from tgwizard.lab.faults.fault_rules import Fault, FaultAnswer
from tgwizard.lab.latency import Latency
from tgwizard.model.cluster import Verb
from tgwizard.model.snapshot import LocationKind

SIZES = [
    pytest.param((1440, 900), 1.0, id="1440"),
    pytest.param((900, 600), 1.0, id="900"),
    pytest.param((1024, 768), 1.0, id="1024", marks=pytest.mark.full),
    pytest.param((2560, 1440), 1.0, id="2560", marks=pytest.mark.full),
    pytest.param((1440, 900), 2.0, id="large", marks=pytest.mark.full),
]


def nobody(_name: str, _image: object) -> None:
    """Take no picture."""


class Watch:
    """Compares where the controls stand with where they stood at the last look."""

    def __init__(self, shown: Studio[Desk] | Studio[SetupDesk]) -> None:
        self._shown = shown
        self._before: dict[int, Place] = {}
        self._left: list[str] = []
        self.looks = 0

    def begin(self) -> None:
        """From here on; another page was opened, say."""
        self._shown.settle()
        laid_out()
        self._before = controls(self._shown.desk.window)
        assert self._before

    def news(self, what: str) -> None:
        """Something has come by itself."""
        before = self._before
        self.begin()
        self.looks += 1
        self._left += [f"{what}: {words}" for words in moved(before, self._before)]

    def strays(self) -> list[str]:
        """What has moved, and with what."""
        assert self.looks
        return self._left


@contextmanager
def cluster(qapp: QApplication, size: tuple[int, int], scale: float) -> Iterator[tuple[Studio[Desk], Watch]]:
    """A window on one cluster that has not been read yet."""
    with studio(qapp, scale, {"": size}, nobody, on_a_cluster(Latency.FAST)) as shown:
        shown.desk.window.resize(*size)
        laid_out()
        shown.desk.window.open_cluster(shown.desk.session.setup.name)
        yield shown, Watch(shown)


def read_until(shown: Studio[Desk], true: Callable[[], bool]) -> None:
    """Read again and again until it is so."""

    def seen() -> bool:
        shown.desk.session.read_now()
        return true()

    shown.until(seen)


@pytest.mark.parametrize(("size", "scale"), SIZES)
def test_that_no_control_of_the_cluster_page_moves_with_what_is_read(
    qapp: QApplication, size: tuple[int, int], scale: float
) -> None:
    with cluster(qapp, size, scale) as (shown, watch):
        desk = shown.desk
        lab, members = desk.rig.lab, desk.rig.setup.members
        watch.begin()
        shown.until(partial(may_begin, desk, Verb.GRACEFUL))
        watch.news("the first reading")
        ready(shown)
        watch.news("the rights")
        lab.switch(desk.rig.b.vm.text, on=False)
        read_until(shown, lambda: desk.says("tg-node-b is stopped"))
        watch.news("the standby is stopped")
        lab.switch(desk.rig.b.vm.text, on=True)
        lab.switch(desk.rig.a.vm.text, on=False)
        read_until(shown, lambda: desk.says("Repair: "))
        watch.news("the holder is stopped, a repair is offered")
        lab.switch(desk.rig.a.vm.text, on=True)
        read_until(shown, partial(may_begin, desk, Verb.GRACEFUL))
        watch.news("all is well again")
        for member in members:
            lab.faults.add(Fault("GET", member.nic.name, FaultAnswer(503, SILENCE), times=10_000))
        read_until(shown, lambda: desk.says("Verdict: Last known"))
        watch.news("Azure is silent")
        assert watch.strays() == []


@pytest.mark.parametrize(("size", "scale"), SIZES)
def test_that_no_control_moves_while_a_failover_goes_on(
    qapp: QApplication, size: tuple[int, int], scale: float
) -> None:
    with cluster(qapp, size, scale) as (shown, watch):
        desk, session = shown.desk, shown.desk.session
        ready(shown)
        watch.begin()
        desk.press("Measure")
        shown.let_pass(AFTER_S)
        watch.news("something is measured")
        session.fail_over(desk.rig.b, Verb.GRACEFUL)
        shown.until(lambda: session.run is not None and session.run.started is not None)
        watch.begin()
        for kind in (LocationKind.RELEASING, LocationKind.ATTACHING):
            shown.until(partial(comes_to, desk, kind))
            watch.news(kind.value)
        shown.until(lambda: session.run is not None and session.run.finished is not None)
        watch.news("the end")
        shown.let_pass(AFTER_S)
        watch.news("after the end")
        desk.press("Stop measuring")
        desk.window.open_cluster(session.setup.name)
        watch.begin()
        shown.until(partial(may_begin, desk, Verb.GRACEFUL))
        watch.news("the reading after the run")
        assert watch.strays() == []
        shown.let_pass(AFTER_S)


def comes_to(desk: Desk, kind: LocationKind) -> bool:
    """Whether the run is there, or further."""
    run = desk.session.run
    return run is not None and (run.place.kind is kind or run.finished is not None)


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize(("size", "scale"), SIZES)
def test_that_no_control_of_a_question_moves_with_the_answers_of_its_checks(
    qapp: QApplication, size: tuple[int, int], scale: float, verb: Verb
) -> None:
    with cluster(qapp, size, scale) as (shown, watch):
        desk = shown.desk
        ready(shown)
        desk.window.ask(verb)
        dialog = desk.window.dialog
        assert dialog is not None
        shown.until(dialog.isVisible)
        watch.begin()
        shown.until(lambda: not desk.says("State: Asking Azure"))
        watch.news("the checks")
        desk.rig.lab.switch(desk.rig.b.vm.text, on=False)
        shown.until(lambda: desk.says("State: Blocked"))
        watch.news("the target is stopped")
        dialog.reject()
        assert watch.strays() == []


def test_that_a_control_which_moves_is_found(qapp: QApplication) -> None:
    with cluster(qapp, (1440, 900), 1.0) as (shown, watch):
        ready(shown)
        watch.begin()
        button = shown.desk.find("Read again")
        button.setFixedWidth(button.width() + 4)
        watch.news("a wider button")
        with pytest.raises(AssertionError, match="Read again"):
            assert watch.strays() == []
