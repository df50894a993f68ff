"""Whether a computer's own Open vSwitch works is found out by a ping through it, within limits, and leaves nothing."""

from mnlab.machine.capabilities import TRY_SWITCH

#: What is done to the daemons in turn, and what is said then. The last one needs no network: the database is gone.
SCRIPT = """
./try_switch.sh 20; echo "status $?"
ovs-vsctl list-br; ip -br link | grep mnlab; pgrep -x sleep
echo "--- frozen"
kill -STOP $(cat /run/openvswitch/ovs-vswitchd.pid)
./try_switch.sh 3; echo "status $?"
kill -CONT $(cat /run/openvswitch/ovs-vswitchd.pid)
echo "--- no database"
kill -9 $(cat /run/openvswitch/ovsdb-server.pid)
./try_switch.sh 3; echo "status $?"
"""


def test_a_switch_that_does_not_work_is_named(cli):
    (cli.folder / "script").write_text(SCRIPT)
    done = cli("exec", "--send", str(TRY_SWITCH), "--send", "script", "--", "bash", "script", timeout=300)
    works, frozen, gone = done.stdout.split("--- ")
    assert works == "status 0\n", done.stdout + done.stderr
    assert "no switch can be made within 3 s (ovs-vswitchd)\nstatus 1" in frozen
    assert "its database does not answer (ovsdb-server)\nstatus 1" in gone
