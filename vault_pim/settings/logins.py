"""The shape of every login to Vault: vault-pim's own, the connectors', and who vouches for these.

Part of `shape.py`; turned into the nouns of `domain` by `resolve_logins.py`. Names are exact: no pattern is accepted
where one program is meant.
"""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from vault_pim.domain.access import Reviewer
from vault_pim.settings.section import Section, Text
from vault_pim.settings.values import AbsolutePath, Duration, Network, Url, refusal

LoginMount = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")]
Exact = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\s*](?:[^*]*[^\s*])?$")]
KubernetesName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$", max_length=253)]

NETWORKS = "Networks it may log in from, and use its token from. Default: anywhere."


class ApproleLogin(Section):
    """Log in to Vault with AppRole."""

    method: Literal["approle"] = Field(description="How vault-pim logs in to Vault. No default: a login is a decision.")
    role_id_file: AbsolutePath = Field(description="File that holds the role-id. Mode 600.")
    secret_id_file: AbsolutePath = Field(
        description="File that holds the secret-id. Mode 600, read at each login. The daemon replaces it when the "
        "secret-id has lived half its life, so it must be able to write the directory."
    )
    secret_id_ttl: Duration = Field(
        timedelta(days=30), description="How long a secret-id works. Default P30D: the daemon may be off for two weeks."
    )
    bound_cidrs: list[Network] = Field([], description="Networks vault-pim may log in from. Default: anywhere.")


class KubernetesLogin(Section):
    """Log in to Vault as a pod's service account, by a role that your administrator made."""

    method: Literal["kubernetes"] = Field(description="How vault-pim logs in to Vault.")
    mount: LoginMount = Field("kubernetes", description="Mount of the auth method, without `auth/`.")
    role: Text = Field(description="Role of the auth method. It gives the policy `vault-pim-daemon` and no other.")
    token_file: AbsolutePath | None = Field(
        None, description="File that holds the token. Default: where Kubernetes puts it."
    )


class JwtLogin(Section):
    """Log in to Vault with a JSON web token, by a role that your administrator made."""

    method: Literal["jwt"] = Field(description="How vault-pim logs in to Vault.")
    mount: LoginMount = Field("jwt", description="Mount of the auth method, without `auth/`.")
    role: Text = Field(description="Role of the auth method. It gives the policy `vault-pim-daemon` and no other.")
    token_file: AbsolutePath = Field(description="File that holds the token. Mode 600, read at each login.")


class CertificateLogin(Section):
    """Log in to Vault with a TLS client certificate, by a role that your administrator made."""

    method: Literal["certificate"] = Field(description="How vault-pim logs in to Vault.")
    mount: LoginMount = Field("cert", description="Mount of the auth method, without `auth/`.")
    role: Text = Field(description="Role of the auth method. It gives the policy `vault-pim-daemon` and no other.")
    cert_file: AbsolutePath = Field(description="PEM file with the certificate, read at each login.")
    key_file: AbsolutePath = Field(description="PEM file with its key, without passphrase. Mode 600.")


class TokenLogin(Section):
    """Use a Vault token that somebody else made and renews."""

    method: Literal["token"] = Field(description="Use a token as it is; meant for development and for `setup`.")
    token_file: AbsolutePath | None = Field(
        None, description="File that holds the token, mode 600. Default: the environment variable `VAULT_TOKEN`."
    )


OwnLogin = Annotated[
    ApproleLogin | KubernetesLogin | JwtLogin | CertificateLogin | TokenLogin, Field(discriminator="method")
]


class KubernetesIssuer(Section):
    """A Kubernetes cluster, which vouches for its service accounts."""

    method: Literal["kubernetes"] = Field(description="What it issues: service account tokens.")
    host: Url = Field(description="Its API server, as Vault reaches it.")
    ca_cert: AbsolutePath | None = Field(
        None, description="PEM file with the authority of that server. Default: what Vault itself trusts."
    )
    reviewer: Reviewer = Field(
        Reviewer.CLIENT,
        description="Whose token asks the cluster: `client`, the one being checked (its service account needs "
        "`system:auth-delegator`), or `vault`, that of Vault's own pod in this cluster. Default `client`: no "
        "long-lived token is stored in Vault.",
    )


