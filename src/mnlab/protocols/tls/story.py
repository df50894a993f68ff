"""A TLS session line by line: each message of the handshake, each alert, and what went over it, as far as it can be
read.

A line is `clear` if anybody on the way can read it, `opened` if it was encrypted and a key log opened it, and `sealed`
if nothing at hand does. Records of application data that follow each other from one side make one line.
"""

from dataclasses import dataclass, field, replace

from mnlab.protocols import tcp, tls
from mnlab.protocols.tls.hello import parse_certificates
from mnlab.protocols.tls.opening import Opened, Opening, in_tls13

CLEAR, OPENED, SEALED = "clear", "opened", "sealed"


@dataclass(frozen=True)
class Line:
    """What `sender` ("client" or "server") said at `time` (s) in `records` records of `length` bytes in all. `message`
    is the handshake message, `data` what the application sent."""

    time: float
    sender: str
    words: str
    state: str
    length: int
    records: int = 1
    message: tls.Handshake | None = None
    data: bytes = field(default=b"", repr=False)


def story(opening: Opening) -> list[Line]:
    """The lines in order of time."""
    found = [line for side in (tcp.CLIENT, tcp.SERVER) for line in _of_side(opening, side)]
    lines: list[Line] = []
    for line in sorted(found, key=lambda line: line.time):
        last = lines[-1] if lines else None
        if last and last.message is None and (last.sender, last.words, last.state) == (
                line.sender, line.words, line.state) and line.words in (_DATA, _SEALED):
            lines[-1] = replace(last, length=last.length + line.length, records=last.records + 1,
                                data=last.data + line.data)
        else:
            lines.append(line)
    return lines


def certificates(opening: Opening, message: tls.Handshake) -> tuple[bytes, ...]:
    """The certificates (DER) in a Certificate message."""
    return parse_certificates(message.data, in_tls13(opening.session)) if message.type == tls.CERTIFICATE else ()


_DATA, _SEALED = "application data", "encrypted"


def _of_side(opening: Opening, side: str) -> list[Line]:
    lines: list[Line] = []
    pending = b""
    for opened in opening.side(side):
        state = SEALED if opened.data is None else OPENED if opened.record.encrypted else CLEAR
        record = opened.record
        if opened.type == tls.HANDSHAKE and opened.data is not None:
            messages, pending = tls.split_handshakes(pending + opened.data)
            for kind, body in messages:
                message = tls.Handshake(record.time, side, kind, body)
                lines.append(Line(record.time, side, _words(opening, message), state, len(body) + 4, message=message))
        else:
            lines.append(Line(record.time, side, _said(opened), state, record.length, data=_application(opened)))
    return lines


def _words(opening: Opening, message: tls.Handshake) -> str:
    if message.type == tls.CERTIFICATE:
        count = len(certificates(opening, message))
        return f"Certificate ({count} certificate{'' if count == 1 else 's'})"
    return tls.handshake_words(message)


def _said(opened: Opened) -> str:
    if opened.data is None:
        return _SEALED
    if opened.type == tls.ALERT and len(opened.data) == 2:
        alert = tls.read_alert(opened.record, opened.data)
        return f"Alert: {alert.level}, {alert.text}"
    return _DATA if opened.type == tls.APPLICATION_DATA else tls.CONTENT_TYPES.get(opened.type, f"type {opened.type}")


def _application(opened: Opened) -> bytes:
    return opened.data or b"" if opened.type == tls.APPLICATION_DATA else b""
