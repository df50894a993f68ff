"""Where a page's views put things: a topology's nodes, what of a long ladder stays, bounded words."""

import re
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnlab.report.ladder import Cut
from mnlab.report.page.ladder import AROUND, shares, thinned
from mnlab.report.page.render import TEMPLATES
from mnlab.report.page.topology import Link, links, placed
from mnlab.report.page.words import shown
from mnlab.report.sightings import Arrow


def network(pairs):
    """Nodes and links of these pairs of names; a name with s is a switch's."""
    nodes = {name: {"kind": "switch" if name.startswith("s") else "host", "interfaces": {}}
             for pair in pairs for name in pair}
    for number, (one, other) in enumerate(pairs):
        ends = f"{one}-eth{number}", f"{other}-eth{number}"
        for (name, mine), (_, peer) in zip(((one, ends[0]), (other, ends[1])), ((other, ends[1]), (one, ends[0]))):
            nodes[name]["interfaces"][mine] = {"mac": "", "ip": None, "peer": peer}
    return nodes


def columns(pairs):
    nodes = network(pairs)
    return {name: place[0] for name, place in placed(nodes, links(nodes)).items()}


def test_a_dumbbell_is_drawn_from_left_to_right():
    assert columns([("h1", "s1"), ("h2", "s1"), ("h3", "s2"), ("h4", "s2"), ("s1", "s2")]) == {
        "h1": 0, "h2": 0, "s1": 1, "s2": 2, "h3": 3, "h4": 3}


def test_hosts_of_one_switch_stand_on_both_sides():
    assert columns([("h1", "s1"), ("h2", "s1"), ("h3", "s1")]) == {"h1": 0, "s1": 1, "h2": 2, "h3": 2}


def test_two_hosts_on_one_wire_stand_side_by_side():
    assert columns([("h1", "h2")]) == {"h1": 0, "h2": 1}


def test_routers_in_a_row_stand_in_a_row():
    assert columns([("h1", "r1"), ("r1", "r2"), ("r2", "r3"), ("r3", "h2")]) == {
        "h1": 0, "r1": 1, "r2": 2, "r3": 3, "h2": 4}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1]), min_size=1,
                max_size=20, unique_by=lambda pair: tuple(sorted(pair))))
@settings(deadline=None)
def test_no_node_stands_upon_another_and_none_is_left_out(pairs):
    nodes = network([(f"n{one}", f"n{other}") for one, other in pairs])
    found = placed(nodes, links(nodes))
    assert {*found} == {*nodes} and len({*found.values()}) == len(nodes)
    assert len(links(nodes)) == len(pairs)


@pytest.mark.parametrize("shape, words", [
    ({"bw": 10e6, "delay": [0.02, 0, 0]}, "10 Mbit/s, 20 ms"), ({"delay": [0.02, 0.005, 0.25]}, "20 ± 5 ms"),
    ({"rate": 64000, "loss": [0.015, 0.0]}, "64 kbit/s, 1.5 % lost"), ({"max_queue_size": 9, "mtu": 900},
                                                                      "queue 9, MTU 900"), ({}, "")])
def test_a_link_says_what_it_is_told(shape, words):
    nodes = network([("h1", "h2")])
    for node in nodes.values():
        for port in node["interfaces"].values():
            port["shape"] = shape
    assert links(nodes) == [Link(("h1", "h2"), (words,) if words else ())]


def test_a_link_that_is_told_one_way_says_which():
    nodes = network([("h1", "h2")])
    nodes["h1"]["interfaces"]["h1-eth0"]["shape"] = {"delay": [0.1, 0, 0]}
    assert links(nodes)[0].words == ("from h1: 100 ms",)


ARROWS = [Arrow(float(number), "h1", "h2", str(number)) for number in range(1000)]


@given(st.sets(st.integers(0, 999), max_size=9), st.integers(120, 400))
@settings(deadline=None)
def test_notable_messages_stay_and_nothing_is_dropped_without_a_word(notable, most):
    items = thinned(ARROWS, notable, most)
    told = [arrow for item in items for arrow in (item.arrows if isinstance(item, Cut) else [item])]
    assert told == ARROWS
    stay = {int(item.text) for item in items if isinstance(item, Arrow)}
    assert {near for place in notable for near in range(place - AROUND, place + AROUND + 1)} & {*range(1000)} <= stay
    assert len(stay) <= most + len(notable) + 2 and not any(isinstance(one, Cut) and isinstance(other, Cut)
                                             for one, other in pairwise(items))
    assert {0, 999} <= stay


def test_short_ladders_are_whole():
    assert thinned(ARROWS, set(), 1000) == ARROWS


@given(st.lists(st.integers(0, 3000), max_size=8), st.integers(0, 3000))
def test_scenes_share_the_room(counts, most):
    found = shares(counts, most)
    assert all(share <= count for share, count in zip(found, counts))
    assert sum(found) <= most and (sum(found) > most - len(counts) or found == counts)
    cut = [share for share, count in zip(found, counts) if share < count]
    assert not cut or max(cut) - min(cut) <= 1 and min(cut) >= max(found) - 1


@given(st.text(), st.integers(1, 50))
def test_words_are_bounded_and_harmless(text, most):
    words = shown(text, most)
    assert len(words) <= 4 * most + 40 and "\x1b" not in words and "\x00" not in words


#: What people see who lack one kind of cones (Machado, Oliveira, Fernandes 2009, severity 1), and who lack none.
SIGHT = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
TOLD_APART = 15  # a difference in CIELAB that nobody overlooks: 2.3 can just be seen
READABLE = 4.5  # WCAG 2.1, section 1.4.3


def linear(colour):
    parts = (int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def cielab(rgb):
    r, g, b = (min(max(part, 0), 1) for part in rgb)
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def luminance(colour):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour)))


def palettes():
    roots = re.findall(r":root \{(.*?)\}", (TEMPLATES / "page.css").read_text(), re.S)
    light = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", roots[0]))
    return {"light": light | {"back": "#ffffff"}, "dark": light | dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", roots[1]))}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_of_protocols_are_told_apart_by_everybody(mode):
    palette = palettes()[mode]
    assert palette["arp"] != palettes()[{"light": "dark", "dark": "light"}[mode]]["arp"]
    for sight, rows in SIGHT.items():
        for one, other in combinations(("arp", "icmp", "tcp", "dns", "http"), 2):
            seen = [cielab([sum(weight * part for weight, part in zip(row, linear(palette[name]))) for row in rows])
                    for name in (one, other)]
            assert sum((a - b) ** 2 for a, b in zip(*seen)) ** 0.5 > TOLD_APART, (sight, one, other)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_can_be_read(mode):
    palette = palettes()[mode]
    for name in ("text", "quiet", "accent", "good", "bad", "warn", "arp", "icmp", "tcp", "dns", "http"):
        lights = sorted((luminance(palette[name]), luminance(palette["back"])))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= READABLE, name