class JwtIssuer(Section):
    """Somebody who signs JSON web tokens: an identity provider, a build server."""

    method: Literal["jwt"] = Field(description="What it issues: JSON web tokens.")
    issuer: Text = Field(description="What its tokens say in `iss`.")
    discovery_url: Url | None = Field(
        None, description="OIDC discovery URL, where its keys are found, without `/.well-known/...`."
    )
    jwks_url: Url | None = Field(None, description="URL of its key set, instead.")
    public_key_files: list[AbsolutePath] = Field([], description="PEM files with its public keys, instead.")
    ca_cert: AbsolutePath | None = Field(
        None, description="PEM file with the authority of that URL. Default: what Vault itself trusts."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(map(bool, (self.discovery_url, self.jwks_url, self.public_key_files))) != 1:
            raise refusal("needs exactly one of discovery_url, jwks_url and public_key_files", "Keep one of them.")
        return self


class CertificateIssuer(Section):
    """An authority that signs TLS client certificates."""

    method: Literal["certificate"] = Field(description="What it issues: TLS client certificates.")
    ca_cert: AbsolutePath = Field(description="PEM file with its certificate.")


IssuerSettings = Annotated[KubernetesIssuer | JwtIssuer | CertificateIssuer, Field(discriminator="method")]


class ApproleAccess(Section):
    """A connector's login to Vault by AppRole."""

    secret_id_ttl: Duration = Field(
        timedelta(days=7), description="How long a secret-id works. Default P7D, enough to roll out a connector."
    )
    secret_id_num_uses: int = Field(
        0, ge=0, le=1_000_000, description="How many logins a secret-id is good for. Default 0: any number."
    )
    bound_cidrs: list[Network] = Field([], description=NETWORKS)


class KubernetesAccess(Section):
    """A connector's login to Vault as one service account."""

    issuer: Text = Field(description="Key of its cluster under `issuers`.")
    namespace: KubernetesName = Field(description="Namespace of its service account.")
    service_account: KubernetesName = Field(description="Its service account, of no other program.")
    audience: Exact = Field(
        description="Whom its token must be for (`aud`). No default: without it Vault takes a token made for any other "
        "service. With `reviewer: client` it is the cluster's API server, such as "
        "`https://kubernetes.default.svc.cluster.local`."
    )
    bound_cidrs: list[Network] = Field([], description=NETWORKS)


class JwtAccess(Section):
    """A connector's login to Vault by a JSON web token."""

    issuer: Text = Field(description="Key of who signs it under `issuers`.")
    audiences: list[Exact] = Field(min_length=1, description="Whom the token must be for: one of these (`aud`).")
    claims: dict[str, Exact] = Field(
        min_length=1, description="What it must say, all of it, exactly, such as `{sub: erp, environment: prod}`."
    )
    user_claim: Text = Field("sub", description="Which of the claims names the connector. Default `sub`.")
    bound_cidrs: list[Network] = Field([], description=NETWORKS)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.user_claim not in self.claims:
            raise refusal(f"does not say what {self.user_claim!r} must be", f"Add {self.user_claim} to its claims.")
        return self


class CertificateAccess(Section):
    """A connector's login to Vault by a TLS client certificate."""

    issuer: Text = Field(description="Key of its authority under `issuers`.")
    common_name: Exact = Field(description="Common name of the certificate, of no other program.")
    dns_names: list[Exact] = Field([], description="DNS names of which it must bear one. Default: not looked at.")
    uris: list[Exact] = Field([], description="URIs (SPIFFE) of which it must bear one. Default: not looked at.")
    bound_cidrs: list[Network] = Field([], description=NETWORKS)


class ConnectorAccess(Section):
    """How a connector logs in to Vault; several ways are fine, all lead to its one identity."""

    approle: ApproleAccess | None = Field(None, description="Log in by AppRole. Default: not by this.")
    kubernetes: KubernetesAccess | None = Field(None, description="Log in as a service account. Default: not by this.")
    jwt: JwtAccess | None = Field(None, description="Log in by a JSON web token. Default: not by this.")
    certificate: CertificateAccess | None = Field(None, description="Log in by a certificate. Default: not by this.")
