"""The clouds of Azure, each with the hosts that tgwizard talks to there.

The values are those of Azure's published cloud list (azure-wire.md 4.4 names the fields); only the lab was asked here.
"""

from __future__ import annotations

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
