"""What stands between this computer and Azure: answers that are not Azure's, and settings that keep requests back.

A proxy, a captive portal or an inspecting firewall answers in Azure's place with pages and redirections. Azure
Resource Manager and Microsoft Graph answer with JSON and never redirect. Of the settings, names of variables and the
proxy's host are told, never what else stands in them.
"""

from __future__ import annotations

import html
import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import requests
from azure.core.exceptions import AzureError

from tgwizard.azure.redaction import redacted
from tgwizard.model.cloud import PUBLIC
from tgwizard.model.problem import Fixer, Problem
from tgwizard.model.text import join_words

_TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_HEADING = re.compile(r"<h[1-3][^>]*>(.*?)</h[1-3]\s*>", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_EDGE = re.compile(rb"Our services aren.{1,8}t available right now|\bRef A: [0-9A-F]{16}", re.IGNORECASE)
"""What stands on the pages of trouble that the edge of Azure's own network shows."""
_READ = 65_536

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_HTTPS_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""In the order in which they count: those of the scheme before those of all, small letters before capitals."""
_ESCAPES = "# as %23, / as %2F, ? as %3F, @ as %40, : as %3A, [ as %5B, % as %25"
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\s*([^'\")]*)")


class InterceptedAnswer(AzureError):
    """An answer that did not come from Azure. ``title``: what its page calls itself."""

    def __init__(self, status: int, title: str, elsewhere: str = "") -> None:
        """``elsewhere``: the host that a redirection points to."""
        super().__init__("the answer did not come from Azure")
        self.status = status
        self.title = title
        self.elsewhere = elsewhere


def refuse_intercepted(status: int, headers: Mapping[str, str], content: Callable[[], bytes]) -> None:
    """InterceptedAnswer when the answer is none of Azure's; ``content`` is asked for where the head does not tell."""
    if 300 <= status < 400 and status != 304:
        raise InterceptedAnswer(status, "", urlsplit(_header(headers, "location")).hostname or "")
    if status in (407, 511):
        raise InterceptedAnswer(status, title_of(content()))
    body = content()
    start = body[:_READ].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start or start[:1] in b'{["' or start[:4] in (b"null", b"true", b"fals"):
        return
    if status < 400 and start[:1] != b"<" and "json" in _header(headers, "content-type").lower():
        return  # a good answer of the right kind; whoever reads it says what is wrong with it
    if status >= 500 and _EDGE.search(body[:_READ]):
        return
    raise InterceptedAnswer(status, title_of(body))


def content_of(response: Any) -> bytes:
    """The whole body of an SDK answer, also of one that the SDK was told not to read; empty when it does not come."""
    try:
        found = response.read() if hasattr(response, "read") else response.content
    except (AzureError, ValueError, AttributeError):
        return b""
    return found if isinstance(found, bytes) else b""


def title_of(body: bytes) -> str:
    """What a page calls itself: its title, else its first heading, else its first words. Without secrets."""
    page = _HIDDEN.sub(" ", body[:_READ].decode("utf-8", "replace"))
    for form in (_TITLE, _HEADING):
        found = form.search(page)
        words = redacted(html.unescape(_TAG.sub(" ", found.group(1))), 120) if found else ""
        if words:
            return words
    return redacted(html.unescape(_TAG.sub(" ", page)), 120)


def explain_intercepted(doing: str, answer: InterceptedAnswer, *, writes: bool) -> Problem:
    """In words: what answered in Azure's place, through which proxy, and what that means for a write."""
    via = proxy_in_use()
    said = f' Its page is titled "{answer.title}".' if answer.title else ""
    to = f" It points to {redacted(answer.elsewhere, 120)}." if answer.elsewhere else ""
    who = f"The proxy {via.place} ({via.setting}) answered" if via else "A proxy, a firewall or a sign-in page answered"
    why = f"The answer did not come from Azure. {who} with status {answer.status}.{said}{to}"
    what = f"Whether Azure took the request to {doing} is not known." if writes else f"Azure did not {doing}."
    fix = "Open a page in a browser here and sign in where the network asks for it"
    if answer.status == 407:
        fix = "Give the proxy its name and password"
    fix = f"{fix}, or ask whoever runs the network to let it through to Azure"
    fix = f"{fix}; the proxy stands in {via.setting}." if via else f"{fix}."
    return Problem("answer-not-from-azure", what, why, fix, f"status {answer.status}", Fixer.ADMIN, _NETWORK)


_NETWORK = "the network's settings"


@dataclass(frozen=True, slots=True)
class ProxyInUse:
    """The proxy that requests go through: host and port, and the setting that names it."""

    place: str
    setting: str
    address: str

    def __repr__(self) -> str:
        """Never the address, which may hold a password."""
        return f"ProxyInUse({self.place!r}, {self.setting!r})"


def proxy_in_use(url: str = PUBLIC.arm) -> ProxyInUse | None:
    """What the environment, or the system, names for an https address; None when requests go straight there."""
    try:
        if requests.utils.should_bypass_proxies(url, no_proxy=None):
            return None
        found = getproxies()
    except (ValueError, OSError):
        return None
    address = str(found.get("https") or found.get("all") or "")
    if not address:
        return None
    setting = next((name for name in _HTTPS_PROXIES if os.environ.get(name) == address), "the system's proxy settings")
    # Whatever a badly written address holds, what stands behind its last @ is no credential.
    place = re.split(r"[/?#]", address.split("://", 1)[-1].rsplit("@", 1)[-1], maxsplit=1)[0]
    return ProxyInUse(redacted(place, 120) or "without a host", setting, address)


def explain_unsent(doing: str, chain: tuple[BaseException, ...]) -> Problem | None:
    """The problem of a request that never left this computer because of a setting; None when it is not that.

    What the libraries say is left out of the details: it repeats the settings, passwords included.
    """
    unusable = any(isinstance(link, _UNUSABLE) for link in chain)
    bundle = any(_of_bundle(link) for link in chain)
    if not (unusable or bundle or any(_of_address(link) for link in chain)):
        return None
    what, detail = f"The request to {doing} was not sent.", type(chain[-1]).__name__
    if bundle:
        return _bundle(what, detail)
    via = proxy_in_use()
    if via is None:
        why = "The address it was to go to is none that can be asked."
        return Problem("address-not-usable", what, why, "Check the address of the cloud.", detail, Fixer.YOU)
    scheme = via.address.split("://", 1)[0].lower() if "://" in via.address else "http"
    if scheme.startswith("socks"):
        why = f"{via.setting} names a SOCKS proxy, and tgwizard goes through HTTP proxies only."
        fix = f"Set HTTPS_PROXY to an HTTP proxy (http://HOST:PORT), or clear {via.setting} to go without one."
    elif scheme not in ("http", "https"):
        why = f"{via.setting} does not begin with http:// or https://."
        fix = f"Write {via.setting} as http://HOST:PORT, or clear it to go without a proxy."
    elif "@" in via.address:
        why = f"{via.setting} is no address that can be read."
        fix = (
            f"In {via.setting} write special characters of the name and the password in percent form: {_ESCAPES}. "
            "The whole is http://NAME:PASSWORD@HOST:PORT."
        )
    else:
        why = f"{via.setting} is no address that can be read."
        fix = f"Write {via.setting} as http://HOST:PORT, with a port up to 65535, or clear it to go without a proxy."
    return Problem("proxy-not-usable", what, why, fix, detail, Fixer.YOU)


def proxy_refused(doing: str, chain: tuple[BaseException, ...]) -> Problem | None:
    """The problem of a request that stopped at the proxy: not reached, or it refused to connect to Azure."""
    via = proxy_in_use()
    said = " ".join(str(link) for link in chain)
    tunnel = _TUNNEL.search(said)
    if via is None or not (tunnel or any(isinstance(link, requests.exceptions.ProxyError) for link in chain)):
        return None
    what = f"The request to {doing} was not sent."
    if tunnel is None:
        why = f"The proxy {via.place} ({via.setting}) could not be reached."
        fix = f"Check {via.setting} and the network."
        if _hides_credentials(via.address):
            fix = f"Check {via.setting}: in its name and password special characters have to be written {_ESCAPES}."
        return Problem("proxy-not-reached", what, why, fix, type(chain[-1]).__name__, Fixer.YOU)
    answer = redacted(f"{tunnel.group(1)} {tunnel.group(2)}".strip(), 80)
    why = f"The proxy {via.place} ({via.setting}) did not connect to Azure; it answered {answer}."
    if tunnel.group(1) == "407":
        fix = f"Put the name and the password that it wants into {via.setting}: http://NAME:PASSWORD@HOST:PORT, "
        fix += f"special characters in percent form ({_ESCAPES})."
        return Problem("proxy-wants-sign-in", what, why, fix, answer, Fixer.YOU)
    fix = "Have whoever runs the proxy let this computer through to Azure."
    return Problem("proxy-refused", what, why, fix, answer, Fixer.ADMIN, _NETWORK)


_UNUSABLE: tuple[type[BaseException], ...] = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidProxyURL,
)


