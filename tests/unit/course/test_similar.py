"""Copied work is found whatever was renamed; work of one's own is not accused."""

import re

import pytest

from mnlab.course import similar
from mnlab.course.similar import print_of, tokens
from mnlab.lab.lab import find

ARP = find("arp")
SOLUTION = {"resolver.py": (ARP.solution / "resolver.py").read_bytes()}
STARTER = {"resolver.py": (ARP.starter / "resolver.py").read_bytes()}
OTHERS = {name: {"x.py": (find(name).solution / file).read_bytes()} for name, file in (
    ("ping", "ping.py"), ("http", "server.py"), ("handshake", "handshake.py"))}


def alike(works, starter, *options):
    """Which of some works, {key: {file name: contents}}, are like which."""
    return similar.alike({key: print_of(files) for key, files in works.items()}, print_of(starter), *options)


def renamed(text: bytes) -> bytes:
    """Names changed, comments added, laid out otherwise: what a copy looks like that shall not look like one."""
    words = text.decode()
    for name in set(re.findall(r"\bdef (\w+)|\b(\w+) = ", words)):
        for old in filter(None, name):
            words = re.sub(rf"\b{old}\b", f"my_{old}", words)
    return ("# mine alone\n" + words.replace("\n\n", "\n\n\n")).encode()


def test_equal_and_renamed_work_is_found_and_other_work_is_not():
    works = {"ada": SOLUTION, "alan": {"resolver.py": renamed(SOLUTION["resolver.py"])}, "grace": SOLUTION, **OTHERS}
    found = {key: dict(like.nearest) for key, like in alike(works, STARTER).items()}
    assert found["ada"]["grace"] == found["grace"]["ada"] == 1.0 and 0.8 <= found["ada"]["alan"] < 1
    assert {key: set(near) for key, near in found.items()} == {
        "ada": {"grace", "alan"}, "alan": {"ada", "grace"}, "grace": {"ada", "alan"}}


def test_who_works_together_is_not_held_against_each_other():
    works = {"ada": SOLUTION, "alan": SOLUTION, "grace": SOLUTION, **OTHERS}
    found = alike(works, STARTER, lambda one, other: {one, other} == {"ada", "alan"})
    assert {key: dict(like.nearest) for key, like in found.items()} == {
        "ada": {"grace": 1.0}, "alan": {"grace": 1.0}, "grace": {"ada": 1.0, "alan": 1.0}}


def test_of_very_many_a_few_are_named_and_all_are_counted():
    found = alike({str(number): SOLUTION for number in range(400)} | OTHERS, STARTER)
    assert len(found) == 400 and all(len(like.nearest) == 3 and like.count == 399 for like in found.values())


def test_what_the_starter_holds_accuses_nobody():
    small = {"resolver.py": STARTER["resolver.py"] + b"\nprint(1)\n"}
    other = {"resolver.py": STARTER["resolver.py"] + b"\nraise SystemExit(2)\n"}
    assert alike({"ada": small, "alan": other, "grace": STARTER}, STARTER) == {}


def test_what_nearly_all_have_is_the_tasks():
    common = b"\n".join(b"value_%d = compute(%d, other[%d]) + 3" % (n, n, n) for n in range(20))
    works = {str(number): {"a.py": common + b"\n" + b"\n".join(b"if x%d == %d:\n    call(%d, y)" % (number, number * k, k)
                                                               for k in range(30))} for number in range(12)}
    assert all(share < 1 for like in alike(works, {}).values() for _, share in like.nearest)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\0", b"def (", b"'''", b"# only\n", b"server { listen 80; }"])
def test_whatever_the_file_is(text):
    assert isinstance(tokens(text), list) and isinstance(tokens(text, "named.conf"), list)
    assert alike({"a": {"x": text}, "b": {"x": text}}, {}) == {}


def test_names_comments_and_texts_say_nothing_and_keywords_and_signs_do():
    one = b"def f(x):\n    # twice\n    return x * 2 if x else 'none # at all'\n"
    other = b"def double(number):\n    return number * 2 if number else \"nothing\"  # here\n"
    assert tokens(one) == tokens(other) == [
        "def", "name", "(", "name", ")", ":", "return", "name", "*", "2", "if", "name", "else", "text"]
    assert tokens(b"listen 80; # here\n", "nginx.conf") == ["listen", "80", ";"]


def test_a_program_that_is_broken_is_compared_all_the_same():
    broken = {"resolver.py": SOLUTION["resolver.py"] + b"\ndef (:\n"}
    copied = {"resolver.py": renamed(SOLUTION["resolver.py"]) + b"\ndef (:\n"}
    assert set(alike({"ada": broken, "alan": copied, **OTHERS}, STARTER)) == {"ada", "alan"}


def test_a_huge_work_takes_no_longer_than_a_large_one():
    huge = {"x.py": b"'" * (16 << 20), "y.py": b"x = 1\n" * (1 << 20)}
    assert len(print_of(huge).marks) < similar.LARGEST
