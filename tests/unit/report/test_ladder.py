from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from mnlab.report.drawing import ASCII, UNICODE
from mnlab.report.ladder import Cut, Pause, elide, ladder, lifelines, time_text, with_pauses
from mnlab.report.sightings import Arrow, arrows

WIDTHS = (60, 72, 80, 100, 132)


def picture(lan, width=80, ascii=False, **options):
    return ladder(lan.messages, lan.hosts, lan.name_of, **options).text(width, ascii=ascii)


def lanes(lines, names):
    """Column of each lifeline, from the first row that has nothing but lifelines."""
    row = next(line for line in lines if line.strip() and not line.replace("│", "").replace("|", "").strip())
    columns = [column for column, char in enumerate(row) if char in "│|"]
    assert len(columns) == len(names)
    return dict(zip(names, columns))


def row_at(lines, time):
    return next(line for line in lines if line.startswith(f"{time:>8} ") or line.split(" ")[0] == time)


@pytest.fixture
def arp(lan):
    lan.send(5.0, "h1", "ff:ff:ff:ff:ff:ff", "who has 10.0.0.2? tell 10.0.0.1", seen="h1 h2 h3", protocol="arp")
    lan.send(5.0001, "h2", "h1", "10.0.0.2 is at 00:00:00:00:00:02", protocol="arp", style="answer")
    lan.send(5.0002, "h1", "h2", "echo request id 7 seq 1")
    lan.send(5.0003, "h2", "h1", "echo reply id 7 seq 1", style="answer")
    return lan


def test_the_contract_a_ping_with_an_empty_cache(arp):
    assert picture(arp, 100) == """\
             h1                                    h2                                    h3
      ms  10.0.0.1                              10.0.0.2                              10.0.0.3
              │                                     │                                     │
   0.000      ├── who has 10.0.0.2? tell 10.0.0.1 ─▶┼────────────────────────────────────▶│
   0.100      │◀ 10.0.0.2 is at 00:00:00:00:00:02 ──┤                                     │
   0.200      ├────── echo request id 7 seq 1 ─────▶│                                     │
   0.300      │◀────── echo reply id 7 seq 1 ───────┤                                     │
              │                                     │                                     │"""


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("source", ["h1", "h2", "h3", "h4", "h5"])
@pytest.mark.parametrize("target", ["h1", "h2", "h3", "h4", "h5"])
def test_an_arrow_starts_and_ends_at_its_hosts(make_lan, source, target, width, ascii):
    if source == target:
        return
    lan = make_lan(5).send(0, source, target, "hello")
    lines = picture(lan, width, ascii).split("\n")
    glyphs = ASCII if ascii else UNICODE
    lane = lanes(lines, lan.hosts)
    row = row_at(lines, "0.000").ljust(width)
    right = lane[target] > lane[source]
    assert row[lane[source]] == (glyphs.start_right if right else glyphs.start_left)
    assert row[lane[target]] == glyphs.vertical
    assert row[lane[target] + (-1 if right else 1)] == (glyphs.head_right if right else glyphs.head_left)
    low, high = sorted((lane[source], lane[target]))
    outside = row[:low][10:] + row[high + 1:]
    assert set(outside) <= {" ", glyphs.vertical}, "the arrow stays between its hosts"
    heads = row.count(glyphs.head_right) + row.count(glyphs.head_left)
    assert heads == 1


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("source", ["h1", "h2", "h3"])
def test_a_broadcast_reaches_every_other_lifeline(lan, source, width):
    seen = " ".join(sorted(lan.hosts, key=lambda name: name != source))
    lines = picture(lan.send(0, source, "ff:ff:ff:ff:ff:ff", "to all", seen=seen), width).split("\n")
    lane = lanes(lines, lan.hosts)
    row = row_at(lines, "0.000")
    for column in lane.values():
        if column > lane[source]:
            assert row[column - 1] == "▶"
        elif column < lane[source]:
            assert row[column + 1] == "◀"
    assert row.count("▶") + row.count("◀") == 2


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("source, target", [("h1", "h2"), ("h3", "h1"), ("h1", "h3")])
@pytest.mark.parametrize("text", ["data", "a rather long text of a lost message"])
def test_a_lost_message_ends_with_an_x_before_the_far_lifeline(lan, source, target, text, width, ascii):
    lan.send(0, source, target, text, seen=source)
    lines = picture(lan, width, ascii, captured=lan.hosts).split("\n")
    lane = lanes(lines, lan.hosts)
    row = row_at(lines, "0.000").replace(text, "-" * len(text))
    cross = row.index("x" if ascii else "×")
    low, high = sorted((lane[source], lane[target]))
    assert low < cross < high and abs(cross - lane[target]) < abs(cross - lane[source])
    assert not set(row) & set("▶◀><")
    assert text in "\n".join(lines)


