"""`sandbox up`: OpenBao and a sandbox PIM in the foreground, with a configuration that fits."""

import signal
import tempfile
import threading
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.cli.invocation import AsJson
from vault_pim.cli.render import GOOD, Output
from vault_pim.playground import PIM_ACCOUNT, Playground


class PimRelease(StrEnum):
    """What the sandbox PIM can be. Named here too, so that help and completion need nothing of the sandbox."""

    V1_7 = "1.7"
    V2_3 = "2.3"
    V3_2 = "3.2"
    V4_0 = "4.0"
    V5_0 = "5.0"
    V6_0 = "6.0"
    V7_0 = "7.0"
    MASTER = "master"


app = typer.Typer(add_completion=False, help="OpenBao and a PIM to play with.")


@app.callback()
def sandbox() -> None:
    """OpenBao and a PIM to play with."""


@app.command()
def up(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Where everything is put. Default: a temporary directory.")
    ] = None,
    pim_release: Annotated[
        PimRelease, typer.Option("--pim-release", help="Release the PIM behaves as.")
    ] = PimRelease.V7_0,
    as_json: AsJson = False,
) -> None:
    """Run a real OpenBao and a sandbox PIM until interrupted; write a configuration, set Vault up, print addresses."""
    output, ended = Output(as_json=as_json), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vault-pim-")))
        world = stack.enter_context(Playground(directory, pim_release.value))
        world.set_up()
        output.json(
            {
                "config": world.config,
                "vault_url": world.bao.url,
                "pim_url": world.pim.url,
                "pim_username": PIM_ACCOUNT,
                "pim_password_file": world.directory / "pim_password",
                "pim_admin_username": world.pim.admin_username,
                "pim_admin_password_file": world.directory / "pim_admin_password",
                "admin_token_file": world.admin_token_file,
                "logins": world.directory / "login",
            }
        )
        output.line(f"OpenBao   {world.bao.url}", GOOD)
        output.line(f"PIM       {world.pim.url}  (user {PIM_ACCOUNT}, password in pim_password)", GOOD)
        output.line(f"          (user {world.pim.admin_username} may do everything; password in pim_admin_password)")
        output.line(f"Config    {world.config}", GOOD)
        output.line(f"Admin     {world.admin_token_file}  (a Vault token; only `vault-pim setup` needs it)", GOOD)
        output.line()
        output.line("In another terminal:")
        output.line(f"  export VAULT_PIM_CONFIG={world.config}")
        output.line("  vault-pim plan; vault-pim apply; vault-pim status; vault-pim daemon")
        output.stdout.file.flush()
        while not ended.wait(1):
            pass
