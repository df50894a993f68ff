"""What the checks read: what clients said of each door, what was on the wire there, and what certificates say."""

import re
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mnlab.checks import CheckFailed, expect
from mnlab.protocols import tcp, tls

SERVER_KEY_EXCHANGE = 12
HASHES = {4: hashes.SHA256, 5: hashes.SHA384, 6: hashes.SHA512}  # first byte of a signature scheme, RFC 5246, 7.4.1.4.1


class Verdict(NamedTuple):
    """What curl said of a URL: HTTP status (0: none), its own exit status, X509_V_ERR code (x509_vfy.h), words."""

    status: int
    exit: int
    code: int
    words: str

    def __str__(self):
        return f"HTTP {self.status}" if not self.exit else f"curl {self.exit}, code {self.code}: {self.words}"


def verdicts(evidence, command) -> dict[str, Verdict]:
    """URL -> verdict, from what `-w` printed (experiment.SAYS)."""
    rows = (line.split("\t") for line in evidence.command(command).stdout.splitlines() if line.count("\t") == 4)
    return {url: Verdict(int(status), int(end), int(code), words) for url, status, end, code, words in rows}


def verdict(evidence, params, door) -> Verdict:
    """curl's verdict on a door."""
    url = f"https://{params['bank_name']}:{params['doors'][door]}/"
    found = verdicts(evidence, "knock").get(url)
    expect(found, done=f"curl asked for {url}", expected="a verdict", seen="none")
    return found


def session(evidence, command, port):
    """The TLS session with a port of `web` that began while a command ran."""
    ran = evidence.command(command)
    found = [one for one in tls.sessions(evidence.frames("client"))
             if one.server.port == port and ran.start <= one.connection.time <= ran.end]
    expect(found, done=ran.line, expected=f"a TLS session with port {port}", seen="none")
    return found[0]


def alerts(seen) -> list[str]:
    """The client's fatal alerts in the clear."""
    return [alert.text for alert in seen.alerts if alert.sender == tcp.CLIENT and alert.level == "fatal"]


def chain(seen) -> list[x509.Certificate]:
    """The certificates that the server sent."""
    return [parsed(x509.load_der_x509_certificate, data) for data in seen.certificates]


def parsed(load, data):
    """A certificate or request, read without trust: what cannot be read fails the check."""
    try:
        found = load(data)
        found.extensions, found.subject, found.public_key()  # these are read late, and may be damaged, too
        return found
    except Exception as problem:  # cryptography raises what its parser happens to meet
        raise CheckFailed(expected="something that X.509 allows", seen=f"{type(problem).__name__}: {problem}") from None


def pem(text: str) -> list[x509.Certificate]:
    """The certificates in a PEM file."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except Exception as problem:
        raise CheckFailed(expected="certificates in PEM", seen=f"{problem}") from None
    return [parsed(lambda one: one, one) for one in found]


def names(certificate) -> list[str]:
    """The DNS names that a certificate is for (subjectAltName)."""
    found = extension(certificate, x509.SubjectAlternativeName)
    return found.get_values_for_type(x509.DNSName) if found else []


def extension(certificate, kind):
    """An extension's value; None if it is not there."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def is_ca(certificate) -> bool:
    found = extension(certificate, x509.BasicConstraints)
    return bool(found and found.ca)


def signed_by(certificate, issuer) -> bool:
    """Whether a certificate's signature is the work of the issuer's key, of whatever kind, and names it."""
    try:
        certificate.verify_directly_issued_by(issuer)
        return True
    except (ValueError, TypeError, InvalidSignature):
        return False


def chosen(answers, key: str, options) -> str:
    """An answer that is one of `options`, as TLS names them or as Wireshark writes them: "Decrypt Error (51)"."""
    plain = {option.replace("_", "").lower(): option for option in options}
    given = re.sub(r"[\s_]|\(\d+\)", "", answers.text(key)).lower()
    return plain.get(given) or answers.choice(key, options)


def _verifies(key, signature, data, hashing) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(hashing))
        return True
    except InvalidSignature:
        return False


def key_exchange_is_signed(seen) -> bool:
    """Whether the server signed its part of the key exchange with the key in its certificate (RFC 8422, section 5.4):
    curve type, curve, point; then hash, algorithm, signature over both randoms and those parameters."""
    body = next((message.data for message in seen.handshakes if message.type == SERVER_KEY_EXCHANGE), b"")
    expect(len(body) > 4, done=f"looked at the session with port {seen.server.port}", expected="a ServerKeyExchange",
           seen="none")
    end = 4 + body[3]
    scheme, signature = body[end:end + 2], body[end + 4:]
    signed = seen.client_hello.random + seen.server_hello.random + body[:end]
    return _verifies(chain(seen)[0].public_key(), signature, signed, HASHES[scheme[0]]())
