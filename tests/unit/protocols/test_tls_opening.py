"""Opening TLS: OpenSSL with itself, in memory, and the key log that it writes; the standards' own test vectors."""

import datetime
import ssl

import pytest

from mnlab.protocols import tcp, tls, waterfall
from mnlab.protocols.tls import keys, opening, story

REQUEST, PAGE = b"GET /invoice HTTP/1.1\r\n\r\n", b"x" * 3000 + b"the end"


@pytest.fixture(scope="module")
def server_key():
    """A certificate for www.lab with an RSA key of its own; (PEM of both, PEM of the key)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.lab")])
    now = datetime.datetime(2026, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=36500))
                   .sign(key, hashes.SHA256()))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                            serialization.NoEncryption())
    return pem + certificate.public_bytes(serialization.Encoding.PEM), pem


@pytest.fixture
def run(talk, server_key, tmp_path):
    """run(version, ciphers) -> (session, key log): a request, a page, and a polite end."""
    talk.handshake()
    place, sent = tmp_path / "server.pem", {"c": 1, "s": 1}
    place.write_bytes(server_key[0])

    def send(side, data):
        for start in range(0, len(data), 700):
            piece = data[start:start + 700]
            getattr(talk, side)("PA", seq=sent[side], ack=sent["s" if side == "c" else "c"], data=piece)
            sent[side] += len(piece)

    def go(version, ciphers=None, retry=False):
        server_side, client_side = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
        server_side.load_cert_chain(place)
        client_side.check_hostname, client_side.verify_mode = False, ssl.CERT_NONE
        client_side.minimum_version = client_side.maximum_version = version
        client_side.keylog_filename = str(tmp_path / "keys")
        for side in (server_side, client_side):
            if ciphers:
                side.set_ciphers(ciphers)
        if retry:  # the client's first share is X25519
            server_side.set_ecdh_curve("prime256v1")
        pipes = [ssl.MemoryBIO() for _ in range(4)]
        client = client_side.wrap_bio(pipes[0], pipes[1], server_hostname="www.lab")
        server = server_side.wrap_bio(pipes[2], pipes[3], server_side=True)

        def step(end, action):
            try:
                action()
            except (ssl.SSLWantReadError, ssl.SSLSyscallError):
                pass
            side, out, into = ("c", pipes[1], pipes[2]) if end is client else ("s", pipes[3], pipes[0])
            data = out.read()
            send(side, data)
            into.write(data)

        for _ in range(4):
            step(client, client.do_handshake)
            step(server, server.do_handshake)
        step(client, lambda: client.write(REQUEST))
        step(server, lambda: server.read(65536))
        step(server, lambda: server.write(PAGE))
        step(client, lambda: client.read(65536))
        step(client, client.unwrap)
        (session,) = tls.sessions(talk.frames)
        return session, (tmp_path / "keys").read_text()

    return go


WAYS = [(ssl.TLSVersion.TLSv1_3, None), *((ssl.TLSVersion.TLSv1_2, suite) for suite in (
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"))]


@pytest.mark.parametrize("version, suite", WAYS, ids=[f"{version.name}-{suite}" for version, suite in WAYS])
def test_a_key_log_opens_everything(run, server_key, version, suite):
    session, log = run(version, suite)
    opened = opening.with_key_log(session, opening.read_key_log(log))
    assert opened.complete
    assert (opened.stream(tcp.CLIENT), opened.stream(tcp.SERVER)) == (REQUEST, PAGE)
    names = [message.name for message in opened.handshakes]
    assert names[:2] == ["ClientHello", "ServerHello"] and names.count("Finished") == 2
    assert [(alert.sender, alert.text) for alert in opened.alerts] == [(tcp.CLIENT, "close_notify")]
    assert opened.certificates == (ssl.PEM_cert_to_DER_cert(server_key[0][server_key[0].index(b"-----BEGIN CERT"):]
                                                            .decode()),)


@pytest.mark.parametrize("version, suite", WAYS, ids=[f"{version.name}-{suite}" for version, suite in WAYS])
def test_the_private_key_opens_what_was_locked_with_it(run, server_key, version, suite):
    session, _ = run(version, suite)
    opened = opening.with_private_key(session, server_key[1])
    if suite and not suite.startswith("ECDHE"):
        assert opened.complete and opened.stream(tcp.SERVER) == PAGE
        assert len(opening.locked_premaster(session)) == 256
    else:
        assert opening.locked_premaster(session) is None and opening.premaster(session, server_key[1]) is None
        assert opened.sealed and opened.stream(tcp.SERVER) == b""


def test_another_key_opens_nothing(run, server_key):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    session, log = run(ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256")
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    assert opening.premaster(session, other) is None and opening.with_private_key(session, other).sealed
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())):
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
        assert opening.premaster(session, pem) is None
    assert opening.with_key_log(session, {}).sealed
    secrets = opening.read_key_log(log)
    wrong = {name: {label: bytes(len(secret)) for label, secret in found.items()} for name, found in secrets.items()}
    assert not opening.with_key_log(session, wrong).stream(tcp.SERVER)


def test_a_changed_record_does_not_open_and_the_others_do(run):
    session, log = run(ssl.TLSVersion.TLSv1_3)
    victim = next(i for i, record in enumerate(session.records) if record.length > 3000)
    record = session.records[victim]
    flipped = bytes([record.data[0] ^ 1]) + record.data[1:]
    session.records[victim] = tls.Record(record.time, record.sender, record.type, record.version, record.length, True,
                                         flipped, record.offset)
    opened = opening.with_key_log(session, opening.read_key_log(log))
    assert [one.record.length for one in opened.sealed] == [record.length] and not opened.complete
    assert opened.stream(tcp.CLIENT) == REQUEST


def test_a_retry_is_read_and_opened(run):
    session, log = run(ssl.TLSVersion.TLSv1_3, retry=True)
    words = [tls.handshake_words(message) for message in session.handshakes]
    assert words[1] == "HelloRetryRequest" and [word.split()[0] for word in words] == [
        "ClientHello", "HelloRetryRequest", "ClientHello", "ServerHello"]
    assert session.server_hello.groups == ("secp256r1",)
    assert opening.with_key_log(session, opening.read_key_log(log)).stream(tcp.SERVER) == PAGE


def test_lines_that_are_no_secrets_are_passed_over():
    assert opening.read_key_log("# a comment\nCLIENT_RANDOM 00ff 0102\nCLIENT_RANDOM 0 1\nrubbish\n") == {
        b"\0\xff": {"CLIENT_RANDOM": b"\1\2"}}


def test_the_prf_of_tls_1_2():
    """A test vector published on the IETF's TLS mailing list for P_SHA256."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    assert keys.prf(secret, "test label", seed, 100, "sha256").hex().startswith("e3f229ba727be17b8d122620557cd453")


