"""A new secret and a new password for a connection that keeps its code, its client id and its user name.

The part of the mechanism `connections` that ends a living set; called by `driver`, which serialises every write.
Source: contracts/akeneo/observed.md §1 items 1, 2 and 10, §2 rows a and b; the same at 4.0 (observed-older.md §8).
"""

from collections.abc import Callable

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import PimRefusal
from vault_pim.domain.generation import Generation
from vault_pim.pim.answers import read
from vault_pim.pim.connection_form import fields_of, set_of
from vault_pim.pim.connections import Connections, path
from vault_pim.pim.roles import Roles
from vault_pim.pim.shapes import KnownSecret, NewPassword


def regenerate(
    connections: Connections,
    roles: Roles,
    connector: Connector,
    generation: Generation,
    *,
    base_url: str,
    before_each: Callable[[], None],
) -> CredentialSet:
    """Give the connection a new secret and a new password, once it is restricted as declared.

    Each of the two kills every token: the secret those of this client, the password those of this user
    (contracts/akeneo/observed.md §2 rows a and b). An answer that is lost is no way back: regenerate both again.

    Raises:
        NotOurs, PimRefusal: as `PimDriver.regenerate` says.
    """
    role, group = roles.of(connector, generation)
    code, web = generation.label, connections.web
    found = connections.ours(generation)
    if found is None:
        raise PimRefusal(f"connection {code} is gone", advice="Run the command again; it gets another one.")
    connections.restrict(
        found, fields_of(connector, generation, role, group), image=found.image, auditable=found.auditable
    )
    before_each()
    web.call("POST", f"{path(code)}/regenerate-secret").expect(204)
    before_each()
    password = read(web.call("POST", f"{path(code)}/regenerate-password").expect(200), NewPassword).password
    secret = read(web.call("GET", path(code)).expect(200), KnownSecret).secret
    return set_of(found, secret, password, base_url)
