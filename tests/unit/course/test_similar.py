"""Copied work is found whatever was renamed; work of one's own is not accused."""

import re

import pytest

from mnlab.course.similar import alike, tokens
from mnlab.lab.lab import find

ARP = find("arp")
SOLUTION = {"resolver.py": (ARP.solution / "resolver.py").read_bytes()}
STARTER = {"resolver.py": (ARP.starter / "resolver.py").read_bytes()}
OTHERS = {name: {"x.py": (find(name).solution / file).read_bytes()} for name, file in (
    ("ping", "ping.py"), ("http", "server.py"), ("handshake", "handshake.py"))}


def renamed(text: bytes) -> bytes:
    """Names changed, comments added, laid out otherwise: what a copy looks like that shall not look like one."""
    words = text.decode()
    for name in set(re.findall(r"\bdef (\w+)|\b(\w+) = ", words)):
        for old in filter(None, name):
            words = re.sub(rf"\b{old}\b", f"my_{old}", words)
    return ("# mine alone\n" + words.replace("\n\n", "\n\n\n")).encode()


def test_equal_and_renamed_work_is_found_and_other_work_is_not():
    works = {"ada": SOLUTION, "alan": {"resolver.py": renamed(SOLUTION["resolver.py"])}, "grace": SOLUTION, **OTHERS}
    found = {(pair.one, pair.other): pair.share for pair in alike(works, STARTER)}
    assert found[("ada", "grace")] == 1.0
    assert found[("ada", "alan")] >= 0.8 and set(found) == {("ada", "grace"), ("ada", "alan"), ("alan", "grace")}


def test_what_the_starter_holds_accuses_nobody():
    small = {"resolver.py": STARTER["resolver.py"] + b"\nprint(1)\n"}
    other = {"resolver.py": STARTER["resolver.py"] + b"\nraise SystemExit(2)\n"}
    assert alike({"ada": small, "alan": other, "grace": STARTER}, STARTER) == []


def test_what_nearly_all_have_is_the_tasks():
    common = b"\n".join(b"value_%d = compute(%d, other[%d]) + 3" % (n, n, n) for n in range(20))
    works = {str(number): {"a.py": common + b"\n" + b"\n".join(b"if x%d == %d:\n    call(%d, y)" % (number, number * k, k)
                                                               for k in range(30))} for number in range(12)}
    assert all(pair.share < 1 for pair in alike(works, {}))


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\0", b"def (", b"'''", b"# only\n", b"server { listen 80; }"])
def test_whatever_the_file_is(text):
    assert isinstance(tokens(text), list)
    assert alike({"a": {"x": text}, "b": {"x": text}}, {}) == []
