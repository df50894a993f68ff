import struct
import sys
import threading
import time
from socket import AF_INET, SOCK_DGRAM, socket

host, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
message = sys.stdin.buffer.read()
line = socket(AF_INET, SOCK_DGRAM)
line.connect((host, port))
change = threading.Condition()
state = {"next": 0, "edge": 0, "heard": 0, "moved": 0.0}


def listen():
    while state["next"] < len(message):
        try:
            number, window = struct.unpack(">II", line.recv(8))
        except ConnectionRefusedError:
            continue
        with change:
            state["heard"] += 1
            if number > state["next"]:
                state.update(next=number, moved=time.monotonic(), heard=0)
            state["edge"] = max(state["edge"], number + window)
            change.notify()


def send(first):
    line.send(struct.pack(">I", first) + message[first:first + size])


threading.Thread(target=listen, daemon=True).start()
with change:
    trip = None
    while not state["edge"]:
        begun = time.monotonic()
        line.send(bytes(4))
        change.wait_for(lambda: state["edge"], timeout=1)
        trip = time.monotonic() - begun
    state["heard"], top, again, state["moved"] = 0, 0, -1, time.monotonic()
    while state["next"] < len(message):
        while top < len(message) and min(top + size, len(message)) <= state["edge"]:
            send(top)
            top += size
        known, limit = state["next"], state["moved"] + 2.5 * trip
        while time.monotonic() < limit and state["next"] == known and (state["heard"] < 4 or again == known):
            change.wait(max(limit - time.monotonic(), 0))
        if state["next"] == known and (again != known or time.monotonic() >= state["moved"] + 2.5 * trip):
            send(known)
            again, state["moved"] = known, time.monotonic()
