"""Python's libraries, each used for what it is for."""

import asyncio
import hashlib
import os
import ssl
from pathlib import Path

from kit import run, trial, write


@trial
def numpy():
    """A linear system is solved."""
    import numpy
    a = numpy.arange(1, 10).reshape(3, 3) + 5 * numpy.eye(3)
    x = numpy.linalg.solve(a, numpy.ones(3))
    assert numpy.allclose(a @ x, 1)
    return repr(x)


@trial
def matplotlib():
    """A picture is drawn, and has the marks of a PNG and of ink."""
    os.environ.update(MPLBACKEND="Agg", MPLCONFIGDIR=os.path.dirname(write("none", "")))
    import matplotlib.image
    from matplotlib import pyplot
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], color="black")
    file = Path(write("figure.png", ""))
    figure.savefig(file)
    assert file.read_bytes().startswith(b"\x89PNG")
    pixels = matplotlib.image.imread(file)
    assert (pixels[:, :, 0] < 0.1).sum() > 200 and (pixels[:, :, 0] > 0.9).mean() > 0.9
    return hashlib.sha256(file.read_bytes()).hexdigest()


@trial
def networkx():
    """The shortest path, as counted by hand."""
    import networkx
    graph = networkx.Graph([("a", "b", {"weight": 1}), ("b", "c", {"weight": 1}), ("a", "c", {"weight": 3})])
    path = networkx.shortest_path(graph, "a", "c", weight="weight")
    assert path == ["a", "b", "c"]
    return str(path)


@trial
def aioquic():
    """A QUIC connection, with TLS 1.3, carries a question and its answer."""
    from aioquic.asyncio import connect, serve
    from aioquic.quic.configuration import QuicConfiguration
    folder = os.path.dirname(write("none", ""))
    run(None, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-days", "30", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem")
    server = QuicConfiguration(is_client=False, alpn_protocols=["test"])
    server.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    client = QuicConfiguration(is_client=True, alpn_protocols=["test"], verify_mode=ssl.CERT_NONE)

    def answer(reader, writer):
        async def talk():
            writer.write((await reader.read()).upper())
            writer.write_eof()
        asyncio.get_running_loop().create_task(talk())

    async def talk():
        serving = await serve("127.0.0.1", 4433, configuration=server, stream_handler=answer)
        async with connect("127.0.0.1", 4433, configuration=client) as connection:
            reader, writer = await connection.create_stream()
            writer.write(b"hello")
            writer.write_eof()
            said = await reader.read()
        serving.close()
        return said

    said = asyncio.run(talk())
    assert said == b"HELLO"
    return said.decode()


@trial
def os_ken():
    """A frame is built, and read again."""
    from os_ken.lib.packet import arp, ethernet, packet
    built = packet.Packet()
    built.add_protocol(ethernet.ethernet(ethertype=0x0806, dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:01"))
    built.add_protocol(arp.arp(opcode=arp.ARP_REQUEST, src_ip="10.0.0.1", dst_ip="10.0.0.2"))
    built.serialize()
    read = packet.Packet(bytes(built.data)).get_protocol(arp.arp)
    assert (read.opcode, read.src_ip, read.dst_ip) == (1, "10.0.0.1", "10.0.0.2")
    return built.data.hex()


@trial
def termcolor():
    """Red is ESC [ 31 m (ECMA-48, SGR)."""
    import termcolor
    said = termcolor.colored("red", "red", force_color=True)
    assert said == "\x1b[31mred\x1b[0m", said
    return repr(said)
