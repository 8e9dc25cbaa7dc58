"""The table of why a sign-in fails: Entra's AADSTS numbers, OAuth's words, and what az and other credentials say.

Numbers and meanings are those of Entra's published error list.
"""

from __future__ import annotations

from dataclasses import dataclass

from tgwizard.model.problem import Fixer

_AGAIN = "Sign in again. With the Azure CLI: az login."
_ACCOUNT = "Check the account's name, or sign in with another account."
_SERVICE = "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the cloud."
_ASK = "Ask the directory's administrators."
_LATER = "Try again in a few minutes."
OTHER_WAY = "Sign in another way (first step of the set-up, or --sign-in device-code)"


@dataclass(frozen=True, slots=True)
class SignInErrorRow:
    """Why a sign-in failed. ``said`` are the numbers and words by which it is recognised; ``who`` can put it right."""

    said: tuple[str, ...]
    problem: str
    why: str
    fix: str
    who: Fixer = Fixer.YOU


REASONS: tuple[SignInErrorRow, ...] = (
    # --- who ---
    SignInErrorRow(
        ("50020", "90072", "16000", "16003", "50014", "51004", "90084"),
        "account-of-another-directory",
        "The account belongs to another directory and is no guest in this one.",
        "Choose the account's own directory, or have it invited as a guest.",
    ),
    SignInErrorRow(("50034",), "account-not-known", "The directory does not know the account.", _ACCOUNT),
    SignInErrorRow(
        ("50126", "50056", "50064"), "password-wrong", "The name or the password is wrong.", "Type them again."
    ),
    SignInErrorRow(("50057",), "account-disabled", "The account is disabled.", _ASK, Fixer.ADMIN),
    SignInErrorRow(
        ("500571",),
        "guest-disabled",
        "The account is a guest in this directory, and as a guest it is disabled.",
        "Name the directory that your subscription belongs to, or have the guest enabled there.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("500208",),
        "account-kind",
        "The directory takes accounts of another kind: work or school accounts and no personal ones, or the reverse.",
        "Sign in with an account of the directory's own kind.",
    ),
    SignInErrorRow(
        ("500212",),
        "guests-not-let-out",
        "The directory of your account lets nobody sign in to the other directory (cross-tenant access settings).",
        "Ask the administrators of your own directory to allow it, or use an account of the other one.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("500213",),
        "guests-not-let-in",
        "The directory that you sign in to does not let accounts of yours in (cross-tenant access settings).",
        "Ask the administrators of that directory to allow it, or use an account of it.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("50053",),
        "account-locked",
        "The account is locked for a while after too many wrong passwords, or the sign-in comes from a bad address.",
        "Wait a little, then sign in again.",
    ),
    SignInErrorRow(
        ("50055", "50144", "50125", "50135"),
        "password-expired",
        "The password has expired, or has to be changed before anything else.",
        "Change it in the browser, then sign in again.",
    ),
    SignInErrorRow(
        ("80012",),
        "outside-hours",
        "The account may not sign in at this time of day.",
        "Sign in within the allowed hours, or ask the directory's administrators.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("50105",),
        "account-not-assigned",
        "The directory lets only chosen accounts use the application that signs in, and this account is not one.",
        "Have the account added, or sign in another way.",
        Fixer.ADMIN,
    ),
    # --- how ---
    SignInErrorRow(
        ("50058", "700020", "interaction_required", "login_required"),
        "person-needed",
        "There is no session that could be continued without asking a person.",
        _AGAIN,
    ),
    SignInErrorRow(
        ("50072", "50074", "50076", "50078", "50079", "50158", "53004"),
        "second-factor",
        "The directory wants a second factor (MFA) for this.",
        "Sign in with the browser and confirm there; with the Azure CLI name the directory: az login --tenant.",
    ),
    SignInErrorRow(
        ("50088",),
        "second-factor-busy",
        "Too many second factors were asked for by phone just now.",
        _LATER,
        Fixer.AZURE,
    ),
    SignInErrorRow(
        ("53003", "530032", "50131", "50005"),
        "conditional-access",
        "A conditional access policy of the directory forbids this sign-in, here or in this way.",
        "Try the browser on a managed computer, or ask the directory's administrators which policy it is.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("53002",),
        "application-not-approved",
        "A conditional access policy of the directory lets only approved applications in.",
        "Sign in another way, or have the Azure CLI's application approved.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("530033", "530036"),
        "device-code-not-allowed",
        "A policy of the directory forbids signing in with a code on another device, also for sign-ins that began so.",
        "Sign in with the browser of this computer; with the Azure CLI: az login without --use-device-code.",
    ),
    SignInErrorRow(
        ("530035",),
        "security-defaults",
        "The directory's security defaults forbid this way of signing in, a code on another device for example.",
        "Sign in with the browser and a second factor.",
    ),
    SignInErrorRow(
        ("530084",),
        "token-protection",
        "A conditional access policy of the directory wants tokens that are bound to the computer (token protection), "
        "and this way of signing in gives none.",
        "With the Azure CLI on Windows let its broker sign in (az config set core.enable_broker_on_windows=true, then "
        "az login), or have this use exempted from the policy.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("53011", "530034"),
        "account-at-risk",
        "The account is blocked because its own directory takes it for at risk.",
        "Ask the administrators of the account's own directory.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("53010",),
        "second-factor-not-set-up",
        "A second factor has to be set up first, and the directory allows that only in certain places or on certain "
        "devices.",
        "Set it up where your organisation allows it (https://aka.ms/mysecurityinfo), then sign in again.",
    ),
    SignInErrorRow(
        ("53000", "53001", "50097", "50129", "50155", "50187", "135011", "130007"),
        "computer-not-managed",
        "The directory lets only managed computers in, and this one does not count as one.",
        "Sign in on a managed computer, with the browser.",
    ),
    SignInErrorRow(
        ("50002", "500021", "500022"),
        "directory-not-allowed-here",
        "The network that you are in lets nobody sign in to that directory (tenant restrictions).",
        "Sign in from another network, or have the directory allowed where the proxy is run.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("65001", "90094", "90008", "90095", "90099", "650056", "consent_required"),
        "consent-missing",
        "Nobody has agreed yet that the application that signs in may use Azure in this directory.",
        "Agree when the browser asks; if it does not ask, an administrator of the directory has to.",
    ),
    SignInErrorRow(
        ("65004", "70017", "access_denied", "authorization_declined"),
        "sign-in-declined",
        "The sign-in was declined on Microsoft's page.",
        "Start again if that was a mistake.",
    ),
    # --- too late ---
    SignInErrorRow(
        ("70043", "700082", "50173", "700084", "50132", "50133", "50089", "70000", "50013", "50085"),
        "sign-in-expired",
        "The sign-in has expired, or was withdrawn; a changed password or a policy of the directory does that.",
        _AGAIN,
    ),
    SignInErrorRow(
        ("70016", "authorization_pending", "slow_down"),
        "code-not-used",
        "The code was not used in time.",
        "Ask for a new code.",
    ),
    SignInErrorRow(
        ("70018", "70019", "70020", "expired_token", "code_expired"),
        "code-expired",
        "The code has expired; one is good for some minutes only.",
        "Ask for a new code.",
    ),
    SignInErrorRow(
        ("70008", "54005"),
        "answer-expired",
        "The browser's answer came too late, or twice.",
        "Start again.",
    ),
    # --- where ---
    SignInErrorRow(
        ("90002", "900023", "900021", "50128", "50059", "90019"),
        "directory-not-known",
        "This cloud does not know the directory, or none was named.",
        "Check the directory (tenant) and the cloud.",
    ),
    SignInErrorRow(
        ("5000224", "5000225"),
        "directory-blocked",
        "Microsoft has blocked the directory, after a long time without use for example, or it was deleted.",
        "Name the directory that your subscription belongs to (--tenant, or az login --tenant). Whether the blocked "
        "one can be opened again, its administrators learn from Microsoft's support.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("90038", "900382", "900432", "1000104", "90043"),
        "directory-of-another-cloud",
        "The directory belongs to another cloud of Azure.",
        "Start in that cloud (--cloud usgovernment or china).",
    ),
    SignInErrorRow(
        ("70011", "500011", "650057", "650052", "50001", "invalid_resource"),
        "service-not-known",
        "The directory does not know the service that the sign-in is for; that is usual for the wrong cloud.",
        "Check the cloud.",
    ),
    # --- applications ---
    SignInErrorRow(
        ("700016", "7000229", "700011", "unauthorized_client"),
        "application-not-known",
        "The directory does not know the application that signs in.",
        _SERVICE,
    ),
    SignInErrorRow(("7000112", "70001"), "application-disabled", "The application is disabled.", _ASK, Fixer.ADMIN),
    SignInErrorRow(
        ("7000215", "70002"),
        "secret-wrong",
        "The application's secret is wrong; often the secret's id was taken for its value.",
        "Set AZURE_CLIENT_SECRET to the value of a valid secret.",
    ),
    SignInErrorRow(
        ("7000222",),
        "secret-expired",
        "The application's secret has expired.",
        "Make a new secret in Entra ID, and set AZURE_CLIENT_SECRET to its value.",
    ),
    SignInErrorRow(
        ("700027", "700030", "50012"),
        "certificate-wrong",
        "The certificate is not one that the application knows, or it has expired.",
        "Upload its public part to the application in Entra ID, or use another certificate.",
    ),
    SignInErrorRow(
        ("700024", "500133"),
        "clock-wrong",
        "Entra takes what this computer sent for too old or too new: its clock is wrong.",
        "Set the clock right, best by network time.",
    ),
    SignInErrorRow(
        ("50194",),
        "directory-needed",
        "The application works in one directory only, and none was named.",
        "Name the directory (tenant).",
    ),
    SignInErrorRow(
        ("50033", "50087", "90006", "90012", "90024", "90033", "90055", "90090", "temporarily_unavailable", "50196"),
        "entra-busy",
        "Entra could not do it just now.",
        _LATER,
        Fixer.AZURE,
    ),
    SignInErrorRow(
        ("80001", "80002", "80005", "80007", "80010", "80014", "40008", "40010", "20001"),
        "own-directory-trouble",
        "Your organisation's own servers for sign-ins did not answer Entra as they should.",
        "Try again in a few minutes; if it stays so, tell the directory's administrators.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("7000218",),
        "application-not-public",
        "The application that signs in is not set up for people.",
        "Use another way to sign in.",
    ),
)

