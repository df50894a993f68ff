"""The same with asyncio."""

import asyncio
import sys


async def ask(host, port, own):
    reader, writer = await asyncio.open_connection(host, port, local_addr=("0.0.0.0", own))
    writer.write(b"get\n")
    text = await reader.readexactly(int(await reader.readuntil()))
    writer.write(b"bye\n")
    assert not await reader.read()
    writer.close()
    await writer.wait_closed()
    print(text.decode(), flush=True)


async def main(host, port, own, count):
    for turn in range(int(count)):
        if turn:
            await asyncio.sleep(1)
        await ask(host, int(port), int(own))


asyncio.run(main(*sys.argv[1:]))
