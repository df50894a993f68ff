"""The same: question and farewell in one, and whatever comes until the server has closed."""

import socket
import sys
import time

host, port, own, count = sys.argv[1:]
begin, answers = time.monotonic(), []
for turn in range(int(count)):
    time.sleep(max(0, begin + turn * 1.1 - time.monotonic()))
    with socket.create_connection((host, int(port)), source_address=("", int(own))) as talk:
        talk.sendall(b"get\nbye\n")
        heard = b""
        while part := talk.recv(7):
            heard += part
    number, _, text = heard.partition(b"\n")
    answers.append(text[:int(number)].decode("utf-8"))
print(*answers, sep="\n")
