"""What several labs' checks and mutants are written with: answers compared with a run, commands told otherwise."""

from types import SimpleNamespace

import pytest

from mnlab.checks import CheckFailed, near, same
from mnlab.checks.mutants import instead, rewrite


def test_the_same_answer_passes_and_another_fails_with_its_name():
    same("ACK", "ACK", "flag")
    with pytest.raises(CheckFailed, match="answers.toml: flag") as failure:
        same("RST", "ACK", "flag")
    assert "'RST'" in str(failure.value) and "'ACK'" not in str(failure.value)  # the right answer is not told


@pytest.mark.parametrize("answer, slack, passes", [
    (102, 0, True), (98, 0, True), (103, 0, False), (97, 0, False), (102.5, 0.5, True), (102.6, 0.5, False)])
def test_a_near_answer_may_be_off_by_a_share_and_a_slack(answer, slack, passes):
    if passes:
        near(answer, 100, "rate", 0.02, slack)
    else:
        with pytest.raises(CheckFailed, match=r"to 2 %( and 0\.5)?\n"):
            near(answer, 100, "rate", 0.02, slack)


@pytest.fixture
def node():
    """A node that notes what it is told."""
    told = []
    return SimpleNamespace(told=told, run=lambda command, input=None, **options: told.append((command, input, options)),
                           sysctl=lambda name, value: told.append((name, value)))


def test_commands_and_their_input_are_rewritten(node):
    rewrite(node, "loss 2%", "loss 6%")
    node.run("tc qdisc add loss 2%", check=False)
    node.run(["tc", "loss 2%"])
    node.run("tc -batch -", input="add loss 2%\nadd delay")
    assert node.told == [("tc qdisc add loss 6%", None, {"check": False}), (["tc", "loss 6%"], None, {}),
                         ("tc -batch -", "add loss 6%\nadd delay", {})]


def test_only_commands_with_these_words_are_rewritten(node):
    rewrite(node, "drop", "accept", only="chosen")
    node.run("nft -f -", input="chain chosen { drop; }")
    node.run("nft chain others { drop; }")
    node.run(["nft", "chosen", "drop"])
    assert [(command, text) for command, text, _ in node.told] == [
        ("nft -f -", "chain chosen { accept; }"), ("nft chain others { drop; }", None), (["nft", "chosen", "accept"], None)]


def test_sysctls_take_other_values(node):
    instead(node, {("tcp_sack", 1): 0})
    for name, value in (("tcp_sack", 1), ("tcp_sack", 2), ("tcp_ecn", 1)):
        node.sysctl(name, value)
    assert node.told == [("tcp_sack", 0), ("tcp_sack", 2), ("tcp_ecn", 1)]
