"""The clouds of Azure, each with the hosts that tgwizard talks to there.

The values are those of Azure's published cloud list.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """An Azure cloud: its name in cluster files, Entra's authority host, ARM's endpoint and portal, all https.

    ``audience`` is what tokens for ARM are asked for, ``graph`` the host of Microsoft Graph, ``az`` what the Azure CLI
    calls it in lower case: empty for a cloud known by its endpoint alone. A lab has no portal.
    """

    name: str
    title: str
    authority: str
    arm: str
    portal: str
    audience: str = "https://management.azure.com"
    graph: str = "https://graph.microsoft.com"
    az: str = ""


PUBLIC = Cloud(
    "public",
    "Azure public",
    "https://login.microsoftonline.com",
    "https://management.azure.com",
    "https://portal.azure.com",
    az="azurecloud",
)
US_GOVERNMENT = Cloud(
    "usgovernment",
    "Azure US Government",
    "https://login.microsoftonline.us",
    "https://management.usgovcloudapi.net",
    "https://portal.azure.us",
    "https://management.usgovcloudapi.net",
    "https://graph.microsoft.us",
    "azureusgovernment",
)
CHINA = Cloud(
    "china",
    "Azure China (21Vianet)",
    "https://login.chinacloudapi.cn",
    "https://management.chinacloudapi.cn",
    "https://portal.azure.cn",
    "https://management.chinacloudapi.cn",
    "https://microsoftgraph.chinacloudapi.cn",
    "azurechinacloud",
)

KNOWN = (PUBLIC, US_GOVERNMENT, CHINA)


def is_known(cloud: Cloud) -> bool:
    """Whether it is one of Microsoft's own, whose names and sign-in addresses are known without asking."""
    return cloud in KNOWN
