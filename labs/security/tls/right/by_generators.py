"""The same by way of file objects, which know how far one has read; more is told than was asked; last file first."""

import hashlib
import io
import json
import pathlib
import sys

RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


def number(file, size):
    return int.from_bytes(file.read(size), "big")


def vector(file, size):
    return io.BytesIO(file.read(number(file, size)))


def until_empty(file, take):
    end = len(file.getbuffer())
    while file.tell() < end:
        yield take(file)


def two(file):
    return number(file, 2)


def dotted(value):
    return ".".join(map(str, divmod(value, 256)))


def records(file):
    while kind := file.read(1):
        yield kind[0], two(file), vector(file, 2).read()


def share(file):
    return two(file), vector(file, 2).read()


def tell(path):
    first, *rest = list(records(io.BytesIO(path.read_bytes())))
    said = {"file": path.name, "bytes": path.stat().st_size, "record_version": dotted(first[1])}
    if first[0] == 21:
        return {**said, "message": "Alert", "level": first[2][0], "description": first[2][1]}
    whole = io.BytesIO(b"".join(data for kind, _, data in (first, *rest) if kind == 22))
    kind = number(whole, 1)
    body = vector(whole, 3)
    legacy, chance, session = two(body), body.read(32), vector(body, 1).read()
    suites = list(until_empty(vector(body, 2), two)) if kind == 1 else [two(body)]
    body.read(number(body, 1) if kind == 1 else 1)
    found = dict(until_empty(vector(body, 2), share))
    inside = {number: io.BytesIO(data) for number, data in found.items()}
    versions, shares, name = [dotted(legacy)], [], None
    if 43 in inside:
        versions = [dotted(one) for one in until_empty(vector(inside[43], 1) if kind == 1 else inside[43], two)]
    if 51 in inside:
        shares = [one[0] for one in until_empty(vector(inside[51], 2), share)] if kind == 1 else [two(inside[51])]
    if kind == 1 and 0 in inside:
        name = found[0][5:].decode()
    kinds = {1: "ClientHello", 2: "HelloRetryRequest" if chance == RETRY else "ServerHello"}
    return {**said, "message": kinds[kind], "legacy_version": dotted(legacy), "random": chance.hex(),
            "session_id": session.hex(), "suites": suites, "extensions": list(found), "versions": versions,
            "key_shares": shares, "server_name": name}


for argument in reversed(sys.argv[1:]):
    print(json.dumps(tell(pathlib.Path(argument)), sort_keys=True), flush=True)
