"""Names for the diagram: who has a MAC address that was changed during the run."""

from scapy.layers.l2 import ARP, Ether

from mnlab.protocols.capture import Frame
from mnlab.report.drawn import with_changed_macs

NEW, LIAR = "02:00:00:00:00:99", "02:00:00:00:00:66"


def announcement(number, time, mac, ip, *places):
    data = bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=2, hwsrc=mac, psrc=ip, pdst=ip))
    return [Frame(number, time + delay / 1e6, data, place) for delay, place in enumerate(places)]


def test_a_host_has_the_mac_that_it_announces_and_is_the_first_to_see(lan):
    frames = announcement(1, 1.0, NEW, "10.0.0.2", "h2-eth0", "h1-eth0", "h3-eth0")
    name_of = with_changed_macs(frames, lan.name_of)
    assert [name_of(address) for address in (NEW, lan.macs["h1"], "10.0.0.3", LIAR)] == ["h2", "h1", "h3", LIAR]


def test_a_mac_that_another_claims_in_its_name_stays_nobodys(lan):
    frames = announcement(1, 1.0, LIAR, "10.0.0.2", "h3-eth0", "h1-eth0", "h2-eth0")
    assert with_changed_macs(frames, lan.name_of)(LIAR) == LIAR


def test_a_known_mac_keeps_its_owner(lan):
    """h3 says that h2's address is at its own MAC: that is still h3's."""
    frames = announcement(1, 1.0, lan.macs["h3"], "10.0.0.2", "h2-eth0")
    assert with_changed_macs(frames, lan.name_of)(lan.macs["h3"]) == "h3"
