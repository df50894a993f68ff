"""Captures are whole, or the run says why they are not."""

import pytest

from .conftest import run_script

SCRIPT = r'''
import socket, traceback
from mnlab.evidence.recorder import Recorder
from mnlab.net import namespace
from mnlab.net.errors import NetworkError
from mnlab.net.network import Network
from mnlab.protocols.capture import read_capture as read
from topologies.lan import Lan

def raises(function):
    try:
        function()
    except NetworkError as problem:
        return str(problem)
    return None

def frames(name, only=lambda data: True):
    return [frame for frame in read(RESULT / "captures" / name) if only(frame.data)]

def send(net, count, size=100):
    with namespace.inside(net["h1"].pid):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(count):
        sender.sendto(bytes(size), ("10.0.0.2", 9))

def is_udp(data):
    return data[12:14] == b"\x08\x00" and data[23] == 17

def main():
    results, path = {}, RESULT / "captures"
    with Network(Lan(hosts=2)) as net:
        rec = Recorder(RESULT, net, {}, pathlib.Path("/job"))
        net["h1"].run("ping -c1 10.0.0.2")
        with rec.capture("h1", "h2"):
            send(net, 100)
        results["at once"] = [len(frames(f"h{n}-eth0.pcap", is_udp)) for n in (1, 2)]
        with rec.capture("h2"):
            with rec.capture("h2", only="udp port 9", snaplen=60):
                send(net, 2000, 1400)
                net["h1"].run("ping -c1 10.0.0.2")
        outer, inner = frames("h2-eth0.2.pcap"), frames("h2-eth0.3.pcap")
        results["filter"] = [len(inner), max(len(frame.data) for frame in inner) <= 60,
                             {frame.length for frame in inner} == {1442}]
        results["both"] = len([frame for frame in outer if is_udp(frame.data)])
        def wrong(**options):
            with rec.capture("h1", **options):
                pass
        results["nonsense"] = raises(lambda: wrong(only="nonsense"))
        def vanish():
            with rec.capture("h2"):
                net["h2"].run("ip link delete h2-eth0")
                time.sleep(1)
        results["vanished"] = raises(vanish)
    with Network(Lan(hosts=2)) as net:
        def fill():
            with rec.capture("h1"):
                with open(RESULT / "full", "wb") as file:
                    try:
                        while file.write(bytes(1 << 20)):
                            file.flush()
                    except OSError:
                        pass
                send(net, 2000, 1400)
        rec.net = net
        try:
            results["full"] = raises(fill)
        finally:
            (RESULT / "full").unlink()
        results["threads"] = __import__("threading").active_count()
    (RESULT / "result.json").write_text(json.dumps(results))
'''


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run_script(SCRIPT, tmp_path_factory.mktemp("captures") / "result").json()


def test_what_came_before_the_end_is_there(results):
    assert results["at once"] == [100, 100]


def test_a_filter_and_a_length_concern_one_capture_and_another_beside_it_sees_all(results):
    assert results["filter"] == [2000, True, True] and results["both"] == 2000


def test_a_filter_that_is_none_is_an_error(results):
    assert "no capture on h1-eth0" in results["nonsense"] and "syntax error" in results["nonsense"]


def test_an_interface_that_vanishes_is_an_error(results):
    assert results["vanished"].startswith("the capture on h2-eth0 failed")


def test_a_full_disk_is_an_error(results):
    assert "h1-eth0 failed: its file cannot be written" in results["full"]


def test_the_reader_ends_with_its_capture(results):
    assert results["threads"] == 1
