"""Starting the lab's name servers: a named on each of five hosts, with the student's zone where it is in order."""

import re
import shutil
import signal
import socket
import tempfile
from pathlib import Path

from lab import names, zones
from mnlab.evidence import layout
from mnlab.net import namespace
from mnlab.net.errors import NetworkError

ZONE_LIMIT = 64 * 1024  # bytes of a student's zone once compiled
PROCESSOR_LIMIT = 2  # s of processor time; a zone of that size takes a tenth of a second
DISCARD = 9  # RFC 863
SOA_QUESTION = bytes.fromhex("0001 0000 0001 0000 0000 0000 00 0006 0001")  # ". SOA?", recursion not desired
ROOT_QUESTION = bytes.fromhex("0002 0100 0001 0000 0000 0000 00 0002 0001")  # ". NS?", recursion desired


def meet(net) -> None:
    """One datagram from every host to the resolver, so that no ARP delays a lookup later on."""
    for node in net.hosts:
        if node.name != "resolver":
            with namespace.inside(node.pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"", (net["resolver"].IP(), DISCARD))


def prime(net) -> None:
    """Have the client ask for the root's name servers, so that the resolver finds the root before the story begins."""
    with namespace.inside(net["client"].pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        asker.sendto(ROOT_QUESTION, (net["resolver"].IP(), 53))
        try:
            asker.recv(4096)
        except OSError as problem:
            raise NetworkError(f"the resolver did not find the root: {problem}") from None


def move(net, params: dict) -> None:
    """The servers have other addresses, too, before they start: what they are is in `params`."""
    for name in names.MOVED:
        net[name].run(f"ip address add {params[f'_moved_{name}']}/16 dev {name}-eth0")


def start(net, rec, params: dict, tld: str, own: dict[str, str]) -> list:
    """The five servers, each answering; `tld` is the TLD's zone, `own` what auth2 serves besides its own domain."""
    served = {"root": {".": zones.root_zone(params)},
              "tld": {params["tld"]: tld},
              "auth": {params["domain"]: zones.domain_zone(params),
                       f"{params['_branch']}.{params['other_domain']}": zones.branch_zone(params)},
              "auth2": {params["other_domain"]: zones.other_zone(params), **own},
              "resolver": {".": zones.root_hints(params)}}
    base = Path(tempfile.mkdtemp(prefix="dns-"))
    rec.stack.callback(shutil.rmtree, base, ignore_errors=True)
    base.chmod(0o755)
    unlocked = unlock(net["root"])
    running = []
    for name, texts in served.items():
        rec.progress(f"starting named on {name}")
        running.append(start_named(net[name], rec, base / name, texts, unlocked))
    return running


def stop(running: list) -> None:
    """End the servers at once: named has nothing to save, and takes its time over that."""
    for server in running:
        server.stop(signal.SIGKILL)


def unlock(host) -> str:
    """The option that lets several named run in one /run, or "" if this named needs none (BIND 9.20 refuses it)."""
    return "lock-file none;" if "lock-file" in host.run("named -C").stdout else ""  # -C prints all defaults


def start_named(host, rec, folder: Path, texts: dict[str, str], options: str):
    """named on `host`, with the zones `texts` (name -> text) and these options, as the user bind."""
    folder.mkdir()
    shutil.chown(folder, "bind", "bind")
    files = {zone: f"{zone.strip('.') or 'root'}.zone" for zone in texts}
    for zone, file in files.items():
        (folder / file).write_text(rec.keep(f"{host.name}.{file}", texts[zone]))
    conf = zones.named_conf(host.name, folder, files, options)
    (folder / "named.conf").write_text(rec.keep(f"{host.name}.named.conf", conf))
    argv = ["named", "-4", "-g", "-n", "1", "-u", "bind", "-c", folder / "named.conf"]
    return rec.service(f"named-{host.name}", host, argv, tcp=53, udp=53, ready=lambda: responds(host))


def responds(host) -> bool:
    """Whether the named on `host` says anything; asked over loopback, so no capture sees it and no cache fills."""
    with namespace.inside(host.pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(1)
        try:
            asker.sendto(SOA_QUESTION, ("127.0.0.1", 53))
            return len(asker.recv(4096)) >= 12
        except OSError:
            return False


# --- the student's zone files -----------------------------------------------------------------------------------------

def student_zones(net, rec, params: dict) -> tuple[str, dict[str, str]]:
    """The TLD's zone with the student's delegation in it, and {own domain: the student's zone}; texts.

    named never reads a student's file. named-compilezone does, as the user student and within a student's limits, and
    named gets the plain records that come out: so $INCLUDE opens nothing that is not the student's anyway, and a
    $GENERATE without end stops at the limits. What is refused is the student's fault; the servers run without it.
    """
    tld = zones.tld_zone(params)
    own = compile_zone(rec, net["auth2"], "own-zone-check", "own.zone", params["own_domain"])
    whole = compile_zone(rec, net["tld"], "delegation-check", "delegation.zone", params["tld"],
                         f"{tld}$INCLUDE delegation.zone\n")
    theirs = zones.added(whole, tld)
    refused = zones.refused_by_registry(theirs, params["own_domain"])
    if refused:
        rec.fault(f"delegation.zone: the registry of {params['tld']} takes NS records of {params['own_domain']} and "
                  "A records at or below it, and not this:\n" + "\n".join(f"  {line}" for line in refused[:5]))
    elif theirs:
        tld += "\n".join(theirs) + "\n"
    return tld, {params["own_domain"]: own} if own else {}


def compile_zone(rec, host, name: str, file: str, zone: str, text: str = "") -> str:
    """The records of a student's zone file, one a line; "" (and the fault noted) if it is refused.

    `text` is read in place of the file if it is given.
    """
    argv = ["named-compilezone", "-i", "local", "-o", "-", zone, "-" if text else file]
    status = rec.student(name, host, argv, input=text or None, processor=PROCESSOR_LIMIT)
    printed = {part: rec.folder / layout.OUTPUT / f"{name}.{part}" for part in ("out", "err")}
    out, err = (path.read_text() if path.is_file() else "" for path in printed.values())
    if status == 0 and len(out) <= ZONE_LIMIT:
        return out
    err = re.sub(r"dns_master_load: |stream-0x[0-9a-f]+:\d+: ", "", err.replace("(null)", file))
    if status == 0:
        err = f"it makes {len(out):,} bytes of records; {ZONE_LIMIT:,} are allowed"
    elif not err.strip():
        err = f"it made BIND work for {PROCESSOR_LIMIT} s, or print more than a MiB, without an end"
    rec.fault(f"{file}: BIND refuses it (named-checkzone would say the same):\n" +
              "\n".join(f"  {line}" for line in err.strip().splitlines()[-8:]))
    return ""
