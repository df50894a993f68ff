"""Servers with their clients: addresses, names, logins, files, tunnels."""

import json
import os
import re
from pathlib import Path

import pexpect
from kit import network, reachable, run, trial, wait, write

DHCPD = """
default-lease-time 600;
subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.100 10.0.0.110; option routers 10.0.0.1; }
"""


def lease(client):
    """Ask for an address with dhclient; what it said. The client has no other."""
    client.cmd(f"ip addr flush dev {client.name}-eth0")
    said = run(client, "dhclient", "-1", "-v", "-lf", write("leases", ""), "-pf", write("pid", "") + "x", f"{client.name}-eth0")
    address = json.loads(run(client, "ip", "-j", "-4", "addr", "show", f"{client.name}-eth0"))[0]["addr_info"]
    assert [part["local"] for part in address if re.fullmatch(r"10\.0\.0\.1(0\d|10)", part["local"])], (said, address)
    return said + str(address)


@trial
def dhcp():
    """ISC's server gives ISC's client a lease."""
    with network("h1", "h2") as (server, client):
        server.daemon("dhcpd", "-f", "-4", "-cf", write("dhcpd.conf", DHCPD), "-lf", write("leases", ""), "-pf",
                      write("pid", "") + "x", "h1-eth0")
        wait("dhcpd", lambda: ":67 " in server.cmd("ss -ulnp"))
        return lease(client)


@trial
def dnsmasq():
    """Names and leases from one small server."""
    with network("h1", "h2") as (server, client):
        server.daemon("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root",
                      "--dhcp-range=10.0.0.100,10.0.0.110,10m", "--address=/lab.example/10.0.0.77",
                      "--dhcp-leasefile=" + write("leases", ""), "--pid-file=")
        wait("dnsmasq", lambda: ":53 " in server.cmd("ss -ulnp"))
        said = lease(client)
        found = run(client, "dig", "+short", "@10.0.0.1", "www.lab.example")
        assert found == "10.0.0.77\n", found
        return said + found


@trial
def radvd():
    """A host makes itself an address of the prefix that a router advertises."""
    config = "interface h1-eth0 { AdvSendAdvert on; MaxRtrAdvInterval 5; MinRtrAdvInterval 3; prefix 2001:db8:7::/64 {}; };"
    with network("h1", "h2") as (router, host):
        router.cmd("sysctl -w net.ipv6.conf.all.forwarding=1; ip addr add 2001:db8:7::1/64 dev h1-eth0")
        host.cmd("sysctl -w net.ipv6.conf.h2-eth0.accept_ra=1")
        daemon = router.daemon("radvd", "--nodaemon", "--config", write("radvd.conf", config), "--pidfile", write("p", "") + "x")
        wait("the address", lambda: "2001:db8:7:" in host.cmd("ip -6 addr show scope global"), daemon)
        return host.cmd("ip -6 addr show h2-eth0; ip -6 route")


@trial
def wireguard():
    """Two ends shake hands, and a ping goes through the tunnel."""
    with network("h1", "h2") as hosts:
        keys = [write("key", run(None, "wg", "genkey")) for _ in hosts]
        publics = [run(None, "wg", "pubkey", text=Path(key).read_text()).strip() for key in keys]
        for n, host in enumerate(hosts):
            run(host, "ip", "link", "add", "wg0", "type", "wireguard")
            run(host, "wg", "set", "wg0", "listen-port", "51820", "private-key", keys[n], "peer", publics[1 - n],
                "allowed-ips", "10.9.0.0/24", "endpoint", f"10.0.0.{2 - n}:51820")
            host.cmd(f"ip addr add 10.9.0.{n + 1}/24 dev wg0; ip link set wg0 up")
        said = run(hosts[0], "ping", "-c2", "10.9.0.2")
        shaken = run(hosts[0], "wg", "show", "wg0", "latest-handshakes").split()
        assert shaken[0] == publics[1] and int(shaken[1]) > 0, shaken
        return said + run(hosts[0], "wg", "show")


