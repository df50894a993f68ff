"""The same requests by other means: names in small letters, whole URLs, more headers, lone newlines, sent in pieces."""

import socket
import sys
import time

FORM = "form_text".encode("utf8")
PLAIN = b"host:%b\nconnection:close\nuser-agent:ask\naccept:*/*\n\n"
SHOP = PLAIN % b"shop_name"
REFUSALS = {
    "a method in small letters": b"head /somewhere HTTP/1.1\n" + SHOP,
    "a request of HTTP/1.1 without Host": b"HEAD /?x HTTP/1.1\nConnection: close\nAccept: text/html\n\n",
    "two Host headers": b"GET / HTTP/1.1\nhost: shop_name\n" + SHOP,
    "a Content-Length that is no number": b"PUT / HTTP/1.1\nContent-Length: 5x\n" + SHOP + b"hello",
    "Content-Length and Transfer-Encoding: chunked, both at once":
        b"POST / HTTP/1.1\nTransfer-Encoding: chunked\nContent-Length: 12\n" + SHOP + b"2\r\nhi\r\n0\r\n\r\n",
    "a space between a header's name and its colon": b"GET / HTTP/1.1\nCache-Control : no-cache\n" + SHOP,
}
DOORS = [
    b"GET http://shop_name/page_path?query_text HTTP/1.1\r\nHOST: shop_name\r\nConnection: Close\r\n\r\n",
    b"GET http://second_name/anything HTTP/1.1\n" + SHOP,
    b"GET /hello HTTP/1.1\nAccept-Language: language_code,en;q=0.1\n" + SHOP,
    b"GET /catalogue.txt HTTP/1.1\naccept-encoding: br;q=0, gzip;q=1\n" + SHOP,
    b"GET /door HTTP/1.1\nHost: shop_name\nUSER-AGENT:   agent_name  \n\n",
    b"GET /picture.png HTTP/1.1\nReferer: https://shop_name/a/page?of=it\n" + SHOP,
    b"HEAD /catalogue.txt HTTP/1.1\nIf-Modified-Since: copy_date\n" + SHOP,
    b"POST / HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\ncontent-length: %d\n" % len(FORM) + SHOP + FORM,
    b"GET /old HTTP/1.0\n\n",
    REFUSALS["refusal_one"], REFUSALS["refusal_two"], REFUSALS["refusal_three"],
    b"GET / HTTP/1.1\r\nHost: shop_name\r\nAccept: text/ht",
]


def knock(number):
    door = socket.socket()
    door.connect((sys.argv[1], int(sys.argv[2]) + number))
    for start in range(0, len(DOORS[number]), 40):
        door.send(DOORS[number][start:start + 40])
        time.sleep(0.01)
    with door.makefile("rb") as answer:
        print(answer.read())
    door.close()


for number in reversed(range(13)):
    knock(number)
