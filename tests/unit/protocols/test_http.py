"""HTTP: messages cut out of streams by the rules of RFC 9112."""

import pytest

from mnlab.protocols import http

GET = b"GET /books?id=1 HTTP/1.1\r\nHost: www.lab\r\n\r\n"


@pytest.fixture
def dialogue(talk):
    """Sends bytes both ways, in pieces: ("c", b"..."), ("s", b"..."); gives the exchanges."""
    talk.handshake()

    def run(*pieces):
        sent = {"c": 1, "s": 1}
        for side, data in pieces:
            getattr(talk, side)("PA", seq=sent[side], ack=sent["s" if side == "c" else "c"], data=data)
            sent[side] += len(data)
        return http.exchanges(talk.frames)

    run.talk = talk
    return run


def test_a_request_and_its_response(dialogue):
    (exchange,) = dialogue(("c", GET), ("s", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                              b"Content-Length: 5\r\n\r\nhe"), ("s", b"llo"))
    request, response = exchange.request, exchange.response
    assert (request.method, request.target_uri, request.version) == ("GET", "/books?id=1", "HTTP/1.1")
    assert request.header("host") == "www.lab" and request.body == b"" and request.head == GET
    assert (response.status, response.reason, response.version) == (200, "OK", "HTTP/1.1")
    assert response.header("CONTENT-TYPE") == "text/html" and response.header("Server") is None
    assert (response.body, response.complete) == (b"hello", True)
    assert response.end > response.time > request.time
    assert [message.text for message in http.messages(dialogue.talk.frames)] == ["GET /books?id=1", "200 OK"]


def test_requests_on_one_connection_meet_their_responses(dialogue):
    exchanges = dialogue(
        ("c", b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + GET),
        ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
              b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
    assert [(exchange.request.method, exchange.request.body, exchange.response.status) for exchange in exchanges] == [
        ("HEAD", b"", 200), ("POST", b"abc", 204), ("GET", b"", 404)]
    assert http.messages(dialogue.talk.frames)[-1].style == "error"


def test_chunks_are_joined_and_trailers_skipped(dialogue):
    chunks = b"5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nDigest: z\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    first, second = dialogue(("c", GET + GET), ("s", head + chunks + b"HTTP/1.1 404 Not Found\r\n\r\n"))
    assert (first.response.body, first.response.chunked, first.response.complete) == (b"hello world", True, True)
    assert first.response.chunks == (b"hello", b" world") and first.response.trailers == (("Digest", "z"),)
    assert second.response.status == 404


@pytest.mark.parametrize("rest", [b"5\r\nhel", b"zz\r\nhello", b"", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n"])
def test_cut_or_damaged_chunks_are_incomplete(dialogue, rest):
    (exchange,) = dialogue(("c", GET), ("s", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest))
    assert not exchange.response.complete


def test_100_continue_comes_before_the_response(dialogue):
    (exchange,) = dialogue(
        ("c", b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
        ("s", b"HTTP/1.1 100 Continue\r\n\r\n"), ("c", b"hi"), ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    assert [response.status for response in exchange.interim] == [100]
    assert exchange.response.status == 200 and exchange.request.body == b"hi"


def test_without_a_length_the_body_lasts_to_the_end(dialogue):
    (exchange,) = dialogue(("c", b"GET / HTTP/1.0\r\n\r\n"), ("s", b"HTTP/1.0 200 OK\r\n\r\nall"), ("s", b" of it"))
    assert exchange.response.body == b"all of it"


def test_a_request_without_its_blank_line_is_incomplete_and_unanswered(dialogue):
    (exchange,) = dialogue(("c", b"GET / HTTP/1.1\r\nHost: x\r\n"))
    assert not exchange.request.complete and exchange.response is None


def test_a_malformed_request_line_is_shown_as_it_is(dialogue):
    (exchange,) = dialogue(("c", b"POST / HTTP1.1\r\n\r\n"), ("s", b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert (exchange.request.start_line, exchange.response.status) == ("POST / HTTP1.1", 400)


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x00\x05hello", b"USER anonymous\r\n", b""])
def test_other_protocols_are_left_alone(dialogue, data):
    assert dialogue(("c", data), ("s", b"220 ready\r\n")) == []


def response(first: bytes) -> bytes:
    return first + b"\r\nContent-Length: 0\r\nContent-Range: bytes 0-99/1234\r\n\r\n"


@pytest.mark.parametrize("request_line, status_line, words", [
    (b"GET /books?sex=man HTTP/1.1", b"HTTP/1.1 206 Partial Content", ["GET /books?sex=man", "206 bytes 0-99/1234"]),
    (b"GET / HTTP/1.0", b"HTTP/1.0 200 OK", ["GET / HTTP/1.0", "HTTP/1.0 200 OK"]),
    (b"POST / HTTP1.1", b"HTTP/1.1 400 Bad Request", ["POST / HTTP1.1", "400 Bad Request"]),
    (b"OPTIONS * HTTP/1.1", b"HTTP/1.1 204", ["OPTIONS *", "204"]),
    (b"GET / HTTP/1.1", b"HTTP/1.1 OK", ["GET /", "HTTP/1.1 OK"])])
def test_words_read_like_the_exchange(dialogue, request_line, status_line, words):
    dialogue(("c", request_line + b"\r\n\r\n"), ("s", response(status_line)))
    assert [arrow.text for arrow in http.messages(dialogue.talk.frames)] == words


def test_words_say_that_the_blank_line_is_missing(dialogue):
    dialogue(("c", b"GET / HTTP/1.1\r\nHost: x\r\n"))
    assert [arrow.text for arrow in http.messages(dialogue.talk.frames)] == ["GET / (no blank line)"]


def test_a_request_sent_ahead_of_the_answer_is_pipelined(dialogue):
    answer = response(b"HTTP/1.1 200 OK")
    found = dialogue(("c", GET), ("s", answer), ("c", GET + GET), ("s", answer), ("s", answer))
    assert [exchange.pipelined for exchange in found] == [False, False, True]


def test_empty_lines_ahead_of_a_request_do_not_count(dialogue):
    found = dialogue(("c", b"\r\n" + GET + b"\r\n\r\n" + GET + b"\r\n"), ("s", response(b"HTTP/1.1 200 OK")))
    assert [exchange.request.start_line for exchange in found] == ["GET /books?id=1 HTTP/1.1"] * 2
    assert [exchange.response is None for exchange in found] == [False, True]
