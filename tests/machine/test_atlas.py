"""The atlas of a lab on the two machines that differ in their kernel alone."""

import json


def test_the_atlas_tells_what_differs_and_writes_the_page(cli):
    done = cli("atlas", "handshake", "--machines", "debian13,latest", "--json", "-q", "--out", cli.folder / "page.md")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert set(told["images"]) == {"debian13", "latest"} and len(set(told["images"].values())) == 2
    claims = {row["claim"]: row["machines"] for row in told["claims"]}
    assert claims["HSK-1"] == {"debian13": "holds", "latest": "holds"}
    kernels = [survey["versions"]["Linux"] for survey in told["surveys"].values()]
    assert "Debian 6.12" in kernels[0] and "Debian 6.12" not in kernels[1]
    # Documentation/networking/ip-sysctl.rst of Linux 6.14 has the second, and neither has what nobody wrote.
    assert [survey["defaults"].get("net.ipv4.tcp_tw_reuse_delay") for survey in told["surveys"].values()] == [None, "1000"]
    page = (cli.folder / "page.md").read_text()
    assert "| `net.ipv4.tcp_tw_reuse_delay` | (there is none) | 1000 |" in page
    assert all(f"`{digest[:12]}`" in page for digest in told["images"].values())
