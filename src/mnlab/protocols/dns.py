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

Names are written without the final dot ("www.lab"), the root as ".". Dissection of the message is dnspython's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mnlab.protocols import tcp, udp
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message

#: RFC 1035, section 4.2.
PORT = 53
#: Response codes (RFC 1035, section 4.1.1; RFC 2136, section 2.2), as `kind` has them.
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
        """The capture point: an interface, such as "h1-eth0"."""
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
        """The question as it was first asked."""
        return self.queries[0]

    @property
    def kind(self) -> str:
        """What the response is; see the top of this module."""
        return self.response.kind if self.response else "unanswered"

    @property
    def time(self) -> float:
        """When it was first asked (s)."""
        return self.query.time

    @property
    def latency(self) -> float | None:
        """Seconds from the first query to the response."""
        return self.response.time - self.query.time if self.response else None

    @property
    def client(self) -> Endpoint:
        """Who asks."""
        return self.query.source

    @property
    def server(self) -> Endpoint:
        """Who is asked."""
        return self.query.target

    @property
    def name(self) -> str:
        """The name that is asked about: "www.lab"."""
        return self.query.name

    @property
    def type(self) -> str:
        """The type of records that is asked for: "A", "MX"."""
        return self.query.type

    @property
    def transport(self) -> str:
        """"udp" or "tcp"."""
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
        """The capture point: an interface, such as "h1-eth0"."""
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
    fields = _dissect(data)
    return DnsMessage(time, frame, source, target, transport, **fields, size=len(data)) if fields else None


@lru_cache(maxsize=4096)
def _dissect(data: bytes) -> dict | None:
    """What is in the bytes of a message: the fields of DnsMessage from `id` to `edns_size`.

    Remembered, as every check of a run reads the same captures.
    """
    import dns.flags  # not at the top: most runs hold no DNS
    import dns.message
    import dns.rdatatype

    try:
        # keyring=False: a signature (TSIG) is not checked, nor a reason to refuse the message
        message = dns.message.from_wire(data, keyring=False, one_rr_per_rrset=True, ignore_trailing=True)
    except Exception:  # a DNSException; before 2.7 (the lab machine has 2.3) whatever it meets on damaged bytes
        return None
    if not message.question:
        return None
    question = message.question[0]
    flags = {name: bool(message.flags & dns.flags.from_text(name.upper())) for name in ("qr", "aa", "tc", "rd", "ra")}
    sections = {"answers": message.answer, "authority": message.authority, "additional": message.additional}
    records = {name: tuple(Record(_name(found.name), dns.rdatatype.to_text(found.rdtype), found.ttl, _data(record))
                           for found in section for record in found) for name, section in sections.items()}
    return {"id": message.id, **flags, "rcode": RCODES.get(message.rcode(), f"rcode {int(message.rcode())}"),
            "name": _name(question.name), "type": dns.rdatatype.to_text(question.rdtype), **records,
            "edns_size": int(message.payload) if message.edns >= 0 else None}


def _name(name) -> str:
    return name.to_text(omit_final_dot=True) or "."


def _data(record) -> str:
    """A record's data as a zone file writes it, without final dots; a TXT record's strings without quotes."""
    if hasattr(record, "strings"):
        return " ".join(string.decode("utf-8", "backslashreplace") for string in record.strings)
    return " ".join(word.rstrip(".") or "." for word in record.to_text().split(" "))
