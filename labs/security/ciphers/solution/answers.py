"""Reference answers: the variant's messages, and the fingerprint of its other key."""

import hashlib


def answers(params, evidence):
    from mnlab.lab import rsa_keys
    texts = params["texts"]
    return {
        "sent_with_its_key": texts["clear"],
        "locked_privately": texts["signed"],
        "word": texts["raw"],
        "fingerprint_of_eve": hashlib.sha256(rsa_keys.public_der(rsa_keys.Key(*params["_eve"]))).hexdigest(),
        "possible": ["a", "c", "e"],
    }
