"""Controllers in an experiment: ready when the switches say so, missed when they die, harmless when they misbehave."""

from .conftest import EXPERIMENT

HEAD = EXPERIMENT.replace("def variant", "openflow = True\ndef variant")

LEARNS = '''
from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.ofproto import ofproto_v1_3

class App(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        path = event.msg.datapath
        proto, parser = path.ofproto, path.ofproto_parser
        actions = [parser.OFPActionOutput(proto.OFPP_CONTROLLER, proto.OFPCML_NO_BUFFER)]
        todo = [parser.OFPInstructionActions(proto.OFPIT_APPLY_ACTIONS, actions)]
        path.send_msg(parser.OFPFlowMod(datapath=path, priority=0, match=parser.OFPMatch(), instructions=todo))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        path = message.datapath
        proto, parser = path.ofproto, path.ofproto_parser
        HERE
        path.send_msg(parser.OFPPacketOut(datapath=path, buffer_id=proto.OFP_NO_BUFFER, in_port=message.match["in_port"],
                                          actions=[parser.OFPActionOutput(proto.OFPP_FLOOD)], data=message.data))
'''
RUN = 'rec.student_controller("app", "app.py")\nrec.run("probe", h1, f"ping -c2 -W1 {h2.IP()}", check=False)\n'


def test_the_projects_hub_connects_and_forwards(run_lab):
    record = run_lab("""
        with rec.capture("c0"):
            hub = rec.controller("hub", "hub.py")
            rec.run("probe", h1, f"ping -c2 -W1 {h2.IP()}")
            hub.stop()
    """, head=HEAD)
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.name_of("0000000000000001") == "s1"
    assert any(frame.packet.haslayer("TCP") and frame.packet["TCP"].dport == 6653 for frame in record.frames("c0"))


def test_a_students_application_runs_without_rights(run_lab):
    body = RUN + 'rec.run("who", h1, "true")\n'
    spy = "import os; print(os.getuid(), os.listdir('.'), flush=True); print(os.access('/result', os.R_OK), flush=True)"
    record = run_lab(body, work={"app.py": LEARNS.replace("HERE", spy)}, head=HEAD)
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.command("probe").status == 0
    lines = record.command("app").stdout.splitlines()
    assert not lines[0].startswith("0 ") and "app.py" in lines[0] and lines[1] == "False"


def test_a_syntax_error_shows_the_students_line_and_nothing_else(run_lab):
    record = run_lab(RUN, work={"app.py": "import ryu\ndef broken(:\n    pass\n"}, head=HEAD)
    assert record.manifest["outcome"] == "student_fault"
    reason = record.manifest["reason"]
    assert "app.py" in reason and "line 2" in reason and "def broken(:" in reason and "SyntaxError" in reason
    assert "ryu/" not in reason and "importlib" not in reason


def test_an_application_that_raises_when_it_starts_is_shown_from_its_own_line(run_lab):
    record = run_lab(RUN, work={"app.py": LEARNS + "\n\n1 / 0\n"}, head=HEAD)
    assert record.manifest["outcome"] == "student_fault"
    assert "ZeroDivisionError" in record.manifest["reason"] and "ryu/" not in record.manifest["reason"]


def test_a_handler_that_raises_is_in_the_log_and_the_controller_goes_on(run_lab):
    record = run_lab(RUN, work={"app.py": LEARNS.replace("HERE", "raise KeyError('port')")}, head=HEAD)
    assert record.manifest["outcome"] == "ok"
    log = record.command("app").stderr
    assert "KeyError: 'port'" in log and "app.py" in log and "ryu/base" not in log
    assert record.command("probe").status == 1


def test_a_controller_that_never_answers_is_the_students_fault(run_lab):
    mute = "import socket\ns = socket.create_server(('', 6653))\nheld = []\nwhile True: held.append(s.accept())\n"
    record = run_lab(RUN, work={"app.py": mute}, head=HEAD)
    assert record.manifest["outcome"] == "student_fault"
    assert "app is ready: not after" in record.manifest["reason"]


def test_one_that_ends_in_the_middle_is_missed_at_once(run_lab):
    body = 'rec.student_controller("app", "app.py")\nrec.mark("up")\nrec.run("probe", h1, f"ping -c1 -W1 {h2.IP()}", ' \
           'check=False)\nrec.wait(1000)\nrec.run("never", h1, "true")\n'
    work = {"app.py": LEARNS.replace("HERE", "import os; print('bye', file=__import__('sys').stderr); os._exit(3)")}
    record = run_lab(body, work=work, head=HEAD)
    assert record.manifest["outcome"] == "student_fault"
    assert "ended in the middle, status 3" in record.manifest["reason"] and "bye" in record.manifest["reason"]
    assert record.timeline[-1].end < 30


def test_our_own_controllers_death_is_inconclusive(run_lab):
    record = run_lab("""
        import os, signal
        hub = rec.controller("hub", "hub.py")
        os.kill(hub.pid, signal.SIGKILL)
        rec.wait(5)
    """, head=HEAD)
    assert record.manifest["outcome"] == "inconclusive"
    assert "hub on c0 ended in the middle, killed by signal 9" in record.manifest["reason"]


def test_one_that_floods_flow_mods_does_not_take_the_switch_with_it(run_lab):
    flood = """
        for n in range(200_000):
            todo = [parser.OFPInstructionActions(proto.OFPIT_APPLY_ACTIONS, [])]
            match = parser.OFPMatch(eth_dst="02:%02x:%02x:%02x:00:00" % (n >> 16, n >> 8 & 255, n & 255))
            path.send_msg(parser.OFPFlowMod(datapath=path, priority=9, match=match, instructions=todo))
    """
    body = RUN + 'rec.keep("flows", str(net["s1"].flows().count("actions")))\nrec.run("after", h1, "true")\n'
    record = run_lab(body, work={"app.py": LEARNS.replace("HERE", flood.strip())}, head=HEAD)
    assert record.manifest["outcome"] in ("ok", "student_fault"), record.manifest["reason"]
    if record.manifest["outcome"] == "ok":
        assert int(record.text("flows")) <= 5001


def test_without_its_controller_a_switch_does_as_its_fail_mode_says(run_lab):
    record = run_lab("""
        net["s1"].set_fail_mode("secure")
        rec.run("secure", h1, f"ping -c1 -W1 {h2.IP()}", check=False)
        net["s1"].set_fail_mode("standalone")
        rec.wait(30)
        rec.run("standalone", h1, f"ping -c1 -W1 {h2.IP()}", check=False)
    """, head=HEAD)
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.command("secure").status == 1 and record.command("standalone").status == 0
