"""Signing in as a person: the browser flow (authorization code with PKCE) and the device-code flow.

`/authorize` shows who will sign in, and one click does it; the code goes back to a program on this computer only.
`/devicecode` hands out a code that is typed at `/devicelogin`. Neither lets in who does not know the lab's sign-in
code: a page that was not opened by a program which knows it asks for it (`sign_in_code`).
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from tgwizard.lab.entra import access_tokens, oauth, sign_in_code, sign_in_pages, sign_in_sessions, token_endpoint
from tgwizard.lab.entra.oauth_errors import NO_STORE, Denied
from tgwizard.lab.entra.sign_in_sessions import PendingSignIn, SignInForm, SignInVerdict
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Response, json_response
from tgwizard.lab.world import Principal, World

DEVICE_PAGE = "/devicelogin"

_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_MODES = frozenset({"query", "form_post"})


def authorize(call: HandlerCall) -> Response:
    """Show the page that asks whether the user signs in; refusals go to the program, or on a page if it is unsafe."""
    query = call.query
    try:
        tenant = oauth.tenant_of(call)
        client = oauth.public_client({**query, "tenant": tenant})
        redirect_uri = _redirect_uri(query, client)
    except Denied as denied:
        return sign_in_pages.tell("Sorry, we can't sign you in", denied.sentence, status=denied.status)
    asked = PendingSignIn(
        client=client,
        tenant=tenant,
        scope=query.get("scope", ""),
        redirect_uri=redirect_uri,
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        response_mode=query.get("response_mode", "query"),
        challenge=query.get("code_challenge", ""),
        challenge_method=query.get("code_challenge_method", "plain"),
    )
    try:
        _check(query)
        user = _user(call.world, query.get("login_hint", ""))
        token_endpoint.audience_of(call, {"scope": asked.scope})
    except Denied as denied:
        return _sent_back(asked, {"error": denied.error, "error_description": denied.sentence})
    vouched = sign_in_code.is_vouched(call.world, query)
    ticket = call.world.sign_ins.show(asked, user.oid, call.now, vouched=vouched)
    return sign_in_pages.confirm(call.path, ticket, user.name, oauth.PUBLIC_CLIENTS[client], ask_code=not vouched)


def answer(call: HandlerCall) -> Response:
    """Take the answer of the page: a code goes to the program, or that the user declined."""
    form = _form_of(call)
    page = call.world.sign_ins.answered(form.get("ticket", ""), call.now)
    if page is None or page.user_code:
        return _too_late()
    asked = page.asked
    if form.get("answer") != "sign-in":
        denied = Denied(400, "access_denied", 65004, "User declined to consent to access the app.")
        fields = {"error": denied.error, "error_subcode": "cancel", "error_description": denied.sentence}
        return _sent_back(asked, fields)
    if not _may(call, page, form):
        return _asked_again(call, page, call.path)
    code = call.world.sign_ins.code_for(asked, page.oid, call.now)
    info = access_tokens.packed({"uid": page.oid, "utid": call.world.subscription.tenant})
    return _sent_back(asked, {"code": code, "client_info": info, "session_state": page.oid})


def device_code(call: HandlerCall) -> Response:
    """Hand out a device code and the code that the user types."""
    try:
        form = oauth.form_of(call)
        tenant = oauth.tenant_of(call)
        client = oauth.public_client({**form, "tenant": tenant})
        token_endpoint.audience_of(call, form)
    except Denied as denied:
        return oauth.refused(call, denied)
    device = call.world.sign_ins.begin_device(PendingSignIn(client, tenant, form.get("scope", "")), call.now)
    place = f"{call.host}{DEVICE_PAGE}"
    return json_response(
        200,
        {
            "user_code": device.user_code,
            "device_code": device.device_code,
            "verification_uri": place,
            "expires_in": int(sign_in_sessions.DEVICE_LIFETIME.total_seconds()),
            "interval": sign_in_sessions.INTERVAL_S,
            "message": f"To sign in, use a web browser to open the page {place} and enter the code "
            f"{device.user_code} to authenticate.",
        },
        NO_STORE,
    )


def device_page(call: HandlerCall) -> Response:
    """Show the page where the code is typed; a program that knows the sign-in code may have filled it in."""
    if sign_in_code.is_vouched(call.world, call.query):
        code, proof = (call.query[name] for name in (sign_in_code.USER_CODE, sign_in_code.PROOF))
        return sign_in_pages.ask_for_code(DEVICE_PAGE, code=code, proof=proof)
    return sign_in_pages.ask_for_code(DEVICE_PAGE)


def device_answer(call: HandlerCall) -> Response:
    """Take a typed code and ask for confirmation, or take the confirmation."""
    form = _form_of(call)
    if "ticket" in form:
        return _decided(call, form)
    device = call.world.sign_ins.device(form.get(sign_in_code.USER_CODE, ""), call.now)
    if device is None:
        return sign_in_pages.ask_for_code(DEVICE_PAGE, refused=True)
    user = call.world.operator
    vouched = sign_in_code.is_vouched(call.world, form)
    ticket = call.world.sign_ins.show(device.asked, user.oid, call.now, device.user_code, vouched=vouched)
    application = oauth.PUBLIC_CLIENTS[device.asked.client]
    return sign_in_pages.confirm(DEVICE_PAGE, ticket, user.name, application, ask_code=not vouched)


def _decided(call: HandlerCall, form: dict[str, str]) -> Response:
    page = call.world.sign_ins.answered(form["ticket"], call.now)
    device = call.world.sign_ins.device(page.user_code, call.now) if page is not None and page.user_code else None
    if page is None or device is None:
        return _too_late()
    name = oauth.PUBLIC_CLIENTS[device.asked.client]
    if form.get("answer") != "sign-in":
        device.verdict = SignInVerdict.DECLINED
        return sign_in_pages.tell("You declined", f"{name} was not signed in. You can close this window.")
    if not _may(call, page, form):
        return _asked_again(call, page, DEVICE_PAGE)
    device.verdict, device.oid = SignInVerdict.APPROVED, page.oid
    sentence = f"You have signed in to {name} on your device. You may now close this window."
    return sign_in_pages.tell("Signed in", sentence)


def _form_of(call: HandlerCall) -> dict[str, str]:
    """Return what a page of ours sent; nothing of what none of them can have sent."""
    try:
        return oauth.form_of(call)
    except Denied:
        return {}


def _may(call: HandlerCall, page: SignInForm, form: dict[str, str]) -> bool:
    """Return whether whoever answers a page knows the lab's sign-in code."""
    return page.vouched or sign_in_code.is_code(call.world, form.get("lab_code", ""))


