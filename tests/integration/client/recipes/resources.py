"""What the resources of two Kubernetes operators and the annotations of the injector look like, as far as recipes go.

Facts, written by hand from the published definitions, since no package of PyPI or npm ships them: External Secrets
Operator 2.9.0 (`external-secrets.io_secretstores`, `_externalsecrets`), Vault Secrets Operator 1.4.1
(`secrets.hashicorp.com_vaultconnections`, `_vaultauths`, `_vaultstaticsecrets`) and vault-k8s 1.7.6. Not all of their
fields are here, so what is refused is either wrong or to be looked up and added.
"""

import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KEY = re.compile(r"[-._a-zA-Z0-9]+")
LENGTH = re.compile(r"[0-9]+(\.[0-9]+)?(s|m|h)")
TEXT = re.compile(r".*", re.DOTALL)
TEXTS = {"*": TEXT}
"""An object with any keys."""

_ACCOUNT = {"name!": NAME, "namespace": NAME, "audiences": [TEXT]}
_IN_SECRET = {"name": NAME, "namespace": NAME, "key": KEY}
_REMOTE = {
    "key!": TEXT,
    "property": TEXT,
    "version": TEXT,
    "conversionStrategy": {"Default", "Unicode"},
    "decodingStrategy": {"Auto", "Base64", "Base64URL", "None"},
    "metadataPolicy": {"None", "Fetch"},
}

SPECS: dict[tuple[str, str], Any] = {
    ("external-secrets.io/v1", "SecretStore"): {
        "refreshInterval": int,
        "provider!": {
            "vault": {
                "server!": TEXT,
                "path": TEXT,
                "namespace": TEXT,
                "version": {"v1", "v2"},
                "caBundle": TEXT,
                "caProvider": {"type!": {"Secret", "ConfigMap"}, "name!": NAME, "key": KEY, "namespace": NAME},
                "auth": {
                    "kubernetes": {
                        "mountPath!": TEXT,
                        "role!": TEXT,
                        "serviceAccountRef": _ACCOUNT,
                        "secretRef": _IN_SECRET,
                    },
                    "appRole": {"path!": TEXT, "roleId": TEXT, "roleRef": _IN_SECRET, "secretRef!": _IN_SECRET},
                    "jwt": {
                        "path!": TEXT,
                        "role": TEXT,
                        "secretRef": _IN_SECRET,
                        "kubernetesServiceAccountToken": {
                            "serviceAccountRef!": _ACCOUNT,
                            "audiences": [TEXT],
                            "expirationSeconds": int,
                        },
                    },
                },
            }
        },
    },
    ("external-secrets.io/v1", "ExternalSecret"): {
        "refreshInterval": re.compile(r"([0-9]+(\.[0-9]+)?(s|m|h))+"),
        "refreshPolicy": {"CreatedOnce", "Periodic", "OnChange"},
        "secretStoreRef": {"kind": {"SecretStore", "ClusterSecretStore"}, "name": NAME},
        "target": {
            "name": NAME,
            "creationPolicy": {"Owner", "Orphan", "Merge", "None", "CreateOrMerge"},
            "deletionPolicy": {"Delete", "Merge", "Retain"},
            "immutable": bool,
            "template": {
                "type": TEXT,
                "engineVersion": {"v2"},
                "mergePolicy": {"Replace", "Merge"},
                "metadata": {"annotations": TEXTS, "labels": TEXTS},
                "data": TEXTS,
            },
        },
        "data": [{"secretKey!": KEY, "remoteRef!": _REMOTE}],
        "dataFrom": [{"extract": _REMOTE}],
    },
    ("secrets.hashicorp.com/v1beta1", "VaultConnection"): {
        "address!": TEXT,
        "skipTLSVerify!": bool,
        "tlsServerName": TEXT,
        "caCertSecretRef": TEXT,
        "caCertPath": TEXT,
        "headers": TEXTS,
        "timeout": LENGTH,
    },
    ("secrets.hashicorp.com/v1beta1", "VaultAuth"): {
        "vaultConnectionRef": TEXT,
        "namespace": TEXT,
        "allowedNamespaces": [TEXT],
        "method": {"kubernetes", "jwt", "appRole", "aws", "gcp"},
        "mount": TEXT,
        "kubernetes": {"role": TEXT, "serviceAccount": TEXT, "audiences": [TEXT], "tokenExpirationSeconds": int},
        "jwt": {
            "role": TEXT,
            "secretRef": TEXT,
            "serviceAccount": TEXT,
            "audiences": [TEXT],
            "tokenExpirationSeconds": int,
        },
        "appRole": {"roleId": TEXT, "secretRef": TEXT, "secretIDPath": TEXT},
    },
    ("secrets.hashicorp.com/v1beta1", "VaultStaticSecret"): {
        "vaultAuthRef": TEXT,
        "namespace": TEXT,
        "type!": {"kv-v1", "kv-v2"},
        "mount!": TEXT,
        "path!": TEXT,
        "version": int,
        "refreshAfter": LENGTH,
        "hmacSecretData": bool,
        "syncConfig": {"instantUpdates": bool},
        "rolloutRestartTargets": [
            {"kind!": {"Deployment", "DaemonSet", "StatefulSet", "argo.Rollout"}, "name!": TEXT},
        ],
        "destination!": {
            "name!": TEXT,
            "create": bool,
            "overwrite": bool,
            "type": TEXT,
            "annotations": TEXTS,
            "labels": TEXTS,
            "transformation": {
                "excludeRaw": bool,
                "excludes": [TEXT],
                "includes": [TEXT],
                "templates": {"*": {"name": TEXT, "text!": TEXT}},
            },
        },
    },
}

