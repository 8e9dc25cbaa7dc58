"""The cloud behind an ARM endpoint that is not one of the known ones: what its metadata says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from tgwizard.azure.clients import AzureSession
from tgwizard.azure.error_translation import Operation, translate_errors
from tgwizard.azure.intercepted_answers import refuse_intercepted
from tgwizard.azure.rest import inner, text, texts
from tgwizard.engine.azure_call_error import AzureCallError, Certainty
from tgwizard.model.cloud import KNOWN, PUBLIC, Cloud
from tgwizard.model.problem import Problem

METADATA_API = "2022-09-01"
"""The version in which az asks."""


def cloud_at(session: AzureSession, arm: str) -> Cloud:
    """The cloud behind an ARM endpoint: one of Microsoft's own, else what its /metadata/endpoints says without a token.

    AzureCallError when the endpoint is no https address, does not answer, or names no https address to sign in at.
    """
    endpoint = arm.strip().rstrip("/")
    own = next((cloud for cloud in KNOWN if cloud.arm == endpoint.lower()), None)
    if own is not None:
        return own
    if not is_https(endpoint):
        raise _not_a_cloud(arm, "It is no https address.")
    cloud = described(endpoint, translate_errors(Operation("ask", endpoint), lambda: _metadata(session, endpoint)))
    if cloud is None:
        raise _not_a_cloud(arm, "What it says about itself names no https address to sign in at.")
    return cloud


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


def _metadata(session: AzureSession, endpoint: str) -> Mapping[str, Any]:
    """What the endpoint says about its cloud; empty when it says nothing of the kind."""
    connection = session.connection()
    try:
        url = f"{endpoint}/metadata/endpoints"
        answer = connection.http.get(url, params={"api-version": METADATA_API}, timeout=(5, 10), allow_redirects=False)
        refuse_intercepted(answer.status_code, answer.headers, lambda: answer.content)
        document = answer.json() if answer.status_code == 200 else None
    except requests.JSONDecodeError:
        document = None
    finally:
        connection.close()
    return document if isinstance(document, Mapping) else {}


def _not_a_cloud(arm: str, why: str) -> AzureCallError:
    fix = f"Check the address of the Azure Resource Manager endpoint, for example {PUBLIC.arm}."
    return AzureCallError(Problem("cloud-not-known", f"There is no cloud at {arm}.", why, fix), Certainty.NOT_SENT)
