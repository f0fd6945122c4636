"""The shape of the configuration: every key, its meaning, its unit, its default and why that default.

Put together by `configuration_file.py`, validated by `loading.py`; printed as JSON Schema by `vault-pim config
schema`; `reference.py` makes the reference page from it. Holds no secret: secrets are named by file and read when
used. What connects the sections is checked in `resolve.py`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from vault_pim.domain.connector import ROLE_LABEL_LENGTH, FlowType, Rotation
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.secret import SecretStr
from vault_pim.secret_files import read_secret
from vault_pim.settings.logins import ConnectorAccess, OwnLogin
from vault_pim.settings.section import Mount, Section, Text
from vault_pim.settings.values import AbsolutePath, Cron, Duration, Listen, Release, Url, Zone, refusal


class VaultSettings(Section):
    """Vault or OpenBao."""

    url: Url = Field(description="Address of Vault. Plain http is accepted for this machine alone.")
    namespace: Text | None = Field(None, description="Vault namespace. Default: none, the root namespace.")
    ca_cert: AbsolutePath | None = Field(
        None, description="PEM file with the authorities to trust. Default: those of the system."
    )
    also: list[Url] = Field(
        [],
        description="Other nodes of the same cluster that a standby may redirect to; followed nowhere else. Default: "
        "none, since a standby forwards by itself.",
    )
    auth: OwnLogin = Field(description="How vault-pim itself logs in.")
    credentials_mount: Mount = Field("pim", description="KV v2 mount where connectors read their credential sets.")
    state_mount: Mount = Field("pim-state", description="KV v2 mount for vault-pim alone: state and pending sets.")
    transit_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)+$")] | None = Field(
        None,
        description="Mount and name of a Transit key, such as `transit/vault-pim`, that seals vault-pim's own keys: "
        "`setup` makes it, and seals keys that lay open. Never change it later. Default: they lie in the state mount.",
    )
    audit_device: Mount | None = Field(
        None,
        description="Name of Vault's file audit device, so that `identify` can tell who read a leaked value: `setup` "
        "then allows vault-pim to ask how a value stands in its log. Default: none.",
    )
    audit_log: AbsolutePath | None = Field(
        None, description="File which that device writes, if this machine has it. Default: name it with `--audit-log`."
    )


class WebLogin(Section):
    """vault-pim's own account in the web interface of a PIM."""

    username: Text = Field(description="User name of vault-pim's account at the PIM.")
    password_file: AbsolutePath = Field(description="File that holds its password. Mode 600, read at each login.")

    def password(self) -> SecretStr:
        """The password, read now."""
        return read_secret(self.password_file)


class Console(Section):
    """A way to run the console of a PIM."""

    command: list[Text] = Field(
        min_length=1,
        description="Command and arguments that run the PIM's console, without a shell, such as "
        "`[ssh, pim@pim-host, php, /srv/pim/bin/console]`.",
    )


class PimSettings(Section):
    """One Akeneo PIM."""

    url: Url = Field(description="Base URL of the PIM, as its users write it.")
    release: Release = Field(
        "auto", description="PIM release: `auto`, `1.7`, `2.3` ... `7.0`, or `master`. Default: ask the PIM."
    )
    mechanism: Literal["auto", "connections", "user_and_client"] = Field(
        "auto", description="How credential sets are made. Default: `connections` where the release offers them."
    )
    web: WebLogin = Field(description="Login to the web interface, where every mechanism makes its roles.")
    console: Console | None = Field(
        None,
        description="Access to the PIM's console. Default: none; `user_and_client` needs it at 1.7 and from 4.0 on.",
    )
    max_parallel: int = Field(
        2, ge=1, le=16, description="Connectors worked on at once at this PIM. Default 2, light on a shared PIM."
    )
    access_token_lifetime: Duration = Field(
        timedelta(hours=1),
        description="How long an access token of this PIM lives; grace must cover it. Default: what Akeneo ships.",
    )
    ca_cert: AbsolutePath | None = Field(
        None, description="PEM file with the authorities to trust. Default: those of the system."
    )