def _hides_credentials(address: str) -> bool:
    """Whether a name or a password holds a character at which parsers end the host, so that they ask another."""
    rest = address.split("://", 1)[-1]
    return "@" in rest and bool(re.search(r"[/?#]", rest.rsplit("@", 1)[0]))


def _bundle(what: str, detail: str) -> Problem:
    setting = next((name for name in _BUNDLES if os.environ.get(name)), "")
    path = os.environ.get(setting, "") if setting else ""
    gone = bool(path) and not Path(path).exists()
    named = f"{setting} names {redacted(path, 200)}, and" if setting else "A file of trusted certificates is named, and"
    why = f"{named} {'there is no such file' if gone else 'that holds no certificates that can be read'}."
    fix = f"Set {join_words([setting]) or 'REQUESTS_CA_BUNDLE'} to the file with your company's CA certificates (PEM)"
    fix += f", or clear {setting} if nothing inspects your traffic." if setting else "."
    return Problem("ca-file-missing" if gone else "ca-file-unreadable", what, why, fix, detail, Fixer.YOU)


def _of_bundle(link: BaseException) -> bool:
    """Certificates that could not be loaded: OpenSSL names no file, and says so before anything is sent."""
    words = str(link).lower()
    if isinstance(link, ssl.SSLError):
        return any(part in words for part in ("x509]", "pem lib", "no_certificate_or_crl"))
    return isinstance(link, OSError) and "ca certificate bundle" in words


def _of_address(link: BaseException) -> bool:
    """A proxy's address at which even the library that takes addresses apart gives up."""
    via = proxy_in_use()
    if not isinstance(link, ValueError) or via is None:
        return False
    try:
        urlsplit(via.address)
    except ValueError as error:
        return str(error) == str(link)
    return False


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")
