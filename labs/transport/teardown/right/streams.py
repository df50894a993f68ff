"""The same with asyncio."""

import asyncio
import sys

LIMIT, DRAIN = int("{{limit}}"), int("{{drain}}")


async def read_on(reader):
    while await reader.read(65536):
        pass


async def serve(reader, writer):
    try:
        request = bytearray()
        while len(request) <= LIMIT and (part := await reader.read(1000)):
            request.extend(part)
        if len(request) > LIMIT:
            writer.write(b"too long\n")
        else:
            writer.write(f"{len(request)} bytes\n".encode())
            request.reverse()
            writer.write(request)
        await writer.drain()
        writer.write_eof()
        await asyncio.wait_for(read_on(reader), DRAIN)
    except OSError:  # a time that is over, too
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, None, int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
