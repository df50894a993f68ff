"""Reference answers: some are the variant's, some are the standards', some are measured."""

import re
from pathlib import Path

from mnlab.lab.lab import load


def answers(params, evidence):
    bank, reading = params["bank"], load(Path(__file__).parents[1] / "reading.py")
    hellos = reading.session(evidence.scene("cafe"), "sealed-page")
    (group, server), = reading.key_shares(hellos.server_hello, client=False).items()
    client = reading.key_shares(hellos.client_hello, client=True)[group]
    sizes = re.search(r"\[(\d+) bytes of header, (\d+) of page", evidence.scene("cafe").command("sealed-page").stdout)
    amount = str(bank["amount"])
    return {
        "stolen_cookie": bank["cookie"],
        "name_seen": params["bank_name"],
        "name_carrier": "ClientHello",
        "cipher_suite": bank["suite"],
        "group": {name: number for number, name in reading.GROUPS.items()}[group],
        "share_bytes": [client, server],
        "eve_reads": ["a", "b", "e", "g"],
        "response_bytes": int(sizes[1]) + int(sizes[2]),
        "segments_before_hello": 3,
        "round_trips_plain": 1,
        "round_trips_sealed": 2,
        "amount_believed": int(chr(ord(amount[0]) ^ bank["flip"]) + amount[1:]),
        "status_flipped": 56,
        "status_impostor": 60,
    }
