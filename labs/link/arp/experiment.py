"""ARP on a LAN (being written)."""
from mnlab.lab import Diagram
diagram = Diagram(captures=("h1", "h2", "h3"), protocols=("arp", "icmp"))

def variant(rng):
    return {"net": f"10.{rng.randrange(1,200)}.{rng.randrange(1,200)}"}

def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=3, addresses=[f"{params['net']}.{n}/24" for n in (1,2,3)])

def experiment(net, rec, work):
    h1, h2 = net["h1"], net["h2"]
    with rec.trace(), rec.capture("h1", "h2", "h3"):
        rec.run("first-ping", h1, f"ping -c1 {h2.IP()}")
        rec.run("second-ping", h1, f"ping -c1 {h2.IP()}")
        rec.save("neighbours", h1, "ip -j neigh")
