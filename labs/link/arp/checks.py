from mnlab.checks import expect, points
from mnlab.protocols import arp

@points(2, claim="ARP-4", hint="What destination address reaches everyone on the LAN?")
def check_request_is_broadcast(evidence):
    """The request goes to ff:ff:ff:ff:ff:ff, and h3 sees it too."""
    exchange = arp.exchanges(evidence.frames("h1"))[0]
    expect(exchange.reply, done="h1 pinged h2", expected="x", seen="y")
