"""What looks, probes, builds and edits."""

import asyncio
import re
from pathlib import Path

import pexpect
from kit import network, reachable, run, trial, wait, write


@trial
def mtr():
    """The way through a router, hop by hop."""
    with network("h1", "r1", "h2", links=[("h1", "r1"), ("r1", "h2")]) as (h1, r1, h2):
        for host, link, address in ((h1, 0, "10.0.1.1/24"), (r1, 0, "10.0.1.9/24"), (r1, 1, "10.0.2.9/24"), (h2, 0, "10.0.2.1/24")):
            host.cmd(f"ip addr add {address} dev {host.name}-eth{link}")
        h1.cmd("ip route add default via 10.0.1.9")
        h2.cmd("ip route add default via 10.0.2.9")
        r1.cmd("sysctl -w net.ipv4.ip_forward=1")
        said = run(h1, "mtr", "--report", "--no-dns", "--report-cycles", "3", "10.0.2.1")
        hops = re.findall(r"\|-- (\S+) +0\.0%", said)
        assert hops == ["10.0.1.9", "10.0.2.1"], said
        return said


@trial
def nmap_ncat_hping3():
    """One port is open and one is closed, and says so to each."""
    with network("h1", "h2") as (server, client):
        daemon = server.daemon("ncat", "--listen", "--keep-open", "--sh-exec", "echo hello", "7000")
        wait("ncat", lambda: reachable(client, 7000, "10.0.0.1"), daemon)
        said = run(client, "ncat", "--recv-only", "10.0.0.1", "7000")
        scanned = run(client, "nmap", "-n", "-sS", "-p", "7000-7001", "10.0.0.1")
        probed = [run(client, "hping3", "--syn", "--count", "2", "--destport", port, "10.0.0.1", status=None) for port in ("7000", "7001")]
        assert said == "hello\n", said
        assert re.search(r"7000/tcp open", scanned) and re.search(r"7001/tcp closed", scanned), scanned
        assert probed[0].count("flags=SA") == 2 and probed[1].count("flags=RA") == 2, probed
        return said + "".join(line for line in scanned.splitlines(True) if "/tcp" in line) + "".join(probed)


@trial
def conntrack():
    """A connection that a filter has seen is listed."""
    with network("h1", "h2") as (server, client):
        run(server, "nft", "add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c ct state new counter accept")
        run(client, "ping", "-c1", "10.0.0.1")
        said = run(server, "conntrack", "-L", "-p", "icmp")
        assert "src=10.0.0.2 dst=10.0.0.1" in said, said
        return said


@trial
def lldpd():
    """A host hears of its neighbour."""
    with network("h1", "h2", links=[("h1", "h2")], privateDirs=["/run/lldpd"]) as hosts:
        for host in hosts:
            host.cmd(f"install -d -o _lldpd -g _lldpd /run/lldpd; ip link set {host.name}-eth0 up")
            host.daemon("lldpd", "-d", "-u", "/run/lldpd/socket", "-I", f"{host.name}-eth0", "-S", f"I am {host.name}")
        h1 = hosts[0]
        return wait("the neighbour", lambda: (said := run(h1, "lldpcli", "-u", "/run/lldpd/socket", "show", "neighbors"))
                    and "I am h2" in said and re.sub(r"Time: .*", "", said))


@trial
def tshark_pyshark_dpkt():
    """Three readers of one capture agree."""
    import dpkt
    import pyshark
    file = write("ping.pcap", "")
    with network("h1", "h2") as (h1, h2):
        daemon = h1.daemon("tcpdump", "--immediate-mode", "-c", "6", "-i", "h1-eth0", "-w", file, "icmp")
        wait("tcpdump", lambda: "listening" in daemon.said())
        run(h2, "ping", "-c3", "-i", "0.2", "10.0.0.1")
        wait("six packets", lambda: daemon.poll() == 0, daemon)
    said = run(None, "tshark", "-r", file, "-T", "fields", "-e", "icmp.type", "-e", "ip.src")
    lines = [line for line in said.splitlines() if re.fullmatch(r"[08]\t[\d.]+", line)]
    assert lines == ["8\t10.0.0.2", "0\t10.0.0.1"] * 3, said
    asyncio.set_event_loop(asyncio.new_event_loop())  # pyshark 0.6 wants one that is there; Python gives none since 3.12
    with pyshark.FileCapture(file) as capture:
        assert [f"{packet.icmp.type}\t{packet.ip.src}" for packet in capture] == lines
    with open(file, "rb") as capture:
        types = [dpkt.ethernet.Ethernet(data).data.data.type for _, data in dpkt.pcap.Reader(capture)]
    assert types == [8, 0] * 3, types
    return "\n".join(lines) + run(None, "tshark", "-r", file, "-V", "-c", "1")


@trial
def compiler_and_strace():
    """A program is compiled and run, and its system calls are seen."""
    source = write("hello.c", '#include <stdio.h>\n#include <sys/socket.h>\nint main() { printf("%d\\n", socket(AF_INET, SOCK_DGRAM, 0)); return 0; }\n')
    program = source.removesuffix(".c")
    for compiler in ("tcc", "cc"):
        run(None, compiler, "-o", program, source)
        assert run(None, program) == "3\n"
    said = run(None, "strace", "-e", "trace=socket", program)
    assert "socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3" in said, said
    return said


@trial
def editors():
    """vi and nano write what is typed, and less shows it."""
    said = ""
    for command, keys in (("vi", "ihello from vi\x1b:wq\r"), ("nano", "hello from nano\x0f\r\x18")):
        file = Path(write("none", "")).with_name(command)
        typed = pexpect.spawn(command, [str(file)], encoding="utf-8", timeout=60, env={"TERM": "vt100", "PATH": "/usr/bin:/bin", "HOME": "/root"})
        typed.expect(re.escape(file.name))  # it names its file when it is ready
        for key in keys:
            typed.send(key)
        typed.expect(pexpect.EOF)
        assert file.read_text().strip() == f"hello from {command}", (file.read_text(), typed.before)
        said += run(None, "less", str(file))
    assert said == "hello from vi\nhello from nano\n", said
    return said


@trial
def sudo_and_python():
    """What scripts begin with: sudo does no harm, python is there, help needs no manual."""
    said = run(None, "sudo", "-n", "python", "-c", "import os, sys; print(os.getuid(), sys.version_info[0])")
    assert said == "0 3\n", said
    return said + run(None, "bash", "-c", "help cd") + run(None, "wget", "--help")
