"""The same server as one loop of asyncio, and with other choices where HTTP leaves them open."""

import asyncio
import mimetypes
import sys
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from urllib.parse import unquote_to_bytes

IDLE = 0  # s
OTHERS = {b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT"}


class Wrong(Exception):
    pass


class Silent(Exception):
    pass


class Client:
    def __init__(self, reader, writer, folder):
        self.reader, self.writer, self.folder, self.held = reader, writer, folder, bytearray()

    async def more(self):
        try:
            data = await asyncio.wait_for(self.reader.read(1000), IDLE)
        except TimeoutError:
            raise Silent from None
        if not data:
            raise Silent
        self.held += data

    async def line(self):
        while b"\n" not in self.held:
            await self.more()
        line, _, self.held = self.held.partition(b"\n")
        return bytes(line.removesuffix(b"\r"))

    async def talk(self):
        try:
            while await self.one():
                pass
        except Wrong:
            self.answer(b"400 No", {b"connection": b"Close"}, b"<p>I did not get that.")
        except (Silent, ConnectionError):
            pass
        try:
            await self.writer.drain()
            self.writer.close()
            await self.writer.wait_closed()
        except ConnectionError:
            pass

    async def one(self):
        first, fields = b"", []
        while not first:
            first = await self.line()
        while line := await self.line():
            name, colon, value = line.partition(b":")
            if not colon or not name or name.strip() != name:
                raise Wrong
            fields.append((name.lower(), value.strip()))
        words, fields = first.split(b" "), dict(fields)
        if len(words) != 3 or not all(words) or words[2] not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise Wrong
        method, target, version = words
        if version == b"HTTP/1.1" and b"host" not in fields:
            raise Wrong
        size = int(fields.get(b"content-length", b"0"))
        while len(self.held) < size:
            await self.more()
        del self.held[:size]
        stays = version == b"HTTP/1.1" and b"close" not in fields.get(b"connection", b"").lower().split(b", ")
        head = {} if stays else {b"connection": b"close"}
        if method not in (b"GET", b"HEAD"):
            known = method in OTHERS
            self.answer(b"405 Not here" if known else b"501", {**head, **({b"allow": b"HEAD,GET"} if known else {})},
                        b"<p>No.")
        else:
            try:
                status, kind, data = self.look(target)
            except PermissionError:
                status, kind, data = b"403 Stop", "text/html", b"<p>Not for you."
            self.answer(status, {**head, b"content-type": kind.encode()}, data, method == b"HEAD")
        await self.writer.drain()
        return stays

    def look(self, target):
        path = unquote_to_bytes(target.split(b"?")[0]).decode("utf-8", "replace")
        if not path.startswith("/"):
            raise Wrong
        if path.endswith("/"):
            path += "index.html"
        parts = [part for part in path.split("/") if part]
        if ".." in parts:
            raise PermissionError
        file = self.folder.joinpath(*PurePosixPath(*parts).parts)
        if not file.is_file():
            return b"404 Nothing there", "text/html; charset=utf-8", "<p>Nothing thére.".encode()
        return b"200", mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes()

    def answer(self, status, fields, body, head_only=False):
        lines = [b"HTTP/1.1 " + status + (b"" if b" " in status else b" "), b"server: loop",
                 b"date: " + formatdate(usegmt=True).encode(), b"content-length:" + str(len(body)).encode()]
        lines += [name + b": " + value for name, value in fields.items()]
        self.writer.write(b"\r\n".join([*lines, b"", b"" if head_only else body]))


async def main():
    folder = Path(sys.argv[2]).resolve()

    async def talk(reader, writer):
        await Client(reader, writer, folder).talk()

    async with await asyncio.start_server(talk, "0.0.0.0", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
