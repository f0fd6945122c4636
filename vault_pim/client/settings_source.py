"""`class Settings(BaseSettings)` gets its fields from the credential set in Vault.

For programs that use the PIM and pydantic-settings. Reads once, when the settings are made: settings do not change
under the hands of who reads them. Refuses to put a secret in the clear into a field that is not declared a `str`.
"""

from typing import Any

import pydantic
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from vault_pim.client.source import CredentialSource
from vault_pim.domain.credentials import ServedSet
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal

FIELDS = ("base_url", "client_id", "client_secret", "username", "password", "generation")


class CredentialSettingsSource(PydanticBaseSettingsSource):
    """A source for `settings_customise_sources`.

    Args:
        source: where the set comes from; or the connector's name, for one that is read by `from_env` and closed.
        prefix: of the fields of the settings, such as `pim_` for `pim_base_url`.
    """

    def __init__(self, settings_cls: type[BaseSettings], source: CredentialSource | str, *, prefix: str = "") -> None:
        super().__init__(settings_cls)
        self._source = source
        self._prefix = prefix
        self._set: ServedSet | None = None

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value of one field, None for one that the set does not have."""
        name = field_name.removeprefix(self._prefix)
        if name not in FIELDS or not field_name.startswith(self._prefix):
            return None, field_name, False
        value = getattr(self._served(), name)
        if isinstance(value, SecretStr):
            text = reveal(value, to="connector")
            # pydantic's own, which the fields of settings are declared with
            return text if field.annotation is str else pydantic.SecretStr(text), field_name, False  # noqa: TID251
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The fields that the set has.

        Raises:
            VaultPimError: as `CredentialSource.current` says.
        """
        fields = self.settings_cls.model_fields
        found = {name: self.get_field_value(field, name)[0] for name, field in fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _served(self) -> ServedSet:
        if self._set is None:
            if isinstance(self._source, CredentialSource):
                self._set = self._source.current()
            else:
                with CredentialSource.from_env(self._source) as source:
                    self._set = source.current()
        return self._set