def test_the_keys_of_tls_1_3():
    """RFC 8448, section 3: the client's handshake traffic secret, its key and IV."""
    secret = bytes.fromhex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21")
    direction = keys.Direction13(keys.cipher_of("TLS_AES_128_GCM_SHA256"), secret)
    assert direction.key.hex() == "dbfaa693d1762c5b666af5d950258d01"
    assert direction.iv.hex() == "5bd3c71b836e0b76bb73265f"
    assert direction.updated().secret != secret


def test_suites_that_do_not_authenticate_have_no_cipher():
    assert keys.cipher_of("TLS_RSA_WITH_AES_128_CBC_SHA") is None and keys.cipher_of(None) is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_story_says_of_each_line_who_can_read_it(run, version):
    session, log = run(version)
    lines = story.story(opening.with_key_log(session, opening.read_key_log(log)))
    states = {line.words.split(",")[0].split(" (")[0]: line.state for line in lines}
    tls13 = version == ssl.TLSVersion.TLSv1_3
    assert states["Certificate"] == (story.OPENED if tls13 else story.CLEAR) and states["Finished"] == story.OPENED
    (client_hello, *_), data = lines, [line for line in lines if line.words == "application data"]
    assert client_hello.state == story.CLEAR and b"".join(line.data for line in data) == REQUEST + PAGE
    assert [line.time for line in lines] == sorted(line.time for line in lines)
    sealed = story.story(opening.with_key_log(session, {}))
    assert {line.state for line in sealed} == {story.CLEAR, story.SEALED} and not any(line.data for line in sealed)


def test_a_request_behind_tls_is_one_of_a_waterfall_with_its_secrets_and_a_seal_without(run, talk):
    _, log = run(ssl.TLSVersion.TLSv1_3)
    connections = tcp.connections(talk.frames)
    (row,) = waterfall.waterfall(connections, opening.read_key_log(log))
    assert row.exchange.request.target_uri == "/invoice"
    assert [part.name for part in row.parts][:3] == ["connect", "TLS", "send"]
    (row,) = waterfall.waterfall(connections)
    assert row.exchange is None and [part.name for part in row.parts] == ["connect", "TLS", "sealed"]
    assert row.parts[1].end == row.parts[2].start


def test_a_second_hello_that_comes_in_pieces_is_in_the_clear(run, new_talk):
    """After a retry the client says ChangeCipherSpec, and then its hello again, in as many records as it likes."""
    session, log = run(ssl.TLSVersion.TLSv1_3, retry=True)
    talk, sent = new_talk().handshake(), {"c": 1, "s": 1}
    for record in session.records:
        side = "c" if record.sender == tcp.CLIENT else "s"
        half = len(record.data) // 2 if record.type == tls.HANDSHAKE else len(record.data)
        for part in filter(None, (record.data[:half], record.data[half:])):
            data = bytes([record.type]) + record.version.to_bytes(2, "big") + len(part).to_bytes(2, "big") + part
            getattr(talk, side)("PA", seq=sent[side], ack=sent["s" if side == "c" else "c"], data=data)
            sent[side] += len(data)
    (cut,) = tls.sessions(talk.frames)
    assert [message.type for message in cut.handshakes] == [tls.CLIENT_HELLO, tls.SERVER_HELLO] * 2
    opened = opening.with_key_log(cut, opening.read_key_log(log))
    assert opened.complete and opened.stream(tcp.SERVER) == PAGE
