"""Captures with secrets: scapy's reader of pcapng files finds the frames, their times, and the key log."""

import io
import struct

from mnlab.evidence import secrets

START = 1767225600 * 10**9
KEY_LOG = "CLIENT_RANDOM 00ff 0102\n"
FRAMES = [(START + 123456789, b"\xff" * 60), (START + 10**9 + 1, b"\x02" * 61)]


def capture():
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    return head + b"".join(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(data), len(data)) + data
                           for ns, data in FRAMES)


def blocks(contents):
    found = []
    while contents:
        kind, length = struct.unpack_from("<II", contents)
        assert length % 4 == 0 and contents[length - 4:length] == contents[4:8]
        found.append((kind, contents[8:length - 4]))
        contents = contents[length:]
    return found


def test_the_same_frames_at_the_same_times():
    from scapy.utils import RawPcapNgReader

    with RawPcapNgReader(io.BytesIO(secrets.with_key_log(capture(), KEY_LOG, START))) as reader:
        seen = [(data, ((meta.tshigh << 32) + meta.tslow)) for data, meta in reader]
    assert [(ns, data) for data, ns in seen] == FRAMES


def test_the_secrets_come_ahead_of_the_frames():
    found = blocks(secrets.with_key_log(capture(), KEY_LOG, START))
    assert [kind for kind, _ in found] == [secrets.SECTION, secrets.INTERFACE, secrets.SECRETS, 6, 6]
    kind, length = struct.unpack_from("<II", found[2][1])
    assert kind == int.from_bytes(b"TLSK", "big") and found[2][1][8:8 + length].decode() == KEY_LOG


def test_each_capture_gets_one_beside_it(tmp_path):
    (tmp_path / "eve-eth0.pcap").write_bytes(capture())
    secrets.write_beside(tmp_path, KEY_LOG, START)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["eve-eth0.pcap", "eve-eth0.pcapng"]
