"""The walk of a name: what a resolver asked whom, to answer what it was asked (RFC 1034, section 5.3.3).

A client asks its resolver with recursion desired; the resolver asks the root, is referred to the servers of the zones
below, and asks them. The walk is the tree of these transactions: below each the ones that the asked server had to make,
between the question and its answer, before it could give one. Where several questions are open at once, one that is
about the same name, or one above it, is taken before one that is not, and the latest before the others.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mnlab.protocols.dns import Transaction

#: Seconds by which two captures may differ over when a message passed, on one computer: a link's delay, well counted.
APART = 5.0


@dataclass
class Step:
    """A transaction, as seen nearest to whoever asked, and the `steps` that its server took to answer it."""

    transaction: Transaction
    steps: list["Step"] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many transactions there are in the tree below, with itself."""
        return 1 + sum(step.count for step in self.steps)


def walks(transactions: Iterable[Transaction], host_of: Callable[[str], str] = str,
          name_of: Callable[[str], str] = str) -> list[Step]:
    """The trees, in the order in which their first questions were asked.

    The same transaction in several captures counts once. `host_of` says which host a capture belongs to, and `name_of`
    which host an address: the capture at the asking host is taken before others.
    """
    found: list[Step] = []
    roots: list[Step] = []
    for transaction in _once(transactions, host_of, name_of):
        step, above = Step(transaction), [one for one in found if _may_have_caused(one.transaction, transaction)]
        if above:
            max(above, key=lambda one: (_is_about(one.transaction.name, transaction.name),
                                        one.transaction.time)).steps.append(step)
        else:
            roots.append(step)
        found.append(step)
    return roots


def _once(transactions: Iterable[Transaction], host_of, name_of) -> list[Transaction]:
    kept: dict[tuple, list[Transaction]] = {}
    for one in sorted(transactions, key=lambda one: one.time):
        ends = one.client, one.server, one.transport, one.query.id, one.name.lower(), one.type
        same = kept.setdefault(ends, [])
        at_home = host_of(one.where) == name_of(one.client.ip)
        for number, other in enumerate(same):
            if other.where != one.where and abs(one.time - other.time) < APART:
                if at_home:
                    same[number] = one
                break
        else:
            same.append(one)
    return sorted((one for same in kept.values() for one in same), key=lambda one: one.time)


def _may_have_caused(above: Transaction, below: Transaction) -> bool:
    """Whether the server of one was still at work on it, and asked the other."""
    end = above.response.time if above.response else float("inf")
    return above.recursive and above.server.ip == below.client.ip and above.time <= below.time <= end


def _is_about(name: str, other: str) -> bool:
    """Whether `other` is `name` or a zone above it, as asked about by a resolver that minimises (RFC 9156)."""
    name, other = name.lower(), other.lower()
    return other == "." or name == other or name.endswith(f".{other}")
