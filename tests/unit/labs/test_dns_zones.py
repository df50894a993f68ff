"""The dns lab's zone files and the registry's rules."""

import importlib.util
import shutil
import subprocess

import pytest

from mnlab.lab.lab import ROOT, find


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"dns_{name}", ROOT / f"labs/application/dns/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


zones = load("zones")
BASE = "$TTL 60\nlab. IN SOA a.lab. b.lab. 1 2 3 4 5\nlab. IN NS a.lab.\na.lab. IN A 10.0.0.1\n"
OWN = "otter.lab"


def compiled(*extra: str) -> str:
    """As named-compilezone prints it: whole names, tabs, TTLs."""
    own = ["lab.\t\t 60 IN\tSOA\ta.lab. b.lab. 1 2 3 4 5", "lab.\t\t 60 IN\tNS\ta.lab.",
           "a.lab.\t\t 60 IN A\t\t10.0.0.1"]
    return "\n".join([*own, *extra]) + "\n"


def test_what_a_student_added_is_told_from_what_was_there():
    line = "otter.lab.\t 60 IN NS\tns1.otter.lab."
    assert zones.added(compiled(line), BASE) == [line]
    assert zones.added(compiled(), BASE) == []
    assert zones.added("", BASE) == []


@pytest.mark.parametrize("line", ["otter.lab. 60 IN NS ns1.otter.lab.", "ns1.otter.lab. 60 IN A 10.0.0.2",
                                  "OTTER.lab. 60 IN NS elsewhere.", "otter.lab. 60 IN A 10.0.0.2"])
def test_the_registry_takes_a_delegation_and_its_glue(line):
    assert zones.refused_by_registry([line], OWN) == []


@pytest.mark.parametrize("line", ["otter.lab. 60 IN MX 10 m.otter.lab.", "badger.lab. 60 IN NS ns1.otter.lab.",
                                  "myotter.lab. 60 IN A 10.0.0.2", "lab. 60 IN NS ns1.otter.lab.",
                                  "ns1.otter.lab. 60 IN NS x.", "www.otter.lab. 60 IN CNAME x."])
def test_the_registry_refuses_the_rest(line):
    assert zones.refused_by_registry([line], OWN) == [line]


@pytest.mark.parametrize("seed", range(20))
def test_the_timetable_tells_hit_from_miss(seed):
    params = find("dns").params(seed)
    for name, ttl in ((f"www.{params['domain']}", params["www_ttl"]),
                      (params["missing"], min(params["soa_ttl"], params["soa_minimum"]))):
        first, second, third = (moment for moment, asked in params["lookups"] if asked == name)
        assert first + 5 <= second <= first + ttl - 5
        assert third >= first + ttl + 5
    assert len(params["lookups"]) == 8
    assert len({params[key] for key in ("domain", "other_domain", "own_domain")}) == 3


@pytest.mark.skipif(not shutil.which("named-checkzone"), reason="BIND's tools are not installed here")
@pytest.mark.parametrize("seed", range(5))
def test_bind_takes_every_zone(seed):
    params = find("dns").params(seed)
    for zone, text in ((".", zones.root_zone(params)), (params["tld"], zones.tld_zone(params)),
                       (params["domain"], zones.domain_zone(params)),
                       (params["other_domain"], zones.other_zone(params))):
        done = subprocess.run(["named-checkzone", "-i", "local", zone, "-"], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout
