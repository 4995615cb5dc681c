"""Who may talk to the page: default-deny on host, origin and token. Pure; `station.web` applies it to every request."""

import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
COOKIE = "hullscan_token"
MIN_TOKEN = 16
# Off-limits for an SQL or file name, whatever the router did: crops are named F001-2.
CROP_PATTERN = r"F\d{3,9}-\d{1,9}"


def is_loopback_host(host: str) -> bool:
    """True for localhost and loopback addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Checks against DNS rebinding (Host), cross-site requests (Origin) and strangers (token).

    Raises:
        PermissionError: ``host`` is not loopback and there is no token of at least 16 characters.
    """

    def __init__(self, host: str, token: str | None) -> None:
        if not is_loopback_host(host) and (token is None or len(token) < MIN_TOKEN):
            raise PermissionError(f"web host: {host} is not loopback; expected a token of at least {MIN_TOKEN} characters")
        self._host = host
        self._token = token or None
        self.port = 0

    def _allowed_hosts(self) -> set[str]:
        names = {self._host}
        if is_loopback_host(self._host):
            names |= {"127.0.0.1", "localhost", "[::1]"}
        return {f"{name}:{self.port}" for name in names} | (names if self.port == 80 else set())

    def host_ok(self, headers: Mapping[str, str]) -> bool:
        """On a wildcard address any literal IP address with our port is ours; names are not (rebinding needs a name)."""
        host = headers.get("host", "").lower()
        if self._host in ("0.0.0.0", "::"):
            return self._literal_address(host)
        return host in self._allowed_hosts()

    def _literal_address(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            ipaddress.ip_address(parts.hostname or "")
            return (parts.port or 80) == self.port
        except ValueError:
            return False

    def origin_ok(self, headers: Mapping[str, str]) -> bool:
        """The page's own origin. Browsers always send one with a POST or a WebSocket; none means no browser page of ours."""
        return headers.get("origin", "").lower() == f"http://{headers.get('host', '').lower()}"

    @property
    def needs_token(self) -> bool:
        return self._token is not None

    def token_ok(self, given: str | None) -> bool:
        if self._token is None:
            return True
        return given is not None and hmac.compare_digest(given.encode(), self._token.encode())
