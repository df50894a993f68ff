"""Ways to break the ARP lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("uses_ping", "static_entry", "two_owners", "five_tries", "credulous")

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

@mutant.work("the resolver sends its requests to itself", breaks="R1")
def not_broadcast(work, params):
    work.edit("resolver.py", "ETHERNET.pack(BROADCAST,", "ETHERNET.pack(self.mac,")


@mutant.work("the resolver sends its requests to another group address than the broadcast one", breaks="R1")
def multicast(work, params):
    work.edit("resolver.py", 'BROADCAST = b"\\xff" * 6', 'BROADCAST = bytes.fromhex("0180c2000000")')


@mutant.work("each question is sent twice at once", breaks="R1")
def asks_twice(work, params):
    work.edit("resolver.py", "            self.socket.send(self.request(ip))\n",
              "            self.socket.send(self.request(ip))\n            self.socket.send(self.request(ip))\n")


@mutant.work("the request carries ff:ff:ff:ff:ff:ff as the target hardware address", breaks="R2")
def broadcast_inside(work, params):
    work.edit("resolver.py", "self.ip, bytes(6), ip)", "self.ip, BROADCAST, ip)")


@mutant.work("the request carries the asker's MAC as the target hardware address", breaks="R2")
def own_mac_inside(work, params):
    work.edit("resolver.py", "self.ip, bytes(6), ip)", "self.ip, self.mac, ip)")


@mutant.work("the request has no sender IP address, as if it were a probe", breaks="R2")
def probes(work, params):
    work.edit("resolver.py", "REQUEST, self.mac, self.ip, bytes(6), ip)", "REQUEST, self.mac, bytes(4), bytes(6), ip)")
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)",
              "target_mac == self.mac and target_ip in (self.ip, bytes(4))")


@mutant.work("the frame's source address is not the adapter's", breaks="R2")
def other_sender(work, params):
    work.edit("resolver.py", "ETHERNET.pack(BROADCAST, self.mac,",
              'ETHERNET.pack(BROADCAST, b"\\x02" + self.mac[:0:-1],')


@mutant.work("it prints the address that the frame comes from", breaks="R3")
def frame_source(work, params):
    work.edit("resolver.py", "return sender_mac if operation", "return frame[6:12] if operation")


@mutant.work("it takes a frame to be as long as the packet", breaks="R3")
def no_padding(work, params):
    work.edit("resolver.py", "if len(frame) < ETHERNET.size + ARP.size:", "if len(frame) != ETHERNET.size + ARP.size:")


@mutant.work("it writes MAC addresses with dashes", breaks="R4")
def dashes(work, params):
    work.edit("resolver.py", 'mac.hex(":") if mac', 'mac.hex("-") if mac')


@mutant.work("it says 'no answer' where 'unreachable' was agreed on, too", breaks="R4")
def words(work, params):
    work.edit("resolver.py", 'else "unreachable")', 'else "unreachable (no answer)")')


@mutant.work("it begins 'unreachable' with a capital letter", breaks="R4")
def capital(work, params):
    work.edit("resolver.py", 'else "unreachable")', 'else "Unreachable")')


@mutant.work("it prints the MAC address alone", breaks="R4")
def no_address(work, params):
    work.edit("resolver.py", "print(argument, mac", "print(mac")


@mutant.work("it says when it waits", breaks="R4")
def chatty(work, params):
    work.edit("resolver.py", "            time.sleep(float(argument))",
              "            print('waiting')\n            time.sleep(float(argument))")


@mutant.work("the resolver has no cache", breaks="R5")
def no_cache(work, params):
    work.edit("resolver.py", "self.cache[ip] = (mac, time.monotonic())", "pass")


@mutant.work("it forgets after half of LIFETIME", breaks="R5")
def half_life(work, params):
    work.edit("resolver.py", "learned < self.lifetime:", "learned < self.lifetime / 2:")


@mutant.work("it forgets a second too early", breaks="R5")
def a_second_short(work, params):
    work.edit("resolver.py", "learned < self.lifetime:", "learned < self.lifetime - 1:")


@mutant.work("the cache holds one address only", breaks="R5")
def one_entry(work, params):
    work.edit("resolver.py", "                self.cache[ip] = (mac",
              "                self.cache = {}\n                self.cache[ip] = (mac")


@mutant.work("one address that is too old empties the whole cache", breaks="R5")
def forgets_all(work, params):
    work.edit("resolver.py", "            return mac\n        for", "            return mac\n        if mac:\n"
              "            self.cache.clear()\n        for")


@mutant.work("it asks although it knows, as the kernel does with a stale entry", breaks="R5")
def checks_again(work, params):
    work.edit("resolver.py", "            return mac\n        for",
              "            self.socket.send(self.request(ip))\n            return mac\n        for")


@mutant.work("the resolver never forgets", breaks="R6")
def never_forgets(work, params):
    work.edit("resolver.py", "if mac and time.monotonic() - learned < self.lifetime:", "if mac:")


@mutant.work("it forgets a second too late", breaks="R6")
def a_second_long(work, params):
    work.edit("resolver.py", "learned < self.lifetime:", "learned < self.lifetime + 1:")


@mutant.work("it takes LIFETIME for minutes", breaks="R6")
def milliseconds(work, params):
    work.edit("resolver.py", "self.lifetime = lifetime", "self.lifetime = lifetime * 60")


@mutant.work("an old answer is used if nobody gives a new one", breaks="R6")
def better_than_nothing(work, params):
    work.edit("resolver.py", "                return mac\n        return None\n\n    def request",
              "                return mac\n        return self.cache.get(ip, (None, 0))[0]\n\n    def request")


@mutant.work("what was learned first stays in the cache", breaks="R6")
def first_impression(work, params):
    work.edit("resolver.py", "                self.cache[ip] = (mac, time.monotonic())\n                return mac",
              "                self.cache[ip] = (self.cache.get(ip, (mac, 0))[0], time.monotonic())\n"
              "                return self.cache[ip][0]")


@mutant.work("an answer grows young again whenever it is used", breaks="R7")
def young_by_use(work, params):
    work.edit("resolver.py", "            return mac\n        for",
              "            self.cache[ip] = (mac, time.monotonic())\n            return mac\n        for")


@mutant.work("an answer's age counts from the question", breaks="R7")
def from_the_question(work, params):
    work.edit("resolver.py", "        for _ in range(TRIES):",
              "        begin = time.monotonic()\n        for _ in range(TRIES):")
    work.edit("resolver.py", "self.cache[ip] = (mac, time.monotonic())\n                return",
              "self.cache[ip] = (mac, begin)\n                return")


@mutant.work("an address's age counts from when it was first learned", breaks="R7")
def from_the_first(work, params):
    work.edit("resolver.py", "self.cache[ip] = (mac, time.monotonic())\n                return",
              "self.cache[ip] = (mac, self.born.setdefault(ip, time.monotonic()))\n                return")
    work.edit("resolver.py", "        self.cache = {}", "        self.born = {}\n        self.cache = {}")


@mutant.work("the resolver asks once", breaks="R8")
def asks_once(work, params):
    work.edit("resolver.py", "TRIES, PATIENCE = 3, 1.0", "TRIES, PATIENCE = 1, 1.0")


@mutant.work("the resolver asks four times", breaks="R8")
def asks_four_times(work, params):
    work.edit("resolver.py", "TRIES, PATIENCE = 3, 1.0", "TRIES, PATIENCE = 4, 1.0")


@mutant.work("the resolver asks three times within a second", breaks="R8")
def impatient(work, params):
    work.edit("resolver.py", "TRIES, PATIENCE = 3, 1.0", "TRIES, PATIENCE = 3, 0.3")


@mutant.work("it waits twice as long for the second question", breaks="R8")
def backs_off(work, params):
    work.edit("resolver.py", "for _ in range(TRIES):", "for number in range(TRIES):")
    work.edit("resolver.py", "time.monotonic() + PATIENCE)", "time.monotonic() + PATIENCE * (1 + number % 2))")


@mutant.work("it asks once about an address that it has known", breaks="R8")
def asks_once_again(work, params):
    work.edit("resolver.py", "for _ in range(TRIES):", "for _ in range(1 if ip in self.cache else TRIES):")


@mutant.work("it does not wait for an answer to the third question", breaks="R9")
def gives_up_at_once(work, params):
    work.edit("resolver.py", "for _ in range(TRIES):", "for number in range(TRIES):")
    work.edit("resolver.py", "time.monotonic() + PATIENCE)", "time.monotonic() + PATIENCE * (number < TRIES - 1))")


@mutant.work("it sleeps for a second after the third question", breaks="R9")
def deaf_at_the_end(work, params):
    work.edit("resolver.py", "for _ in range(TRIES):", "for number in range(TRIES):")
    work.edit("resolver.py", "            mac = self.wait_for_reply(ip, time.monotonic() + PATIENCE)",
              "            if number == TRIES - 1:\n                time.sleep(PATIENCE)\n"
              "                return None\n"
              "            mac = self.wait_for_reply(ip, time.monotonic() + PATIENCE)")


@mutant.work("it waits for three seconds after the third question", breaks="R9")
def long_goodbye(work, params):
    work.edit("resolver.py", "for _ in range(TRIES):", "for number in range(TRIES):")
    work.edit("resolver.py", "time.monotonic() + PATIENCE)", "time.monotonic() + PATIENCE * (3 if number == 2 else 1))")


@mutant.work("the resolver remembers a failure", breaks="R10")
def remembers_failure(work, params):
    work.edit("resolver.py", "        mac, learned = self.cache",
              "        if ip in self.cache and not self.cache[ip][0]:\n            return None\n"
              "        mac, learned = self.cache")
    work.edit("resolver.py", "                return mac\n        return None\n\n    def request",
              "                return mac\n        self.cache[ip] = (None, time.monotonic())\n"
              "        return None\n\n    def request")


@mutant.work("it asks once about an address that was unreachable", breaks="R10")
def asks_once_after_failure(work, params):
    work.edit("resolver.py", "        return None\n\n    def request",
              "        self.failed.add(ip)\n        return None\n\n    def request")
    work.edit("resolver.py", "        self.cache = {}", "        self.failed = set()\n        self.cache = {}")
    work.edit("resolver.py", "for _ in range(TRIES):", "for _ in range(1 if ip in self.failed else TRIES):")


@mutant.work("the resolver takes questions for answers", breaks="R11")
def believes_questions(work, params):
    work.edit("resolver.py", "operation == REPLY and ", "")


@mutant.work("it takes whatever is no question for an answer", breaks="R11")
def anything_but_questions(work, params):
    work.edit("resolver.py", "operation == REPLY and ", "operation != REQUEST and ")


@mutant.work("it reads the last byte of the operation", breaks="R11")
def last_byte(work, params):
    work.edit("resolver.py", "operation == REPLY and ", "operation & 255 == REPLY and ")


@mutant.work("it listens to all frames and does not look at their EtherType", breaks="R11")
def any_ethertype(work, params):
    work.edit("resolver.py", "socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))", "socket.SOCK_RAW, socket.htons(3))")
    work.edit("resolver.py", "self.socket.bind((interface, ETHERTYPE_ARP))", "self.socket.bind((interface, 3))")


@mutant.work("it takes operations for replies that only look like one", breaks="R11")
def even_operations(work, params):
    work.edit("resolver.py", "operation == REPLY and ", "not operation & 1 and ")


@mutant.work("the resolver takes any reply for the answer", breaks="R12")
def believes_anyone(work, params):
    work.edit("resolver.py", "sender_ip == ip and ours", "ours")


@mutant.work("it compares the first three bytes of the address", breaks="R12")
def same_network(work, params):
    work.edit("resolver.py", "sender_ip == ip and ours", "sender_ip[:3] == ip[:3] and ours")


@mutant.work("the resolver overhears answers to others", breaks="R13")
def overhears(work, params):
    work.edit("resolver.py", " and ours else", " else")


@mutant.work("it looks at the target's MAC address only", breaks="R13")
def mac_only(work, params):
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)", "target_mac == self.mac")


@mutant.work("it takes what names everybody's MAC address as the target's, too", breaks="R13")
def everybodys(work, params):
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)",
              "target_mac in (self.mac, BROADCAST) and target_ip == self.ip")


@mutant.work("it does not mind if the target's MAC address is empty", breaks="R13")
def empty_target(work, params):
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)",
              "target_mac in (self.mac, bytes(6)) and target_ip == self.ip")


@mutant.work("it looks at the target's IP address only", breaks="R13")
def ip_only(work, params):
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)", "target_ip == self.ip")


@mutant.work("it looks at the frame's destination instead of the packet's target", breaks="R13")
def looks_at_the_frame(work, params):
    work.edit("resolver.py", "(target_mac, target_ip) == (self.mac, self.ip)", "frame[:6] == self.mac")


@mutant.work("it wants an answer in a frame to itself, too", breaks="R13")
def frame_too(work, params):
    work.edit("resolver.py", "        ours = ", "        ours = frame[:6] == self.mac and ")


@mutant.work("the resolver learns from every reply it sees", breaks="R14")
def learns_all(work, params):
    work.edit("resolver.py", "        ours =",
              "        if operation == REPLY:\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("it learns from who asks for it, as RFC 826 would have it", breaks="R14")
def learns_from_questions(work, params):
    work.edit("resolver.py", "        ours =",
              "        if operation == REQUEST and target_ip == self.ip:\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("it corrects what it knows by questions", breaks="R14")
def corrected_by_questions(work, params):
    work.edit("resolver.py", "        ours =",
              "        if operation == REQUEST and sender_ip in self.cache:\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("a packet that is cut short ends it", breaks="R14")
def no_length(work, params):
    work.edit("resolver.py", "        if len(frame) < ETHERNET.size + ARP.size:\n            return None\n", "")


@mutant.work("it corrects what it knows, as the kernel does", breaks="R14")
def corrects_itself(work, params):
    work.edit("resolver.py", "        ours =",
              "        if operation == REPLY and sender_ip in self.cache:\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("it remembers what it hears while it waits for the next command", breaks="R14")
def learns_while_it_waits(work, params):
    work.edit("resolver.py", "            time.sleep(float(argument))",
              "            resolver.wait_for_reply(bytes(4), time.monotonic() + float(argument))")
    work.edit("resolver.py", "        ours =", "        if operation == REPLY and ip == bytes(4):\n"
              "            self.cache[sender_ip] = (sender_mac, time.monotonic())\n        ours =")


@mutant.work("before it asks it reads what came while it waited, and takes that for the answer", breaks="R14")
def reads_old_frames(work, params):
    work.edit("resolver.py", "        for _ in range(TRIES):",
              "        if old := self.wait_for_reply(ip, time.monotonic() + 0.01):\n"
              "            self.cache[ip] = (old, time.monotonic())\n            return old\n"
              "        for _ in range(TRIES):")


@mutant.work("every frame begins the second anew", breaks="R15")
def restarts(work, params):
    work.edit("resolver.py", "            mac = self.answer(frame, ip)\n",
              "            mac = self.answer(frame, ip)\n            deadline = time.monotonic() + PATIENCE\n")


@mutant.work("after a frame that is no answer it sleeps until the second is over", breaks="R15")
def sleeps_on(work, params):
    work.edit("resolver.py", "            if mac:\n                return mac\n        return None\n\n    def answer",
              "            if mac:\n                return mac\n            if frame[:6] == self.mac:\n"
              "                time.sleep(max(0, deadline - time.monotonic()))\n"
              "        return None\n\n    def answer")


@mutant.work("it reads one frame for each question", breaks="R15")
def one_frame_each(work, params):
    work.edit("resolver.py", "            if mac:\n                return mac\n        return None\n\n    def answer",
              "            return mac\n        return None\n\n    def answer")


@mutant.work("all frames are read into one buffer: behind a packet that is cut short stands the rest of another",
             breaks="R14")
def one_buffer(work, params):
    work.edit("resolver.py", "        self.cache = {}", "        self.cache, self.buffer = {}, bytearray(2048)")
    work.edit("resolver.py", "frame = self.socket.recv(2048)", "self.socket.recv_into(self.buffer)")
    work.edit("resolver.py", "self.answer(frame, ip)", "self.answer(self.buffer, ip)")


@mutant.work("a packet that is cut short ends the second", breaks="R15")
def short_ends_the_second(work, params):
    work.edit("resolver.py", "            mac = self.answer(frame, ip)\n",
              "            if len(frame) < ETHERNET.size + ARP.size:\n                return None\n"
              "            mac = self.answer(frame, ip)\n")


@mutant.work("the resolver announces itself first", breaks="R16")
def announces(work, params):
    work.edit("resolver.py", "        self.cache = {}",
              "        self.socket.send(self.request(self.ip))\n        self.cache = {}")


@mutant.work("it sends a datagram after each answer", breaks="R16")
def sends_a_datagram(work, params):
    work.edit("resolver.py", "                return mac\n        return None\n\n    def request",
              "                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
              "                udp.sendto(b'x', (socket.inet_ntoa(ip), 9))\n"
              "                return mac\n        return None\n\n    def request")


@mutant.work("it passes over `wait`", breaks="R17")
def never_waits(work, params):
    work.edit("resolver.py", "            time.sleep(float(argument))", "            pass")


@mutant.work("it waits whole seconds only", breaks="R17")
def waits_whole_seconds(work, params):
    work.edit("resolver.py", "time.sleep(float(argument))", "time.sleep(int(float(argument)))")


@mutant.work("it rounds what it is told to wait to whole seconds", breaks="R17")
def waits_rounded(work, params):
    work.edit("resolver.py", "time.sleep(float(argument))", "time.sleep(round(float(argument)))")


@mutant.work("it waits a second more than it is told", breaks="R17")
def waits_too_long(work, params):
    work.edit("resolver.py", "time.sleep(float(argument))", "time.sleep(float(argument) + 1)")


@mutant.work("the resolver lets the kernel ask, by a ping, and listens")
def uses_ping(work, params):
    work.edit("resolver.py", "self.socket.send(self.request(ip))",
              "__import__('os').system(f'ping -c1 -W1 {socket.inet_ntoa(ip)} > /dev/null')")


@mutant.work("the resolver crashes at the first question")
def crashes(work, params):
    work.edit("resolver.py", "    def resolve(self, ip: bytes) -> bytes | None:",
              "    def resolve(self, ip):\n        raise RuntimeError(1)")


# --- right resolvers, written otherwise ---

@mutant.right("with scapy's packets and its socket")
def with_scapy(work, params):
    work.take("scapy_packets.py", "resolver.py")


@mutant.right("a thread that listens and a condition, expiry times in the cache, large letters")
def with_a_thread(work, params):
    work.take("listener.py", "resolver.py")


@mutant.right("a socket for each question, on which the kernel makes the Ethernet header; bytes by hand")
def socket_for_each(work, params):
    work.take("cooked.py", "resolver.py")


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


@mutant.answers("says that the request is for h2 alone")
def request_unicast(answers, params):
    answers["request_to"] = params["h2_mac"]


@mutant.answers("takes the frame's destination for the target hardware address")
def target_broadcast(answers, params):
    answers["request_target_mac"] = "ff:ff:ff:ff:ff:ff"


@mutant.answers("says that an old entry is given up first")
def through_failed(answers, params):
    answers["states"] = ["STALE", "INCOMPLETE", "PROBE", "REACHABLE"]


@mutant.answers("says that h1 asks once")
def one_try(answers, params):
    answers["tries"] = 1


@mutant.answers("counts one repetition less for the packets that wait")
def until_h3_hears(answers, params):
    answers["waited"] = 1.5


@mutant.answers("says that an announcement is not believed")
def announcement_ignored(answers, params):
    answers["announced_ping_to"] = params["h2_mac"]


@mutant.answers("gives Linux's own time, and not the variant's")
def linux_delay(answers, params):
    answers["probe_after"] = 5 if params["delay"] != 5 else 4
