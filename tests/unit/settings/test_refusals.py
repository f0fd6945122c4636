"""Every bad input is refused at its line, under its key, with what to write instead, and no secret is repeated."""

from pathlib import Path

import pytest

from tests.unit.settings.conftest import VALID, Write
from vault_pim.settings import InvalidConfiguration, Problem, Settings

CANARY = "canary-7f3a"
POLICY = "  default: {rotate_every: P30D, max_age: P45D, grace: PT24H}"
PERMISSIONS = "    permissions: [pim_api_overall_access, pim_api_product_list]\n"
PIM_URL = "    url: https://pim.example.com\n"


def refused(path: Path) -> list[Problem]:
    """What loading the configuration is refused for."""
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(path)
    assert caught.value.exit_code == 3
    return list(caught.value.problems)


def policy(**keys: str) -> dict[str, str]:
    """The change that gives the policy other keys; an empty value leaves the key out."""
    given = {"rotate_every": "P30D", "max_age": "P45D", "grace": "PT24H"} | keys
    return {POLICY: "  default: {" + ", ".join(f"{key}: {value}" for key, value in given.items() if value) + "} # here"}


def pim(line: str) -> dict[str, str]:
    """The change that adds a line to the PIM."""
    return {PIM_URL: f"{PIM_URL}    {line} # here\n"}


def connector(line: str) -> dict[str, str]:
    """The change that adds a line to the connector."""
    return {PERMISSIONS: f"{PERMISSIONS}    {line} # here\n"}


CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "unknown key": (
        {"  url: https://vault": "  urll: x # here\n  url: https://vault"},
        "vault.urll",
        "Did you mean url?",
    ),
    "unknown section": ({"vault:": "valt: {} # here\nvault:"}, "valt", "Did you mean vault?"),
    "unknown key of a connector": (connector("lable: x"), "connectors.erp.lable", "Did you mean label?"),
    "key twice": ({"policies:": "pims: {} # here\npolicies:"}, "pims", "stands twice"),
    "tag": (connector("owner: !!python/name:os.system x"), "connectors.erp.owner", "has a YAML tag"),
    "list for text": (connector("owner: [a]"), "connectors.erp.owner", "is not text"),
    "text for list": ({PERMISSIONS: "    permissions: pim_api # here\n"}, "connectors.erp.permissions", "[a, b]"),
    "text for mapping": (connector("auth: approle"), "connectors.erp.auth", "is not a mapping"),
    "number of days": (policy(grace="86400"), "policies.default.grace", "PT86400S"),
    "shorthand": (policy(rotate_every="30d"), "policies.default.rotate_every", "Write P30D."),
    "shorthand of hours": (policy(grace="24h"), "policies.default.grace", "Write PT24H."),
    "month": (policy(rotate_every="P1M"), "policies.default.rotate_every", "Months and years vary in length"),
    "year": (policy(max_age="P1Y"), "policies.default.max_age", "Months and years vary in length"),
    "zero": (policy(grace="PT0S"), "policies.default.grace", "between one second and 100 years"),
    "millennium": (policy(max_age="P999999999999D"), "policies.default.max_age", "between one second and 100 years"),
    "small letters": (policy(grace="pt24h"), "policies.default.grace", "Write PT24H."),
    "no schedule": (policy(rotate_every=""), "policies.default", "exactly one of rotate_every and rotate_at"),
    "two schedules": (policy(rotate_at="0 3 * * 0"), "policies.default", "exactly one of rotate_every and rotate_at"),
    "window by age": (policy(window="PT1H"), "policies.default", "window belongs to rotate_at"),
    "jitter by calendar": (
        policy(rotate_every="", rotate_at="0 3 * * 0", jitter="0.1"),
        "policies.default",
        "jitter belongs to rotate_every",
    ),
    "jitter too large": (policy(jitter="0.9"), "policies.default.jitter", "less than or equal to 0.5"),
    "max age missing": (policy(max_age=""), "policies.default.max_age", "is missing"),
    "max age before rotation": (
        policy(max_age="P20D"),
        "policies.default.max_age",
        "Make rotate_every at most max_age",
    ),
    "grace too short": (policy(grace="PT1H"), "policies.default.grace", "Set grace to at least PT1H5M"),
    "time zone": (
        policy(rotate_every="", rotate_at="0 3 * * 0", timezone="Europe/Pariss"),
        "policies.default.timezone",
        "Did you mean Europe/Paris?",
    ),
    "cron of six fields": (policy(rotate_every="", rotate_at="0 0 3 * * 0"), "policies.default.rotate_at", "has not 5"),
    "cron of nonsense": (policy(rotate_every="", rotate_at="0 3 * * SON"), "policies.default.rotate_at", "day-of-week"),
    "cron that never comes": (
        policy(rotate_every="", rotate_at="0 3 30 2 *"),
        "policies.default.rotate_at",
        "day-of-month",
    ),
    "calendar slower than max age": (
        policy(rotate_every="", rotate_at="0 3 1 * *", max_age="P10D"),
        "policies.default.max_age",
        "Set max_age to at least P31DT2H",
    ),
    "http abroad": ({"url: https://pim": "url: http://pim"}, "pims.prod.url", "unencrypted to pim.example.com"),
    "broken address": ({"https://pim.example.com": "https://[pim"}, "pims.prod.url", "is not a URL"),
    "key that is a list": ({"pims:": "? [a] # here\n: b\npims:"}, "", "has a key that is not text"),
    "merge of text": (connector("<<: x"), "connectors.erp", "Let << name mappings only."),
    "no scheme": ({"url: https://pim": "url: pim"}, "pims.prod.url", "Write it like https://pim.example.com"),
    "user in URL": ({"https://pim.": f"https://me:{CANARY}@pim."}, "pims.prod.url", "without user"),
    "relative secret file": (
        {"password_file: /etc/vault-pim/pim_password": f"password_file: {CANARY}"},
        "pims.prod.web.password_file",
        "is not an absolute path",
    ),
    "secret in place of its file": (
        {"password_file: /etc/vault-pim/pim_password": f"password: {CANARY}"},
        "pims.prod.web.password",
        "name that in password_file",
    ),
    "unknown login": (
        {"method: approle": "method: aprole"},
        "vault.auth.method",
        "Choose approle, kubernetes, jwt, certificate or token.",
    ),
    "no login": (
        {"method: approle, ": ""},
        "vault.auth.method",
        "Choose approle, kubernetes, jwt, certificate or token.",
    ),
    "key of the other login": (
        {"method: approle": "method: token"},
        "vault.auth.role_id_file",
        "belongs to another method",
    ),
    "mount with a space": ({"pims:": "  state_mount: a b # here\npims:"}, "vault.state_mount", "not allowed"),
    "release": (pim("release: '5'"), "pims.prod.release", "such as 7.0"),
    "mechanism": (pim("mechanism: connection"), "pims.prod.mechanism", "Did you mean connections?"),
    "console as text": (pim("console: {command: ssh pim}"), "pims.prod.console.command", "[a, b]"),
    "too parallel": (pim("max_parallel: 99"), "pims.prod.max_parallel", "less than or equal to 16"),
    "parallel in words": (pim("max_parallel: two"), "pims.prod.max_parallel", "is not a whole number"),
    "no way in": (
        {
            "    web: {username: vault-pim-admin, password_file: /etc/vault-pim/pim_password}\n": "",
            "  prod:": "  prod: # here",
        },
        "pims.prod.web",
        "is missing",
    ),
    "empty user name": ({"username: vault-pim-admin": "username: ''"}, "pims.prod.web.username", "is empty"),
    "console alone": (
        {
            "web: {username: vault-pim-admin, password_file: /etc/vault-pim/pim_password}": "console: {command: [x]}",
            "  prod:": "  prod: # here",
        },
        "pims.prod.web",
        "is missing",
    ),
    "PIM name": ({"  prod:": "  Prod: # here", "pim: prod": "pim: Prod"}, "pims.Prod", "lower-case letters"),
    "connector name": ({"  erp:": "  erp.1: # here"}, "connectors.erp.1", "lower-case letters"),
    "unknown PIM": ({"pim: prod": "pim: prud # here"}, "connectors.erp.pim", "Did you mean prod?"),
    "PIM missing": ({"    pim: prod\n": ""}, "connectors.erp.pim", "is missing"),
    "PIM unlike its key": (
        {"  erp:": "  test/erp:", "pim: prod": "pim: prod # here"},
        "connectors.test/erp.pim",
        "its key",
    ),
    "unknown policy": (connector("policy: defalt"), "connectors.erp.policy", "Did you mean default?"),
    "no policy": ({f"policies:\n{POLICY}\n": ""}, "connectors.erp.policy", "Declare it in the section policies."),
    "label of 26": ({"label: ERP": f"label: {'x' * 26} # here"}, "connectors.erp.label", "at most 25 characters"),
    "no permission": ({PERMISSIONS: "    permissions: [] # here\n"}, "connectors.erp.permissions", "is empty"),
    "no overall access": (
        {PERMISSIONS: "    permissions: [pim_api_product_list] # here\n"},
        "connectors.erp.permissions",
        "Add pim_api_overall_access",
    ),
    "flow type": (connector("flow_type: datasource"), "connectors.erp.flow_type", "Did you mean data_source?"),
    "network": (
        connector("auth: {approle: {bound_cidrs: [10.0.0.300]}}"),
        "connectors.erp.auth.approle.bound_cidrs[1]",
        "/16",
    ),
    "listen": ({"vault:\n": "daemon: {listen: ':8300'} # here\nvault:\n"}, "daemon.listen", "127.0.0.1:8300"),
    "listen without port": ({"vault:\n": "daemon: {listen: x} # here\nvault:\n"}, "daemon.listen", "127.0.0.1:8300"),
}


