"""Controllers that are broken, silent, wild or dead: the network goes on, and what is said of it is to the point."""

import re
from pathlib import Path
from textwrap import dedent

from .conftest import DUMP, dropped

APPLICATIONS = Path(__file__).parent / "applications"

#: File: its text (None: there is no such file), and what is printed, with the exit status as the last line.
UNUSABLE = {
    "syntax.py": ("x = 1\nclass Application(:\n    pass\n", """\
          File "syntax.py", line 2
            class Application(:
                              ^
        SyntaxError: invalid syntax
        1
        """),
    "imports.py": ("import nothing_of_that_name\n", """\
        Traceback (most recent call last):
          File "imports.py", line 1, in <module>
            import nothing_of_that_name
        ModuleNotFoundError: No module named 'nothing_of_that_name'
        1
        """),
    "constructor.py": (dedent("""\
        from ryu.base import app_manager
        from ryu.ofproto import ofproto_v1_3

        class Application(app_manager.RyuApp):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                ofproto_v1_3.oxm_from_user("no_such_field", 1)
        """), """\
        Traceback (most recent call last):
          File "constructor.py", line 7, in __init__
            ofproto_v1_3.oxm_from_user("no_such_field", 1)
        KeyError: 'unknown OXM field: no_such_field'
        1
        """),
    "empty.py": ("x = 1\n", """\
        ryu-manager: empty.py holds no application: no class in it is an app_manager.RyuApp
        1
        """),
    "absent.py": (None, """\
        ryu-manager: there is no file absent.py
        2
        """),
    "no.such.application": (None, """\
        ryu-manager: there is no application no.such.application
        2
        """),
}


def test_an_unusable_application_ends_with_its_own_fault_and_nothing_else(machine):
    for name, (text, _) in UNUSABLE.items():
        if text is not None:
            machine.write(name, text)
    seen = machine.run("".join(f"./say {name}; controller/ryu-manager {name} 2>&1; echo $?\n" for name in UNUSABLE))
    seen = re.sub(r"(?m)^ +~+\^+\n", "", seen)  # Python 3.13 marks the call in a line that is nothing but a call
    parts = dict(part.partition("\n")[::2] for part in seen.split("==== ")[1:])
    assert parts == {name: dedent(said) for name, (_, said) in UNUSABLE.items()}


def test_the_network_survives_its_controllers(machine):
    """One that raises in a handler; one killed in the middle; one that floods flow-mods; one that never answers."""
    machine.sent += sorted(APPLICATIONS.glob("*.py"))
    seen = machine.mn("lan,3", "raises.py", f"""\
        sh ./say raises
        pingall
        pingall
        sh cat raises.log
        h1 ip neigh flush all
        h2 ip neigh flush all
        h3 ip neigh flush all
        sh ./use controller/learning_switch.py
        sh ./say killed
        h1 ping -c2 10.0.0.2
        h1 sleep 2
        sh kill -9 $(cat pid)
        h1 ping -c1 -W1 10.0.0.2
        h1 ping -c1 -W1 10.0.0.3
        sh ./use controller/learning_switch.py
        h1 ping -c1 -W1 10.0.0.3
        sh ./say floods
        sh pidof ovs-vswitchd
        sh ./use floods.py
        h1 ping -c10 -i0.1 10.0.0.2
        sh kill -0 $(cat pid) && echo it is still at it
        sh kill -9 $(cat pid)
        {DUMP} s1 | wc -l
        sh pidof ovs-vswitchd
        h1 ping -c1 10.0.0.3
        sh ovs-ofctl -O OpenFlow13 del-flows s1
        sh ./say silent
        sh timeout 60 nc -lk 127.0.0.1 6653 >/dev/null </dev/null 2>&1 &
        h1 sleep 20
        sh ovs-vsctl show | grep -c is_connected; echo connections
        h1 ping -c1 -W1 10.0.0.2
        """)
    assert dropped(seen["raises"].split("*** Results: ", 1)[1]) == 0, "it did not go on after its first packet"
    log = seen["raises"].split("Exception occurred", 1)[1]
    assert re.findall('File "(.*?)"', log) == ["raises.py"] and "KeyError: 'unknown OXM field: no_such_field'" in log

    # Two pings: the first one shows h1 to the controller, its answer and the second one get flows. (Open vSwitch tells
    # the kernel of new flows some time later; hence the sleep.) They stay when the controller dies; what is new gets
    # nowhere until there is a controller again. (The hosts know each other from the pings before, and ask after some
    # seconds whether that still holds, which would get flows, too; hence the flush.)
    assert re.findall(r"(\d) received", seen["killed"]) == ["2", "1", "0", "1"]

    pids = re.findall(r"(?m)^(\d+) ?$", seen["floods"])
    assert pids[0] == pids[-1] and int(pids[1]) > 500, "Open vSwitch died, or nothing was flooded"
    assert "10 received" in seen["floods"] and "it is still at it" in seen["floods"]
    assert "1 packets transmitted, 1 received" in seen["floods"]

    assert "0\nconnections" in seen["silent"] and "0 received" in seen["silent"]
