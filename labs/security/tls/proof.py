"""Signatures in TLS: a root's on a certificate, and the server's own, by which it proves that it has the key."""

import hashlib

from mnlab.protocols import tcp, tls
from mnlab.protocols.tls import keys, opening
from mnlab.protocols.tls.hello import Reader

#: Signature schemes (RFC 8446, section 4.2.3) of RSA keys: number -> (hash, whether it is PSS).
SCHEMES = {0x0401: ("SHA256", False), 0x0501: ("SHA384", False), 0x0601: ("SHA512", False),
           0x0804: ("SHA256", True), 0x0805: ("SHA384", True), 0x0806: ("SHA512", True)}
NAMED_CURVE = 3  # RFC 8422, section 5.4
CONTEXT = b" " * 64 + b"TLS 1.3, server CertificateVerify\0"  # RFC 8446, section 4.4.3


def issued(root_pem: str, leaf: bytes, name: str) -> bool:
    """Whether the certificate `leaf` (DER) is for `name`, and signed with the key in the root's certificate."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    try:
        certificate = x509.load_der_x509_certificate(leaf)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root_pem.encode()))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return name in names.get_values_for_type(x509.DNSName)


def ecdhe_share(session: tls.Session) -> bytes | None:
    """The server's public point in a ServerKeyExchange of ECDHE (RFC 8422, section 5.4); None if there is none."""
    taken = _key_exchange(session)
    return taken[0] if taken else None


def _key_exchange(session: tls.Session):
    """(point, what is signed of the message, scheme, signature) of a ServerKeyExchange."""
    body = next((message.data for message in session.handshakes if message.type == tls.SERVER_KEY_EXCHANGE), None)
    if body is None:
        return None
    reader = Reader(body)
    try:
        if reader.number(1) != NAMED_CURVE:
            return None
        reader.number(2)
        point = reader.vector(1)
        signed = body[:reader.position]
        return point, signed, reader.number(2), reader.vector(2)
    except ValueError:
        return None


def signed_share(session: tls.Session, leaf: bytes) -> bool:
    """TLS 1.2, ECDHE: whether the server signed its point, and both randoms, with the key in its certificate."""
    taken = _key_exchange(session)
    if not taken:
        return False
    _, signed, scheme, signature = taken
    return _verifies(leaf, scheme, signature, session.client_hello.random + session.server_hello.random + signed)


def signed_handshake(opened: opening.Opening, leaf: bytes) -> bool:
    """TLS 1.3: whether the server signed the handshake so far with the key in its certificate (CertificateVerify)."""
    body = next((message.data for message in opened.handshakes if message.type == tls.CERTIFICATE_VERIFY
                 and message.sender == tcp.SERVER), None)
    if body is None:
        return False
    reader = Reader(body)
    scheme, signature = reader.number(2), reader.vector(2)
    whole = opening.transcript(opened.handshakes, tls.CERTIFICATE)
    digest = hashlib.new(keys.cipher_of(opened.session.suite).hash, whole).digest()
    return _verifies(leaf, scheme, signature, CONTEXT + digest)


def _verifies(leaf: bytes, scheme: int, signature: bytes, content: bytes) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    name, pss = SCHEMES.get(scheme, ("", False))
    if not name:
        return False
    algorithm = getattr(hashes, name)()
    pad = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH) if pss else padding.PKCS1v15()
    try:
        x509.load_der_x509_certificate(leaf).public_key().verify(signature, content, pad, algorithm)
    except InvalidSignature:
        return False
    return True
