"""Wireshark tells a student the same as the handout: no lab's bytes are shown as another protocol's, or as damaged."""

import re

import pytest

from mnlab.lab import UNCLAIMED_PORTS
from mnlab.lab.lab import all_labs

from .test_labs import SEEDS, each_lab
from .wireshark import claims, frames, tshark

#: The dissectors of what labs really say.
SPOKEN = set("""
eth ethertype vlan arp ip icmp igmp ipv6 ipv6.hopopts icmpv6 udp tcp data dns http data-text-lines urlencoded-form
json mime_multipart media png mp4 tls x509af x509ce x509sat pkcs-1 pkix1explicit pkix1implicit nist_csor ftp ftp-
data smtp imf cms openflow openflow_v4
""".split())

#: Lab -> dissector -> why its expert errors are meant.
MEANT = {
    "http": {"png": "the picture begins as one and goes on as noise: only its bytes are compared"},
    "request": {"http": "one request begins with an empty line (RFC 9112, section 2.2): a server passes over it"},
    "signatures": {"cms": "Wireshark does not undo the base64 of a mail before it looks for a signature's DER in it"},
}

#: What ports are called in the labs' parameters.
PORTS = re.compile(r"port|doors|hello_from|^(server|client|web|login|names|other)$")


@pytest.mark.slow
@each_lab
@pytest.mark.parametrize("seed", SEEDS)
def test_wireshark_sees_what_the_lab_says_and_no_damage(lab, seed, solved, tmp_path):
    tshark(tmp_path, "--version")
    captures = sorted(solved(lab, seed).folder.glob("scenes/*/captures/*.pcap*"))
    wrong = []
    for capture in captures:
        for number, dissectors, errors in frames(tmp_path, capture):
            strangers = set(dissectors) - SPOKEN
            if strangers or errors and dissectors[-1] not in MEANT.get(lab.name, {}):
                wrong.append(f"{capture.name} frame {number}: {':'.join(dissectors)} {errors}")
    assert not wrong, "\n".join(wrong[:20])


def test_no_dissector_claims_the_ports_for_traffic_of_nobodys_protocol(tmp_path):
    claimed = claims(tmp_path)
    assert len(claimed["tcp"]) > 100 and len(claimed["udp"]) > 100
    assert not {port for ports in claimed.values() for port in ports if port in UNCLAIMED_PORTS}


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
def test_no_variant_draws_the_port_of_another_protocol(lab, tmp_path):
    claimed = claims(tmp_path)["tcp"]
    drawn = {port for seed in range(200) for port in drawn_ports(lab.params(seed))}
    assert {(port, claimed[port]) for port in drawn if claimed.get(port, "http") not in SPOKEN} == set()


def drawn_ports(params) -> set[int]:
    """Numbers below 1024 are left out: a switch's ports, and those of well-known services."""
    found = set()
    for name, value in params.items():
        if PORTS.search(name):
            values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            found |= {number for number in values if isinstance(number, int) and number >= 1024}
    return found
