"""`vault-pim config`: check the configuration, print its JSON Schema. Reads no secret, connects to nothing."""

import json

import typer

from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.render import Output, counted
from vault_pim.settings import InvalidConfiguration, configuration_path
from vault_pim.settings.findings import findings
from vault_pim.settings.reference import json_schema

app = typer.Typer(add_completion=False, help="Check the configuration; print its JSON Schema.")


@app.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Check the configuration: every problem with its file, line, key and what to write instead.

    Exits 0 if all is well, 2 if the configuration is right but a file it names cannot be used here, 3 if it is wrong.
    """
    given, output = invocation(context), Output(as_json=as_json)
    try:
        settings = given.settings()
    except InvalidConfiguration as error:
        problems = [one.as_json() for one in error.problems]
        output.json({"valid": False, "files": [configuration_path(given.config)], "problems": problems, "findings": []})
        if as_json:
            raise typer.Exit(error.exit_code) from error
        raise
    found = findings(settings)
    output.json(
        {
            "valid": True,
            "files": settings.files,
            "pims": sorted(settings.pims),
            "policies": sorted(settings.policies),
            "connectors": [one.id for one in settings.connectors()],
            "problems": [],
            "findings": [one.as_json() for one in found],
        }
    )
    for one in found:
        output.line(str(one))
    counts = [
        counted(len(settings.pims), "PIM"),
        counted(len(settings.policies), "policy", "policies"),
        counted(len(settings.connectors()), "connector"),
    ]
    output.line(f"{settings.files[0]} is valid: {', '.join(counts)}")
    if found:
        raise typer.Exit(FINDING)


@app.command()
def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of the configuration file, for editors and for checks of your own."""
    del as_json  # it is JSON anyway
    typer.echo(json.dumps(json_schema(), indent=2))
