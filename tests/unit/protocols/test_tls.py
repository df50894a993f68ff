"""TLS: real handshakes of OpenSSL with itself, in memory, laid on a TCP conversation."""

import ssl

import pytest

from mnlab.protocols import tcp, tls
from mnlab.protocols.tls import hello as tls_hello
from mnlab.protocols.tls.suites import SUITES

#: A certificate for www.lab and its key, made for these tests with openssl; they protect nothing.
KEY_AND_CERTIFICATE = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINwWjDO+oPKuUUx/aHsUhVOaO5/KzjKdEPmF9LdUvCucoAoGCCqGSM49
AwEHoUQDQgAEB+Xo99aIBASGLAHCtQ4HWMVAhR/cXaQoMxU+o4sJtO8icSB140/Q
mzmMGQSTt6x7tTlOgVmlbzlj9e3JVgXIkw==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUaQ0+yXzCm1C8ZkPKWHY4aR74KBUwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHd3d3LmxhYjAgFw0yNjExMjMwNjQ2MzlaGA8yMTI2MTAzMDA2
NDYzOVowEjEQMA4GA1UEAwwHd3d3LmxhYjBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABAfl6PfWiAQEhiwBwrUOB1jFQIUf3F2kKDMVPqOLCbTvInEgdeNP0Js5jBkE
k7ese7U5ToFZpW85Y/XtyVYFyJOjZzBlMB0GA1UdDgQWBBSzk55zUturqLek8EJM
8VEtgSFDIzAfBgNVHSMEGDAWgBSzk55zUturqLek8EJM8VEtgSFDIzAPBgNVHRMB
Af8EBTADAQH/MBIGA1UdEQQLMAmCB3d3dy5sYWIwCgYIKoZIzj0EAwIDSAAwRQIh
ANiHtuStke/RyE8+kKVWeC/QCEPFRwUuaA3b3/enBUuZAiB4SMjLAhMQUZjpqhm2
5CBZ2l9U/nDCIyTc6FLYEFFAWg==
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(tmp_path):
    path = tmp_path / "www.lab.pem"
    path.write_text(KEY_AND_CERTIFICATE)
    return path


@pytest.fixture
def session_of(talk, certificate):
    """Runs a TLS session in memory and records it; gives the frames."""
    talk.handshake()
    sent = {"c": 1, "s": 1}

    def send(side, data):
        for start in range(0, len(data), 1000):  # in segments, so that records span them
            piece = data[start:start + 1000]
            getattr(talk, side)("PA", seq=sent[side], ack=sent["s" if side == "c" else "c"], data=piece)
            sent[side] += len(piece)

    def run(version=ssl.TLSVersion.TLSv1_3, trust=True, requests=(b"GET / HTTP/1.1\r\n\r\n",), name="www.lab"):
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(certificate)
        server_side.set_alpn_protocols(["http/1.1"])
        client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client_side.minimum_version = client_side.maximum_version = version
        client_side.set_alpn_protocols(["h2", "http/1.1"])
        if trust:
            client_side.load_verify_locations(certificate)
        pipes = [ssl.MemoryBIO() for _ in range(4)]
        client = client_side.wrap_bio(pipes[0], pipes[1], server_hostname=name)
        server = server_side.wrap_bio(pipes[2], pipes[3], server_side=True)

        def step(end, action):
            """One end acts; what it writes crosses the wire to the other."""
            try:
                done = action()
            except ssl.SSLWantReadError:
                done = None
            except ssl.SSLError:
                done = "refused"
            side, out, into = ("c", pipes[1], pipes[2]) if end is client else ("s", pipes[3], pipes[0])
            data = out.read()
            if data:
                send(side, data)
                into.write(data)
            return done

        for _ in range(3):
            step(client, client.do_handshake)
            step(server, server.do_handshake)
        for request in requests if trust else ():
            step(client, lambda request=request: client.write(request))
            step(server, lambda: server.read(65536))
            step(server, lambda: server.write(b"x" * 5000))
        return talk.frames

    return run


def test_tls_1_3_shows_the_hellos_and_hides_the_rest(session_of):
    (session,) = tls.sessions(session_of())
    assert (session.version, session.server_name) == ("TLS 1.3", "www.lab")
    assert session.suite == session.server_hello.suites[0] and session.suite in session.client_hello.suites
    assert session.suite.startswith("TLS_AES_") or session.suite.startswith("TLS_CHACHA20_")
    assert session.client_hello.versions == ("TLS 1.3",) and session.client_hello.legacy == "TLS 1.2"
    assert session.client_hello.alpn == ("h2", "http/1.1") and session.server_hello.alpn == ()  # it is encrypted
    assert session.server_hello.groups[0] in session.client_hello.groups
    assert [message.name for message in session.handshakes] == ["ClientHello", "ServerHello"]
    assert session.certificates == () and not session.certificates_visible
    records, size = session.encrypted(tcp.SERVER)
    assert records >= 3 and size > 5000


