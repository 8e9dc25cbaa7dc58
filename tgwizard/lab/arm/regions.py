"""The regions the lab knows, with what Azure tells of them: where resources of a lab may say that they are."""

from __future__ import annotations

from tgwizard.lab.arm.responses import location_of
from tgwizard.lab.routing import HandlerCall, Route
from tgwizard.lab.wire import Json, Response, json_response

_REGIONS = (
    # name, display name, geography, its group, latitude, longitude, place, paired region
    ("eastus", "East US", "United States", "US", "37.3719", "-79.8164", "Virginia", "westus"),
    ("southcentralus", "South Central US", "United States", "US", "29.4167", "-98.5", "Texas", "northcentralus"),
    ("westus2", "West US 2", "United States", "US", "47.233", "-119.852", "Washington", "westcentralus"),
    ("westeurope", "West Europe", "Europe", "Europe", "52.3667", "4.9", "Netherlands", "northeurope"),
    ("eastus2", "East US 2", "United States", "US", "36.6681", "-78.3889", "Virginia", "centralus"),
    ("northeurope", "North Europe", "Europe", "Europe", "53.3478", "-6.2597", "Ireland", "westeurope"),
    ("centralus", "Central US", "United States", "US", "41.5908", "-93.6208", "Iowa", "eastus2"),
    ("northcentralus", "North Central US", "United States", "US", "41.8819", "-87.6278", "Illinois", "southcentralus"),
    ("westus", "West US", "United States", "US", "37.783", "-122.417", "California", "eastus"),
    ("westcentralus", "West Central US", "United States", "US", "40.89", "-110.234", "Wyoming", "westus2"),
    ("uksouth", "UK South", "United Kingdom", "UK", "50.941", "-0.799", "London", "ukwest"),
    ("ukwest", "UK West", "United Kingdom", "UK", "53.427", "-3.084", "Cardiff", "uksouth"),
)
"""Some of Azure's public regions, as it tells of them."""

NAMES = frozenset(item[0] for item in _REGIONS)


def is_known(location: str) -> bool:
    """Return whether a region is one of the lab's, however it is spelled."""
    return location_of(location) in NAMES


def listing(call: HandlerCall) -> Response:
    """Answer the regions of a subscription."""
    return json_response(200, {"value": [_region(call.subscription.id, item) for item in _REGIONS]})


def _region(subscription: str, item: tuple[str, ...]) -> Json:
    name, shown, geography, group, latitude, longitude, place, pair = item
    base = f"/subscriptions/{subscription}/locations"
    return {
        "id": f"{base}/{name}",
        "name": name,
        "type": "Region",
        "displayName": shown,
        "regionalDisplayName": f"({group}) {shown}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": geography,
            "geographyGroup": group,
            "longitude": longitude,
            "latitude": latitude,
            "physicalLocation": place,
            "pairedRegion": [{"name": pair, "id": f"{base}/{pair}"}],
        },
    }


ROUTES = (
    Route(
        "GET",
        "/subscriptions/{sub}/locations",
        listing,
        action="Microsoft.Resources/subscriptions/locations/read",
        scope="/subscriptions/{sub}",
    ),
)
