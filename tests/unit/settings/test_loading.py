"""Where the configuration comes from, what wins, and what the rest of the program gets to see of it."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.unit.settings.conftest import Write
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import FlowType
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.policy import Calendar, Period
from vault_pim.settings import InvalidConfiguration, Settings
from vault_pim.settings.findings import findings
from vault_pim.settings.logins import ApproleLogin

ROOT = Path(__file__).parents[3]
CONFIGURATIONS = [ROOT / "config/vault-pim.yaml", *sorted((ROOT / "config/examples").glob("*.yaml"))]
TWINS = """\
connectors:
  test/erp: {label: ERP, permissions: [pim_api_overall_access]}
  shop: {pim: test, label: Shop, permissions: [pim_api_overall_access]}
"""
SECOND_PIM = {
    "policies:": "  test:\n    url: https://pim2.example.com\n    web: {username: me, password_file: /pw}\npolicies:"
}


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_shipped_configuration_is_valid_and_connects_something(path: Path) -> None:
    """Every configuration in config/ loads as it is and declares a connector."""
    assert Settings.load(path).connectors()


def test_sections_become_nouns() -> None:
    """The shipped configuration gives connectors with their policies, by age and by calendar."""
    erp, shop = Settings.load(CONFIGURATIONS[0]).connectors()
    assert (str(erp.id), erp.label, erp.flow_type) == ("prod/erp", "ERP", FlowType.DATA_SOURCE)
    assert erp.policy.schedule == Period(every=timedelta(days=30), jitter=0.1)
    assert erp.logins == (AppRoleAccess(secret_id_ttl=timedelta(days=7)),)
    assert shop.policy.schedule == Calendar(
        cron="0 3 * * SUN", timezone=ZoneInfo("Europe/Paris"), window=timedelta(hours=2)
    )
    assert shop.logins == (AppRoleAccess(secret_id_ttl=timedelta(days=7), bound_cidrs=("10.20.0.0/16",)),)


def test_text_stays_as_written(write: Write) -> None:
    """What YAML 1.1 would turn into a number or a truth value stays the text it is."""
    settings = Settings.load(write({"label: ERP": "label: NO\n    owner: 010", "https://pim": "https://pim"}))
    assert (settings.connectors()[0].label, settings.connectors()[0].owner) == ("NO", "010")


def test_unquoted_release_stays_as_written(write: Write) -> None:
    """`release: 4.0` is the release 4.0, not a number."""
    path = write({"    url: https://pim.example.com": "    url: https://pim.example.com\n    release: 4.0"})
    assert Settings.load(path).pims["prod"].release == "4.0"


def test_null_is_nothing_and_quoted_null_is_text(write: Write) -> None:
    """A plain null leaves the default; in quotes it is a word."""
    settings = Settings.load(write({"label: ERP": "label: 'null'\n    owner: null\n    user_group: ~\n    auth:"}))
    (erp,) = settings.connectors()
    assert (erp.label, erp.owner, erp.user_group, erp.logins) == ("null", None, None, ())


def test_section_left_empty_is_as_if_absent(write: Write) -> None:
    """`connectors:` with nothing below it, as when all of them stand in connectors.d, is no mistake."""
    path = write(None, shop=TWINS.replace("test", "prod"), none="connectors:\n")
    path.write_text(path.read_text().partition("  erp:")[0])
    assert path.read_text().endswith("connectors:\n")
    assert [str(one.id) for one in Settings.load(path).connectors()] == ["prod/erp", "prod/shop"]


def test_merged_mapping_is_overridden_by_own_keys(write: Write) -> None:
    """YAML's `<<` works, and is no duplicate."""
    policies = "  base: &base {rotate_every: P30D, max_age: P45D, grace: PT24H}\n  default: {<<: *base, grace: PT48H}"
    settings = Settings.load(write({"  default: {rotate_every: P30D, max_age: P45D, grace: PT24H}": policies}))
    assert settings.policies["default"].grace == timedelta(hours=48)


def test_environment_wins_over_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable replaces one key and leaves its neighbours."""
    monkeypatch.setenv("VAULT_PIM__VAULT__URL", "https://other.example.com")
    monkeypatch.setenv("VAULT_PIM__VAULT__NAMESPACE", "null")
    monkeypatch.setenv("VAULT_PIM__CONNECTORS__ERP__PERMISSIONS", "[pim_api_overall_access]")
    monkeypatch.setenv("VAULT_PIM__PIMS__PROD__MAX_PARALLEL", "3")
    settings = Settings.load(write())
    assert settings.vault.url == "https://other.example.com"
    assert settings.vault.namespace is None
    assert isinstance(settings.vault.auth, ApproleLogin)
    assert settings.connectors()[0].permissions == {"pim_api_overall_access"}
    assert settings.pims["prod"].max_parallel == 3


@pytest.mark.parametrize("key", ["erp-eu", "prod/erp"])
def test_variable_reaches_name_with_dash_or_slash(write: Write, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """A variable's name has an underscore where the name in the file has a dash or a slash."""
    monkeypatch.setenv(f"VAULT_PIM__CONNECTORS__{key.upper().translate(str.maketrans('-/', '__'))}__LABEL", "Other")
    assert [one.label for one in Settings.load(write({"  erp:": f"  {key}:"})).connectors()] == ["Other"]


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("VAULT_PIM__VALT__URL", "Did you mean vault?"),
        ("VAULT_PIM__VAULT__URLL", "Did you mean url?"),
        ("VAULT_PIM__CONNECTORS__ERP__LABL", "Did you mean label?"),
        ("VAULT_PIM__VAULT__AUTH__SECRET_ID", "name that in secret_id_file"),
    ],
)
def test_unknown_variable_is_refused_by_name(
    write: Write, monkeypatch: pytest.MonkeyPatch, variable: str, advice: str
) -> None:
    """A variable that no key answers to is named; its value is not repeated."""
    monkeypatch.setenv(variable, "canary-5d21")
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(write())
    (problem,) = caught.value.problems
    assert problem.place.file == f"environment variable {variable}"
    assert advice in problem.advice
    assert "canary-5d21" not in caught.value.why


