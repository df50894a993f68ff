"""What the student's resolver is told to find: the names, the way to each, and what is to be printed of it.

In the scene `yours` the servers have other addresses than in the story before (see moved), so nothing but the tree
itself tells where they are.
"""

from typing import NamedTuple

MOVED = ("root", "tld", "auth", "auth2")
LONG_NAME = 253  # characters: what a name may have, and more than a pointer's low byte reaches
LABEL = 63  # bytes (RFC 1035, section 2.3.4)
NO = "does not exist"


class Way(NamedTuple):
    """A name; each name that has to be asked for on the way to its address, and whom; what to print behind it."""

    name: str
    asked: dict[str, list[str]]
    says: str


def secret(rng, params: dict) -> dict:
    """Names in the two domains and beside them, addresses of theirs, and the servers' other addresses."""
    net = params["ip_root"].rsplit(".", 2)[0]
    drawn = {f"_{word}": f"{word}{rng.randrange(1000, 10000)}"
             for word in ("host", "relay", "next", "end", "branch", "nowhere", "notld", "near", "lost")}
    places = rng.sample(range(10, 250), len(MOVED) + 4)
    drawn |= {f"_ip_{name}": f"192.0.2.{number}" for name, number in zip(("host", "end", "deep", "many"), places)}
    drawn |= {f"_moved_{name}": f"{net}.{200 + level}.{number}"
              for level, (name, number) in enumerate(zip(MOVED, places[4:]))}
    rest = f".{drawn['_branch']}.{params['other_domain']}"
    return drawn | {"_deep": _long(rng, rest, LABEL), "_many": _long(rng, rest, 1)}


def _long(rng, rest: str, size: int) -> str:
    """Labels of `size` bytes that make a long name of `rest`."""
    letters = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=LONG_NAME - len(rest)))
    return ".".join(letters[start:start + size] for start in range(0, len(letters), size + 1))


def moved(params: dict) -> dict:
    """The parameters with the servers at their other addresses."""
    return params | {f"ip_{name}": params[f"_moved_{name}"] for name in MOVED}


def ways(params: dict) -> dict[str, list[Way]]:
    """What iterate.py is told to look up, by the name of the command."""
    tld, domain, other = params["tld"], params["domain"], params["other_domain"]

    def way(name, says, below=("root", "tld"), *others):
        asked = {name.lower(): below, **dict(others)}
        return Way(name, {each: list(servers) for each, servers in asked.items()}, says)

    auth, auth2 = ("root", "tld", "auth"), ("root", "tld", "auth2")
    relay, following, end = f"{params['_relay']}.{other}", f"{params['_next']}.{domain}", f"{params['_end']}.{other}"
    host, near, lost = (f"{params[word]}.{domain}" for word in ("_host", "_near", "_lost"))
    nowhere = f"{params['_nowhere']}.{other}"
    return {
        "iterate-host": [way(host.title(), params["_ip_host"], auth)] * 2,
        "iterate-depths": [way(f"ns.nic.{tld}", params["_moved_tld"]),
                           *[way(f"{params[f'_{word}']}.{params['_branch']}.{other}", params[f"_ip_{word}"],
                                 (*auth2, "auth")) for word in ("deep", "many")]],
        "iterate-aliases": [way(f"{params['alias']}.{domain}", params["ip_other"], auth, (f"www.{other}", auth2)),
                            way(relay, params["_ip_end"], auth2, (following, auth), (end, auth2)),
                            *[way(near, params["_ip_host"], auth, (host, auth)),
                              way(host, params["_ip_host"], auth)] * 2],
        "iterate-denied": [way(params["missing"], NO, auth), way(f"www.{params['_nowhere']}.{tld}", NO),
                           way(f"www.{params['_nowhere']}.{params['_notld']}", NO, ("root",)),
                           way(lost, NO, auth, (nowhere, auth2)), way(nowhere, NO, auth2)],
    }
