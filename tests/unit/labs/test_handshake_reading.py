"""How the handshake lab reads what kernels of several generations say of a socket."""

from types import SimpleNamespace

import pytest

from mnlab.lab import lab as labs
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.kernel import SocketState

reading = labs.load(labs.find("handshake").folder / "reading.py")
SERVER, NOBODY, CLIENT = Endpoint("10.0.0.2", 5005), Endpoint("0.0.0.0", 0), Endpoint("10.0.0.1", 6101)


@pytest.mark.parametrize("named", [NOBODY, CLIENT], ids=["6.12", "7.3"])
def test_an_opened_connection_is_read_alike_whoever_a_listening_socket_names(named):
    told = [SocketState(1.0, SERVER, named, "LISTEN", "SYN-RECEIVED"),
            SocketState(1.0, SERVER, CLIENT, "SYN-RECEIVED", "ESTABLISHED")]
    evidence = SimpleNamespace(ip=lambda host: SERVER.ip, kernel=lambda *kinds: told)
    assert reading.changes(evidence, "h2", 5005, 6101) == [("SYN-RECEIVED", "ESTABLISHED", 1.0)]
