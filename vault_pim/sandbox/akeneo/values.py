"""The random values a PIM makes, in the shapes it gives them.

Made for everything that creates clients, users, tokens or sessions. A `marker` can be worked into each secret value, so
that a test finds it wherever it leaks; the shape of a value is never given up for it.
"""

import base64
import hashlib
import math
import random
import secrets
import string

from vault_pim.sandbox.akeneo.clock import MovableClock

_BASE36 = string.digits + string.ascii_lowercase
_HEX = "0123456789abcdef"
DRAWS = 100


class Mint:
    """Makes ids, secrets, passwords and tokens.

    Args:
        clock: read for connection passwords, which a PIM derives from the time of day.
        marker: put at the front of every secret value whose shape allows it; up to six hexadecimal digits fit in all.
    """

    def __init__(self, clock: MovableClock, marker: str = "") -> None:
        self._clock = clock
        self._marker = marker
        self._passwords: set[str] = set()

    def random_id(self) -> str:
        """The random part of a client's id: 256 random bits read as a float and written in base 36.

        The float keeps 53 bits, which is why such values end in a run of `0`, `4`, `8`, `c`, ...
        """
        value, digits = float(secrets.randbits(256) | 1 << 250), ""
        while value >= 1:
            digits = _BASE36[int(math.fmod(value, 36))] + digits
            value /= 36
        return digits

    def client_secret(self) -> str:
        """A client's secret, of the same making as the random part of its id."""
        return self._marked(self.random_id(), _BASE36)

    def token(self) -> str:
        """An access or refresh token, or the secret of an app: 86 characters."""
        text = base64.b64encode(secrets.token_hex(32).encode()).decode().rstrip("=")
        return self._marked(text, string.ascii_letters + string.digits)

    def connection_password(self) -> str:
        """A connection's password: nine digits of the time of creation, shuffled (observed.md §12 item 9).

        A PIM gives the same one twice now and then; here it is drawn again, so that no test fails once in thirty runs.
        """
        drawn = (self._shuffled_time() for _ in range(DRAWS))
        password = next((one for one in drawn if one not in self._passwords), None) or self._shuffled_time()
        self._passwords.add(password)
        return password

    def _shuffled_time(self) -> str:
        now = self._clock.now().timestamp()
        digits = list(f"{int(now):08x}{int(now % 1 * 1_000_000):05x}"[:9])
        random.shuffle(digits)
        return self._marked("".join(digits), _HEX)

    def username_digits(self) -> str:
        """The four digits behind the code in the name of an API user."""
        return f"{random.randint(1, 9999):04d}"

    def session_id(self) -> str:
        """The value of a session cookie."""
        return self._marked("".join(secrets.choice(_BASE36) for _ in range(26)), _BASE36)

    def _marked(self, value: str, alphabet: str) -> str:
        if len(self._marker) < len(value) and all(letter in alphabet for letter in self._marker):
            return self._marker + value[len(self._marker) :]
        return value


def hashed(password: str, salt: str) -> str:
    """What the PIM keeps of a password. One fast round: the world of a sandbox ends with its process."""
    return hashlib.sha256(f"{salt}:{password}".encode()).hexdigest()


def masked_csrf_token(value: str) -> str:
    """A CSRF token as a page shows it: three parts, different at every showing of the same value."""
    key = secrets.token_bytes(32)
    prefix = hashlib.sha256(key).hexdigest()[: 1 + key[0] % 32]
    return ".".join((prefix, _urlsafe(key), _urlsafe(_xor(value.encode(), key))))


def plain_csrf_token(shown: str) -> str:
    """The value behind a shown CSRF token; an empty text if it has not the shape of one."""
    parts = shown.split(".")
    if len(parts) != 3:
        return ""
    try:
        key, value = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts[1:])
        return _xor(value, key).decode() if key else ""
    except ValueError:
        return ""


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _xor(value: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[index % len(key)] for index, byte in enumerate(value))
