"""TCP: the states of both ends, and where one connection stops and the next begins."""

from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp import states as tcp_states


def states(connection, side):
    return [change.state for change in connection.states(side)]


def test_every_state_of_the_table_is_reached_and_left_by_known_events():
    known = {value for name, value in vars(tcp_states).items() if name.isupper() and isinstance(value, str)}
    for state, table in tcp_states.TRANSITIONS.items():
        assert {state, *table, *table.values()} <= known
        assert set(table.values()) <= set(tcp_states.TRANSITIONS)


def test_the_client_closes_first_in_four_segments(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.s("A", seq=1, ack=2)
    talk.s("PA", seq=1, ack=2, data=b"more")  # half-closed: the server goes on
    talk.c("A", seq=2, ack=5)
    talk.s("FA", seq=5, ack=2)
    talk.c("A", seq=2, ack=6)
    (connection,) = tcp.connections(talk.frames)
    assert states(connection, CLIENT) == ["SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert states(connection, SERVER) == ["SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
    assert connection.closed_first == CLIENT and connection.finished
    assert {side: fin.seq for side, fin in connection.fins.items()} == {CLIENT: 1, SERVER: 5}
    assert connection.state(CLIENT, talk.frames[4].time) == "FIN-WAIT-2"
    assert connection.state(SERVER, 0.0) == "LISTEN"


def test_the_server_closes_first_in_three_segments_with_data_in_its_fin(talk):
    talk.handshake()
    talk.s("FPA", seq=1, ack=1, data=b"bye")
    talk.c("FA", seq=1, ack=5)
    talk.s("A", seq=5, ack=2)
    (connection,) = tcp.connections(talk.frames)
    assert connection.closed_first == SERVER
    assert connection.state(SERVER) == "TIME-WAIT" and connection.state(CLIENT) == "CLOSED"
    assert connection.fins[SERVER].length == 3 and connection.fins[SERVER].size == 4
    assert tcp.messages(talk.frames)[3].text == "FIN+PSH+ACK seq=1 ack=1 len=3 win=64000"


def test_both_close_at_once(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.s("FA", seq=1, ack=1)
    talk.c("A", seq=2, ack=2)
    talk.s("A", seq=2, ack=2)
    (connection,) = tcp.connections(talk.frames)
    for side in (CLIENT, SERVER):
        assert states(connection, side)[2:] == ["FIN-WAIT-1", "CLOSING", "TIME-WAIT"]


def test_both_open_at_once(talk):
    talk.c("S")
    talk.s("S")
    talk.c("SA", ack=1)
    talk.s("SA", ack=1)
    (connection,) = tcp.connections(talk.frames)
    assert states(connection, CLIENT) == ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]
    assert states(connection, SERVER)[-3:] == ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]


def test_a_fin_that_overtakes_data_is_not_yet_received(talk):
    talk.handshake()
    talk.c("FA", seq=11, ack=1, ident=901)
    (connection,) = tcp.connections(talk.frames)
    assert connection.state(SERVER) == "ESTABLISHED"
    talk.c("PA", seq=1, ack=1, data=b"0123456789", ident=900)
    (connection,) = tcp.connections(talk.frames)
    assert connection.state(SERVER) == "CLOSE-WAIT"


def test_a_closed_port_answers_with_a_reset(talk):
    talk.c("S")
    talk.s("RA", ack=1)
    (connection,) = tcp.connections(talk.frames)
    assert states(connection, CLIENT) == ["SYN-SENT", "CLOSED"]
    assert states(connection, SERVER) == ["CLOSED"]  # nobody was ever in SYN-RECEIVED
    assert [segment.kind for segment in connection.resets] == ["reset"]
    assert tcp.messages(talk.frames)[1].style == "error"


def test_a_reset_out_of_sequence_closes_nothing(talk):
    talk.handshake()
    talk.s("R", seq=7777)
    (connection,) = tcp.connections(talk.frames)
    assert connection.state(CLIENT) == "ESTABLISHED"
    talk.s("R", seq=1)
    (connection,) = tcp.connections(talk.frames)
    assert connection.state(CLIENT) == "CLOSED"


def test_a_syn_that_nobody_answers_is_sent_again(talk):
    for gap in (0, 1, 2):
        talk.c("S", after=gap)
    (connection,) = tcp.connections(talk.frames)
    assert [segment.kind for segment in connection.segments] == ["new", "retransmission", "retransmission"]
    assert connection.state(CLIENT) == "SYN-SENT" and connection.handshake is None


def test_an_old_duplicate_syn_opens_no_connection(talk, new_talk):
    """The client resets what the old SYN brings; its own attempt, with another number, is another connection."""
    talk.c("S")
    talk.s("SA", ack=1)
    talk.c("R", seq=1)
    fresh = new_talk(isn=(700_000, 900_000)).handshake()
    for frame in fresh.frames:
        object.__setattr__(frame, "time", frame.time + 1)
    ghost, real = tcp.connections(talk.frames + fresh.frames)
    assert (ghost.state(SERVER), ghost.handshake) == ("CLOSED", None)
    assert states(ghost, SERVER) == ["SYN-RECEIVED", "CLOSED"]
    assert real.state(SERVER) == "ESTABLISHED" and real.handshake


def test_a_foreign_syn_within_a_connection_is_a_stray(talk, new_talk):
    talk.handshake()
    (stray,) = [new_talk(isn=(123_456, 0)).c("S")]
    talk.frames.append(stray)
    talk.c("PA", seq=1, ack=1, data=b"still here")
    (connection,) = tcp.connections(talk.frames)
    assert [segment.kind for segment in connection.segments[3:]] == ["stray", "new"]
    assert connection.state(SERVER) == "ESTABLISHED" and connection.stream(CLIENT) == b"still here"


def test_a_four_tuple_used_again_is_another_connection(talk, new_talk):
    talk.handshake()
    talk.s("FA", seq=1, ack=1)
    talk.c("FA", seq=1, ack=2)  # the last ACK is not captured
    again = new_talk(isn=(9_000_000, 8_000_000)).handshake()
    first, second = tcp.connections(talk.frames + again.frames)
    assert (len(first.segments), len(second.segments)) == (5, 3)
    assert second.isn(CLIENT) == 9_000_000