class PolicySettings(Section):
    """A rotation policy: either `rotate_every` (by age) or `rotate_at` (by calendar)."""

    rotate_every: Duration | None = Field(None, description="Rotate a credential set when it reaches this age.")
    jitter: float = Field(
        0.1,
        ge=0,
        le=0.5,
        description="Share of `rotate_every`, 0 to 0.5, by which rotation may come earlier, fixed for each connector. "
        "Default 0.1, so that connectors of one policy do not rotate all at once.",
    )
    rotate_at: Cron | None = Field(None, description='Rotate at these instants: five cron fields, as `"0 3 * * SUN"`.')
    timezone: Zone = Field(ZoneInfo("UTC"), description="Time zone of `rotate_at`. Default UTC: no clock change.")
    window: Duration = Field(
        timedelta(hours=2), description="How long after each instant a rotation may begin. Default PT2H, a short night."
    )
    max_age: Duration = Field(
        description="Past this age a set is overdue, whatever the schedule. No default: it is the rule you are held to."
    )
    grace: Duration = Field(
        description="How long the former set works after its successor is served. At least `refresh_interval` plus "
        "the PIM's `access_token_lifetime`. No default: it depends on your connectors."
    )
    refresh_interval: Duration = Field(
        timedelta(minutes=5),
        description="The longest a connector takes to notice a new set. Default PT5M, as Vault Agent takes.",
    )
    retire: Retire = Field(
        Retire.GRACE_OVER,
        description="When the former set goes. `grace-over`: when its grace is over. `picked-up`: before that, as soon "
        "as every reader that vault-pim knows of has moved on. Default `grace-over`, which needs to know of none.",
    )
    late_readers: LateReaders = Field(
        LateReaders.CUT,
        description="What becomes of readers who still use the former set when its grace is over. `cut`: it goes all "
        "the same. `wait`: it stays for them, but never past its `max_age`. Default `cut`, so that a rotation ends.",
    )

    @model_validator(mode="after")
    def _one_schedule(self) -> Self:
        if (self.rotate_every is None) == (self.rotate_at is None):
            raise refusal("needs exactly one of rotate_every and rotate_at", "Keep one of the two.")
        alien = {"jitter"} if self.rotate_at else {"timezone", "window"}
        if surplus := sorted(alien & self.model_fields_set):
            kind = "rotate_every" if self.rotate_at else "rotate_at"
            raise refusal(f"{' and '.join(surplus)} belongs to {kind}", f"Remove it, or use {kind}.")
        return self


class ConnectorSettings(Section):
    """One connector. Its key is its name, or `<pim>/<name>` where two PIMs have a connector of one name."""

    pim: Text | None = Field(None, description="Key of its PIM under `pims`. May be left out if its own key names it.")
    label: Annotated[Text, StringConstraints(max_length=ROLE_LABEL_LENGTH)] = Field(
        description="What people call it; also the name of its role at the PIM, hence 1 to 25 characters."
    )
    flow_type: FlowType = Field(
        FlowType.OTHER, description="What its connection does, as the PIM shows it. Default `other`, the PIM's own."
    )
    permissions: list[Text] = Field(
        min_length=1,
        description="Web API privileges it may have, exactly; `pim_api_overall_access` is always among them.",
    )
    user_group: Text | None = Field(None, description="PIM user group of its API user besides `All`. Default: none.")
    policy: Text = Field("default", description="Key of its policy under `policies`. Default: the one named `default`.")
    owner: Text | None = Field(None, description="Whom to tell, such as a mail address. Default: nobody.")
    rotation: Rotation = Field(
        Rotation.OVERLAP,
        description="`overlap`: the next set gets a connection of its own, and no call fails. `in-place`: the same "
        "connection gets a new secret and password, and calls fail until they are read. Default `overlap`.",
    )
    drill: bool = Field(
        False,
        description="Nobody uses it; `prove --drill` rehearses a revocation on it. It has a set only meanwhile. "
        "Default false.",
    )
    auth: ConnectorAccess | None = Field(None, description="How it logs in to Vault. Default: no login is made for it.")


class DaemonSettings(Section):
    """The daemon."""

    listen: Listen = Field(
        "127.0.0.1:8300", description="Where health, metrics and status page answer. Default: loopback."
    )
    check_every: Duration = Field(
        timedelta(minutes=1), description="How often it looks what is due, in Vault alone. Default PT1M."
    )
    survey_every: Duration = Field(
        timedelta(minutes=15), description="How often it also looks at each PIM. Default PT15M, light on the PIM."
    )


class AuditSettings(Section):
    """The audit log."""

    path: AbsolutePath = Field(
        Path("/var/log/vault-pim/audit.jsonl"), description="File of the audit log: append-only JSON lines."
    )
