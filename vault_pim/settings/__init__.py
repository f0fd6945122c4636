"""Typed configuration, read once from file and environment. Secrets are read only when used."""

from vault_pim.settings.loading import Settings, configuration_path
from vault_pim.settings.problems import InvalidConfiguration, Problem

__all__ = ["InvalidConfiguration", "Problem", "Settings", "configuration_path"]
