"""What provision.sh does to a computer, tried on copies of this one that are thrown away."""

import re
import sys
import zlib
from pathlib import Path

import pytest

from mnlab.machine import capabilities

from .conftest import ROOT

SCRIPT = ROOT / "vagrant/provision.sh"

#: Names that a shell could take for something else.
NAMES = ("anna", "Zoë O'Brien", 'a "b" $HOME `id` \\n %s', "-n")


def with_functions(commands: str) -> str:
    """Shell commands that may call the script's functions: it is read without its last line, which calls them."""
    return f"cd {ROOT}; sed '$d' {SCRIPT} >/tmp/functions; exec sh -euc '. /tmp/functions; {commands}' {SCRIPT}"


def test_the_remedy_for_a_missing_ryu_installs_ryu_and_nothing_else(on_a_copy):
    [remedy] = capabilities.remedies(["ryu"])
    command = re.search(r"sudo (vagrant/provision\.sh --\w+) installs it", remedy)[1]
    done, changed = on_a_copy(f"cd {ROOT}; {command} && /usr/bin/python3 -c 'import ryu, tinyrpc'")
    assert done.returncode == 0 and "Warning" not in done.stdout, done.stdout
    assert any(re.search(r"/ryu/lib/packet/__pycache__/cfm\.", name) for name in changed)  # no user could write it
    assert not [name for name in changed if not name.startswith(("usr/local/lib/python3", "root/.cache/"))]


def test_an_option_that_it_does_not_have_changes_nothing(on_a_copy):
    done, changed = on_a_copy(f"{SCRIPT} --ruy")
    assert done.returncode == 1 and "there is no option --ruy" in done.stdout and not changed


def test_only_servers_that_came_with_its_packages_are_stopped(on_a_copy):
    """systemd and apt are left out; nginx was here before, and there is no service of a controller, as on Debian 13."""
    units = "/lib/systemd/system"
    before = f"rm -rf {units}; mkdir -p {units}; touch {units}/nginx.service; "
    instead = f"install() {{ touch {units}/vsftpd.service {units}/named.service; }}; "\
              "systemctl() { echo systemctl $*; }; "
    done, _ = on_a_copy(before + with_functions(instead + "packages; settings; echo again; packages; settings"))
    assert done.returncode == 0, done.stdout
    for printed in done.stdout.split("again\n"):
        stopped = re.findall(r"systemctl disable --quiet (\S+)", printed)
        assert set(stopped) == {"named", "vsftpd"}, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_variant_is_that_of_who_made_the_machine(on_a_copy, name):
    """A second provisioning that is not told the name keeps it."""
    cache = Path(sys.prefix).parent  # whose Python environment is ready
    start = "sh -c '/usr/local/bin/mnlab start arp --work /tmp/work$1' -"
    done, _ = on_a_copy(f"ln -s {cache} /var/cache/mnlab; ({with_functions('commands; unset MNLAB_USER; commands')}); "
                        f"{start} 1; MNLAB_USER= {start} 2; unset MNLAB_USER; {start} 3; MNLAB_USER=other {start} 4",
                        MNLAB_USER=name)
    assert done.returncode == 0, done.stdout
    mine, others = (zlib.crc32(who.encode()) % 100_000 for who in (name, "other"))
    assert re.findall(r"variant (\d+) of arp", done.stdout) == [str(seed) for seed in (mine, mine, mine, others)]


def test_a_machine_whose_switch_does_not_work_is_not_called_ready(on_a_copy):
    """systemd is left out, and Open vSwitch with it: there is no daemon on the copy."""
    instead = "systemctl() { echo systemctl $*; }; timeout() { shift; \"$@\"; }; mkdir -p /run/systemd/system; "
    done, _ = on_a_copy(with_functions(instead + "switch; echo ready"))
    assert done.returncode == 1 and "ready" not in done.stdout.splitlines(), done.stdout
    assert "systemctl start ovsdb-server ovs-vswitchd openvswitch-switch" in done.stdout
    assert re.search("^Open vSwitch: ", done.stdout, re.M) and "sudo mn would not work" in done.stdout


def test_daemons_that_do_not_start_are_named(on_a_copy):
    instead = "systemctl() { [ $1 != start ]; }; timeout() { shift; \"$@\"; }; mkdir -p /run/systemd/system; "
    done, _ = on_a_copy(with_functions(instead + "switch"))
    assert done.returncode == 1 and "systemctl status ovsdb-server ovs-vswitchd" in done.stdout


def test_the_switchs_daemons_have_all_the_time_that_a_slow_boot_takes(on_a_copy):
    """No limit of starts, half an hour each, and what failed for one's sake comes up with it (systemd.unit(5))."""
    done, changed = on_a_copy(with_functions("patience; patience"))
    assert done.returncode == 0, done.stdout
    assert sorted(name for name in changed if name.startswith("etc/")) == [
        f"etc/systemd/system/{name}.service.d/mnlab.conf" for name in ("ovs-vswitchd", "ovsdb-server")]