def _asked_again(call: HandlerCall, page: SignInForm, action: str) -> Response:
    """Show a page once more whose answer brought no sign-in code, or a wrong one."""
    user = next(item for item in token_endpoint.users(call.world) if item.oid == page.oid)
    ticket = call.world.sign_ins.show(page.asked, page.oid, call.now, page.user_code)
    application = oauth.PUBLIC_CLIENTS[page.asked.client]
    return sign_in_pages.confirm(action, ticket, user.name, application, ask_code=True, refused=True)


def _too_late() -> Response:
    sentence = "This page was answered already, or is too old. Start the sign-in again in your program."
    return sign_in_pages.tell("Sorry, we can't sign you in", sentence, status=400)


def _redirect_uri(query: dict[str, str], client: str) -> str:
    """Return where the answer goes. Raises Denied for anything but a program on this computer."""
    text = oauth.given(query, "redirect_uri")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    loopback = parts.scheme == "http" and (parts.hostname or "") in _LOOPBACK and (port is None or port > 0)
    if not loopback or parts.username is not None or parts.fragment or not text.isprintable() or " " in text:
        raise Denied(
            400,
            "invalid_request",
            50011,
            f"The redirect URI '{text}' specified in the request does not match the redirect URIs configured for the "
            f"application '{client}'. Make sure the redirect URI sent in the request matches one added to your "
            "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about "
            "how to troubleshoot this error.",
        )
    return text


def _check(query: dict[str, str]) -> None:
    """Refuse what the lab's Entra does not do; the words are Entra's, the last one's [?]."""
    if query.get("response_type", "") != "code":
        text = "The response_type 'code' is the one that is enabled for this application."
        raise Denied(400, "unsupported_response_type", 700054, text)
    if query.get("response_mode", "query") not in _MODES:
        text = f"Unsupported 'response_mode' value '{query['response_mode']}'. Supported are query and form_post."
        raise Denied(400, "invalid_request", 900144, text)
    if query.get("code_challenge_method", "plain") not in {"plain", "S256"}:
        text = "The size of the Code_Challenge parameter is invalid, or its method is not known."
        raise Denied(400, "invalid_request", 501491, text)
    if query.get("prompt", "") == "none":
        text = "A silent sign-in request was sent but no user is signed in."
        raise Denied(400, "login_required", 50058, text)


def _user(world: World, hint: str) -> Principal:
    """Return who will sign in: the operator, or the user that the program wants. Raises Denied for an unknown one."""
    wanted = hint.lower() or world.operator.name.lower()
    for item in token_endpoint.users(world):
        if item.name.lower() == wanted:
            return item
    text = f"The user account {hint} does not exist in the {world.subscription.tenant} directory. To sign into this "
    raise Denied(400, "access_denied", 50034, text + "application, the account must be added to the directory.")


def _sent_back(asked: PendingSignIn, fields: dict[str, str]) -> Response:
    """Return what carries the fields to the program: a form that posts itself, or a redirection."""
    everything = {**fields, **({"state": asked.state} if asked.state else {})}
    if asked.response_mode == "form_post":
        return sign_in_pages.send_on(asked.redirect_uri, everything)
    mark = "&" if "?" in asked.redirect_uri else "?"
    return Response(302, (("Location", f"{asked.redirect_uri}{mark}{urlencode(everything)}"), *NO_STORE))


ROUTES = (
    Route("GET", "/{tenant}/oauth2/v2.0/authorize", authorize),
    Route("POST", "/{tenant}/oauth2/v2.0/authorize", answer),
    Route("POST", "/{tenant}/oauth2/v2.0/devicecode", device_code),
    Route("GET", DEVICE_PAGE, device_page),
    Route("POST", DEVICE_PAGE, device_answer),
)
