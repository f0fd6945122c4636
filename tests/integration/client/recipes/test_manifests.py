"""The recipes that no tool can run here: Docker Compose and Kubernetes, held to their published schemas.

Compose is read by the real docker-compose, which carries the schema of the Compose Specification; Kubernetes' own kinds
by kubernetes-validate, which carries the API's schemas, and refuses unknown fields. For the operators no package has
the schemas: their resources are held to facts written by hand (resources.py). What all of them say of Vault is held to
vault-pim's own layout. No template of External Secrets or Vault Secrets Operator is rendered here.
"""

import copy
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.client.recipes.conftest import PATIENCE, RECIPES
from tests.integration.client.recipes.resources import ANNOTATIONS, BY_SECRET, INJECTOR, wrong
from vault_pim.domain.access import KubernetesAccess, Method
from vault_pim.domain.connector import ConnectorId
from vault_pim.settings import Settings
from vault_pim.vault.layout import Layout, record

KUBERNETES = RECIPES / "kubernetes"
OLDEST, NEWEST = "1.29", "1.37"
SHOP, ERP = (ConnectorId(pim="prod", name=name) for name in ("shop", "erp"))
MOUNT = Layout().login_mount(SHOP, Method.KUBERNETES)
DECLARED = Settings.load(RECIPES.parent / "examples/logins.yaml").connector("prod/shop")
KUBELET = timedelta(minutes=2)
"""What a mounted Secret may lag behind."""


def resources(path: str) -> dict[str, dict[str, Any]]:
    """The resources in a file, by kind."""
    return {one["kind"]: one for one in yaml.safe_load_all((KUBERNETES / path).read_text())}


