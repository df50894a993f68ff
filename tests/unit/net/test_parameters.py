"""What a topology may say: unknown names are refused, and the documentation has the table."""

from pathlib import Path

import pytest

from mnlab.net import parameters
from mnlab.net.errors import NetworkError

DOCS = Path(__file__).parents[3] / "docs/network.md"


def test_the_documentation_has_the_table():
    assert parameters.table() in DOCS.read_text(), (
        "docs/network.md does not say what Network accepts; put this there:\n\n" + parameters.table())


@pytest.mark.parametrize("given, words", [({"failmode": "secure"}, "did you mean 'failMode'"), ({"stp": "yes"}, "stp: 'yes'"),
                                          ({"prio": -1}, "prio: -1"), ({"dpid": "xyz"}, "dpid: 'xyz'"),
                                          ({"datapath": "user"}, "datapath: 'user' is none of kernel"),
                                          ({"inband": True}, "network of their own")])
def test_a_switchs_parameters_are_refused_in_words(given, words):
    with pytest.raises(NetworkError, match=f"s1: .*{words}"):
        parameters.read("switch", "s1", parameters.SWITCH, given)


def test_what_is_asked_for_is_read_and_none_is_nothing():
    given = {"stp": "1", "prio": "100", "dpid": "00:2a", "failMode": None, "batch": True}
    assert parameters.read("switch", "s1", parameters.SWITCH, given, more=("batch",)) == {
        "stp": True, "prio": 100, "dpid": "002a"}


def test_a_host_that_is_misspelt():
    with pytest.raises(NetworkError, match="h1: a host has no parameter 'defaultroute'; did you mean 'defaultRoute'"):
        parameters.read("host", "h1", parameters.HOST, {"defaultroute": "via 10.0.0.1"})
