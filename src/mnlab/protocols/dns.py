"""DNS: who asked whom for what, and what came back (RFC 1034, RFC 1035), over UDP and over TCP.

A *transaction* is one question to one server (with its repetitions) and the response. A response is of one `kind`:

    answer      it holds records of the type that was asked for (perhaps behind a CNAME)
    alias       it holds a CNAME only: ask on under that name
    referral    it holds no answer, but the name servers of a zone below: ask there (not authoritative)
    nodata      the name exists, but has no record of that type (RFC 2308)
    nxdomain    the name does not exist
    truncated   it did not fit: ask again over TCP
    servfail, refused, formerr, notimp, ...     the response code in lower case
    unanswered  there is no response

Names are written without the final dot ("www.lab"), the root as ".". Dissection of the message is scapy's.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from mnlab.protocols import tcp, udp
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message

PORT = 53
OPT = 41  # EDNS's pseudo-record (RFC 6891)
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 13: "HINFO", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
         OPT: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 65: "HTTPS", 252: "AXFR", 255: "ANY"}
RCODES = {0: "noerror", 1: "formerr", 2: "servfail", 3: "nxdomain", 4: "notimp", 5: "refused", 9: "notauth"}


class Record(NamedTuple):
    """A resource record; `data` as text: an address, a name, or the fields with spaces between. `ttl` in seconds."""

    name: str
    type: str
    ttl: int
    data: str


@dataclass(frozen=True)
class DnsMessage:
    """One DNS message as it passed: header flags by their names in RFC 1035, records without EDNS's OPT.

    `edns_size` is the largest UDP response (bytes) that the sender takes (RFC 6891), None without EDNS.
    """

    time: float
    frame: Frame
    source: Endpoint
    target: Endpoint
    transport: str  # "udp" or "tcp"
    id: int
    qr: bool  # a response
    aa: bool  # the server is an authority for the name
    tc: bool  # truncated
    rd: bool  # recursion desired
    ra: bool  # recursion available
    rcode: str
    name: str
    type: str
    answers: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns_size: int | None
    size: int  # bytes

    @property
    def where(self) -> str:
        return self.frame.where

    @property
    def glue(self) -> dict[str, str]:
        """Name -> address, from the additional records: where to find the servers of a referral."""
        return {record.name: record.data for record in self.additional if record.type in ("A", "AAAA")}

    @property
    def kind(self) -> str:
        """What a response is; see the top of this module. "query" for a query."""
        if not self.qr:
            return "query"
        if self.tc:
            return "truncated"
        if self.rcode != "noerror":
            return self.rcode
        if any(record.type == self.type or self.type == "ANY" for record in self.answers):
            return "answer"
        if self.answers:
            return "alias" if self.answers[-1].type == "CNAME" else "answer"
        servers = any(record.type == "NS" for record in self.authority)
        return "referral" if servers and not self.aa else "nodata"


@dataclass
class Transaction:
    """A question and its response, as seen at `where`. `queries` has more than one message if it was asked again."""

    queries: list[DnsMessage] = field(default_factory=list)
    response: DnsMessage | None = None

    @property
    def query(self) -> DnsMessage:
        return self.queries[0]

    @property
    def kind(self) -> str:
        return self.response.kind if self.response else "unanswered"

    @property
    def time(self) -> float:
        return self.query.time

    @property
    def latency(self) -> float | None:
        """Seconds from the first query to the response."""
        return self.response.time - self.query.time if self.response else None

    @property
    def client(self) -> Endpoint:
        return self.query.source

    @property
    def server(self) -> Endpoint:
        return self.query.target

    @property
    def name(self) -> str:
        return self.query.name

    @property
    def type(self) -> str:
        return self.query.type

    @property
    def transport(self) -> str:
        return self.query.transport

    @property
    def recursive(self) -> bool:
        """Whether the client asked the server to do all the work."""
        return self.query.rd

    @property
    def addresses(self) -> list[str]:
        """The addresses in the answer."""
        answers = self.response.answers if self.response else ()
        return [record.data for record in answers if record.type in ("A", "AAAA")]

    @property
    def where(self) -> str:
        return self.query.where


def dns_messages(frames: Iterable[Frame], port: int = PORT) -> list[DnsMessage]:
    """Every DNS message to or from `port`, in order of time; what cannot be dissected is left out."""
    frames = list(frames)
    found = [*_over_udp(frames, port), *_over_tcp(frames, port)]
    return sorted(found, key=lambda message: message.time)


def transactions(frames: Iterable[Frame], port: int = PORT) -> list[Transaction]:
    """Questions with their responses, in the order in which they were first asked.

    A response belongs to the query with the same id, question and ends. The same query once more before its response
    is a repetition; after it, a new transaction.
    """
    found: list[Transaction] = []
    latest: dict[tuple, Transaction] = {}
    for message in dns_messages(frames, port):
        ends = (message.target, message.source) if message.qr else (message.source, message.target)
        key = (message.where, message.transport, *ends, message.id, message.name.lower(), message.type)
        transaction = latest.get(key)
        if message.qr:
            if transaction and not transaction.response:
                transaction.response = message
            continue
        if transaction is None or transaction.response:
            transaction = latest[key] = Transaction()
            found.append(transaction)
        transaction.queries.append(message)
    return found


def messages(frames: Iterable[Frame], port: int = PORT) -> list[Message]:
    """Each DNS message as an arrow: the question, the answer, or whom to ask next."""
    frames = list(frames)
    repeated = {id(query.frame) for transaction in transactions(frames, port) for query in transaction.queries[1:]}
    arrows = []
    for message in dns_messages(frames, port):
        style = "again" if id(message.frame) in repeated else _STYLES.get(message.kind, "error")
        via = " over TCP" if message.transport == "tcp" else ""
        arrows.append(Message(message.time, message.source.ip, message.target.ip, words(message) + via, "dns",
                              message.where, style))
    return arrows


_STYLES = {"query": "", "answer": "answer", "alias": "answer", "referral": "answer", "nodata": "answer",
           "truncated": "answer"}


def words(message: DnsMessage) -> str:
    """A message in words: "A www.lab? (recursion desired)", "referral: ask ns1.lab 10.0.0.4"."""
    return _WORDS.get(message.kind, lambda message: f"{message.kind}: {message.name}")(message)


def _answer_words(message: DnsMessage) -> str:
    data = ", ".join(record.data if record.type == message.type else f"{record.type} {record.data}"
                     for record in message.answers)
    return f"{message.type} {message.name} = {data}" + (" (authoritative)" if message.aa else "")


def _referral_words(message: DnsMessage) -> str:
    glue = message.glue
    servers = [record.data for record in message.authority if record.type == "NS"]
    return "referral: ask " + ", ".join(f"{name} {glue[name]}" if name in glue else name for name in servers)


_WORDS = {
    "query": lambda message: f"{message.type} {message.name}?" + (" (recursion desired)" if message.rd else ""),
    "answer": _answer_words,
    "alias": _answer_words,
    "referral": _referral_words,
    "nodata": lambda message: f"{message.name} has no {message.type} record",
    "nxdomain": lambda message: f"no such name: {message.name}",
    "truncated": lambda message: f"{message.type} {message.name}: too long, ask again over TCP",
    "servfail": lambda message: f"server failure: {message.type} {message.name}",
    "refused": lambda message: f"refused: {message.type} {message.name}",
}


def _over_udp(frames: list[Frame], port: int) -> Iterator[DnsMessage]:
    for datagram in udp.datagrams(frames):
        if port in (datagram.source.port, datagram.target.port):
            message = parse(datagram.payload, datagram.time, datagram.frame, datagram.source, datagram.target, "udp")
            if message:
                yield message


def _over_tcp(frames: list[Frame], port: int) -> Iterator[DnsMessage]:
    """Over TCP each message is preceded by its length in 2 bytes (RFC 1035, section 4.2.2)."""
    for connection in tcp.connections(frames):
        if connection.server.port != port:
            continue
        for side in (tcp.CLIENT, tcp.SERVER):
            stream, position = connection.stream(side), 0
            source, target = connection.endpoint(side), connection.endpoint(tcp.other(side))
            while position + 2 <= len(stream):
                size = int.from_bytes(stream[position:position + 2], "big")
                end = position + 2 + size
                if end > len(stream):
                    break
                piece = connection.piece_at(side, end - 1)
                message = parse(stream[position + 2:end], piece.time, piece.segment.frame, source, target, "tcp")
                if message:
                    yield message
                position = end


def parse(data: bytes, time: float, frame: Frame, source: Endpoint, target: Endpoint,
          transport: str = "udp") -> DnsMessage | None:
    """A DNS message from its bytes; None if it is not one with a question, or is damaged."""
    from scapy.layers.dns import DNS  # not at the top: importing scapy costs seconds under emulation

    if len(data) < 12:
        return None
    logging.getLogger("scapy.runtime").setLevel(logging.ERROR)  # it warns on standard error of every damaged message
    try:
        message = DNS(data)
        question = next(_chain(message.qd), None) if message.qdcount else None  # scapy 2.5 makes one up
        if question is None or not hasattr(question, "qname"):
            return None
        raw_sections = [list(_chain(section)) for section in (message.an, message.ns, message.ar)]
        if [len(section) for section in raw_sections] != [message.ancount, message.nscount, message.arcount]:
            return None  # cut short
        options = next((record for record in raw_sections[2] if record.type == OPT), None)
        answers, authority, additional = (tuple(_record(record) for record in section if record.type != OPT)
                                          for section in raw_sections)
        return DnsMessage(
            time, frame, source, target, transport, message.id, bool(message.qr), bool(message.aa), bool(message.tc),
            bool(message.rd), bool(message.ra), RCODES.get(message.rcode, f"rcode {message.rcode}"),
            _name(question.qname), _type(question.qtype), answers, authority,
            additional, int(options.rclass) if options is not None else None, len(data))
    except Exception:  # scapy raises whatever it meets on damaged bytes; a capture may hold any
        return None


def _chain(section) -> Iterator:
    """The records of a section: scapy has a list since 2.6, and before that each record carries the next."""
    if isinstance(section, (list, tuple)):
        yield from section
        return
    while section is not None and section.name != "NoPayload":
        yield section
        section = section.payload


def _record(record) -> Record:
    return Record(_name(record.rrname), _type(record.type), int(record.ttl), _data(record))


def _type(number: int) -> str:
    return TYPES.get(number, f"TYPE{number}")


def _name(name) -> str:
    text = name.decode("ascii", "backslashreplace") if isinstance(name, bytes) else str(name)
    return text.rstrip(".") or "."


#: Type -> the fields of scapy's record that make up its data, in the order of a zone file.
_FIELDS = {
    "SOA": ("mname", "rname", "serial", "refresh", "retry", "expire", "minimum"),
    "MX": ("preference", "exchange"),
    "SRV": ("priority", "weight", "port", "target"),
}


def _data(record) -> str:
    """A record's data as a zone file writes it, without final dots."""
    fields = _FIELDS.get(_type(record.type))
    if fields and all(hasattr(record, name) for name in fields):
        values = [getattr(record, name) for name in fields]
        return " ".join(str(value) if isinstance(value, int) else _name(value) for value in values)
    value = getattr(record, "rdata", b"")
    if isinstance(value, (list, tuple)):  # TXT: strings
        return " ".join(_text(part) for part in value)
    if _type(record.type) in ("NS", "CNAME", "PTR"):
        return _name(value)
    return _text(value)


def _text(value) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