def test_tls_1_2_shows_the_certificates(session_of):
    (session,) = tls.sessions(session_of(ssl.TLSVersion.TLSv1_2))
    assert session.version == "TLS 1.2" and session.suite.startswith("TLS_ECDHE_ECDSA_")
    names = [message.name for message in session.handshakes]
    assert names[:5] == ["ClientHello", "ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"]
    assert "ClientKeyExchange" in names and "Finished" not in names  # Finished is encrypted
    der = ssl.PEM_cert_to_DER_cert(KEY_AND_CERTIFICATE[KEY_AND_CERTIFICATE.index("-----BEGIN CERT"):])
    assert session.certificates == (der,)
    assert session.server_hello.alpn == ("http/1.1",)
    assert [record.name for record in session.records if record.sender == tcp.CLIENT][:3] == [
        "Handshake", "Handshake", "ChangeCipherSpec"]


def test_the_words(session_of):
    arrows = tls.messages(session_of(ssl.TLSVersion.TLSv1_2))
    assert arrows[0].text.startswith("ClientHello TLS 1.2, ") and arrows[0].text.endswith(" suites, name www.lab")
    assert arrows[1].text.startswith("ServerHello TLS 1.2, TLS_ECDHE_ECDSA_WITH_")
    assert arrows[2].text == "Certificate (1 certificate)"
    assert arrows[-1].text.startswith("encrypted ") and arrows[-1].style == "encrypted"
    assert (arrows[0].source, arrows[0].target) == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_does_not_trust_the_server(session_of, version):
    (session,) = tls.sessions(session_of(version, trust=False))
    if session.alerts:  # OpenSSL 3 sends it in the clear; others may encrypt it in TLS 1.3
        (alert,) = session.alerts
        assert (alert.sender, alert.level, alert.text) == (tcp.CLIENT, "fatal", "unknown_ca")
    else:
        assert version == ssl.TLSVersion.TLSv1_3


def test_a_session_cut_off_in_the_middle_of_a_record(session_of):
    frames = session_of(ssl.TLSVersion.TLSv1_2)
    for count in range(3, len(frames)):
        for session in tls.sessions(frames[:count]):
            assert session.records
    assert tls.sessions(frames[:3]) == []  # TCP alone


def test_a_record_that_never_was_whole_is_no_session(talk):
    talk.handshake().c("PA", seq=1, ack=1, data=b"\x16\x03\x01\x01\x00\x01")
    assert tls.sessions(talk.frames) == [] and tls.messages(talk.frames) == []


def test_what_is_not_tls_is_left_alone(talk):
    talk.handshake()
    talk.c("PA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\n\r\n")
    assert tls.sessions(talk.frames) == []


def test_damaged_hellos_are_none_and_have_words():
    assert tls_hello.parse_client_hello(b"") is None
    assert tls_hello.parse_client_hello(b"\x03\x03" + bytes(32) + b"\xff") is None
    assert tls_hello.parse_server_hello(b"\x03\x03" + bytes(10)) is None
    assert tls_hello.parse_certificates(b"\x00\x00\xff\x00") == ()
    assert tls.handshake_words(tls.Handshake(0.0, tcp.CLIENT, 1, b"")) == "ClientHello (damaged)"


def test_suites_have_the_names_that_scapy_knows():
    from scapy.layers.tls.crypto.suites import _tls_cipher_suites as known
    assert {number: name for number, name in known.items() if number <= 0xFFFF}.items() <= SUITES.items()


def test_a_retry_request_and_grease_are_known():
    extensions = b"\x00\x2b\x00\x02\x03\x04"
    body = b"\x03\x03" + tls_hello.RETRY_RANDOM + b"\x00" + b"\x13\x01" + b"\x00" + b"\x00\x06" + extensions
    hello = tls_hello.parse_server_hello(body)
    assert hello.retry and hello.version == "TLS 1.3"
    assert tls.handshake_words(tls.Handshake(0.0, tcp.SERVER, 2, body)) == "HelloRetryRequest"
    greased = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x04\x1a\x1a\x13\x01" + b"\x01\x00"
    assert tls_hello.parse_client_hello(greased).suites == ("TLS_AES_128_GCM_SHA256",)
    assert tls_hello.suite_name(0xFEED) == "suite 0xfeed"