STORE, EXTERNAL = resources("external-secrets/external-secret.yaml").values()
CONNECTION, AUTH, STATIC = resources("vault-secrets-operator/vault-static-secret.yaml").values()
INJECTED = resources("injector/deployment.yaml")["Deployment"]["spec"]["template"]
ANNOTATED: dict[str, str] = INJECTED["metadata"]["annotations"]


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize("path", ["service-account.yaml", "deployment.yaml", "injector/deployment.yaml"])
def test_kubernetes_takes_its_own_kinds(path: str, release: str) -> None:
    """By the schemas of the API, with no field that it does not know."""
    validator = Path(sys.executable).with_name("kubernetes-validate")
    if not validator.exists():
        pytest.skip("not installed: .venv/bin/pip install --no-deps -r requirements/recipes.lock")
    told = subprocess.run(
        [validator, "--strict", "-k", release, KUBERNETES / path],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "passed" in told.stdout + told.stderr


@pytest.mark.parametrize("resource", [STORE, EXTERNAL, CONNECTION, AUTH, STATIC], ids=lambda one: one["kind"])
def test_operator_takes_its_resource(resource: dict[str, Any]) -> None:
    """Every field is one of its definition and of its type, and none is missing."""
    assert wrong(resource) == []


@pytest.mark.parametrize(
    ("resource", "change", "said"),
    [
        (STORE, lambda spec: spec["provider"]["vault"].pop("server"), ".spec.provider.vault.server is missing"),
        (EXTERNAL, lambda spec: spec.update(refreshAfter="1m"), ".spec.refreshAfter is no field"),
        (AUTH, lambda spec: spec.update(method="token"), ".spec.method is not as it must be"),
        (STATIC, lambda spec: spec.update(refreshAfter=60), ".spec.refreshAfter is not as it must be"),
        (STATIC, lambda spec: spec["destination"].pop("name"), ".spec.destination.name is missing"),
    ],
)
def test_wrong_resource_is_refused(resource: dict[str, Any], change: Callable[[Any], object], said: str) -> None:
    """The facts refuse what the operators would."""
    broken = copy.deepcopy(resource)
    change(broken["spec"])
    assert wrong(broken) == [said]


def test_injector_knows_each_annotation() -> None:
    """None is misspelt; those of a secret all name the same one."""
    names = [name.removeprefix(INJECTOR) for name in ANNOTATED]
    of_a_secret = [name for name in names if name.startswith(BY_SECRET)]
    assert set(names) - set(of_a_secret) <= ANNOTATIONS
    assert {name.split("-", 3)[3] for name in of_a_secret} == {"pim.json"}
    assert all(isinstance(value, str) for value in ANNOTATED.values())


def test_each_way_logs_in_and_reads_where_vault_pim_lays_things() -> None:
    """Mount, role, path and audience as `setup` makes them for the connector of config/examples/logins.yaml."""
    (login,) = [one for one in DECLARED.logins if isinstance(one, KubernetesAccess)]
    account = resources("service-account.yaml")["ServiceAccount"]["metadata"]
    assert (account["name"], account["namespace"]) == (login.service_account, login.namespace)

    vault = STORE["spec"]["provider"]["vault"]
    by = vault["auth"]["kubernetes"]
    assert (by["mountPath"], by["role"]) == (MOUNT, SHOP.identity)
    assert by["serviceAccountRef"] == {"name": login.service_account, "audiences": [login.audience]}
    assert (vault["path"], EXTERNAL["spec"]["dataFrom"][0]["extract"]["key"]) == ("pim", record(SHOP))

    assert (AUTH["spec"]["mount"], AUTH["spec"]["method"]) == (MOUNT, "kubernetes")
    assert AUTH["spec"]["kubernetes"] == {
        "role": SHOP.identity,
        "serviceAccount": login.service_account,
        "audiences": [login.audience],
    }
    assert (STATIC["spec"]["mount"], STATIC["spec"]["path"]) == ("pim", record(SHOP))

    assert ANNOTATED[INJECTOR + "auth-path"] == f"auth/{MOUNT}"
    assert ANNOTATED[INJECTOR + "role"] == SHOP.identity
    assert ANNOTATED[INJECTOR + "agent-inject-secret-pim.json"] == f"pim/data/{record(SHOP)}"
    (volume,) = INJECTED["spec"]["volumes"]
    assert volume["name"] == ANNOTATED[INJECTOR + "agent-service-account-token-volume-name"]
    assert volume["projected"]["sources"][0]["serviceAccountToken"]["audience"] == login.audience
    assert INJECTED["spec"]["serviceAccountName"] == login.service_account

    for agent in ("agent.hcl", "exec.hcl"):
        text = (RECIPES / "bao-agent" / agent).read_text()
        assert f'"auth/{Layout().connector_auth(ERP)}"' in text
        assert f"pim/data/{record(ERP)}" in text


def test_injector_renders_by_the_template_that_the_agent_is_tested_with() -> None:
    """The same text but for the connector."""
    ours = ANNOTATED[INJECTOR + "agent-inject-template-pim.json"].strip()
    agent = (RECIPES / "bao-agent/agent.hcl").read_text()
    assert ours.replace(record(SHOP), record(ERP)) in [line.strip() for line in agent.splitlines()]


def test_pods_find_the_one_file_that_the_operators_make() -> None:
    """Both operators keep the Secret that the deployment mounts, with the key it reads."""
    spec = resources("deployment.yaml")["Deployment"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    (mount,) = container["volumeMounts"]
    secret = spec["volumes"][0]["secret"]["secretName"]
    assert EXTERNAL["spec"]["target"]["name"] == STATIC["spec"]["destination"]["name"] == secret
    keys = EXTERNAL["spec"]["target"]["template"]["data"], STATIC["spec"]["destination"]["transformation"]["templates"]
    assert [list(one) for one in keys] == [["pim.json"], ["pim.json"]]
    assert container["env"] == [{"name": "PIM_CREDENTIALS_FILE", "value": f"{mount['mountPath']}/pim.json"}]
    assert "subPath" not in mount


def test_rotation_is_noticed_within_the_interval_that_policies_have_by_default() -> None:
    """As often as the recipes look, and what the kubelet adds, is at most `refresh_interval`."""
    looks = {
        "external-secrets": minutes(EXTERNAL["spec"]["refreshInterval"]) + KUBELET,
        "vault-secrets-operator": minutes(STATIC["spec"]["refreshAfter"]) + KUBELET,
        "injector": minutes(ANNOTATED[INJECTOR + "template-static-secret-render-interval"]),
    }
    for agent in ("agent.hcl", "exec.hcl"):
        (found,) = re.findall(r'static_secret_render_interval = "(.+)"', (RECIPES / "bao-agent" / agent).read_text())
        looks[agent] = minutes(found)
    assert {name: time for name, time in looks.items() if time > DECLARED.policy.refresh_interval} == {}


def minutes(text: str) -> timedelta:
    """The length that `1m` says."""
    return timedelta(minutes=int(text.removesuffix("m")))


def test_docker_compose_takes_the_file() -> None:
    """The real program reads and resolves it; no daemon is asked."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed; on Debian: apt-get install docker-compose")
    told = subprocess.run(
        [program, "-f", RECIPES / "docker-compose/compose.yaml", "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (told.returncode, told.stderr) == (0, "")


def test_containers_share_what_the_agent_writes_and_nothing_else() -> None:
    """In memory, for one user; the connector sees neither the login nor the agent's configuration."""
    compose = yaml.safe_load((RECIPES / "docker-compose/compose.yaml").read_text())
    services = compose["services"]
    (written,) = re.findall(r'destination += "(.+)"', (RECIPES / "bao-agent/agent.hcl").read_text())
    assert services["erp"]["environment"] == {"PIM_CREDENTIALS_FILE": written}
    assert services["erp"]["volumes"] == ["credentials:/run/erp:ro"]
    assert services["pim-agent"]["volumes"] == ["./erp:/etc/erp:ro", "credentials:/run/erp"]
    assert services["pim-agent"]["healthcheck"]["test"] == ["CMD", "test", "-s", written]
    assert {one["user"] for one in services.values()} == {"1000:1000"}
    options = compose["volumes"]["credentials"]["driver_opts"]
    assert (options["type"], options["o"]) == ("tmpfs", "size=1m,mode=0700,uid=1000,gid=1000")
