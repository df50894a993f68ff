"""What only a machine has of runs/ is brought here before it stops, and what is here stays as it is."""

import json

import pytest

from .conftest import HERE, ROOT

#: A folder of another computer lies over the machine's own.
SHARED = "mount -t tmpfs tmpfs /vagrant; mkdir /vagrant/runs; touch /vagrant/runs/arp-7; "

#: The machine cannot write the archive.
REFUSED = "mkdir /var/tmp/runs.tar; "


@pytest.fixture
def stop(on_a_copy):
    """Before the machine stops: (status, what is said, {file in runs/ here: its text}). `machine` and `here` are such
    dictionaries, too; `twist` are shell commands that come first."""
    def do(action, machine, here, twist="", state="running", times=1, **environment):
        lay = "".join(f"mkdir -p $(dirname {name}); echo '{text}' >{name}; " for name, text in
                      [*((f"/vagrant/runs/{name}", text) for name, text in machine.items()),
                       *((f"/home/project/runs/{name}", text) for name, text in here.items())])
        show = f"ruby {HERE}/fetching.rb {action} {state} /home/project/runs"
        listing = "cd /home/project; test ! -d runs || find runs -type f -exec grep -H . {} +"
        done, _ = on_a_copy(f"mkdir -p /vagrant /home/project; {lay}{twist}status=0; "
                            f"{'; '.join([f'{show} || status=$?'] * times)}; echo ---; {listing}; exit $status",
                            **environment)
        said, _, found = done.stdout.partition("---\n")
        return done.returncode, said, dict(line.removeprefix("runs/").split(":", 1) for line in found.splitlines())
    return do


def run(name, start):
    """Files of a run."""
    return {f"{name}/manifest.json": json.dumps({"start_ns": start}), f"{name}/captures/h1-eth0.pcap": f"at {start}"}


@pytest.mark.parametrize("action", ["halt", "destroy"])
def test_runs_come_and_nothing_here_is_overwritten_or_mixed(stop, action):
    """arp-1 is another run here; dns-1 has come before, under another number."""
    here = run("arp-1", 1) | {"arp-1/notes": "mine"} | run("dns-1", 3) | run("dns-9", 4)
    status, said, found = stop(action, run("arp-1", 2) | run("arp-2", 5) | run("dns-1", 4) | run("ping-1", 6), here)
    assert status == 0
    assert found == here | run("arp-2", 2) | run("arp-3", 5) | run("ping-1", 6)
    assert said.count("info:") == 3 and "runs/arp-1 is runs/arp-2 here" in said


def test_fetching_again_brings_nothing_twice(stop):
    machine = run("arp-1", 2) | {"broken-1/timeline.jsonl": "{}", "report.xml": "<a/>"}
    status, said, found = stop("halt", machine, run("arp-1", 1), times=2)
    assert status == 0 and said.count("info:") == 3
    assert found == run("arp-1", 1) | run("arp-2", 2) | {"broken-1/timeline.jsonl": "{}", "report.xml": "<a/>"}


def test_the_first_runs_make_the_folder(stop):
    assert stop("halt", run("arp-1", 1), {})[2] == run("arp-1", 1)


def test_a_shared_folder_is_left_alone(stop):
    """The machine is asked, not today's environment."""
    assert stop("destroy", {}, {}, SHARED) == (0, "", {})


def test_a_lab_that_writes_meanwhile_is_no_failure(stop):
    writes = "seq 3000000 >/vagrant/runs/arp-1/growing; while :; do echo more; done >>/vagrant/runs/arp-1/growing & "
    status, said, found = stop("destroy", run("arp-1", 1), {}, writes)
    assert status == 0 and "file changed as we read it" in said and "runs/arp-1 is fetched" in said
    assert run("arp-1", 1).items() <= found.items()


def test_what_does_not_fit_into_a_tmp_in_memory_comes_all_the_same(stop):
    """As on Debian 13, whose /tmp is a tmpfs."""
    small = f"mkdir /project; mount --bind {ROOT} /project; mount -t tmpfs -o size=100k tmpfs /tmp; "\
            f"mkdir -p {ROOT}; mount --bind /project {ROOT}; "\
            "mkdir /vagrant/runs/dns-1; seq 100000 >/vagrant/runs/dns-1/timeline.jsonl; "
    status, said, found = stop("destroy", run("arp-1", 1), {}, small)
    assert status == 0 and run("arp-1", 1).items() <= found.items() and "runs/dns-1 is fetched" in said


def test_a_halt_goes_on_without_and_says_so(stop):
    status, said, found = stop("halt", run("arp-1", 1), {}, REFUSED)
    assert status == 0 and found == {}
    assert said.splitlines()[-1].startswith("warning: The machine's runs could not be fetched (")


def test_a_destroy_does_not_lose_them_and_says_how_to_go_on(stop):
    status, said, found = stop("destroy", run("arp-1", 1), {}, REFUSED)
    assert status == 1 and found == {}
    last = said.splitlines()[-1]
    assert last.startswith("error: The machine's runs could not be fetched (") and "vagrant halt" in last
    assert "fetch.rb" not in said  # no traceback


@pytest.mark.parametrize("action", ["halt", "destroy"])
def test_a_machine_that_is_off_or_broken_can_go(stop, action):
    assert stop(action, run("arp-1", 1), {}, state="shutoff") == (0, "", {})


def test_a_machine_that_does_not_answer_can_go_too_which_is_said(stop):
    status, said, found = stop("destroy", run("arp-1", 1), {}, DEAF="1")
    assert (status, found) == (0, {}) and said.startswith("warning: The machine does not answer")
