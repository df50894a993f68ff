"""How the checks of the ping lab read what the student's ping did: what it was told, sent, got and printed."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from mnlab.checks import expect
from mnlab.protocols import icmp, ip

#: A line as the handout asks for it.
LINE = re.compile(r"seq=\d{1,9} (?:reply from [\d.]{7,15} ttl=\d{1,3} time=\d{1,9}(?:\.\d{0,9})? ms|timeout|"
                  r"error from [\d.]{7,15} type=\d{1,3} code=\d{1,3})")
PARTS = {"seq": r"\bseq=(\d{1,9})\b", "what": r"\b(reply|timeout|error)\b", "source": r"\bfrom ([\d.]{7,15})",
         "ttl": r"\bttl=(\d{1,3})\b", "time": r"\btime=(\d{1,9}(?:\.\d{1,9})?)", "type": r"\btype=(\d{1,3})\b",
         "code": r"\bcode=(\d{1,3})\b"}


@dataclass(frozen=True)
class Said:
    """What a line of the student's ping says, however it is written: "" where it says nothing."""

    text: str
    seq: str
    what: str
    source: str
    ttl: str
    time: str
    type: str
    code: str

    @property
    def ms(self) -> float:
        return float(self.time or 0)


@dataclass
class Run:
    """One command of the student's ping: `name` is the target's, `sent` its requests as they left h1, `said` its lines.
    """

    name: str
    target: str
    count: int
    ttl: int
    sent: list[icmp.Icmp] = field(default_factory=list)
    said: dict[int, Said] = field(default_factory=dict)

    @property
    def line(self) -> str:
        return f"ping {self.target} {self.count} {self.ttl}"


def said(text: str) -> Said:
    found = {part: re.search(pattern, text) for part, pattern in PARTS.items()}
    return Said(text, **{part: match[1] if match else "" for part, match in found.items()})


def lines(yours) -> list[str]:
    return yours.command("your-ping").stdout.splitlines()


def runs(yours) -> list[Run]:
    """Each command of the student's ping, in order, with what it sent (by the target) and printed."""
    p, program = yours.params, yours.command("your-ping")
    names = {p[name]: name for name in ("h3", "outside")} | {address: part for part, address in p["_cast"].items()}
    requests = [packet for packet in icmp.packets(yours.during("your-ping", "h1"))
                if packet.type == icmp.ECHO_REQUEST and packet.source == p["h1"]]
    commands = [line.split()[1:] for line in program.stdin.splitlines()]
    found: list[Run] = []
    printed = parted([one for one in map(said, lines(yours)) if one.what], [int(count) for _, count, _ in commands])
    for (target, count, ttl), part in zip(commands, printed, strict=True):
        run = Run(names[target], target, int(count), int(ttl), said=part)
        mine = [packet for packet in requests if packet.target == target]
        begun = sum(len(other.sent) for other in found if other.target == target)
        run.sent = mine[begun:begun + run.count]
        found.append(run)
    return found


def parted(said: list[Said], counts: list[int]) -> list[dict[int, Said]]:
    """Lines by command, each by its number. A line with seq=1 begins a command; where that cannot be, as many lines
    belong to a command as it has requests."""
    parts: list[dict[int, Said]] = []
    for one in said:
        if one.seq == "1" or not parts:
            parts.append({})
        parts[-1].setdefault(int(one.seq or 0), one)
    if len(parts) == len(counts):
        return parts
    starts = [sum(counts[:number]) for number in range(len(counts))]
    return [dict(enumerate(said[start:start + count], start=1)) for start, count in zip(starts, counts, strict=True)]


def run_of(yours, name: str, ttl: int = 0) -> Run:
    """The command about a target, with this TTL where there are several; fails if nothing was sent for it."""
    found = next(run for run in runs(yours) if run.name == name and ttl in (0, run.ttl))
    expect(found.sent, done=f"your ping was told: {found.line}", expected=f"echo requests to {found.target}",
           seen="none" + ending(yours))
    return found


def line_of(yours, name: str, number: int, ttl: int = 0) -> Said:
    """The line about the request `number` (from 1) of a command; fails if there is none."""
    run = run_of(yours, name, ttl)
    expect(number in run.said, done=f"your ping was told: {run.line}", expected=f"a line for request {number}",
           seen=f"lines for {sorted(run.said)}" + ending(yours))
    return run.said[number]


def expect_answers(yours) -> None:
    """Fail unless the student's ping does its work at all: it told of a reply or of an error."""
    printed = [one for run in runs(yours) for one in run.said.values()]
    expect(any(one.what in ("reply", "error") for one in printed), done="your ping ran",
           expected="a line that tells of a reply", seen=[one.text[:80] for one in printed[:3]] or "no lines")


def replies(yours) -> dict[int, icmp.Icmp]:
    """h3's replies to the requests of the first command, as h1 got them: which request (from 1), its reply."""
    sent = run_of(yours, "h3").sent
    echoes = {id(echo.request.frame): echo.reply for echo in icmp.echoes(yours.during("your-ping", "h1"))}
    found = {number: echoes.get(id(request.frame)) for number, request in enumerate(sent, start=1)}
    return {number: reply for number, reply in found.items() if reply}


def lost(yours) -> list[int]:
    """Which requests of the first command did not get from h1 to the link between the routers."""
    p = yours.params
    passed = {(packet.ident, packet.seq, ip.packet(packet.frame).ident)
              for packet in icmp.packets(yours.during("your-ping", "r1-eth1")) if packet.source == p["h1"]}
    return [number for number, packet in enumerate(run_of(yours, "h3").sent, start=1)
            if (packet.ident, packet.seq, ip.packet(packet.frame).ident) not in passed]


def ending(yours) -> str:
    """How the program ended, if it was stopped."""
    stopped = yours.command("your-ping").stopped
    return f"\n{stopped}" if stopped else ""


def after(yours, name: str, number: int) -> float:
    """How many seconds after a request of the student's its true reply reached h1."""
    asked, ttl = run_of(yours, name).sent[number - 1:number], yours.params["_ttls"][name]
    heard = [packet for packet in icmp.packets(yours.during("your-ping", "h1")) if asked
             and (packet.type, packet.ttl, packet.rest) == (icmp.ECHO_REPLY, ttl, asked[0].rest)]
    expect(heard, done=f"your ping sent {name} request {number}", expected="a reply at h1", seen="none")
    return heard[0].time - asked[0].time


def a_second(yours, gap: float) -> bool:
    """Whether a second lies between two requests. In virtual time a program may look at its clock ten times a second;
    in real time a busy computer may let it wait."""
    return -0.05 <= gap - 1 <= 0.2 if yours.clock == "virtual" else abs(gap - 1) < 0.3


def gaps(packets) -> list[float]:
    return [later.time - earlier.time for earlier, later in pairwise(packets)]