@pytest.mark.parametrize(("changes", "key", "says"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_refused_at_its_line_with_advice(
    write: Write, changes: dict[str, str], key: str, says: str
) -> None:
    """One problem names the key, the marked line of the file, and what to write; no text repeats the canary."""
    path = write(changes)
    problems = [one for one in refused(path) if one.key == key]
    assert len(problems) == 1
    problem = problems[0]
    assert says in f"{problem.what}. {problem.advice}"
    assert problem.place.file == str(path)
    marked = [number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# here")]
    assert not marked or marked == [problem.place.line]
    assert CANARY not in str(problem)


TWO = """\
connectors:
  shop: {pim: prod, label: Shop, permissions: [pim_api_overall_access]}
"""


def twins(*names_and_labels: tuple[str, str]) -> str:
    """Further connectors of the same PIM, as lines of YAML."""
    lines = (
        f"  {name}: {{pim: prod, label: {label}, permissions: [pim_api_overall_access]}}\n"
        for name, label in names_and_labels
    )
    return "".join(lines)


@pytest.mark.parametrize(
    ("second", "key"),
    [
        (twins(("e-r-p", "Other"), ("e_r_p", "Third")), "connectors.e_r_p"),
        (twins(("prod/erp", "Other")), "connectors.prod/erp"),
        (twins(("other", "erp")), "connectors.other.label"),
        (twins(("other", "role_erp")), "connectors.other.label"),
        (twins(("a", "E R"), ("b", "e/r")), "connectors.b.label"),
    ],
    ids=["dash and underscore", "long key", "label by case", "label by prefix", "label by folding"],
)
def test_two_connectors_on_one_identity_are_refused_by_name(write: Write, second: str, key: str) -> None:
    """Connectors whose labels or roles would be one object at the PIM are refused, and the other one is named."""
    problems = refused(write({PERMISSIONS: PERMISSIONS + second}))
    assert [one.key for one in problems] == [key]
    assert "of connectors." in problems[0].what


def test_one_label_at_two_pims_is_accepted(write: Write) -> None:
    """Roles of two PIMs do not meet, so neither do their labels."""
    other = "  test:\n    url: https://pim-test.example.com\n    web: {username: me, password_file: /pw}\npolicies:"
    twin = "  test/erp: {label: ERP, permissions: [pim_api_overall_access]}\n"
    settings = Settings.load(write({"policies:": other, PERMISSIONS: PERMISSIONS + twin}))
    assert [str(one.id) for one in settings.connectors()] == ["prod/erp", "test/erp"]


def test_two_pims_on_one_address_are_refused(write: Write) -> None:
    """One PIM under two names would let two connectors share an identity unseen."""
    twin = "  twin:\n    url: https://PIM.example.com/\n    web: {username: me, password_file: /pw}\npolicies:"
    problems = refused(write({"policies:": twin}))
    assert [(one.key, one.what) for one in problems] == [("pims.twin.url", "is the address of pims.prod too")]


def test_connector_in_two_files_is_refused_naming_both(write: Write) -> None:
    """The same key in two files of connectors.d names the file and line of each."""
    path = write(None, a=TWO, b=TWO)
    folder = path.parent / "connectors.d"
    assert [str(one) for one in refused(path)] == [
        f"{folder}/b.yaml:2: connectors.shop: is declared already, in {folder}/a.yaml:2. Remove one of the two."
    ]


def test_problem_in_connectors_d_names_its_own_file(write: Write) -> None:
    """A wrong key in connectors.d is shown at its own file and line."""
    path = write(None, shop=TWO.replace("label", "lable"))
    places = {(one.key, Path(one.place.file).name, one.place.line) for one in refused(path)}
    assert places == {("connectors.shop.lable", "shop.yaml", 2), ("connectors.shop.label", "shop.yaml", 2)}


@pytest.mark.parametrize(
    ("content", "says"),
    [("pims:\n", "does not belong here"), ("connectors: [a]\n", "is not a mapping"), ("", "this file is empty")],
)
def test_connectors_d_holds_connectors_alone(write: Write, content: str, says: str) -> None:
    """Anything but a mapping of connectors is refused in connectors.d."""
    assert any(says in one.what for one in refused(write(None, other=content)))


def test_file_of_connectors_d_that_would_be_overlooked_is_refused(write: Write) -> None:
    """A file that ends in .yml is not silently left out; an editor's hidden file is."""
    path = write(None, shop=TWO)
    (path.parent / "connectors.d" / "more.yml").write_text(TWO)
    (path.parent / "connectors.d" / ".#shop.yaml").write_text("}{")
    assert [(Path(one.place.file).name, one.what) for one in refused(path)] == [("more.yml", "this file is not read")]


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"", None, "this file is empty"),
        (b"# nothing\n", None, "this file is empty"),
        (b"- a\n", None, "not a mapping"),
        (b"vault:\n  url: [a\n", 3, "this is not YAML"),
        (b"vault:\n\turl: x\n", 2, "this is not YAML"),
        (f"vault:\n  url: *{CANARY}\n".encode(), 2, "this is not YAML: found undefined alias"),
        (b"a: 1\n---\nb: 2\n", 2, "this is not YAML"),
        (b"a: \xff\xfe\n", None, "not UTF-8"),
        (b"a: \x00\n", None, "this is not YAML"),
    ],
)
def test_file_that_is_no_mapping_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int | None, says: str
) -> None:
    """What is not YAML, or not a mapping, is said in one line that repeats nothing of the file."""
    path = tmp_path / "vault-pim.yaml"
    path.write_bytes(content)
    (problem,) = refused(path)
    assert says in problem.what
    assert problem.place.line == line
    assert CANARY not in str(problem)


