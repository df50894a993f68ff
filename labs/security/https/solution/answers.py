"""Reference answers: some are the variant's, some are the standards', two are measured."""

import re


def answers(params, evidence):
    bank = params["bank"]
    sizes = re.search(r"\[(\d+) bytes of header, (\d+) of page", evidence.scene("cafe").command("sealed-page").stdout)
    amount = str(bank["amount"])
    return {
        "stolen_cookie": bank["cookie"],
        "name_seen": params["bank_name"],
        "name_carrier": "ClientHello",
        "cipher_suite": bank["suite"],
        "eve_reads": ["a", "b", "e", "g"],
        "response_bytes": int(sizes[1]) + int(sizes[2]),
        "segments_before_hello": 3,
        "round_trips_plain": 1,
        "round_trips_sealed": 2,
        "amount_believed": int(chr(ord(amount[0]) ^ bank["flip"]) + amount[1:]),
        "status_flipped": 56,
        "status_impostor": 60,
    }
