"""What differs from one PIM release to the next: one frozen row per release.

Every surface asks the row it is given; none compares release names. A new release is a new row, plus the code of a
mechanism that no row had before. Source: `contracts/akeneo/observed.md` §11 and §12, `by-release.md`.
"""

from dataclasses import dataclass
from typing import Final

from vault_pim.sandbox.akeneo import privileges as known

_SERVER_SESSION_CACHE: Final = "max-age=0, must-revalidate, private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The capabilities of one PIM release.

    Attributes:
        name: how users call it (`7.0`, `master`).
        version: what `system-information` answers.
        privileges: every privilege the PIM knows.
        hidden: the known privileges that the role form does not offer.
        withheld: the known privileges that the default roles do not hold.
        unprotected_resources: web API resources that ask for no privilege beyond overall access.
        vague_refusals: resources refused with the sentence for missing overall access.
        category_media_files: whether the web API serves the files of categories.
        bare_password_changes: whether `{"password": ...}` alone sets a user's password.
        role_form_states_reasons: whether a refused role form names the reason at the field and drops the privileges.
        grant_cache: the `Cache-Control` of a granted token.
        refusal_cache: the `Cache-Control` of a refused one.
        custom_apps_path: where the interface lists the apps of developers.
        developer_mode: whether the web API lets them be made.
        connection_limit: connections and connected apps together, at most.
        commands: the console's commands about credentials.
        console_version: what `bin/console --version` prints first.
    """

    name: str
    version: str
    edition: str = "CE"
    privileges: frozenset[str]
    hidden: frozenset[str]
    withheld: frozenset[str]
    unprotected_resources: frozenset[str] = frozenset()
    vague_refusals: frozenset[str] = frozenset()
    category_media_files: bool
    bare_password_changes: bool
    role_form_states_reasons: bool
    grant_cache: str
    refusal_cache: str
    custom_apps_path: str
    developer_mode: bool
    connection_limit: int = 50
    commands: frozenset[str]
    console_version: str = "Symfony 5.4.16"

    @property
    def offered(self) -> list[str]:
        """The privileges of the role form, in its order: those of the web API by object, overall access last."""
        return sorted(self.privileges - self.hidden, key=_form_order)

    @property
    def default_grants(self) -> frozenset[str]:
        """What each default role holds after an installation."""
        return self.privileges - self.withheld


def _form_order(privilege: str) -> tuple[bool, bool, list[str]]:
    return privilege.startswith("pim_api_"), privilege == "pim_api_overall_access", privilege.rsplit("_", 1)


_APP_PRIVILEGES = frozenset(
    (
        "akeneo_connectivity_connection_manage_apps",
        "akeneo_connectivity_connection_manage_test_apps",
        "akeneo_connectivity_connection_open_apps",
    )
)
_COMMANDS = frozenset(
    (
        "akeneo:connectivity-connection:create",
        "fos:oauth-server:clean",
        "fos:oauth-server:create-client",
        "pim:oauth-server:create-client",
        "pim:oauth-server:list-clients",
        "pim:oauth-server:revoke-client",
        "pim:user:create",
    )
)

_SEVEN = Release(
    name="7.0",
    version="7.0.22",
    privileges=known.INTERFACE | known.WEB_API | known.CATALOGS,
    hidden=frozenset(("akeneo_connectivity_connection_manage_test_apps",)) | known.CATALOGS | known.CATEGORY_TEMPLATES,
    withheld=_APP_PRIVILEGES | known.CATALOGS | {"pim_enrich_job_tracker_view_all_jobs"},
    unprotected_resources=frozenset(("category",)),
    category_media_files=False,
    bare_password_changes=True,
    role_form_states_reasons=True,
    grant_cache="max-age=0, must-revalidate, no-store, private",
    refusal_cache=_SERVER_SESSION_CACHE,
    custom_apps_path="/rest/marketplace/test-apps",
    developer_mode=False,
    commands=_COMMANDS,
)
_MASTER = Release(
    name="master",
    version="master",
    privileges=known.INTERFACE
    | known.WEB_API
    | known.MASS_DELETE
    | known.IDENTIFIER_GENERATOR
    | {"pim_reset_instance"},
    hidden=known.IDENTIFIER_GENERATOR | {"pim_reset_instance"},
    withheld=_APP_PRIVILEGES | {"pim_enrich_job_tracker_view_all_jobs", "pim_identifier_generator_manage"},
    vague_refusals=frozenset(("category",)),
    category_media_files=True,
    bare_password_changes=False,
    role_form_states_reasons=False,
    grant_cache="no-store, private",
    refusal_cache="no-cache, private",
    custom_apps_path="/rest/custom-apps",
    developer_mode=True,
    commands=_COMMANDS | {"pim:oauth-server:delete-expired-tokens"},
)

RELEASES: Final = {release.name: release for release in (_SEVEN, _MASTER)}
