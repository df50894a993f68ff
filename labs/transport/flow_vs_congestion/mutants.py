"""Ways to break flow control, congestion control, or one's judgement of them."""

from mnlab.checks.mutants import mutant

ENOUGH = ("link_stays_fast", "quick_reader", "large_send_buffer", "large_buffers")

# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("takes the link's rate for the file's")
def headers_forgotten(answers, params):
    answers["link_rate"] = params["slow"]


@mutant.answers("takes the fast link's rate for the file's")
def link_alone(answers, params):
    answers["receiver_rate"] = round(params["fast"] * 1448 / 1514, 4)


@mutant.answers("says that a slow receiver holds back all the time")
def all_the_time(answers, params):
    answers["receiver_percent"] = 100 if answers["receiver_percent"] < 94 else 50


@mutant.answers("counts one way of the fast link")
def one_way(answers, params):
    answers["room_fast"] = round((answers["room_fast"] + params["queue"]) / 2, 1)


def mistaken(letter: str):
    """A cause that is taken for the other one of its kind."""
    pairs = ("slow reader", "small buffer"), ("slow writer", "small send buffer"), ("short queue", "deep queue")
    other = {one: two for pair in pairs for one, two in (pair, pair[::-1])}

    def wrongly(answers, params):
        answers[f"cause_{letter}"] = other[answers[f"cause_{letter}"]]

    wrongly.__name__ = f"mistakes_{letter}"
    return mutant.answers(f"takes what holds {letter} back for its like")(wrongly)


globals().update({f"mistakes_{letter}": mistaken(letter) for letter in "ABCDEF"})


@mutant.answers("counts what is on the way, and forgets the queue")
def queue_forgotten(answers, params):
    answers["room_slow"] = round(answers["room_slow"] - params["queue"], 1)


@mutant.answers("takes the path's RTT for the longest, whatever the queue")
def rtt_never_grows(answers, params):
    answers["deep_rtt_ms"] = 2 * params["delay"]


@mutant.answers("takes rwnd_limited for a matter of slow receivers only")
def deep_is_not_limited(answers, params):
    answers["deep_percent"] = 0


@mutant.answers("takes the deep queue for a slow reader")
def causes_mixed_up(answers, params):
    swap = {"deep queue": "slow reader", "slow reader": "deep queue"}
    answers |= {key: swap[value] for key, value in answers.items() if key.startswith("cause") and value in swap}


# --- the network and its kernels --------------------------------------------------------------------------------------

def transfers(change) -> None:
    """Let change(name, options) -> options rewrite what a transfer is asked for."""
    from lab import flows
    real = flows.transfer
    flows.transfer = lambda stage, port, size, **options: real(
        stage, port, size, **change(options.get("name", ""), options))


def links(change) -> None:
    """Let change(rate, queue) -> (rate, queue) rewrite what the link is set to."""
    from lab import flows
    real = flows.link
    flows.link = lambda stage, rate, queue: real(stage, *change(rate, queue))


@mutant.network("h2's program reads at once", scenes=["labelled"])
def quick_reader(net, params):
    transfers(lambda name, options: {**options, "read": None} if name == "receiver" else options)


@mutant.network("h2 has a buffer for everything", scenes=["labelled"])
def large_buffers(net, params):
    transfers(lambda name, options: {**options, "receive_buffer": 212_000} if name else options)


@mutant.network("h2 has a smaller buffer when the link is slow", scenes=["labelled"])
def two_things_differ(net, params):
    transfers(lambda name, options: {**options, "receive_buffer": 26 * 1448} if name == "link" else options)


@mutant.network("the send buffer is never small", scenes=["unlabelled"])
def large_send_buffer(net, params):
    transfers(lambda name, options: {key: value for key, value in options.items() if key != "send_buffer"})


