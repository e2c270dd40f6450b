"""A free port to listen on, kept while the web server restarts."""

import errno
import socket

PORTS_TO_TRY = 100
NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def listen(host: str, port: int) -> tuple[int, list[socket.socket]]:
    """The first free port from ``port`` on, and sockets that listen there.

    "localhost" is both of its addresses: a browser may try either. Raises OSError when no port
    is free or the host is not one of this machine's.
    """
    addresses = ["127.0.0.1", "::1"] if host == "localhost" else [host]
    for candidate in range(port, port + PORTS_TO_TRY):
        try:
            return candidate, _listen_on_all(addresses, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"no free port from {port} to {candidate}")


def _listen_on_all(addresses: list[str], port: int) -> list[socket.socket]:
    """One socket for each address that this machine has; none stays open after an error."""
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                sockets.append(_listen_on(address, port))
            except OSError as error:
                if error.errno not in NOT_HERE or address != "::1":
                    raise
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets


def _listen_on(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
