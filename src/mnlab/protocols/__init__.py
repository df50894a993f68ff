"""Packets in, events out: what a capture says, in the words of each protocol.

Pure functions over lists of `Frame` (capture.py). Nothing here knows about Mininet, machines, labs or points, and
nothing is read besides the file that is given. Each module turns frames into its protocol's events (an ARP exchange,
a TCP connection, a DNS transaction) and into `Message`s, the arrows of a ladder diagram; ladder_words.py has the table.

A list of frames may hold several capture points (`Frame.where`), each of which sees a packet that passes both. Every
function keeps them apart: what is captured twice is reported twice, once for each `where`, and never taken for a
retransmission.
"""