@trial
def sshd():
    """A login with a key, from one host on another."""
    with network("h1", "h2") as (server, client):
        run(None, "ssh-keygen", "-A")
        os.makedirs("/run/sshd", exist_ok=True)
        key = os.path.dirname(write("none", "")) + "/key"
        run(None, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        daemon = server.daemon("/usr/sbin/sshd", "-D", "-e", "-o", f"AuthorizedKeysFile={key}.pub", "-o", "StrictModes=no")
        wait("sshd", lambda: reachable(client, 22, "10.0.0.1"), daemon)
        said = run(client, "ssh", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                   "root@10.0.0.1", "ip -4 -br addr; whoami")
        assert "10.0.0.1/24" in said and said.endswith("root\n"), said
        return said + run(None, "ssh-keygen", "-l", "-f", key)


@trial
def telnet():
    """A login with a password, typed by pexpect."""
    run(None, "chpasswd", text="student:open sesame")
    config = write("inetd.conf", "telnet stream tcp nowait root /usr/sbin/telnetd telnetd\n")
    with network("h1", "h2") as (server, client):
        daemon = server.daemon("inetutils-inetd", "--debug", config)
        wait("inetd", lambda: reachable(client, 23, "10.0.0.1"), daemon)
        typed = pexpect.spawn("mnexec", ["-a", str(client.pid), "telnet", "10.0.0.1"], encoding="utf-8", timeout=60)
        typed.expect("login: ")
        typed.sendline("student")
        typed.expect("Password: ")
        typed.sendline("open sesame")
        typed.expect(r"\$ ")
        typed.sendline("id -un; hostname; exit")
        typed.expect(pexpect.EOF)
        assert "student\r\nlab\r\n" in typed.before, typed.before
        return typed.before


@trial
def ftp():
    """A file fetched from vsftpd without a password."""
    Path("/srv/ftp").mkdir(exist_ok=True)
    Path("/srv/ftp/hello").write_text("hello\n" * 1000)
    config = write("vsftpd.conf", "listen=YES\nanonymous_enable=YES\nbackground=NO\nsecure_chroot_dir=/srv/ftp\nseccomp_sandbox=NO\n")
    with network("h1", "h2") as (server, client):
        daemon = server.daemon("vsftpd", config)
        wait("vsftpd", lambda: reachable(client, 21, "10.0.0.1"), daemon)
        said = run(client, "ftp", "-a", "-o", "/tmp/fetched", "ftp://10.0.0.1/hello")
        fetched = Path("/tmp/fetched").read_text()
        assert fetched == "hello\n" * 1000, said
        return said + f"{len(fetched)} bytes"


@trial
def wget_and_wrk():
    """A page fetched, and many of them."""
    folder = os.path.dirname(write("index.html", "<p>hello</p>\n"))
    with network("h1", "h2") as (server, client):
        daemon = server.daemon("python", "-m", "http.server", "--directory", folder, "80")
        wait("the server", lambda: reachable(client, 80, "10.0.0.1"), daemon)
        page = run(client, "wget", "-q", "-O", "-", "http://10.0.0.1/")
        load = run(client, "wrk", "--threads", "1", "--connections", "4", "--duration", "2s", "http://10.0.0.1/")
        assert page == "<p>hello</p>\n" and int(re.search(r"(\d+) requests in", load)[1]) > 100, page + load
        return page + load


@trial
def netperf():
    """What a connection carries."""
    with network("h1", "h2") as (server, client):
        server.daemon("netserver", "-D")
        wait("netserver", lambda: reachable(client, 12865, "10.0.0.1"))
        said = run(client, "netperf", "-H", "10.0.0.1", "-l", "1", "-P", "0")
        assert float(said.split()[-1]) > 10, said  # Mbit/s
        return said
