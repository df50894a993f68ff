"""The url lab's reference client resolves references as the examples of RFC 3986, section 5.4, want it."""

import pytest

from mnlab.lab.lab import ROOT, load

get = load(ROOT / "labs/application/url/solution/get.py")

BASE = "http://a/b/c/d;p?q"
EXAMPLES = {
    "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g/",
    "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y", "#s": "http://a/b/c/d;p?q", "g#s": "http://a/b/c/g",
    ";x": "http://a/b/c/;x", "": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/",
    "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../g": "http://a/g",
    "../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.",
    "..g": "http://a/b/c/..g", "./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h",
    "g/../h": "http://a/b/c/h", "g?y/../x": "http://a/b/c/g?y/../x", "http://x/y": "http://x/y",
}


@pytest.mark.parametrize("reference", EXAMPLES)
def test_a_reference_becomes_a_url(reference):
    url = get.Url.parse(BASE).resolve(get.Url.parse(reference))
    assert f"{url.scheme}://{url.place()[0]}{url.target()}" == EXAMPLES[reference]


@pytest.mark.parametrize("text, place", [
    ("http://h", ("h", 80)), ("http://H:/", ("h", 80)), ("http://h:8080?x", ("h", 8080)), ("HTTP://u:p@h/", ("h", 80)),
    ("http://[::1]:81/", ("[::1]", 81))])
def test_host_and_port(text, place):
    assert get.Url.parse(text).place() == place


@pytest.mark.parametrize("text, status", [
    ("http://", 3), ("http:///x", 3), ("h", 3), ("//h/", 3), ("http://h:x/", 3), ("http://h:65536/", 3),
    ("http://h:0/", 3), ("http://h/ x", 3), ("http://h/%", 3), ("http://[::1/", 3), ("1http://h/", 3),
    ("https://h/", 1), ("mailto:a@b", 1)])
def test_what_is_no_http_url(text, status):
    with pytest.raises(get.Failed) as failure:
        get.Url.parse(text).place()
    assert failure.value.args[0] == status
