"""`vault-pim daemon`: passes for ever, on schedule."""

import typer

from vault_pim.cli.invocation import invocation
from vault_pim.daemon.process import run


def daemon(context: typer.Context) -> None:
    """Do what is due, for ever, on schedule.

    SIGTERM finishes the step in hand and ends; SIGHUP reloads the configuration. Health, metrics and a status page
    answer on daemon.listen.
    """
    given = invocation(context)
    raise typer.Exit(run(given.config, verbosity=given.verbosity))
