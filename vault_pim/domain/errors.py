"""Every error vault-pim raises on purpose. Each says whose move it is and what the operator should do.

    VaultPimError
    ├── ConfigurationError      yours: the configuration or the call is wrong         exit 3
    ├── Refusal                 theirs: a clear no                                     exit 1
    │   ├── PimRefusal
    │   │   ├── LoginRefused        the PIM does not take our own account
    │   │   ├── NoFreeSlot          the PIM's limit of connections is reached
    │   │   ├── NotOurs             the object under our label was not made by us
    │   │   ├── UnknownPermission   the PIM does not offer a declared privilege
    │   │   ├── UnknownShape        the answer is not what this driver knows: nothing is written
    │   │   └── SetRefused          the PIM does not take the set that Vault serves
    │   └── VaultRefusal
    │       ├── NotSetUp            a mount, policy or role of ours is missing in Vault
    │       ├── NotAllowed          no policy of the login permits it
    │       ├── VaultLoginRefused   Vault does not take the login
    │       ├── NotServed           a connector's path serves no credential set
    │       ├── BrokenSet           what stands there is no whole credential set
    │       └── Intercepted         somebody else had our one-time token first
    ├── NoAnswer                nobody's: nothing is known about the outcome            exit 4
    │   ├── PimNoAnswer
    │   └── VaultNoAnswer
    │       └── VaultSealed
    ├── TakenOver               somebody else changes this connector now: stop          exit 5
    ├── NotProven               begun, not finished: run it again                       exit 5
    ├── NotAuthentic            a record was changed, or somebody else made it: a finding  exit 2
    ├── AuditUnavailable        the record cannot be written: nothing is done           exit 1
    └── Impossible              ours: a bug                                             exit 1

Foreign exceptions stop at their room's door and are chained with `from`. No message holds a secret.
"""

from typing import ClassVar


class VaultPimError(Exception):
    """Base of all errors of vault-pim.

    Attributes:
        what: one line, what happened.
        why: one line, the cause as far as it is known; may be empty.
        advice: one sentence, what the operator should do.
        exit_code: what a command ends with (docs/reference/commands.md, "Exit codes").
    """

    exit_code: ClassVar[int] = 1
    default_advice: ClassVar[str] = "Run the command again with -vv and report what it prints."

    def __init__(self, what: str, *, why: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.advice = advice or self.default_advice


class ConfigurationError(VaultPimError):
    """The configuration or the call is wrong; nothing was done."""

    exit_code = 3
    default_advice = "Correct the configuration and run `vault-pim config check`."


class Refusal(VaultPimError):
    """The other side understood and said no; nothing changed there."""


class PimRefusal(Refusal):
    """The PIM said no."""

    default_advice = "Run `vault-pim doctor` to see what vault-pim's PIM account may do."


class LoginRefused(PimRefusal):
    """The PIM does not accept vault-pim's own account; asked at most twice in ten minutes, the lock is at five."""

    default_advice = "Put the right password into the file named by web.password_file, then try again."


class NoFreeSlot(PimRefusal):
    """The PIM holds as many connections as it allows (50, contracts/akeneo/observed.md §1 item 15)."""

    default_advice = "Delete a connection that nobody uses; `vault-pim status` names orphans and strangers."


class NotOurs(PimRefusal):
    """The object under our label does not carry our marker: it is a stranger and is not touched."""

    default_advice = "Rename or delete it in the PIM if nobody needs it, or choose another connector name."


class UnknownPermission(PimRefusal):
    """A declared permission is not offered by this PIM release."""

    default_advice = "Correct the permissions of this connector; `vault-pim doctor` lists what the PIM offers."


class UnknownShape(PimRefusal):
    """The PIM answered in a shape this driver does not know; writing blindly would be a guess."""

    default_advice = "Check pims.<name>.release and mechanism, and report the PIM release to vault-pim."


class SetRefused(PimRefusal):
    """The PIM takes neither the token nor the credential set, and Vault serves no newer one."""

    default_advice = "Ask whoever runs vault-pim to look with `vault-pim status`; the set may be revoked."


class VaultRefusal(Refusal):
    """Vault said no: a policy denial or a dead token."""

    default_advice = (
        "Run `vault-pim doctor`; if a policy is missing, run `vault-pim setup` with an administrator's token."
    )


class NotSetUp(VaultRefusal):
    """A mount, policy, role or entity that `setup` makes is missing."""

    default_advice = "Run `vault-pim setup` with an administrator's token."


class NotAllowed(VaultRefusal):
    """No policy of the login permits it: another connector's path, a wrong name, or a policy that is missing."""


class VaultLoginRefused(VaultRefusal):
    """Vault does not take the login: a secret-id that ended, a role that is gone, an entity that is disabled."""

    default_advice = "Give it a valid login; `vault-pim bootstrap CONNECTOR` makes one."


class NotServed(VaultRefusal):
    """The connector's path serves nothing: not provisioned yet, or revoked."""

    default_advice = "Ask whoever runs vault-pim to look with `vault-pim status`."


class BrokenSet(VaultRefusal):
    """What stands at the path is no whole credential set."""

    default_advice = "Somebody else wrote there; `vault-pim rotate` serves a whole set again."


class Intercepted(VaultRefusal):
    """A one-time token was opened before us, or changed for another: whoever has what it held can log in."""

    default_advice = "Tell whoever sent it, at once: `vault-pim bootstrap CONNECTOR --intercepted ACCESSOR` ends it."


class NoAnswer(VaultPimError):
    """No answer, or one that says nothing about the outcome; the effect may have happened."""

    exit_code = 4
    default_advice = "Nothing is lost; vault-pim asks again what is true. Run the command again."


class PimNoAnswer(NoAnswer):
    """The PIM was not reached, timed out, or failed inside (5xx)."""

    default_advice = "Check that the PIM is up and reachable; nothing is lost, run the command again."


class VaultNoAnswer(NoAnswer):
    """Vault was not reached, timed out, or failed inside."""

    default_advice = "Check that Vault is up and reachable; nothing is lost, run the command again."


class VaultSealed(VaultNoAnswer):
    """Vault answers, but is sealed."""

    default_advice = "Unseal Vault, then run the command again."


class TakenOver(VaultPimError):
    """Another daemon or command changed this connector's state meanwhile, or holds it now."""

    exit_code = 5
    default_advice = "Nothing to repair: the other one goes on. Look with `vault-pim status`."


class NotProven(VaultPimError):
    """A revocation is under way, but not yet proven."""

    exit_code = 5
    default_advice = "Run the same command again; it continues where it stopped."


class NotAuthentic(VaultPimError):
    """A record, a bundle or a log is not as it was written, or another installation wrote it."""

    exit_code = 2
    default_advice = "Keep it as it is, find out who could write it, and compare it with another copy."


class AuditUnavailable(VaultPimError):
    """The audit log cannot be written, so nothing is done (except a revocation)."""

    default_advice = "Make the audit file writable (audit.path) and free disk space."


class Impossible(VaultPimError):
    """A bug: an invariant of vault-pim does not hold."""
