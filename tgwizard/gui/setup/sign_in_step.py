"""Step 1: who signs in to Azure, and how. A browser that hangs can be given up for a code at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from tgwizard.gui.setup.setup_session import SetupSession
from tgwizard.gui.setup.wizard_controller import WizardController
from tgwizard.gui.setup.wizard_step import StepPage
from tgwizard.gui.style.icons import Icon
from tgwizard.gui.style.state_shapes import Shape
from tgwizard.gui.style.theme import Theme
from tgwizard.gui.style.tokens import TextRole, Token
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


@dataclass(frozen=True, slots=True)
class SignInShown:
    """What the page shows. ``busy`` says what is under way; ``prompted`` is what a person has to do meanwhile."""

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


def cloud_words(shown: SignInShown) -> str:
    """Which cloud this window is connected to, and how to start in another: its clusters and journals are another's."""
    others = [f"tgwizard --cloud {cloud.name}" for cloud in shown.clouds if cloud.name != shown.cloud]
    others.append("tgwizard --cloud with the address of an Azure Resource Manager")
    start = f"{', '.join(others[:-1])} or {others[-1]}"
    return f"This window is connected to {_here(shown)}. To work in another cloud, close it and start {start}."


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
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(9))
        self.open = Button(theme, "Open the page again", ButtonKind.SECONDARY, Icon.EXTERNAL, height=32)
        self.open.clicked.connect(self._open)
        self.by_code = Button(theme, "Use a code instead", height=32)
        self.by_code.clicked.connect(self.code_asked)
        self.stop = Button(theme, "Stop signing in", ButtonKind.GHOST, height=32)
        self.stop.clicked.connect(self.abandoned)
        for button in (self.open, self.by_code, self.stop):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addLayout(buttons)

    def show_prompt(self, busy: str, prompt: SignInPrompt | None) -> None:
        """Say what is under way, and what is to be done."""
        self._prompt = prompt
        code = prompt.code if prompt else ""
        words = busy
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


class SignInPage(StepPage):
    """Cloud, ways to sign in, who is signed in, and the directories of the account."""

    question = "Who sets this up?"
    method_chosen = Signal(object)
    tenant_chosen = Signal(str)
    abandoned = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Your account reads Azure now. It writes only when you press Apply.", parent)
        self._shown = SignInShown()
        self._silent = False
        self._cards: dict[SignInMethod, OptionCard] = {}
        self._group = QButtonGroup(self)
        self._build_account()
        self.nobody = LiveText(theme, "", TextRole.BODY)
        self.body.addWidget(self.nobody)
        self._methods = QVBoxLayout()
        self._methods.setSpacing(theme.px(8))
        self.body.addLayout(self._methods)
        self.prompt = PromptCard(theme)
        self.prompt.abandoned.connect(self.abandoned)
        self.prompt.code_asked.connect(partial(self.method_chosen.emit, SignInMethod.DEVICE_CODE))
        self.prompt.hide()
        self.body.addWidget(self.prompt)
        self._build_tenants()
        self._build_clouds()

    def _build_account(self) -> None:
        self.account = Card(self.theme, margin=16)
        self._who = CheckRow(self.theme, Shape.GOOD, "")
        self.account.body.addWidget(self._who)
        self.account.hide()
        self.body.addWidget(self.account)

    def _build_tenants(self) -> None:
        theme = self.theme
        self._tenants_title = TextLabel(theme, "Directory", TextRole.SECTION)
        self.tenants = PickList(theme, "Directories")
        self.tenants.picked.connect(self._on_tenant)
        self.body.addWidget(self._tenants_title)
        self.body.addWidget(self.tenants)

    def _build_clouds(self) -> None:
        self._clouds = Card(self.theme, "Cloud", margin=16)
        self.cloud = LiveText(self.theme, "", TextRole.BODY, Token.TEXT2)
        self._clouds.body.addWidget(self.cloud)
        self.body.addWidget(self._clouds)

    def show_sign_in(self, shown: SignInShown) -> None:
        before, self._shown = self._shown, shown
        self._silent = True
        if shown.methods != before.methods:
            self._offer(shown.methods)
        for method, card in self._cards.items():
            card.setEnabled(not shown.busy or method is shown.method)
            if method is shown.method and not card.isChecked():
                card.setChecked(True)
        self._silent = False
        self.account.setVisible(shown.caller is not None and not shown.busy)
        self.nobody.setVisible(shown.caller is None and not shown.busy)
        self.nobody.say(f"Nobody is signed in to {_here(shown)} yet. Choose how you sign in.")
        if shown.caller is not None:
            name = sanitize(shown.caller.name, 200)
            where = next((tenant.name for tenant in shown.tenants if tenant.id == shown.caller.tenant), "")
            directory = (
                "The lab, on this computer" if shown.is_lab else f"Directory {sanitize(where or shown.caller.tenant)}"
            )
            self._who.show_check(Shape.GOOD, f"Signed in as {name}", directory)
        self.prompt.setVisible(bool(shown.busy))
        self.prompt.show_prompt(shown.busy, shown.prompted)
        rows = [PickRow(tenant.id, sanitize(tenant.name or tenant.id, 200), tenant.id) for tenant in shown.tenants]
        several = len(rows) > 1 and not shown.busy
        self._tenants_title.setVisible(several)
        self.tenants.setVisible(several)
        self.tenants.show_rows(rows, (shown.tenant,) if shown.tenant else ())
        self._clouds.setVisible(not shown.is_lab)
        self.cloud.say(cloud_words(shown))

    def _offer(self, methods: tuple[MethodSeen, ...]) -> None:
        for card in self._cards.values():
            self._group.removeButton(card)
        self._cards.clear()
        clear(self._methods)
        for seen in methods:
            name, words = METHOD_WORDS[seen.method]
            if seen.problem is not None:
                words = seen.problem.sentence()
            elif seen.detail and seen.detail != name:
                words = f"{words} {sanitize(seen.detail, 200)}"
            tag = TintTag(self.theme, "Found", Shape.GOOD) if seen.found else None
            card = OptionCard(self.theme, name, words, tag=tag)
            card.clicked.connect(self._choose_callback(seen.method))
            self._group.addButton(card)
            self._cards[seen.method] = card
            self._methods.addWidget(card)

    def _choose_callback(self, method: SignInMethod) -> Callable[[], None]:
        def choose() -> None:
            if not self._silent:
                self.method_chosen.emit(method)

        return choose

    @Slot(object)
    def _on_tenant(self, keys: tuple[str, ...]) -> None:
        self.tenant_chosen.emit(keys[0])

    def connect_wizard(self, wizard: WizardController) -> None:
        account = wizard.session.account

        def sign_in(method: SignInMethod) -> None:
            account.sign_in(method)

        self.method_chosen.connect(sign_in)
        self.tenant_chosen.connect(account.choose_tenant)
        self.abandoned.connect(account.abandon)
        self.prompt.said.connect(wizard.said)

    def show_wizard(self, wizard: WizardController) -> None:
        self.show_sign_in(sign_in_shown(wizard.session, is_lab=wizard.shell.context.is_lab))


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
    )