@pytest.fixture
def path(make_lan):
    """h1, h3 with h2 between: three messages, the second dropped behind h2, the third before it."""
    lan = make_lan(3).send(0, "h1", "h3", "one", seen="h1 h2-eth1 h2-eth2 h3")
    return lan.send(0.1, "h1", "h3", "two", seen="h1 h2-eth1").send(0.2, "h1", "h3", "three", seen="h1")


def test_a_lost_message_ends_where_it_vanished(path):
    assert picture(path, 60, captured=path.hosts) == """\
             h1                  h2                  h3
      ms  10.0.0.1            10.0.0.2            10.0.0.3
              │                   │                   │
   0.000      ├───────────────── one ────────────────▶│
 100.000      ├──────── two ──────┼─×                 │
 200.000      ├──── three ────×   │                   │
              │                   │                   │"""


def test_it_says_who_saw_a_lost_message_last_where_no_lifeline_does(path):
    del path.hosts["h2"]
    text = picture(path, 80, captured=path.hosts)
    assert "two (last seen at h2-eth1)" in text and "─ three ─" in text


def test_a_text_with_no_room_gives_way_to_the_brief_one(lan):
    lan.send(0, "h1", "h2", "ACK seq=1 ack=1 len=1448 win=42496 and some more of it", brief="ACK seq=1 len=1448")
    assert "─ ACK seq=1 len=1448 ─" in picture(lan, 72)
    assert "win=42496" in picture(lan, 200)


def test_the_cause_is_told_if_the_senders_capture_tells_it_else_the_note(lan):
    lan.send(0, "h1", "h2", "data", cause="fast retransmission", note="retransmission")
    lan.send(1, "h1", "h2", "more", seen="h2", cause="timeout", note="retransmission")
    text = picture(lan, 120)
    assert "data (fast retransmission)" in text and "more (retransmission)" in text


def test_what_is_on_its_way_when_the_span_ends_is_not_lost(lan):
    lan.send(0, "h1", "h2", "before", transit=1.5).send(1, "h1", "h2", "data", transit=1.5)
    lan.send(3, "h1", "h2", "after")
    text = picture(lan, span=(0.5, 2.0))
    assert "data" in text and "before" not in text and "after" not in text and "×" not in text


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("hosts", [2, 3, 5, 8])
def test_no_line_is_too_wide_and_every_message_is_there(make_lan, hosts, width, ascii):
    lan = make_lan(hosts)
    texts = ["SYN", "who has 10.0.0.2? tell 10.0.0.1", "A www.example.com = 10.9.8.7 " * 5, "x" * 150, "日本語 text"]
    for number, text in enumerate(texts):
        for source in lan.hosts:
            for target in [*lan.hosts, "255.255.255.255"]:
                lan.send(number, source, target, text, seen=source)
    text = picture(lan, width, ascii, limit=None)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert text.isascii() or not ascii
    count = hosts * (hosts + 1)
    assert text.count("SYN") == text.count("who has 10.0.0.2? tell 10.0.0.1") == count
    assert text.count("??? text" if ascii else "日本語 text") == count


def test_times_are_milliseconds_since_the_first_message(lan):
    lan.send(100.5, "h1", "h2", "a").send(100.5201234, "h2", "h1", "b").send(101.5, "h1", "h2", "c")
    text = picture(lan)
    assert "   0.000 " in text and "  20.123 " in text and "1000.000 " in text


def test_times_beyond_a_hundred_seconds_stay_short():
    assert time_text(99.5) == "99500.000"
    assert time_text(3600) == "3600000.0"


def test_long_silences_are_pointed_out(lan):
    lan.send(0, "h1", "h2", "one").send(0.02, "h2", "h1", "two").send(1.04, "h1", "h2", "three")
    lines = picture(lan).split("\n")
    [gap] = [line for line in lines if "… 1.02 s …" in line]
    assert "┊" in gap and "│" not in gap


def test_usual_intervals_are_not_silences():
    slow = [Arrow(number * 0.3, "h1", "h2", "x") for number in range(6)]
    assert with_pauses(slow) == slow
    late = [*slow, Arrow(1.5 + 1.6, "h1", "h2", "x")]
    assert [item.seconds for item in with_pauses(late) if isinstance(item, Pause)] == [pytest.approx(1.6)]
    assert sum(isinstance(item, Pause) for item in with_pauses(slow, silence=0.25)) == 5


