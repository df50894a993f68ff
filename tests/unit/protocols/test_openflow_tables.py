"""Flow tables out of what a controller says, by the rules of OpenFlow 1.3.5, section 6.4."""

import itertools

import pytest

from mnlab.protocols import openflow
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.openflow.tables import DELETED, REPLACED, entries
from mnlab.protocols.openflow.wire import Action, FlowMod, FlowRemoved, Instruction

SWITCH, CONTROLLER = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 6653)
H1, H2 = {"in_port": 1, "eth_dst": "02:00:00:00:00:02"}, {"in_port": 2}


class Said(openflow.OpenFlow):
    """A message with a body that needs no bytes."""

    body = None


@pytest.fixture
def say():
    clock = itertools.count(1)

    def said(body, kind="FLOW_MOD", dpid="01"):
        time = float(next(clock))
        message = Said(Frame(int(time), time, b""), time, "controller", CONTROLLER, SWITCH, kind, 1, dpid, b"")
        object.__setattr__(message, "body", body)  # frozen
        return message

    return said


def mod(command, match=H1, priority=10, out="ANY", port=2, table=0):
    return FlowMod(command, table, priority, 20, 0, 0, None, out, (), dict(match),
                   (Instruction("apply_actions", (Action("output", port),)),))


def told(found):
    return [(entry.match, entry.todo, entry.why) for entry in found]


def test_a_flow_is_added_and_replaced_by_one_of_the_same_match_and_priority(say):
    found = entries([say(mod("add")), say(mod("add", H2)), say(mod("add", priority=11)), say(mod("add", port=3))])
    assert [entry.why for entry in found] == [REPLACED, "", "", ""]
    assert found[0].removed is found[3].added and found[3].todo == "output 3" and found[0].limits == "idle 20 s"


@pytest.mark.parametrize("change, gone", [
    (mod("delete", {}), 2), (mod("delete", {"in_port": 1}, priority=0), 1), (mod("delete strict", {"in_port": 1}), 0),
    (mod("delete strict", H1), 1), (mod("delete strict", H1, priority=9), 0), (mod("delete", {}, out=7), 0),
    (mod("delete", {}, out=2), 2), (mod("delete", {}, table=0xFF), 2), (mod("delete", {}, table=1), 0)])
def test_a_deletion_reaches_what_the_standard_says(say, change, gone):
    found = entries([say(mod("add")), say(mod("add", H2)), say(change)])
    assert [entry.why for entry in found].count(DELETED) == gone


def test_one_switch_does_not_delete_anothers(say):
    (entry,) = entries([say(mod("add")), say(mod("delete", {}), dpid="02")])
    assert entry.removed is None


def test_modified_flows_do_something_else_from_then_on(say):
    first, second = entries([say(mod("add")), say(mod("modify", {}, port=9))])
    assert first.why == REPLACED and second.todo == "output 9" and second.match == first.match


def test_a_switch_that_tells_of_a_timeout_is_believed(say):
    gone = FlowRemoved("idle timeout", 0, 10, 0, 21.0, 20, 0, 5, 490, dict(H1))
    (entry,) = entries([say(mod("add")), say(gone, "FLOW_REMOVED")])
    assert entry.why == "idle timeout" and entry.removed.type == "FLOW_REMOVED"


def test_the_packet_in_before_a_flow_is_its_cause(say):
    packet = say(None, "PACKET_IN")
    (entry,) = entries([packet, say(mod("add"))])
    assert entry.cause is packet
