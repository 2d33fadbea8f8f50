"""Addresses: which are loopback, and errors where a server cannot listen."""

import pytest

from amhctl.core.errors import ServerError
from amhctl.web.addresses import is_loopback, open_listener, url_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "localhost.example.org", "127.0.0.1.example.org", ""])
def test_what_others_may_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_free_port_is_taken_and_a_port_in_use_is_an_error() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        with pytest.raises(ServerError, match="another program listens there already") as caught:
            open_listener("127.0.0.1", port)
        assert (caught.value.subject, "--port" in caught.value.hint) == (f"127.0.0.1:{port}", True)


@pytest.mark.parametrize("host", ["192.0.2.7", "a..b", "no-such-host.invalid"])
def test_addresses_of_other_machines_and_unknown_ones_are_errors(host: str) -> None:
    with pytest.raises(ServerError, match=r"does not have this address|the address is unknown"):
        open_listener(host, 0)
