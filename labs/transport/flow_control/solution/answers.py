"""The reference answers: predictions from the variant, the rest read from the run."""

from pathlib import Path

from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.tcp import windows as tcp_windows

read = load(Path(__file__).parents[1] / "reading.py")


def answers(params, evidence) -> dict:
    kernel = evidence.scene("kernel")
    shut = {name: tcp_windows.closed(read.wire(kernel, name), tcp.SERVER)[0] for name in ("slow", "deaf")}
    far = 2 * params["far_delay"] / 1000
    return {
        "stop_seconds": round(params["stop_segments"] * far, 3),
        # One segment's room is taken by what the receiver is just about to read.
        "far_speed": round((params["window"] - read.MSS) / far),
        "accepted": shut["slow"].segment.ack - 1,
        "probes": len(shut["slow"].probes),
        "update_lost_seconds": round(shut["deaf"].update.time - kernel.mark("deaf-reads"), 2),
        "segments_full": len(read.first_flight(read.wire(kernel, "window-mid"))),
        "segments_half": len(read.first_flight(read.wire(kernel, "small"))),
        "makes_room": "an ack",
    }