INJECTOR = "vault.hashicorp.com/"
BY_SECRET = ("agent-inject-secret-", "agent-inject-template-", "agent-inject-perms-", "agent-inject-file-")
"""Annotations that end in the name of a secret."""
ANNOTATIONS = frozenset(
    {
        "agent-inject",
        "agent-inject-containers",
        "agent-init-first",
        "agent-pre-populate",
        "agent-pre-populate-only",
        "agent-run-as-same-user",
        "agent-run-as-user",
        "agent-service-account-token-volume-name",
        "auth-path",
        "auth-type",
        "ca-cert",
        "error-on-missing-key",
        "namespace",
        "role",
        "service",
        "template-config-exit-on-retry-failure",
        "template-static-secret-render-interval",
        "tls-secret",
    }
)


def wrong(resource: dict[str, Any]) -> list[str]:
    """What is wrong with a resource of an operator."""
    spec = SPECS.get((resource.get("apiVersion", ""), resource.get("kind", "")))
    if spec is None:
        return [f"{resource.get('kind')} is no kind that is known"]
    whole = {"apiVersion!": TEXT, "kind!": TEXT, "metadata!": {"name!": NAME, "namespace!": NAME}, "spec!": spec}
    return list(_wrong(resource, whole, ""))


def _wrong(value: Any, shape: Any, where: str) -> Iterator[str]:
    match shape:
        case dict() if isinstance(value, dict):
            shapes = {name.rstrip("!"): one for name, one in shape.items()}
            yield from (
                f"{where}.{name[:-1]} is missing" for name in shape if name[-1] == "!" and name[:-1] not in value
            )
            for name, one in value.items():
                if name in shapes or "*" in shapes:
                    yield from _wrong(one, shapes.get(name, shapes.get("*")), f"{where}.{name}")
                else:
                    yield f"{where}.{name} is no field"
        case list() if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _wrong(one, shape[0], f"{where}[{number}]")
        case set() if value in shape:
            pass
        case re.Pattern() if isinstance(value, str) and shape.fullmatch(value):
            pass
        case type() if type(value) is shape:
            pass
        case _:
            yield f"{where} is not as it must be"
