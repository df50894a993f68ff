"""The same with asyncio, which sets SO_REUSEADDR by itself."""

import asyncio
import sys

TEXT = b"the same once again, " * (int("{{body}}") // 21)


async def visit(reader, writer):
    try:
        async for line in reader:
            if line == b"bye\n":
                break
            writer.write(b"%d\n" % len(TEXT))
            writer.write(TEXT)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def main():
    await (await asyncio.start_server(visit, port=int(sys.argv[1]))).serve_forever()


asyncio.run(main())
