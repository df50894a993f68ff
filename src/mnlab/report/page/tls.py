"""TLS: each session message by message, in the clear, opened with a key log, or sealed (protocols.tls.story)."""

from collections.abc import Iterator

from markupsafe import Markup

from mnlab.protocols import tls
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tls.hello import Hello, parse_client_hello, parse_server_hello
from mnlab.protocols.tls.opening import with_key_log
from mnlab.protocols.tls.story import CLEAR, OPENED, SEALED, Line, certificates, story
from mnlab.report.page.conversations import Conversation, conversations
from mnlab.report.page.key_logs import secrets_of
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import short

SESSIONS, LINES = 40, 60  # that are shown: of a scene, of a session
LISTED = 8  # of a list of names
FIRST_LINE, LONGEST = 80, 300  # characters of what an application sent, and of anything else
#: State of a line -> what the page calls it.
STATES = {CLEAR: "in the clear", OPENED: "encrypted, opened with the key log", SEALED: "encrypted"}
NOTE = "What anybody on the way can read, and what only the key log of one of the ends opens."


def view(material: Material) -> View | None:
    """The sessions of each scene; None if nothing spoke TLS."""
    scenes = []
    for name, record in material.run.scenes.items():
        secrets = secrets_of(record)
        sessions = [(one, session) for one in conversations(material.frames, record)
                    if (session := tls.of_connection(one.at(CLIENT)))]
        parts = [_Part(material, one, session, secrets) for one, session in sessions[:SESSIONS]]
        if parts:
            title = material.run.title(name) if len(material.run.scenes) > 1 else ""
            scenes.append((title, parts, len(sessions) - len(parts)))
    every = [part for _, parts, _ in scenes for part in parts]
    shown = max(every, key=lambda part: (part.opening.complete, bool(part.session.version)), default=None)
    body = render("tls.html", scenes=scenes, states=STATES, client=CLIENT, shown=shown)
    return View("tls", "TLS", body, note=NOTE) if scenes else None


class _Part:
    """One session on the page."""

    def __init__(self, material: Material, conversation: Conversation, session: tls.Session, secrets):
        self.material, self.record, self.session = material, conversation.record, session
        self.opening = with_key_log(session, secrets)
        self.client, self.server = conversation.name(CLIENT), conversation.name(SERVER)
        self.lines = story(self.opening)
        self.more, self.lines = max(0, len(self.lines) - LINES), self.lines[:LINES]

    @property
    def summary(self) -> str:
        """What both agreed on, or how it failed."""
        agreed = [self.session.version or "no agreement", self.session.suite, self.session.server_name]
        ended = next((line.words for line in self.lines if "fatal" in line.words), None)
        opened = "opened" if self.opening.complete else None
        return short(" · ".join(part for part in (*agreed, ended, opened) if part), LONGEST)

    def words(self, line: Line) -> Markup:
        """What was said, linked to its frame."""
        several = f" ({line.records} records)" if line.records > 1 else ""
        moment = _Moment(self.session.where, line.time)
        return self.material.frames.link(self.record, moment, short(line.words, LONGEST) + several)

    def fields(self, line: Line) -> Iterator[tuple[str, str]]:
        """What is in it: name and value."""
        message = line.message
        if message and message.type == tls.CLIENT_HELLO:
            yield from _hello(parse_client_hello(message.data), offered=True)
        elif message and message.type == tls.SERVER_HELLO:
            yield from _hello(parse_server_hello(message.data), offered=False)
        elif message and message.type == tls.CERTIFICATE:
            for number, der in enumerate(certificates(self.opening, message), start=1):
                yield f"certificate {number}", _certificate(der)
        elif line.data:
            yield "begins with", _first_line(line.data)


class _Moment:
    """Where and when a record was complete: that of its last frame."""

    def __init__(self, where: str, time: float):
        self.where, self.time = where, time


def _hello(hello: Hello | None, offered: bool) -> Iterator[tuple[str, str]]:
    if hello is None:
        return
    yield ("versions" if offered else "version"), _listed(hello.versions)
    yield ("suites" if offered else "suite"), _listed(hello.suites)
    for name, values in (("name", (hello.server_name,) if hello.server_name else ()), ("ALPN", hello.alpn),
                         ("groups" if offered else "group", hello.groups), ("extensions", tuple(hello.extensions))):
        if values:
            yield name, _listed(values)


def _certificate(der: bytes) -> str:
    from cryptography import x509

    try:
        known = x509.load_der_x509_certificate(der)
        names = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    except ValueError:
        return "damaged"
    valid = f"{known.not_valid_before_utc:%Y-%m-%d} to {known.not_valid_after_utc:%Y-%m-%d}"
    told = f"for {_listed(names)}, " if names else ""
    return short(f"{known.subject.rfc4514_string()}, {told}by {known.issuer.rfc4514_string()}, {valid}", LONGEST)


def _listed(values) -> str:
    more = len(values) - LISTED
    return short(", ".join(values[:LISTED]), LONGEST) + (f" and {more} more" if more > 0 else "")


def _first_line(data: bytes) -> str:
    text = data.split(b"\n", 1)[0].strip().decode("utf-8", "replace")
    return short(text, FIRST_LINE)


