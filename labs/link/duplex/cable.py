"""The cable of the duplex lab: two channels, and which of them each end sends into. Written as lines for tc(8).

A line of a student's is never run as it is. It has to have one of the three FORMS, and names nothing but the cable's
own devices; what is wrong is said in one line, and the line is left out.

    s1-eth1   h1's end of the cable: what comes in here is what h1 sends
    s1-eth2   h2's end
    ifb0, ifb1   the channels: a frame redirected to one waits there, takes its time, then goes on to the far end
"""

import re
from dataclasses import dataclass

ENDS, CHANNELS = {"h1": "s1-eth1", "h2": "s1-eth2"}, ("ifb0", "ifb1")
LINES = 60  # more than any sensible cable has
LONGEST = 100  # characters of a line that are shown back
RATE = r"\d{1,9}(?:\.\d{1,6})?(?i:(?:[kmg]i?)?(?:bit|bps))?"  # as tc(8) reads it: bits unless told otherwise
END, CHANNEL = "(?:" + "|".join(ENDS.values()) + ")", "(?:" + "|".join(CHANNELS) + ")"

#: What a line may look like, and how it is explained.
FORMS = {
    "qdisc add dev CHANNEL root netem rate RATE [limit FRAMES]":
        re.compile(rf"qdisc add dev {CHANNEL} root netem rate {RATE}( limit \d{{1,5}})?"),
    "qdisc add dev END ingress": re.compile(rf"qdisc add dev {END} ingress"),
    "filter add dev END ingress matchall action mirred egress redirect dev CHANNEL, or ... action drop":
        re.compile(rf"filter add dev {END} ingress matchall action (mirred egress redirect dev {CHANNEL}|drop)"),
}


@dataclass(frozen=True)
class Line:
    """One line that may be given to `tc -batch`. `number` counts from 1 in the file."""

    number: int
    command: str


def read(text: str) -> tuple[list[Line], list[str]]:
    """(lines, complaints) of a cable's description."""
    lines, complaints, rows = [], [], text.splitlines()
    if len(rows) > LINES:
        complaints.append(f"the file has {len(rows)} lines; those after line {LINES} are not read")
    for number, row in enumerate(rows[:LINES], start=1):
        command = " ".join(row.split("#", 1)[0].split())
        if not command:
            continue
        if any(form.fullmatch(command) for form in FORMS.values()):
            lines.append(Line(number, command))
        else:
            complaints.append(f"line {number}: {row.strip()[:LONGEST]!r} has none of the forms that the handout lists")
    return lines, complaints


def describe(rates: dict[str, int], h1: str | None, h2: str | None) -> str:
    """A cable on which h1 and h2 send into these channels (None: into none), of `rates` in kbit/s."""
    lines = [f"qdisc add dev {channel} root netem rate {rate}kbit" for channel, rate in rates.items()]
    for host, channel in (("h1", h1), ("h2", h2)):
        action = f"mirred egress redirect dev {channel}" if channel else "drop"
        lines += [f"qdisc add dev {ENDS[host]} ingress",
                  f"filter add dev {ENDS[host]} ingress matchall action {action}"]
    return "\n".join(lines) + "\n"


#: The lab's own three cables, of one rate: kind -> what `describe` is given besides the rates.
KINDS = {"simplex": (("ifb0",), "ifb0", None), "half": (("ifb0",), "ifb0", "ifb0"),
         "full": (("ifb0", "ifb1"), "ifb0", "ifb1")}


def of_kind(kind: str, rate: int) -> str:
    """One of the lab's own cables, with channels of `rate` kbit/s."""
    channels, h1, h2 = KINDS[kind]
    return describe(dict.fromkeys(channels, rate), h1, h2)


#: What unmakes any cable; deleting what is not there does no harm under `tc -force`.
CUT = tuple([f"qdisc del dev {end} ingress" for end in ENDS.values()]
            + [f"qdisc del dev {channel} root" for channel in CHANNELS])


def refusals(lines: list[Line], errors: str) -> list[str]:
    """What the kernel refused of `lines` after CUT, in one line each, from what `tc -force -batch` wrote as errors."""
    complaints, reason = [], ""
    for row in errors.splitlines():
        if not row.startswith("Command failed -:"):
            reason = reason or row.removeprefix("Error: ").removeprefix("RTNETLINK answers: ").strip()
            continue
        index = int(row.rsplit(":", 1)[1]) - 1 - len(CUT)
        if index >= 0:
            complaints.append(f"line {lines[index].number}: the kernel refuses {lines[index].command!r}: {reason}")
        reason = ""
    return complaints