BY_SAID = {said: reason for reason in REASONS for said in reason.said}
"""The row of each number and word."""

CREDENTIALS: tuple[SignInErrorRow, ...] = (
    SignInErrorRow(
        (
            "SSLCertVerificationError",
            "certificate verify failed",
            "CERTIFICATE_VERIFY_FAILED",
            "self signed certificate",
        ),
        "az-certificate",
        "The Azure CLI does not trust the certificate that it is shown: something inspects the traffic on its way.",
        "Set REQUESTS_CA_BUNDLE to the file with your company's CA certificates (PEM); az and tgwizard both read it.",
    ),
    SignInErrorRow(
        ("Could not find a suitable TLS CA certificate bundle",),
        "az-certificate",
        "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names a file of CA certificates that the Azure CLI does not find.",
        "Set the variable to a file that is there, or clear it.",
    ),
    SignInErrorRow(
        ("ProxyError", "Unable to connect to proxy", "Cannot connect to proxy", "Missing dependencies for SOCKS"),
        "az-proxy",
        "The Azure CLI did not get through the proxy.",
        "Check HTTPS_PROXY and ALL_PROXY, and the proxy's name and password.",
    ),
    SignInErrorRow(
        ("NewConnectionError", "NameResolutionError", "getaddrinfo failed", "ConnectTimeout", "Connection refused"),
        "az-no-network",
        "The Azure CLI could not reach Entra.",
        "Check the network and the name resolution of this computer.",
    ),
    SignInErrorRow(
        ("Multiple user assigned identities exist",),
        "several-identities",
        "This machine has several user-assigned identities, and none was named.",
        "Set AZURE_CLIENT_ID to the client id of the one that is to be used.",
    ),
    SignInErrorRow(
        ("Identity not found", "No managed identity endpoint found", "The requested identity has not been assigned"),
        "identity-not-assigned",
        "This machine has no such managed identity.",
        "Turn its identity on, or assign the one that AZURE_CLIENT_ID names; cleared, it stands for the machine's own.",
        Fixer.ADMIN,
    ),
    SignInErrorRow(
        ("Azure CLI not found",),
        "az-not-found",
        "The Azure CLI (az) was not found on this computer. It is neither in PATH nor where it is usually installed; a "
        "program that was started from a desktop has not the PATH of a terminal.",
        f"{OTHER_WAY}, or install az, add its folder to PATH and run: az login.",
    ),
    SignInErrorRow(
        (
            "Please run 'az login'",
            'Please run "az login"',
            "Please run: az login",
            "run `az login`",
            "No subscription found",
        ),
        "az-not-signed-in",
        "Nobody is signed in to the Azure CLI.",
        f"Run: az login. {OTHER_WAY} if you like.",
    ),
    SignInErrorRow(
        ("Unexpected output from Azure CLI",),
        "az-answer-not-understood",
        "The Azure CLI answered, and its answer holds no token.",
        "az account get-access-token --output json shows what it answers.",
    ),
    SignInErrorRow(
        ("Failed to invoke the Azure CLI", "Timed out waiting for Azure CLI"),
        "az-not-answering",
        "The Azure CLI did not answer in time, or could not be started.",
        "Try again; az account get-access-token shows whether it works. If nobody is signed in: az login.",
    ),
    SignInErrorRow(
        ("ManagedIdentityCredential", "IMDS", "managed identity"),
        "no-managed-identity",
        "No managed identity answers on this computer.",
        "That works only on an Azure machine whose identity is on. Use another way to sign in.",
    ),
)
"""What credentials say when they have no token, by pieces of their texts (azure-identity 1.27, az 2.91)."""
