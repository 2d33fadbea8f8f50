"""Where a server listens, and which of these addresses only this machine can reach."""

import errno
import ipaddress
import socket

from amhctl.core.errors import ServerError

_BACKLOG = 256


def is_loopback(host: str) -> bool:
    """Return whether an address or name can be reached from this machine only.

    Of names only ``localhost`` is: what another name means is decided elsewhere, and may change.
    """
    bare = host.removeprefix("[").removesuffix("]")
    if bare.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address, so that a client may connect before the server is ready.

    Parameters
    ----------
    host : str
        Address or name.
    port : int
        Port; 0 takes a free one.

    Raises
    ------
    ServerError
        If the address is not one of this machine, or the port is in use or not permitted.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise ServerError("the address is unknown", subject=host, hint="give --host 127.0.0.1 or 0.0.0.0") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ServerError(*_explain(error, host, port)) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL of what listens at a socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _explain(error: OSError, host: str, port: int) -> tuple[str, str, str]:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return "another program listens there already", where, "choose another --port; 0 takes a free one"
    if error.errno == errno.EACCES:
        return "no permission to listen there", where, "choose a --port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine does not have this address", where, "give --host 127.0.0.1 or 0.0.0.0"
    return (error.strerror or str(error)).lower(), where, ""
