"""The whole configuration as one model: the sections of `shape.py` under their keys.

Filled by `loading.py`, which hands over file and environment already merged; `environment.py` reads the variables by
it.
"""

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from vault_pim.settings.logins import IssuerSettings
from vault_pim.settings.shape import (
    AuditSettings,
    ConnectorSettings,
    DaemonSettings,
    PimSettings,
    PolicySettings,
    VaultSettings,
)


class ConfigurationFile(BaseSettings):
    """Configuration of vault-pim: config/vault-pim.yaml, connectors.d/*.yaml beside it, and VAULT_PIM__ variables."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix="VAULT_PIM__",
        env_nested_delimiter="__",
        env_parse_none_str="null",
        title="vault-pim configuration",
    )

    vault: VaultSettings = Field(description="Vault or OpenBao, and how vault-pim logs in to it.")
    pims: dict[str, PimSettings] = Field({}, description="The PIMs, by name.")
    issuers: dict[str, IssuerSettings] = Field({}, description="Who vouches for the connectors' logins, by name.")
    policies: dict[str, PolicySettings] = Field({}, description="The rotation policies, by name.")
    connectors: dict[str, ConnectorSettings] = Field(
        {}, description="The connectors, by name; those of connectors.d/*.yaml are added to them."
    )
    daemon: DaemonSettings = Field(DaemonSettings(), description="When the daemon looks, and where it answers.")
    audit: AuditSettings = Field(AuditSettings(), description="Where the record is kept.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `loading.py` hands over: it merges file and environment, to know where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
