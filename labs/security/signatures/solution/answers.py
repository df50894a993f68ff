"""Reference answers: the variant's sums, the contracts' digest, and what the standards say."""

import hashlib


def answers(params, evidence):
    letters = params["letters"]
    one, other = (bytes.fromhex(evidence.scene("letters").text(f"contract-{name}")) for name in ("one", "other"))
    return {
        "sum_paid": letters["wrong"],
        "note_forged": letters["notes"][0] * letters["notes"][1],
        "md5_of_both": hashlib.md5(one).hexdigest(),
        "bits_different": sum((a ^ b).bit_count() for a, b in zip(one, other)),
        "caught_altered": "digest",
        "caught_own": "certificate",
        "caught_copied": "signature",
        "caught_from": "name",
        "readable": ["a", "b", "c"],
    }
