"""The wizard in a subscription of thousands: a page builds what can be looked at, and more on request."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from tests.engine.setup.hand_made import world
from tgwizard.engine.access.matching_roles import Affected
from tgwizard.engine.discovery.pairs import Pair, PairsFound, suggest_pairs
from tgwizard.gui.setup.machines_step import PAIRS_SHOWN, MachinesPage, MachinesShown
from tgwizard.gui.setup.role_step import ASSIGNMENTS_SHOWN, RolePage, RoleShown
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.widgets.buttons import Button
from tgwizard.gui.widgets.fact_table import TableRow
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.model.cluster import ResourceId
from tgwizard.model.role import RoleAssignment


def many_pairs(count: int) -> tuple[Pair, ...]:
    """Pairs of machines of their own."""
    (one,) = suggest_pairs(world()).pairs

    def numbered(number: int) -> Pair:
        first, second = (replace(vm, id=ResourceId(f"{vm.id.text}-{number}")) for vm in one.vms)
        return replace(one, vms=(first, second))

    return tuple(numbered(number) for number in range(count))


def more(page: MachinesPage | RolePage) -> list[Button]:
    return [button for button in page.findChildren(Button) if button.accessibleName().startswith("Show more")]


def cards(page: MachinesPage) -> int:
    """How many pairs have a card."""
    return sum(not card.isHidden() for card in page.findChildren(OptionCard)) - 1


def test_that_the_likeliest_pairs_have_cards_and_the_others_come_on_request(qtbot: QtBot, theme: Theme) -> None:
    pairs = many_pairs(40)
    page = MachinesPage(theme)
    qtbot.addWidget(page)
    page.show_machines(MachinesShown(world(), PairsFound(pairs, ())))
    assert cards(page) == PAIRS_SHOWN
    (button,) = more(page)
    assert button.accessibleName() == f"Show more pairs: {PAIRS_SHOWN} of 40 are shown"
    button.click()
    assert cards(page) == 2 * PAIRS_SHOWN
    more(page)[-1].click()
    assert cards(page) == 40
    assert not [one for one in more(page) if not one.isHidden()]


def test_that_the_chosen_pair_has_a_card_wherever_it_stands(qtbot: QtBot, theme: Theme) -> None:
    pairs = many_pairs(40)
    last = pairs[-1]
    page = MachinesPage(theme)
    qtbot.addWidget(page)
    page.show_machines(
        MachinesShown(world(), PairsFound(pairs, ()), chosen=(last.vms[0].id, last.vms[1].id), pair=last)
    )
    chosen = [card for card in page.findChildren(OptionCard) if card.isChecked()]
    assert [card.accessibleName() for card in chosen] == [f"{last.vms[0].id.name} and {last.vms[1].id.name}"]
    assert cards(page) == PAIRS_SHOWN


def test_that_other_assignments_of_a_role_come_in_parts_up_to_the_last(qtbot: QtBot, theme: Theme) -> None:
    assignment = RoleAssignment("g", "/subscriptions/s", "r", "p")
    affected = tuple(
        Affected(assignment, f"/subscriptions/s/resourceGroups/g{n}", f"p{n}", gone=False) for n in range(60)
    )
    page = RolePage(theme)
    qtbot.addWidget(page)
    page.show_role(RoleShown(affected=affected))

    def listed() -> int:
        return sum(
            "from /subscriptions" in row.accessibleName() and not _going(row) for row in page.findChildren(TableRow)
        )

    assert listed() == ASSIGNMENTS_SHOWN
    for expected in (50, 60):
        more(page)[-1].click()
        assert listed() == expected


def _going(row: TableRow) -> bool:
    """Whether the row's table was taken out and only waits to be deleted."""
    table = row.parentWidget()
    return table is not None and table.isHidden()
