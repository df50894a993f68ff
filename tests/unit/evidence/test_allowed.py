"""What a task allows, in words and by the names of files."""

from mnlab.evidence.allowed import Allowed


def test_a_handout_s_words():
    assert Allowed().words() == "Python's standard library; no other program"
    assert Allowed(programs=("named-compilezone", "python3")).words() == "Python's standard library; `named-compilezone`"
    assert Allowed(programs=("nginx",)).words() == "`nginx`"
    assert Allowed(packages=("ryu",), only={"ryu.app": ("wsgi",)}, without=("ssl", "urllib.parse:urljoin urlsplit")).words() == (
        "Python's standard library without `ssl`, `urljoin`, `urlsplit` of `urllib.parse`; `ryu` (of `ryu.app` only "
        "`wsgi`); no other program")


def test_a_package_is_its_code_what_pip_knows_of_it_and_what_it_takes():
    shows = Allowed(packages=("gunicorn", "cryptography")).shows_package
    assert all(map(shows, ("gunicorn", "gunicorn-20.1.0.egg-info", "pkg_resources", "cryptography-38.0.4.dist-info",
                           "_cffi_backend.cpython-311-x86_64-linux-gnu.so")))
    assert not any(map(shows, ("scapy", "gunicornish", "requests", "ryu", "six.py")))
    assert not Allowed().shows_package("scapy")
