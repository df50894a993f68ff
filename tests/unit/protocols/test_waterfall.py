"""Where the time of a request goes, held against the times at which frames were made."""

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.waterfall import CONNECT, RECEIVE, SEND, WAIT, waterfall

GET = b"GET /%d HTTP/1.1\r\nHost: www.lab\r\n\r\n"
HEAD, TAIL = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", b"world"


def rows(talk):
    return waterfall(tcp.connections(talk.frames))


def test_each_part_of_two_requests_on_one_connection(talk):
    talk.handshake()
    asked, said = 1, 1
    for number in range(2):
        get = GET % number
        talk.c("PA", seq=asked, ack=said, data=get[:10], after=0.010)
        talk.c("PA", seq=asked + 10, ack=said, data=get[10:], after=0.005)
        talk.s("PA", seq=said, ack=asked + len(get), data=HEAD, after=0.040)
        talk.s("PA", seq=said + len(HEAD), ack=asked + len(get), data=TAIL, after=0.020)
        asked, said = asked + len(get), said + len(HEAD + TAIL)
    first, second = rows(talk)
    assert [part.name for part in first.parts] == [CONNECT, SEND, WAIT, RECEIVE]
    assert [part.length for part in first.parts] == pytest.approx([0.002, 0.005, 0.040, 0.020])
    assert [part.name for part in second.parts] == [SEND, WAIT, RECEIVE] and second.length(CONNECT) is None
    assert second.start - first.end == pytest.approx(0.010)


def test_a_request_that_nobody_answers_was_sent_and_no_more(talk):
    talk.handshake()
    talk.c("PA", seq=1, ack=1, data=GET % 1)
    (row,) = rows(talk)
    assert [part.name for part in row.parts] == [CONNECT, SEND] and row.exchange.response is None


def test_an_answer_that_comes_before_the_request_has_ended_waits_for_nothing(talk):
    talk.handshake()
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
    talk.c("PA", seq=1, ack=1, data=post + b"ab")
    talk.s("PA", seq=1, ack=1 + len(post), data=b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", after=0.02)
    talk.c("PA", seq=3 + len(post), ack=1, data=b"cd", after=0.03)
    (row,) = rows(talk)
    assert row.length(WAIT) == 0 and all(part.length >= 0 for part in row.parts)


def test_what_is_neither_http_nor_tls_is_left_out(talk):
    talk.handshake()
    talk.c("PA", seq=1, ack=1, data=b"hello?\n")
    assert rows(talk) == []


def test_a_capture_that_begins_later_knows_of_no_connecting(talk):
    talk.c("PA", seq=1, ack=1, data=GET % 1)
    talk.s("PA", seq=1, ack=1 + len(GET % 1), data=HEAD + TAIL, after=0.04)
    (row,) = rows(talk)
    assert row.length(CONNECT) is None and row.length(WAIT) == pytest.approx(0.04)
