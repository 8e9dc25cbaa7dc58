"""The table from Azure's error codes to sentences and causes (azure-wire.md 1.2, 2.3 to 2.6, 4.2).

A row is chosen by code, the codes in ``details`` first because they tell apart what one status or one general code
lumps together (a 429 can be a busy interface or a throttle). A code that is not here gets an honest general sentence by
its status. ``failures`` puts the two together with what the call was about.
"""

from __future__ import annotations

from tgwizard.azure.problem_row import Row
from tgwizard.azure.problems_access import ACCESS_ROWS
from tgwizard.engine.ports import Cause

_WAIT = "Wait until it has finished, then try again."
_SIGN_IN = "Sign in again. With the Azure CLI: az login."
_READ_AGAIN = "Read again and check who changed it before you start anew."
_REPORT = "Report this with its details; the interface was left as it was."

TABLE: tuple[Row, ...] = (
    # --- the version moved (2.3) ---
    Row(
        "PreconditionFailedEtagMismatch",
        Cause.ETAG_MOVED,
        "changed-meanwhile",
        "Someone or something else changed it after it was read.",
        _READ_AGAIN,
    ),
    Row("PreconditionFailed", Cause.ETAG_MOVED, "changed-meanwhile", "It changed after it was read.", _READ_AGAIN),
    # --- addresses (2.5) ---
    Row(
        "PrivateIPAddressIsAllocated",
        Cause.ADDRESS_ALLOCATED,
        "address-allocated",
        "The address is still allocated to {holder}.",
        "If that is no member of the cluster, remove the address there first.",
    ),
    Row(
        "PrivateIPAddressNotInSubnet",
        Cause.OTHER,
        "address-outside-subnet",
        "The address does not belong to the range of the subnet.",
        "Correct the address or the subnet in the cluster file.",
    ),
    Row(
        "PrivateIPAddressInReservedRange",
        Cause.OTHER,
        "address-reserved",
        "Azure keeps the first four and the last address of every subnet for itself.",
        "Choose another floating IP.",
    ),
    Row("SubnetIsFull", Cause.OTHER, "subnet-full", "The subnet has no free address left.", "Free an address in it."),
    Row(
        "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
        Cause.OTHER,
        "two-subnets-on-one-nic",
        "All configurations of one network interface have to be in one subnet.",
        "Check the subnet in the cluster file against the interface.",
    ),
    Row(
        "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
        Cause.OTHER,
        "no-primary-configuration",
        "None of the interface's configurations would be primary.",
        "Mark its own address as primary in Azure.",
    ),
    Row("InvalidIPConfigCount", Cause.OTHER, "no-configuration", "It would have no configuration left.", _REPORT),
    Row(
        "PublicIPAddressInUse",
        Cause.OTHER,
        "public-ip-in-use",
        "The public IP that travels with the address is used by another resource.",
        "Remove it there, or take it out of [floating.carried] in the cluster file.",
    ),
    Row(
        "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
        Cause.OTHER,
        "security-groups-differ",
        "All configurations of one network interface need the same application security groups.",
        "Give every configuration of the interface the same groups.",
    ),
    Row(
        "ApplicationGatewayLoadBalancingNotSupportedOnSecondaryIpConfigurations",
        Cause.OTHER,
        "gateway-pool-on-secondary",
        "An application gateway's pool cannot hold a secondary configuration.",
        "Take the pool off the floating configuration.",
    ),
    # --- the request itself: our fault ---
    Row("InvalidRequestFormat", Cause.OTHER, "request-not-understood", "Azure could not read the request.", _REPORT),
    Row("InvalidRequestContent", Cause.OTHER, "request-not-understood", "Azure could not read the request.", _REPORT),
    Row("InvalidJson", Cause.OTHER, "request-not-understood", "Azure could not read the request.", _REPORT),
    Row(
        "MissingApiVersionParameter",
        Cause.OTHER,
        "request-not-understood",
        "The request named no version of the interface it speaks.",
        _REPORT,
    ),
    Row(
        "NoRegisteredProviderFound",
        Cause.OTHER,
        "api-version-unknown",
        "This cloud does not know the version of the interface that tgwizard speaks.",
        "Update tgwizard, or check which cloud the cluster file names.",
    ),
    Row(
        "InvalidResourceType",
        Cause.OTHER,
        "api-version-unknown",
        "This cloud does not know that kind of resource.",
        "Check the resource ids in the cluster file.",
    ),
    Row(
        "ParentResourceIsInFailedState",
        Cause.OTHER,
        "parent-failed",
        "A resource it belongs to is in a failed state.",
        "Repair the resource that the details name, then try again.",
    ),
    # --- sign-in (4.2) ---
    Row("AuthenticationFailed", Cause.SIGN_IN, "not-signed-in", "Azure did not accept the sign-in.", _SIGN_IN),
    Row("InvalidAuthenticationToken", Cause.SIGN_IN, "not-signed-in", "Azure did not accept the sign-in.", _SIGN_IN),
    Row("ExpiredAuthenticationToken", Cause.SIGN_IN, "sign-in-expired", "The sign-in has expired.", _SIGN_IN),
    Row(
        "InvalidAuthenticationTokenTenant",
        Cause.SIGN_IN,
        "sign-in-other-tenant",
        "You are signed in to another tenant than the subscription belongs to.",
        "Sign in to the tenant of the cluster file. With the Azure CLI: az login --tenant TENANT.",
    ),
    Row(
        "InvalidAuthenticationTokenAudience",
        Cause.SIGN_IN,
        "sign-in-other-service",
        "The sign-in is meant for another service.",
        _SIGN_IN,
    ),
    # --- rights and locks (2.6, 1.2) ---
    Row(
        "LinkedAuthorizationFailed",
        Cause.NOT_ALLOWED,
        "not-allowed",
        "Your role lacks {action} on {scope}, which the interface refers to.",
        "Have that action added to your role at that scope. A new right can take ten minutes to arrive.",
    ),
    Row(
        "AuthorizationFailed",
        Cause.NOT_ALLOWED,
        "not-allowed",
        "Your role lacks {action} on {scope}.",
        "Have that action added to your role at that scope. A new right can take ten minutes to arrive.",
    ),
    Row(
        "DenyAssignmentAuthorizationFailed",
        Cause.NOT_ALLOWED,
        "denied",
        "A deny assignment forbids {action} on {scope}.",
        "Have whoever manages that scope lift it.",
    ),
    Row(
        "LinkedAccessCheckFailed",
        Cause.NOT_ALLOWED,
        "not-allowed",
        "Your role lacks a right on a resource that the interface refers to; the details name it.",
        "Have that right added to your role.",
    ),
    Row(
        "RequestDisallowedByPolicy",
        Cause.NOT_ALLOWED,
        "policy",
        "An Azure policy of your organisation forbids the change; the details name it.",
        "Have an exemption made, or change the policy.",
    ),
    Row(
        "ReadOnlyDisabledSubscription",
        Cause.LOCKED,
        "subscription-disabled",
        "The subscription is disabled and can only be read.",
        "Enable the subscription in the Azure portal.",
    ),
    Row(
        "ScopeLocked",
        Cause.LOCKED,
        "locked",
        "A lock forbids changes to it.",
        "Remove the lock in the Azure portal, or have its owner do so.",
    ),
    # --- not there (1.2) ---
    Row(
        "ResourceNotFound",
        Cause.NOT_FOUND,
        "not-found",
        "It does not exist in that resource group.",
        "Check the resource id in the cluster file.",
    ),
    Row("NotFound", Cause.NOT_FOUND, "not-found", "It does not exist.", "Check the resource id in the cluster file."),
    Row(
        "ParentResourceNotFound",
        Cause.NOT_FOUND,
        "not-found",
        "The resource it belongs to does not exist.",
        "Check the resource id in the cluster file.",
    ),
    Row(
        "ResourceGroupNotFound",
        Cause.NOT_FOUND,
        "group-not-found",
        "Its resource group does not exist.",
        "Check the resource id in the cluster file.",
    ),
    Row(
        "SubscriptionNotFound",
        Cause.NOT_FOUND,
        "subscription-not-found",
        "The subscription does not exist, or not for the account you are signed in with.",
        "Check the subscription in the cluster file and the account you are signed in with.",
    ),
    # --- something else is going on (2.4) ---
    Row("RetryableErrorDueToAnotherOperation", Cause.BUSY, "busy", "Another update of it is still running.", _WAIT),
    Row(
        "ReferencedResourceNotProvisioned", Cause.BUSY, "busy", "A resource it refers to is still being updated.", _WAIT
    ),
    Row(
        "AnotherOperationInProgress",
        Cause.BUSY,
        "busy",
        "Another operation on it, or on what it needs, is running.",
        _WAIT,
    ),
    Row("RetryableError", Cause.BUSY, "busy", "Azure asks to try again a little later.", _WAIT),
    Row(
        "CanceledAndSupersededDueToAnotherOperation",
        Cause.BUSY,
        "superseded",
        "A later change of the same interface took its place.",
        _READ_AGAIN,
        "Azure gave up this update of {name}.",
    ),
    Row(
        "OperationNotAllowed",
        Cause.OTHER,
        "operation-not-allowed",
        "The virtual machine does not allow it now, for example because it is being deleted.",
        "Look at the virtual machine in the Azure portal.",
    ),
    Row(
        "MissingSubscriptionRegistration",
        Cause.OTHER,
        "provider-not-registered",
        "The subscription is not registered for this kind of resource.",
        "Register the resource provider that the details name.",
    ),
    # --- too much ---
    Row("TooManyRequests", Cause.THROTTLED, "throttled", "Too many requests were made.", "It is tried again later."),
    Row(
        "SubscriptionRequestsThrottled",
        Cause.THROTTLED,
        "throttled",
        "The subscription's limit of requests is used up for the moment.",
        "Find out what else asks Azure so often; tgwizard slows down by itself.",
    ),
    # --- trouble inside Azure (1.2) ---
    Row("ServerTimeout", Cause.OTHER, "azure-trouble", "Azure ran out of time inside.", "Read again."),
    Row(
        "GatewayTimeout", Cause.OTHER, "azure-trouble", "A service inside Azure did not answer in time.", "Read again."
    ),
    Row("InternalServerError", Cause.OTHER, "azure-trouble", "Azure had an internal error.", "Read again."),
    *ACCESS_ROWS,
)

