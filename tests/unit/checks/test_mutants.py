"""What mutants are written with: it changes what it says, keeps the rest, and says so when there is nothing to change."""

import shutil
from pathlib import Path

import pytest

from mnlab.checks.mutants import Forgery, WorkFolder
from mnlab.protocols.capture import read_capture

CAPTURE = Path(__file__).parents[1] / "protocols/fixtures/h1-eth0.pcap"


@pytest.fixture
def evidence(tmp_path):
    """Evidence of which h1-eth0 and h10-eth0 were captured, the same."""
    (tmp_path / "captures").mkdir()
    for name in ("h1-eth0", "h10-eth0"):
        shutil.copyfile(CAPTURE, tmp_path / f"captures/{name}.pcap")
    return tmp_path


def frames(evidence, name="h1-eth0"):
    return [(frame.time, frame.data, frame.length) for frame in read_capture(evidence / f"captures/{name}.pcap")]


@pytest.mark.parametrize("place", ["h1", "h1-eth0"])
def test_a_frame_is_dropped_and_the_others_stay_as_they_were(evidence, place):
    before = frames(evidence)
    Forgery(evidence).rewrite_frames(place, lambda packet, number: None if number == 2 else packet)
    assert frames(evidence) == before[:1] + before[2:]
    assert frames(evidence, "h10-eth0") == before


def test_a_frame_is_changed(evidence):
    before = frames(evidence)

    def redirected(packet, number):
        packet.dst = "02:00:00:00:00:99"
        return packet

    Forgery(evidence).rewrite_frames("h1", redirected)
    after = frames(evidence)
    assert {data[:6] for _, data, _ in after} == {bytes.fromhex("020000000099")}
    assert [(time, data[6:]) for time, data, _ in after] == [(time, data[6:]) for time, data, _ in before]


def test_a_place_that_was_not_captured_is_no_mutant(evidence):
    with pytest.raises(ValueError, match="nothing was captured on h2"):
        Forgery(evidence).rewrite_frames("h2", lambda packet, number: packet)


def test_a_text_is_changed_or_the_mutant_has_rotted(tmp_path):
    (tmp_path / "note").write_text("one two")
    forgery = Forgery(tmp_path)
    forgery.rewrite_text("note", str.upper)
    assert (tmp_path / "note").read_text() == "ONE TWO"
    with pytest.raises(ValueError, match="note stays as it was"):
        forgery.rewrite_text("note", str.upper)


def test_work_is_edited_everywhere_or_the_mutant_has_rotted(tmp_path):
    work = WorkFolder(tmp_path, tmp_path)
    work.write("a.py", "x = 1\ny = 1\n")
    work.edit("a.py", "= 1", "= 2")
    assert (tmp_path / "a.py").read_text() == "x = 2\ny = 2\n"
    with pytest.raises(ValueError, match="a.py no longer holds '= 1'"):
        work.edit("a.py", "= 1", "= 2")
    work.remove("a.py")
    assert not list(tmp_path.iterdir())
