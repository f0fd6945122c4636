"""`vault-pim config` says in words, in JSON and by its exit code whether a configuration can be used."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Call


def test_usable_configuration_exits_0(call: Call, configuration: Path) -> None:
    """Nothing to say but what it holds."""
    ended = call("--config", configuration, "config", "check")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{configuration} is valid: 1 PIM, 1 policy, 2 connectors\n"


def test_file_that_cannot_be_used_is_a_finding_and_exits_2(call: Call, configuration: Path) -> None:
    """A right configuration with an open secret file is valid, and not all well."""
    (configuration.parent / "secret").chmod(0o644)
    ended = call("--config", configuration, "config", "check")
    assert ended.code == 2
    assert f"{configuration}:3: vault.auth.token_file: " in ended.out
    assert f"chmod 600 {configuration.parent}/secret" in ended.out


def test_wrong_configuration_exits_3_with_each_problem_on_stderr(call: Call, configuration: Path) -> None:
    """What, one line for each problem, and what to do."""
    configuration.write_text(
        configuration.read_text().replace("grace: PT24H", "grace: 1").replace("label: ERP", "labl: E")
    )
    ended = call("config", "check", "--config", configuration)
    assert (ended.code, ended.out) == (3, "")
    lines = ended.err.splitlines()
    assert lines[0] == "error: the configuration has 3 problems"
    assert [line.startswith(f"{configuration}:") for line in lines] == [False, True, True, True, False]
    assert lines[-1].startswith("what to do: ")


def test_json_is_one_object_with_everything(call: Call, configuration: Path) -> None:
    """A valid configuration is told as data, its findings too."""
    (configuration.parent / "secret").chmod(0o640)
    ended = call("--config", configuration, "config", "check", "--json")
    document = json.loads(ended.out)
    assert ended.code == 2
    assert document["valid"] is True
    assert document["files"] == [str(configuration)]
    assert (document["pims"], document["policies"]) == (["prod"], ["default"])
    assert document["connectors"] == ["prod/erp", "prod/shop"]
    assert [one["key"] for one in document["findings"]] == ["vault.auth.token_file", "pims.prod.web.password_file"]


def test_json_of_a_wrong_configuration_names_place_key_and_advice(call: Call, configuration: Path) -> None:
    """Problems are told as data on stdout, and nothing is said twice on stderr."""
    configuration.write_text(configuration.read_text().replace("grace: PT24H", "grace: 24h"))
    ended = call("--config", configuration, "config", "check", "--json")
    assert (ended.code, ended.err) == (3, "")
    assert json.loads(ended.out) == {
        "valid": False,
        "files": [str(configuration)],
        "problems": [
            {
                "file": str(configuration),
                "line": 7,
                "key": "policies.default.grace",
                "what": "'24h' is not an ISO 8601 duration",
                "advice": "Write PT24H.",
            }
        ],
        "findings": [],
    }


def test_schema_is_a_json_schema_that_forbids_unknown_keys(call: Call) -> None:
    """The schema is one JSON object; every section of it is closed."""
    ended = call("config", "schema")
    schema = json.loads(ended.out)
    assert call("config", "schema", "--json").out == ended.out
    assert ended.code == 0
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["vault"]
    assert all(
        section["additionalProperties"] is False for section in schema["$defs"].values() if "properties" in section
    )
