"""How connections end: closing segments, their ACKs, states by the kernel's account."""

from mnlab.protocols import tcp
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.kernel import SocketState
from mnlab.protocols.tcp import CLIENT, SERVER, teardown

C, S = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 80)


def only(talk):
    (connection,) = tcp.connections(talk.frames)
    return connection


def test_four_segments(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.s("A", seq=1, ack=2)
    talk.s("FA", seq=1, ack=2)
    talk.c("A", seq=2, ack=2)
    connection = only(talk)
    last = teardown.closing(connection)
    assert teardown.in_words(last) == "h1 FIN+ACK, h2 ACK, h2 FIN+ACK, h1 ACK"
    assert teardown.ack_of(connection, connection.fins[CLIENT]) is last[1]
    assert teardown.ack_of(connection, connection.fins[SERVER]) is last[3]
    assert teardown.resets(connection, CLIENT) == []


def test_three_segments(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.s("FA", seq=1, ack=2)
    talk.c("A", seq=2, ack=2)
    connection = only(talk)
    assert teardown.ack_of(connection, connection.fins[CLIENT]) is connection.fins[SERVER]
    assert len(teardown.closing(connection)) == 3


def test_a_reset_begins_the_closing_too(talk):
    talk.handshake()
    talk.s("RA", seq=1, ack=1)
    connection = only(talk)
    assert teardown.in_words(teardown.closing(connection), "client", "server") == "server RST+ACK"
    assert len(teardown.resets(connection, SERVER)) == 1


def test_an_open_connection_has_no_closing(talk):
    assert teardown.in_words(teardown.closing(only(talk.handshake()))) == "nothing"


def test_a_fin_that_nobody_acknowledges(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.s("A", seq=1, ack=1)
    connection = only(talk)
    assert teardown.ack_of(connection, connection.fins[CLIENT]) is None


def test_states_of_one_end(talk):
    connection = only(talk.handshake())
    begin = connection.time
    events = [SocketState(begin - 100, C, S, "CLOSED", "SYN-SENT"),  # another connection between the same two ends
              SocketState(begin, S, C, "LISTEN", "SYN-RECEIVED"),  # Linux 7.3 names the peer here, and is read alike
              SocketState(begin + 1, C, S, "ESTABLISHED", "FIN-WAIT-1"),
              SocketState(begin + 1.1, S, C, "ESTABLISHED", "CLOSE-WAIT"),
              SocketState(begin + 2, C, S, "FIN-WAIT-1", "FIN-WAIT-2")]
    assert teardown.socket_states(events, connection, CLIENT) == {"FIN-WAIT-1": begin + 1, "FIN-WAIT-2": begin + 2}
    assert list(teardown.socket_states(events, connection, SERVER)) == ["CLOSE-WAIT"]
