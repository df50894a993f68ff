"""The same work is not run twice: after a change to the answers alone, the evidence of before is graded again."""

import json
import secrets
import shutil

from .conftest import make_lab

CHECKS = '''
from mnlab.checks import points, same
@points(1)
def check_answer(evidence, answers):
    """The number that the run shows."""
    same(answers.text("said"), evidence.command("said").stdout.strip(), "said")
'''


def test_changed_answers_start_no_machine_and_changed_work_does(cli, tmp_path):
    lab = make_lab(tmp_path, 'rec.student("said", h1, ["cat", "word"])')
    lab.checks.write_text(CHECKS)
    starts = tmp_path / "starts"
    wrapper = tmp_path / "bin/qemu-system-x86_64"
    wrapper.parent.mkdir()
    real = shutil.which("qemu-system-x86_64")
    wrapper.write_text(f"#!/bin/sh\ncase $1 in --version) ;; *) echo >>{starts} ;; esac\nexec {real} \"$@\"\n")
    wrapper.chmod(0o755)
    cli.labs, cli.environment = tmp_path, {"PATH": f"{wrapper.parent}:/usr/sbin:/usr/bin:/sbin:/bin"}
    work = tmp_path / "work/probe"
    work.mkdir(parents=True)
    (work / "variant.toml").write_text('lab = "probe"\nseed = 1\n')

    def check(word: str, answer: str, *options: str):
        (work / "word").write_text(word)
        (work / "answers.toml").write_text(f'said = "{answer}"\n')
        starts.write_text("")
        done = cli("check", "probe", "--json", *options)
        [result] = json.loads(done.stdout)["labs"]
        return result["points"], len(starts.read_text()) > 0, result["evidence_sha256"]

    one, two = secrets.token_hex(4), secrets.token_hex(4)  # the cache may know all that was tried here before
    points, ran, digest = check(one, two, "--fresh")
    assert (points, ran) == (0, True)
    assert check(one, two)[:2] == (0, True)  # --fresh has left nothing to be found
    assert check(one, one) == (1, False, digest)
    points, ran, other = check(two, two)
    assert (points, ran) == (1, True) and other != digest
    assert check(two, two, "--fresh") == (1, True, other)
