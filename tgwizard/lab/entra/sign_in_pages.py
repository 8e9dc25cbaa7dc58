"""The pages of the lab's sign-in. Plain HTML in the program's text: no file is read, and every value is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from tgwizard.lab.entra import sign_in_code
from tgwizard.lab.entra.oauth_errors import NO_STORE
from tgwizard.lab.wire import Headers, Response

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { max-width: 27rem; padding: 2rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .75rem; }
button, input { font: inherit; padding: .6rem 1rem; margin: .4rem .4rem .4rem 0; }
input { letter-spacing: .1em; text-transform: uppercase; }
.note { opacity: .75; font-size: .9rem; }
"""
_SUBMIT = "document.forms[0].submit()"
_NOTE = "This is the sign-in of a tgwizard lab, an Azure inside this computer. No account of yours is asked for here."


_CODE = (
    "<label>Sign-in code of this lab<br>"
    '<input name="lab_code" aria-label="Sign-in code of this lab" maxlength="40" autocomplete="off" autofocus></label>'
    '<p class="note">The command <b>tgwizard lab show</b> tells it. It keeps other users of this computer out.</p>'
)


def confirm(
    action: str, ticket: str, account: str, application: str, *, ask_code: bool, refused: bool = False
) -> Response:
    """Return the page that asks whether an account signs in to an application; the answer goes to `action`.

    `ask_code`: also for the lab's sign-in code; `refused`: the one that was typed was none.
    """
    first = "" if ask_code else " autofocus"
    wrong = "<p role='alert'>That is not the sign-in code of this lab. Check it and try again.</p>" if refused else ""
    body = (
        f"<h1>Sign in to {escape(application)}</h1>"
        f"<p>Go on only if you started this sign-in yourself.</p>"
        f"{wrong}"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="ticket" value="{escape(ticket)}">'
        f"{_CODE if ask_code else ''}"
        f'<button type="submit" name="answer" value="sign-in"{first}>Sign in as {escape(account)}</button>'
        '<button type="submit" name="answer" value="cancel">Cancel</button>'
        "</form>"
    )
    return _page("Sign in", body)


def ask_for_code(action: str, *, refused: bool = False, code: str = "", proof: str = "") -> Response:
    """Return the page on which the code of another program is typed, or stands already with that program's proof."""
    known = f'<input type="hidden" name="{sign_in_code.PROOF}" value="{escape(proof)}">' if proof else ""
    wrong = "<p role='alert'>That code didn't work. Check the code and try again.</p>" if refused else ""
    body = (
        "<h1>Enter code</h1><p>Enter the code displayed on your app or device.</p>"
        f"{wrong}"
        f'<form method="post" action="{escape(action)}">{known}'
        f'<input name="{sign_in_code.USER_CODE}" aria-label="Code" maxlength="16" value="{escape(code)}" '
        'autocomplete="off" autofocus required>'
        '<button type="submit">Next</button>'
        "</form>"
    )
    return _page("Enter code", body)


def tell(title: str, sentence: str, *, status: int = 200) -> Response:
    """Return a page that says one thing."""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(sentence)}</p>", status=status)


def send_on(target: str, fields: Mapping[str, str]) -> Response:
    """Return the page that posts the result to the program that asked, by itself or at a click (`form_post`)."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    body = (
        "<h1>Signing in</h1>"
        f'<form method="post" action="{escape(target)}">{inputs}<button type="submit">Continue</button></form>'
        f"<script>{_SUBMIT}</script>"
    )
    return _page("Signing in", body)


def _page(title: str, body: str, *, status: int = 200) -> Response:
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f'<body><main>{body}<p class="note">{_NOTE}</p></main></body></html>'
    )
    return Response(status, _HEADERS, text.encode())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_hash(_STYLE)}",
        f"script-src {_hash(_SUBMIT)}",
        "img-src data:",
        "form-action 'self' http://localhost:* http://127.0.0.1:*",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Headers = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    *NO_STORE,
)
