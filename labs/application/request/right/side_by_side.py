"""All doors at once, on asyncio; one connection is begun and left before the right one, as a browser may do."""

import asyncio
import sys


def request(line, host="shop_name", body=b"", **fields):
    lines = [line] + ([f"Host: {host}"] if host else [])
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines + ["", ""]).encode() + body


def refusal(reason):
    return {
        "a method in small letters": request("post / HTTP/1.1", Content_Length=0),
        "a request of HTTP/1.1 without Host": request("POST / HTTP/1.1", host="", Content_Length=2, body=b"hi"),
        "two Host headers": request("GET / HTTP/1.1", HOST="shop_name"),
        "a Content-Length that is no number": request("GET / HTTP/1.1", Content_Length="-1"),
        "Content-Length and Transfer-Encoding: chunked, both at once":
            request("POST /x HTTP/1.1", Content_Length=5, transfer_encoding="chunked", body=b"0\r\n\r\n"),
        "a space between a header's name and its colon": request("GET / HTTP/1.1").replace(b"Host:", b"Host :"),
    }[reason]


form = "form_text".encode()
doors = [
    request("POST /page_path?query_text HTTP/1.1", Content_Length=0),
    request("GET / HTTP/1.1", host="second_name"),
    request("GET / HTTP/1.1", Accept_Language="language_code-x, en"),
    request("GET /catalogue.txt HTTP/1.1", Accept_Encoding="deflate, gzip"),
    request("GET / HTTP/1.1", User_Agent="agent_name"),
    request("GET /picture.png HTTP/1.1", Referer="http://shop_name/index.html", Accept="image/*"),
    request("GET http://shop_name/catalogue.txt HTTP/1.1", If_Modified_Since="copy_date"),
    request("POST / HTTP/1.1", Content_Type="Application/X-WWW-Form-Urlencoded; charset=UTF-8",
            Content_Length=len(form), body=form),
    request("GET / HTTP/1.0", host="", Accept="text/plain"),
    refusal("refusal_one"), refusal("refusal_two"), refusal("refusal_three"),
    request("GET / HTTP/1.1", Accept="*/*")[:-1],
]


async def knock(number, data):
    reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]) + number)
    writer.close()
    reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]) + number)
    writer.write(data)
    print(number, await reader.read())
    writer.close()


async def main():
    await asyncio.gather(*(knock(number, data) for number, data in enumerate(doors)))


asyncio.run(main())
