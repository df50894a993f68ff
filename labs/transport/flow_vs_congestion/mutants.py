"""Ways to break flow control, congestion control, or one's judgement of them."""

from mnlab.checks.mutants import mutant

ENOUGH = ("link_stays_fast", "quick_reader", "large_send_buffer", "large_buffers")

# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("takes the link's rate for the file's")
def headers_forgotten(answers, params):
    answers["link_rate"] = params["slow"]


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

@mutant.work("a full window is taken for a slow receiver, always")
def window_means_receiver(work, params):
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"receiver"')


@mutant.work("only a window that closes is taken for a sign of the receiver")
def only_closed_windows(work, params):
    work.edit("diagnose.py", "by_window = share(samples, lambda sample: sample.window)",
              "by_window = float(any(sample.window < SEGMENT for sample in samples))")


@mutant.work("what is sent again is taken for the only sign of the network")
def only_losses(work, params):
    work.edit("diagnose.py", "if by_cwnd > by_window:", "if any(sample.again for sample in samples):")
    work.edit("diagnose.py", '"network" if waiting else "receiver"', '"receiver"')


@mutant.work("there are two verdicts only: receiver or network")
def two_verdicts(work, params):
    work.edit("diagnose.py", 'return "sender"', 'return "network"')


@mutant.work("the program crashes on a line that it does not expect")
def crash(work, params):
    work.edit("diagnose.py", 'if words[0] == "flow":', 'if words[0] == "flows":')