@mutant.network("s2 loses a packet now and then, with no queue to blame", scenes=["labelled"])
def lossy(net, params):
    net["s2"].run("nft 'table bridge lossy { chain forward { type filter hook forward priority 0; "
                  "ip length > 600 tcp dport 5001-5002 numgen inc mod 25 == 11 drop; }; }'")


@mutant.network("s1 writes smaller windows into h2's ACKs (such boxes are sold as traffic shapers)",
                scenes=["labelled"])
def window_shaper(net, params):
    net["s1"].run("nft 'table bridge shaper { chain forward { type filter hook forward priority 0; "
                  "tcp sport 5002 tcp flags & (syn|ack) == ack tcp window set 12; }; }'")


@mutant.network("the queue has no end: nothing is ever dropped")
def endless_queue(net, params):
    links(lambda rate, queue: (rate, 1000))


@mutant.network("the deep queue is as short as the other")
def no_deep_queue(net, params):
    links(lambda rate, queue: (rate, min(queue, params["queue"])))


@mutant.network("the link stays fast")
def link_stays_fast(net, params):
    links(lambda rate, queue: (params["fast"], queue))


@mutant.network("h1 uses CUBIC, which does not halve", scenes=["labelled"])
def cubic(net, params):
    real = net["h1"].sysctl
    net["h1"].sysctl = lambda name, value: real(name, "cubic" if value == "reno" else value)


# --- diagnose.py ------------------------------------------------------------------------------------------------------

@mutant.work("a full window is taken for a slow receiver, always", breaks="R3")
def window_means_receiver(work, params):
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"receiver"')


@mutant.work("a window is small if it is less than 20000 bytes, whatever the path", breaks="R2")
def small_is_a_number(work, params):
    work.edit("diagnose.py", '"network" if waiting else "receiver"',
              '"network" if waiting or median(one.window for one in samples) > 20000 else "receiver"')


@mutant.work("only a window that closes is taken for a sign of the receiver", breaks="R2")
def only_closed_windows(work, params):
    work.edit("diagnose.py", "by_window = share(samples, lambda sample: sample.window)",
              "by_window = float(any(sample.window < SEGMENT for sample in samples))")


@mutant.work("what is sent again is taken for the only sign of the network", breaks="R3")
def only_losses(work, params):
    work.edit("diagnose.py", "if by_cwnd > by_window:", "if any(sample.again for sample in samples):")
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"receiver"')


@mutant.work("there are two verdicts only: receiver or network", breaks="R4")
def two_verdicts(work, params):
    work.edit("diagnose.py", 'return "sender"', 'return "network"')


@mutant.work("the program crashes on a line that it does not expect")
def crash(work, params):
    work.edit("diagnose.py", 'if words[0] == "flow":', 'if words[0] == "flows":')


SAMPLES = "def diagnose(samples: list[Sample]) -> str:\n"


@mutant.work("it names the letter in its own way", breaks="R1")
def colon(work, params):
    work.edit("diagnose.py", "print(letter, diag", "print(f'{letter}:', diag")


@mutant.work("it explains itself", breaks="R1")
def explains(work, params):
    work.edit("diagnose.py", "print(letter, diagnose(samples))", "print(letter, diagnose(samples), len(samples))")


@mutant.work("it says nothing of senders", breaks="R1")
def silent_on_senders(work, params):
    work.edit("diagnose.py", "        print(letter",
              "        if diagnose(samples) != 'sender':\n            print(letter")


@mutant.work("a head stands above its verdicts", breaks="R1")
def head(work, params):
    work.edit("diagnose.py", "    for letter, samples in flows.items():", "    print('flow verdict')\n"
              "    for letter, samples in flows.items():")


@mutant.work("only a small buffer is the receiver's doing, not a slow reader", breaks="R2")
def only_small_windows(work, params):
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"network" if waiting else ('
              '"receiver" if max(sample.window for sample in samples) < 22 * SEGMENT else "sender")')