@pytest.mark.parametrize("count, limit, cut", [
    (10, 10, 0), (11, 10, 0), (12, 10, 2), (500, 40, 460), (5, None, 0), (9, 1, 7),
])
def test_the_middle_of_a_long_exchange_is_left_out(count, limit, cut):
    sent = [Arrow(number * 0.001, "h1", "h2", f"{number}", "tcp") for number in range(count)]
    items = elide(sent, limit)
    cuts = [item for item in items if isinstance(item, Cut)]
    assert sum(len(item.arrows) for item in cuts) == cut
    assert [arrow for item in items for arrow in (item.arrows if isinstance(item, Cut) else [item])] == sent


def test_a_cut_says_how_much_is_missing(lan):
    for number in range(252):
        lan.send(number / 1000, "h1", "h2", f"seq {number}", protocol="tcp")
    text = picture(lan, limit=40)
    assert "… 212 more segments in 211 ms …" in text
    assert "seq 0 " in text and "seq 251 " in text and "seq 100 " not in text


def test_a_message_to_oneself_turns_round(lan):
    lines = picture(lan.send(0, "h3", "h3", "to myself", seen="h3")).split("\n")
    column = lanes(lines, lan.hosts)["h3"]
    out = lines.index(row_at(lines, "0.000"))
    assert lines[out][column:column + 3] == "├─╮" and lines[out + 1][column:column + 3] == "│◀╯"
    assert "to myself" in lines[out - 1]


def test_strangers_get_a_lifeline_each_or_share_one(lan):
    lan.send(0, "h1", "10.0.0.77", "hello", seen="h1")
    assert "10.0.0.77" in picture(lan).split("\n")[0]
    for number in range(5):
        lan.send(number, "h1", f"10.1.0.{number}", "hi", seen="h1")
    head = picture(lan, 100).split("\n")[:2]
    assert "others" in head[0] and "6 addresses" in head[1]
    assert "hi (to 10.1.0.4)" in picture(lan, 100)


def test_a_forged_source_is_named(lan):
    lan.send(0, "h2", "h1", "honest").send(1, "h2", "h1", "reply", seen="h3 h1")
    assert "reply (as h2)" in picture(lan, 100)


def test_labels_that_would_touch_stand_on_two_rows(make_lan):
    lan = make_lan(5)
    lan.hosts = {name: f"192.168.100.{number + 10}" for number, name in enumerate(lan.hosts)}
    lan.send(0, "h1", "h2", "hello")
    text = picture(lan, 60)
    assert all(address in text for address in lan.hosts.values())


def test_hosts_without_a_part_give_way_when_there_is_no_room(make_lan):
    lan = make_lan(30).send(0, "h1", "h30", "hello")
    lines = picture(lan, 60).split("\n")
    assert lines[0].split() == ["h1", "h30"]


def test_more_hosts_than_columns_become_a_list(make_lan):
    lan = make_lan(30)
    for number in range(1, 30):
        lan.send(number, f"h{number}", f"h{number + 1}", f"message {number}")
    lines = picture(lan, 60).split("\n")
    assert lines[0] == "     0.000  h1 ▶ h2: message 1"
    assert sum("message" in line for line in lines) == 29


def test_texts_cannot_command_the_terminal(lan):
    lan.messages = [SimpleNamespace(time=0.0, source="10.0.0.1", target="10.0.0.2", protocol="http", where="h1-eth0",
                                    style="", brief="", note="", cause="", identity=(), content=(),
                                    text="GET /\x1b[2J\x1b]0;x\x07\r\nHost: a")]
    text = picture(lan)
    assert "\x1b" not in text and "GET / Host: a" in text


def test_an_empty_exchange_says_so(lan):
    assert picture(lan) == "no messages of the protocols drawn here were captured"


def test_lifelines_are_the_nodes_with_a_part_in_it(lan):
    nodes = {name: {"interfaces": {f"{name}-eth0": {"mac": "", "ip": address}}} for name, address in lan.hosts.items()}
    nodes["s1"] = {"interfaces": {"s1-eth1": {"mac": "", "ip": None}}}
    lan.send(0, "h2", "10.0.0.9", "x", seen="h2")
    assert lifelines(nodes, lan.messages, lan.name_of) == {"h2": "10.0.0.2"}
    lan.send(0, "h1", "ff:ff:ff:ff:ff:ff", "x", seen="s1 h3")
    assert lifelines(nodes, lan.messages, lan.name_of) == {**lan.hosts, "s1": ""}


def test_the_same_exchange_draws_the_same_whatever_the_order_of_captures(arp):
    straight = picture(arp)
    arp.messages.reverse()
    assert picture(arp) == straight
    assert len(arrows(arp.messages, arp.name_of)) == 4
