"""Reads the first TLS message in each file, and prints its fields: one JSON object a line.

    python3 hello.py given/*

Each file holds what one side of a TCP connection sent, from the first byte on: records (RFC 8446, section 5.1), and in
them handshake messages (section 4) or an alert (section 6). What to print:

    all messages    file            the file's name without its folder: "tls13.client"
                    record_version  of the first record: "3.1"
                    message         "ClientHello", "ServerHello", "HelloRetryRequest" or "Alert"
    an alert        level, description      two numbers
    a hello         legacy_version  the version field of the message itself: "3.3"
                    random, session_id      in hexadecimal ("" if there is none)
                    suites          the suites' numbers, a list; a ServerHello has one: [4865]
                    extensions      the extensions' numbers in their order, known or not, a list ([] if there are none)
                    versions        those offered, or the one picked: from supported_versions (43) if it is there,
                                    else the version field: ["3.4", "3.3"]
                    key_shares      numbers of the groups in key_share (51), a list ([] if it is not there);
                                    of a HelloRetryRequest, the one group that it asks for
    a ClientHello   server_name     the name in server_name (0), null if there is none
"""

import json
import struct
import sys
from pathlib import Path


def read(data):
    """The fields of the first message in what one side sent."""
    kind, major, minor, length = struct.unpack_from("!BBBH", data)
    found = {"record_version": f"{major}.{minor}"}
    if kind == 21:
        return found | {"message": "Alert"}  # TODO: what follows the record's header in an alert?
    # TODO: a handshake message has a header of its own, and need not end where the record ends
    message = data[5:5 + length]
    found["message"] = {1: "ClientHello", 2: "ServerHello"}[message[0]]
    # TODO: the fields of the message, one after the other. How long is each, and how does one know?
    return found


def main():
    for path in map(Path, sys.argv[1:]):
        print(json.dumps({"file": path.name} | read(path.read_bytes())))


if __name__ == "__main__":
    main()
