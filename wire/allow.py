"""The CURVE allow-list: only keys in the folder get past the handshake (without it any key would)."""

from pathlib import Path

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator


def start_allow_list(context: "zmq.Context[zmq.Socket[bytes]]", folder: Path) -> ThreadAuthenticator:
    """Starts the ZAP handler of ``context`` with the ``*.key`` files of ``folder``; call ``stop()`` on the result."""
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain="*", location=str(folder))
    return authenticator


def make_keys(folder: Path, names: tuple[str, ...]) -> None:
    """Writes a CURVE certificate pair per process name.

    Raises:
        FileExistsError: a key of that name is already there; keys are never overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in names:
        if (folder / f"{name}.key_secret").exists():
            raise FileExistsError(f"keys: {folder / (name + '.key_secret')} exists; expected a new folder")
        zmq.auth.create_certificates(folder, name)
        (folder / f"{name}.key_secret").chmod(0o600)
