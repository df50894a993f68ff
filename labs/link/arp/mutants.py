"""Ways to break the ARP lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("two_owners", "static_entry", "asks_once", "five_tries", "credulous")

# --- the network misbehaves ---


@mutant.network("h1 has a static entry for h2", scenes=["kernel"])
def static_entry(net, params):
    net["h1"].run(f"ip neigh add {params['h2']} lladdr {params['h2_mac']} dev h1-eth0 nud permanent")


@mutant.network("h1's cache is emptied again and again", scenes=["kernel"])
def flushed(net, params):
    net["h1"].start_process(["bash", "-c", "for i in {1..30}; do ip neigh flush all; sleep 0.1; done"])


@mutant.network("h3 answers for h2's address, too", scenes=["kernel"])
def two_owners(net, params):
    net["h3"].run(f"ip addr add {params['h2']}/32 dev h3-eth0")


@mutant.network("the switch forgets who is where, and floods", scenes=["kernel"])
def flooding_switch(net, params):
    net["s1"].run("ip link set s1 type bridge ageing_time 0")


@mutant.network("broadcasts do not reach h3", scenes=["kernel"])
def deaf_bystander(net, params):
    net["s1"].run("bridge link set dev s1-eth3 bcast_flood off flood off")


@mutant.network("h1 does not probe an old entry's address", scenes=["kernel"])
def no_probes(net, params):
    net["h1"].sysctl("net.ipv4.neigh.h1-eth0.ucast_solicit", 0)


@mutant.network("h1 asks five times", scenes=["kernel"])
def five_tries(net, params):
    net["h1"].sysctl("net.ipv4.neigh.h1-eth0.mcast_solicit", 5)


@mutant.network("h1 drops packets instead of letting them wait", scenes=["kernel"])
def no_queue(net, params):
    net["h1"].sysctl("net.ipv4.neigh.h1-eth0.unres_qlen_bytes", 0)


@mutant.network("h1 ignores announcements", scenes=["kernel"])
def deaf_to_announcements(net, params):
    net["h1"].sysctl("net.ipv4.conf.h1-eth0.drop_gratuitous_arp", 1)


@mutant.network("h1 makes entries from what it did not ask for", scenes=["kernel"])
def credulous(net, params):
    net["h1"].sysctl("net.ipv4.conf.h1-eth0.arp_accept", 1)


# --- wrong resolvers ---

@mutant.work("the resolver has no cache")
def no_cache(work, params):
    work.edit("resolver.py", "self.cache[ip] = (mac, time.monotonic())", "pass")


@mutant.work("the resolver never forgets")
def never_forgets(work, params):
    work.edit("resolver.py", "if mac and time.monotonic() - learned < self.lifetime:", "if mac:")


@mutant.work("an answer grows young again whenever it is used")
def young_by_use(work, params):
    work.edit("resolver.py", "            return mac\n        for",
              "            self.cache[ip] = (mac, time.monotonic())\n"
              "            return mac\n        for")


@mutant.work("the resolver asks the network's broadcast address in a frame to itself")
def not_broadcast(work, params):
    work.edit("resolver.py", "ETHERNET.pack(BROADCAST,", "ETHERNET.pack(self.mac,")


@mutant.work("the request carries ff:ff:ff:ff:ff:ff as the target hardware address")
def broadcast_inside(work, params):
    work.edit("resolver.py", "self.ip, bytes(6), ip)", "self.ip, BROADCAST, ip)")


@mutant.work("the resolver asks once")
def asks_once(work, params):
    work.edit("resolver.py", "TRIES, PATIENCE = 3, 1.0", "TRIES, PATIENCE = 1, 1.0")


@mutant.work("the resolver asks three times within a second")
def impatient(work, params):
    work.edit("resolver.py", "TRIES, PATIENCE = 3, 1.0", "TRIES, PATIENCE = 3, 0.3")


@mutant.work("the resolver takes questions for answers")
def believes_questions(work, params):
    work.edit("resolver.py", "operation == REPLY and ", "")


@mutant.work("the resolver takes any reply for the answer")
def believes_anyone(work, params):
    work.edit("resolver.py", "sender_ip == ip and ours", "ours")


@mutant.work("the resolver overhears answers to others")
def overhears(work, params):
    work.edit("resolver.py", " and ours else", " else")


@mutant.work("the resolver learns from every reply it sees")
def learns_all(work, params):
    work.edit("resolver.py", "        ours =", "        if operation == REPLY:\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("the resolver lets the kernel ask, by a ping, and listens")
def uses_ping(work, params):
    work.edit("resolver.py", "self.socket.send(self.request(ip))",
              "__import__('os').system(f'ping -c1 -W1 {socket.inet_ntoa(ip)} > /dev/null')")


@mutant.work("the resolver crashes at the first question")
def crashes(work, params):
    work.edit("resolver.py", "    def resolve(self, ip: bytes) -> bytes | None:",
              "    def resolve(self, ip):\n        raise RuntimeError(1)")


# --- wrong answers ---

@mutant.answers("says that the reply is broadcast, too")
def reply_broadcast(answers, params):
    answers["reply_to"] = "ff:ff:ff:ff:ff:ff"


@mutant.answers("says that h3 overhears the reply")
def overheard(answers, params):
    answers["seen_by_h3"] = 2


@mutant.answers("says that the probe is broadcast")
def probe_broadcast(answers, params):
    answers["probe_to"] = "ff:ff:ff:ff:ff:ff"


@mutant.answers("gives the time of a neighbour's variant")
def other_delay(answers, params):
    answers["probe_after"] = params["delay"] % 6 + 3 + 0.5


@mutant.answers("says that packets without a MAC address are dropped")
def none_wait(answers, params):
    answers["left_together"] = 0


@mutant.answers("says that h1 waits until the address is answered for at once")
def no_wait(answers, params):
    answers["waited"] = 0


@mutant.answers("says that a false reply is ignored")
def lie_ignored(answers, params):
    answers["spoofed_ping_to"] = params["new_mac"]


@mutant.answers("says that h1 keeps what it never asked for")
def lie_kept(answers, params):
    answers["stranger_cached"] = True
