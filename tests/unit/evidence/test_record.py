"""Reading evidence that is not there, not whole, or not evidence."""

import json
from types import SimpleNamespace

import pytest

from mnlab.evidence.record import Missing, Record, Unreadable
from mnlab.protocols.kernel import CongestionState, ReceiveReset

MANIFEST = {"start_ns": 0, "outcome": "ok", "reason": "", "network": {"h1": {"interfaces": {
    "h1-eth0": {"mac": "02:00:00:00:01:00", "ip": "10.0.0.1"}, "h1-eth1": {"mac": "02:00:00:00:01:01", "ip": None}}},
    "s1": {"interfaces": {"s1-eth1": {"mac": "02:00:00:01:01:01", "ip": None}}}}}


@pytest.fixture
def record(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "output").mkdir()
    (tmp_path / "output/ping.out").write_bytes(b'{"a": 1}\xff')
    lines = [{"name": "ping", "kind": "command", "host": "h1", "argv": ["ping", "x"], "start": 1.0, "end": 2.0, "status": 0},
             {"name": "cut", "kind": "mark", "start": 3.0, "end": 3.0}]
    (tmp_path / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Record(tmp_path, {"n": 1})


@pytest.mark.parametrize("manifest", [None, "", "{", "[]", "{}", '"x"', '{"start_ns": 0}', "\xff"])
def test_a_folder_that_is_no_evidence_is_refused_in_a_line(tmp_path, manifest):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest, encoding="latin-1")
    with pytest.raises(Unreadable) as problem:
        Record(tmp_path, {})
    assert len(str(problem.value).splitlines()) == 1 and "no evidence" in str(problem.value)


@pytest.mark.parametrize("ask", [
    lambda record: record.command("absent"), lambda record: record.mark("absent"), lambda record: record.frames("h1"),
    lambda record: record.text("absent"), lambda record: record.json("absent"), lambda record: record.kernel(),
    lambda record: record.command("ping").json(), lambda record: record.ip("s1"), lambda record: record.ip("h9")])
def test_what_was_not_recorded_is_missing(record, ask):
    with pytest.raises(Missing):
        ask(record)


PROBE = ("x-1 [000] ..s2. 12.5: tcp_receive_reset: sport=1 dport=2 saddr=10.0.0.1 daddr=10.0.0.2\n"
         "x-1 [000] ..s2. 12.6: tcp_cong_state_set: sport=1 dport=2 saddr=10.0.0.1 daddr=10.0.0.2 {field}=4\n")


@pytest.mark.parametrize("head, field, why", [
    ("", "cong_state", ""), ("", "state", "tcp_cong_state_set with no cong_state="),
    ("# absent: tcp_cong_state_set\n", "cong_state", "no tracepoint tcp_cong_state_set")])
def test_what_the_kernel_could_not_tell_is_missing_and_the_rest_is_there(record, head, field, why):
    (record.folder / "kernel").mkdir()
    (record.folder / "kernel/tcp.trace").write_text("# start 12.0\n" + head + PROBE.format(field=field))
    [reset] = record.kernel(ReceiveReset)
    assert reset.time == pytest.approx(0.5)
    for kinds in ((), (CongestionState,), (ReceiveReset, CongestionState)):
        if why:
            with pytest.raises(Missing, match=why):
                record.kernel(*kinds)
        else:
            assert record.kernel(*kinds)[-1].state == "Loss"
    record.insist_on_readable()  # it is no damage


def test_a_neighbour_cache_of_which_the_kernel_cannot_tell_is_missing(record):
    (record.folder / "kernel").mkdir()
    (record.folder / "kernel/neighbours.trace").write_text("# start 12.0\n# absent: neigh_update\n")
    with pytest.raises(Missing, match="no tracepoint neigh_update"):
        record.neighbours("h1-eth0", "10.0.0.2")
    record.insist_on_readable()


def test_what_was_recorded_is_there(record):
    assert record.command("ping").line == "ping x" and record.command("ping").stdout == '{"a": 1}\ufffd'
    assert record.mark("cut") == 3.0
    assert record.name_of("10.0.0.1") == "h1" == record.name_of("02:00:00:00:01:01")
    assert record.name_of("10.9.9.9") == "10.9.9.9"
    assert (record.ip("h1"), record.mac("s1")) == ("10.0.0.1", "02:00:00:01:01:01")


def test_captures_of_a_host_are_those_of_its_interfaces_also_with_a_dash_in_its_name(record):
    record.hosts["web-1"] = {"interfaces": {"web-1-eth0": {}, "wan0": {}}}
    record.hosts["r1"] = {"interfaces": {"to.core": {}, "eth0.100": {}}}
    folder = record.folder / "captures"
    folder.mkdir()
    for name in ("h1-eth0", "h1-eth0.2", "web-1-eth0", "wan0", "web-eth0", "web-1-eth1",
                 "to.core", "to.core.2", "eth0.100", "eth0.100.2"):
        (folder / f"{name}.pcap").touch()
    wanted = {"h1": ["h1-eth0.2", "h1-eth0"], "web-1": ["wan0", "web-1-eth0", "web-1-eth1"], "web": ["web-eth0"],
              "to.core": ["to.core.2", "to.core"], "r1": ["eth0.100.2", "eth0.100", "to.core.2", "to.core"],
              "web-1-eth0": ["web-1-eth0"], "h1-eth0": ["h1-eth0.2", "h1-eth0"]}
    for place, names in wanted.items():
        assert [path.name.removesuffix(".pcap") for path in record._captures(place)] == names


def test_frames_during_a_command(record, monkeypatch):
    seen = [SimpleNamespace(time=time) for time in (0.9, 1.0, 1.5, 2.0, 2.1)]
    monkeypatch.setattr(Record, "frames", lambda self, *places: seen if places == ("h1", "s1-eth1") else [])
    assert record.during("ping", "h1", "s1-eth1") == seen[1:4] and record.during("ping", "h2") == []
    with pytest.raises(Missing):
        record.during("absent", "h1")
