"""Answers each datagram with its text in capital letters."""

import socket
import sys

ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ends.bind(("", int(sys.argv[1])))
while True:
    text, sender = ends.recvfrom(65535)
    ends.sendto(text.upper(), sender)
