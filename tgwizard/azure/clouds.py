"""The clouds of Azure, each with the hosts that tgwizard talks to there; and the cloud behind another ARM endpoint.

The values are those of Azure's published cloud list (azure-wire.md 4.4 names the fields); only the lab was asked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tgwizard.azure.raw import inner, text, texts
from tgwizard.engine.setup_ports import Cloud

PUBLIC = Cloud(
    "public",
    "Azure public",
    "https://login.microsoftonline.com",
    "https://management.azure.com",
    "https://portal.azure.com",
)
US_GOVERNMENT = Cloud(
    "usgovernment",
    "Azure US Government",
    "https://login.microsoftonline.us",
    "https://management.usgovcloudapi.net",
    "https://portal.azure.us",
    "https://management.usgovcloudapi.net",
    "https://graph.microsoft.us",
)
CHINA = Cloud(
    "china",
    "Azure China (21Vianet)",
    "https://login.chinacloudapi.cn",
    "https://management.chinacloudapi.cn",
    "https://portal.azure.cn",
    "https://management.chinacloudapi.cn",
    "https://microsoftgraph.chinacloudapi.cn",
)

KNOWN = (PUBLIC, US_GOVERNMENT, CHINA)

METADATA_API = "2022-09-01"
"""The version in which az asks (azure-wire.md 4.4)."""


def is_known(cloud: Cloud) -> bool:
    """Whether it is one of Microsoft's own, whose Entra msal may check by itself."""
    return cloud in KNOWN


def described(arm: str, document: Mapping[str, Any]) -> Cloud | None:
    """The cloud that an endpoint's /metadata/endpoints describes; None when a part is missing or is not https."""
    authentication = inner(document, "authentication")
    authority = text(authentication, "loginEndpoint")
    audiences = [audience for audience in texts(authentication, "audiences") if is_https(audience)]
    graph = text(document, "microsoftGraphResourceId") or PUBLIC.graph
    portal = text(document, "portal")
    if not is_https(authority) or not is_https(graph):
        return None
    host = urlsplit(arm).netloc.lower()
    name = re.sub(r"[^a-z0-9]+", "-", host).strip("-")
    title = text(document, "name") or host
    audience = (audiences[0] if audiences else arm).rstrip("/")
    return Cloud(
        f"custom-{name}",
        f"{title} ({host})",
        authority.rstrip("/"),
        arm.rstrip("/"),
        portal.rstrip("/") if is_https(portal) else "",
        audience,
        graph.rstrip("/"),
    )


def is_https(url: str) -> bool:
    """Whether it is a whole https address: a token never travels in clear."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
