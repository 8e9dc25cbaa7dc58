"""Signing in before a command, when ``--sign-in`` says how: prompts go to standard error, Ctrl-C gives up."""

from __future__ import annotations

from tgwizard.cli.app_ports import EnvironmentChoice, OpenEnvironment
from tgwizard.cli.console import Console
from tgwizard.cli.exit_code import ExitCode
from tgwizard.engine.azure_call_error import AzureCallError
from tgwizard.engine.cancel import CancelToken
from tgwizard.engine.runs.job_services import Services
from tgwizard.model.problem import UserError
from tgwizard.model.sign_in import SignInMethod, SignInPrompt, SignInRequest
from tgwizard.model.text import LOCAL_TIME


def sign_in(where: EnvironmentChoice, connection: OpenEnvironment, console: Console) -> ExitCode | None:
    """Sign in as the user wished; None when that is done or was not asked for, else the exit code of the refusal."""
    if where.sign_in is None:
        return None
    cancel = CancelToken()
    services = connection.services
    try:
        caller = services.sign_in.sign_in(
            sign_in_request_of(where, services), lambda prompt: console.note(words_of(prompt)), cancel
        )
    except AzureCallError as failure:
        console.complain(UserError(failure.problem))
        return ExitCode.FAILED
    except BaseException:
        cancel.cancel()
        raise
    console.note(f"Signed in as {caller.name}.")
    return None


def sign_in_request_of(where: EnvironmentChoice, services: Services) -> SignInRequest:
    """What the options ask for, in the cloud that is connected."""
    clouds = services.sign_in.clouds()
    cloud = next((cloud for cloud in clouds if cloud.name == services.cloud), clouds[0])
    return SignInRequest(where.sign_in or SignInMethod.AZURE_CLI, cloud, where.tenant, where.claims)


def words_of(prompt: SignInPrompt) -> str:
    """What the person is to do."""
    if not prompt.code:
        return f"Sign in in the browser that opens. If none does, open {prompt.url}"
    until = f" It is good until {LOCAL_TIME.minute(prompt.expires)}." if prompt.expires else ""
    return f"Open {prompt.url} on any device and type the code {prompt.code}.{until}"
