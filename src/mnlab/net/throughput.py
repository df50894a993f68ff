"""Mininet's iperf(): how much two hosts get across, measured with iperf3."""

import json
import subprocess

from mininet.log import output

from mnlab.net import namespace
from mnlab.net.errors import CommandFailed, NetworkError
from mnlab.net.wait import wait_until

#: iperf's letters for a unit (-f): what it is called, and how many bits a second it is.
UNITS = {"k": ("Kbits/sec", 1e3), "m": ("Mbits/sec", 1e6), "g": ("Gbits/sec", 1e9),
         "K": ("KBytes/sec", 8 * 2**10), "M": ("MBytes/sec", 8 * 2**20), "G": ("GBytes/sec", 8 * 2**30)}
GRACE = 60  # s beyond its own time that a client may take, for its queue to drain


def iperf(net, hosts=None, l4Type="TCP", udpBw="10M", fmt=None, seconds=5, port=5001):  # noqa: N803
    """Measure from the first of two hosts (the net's first and last) to the second, for `seconds` of lab time.

    [rate at the server, rate at the client] as "9.56 Mbits/sec"; for UDP `udpBw`, what is sent, comes first. `fmt` is
    a letter of UNITS. NetworkError if it cannot be measured.
    """
    client, server = hosts or (net.hosts[0], net.hosts[-1])
    if l4Type not in ("TCP", "UDP"):
        raise NetworkError(f"iperf knows TCP and UDP, not {l4Type!r}")
    if fmt and fmt not in UNITS:
        raise NetworkError(f"iperf knows the units {' '.join(UNITS)}, not {fmt!r}")
    output(f"*** Iperf: testing {l4Type} bandwidth between {client} and {server}\n")
    argv = ["iperf3", "--json", "--client", server.IP(), "--port", str(port), "--time", str(seconds)]
    argv += ["--udp", "--bitrate", udpBw] if l4Type == "UDP" else []
    serving = server.start_process(["iperf3", "--server", "--one-off", "--port", str(port)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(lambda: serving.poll() is not None or port in namespace.listening_tcp_ports(server.pid),
                   f"iperf3 on {server} listens")
        if serving.poll() is not None:
            words = serving.stdout.read().strip().splitlines()
            raise CommandFailed(server.name, "iperf3 --server", serving.returncode, words[-1] if words else "")
        done = client.run(argv, timeout=seconds + GRACE, check=False)
    finally:
        serving.kill()
        serving.wait()
        serving.stdout.close()
    told = json.loads(done.stdout or "{}")
    if done.returncode or "error" in told:
        raise CommandFailed(client.name, " ".join(argv), done.returncode, told.get("error", done.stderr.strip()))
    rates = [told["end"][end]["bits_per_second"] for end in ("sum_received", "sum_sent")]
    if l4Type == "UDP":  # sum_received of UDP counts what was sent, too (iperf3 3.12)
        total = told["end"]["sum"]
        rates = [total["bits_per_second"] * (1 - total["lost_percent"] / 100), total["bits_per_second"]]
    result = ([udpBw] if l4Type == "UDP" else []) + [words_of(rate, fmt) for rate in rates]
    output(f"*** Results: {result}\n")
    return result


def words_of(rate: float, unit: str | None = None) -> str:
    """Bits a second as iperf writes them: three digits, in the unit that fits or the one of a letter."""
    name, size = UNITS[unit or ("g" if rate >= 1e9 else "m" if rate >= 1e6 else "k")]
    value = rate / size
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {name}"
