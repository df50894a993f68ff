"""RSA keys for labs without the price of making them: two primes of 1024 bits take seconds to find in the lab machine.

These primes are public: nothing that is locked with them is a secret. Where a key can be of another kind, make
one on P-256 in the run instead: that costs next to nothing.
"""

import base64
from typing import NamedTuple

#: The public exponent `e` of every key here.
EXPONENT = 65537
RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d0101010500")  # 1.2.840.113549.1.1.1, and NULL

#: Made by `openssl prime -generate -bits 1024 -hex`; the product of any two has 2048 bits. Fifteen keys.
PRIMES = tuple(int(text, 16) for text in (
    "DD6A3D6AC87820DF976ED754B7E79E92BDAF2D14FC2500B4451FA5F399F57F0C"
    "4CB01DD4C68E436717FA9BE26B184E92538445964AAB899F11011353C8FDD272"
    "AD1285A26B8A41176B982BE9F8DCD404FCEC5253B391D397F3145D7FE07C8F45"
    "3FC6746D5EB60FD6C3EA91BEE7942C9E7435D8E6ACC7D4D19F625ECBF956641B",
    "D92B5A92E5A840A7753129B4CE9134B37E6E9F611E4D5DF59096567119913CFF"
    "CDED6C47D3666924CC75371A0F04F71CC68432E37A7FA7C5B595A0C7B91DDCF2"
    "0137069A027D1F8362C6FB24649080EE5D89D7137B92644CB029D611EE2806A3"
    "4F262226AFE7A3701AE85E6B05B464FB73F89555ED7DD08FEB77A9CB5163981B",
    "FC1DCA424425F363C0DFD77647617E1D6D66DE4E88BA88553FF966F5717F9398"
    "16D3D3ED95F2ED265D1D98D4FCEA1FFEC9A49BE541FA133D295695C2AC0772B0"
    "5D43EDDF8FC78378F30A849D02CCB89415DF4933F542575D7F025FA0EBDF72DB"
    "219D4D782D6545D5A005C987E746F0D6BFCB9CE06A134B7380F89D12B943497B",
    "C6433A1E985E642D8059E5B40EA799DCBED79CA4C079BFCBA7840C7CB9270B97"
    "1B485CB33F2C64D6BE677F56D816CE9D875BCB34FCB636D951BFFF637C3F9B6E"
    "EADCDB7EBF75FB92FE649BD67D88620CD041A449258F23181C24B0C17C59DCFB"
    "34849F613787184FE4F9CB1D223BEE5CF8D8CF702018DAAA25E8D6EC3B4BF941",
    "C6E94C503F2AE9BEA2020620ECD4C014748F1AB51B9DB915A3A5F654947F91CF"
    "7189C85B916B10C524F1E5B182C90ECD7033B624064EE385CC3EAF33279073B6"
    "9C166F39AC501EFBF6608B8F11A3A39DA3E227CDB82432D31BD4F42D4445D7E9"
    "902649DAA53AC6D01AB1399128D0FC7C96CDB90A0648F7867775A9984496E995",
    "DC205CB17FB16BCA36FE50D014FF84A437168F387F0D5ADEE4FF5EDF21C63EDC"
    "868A37158F683A38E1F327B84E161C6DEA22AB090679597A559B87B8871D2363"
    "01981142B7337105669D894E0C4CDD4F3C018036E55ACAA984821C22E9A93B12"
    "5FA118AA03C6D26000DF81A8353A7957A5F6885CED5BFC9D0A3615CDFA290B93",
))


class Key(NamedTuple):
    """An RSA key by its numbers (RFC 8017, section 3.2): `d` and the primes are private."""

    n: int
    e: int
    d: int
    p: int
    q: int


def choose(rng) -> Key:
    """One of the keys, by a random.Random."""
    return of_primes(*rng.sample(PRIMES, 2))


def of_primes(p: int, q: int) -> Key:
    """The key whose modulus is p * q."""
    return Key(p * q, EXPONENT, pow(EXPONENT, -1, (p - 1) * (q - 1)), p, q)


def private_pem(key: Key) -> str:
    """The key as OpenSSL reads it (RSAPrivateKey, RFC 8017 appendix A.1.2)."""
    numbers = (0, key.n, key.e, key.d, key.p, key.q, key.d % (key.p - 1), key.d % (key.q - 1), pow(key.q, -1, key.p))
    return _pem("RSA PRIVATE KEY", _tagged(0x30, b"".join(map(_integer, numbers))))


def public_der(key: Key) -> bytes:
    """The public half (SubjectPublicKeyInfo, RFC 5280 section 4.1; RSAPublicKey, RFC 8017 appendix A.1.1)."""
    body = _tagged(0x30, b"".join(map(_integer, (key.n, key.e))))
    return _tagged(0x30, _tagged(0x30, RSA_ENCRYPTION) + _tagged(3, b"\0" + body))


def public_pem(key: Key) -> str:
    """The public half as OpenSSL reads it (RFC 7468)."""
    return _pem("PUBLIC KEY", public_der(key))


def _pem(label: str, data: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"


def _integer(number: int) -> bytes:
    return _tagged(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, body: bytes) -> bytes:
    """A value in DER (X.690, section 8.1)."""
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(length)]) + length + body
