"""The same by way of struct and offsets into the bytes, in one function; hexadecimal in capital letters."""
import json
import os
import struct
import sys


def gather(data):
    """The first message, out of as many records as it takes."""
    at, message = 0, b""
    while True:
        kind, size = struct.unpack_from("!BxxH", data, at)
        message += data[at + 5:at + 5 + size]
        at += 5 + size
        if kind == 21:
            return None, message
        if len(message) > 3:
            length = struct.unpack("!I", b"\0" + message[1:4])[0]
            if len(message) >= 4 + length:
                return message[0], message[4:4 + length]


def version(data, at):
    return "%d.%d" % (data[at], data[at + 1])


def shorts(data):
    return list(struct.unpack("!%dH" % (len(data) // 2), data))


for name in sys.argv[1:]:
    with open(name, "rb") as file:
        data = file.read()
    out = {"file": os.path.basename(name), "record_version": version(data, 1)}
    kind, body = gather(data)
    if kind is None:
        out.update(message="Alert", level=body[0], description=body[1])
        print(json.dumps(out))
        continue
    client = kind == 1
    out["legacy_version"] = version(body, 0)
    out["random"] = body[2:34].hex().upper()
    at = 35 + body[34]
    out["session_id"] = body[35:at].hex().upper()
    if client:
        size, = struct.unpack_from("!H", body, at)
        out["suites"] = shorts(body[at + 2:at + 2 + size])
        at += 2 + size
        at += 1 + body[at]
    else:
        out["suites"] = shorts(body[at:at + 2])
        at += 3
    out["extensions"], out["versions"], out["key_shares"] = [], [out["legacy_version"]], []
    if client:
        out["server_name"] = None
    at += 2
    while at < len(body):
        number, size = struct.unpack_from("!HH", body, at)
        value = body[at + 4:at + 4 + size]
        at += 4 + size
        out["extensions"].append(number)
        if number == 0 and client:
            out["server_name"] = value[5:].decode("ascii")
        elif number == 43:
            out["versions"] = [version(value, place) for place in range(1 if client else 0, len(value), 2)]
        elif number == 51 and client:
            place = 2
            while place < len(value):
                group, length = struct.unpack_from("!HH", value, place)
                out["key_shares"].append(group)
                place += 4 + length
        elif number == 51:
            out["key_shares"] = shorts(value[:2])
    asks = out["random"] == "CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C"
    out["message"] = "ClientHello" if client else "HelloRetryRequest" if asks else "ServerHello"
    print(json.dumps(out))