def test_alias_that_contains_itself_is_refused(write: Write) -> None:
    """A mapping that is its own value does not send the reader round for ever."""
    problems = refused(write({"pims:": "daemon: &d\n  listen: *d # here\npims:"}))
    assert "contains itself" in [one.what for one in problems]


def test_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    """A configuration that is not there is one problem, with the option and the variable that name it."""
    (problem,) = refused(tmp_path / "absent.yaml")
    assert problem.what == "this file does not exist"
    assert "--config or VAULT_PIM_CONFIG" in problem.advice


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """What cannot be read says why."""
    (problem,) = refused(tmp_path)
    assert problem.what == "this file cannot be read: is a directory"


def test_everything_wrong_is_reported_at_once(write: Write) -> None:
    """Problems of shape, of reference and of YAML come together, in the order of the file."""
    changes = {
        "url: https://vault": "url: http://vault",
        "pim: prod": "pim: prud",
        "label: ERP": "label: ERP\n    label: X",
    }
    keys = [one.key for one in refused(write({**changes, **policy(grace="1")}))]
    assert keys == ["vault.url", "policies.default.grace", "connectors.erp.pim", "connectors.erp.label"]


def test_valid_configuration_is_valid(write: Write) -> None:
    """The text that all cases above vary is accepted as it is."""
    path = write()
    assert path.read_text() == VALID
    assert Settings.load(path).files == (path,)
