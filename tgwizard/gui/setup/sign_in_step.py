"""Step 1: who signs in to Azure, where, and how. Choosing a way begins nothing; the button below the ways does.

A browser that hangs can be given up for a code at any time. Whoever has no account finds the lab at the foot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.app.destinations import Destination
from tgwizard.gui.app.practice_buttons import PracticeButtons
from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.sign_in_place import SignInPlace
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import LARGE_TEXT, TextRole, Token
from tgwizard.gui.widgets.badges import TintTag
from tgwizard.gui.widgets.buttons import Button, ButtonKind
from tgwizard.gui.widgets.cards import Card
from tgwizard.gui.widgets.check_rows import CheckRow
from tgwizard.gui.widgets.labels import LiveText, TextLabel
from tgwizard.gui.widgets.layouts import clear
from tgwizard.gui.widgets.option_card import OptionCard
from tgwizard.gui.widgets.pick_list import PickList, PickRow
from tgwizard.model.cloud import Cloud
from tgwizard.model.inventory import Caller, TenantSeen
from tgwizard.model.sign_in import MethodSeen, SignInMethod, SignInPrompt
from tgwizard.model.text import sanitize

METHOD_WORDS: dict[SignInMethod, tuple[str, str]] = {
    SignInMethod.LAB: ("The lab's operator", "The embedded Azure on this computer. Nothing reaches the real Azure."),
    SignInMethod.AZURE_CLI: ("Azure CLI", "Use the account that az is signed in with."),
    SignInMethod.BROWSER: ("Browser", "Sign in on Microsoft's page, with whatever your company asks for."),
    SignInMethod.DEVICE_CODE: ("Code on another device", "Type a short code on any computer or phone."),
    SignInMethod.ENVIRONMENT: ("Service principal", "Use the secret or certificate named in the environment."),
    SignInMethod.MANAGED_IDENTITY: ("Managed identity", "Use the identity of the Azure machine this runs on."),
}
START_WORDS = {
    SignInMethod.LAB: "Sign in as the lab's operator",
    SignInMethod.AZURE_CLI: "Sign in with the Azure CLI",
    SignInMethod.BROWSER: "Sign in in the browser",
    SignInMethod.DEVICE_CODE: "Sign in with a code",
    SignInMethod.ENVIRONMENT: "Sign in as the service principal",
    SignInMethod.MANAGED_IDENTITY: "Sign in as this machine",
}
NO_ACCOUNT = (
    "No Azure account, or not yet? The lab has two pretend machines: the same screens, and nothing reaches Azure."
)


@dataclass(frozen=True, slots=True)
class SignInShown:
    """What the page shows. ``busy`` says what is under way; ``prompted`` is what a person has to do meanwhile.

    ``told``: what a sign-in that was stopped, or an account that was given up, has left.
    """

    clouds: tuple[Cloud, ...] = ()
    cloud: str = ""
    methods: tuple[MethodSeen, ...] = ()
    method: SignInMethod | None = None
    caller: Caller | None = None
    tenants: tuple[TenantSeen, ...] = ()
    tenant: str = ""
    busy: str = ""
    prompted: SignInPrompt | None = None
    is_lab: bool = False
    told: str = ""

    @property
    def seen(self) -> MethodSeen | None:
        """What is known of the way that is chosen."""
        return next((seen for seen in self.methods if seen.method is self.method), None)


def _here(shown: SignInShown) -> str:
    return next((sanitize(cloud.title, 200) for cloud in shown.clouds if cloud.name == shown.cloud), "Azure")


class PromptCard(Card):
    """What a person has to do elsewhere: open a page, type a code. `abandoned` gives it up."""

    abandoned = Signal()
    code_asked = Signal()
    said = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "Finish signing in", margin=18, spacing=8)
        self._prompt: SignInPrompt | None = None
        self._words = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        self.body.addWidget(self._words)
        row = QHBoxLayout()
        row.setSpacing(theme.px(12))
        self._code = TextLabel(theme, "", TextRole.ADDRESS_FIELD)
        self.copy = Button(theme, "Copy the code", ButtonKind.SECONDARY, Icon.COPY, height=32)
        self.copy.clicked.connect(self._copy)
        row.addWidget(self._code)
        row.addWidget(self.copy)
        row.addStretch(1)
        self.body.addLayout(row)
        large = theme.text_scale >= LARGE_TEXT
        buttons = QVBoxLayout() if large else QHBoxLayout()
        buttons.setSpacing(theme.px(9))
        self.open = Button(theme, "Open the page again", ButtonKind.SECONDARY, Icon.EXTERNAL, height=32)
        self.open.clicked.connect(self._open)
        self.copy_address = Button(theme, "Copy the address", ButtonKind.SECONDARY, Icon.COPY, height=32)
        self.copy_address.clicked.connect(self._copy_address)
        self.by_code = Button(theme, "Use a code instead", height=32)
        self.by_code.clicked.connect(self.code_asked)
        self.stop = Button(theme, "Stop signing in", ButtonKind.GHOST, height=32)
        self.stop.clicked.connect(self.abandoned)
        for button in (self.open, self.copy_address, self.by_code, self.stop):
            buttons.addWidget(button)
        if not large:
            buttons.addStretch(1)
        self.body.addLayout(buttons)

    def show_prompt(self, busy: str, prompt: SignInPrompt | None) -> None:
        """Say what is under way, and what is to be done."""
        self._prompt = prompt
        code = prompt.code if prompt else ""
        words = f"{busy}." if busy else ""
        if prompt is not None and code:
            words = f"Open {prompt.url} on any device and type this code."
        elif prompt is not None:
            words = "A page has opened in your browser. Come back here when it says that you are signed in."
        if prompt is not None and prompt.expires is not None:
            words += f" It is good until {self.theme.moments.minute(prompt.expires)}."
        self._words.say(words)
        self._code.say(sanitize(code, 40))
        self._code.setAccessibleName(f"Code {code}" if code else "No code")
        self._code.setVisible(bool(code))
        self.copy.setVisible(bool(code))
        self.open.setVisible(prompt is not None)
        self.open.rename("Open the page" if code else "Open the page again")
        self.copy_address.setVisible(prompt is not None)
        self.by_code.setVisible(prompt is not None and not code)

    @Slot()
    def _open(self) -> None:
        if self._prompt is not None and self._prompt.url.startswith(("https://", "http://localhost")):
            QDesktopServices.openUrl(QUrl(self._prompt.url))

    @Slot()
    def _copy(self) -> None:
        if self._prompt is not None:
            QApplication.clipboard().setText(self._prompt.code)
            self.said.emit("The code was copied")

    @Slot()
    def _copy_address(self) -> None:
        if self._prompt is not None:
            QApplication.clipboard().setText(self._prompt.url)
            self.said.emit("The address was copied")


class AccountCard(Card):
    """Who is signed in, to which directory and cloud, and the ways to somebody else. `other_asked`, `out_asked`."""

    other_asked = Signal()
    out_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, margin=16, spacing=8)
        self._who = CheckRow(theme, Shape.GOOD, "")
        self.body.addWidget(self._who)
        large = theme.text_scale >= LARGE_TEXT
        row = QVBoxLayout() if large else QHBoxLayout()
        row.setSpacing(theme.px(9))
        self.other = Button(theme, "Use another account", height=32)
        self.other.clicked.connect(self.other_asked)
        self.out = Button(theme, "Sign out", ButtonKind.GHOST, height=32)
        self.out.explain("tgwizard forgets this account; az and your browser stay signed in")
        self.out.clicked.connect(self.out_asked)
        row.addWidget(self.other)
        row.addWidget(self.out)
        if not large:
            row.addStretch(1)
        self.body.addLayout(row)

    def show_caller(self, shown: SignInShown, caller: Caller) -> None:
        """Show who it is; the lab has one operator, who does not sign out."""
        where = next((tenant.name for tenant in shown.tenants if tenant.id == caller.tenant), "")
        directory = sanitize(f"Directory {where} ({caller.tenant})" if where else f"Directory {caller.tenant}", 300)
        place = "The lab, on this computer" if shown.is_lab else f"{directory}, {_here(shown)}"
        self._who.show_check(Shape.GOOD, f"Signed in as {sanitize(caller.name, 200)}", place)
        self.other.rename("Use another account" if shown.is_lab else "Use another account or cloud")
        self.out.setVisible(not shown.is_lab)


class SignInPage(StepPage):
    """Cloud, directory, ways to sign in, who is signed in, and the directories of the account.

    `start_asked(method)`, `method_chosen(method)`: the card of a way; `cloud_asked(name or address)`: another cloud.
    """

    question = "Who sets this up?"
    method_chosen = Signal(object)
    start_asked = Signal(object)
    tenant_chosen = Signal(str)
    tenant_typed = Signal(str)
    cloud_asked = Signal(str)
    abandoned = Signal()
    out_asked = Signal()
    look_asked = Signal()
    practise_asked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Your account reads Azure now. It writes only when you press Apply.", parent)
        self._shown = SignInShown()
        self._other = False
        self._cards: dict[SignInMethod, OptionCard] = {}
        self._group = QButtonGroup(self)
        self.account = AccountCard(theme)
        self.account.other_asked.connect(self._on_other)
        self.account.out_asked.connect(self.out_asked)
        self.account.hide()
        self.body.addWidget(self.account)
        self.nobody = LiveText(theme, "", TextRole.BODY)
        self.body.addWidget(self.nobody)
        self._build_tenants()
        self.place = SignInPlace(theme)
        self.place.changed.connect(self._on_place)
        self.body.addWidget(self.place)
        self._methods = QVBoxLayout()
        self._methods.setSpacing(theme.px(8))
        self.body.addLayout(self._methods)
        self._build_start()
        self.prompt = PromptCard(theme)
        self.prompt.abandoned.connect(self.abandoned)
        self.prompt.code_asked.connect(partial(self.start_asked.emit, SignInMethod.DEVICE_CODE))
        self.prompt.hide()
        self.body.addWidget(self.prompt)
        self._build_practice()

    def _build_start(self) -> None:
        theme = self.theme
        self._start_row = QWidget()
        row = QHBoxLayout(self._start_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(12))
        self.start = Button(theme, "Sign in", ButtonKind.PRIMARY, height=36)
        self.start.clicked.connect(self._on_start)
        self.again = Button(theme, "Look again", ButtonKind.LINK, Icon.REFRESH, height=32)
        self.again.explain("Looks again which ways there are on this computer")
        self.again.clicked.connect(self.look_asked)
        self._why_not = LiveText(theme, "", TextRole.BODY, Token.TEXT2)
        row.addWidget(self.start, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._why_not, 1)
        row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self._start_row)

    def _build_tenants(self) -> None:
        theme = self.theme
        self._tenants_title = TextLabel(theme, "Directory", TextRole.SECTION)
        self.tenants = PickList(theme, "Directories")
        self.tenants.picked.connect(self._on_tenant)
        self.body.addWidget(self._tenants_title)
        self.body.addWidget(self.tenants)

    def _build_practice(self) -> None:
        self.practice = Card(self.theme, margin=16, spacing=8)
        self.practice.body.addWidget(TextLabel(self.theme, NO_ACCOUNT, TextRole.BODY, Token.TEXT2, wrap=True))
        buttons = PracticeButtons(self.theme)
        buttons.chosen.connect(self.practise_asked)
        self.practice.body.addWidget(buttons)
        self.practice.hide()
        self.body.addWidget(self.practice)

    # Showing -----------------------------------------------------------------------------------------------------

    def show_sign_in(self, shown: SignInShown) -> None:
        """Show who is signed in, or how one can; while a sign-in is under way, what is to be done for it."""
        before, self._shown = self._shown, shown
        if shown.caller != before.caller:
            self._other = False
        if shown.methods != before.methods:
            self._offer(shown.methods)
        for method, card in self._cards.items():
            card.setEnabled(not shown.busy)
            if method is shown.method and not card.isChecked():
                card.setChecked(True)
        asks = not shown.busy and (shown.caller is None or self._other)
        self.account.setVisible(shown.caller is not None and not shown.busy)
        if shown.caller is not None:
            self.account.show_caller(shown, shown.caller)
        self.account.other.setVisible(not self._other)
        self._tell(shown)
        for card in self._cards.values():
            card.setVisible(asks)  # while one is under way, what is to be done for it is all there is
        self._start_row.setVisible(asks)
        self.place.setVisible(asks and not shown.is_lab)
        if shown.clouds:
            self.place.show_connected(next(one for one in shown.clouds if one.name == shown.cloud), shown.clouds)
        self.prompt.setVisible(bool(shown.busy))
        self.prompt.show_prompt(shown.busy, shown.prompted)
        rows = [PickRow(tenant.id, sanitize(tenant.name or tenant.id, 200), tenant.id) for tenant in shown.tenants]
        several = len(rows) > 1 and not shown.busy and shown.caller is not None and not self._other
        self._tenants_title.setVisible(several)
        self.tenants.setVisible(several)
        self.tenants.show_rows(rows, (shown.tenant,) if shown.tenant else ())
        self._name_start()

    def _tell(self, shown: SignInShown) -> None:
        nobody = f"Nobody is signed in to {_here(shown)} yet. Choose how you sign in, then press the button below."
        parts = [shown.told, nobody if shown.caller is None else ""]
        words = " ".join(part for part in parts if part)
        self.nobody.setVisible(bool(words) and not shown.busy)
        self.nobody.say(words)

    def offer_practice(self, *, offered: bool) -> None:
        """Whether the lab is a way from here."""
        self.practice.setVisible(offered and not self._shown.busy and self._shown.caller is None)

    def _offer(self, methods: tuple[MethodSeen, ...]) -> None:
        for card in self._cards.values():
            self._group.removeButton(card)
        self._cards.clear()
        clear(self._methods)
        for seen in methods:
            name, words = METHOD_WORDS[seen.method]
            tag = None
            if seen.problem is not None:
                words, tag = seen.problem.sentence(), TintTag(self.theme, "Not here", Shape.WAITING)
            elif seen.detail and seen.detail != name:
                words = f"{words} {sanitize(seen.detail, 200)}"
            if seen.found:
                tag = TintTag(self.theme, "Found", Shape.GOOD)
            card = OptionCard(self.theme, name, words, tag=tag)
            card.clicked.connect(self._choose_callback(seen.method))
            self._group.addButton(card)
            self._cards[seen.method] = card
            self._methods.addWidget(card)
        order: list[QWidget] = [*self._cards.values(), self.start, self.again]
        for earlier, later in pairwise(order):
            QWidget.setTabOrder(earlier, later)

    def _name_start(self) -> None:
        """The button says what it does, and why it is off."""
        shown, seen = self._shown, self._shown.seen
        other = self.place.other_cloud
        words = START_WORDS[seen.method] if seen is not None else "Sign in"
        why = ""
        if self.place.wrong:
            why = self.place.wrong
        elif other:
            words = f"Connect to {other}"
        elif seen is None:
            why = "Choose how you sign in."
        elif seen.problem is not None:
            why = seen.problem.sentence()
        if words != self.start.accessibleName():
            self.start.rename(words)
        self.start.setEnabled(not why and not shown.busy)
        self.start.explain(why)
        note = why
        if other and not why:
            note = f"This window goes on in {other}, with the clusters and journals of that cloud; you sign in there."
        self._why_not.say(note)
        self.again.setVisible(seen is not None and seen.problem is not None and not other)

    # What a person does ------------------------------------------------------------------------------------------

    def _choose_callback(self, method: SignInMethod) -> Callable[[], None]:
        def choose() -> None:
            # At once: the button is pressed for what is seen to be chosen.
            self._shown = replace(self._shown, method=method)
            self._name_start()
            self.method_chosen.emit(method)

        return choose

    @Slot()
    def _on_start(self) -> None:
        self.place.settle()
        if not self.start.isEnabled():
            return
        if self.place.other_cloud:
            self.cloud_asked.emit(self.place.cloud_text)
        elif self._shown.method is not None:
            self.start_asked.emit(self._shown.method)

    @Slot()
    def _on_place(self) -> None:
        self.tenant_typed.emit(self.place.tenant_text)
        self._name_start()

    @Slot()
    def _on_other(self) -> None:
        self._other = True
        self.show_sign_in(self._shown)
        card = self._cards.get(self._shown.method) if self._shown.method is not None else None
        if card is not None:
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def _on_tenant(self, keys: tuple[str, ...]) -> None:
        self.tenant_chosen.emit(keys[0])

    def connect_wizard(self, wizard: WizardController) -> None:
        account, shell = wizard.session.account, wizard.shell
        self.place.show_tenant(account.tenant)  # this page may be built anew, and what is typed is still in force
        self.method_chosen.connect(account.choose)
        self.start_asked.connect(account.start)
        self.tenant_chosen.connect(account.choose_tenant)
        self.tenant_typed.connect(account.name_tenant)
        self.abandoned.connect(account.abandon)
        self.out_asked.connect(account.sign_out)
        self.look_asked.connect(account.look_again)
        self.practise_asked.connect(shell.go_elsewhere)
        self.cloud_asked.connect(lambda name: shell.go_elsewhere(Destination(cloud=name)))
        self.prompt.said.connect(wizard.said)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_sign_in(sign_in_shown(wizard.session, is_lab=wizard.shell.context.is_lab))
        self.offer_practice(offered=wizard.shell.context.can_practise)


def sign_in_shown(session: SetupSession, *, is_lab: bool) -> SignInShown:
    """The first page."""
    account = session.account
    tenant = account.caller.tenant if account.caller is not None else ""
    return SignInShown(
        account.clouds,
        account.cloud,
        account.methods,
        account.method,
        account.caller,
        account.tenants,
        tenant,
        account.busy,
        account.prompted,
        is_lab,
        account.told,
    )