@mutant.work("a window that is small all the time is not noticed", breaks="R2")
def must_close(work, params):
    work.edit("diagnose.py", SAMPLES, SAMPLES + "    if max(sample.window for sample in samples) < 22 * SEGMENT:\n"
              "        return 'sender'\n")


@mutant.work("a queue that grows is not looked for, nor one that drops", breaks="R3")
def never_network(work, params):
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"receiver"')
    work.edit("diagnose.py", 'return "network"\n    # The', 'return "sender"\n    # The')


@mutant.work("a full congestion window is the sender's own affair", breaks="R3")
def own_affair(work, params):
    work.edit("diagnose.py", "    if by_cwnd > by_window:\n        return \"network\"",
              "    if by_cwnd > by_window:\n        return \"sender\"")


@mutant.work("whoever pauses is a sender, and nobody else", breaks="R4")
def only_pauses(work, params):
    work.edit("diagnose.py", 'return "sender"',
              'return "sender" if any(later.seconds - one.seconds > 0.1 for one, later in '
              'zip(samples, samples[1:])) else "receiver"')


@mutant.work("whoever has something in flight all the time is no slow sender", breaks="R4")
def only_busy(work, params):
    work.edit("diagnose.py", 'return "sender"',
              'return "network" if any(later.seconds - one.seconds > 0.1 for one, later in '
              'zip(samples, samples[1:])) else "sender"')


@mutant.work("one lost segment is the network's doing", breaks="R5")
def any_loss(work, params):
    work.edit("diagnose.py", SAMPLES, SAMPLES + "    if any(sample.again for sample in samples):\n"
              "        return 'network'\n")


@mutant.work("a window that closes once is the receiver's doing", breaks="R5")
def any_closed(work, params):
    work.edit("diagnose.py", SAMPLES, SAMPLES + "    if any(sample.window < SEGMENT for sample in samples):\n"
              "        return 'receiver'\n")


@mutant.work("two of six are the sender's, those whose windows are the least full", breaks="R6")
def ranks(work, params):
    work.edit("diagnose.py", "    for letter, samples in flows.items():\n", "    def full(letter):\n"
              "        limit = lambda one: min(one.cwnd, one.window)\n        return share(flows[letter], limit)\n\n"
              "    senders = sorted(flows, key=full)[:2]\n"
              "    for letter, samples in flows.items():\n        if letter in senders:\n"
              "            print(letter, 'sender')\n            continue\n")


@mutant.work("the network's are those whose RTT has grown the most, one at least", breaks="R6")
def grown_the_most(work, params):
    work.edit("diagnose.py", "    for letter, samples in flows.items():\n", "    def grown(letter):\n"
              "        return median(one.rtt for one in flows[letter]) / min(one.rtt for one in flows[letter])\n\n"
              "    most = max(flows, key=grown)\n"
              "    for letter, samples in flows.items():\n        if letter == most:\n"
              "            print(letter, 'network')\n            continue\n")


@mutant.work("it takes the shortest RTT of all for that of each path", breaks="R6")
def one_path(work, params):
    work.edit("diagnose.py", "STRETCHED * min(sample.rtt for sample in samples)", "STRETCHED * LEAST")
    work.edit("diagnose.py", "    for letter, samples in flows.items():\n", "    global LEAST\n"
              "    LEAST = min(sample.rtt for samples in flows.values() for sample in samples)\n"
              "    for letter, samples in flows.items():\n")


@mutant.work("it knows six letters", breaks="R6")
def six_letters(work, params):
    work.edit("diagnose.py", "    for letter, samples in flows.items():\n        print(letter, diagnose(samples))",
              "    for letter in 'ABCDEF':\n        print(letter, diagnose(flows[letter]))")


# --- right ones ---

@mutant.right("time instead of samples: how long each limit held")
def by_time(work, params):
    work.take("by_time.py", "diagnose.py")


@mutant.right("in capitals, from the last letter to the first, and judged by medians")
def by_medians(work, params):
    work.take("by_medians.py", "diagnose.py")
