"""Answers each datagram with its text in capital letters: python3 server.py PORT."""

import socket
import sys

ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ends.bind(("", int(sys.argv[1])))
while True:
    text, sender = ends.recvfrom(65535)
    # TODO: answer
