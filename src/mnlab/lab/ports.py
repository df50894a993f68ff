"""Ports for labs whose traffic is nobody's protocol: a variant draws them from here.

A port that belongs to some protocol is no good: Wireshark would show the lab's bytes as that protocol's, damaged.
"""

#: No dissector of Wireshark claims one of these, of TCP or UDP, and Linux chooses none of them for a client.
UNCLAIMED_PORTS = range(28000, 29400)
