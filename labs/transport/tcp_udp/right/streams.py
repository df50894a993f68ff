"""The same with asyncio: as many clients at once as there are."""

import asyncio
import sys

LIMIT = int("{{limit}}")


async def serve(reader, writer):
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(4), "big")
            if length > LIMIT:
                break
            message = await reader.readexactly(length)
            writer.write(length.to_bytes(4, "big"))
            writer.write(message[::-1])
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, port=int(sys.argv[1]), limit=2 * LIMIT)
    async with server:
        await server.serve_forever()


asyncio.run(main())
