"""Speech, message by message, by UDP and by TCP; and who sends how much into a crowded link."""

from mnlab.lab.diagram import Figure
from mnlab.protocols import tcp, udp

VOICE = 160  # bytes
STEP = 0.25  # s over which rates are counted


def figures(run):
    record = run.scene("kernel")
    return [speech(record), crowd(record)]


def speech(record):
    """ms from a message's first departure at h1 until it can be read at h3, over the moment of its departure."""
    port = record.params["voice_port"]
    sent, came = ([one for one in udp.datagrams(record.frames(host)) if one.target.port == port]
                  for host in ("h1", "h3"))
    arrived = {one.payload[:4]: one.time for one in came}
    by_udp = [(one.time - sent[0].time, (arrived[one.payload[:4]] - one.time) * 1e3) for one in sent
              if one.payload[:4] in arrived]
    here, there = (next(one for one in tcp.connections(record.frames(host)) if one.server.port == port)
                   for host in ("h1", "h3"))
    first: dict[int, float] = {}
    for segment in here.data(tcp.CLIENT):
        for last in range(VOICE, segment.end, VOICE):
            if segment.seq <= last:
                first.setdefault(last, segment.time)
    begin = min(first.values())
    by_tcp = [(time - begin, (there.when(tcp.CLIENT, last - 1) - time) * 1e3) for last, time in sorted(first.items())]
    return Figure("speech", "From departure until a message can be read (one message is lost)", "ms",
                  {"UDP": by_udp, "TCP": by_tcp})


def crowd(record):
    """Mbit/s that leave h1 for the slow link, in steps of a quarter of a second."""
    begin, end, p = record.mark("crowd"), record.mark("crowd-end"), record.params
    frames = [frame for frame in record.frames("h1") if begin <= frame.time < end]
    flood = [(one.time, one.frame.length) for one in udp.datagrams(frames) if one.target.port == p["flood_port"]]
    bulk = [(segment.time, segment.frame.length) for one in tcp.connections(frames)
            if one.server.port == p["bulk_port"] for segment in one.sent(tcp.CLIENT)]
    steps = [begin + number * STEP for number in range(int((end - begin) / STEP))]

    def rates(packets):
        return [(start - begin, sum(size for time, size in packets if start <= time < start + STEP) * 8 / STEP / 1e6)
                for start in steps]

    return Figure("crowd", f"What leaves h1 for a link of {p['rate']} Mbit/s", "Mbit/s",
                  {"TCP": rates(bulk), "datagrams": rates(flood)})