def test_wrong_value_of_variable_is_refused_by_its_name(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value from the environment is judged like one from the file, and the variable is named."""
    monkeypatch.setenv("VAULT_PIM__POLICIES__DEFAULT__GRACE", "24h")
    monkeypatch.setenv("VAULT_PIM__CONNECTORS__ERP__PERMISSIONS", "[a, b")
    monkeypatch.setenv("VAULT_PIM__DAEMON", "127.0.0.1:8300")
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(write())
    assert [(one.place.file, one.advice) for one in caught.value.problems] == [
        ("environment variable VAULT_PIM__CONNECTORS__ERP__PERMISSIONS", "Write it as a list: [a, b]."),
        ("environment variable VAULT_PIM__DAEMON", "Give it keys of its own."),
        ("environment variable VAULT_PIM__POLICIES__DEFAULT__GRACE", "Write PT24H."),
    ]


def test_whole_section_from_the_environment_is_written_as_in_yaml(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mapping in one variable lies over the file key by key."""
    monkeypatch.setenv("VAULT_PIM__DAEMON", "{listen: '127.0.0.1:9', check_every: PT5S}")
    daemon = Settings.load(write({"vault:": "daemon: {survey_every: PT1H}\nvault:"})).daemon
    assert (daemon.listen, daemon.check_every, daemon.survey_every) == (
        "127.0.0.1:9",
        timedelta(seconds=5),
        timedelta(hours=1),
    )


def test_path_is_given_else_named_by_variable_else_default(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument wins over VAULT_PIM_CONFIG, which wins over config/vault-pim.yaml."""
    path = write()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidConfiguration, match="1 problem") as caught:
        Settings.load()
    assert caught.value.problems[0].place.file == "config/vault-pim.yaml"
    monkeypatch.setenv("VAULT_PIM_CONFIG", str(path))
    assert Settings.load().files == (path,)
    monkeypatch.setenv("VAULT_PIM_CONFIG", "/absent.yaml")
    assert Settings.load(path).files == (path,)


def test_connector_is_found_by_either_name(write: Write) -> None:
    """The short name suffices where one PIM alone has it; the long name always does."""
    settings = Settings.load(write(SECOND_PIM, twins=TWINS))
    assert str(settings.connector("shop").id) == "test/shop"
    assert settings.connector("test/erp").id.pim == "test"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("erp", "Write prod/erp or test/erp."),
        ("shp", "Did you mean shop?"),
        ("test/shp", "Did you mean test/shop?"),
        ("xyz", "Choose one of: prod/erp, test/erp, test/shop."),
    ],
)
def test_name_that_means_no_single_connector_is_refused_with_candidates(write: Write, name: str, advice: str) -> None:
    """An ambiguous name lists what it could mean; an unknown one what is close."""
    settings = Settings.load(write(SECOND_PIM, twins=TWINS))
    with pytest.raises(ConfigurationError) as caught:
        settings.connector(name)
    assert caught.value.advice == advice
    assert name in caught.value.what


def test_grace_is_judged_by_the_pim_where_the_policy_is_used(write: Write) -> None:
    """A PIM with longer-lived access tokens needs a longer grace; the same policy may suffice elsewhere."""
    longer = {"    url: https://pim.example.com": "    url: https://pim.example.com\n    access_token_lifetime: P1D"}
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(write(longer))
    (problem,) = caught.value.problems
    assert problem.key == "policies.default.grace"
    assert "P1DT5M" in problem.advice


def test_findings_name_files_that_cannot_be_used(write: Write, tmp_path: Path) -> None:
    """Missing and open secret files, a missing authority and an unwritable log are found at their lines."""
    secret = tmp_path / "secret_id"
    secret.write_text("canary-88aa\n")
    secret.chmod(0o644)
    path = write(
        {
            "/etc/vault-pim/secret_id": str(secret),
            "pims:": f"  ca_cert: {tmp_path}/absent.pem\naudit: {{path: {tmp_path}}}\npims:",
        }
    )
    found = {one.key: one for one in findings(Settings.load(path))}
    assert set(found) == {
        "vault.auth.role_id_file",
        "vault.auth.secret_id_file",
        "pims.prod.web.password_file",
        "vault.ca_cert",
        "audit.path",
    }
    assert found["vault.auth.secret_id_file"].advice == f"Run: chmod 600 {secret}"
    assert found["vault.auth.secret_id_file"].place.line == 3
    assert found["audit.path"].place.line == 5


def test_token_from_environment_is_a_finding_only_while_unset(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Login by token needs VAULT_TOKEN where no token_file is named."""
    old = "{method: approle, role_id_file: /etc/vault-pim/role_id, secret_id_file: /etc/vault-pim/secret_id}"
    settings = Settings.load(write({old: "{method: token}"}))
    assert "vault.auth" in {one.key for one in findings(settings)}
    monkeypatch.setenv("VAULT_TOKEN", "canary-0c0c")
    assert "vault.auth" not in {one.key for one in findings(settings)}
