"""The reference answers for this variant and this run."""

from mnlab.protocols import http, tcp


def answers(params, evidence) -> dict:
    """From the capture, from nginx's log, and from the variant's body."""
    origin = evidence.scene("origin")

    def step(name):
        begin = origin.mark(name)
        return next(one for one in tcp.connections(origin.frames("client")) if one.time >= begin)

    def status(name):
        found = http.of_connection(step(name))
        return found[0].response.status if found and found[0].response else 0

    silent, body = step("no-blank"), params["body"].encode()
    began = origin.manifest["start_ns"] / 1e9 + silent.time - 0.001  # the log has milliseconds
    logged = next(line.split() for line in origin.text("access.log").splitlines()
                  if float(line.split()[0]) > began and line.split()[1] == str(silent.client.port))
    return {
        "statuses": [status(f"quiz-{number}") for number in range(1, 9)],
        "missing": "/",
        "waited": round(silent.fins[tcp.SERVER].time - silent.data(tcp.CLIENT)[-1].time),
        "status_seen": status("no-blank"),
        "status_logged": int(logged[3]),
        "content_length": len(body),
        "next_request": body[-params["short"]:].decode(),
    }