BY_CODE = {row.code.lower(): row for row in TABLE}

_BY_STATUS: dict[int, Row] = {
    401: Row("", Cause.SIGN_IN, "not-signed-in", "Azure did not accept the sign-in.", _SIGN_IN),
    403: Row(
        "",
        Cause.NOT_ALLOWED,
        "not-allowed",
        "Azure says that you are not allowed to.",
        "Have your rights on it checked; the details hold Azure's words.",
    ),
    404: Row("", Cause.NOT_FOUND, "not-found", "It does not exist.", "Check the resource id in the cluster file."),
    408: Row("", Cause.OTHER, "azure-trouble", "Azure did not get or finish the request in time.", "Read again."),
    412: Row("", Cause.ETAG_MOVED, "changed-meanwhile", "It changed after it was read.", _READ_AGAIN),
    429: Row("", Cause.THROTTLED, "throttled", "Too many requests were made.", "It is tried again later."),
}

_TROUBLE = Row("", Cause.OTHER, "azure-trouble", "Azure had an internal error.", "Read again.")
_GENERAL = Row("", Cause.OTHER, "azure-refused", "The details hold Azure's words.", "")


def row_for(status: int | None, codes: tuple[str, ...]) -> Row:
    """The row for an answer: the first known code decides, then the status. ``codes``: those of the details first."""
    for code in codes:
        if code.lower() in BY_CODE:
            return BY_CODE[code.lower()]
    if status is not None and status in _BY_STATUS:
        return _BY_STATUS[status]
    return _TROUBLE if status is not None and status >= 500 else _GENERAL
