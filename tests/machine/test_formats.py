"""What commands print of real runs is what the schema says."""

import json

import jsonschema
import pytest

from .conftest import PACKAGE, make_lab

SCHEMA = json.loads((PACKAGE / "report/schema/output.json").read_text())
MUTANTS = """
from mnlab.checks import mutant
@mutant.work("it is another program")
def other(work, params):
    work.write("p.py", "raise SystemExit(1)")
"""


@pytest.mark.parametrize("arguments, kind", [(["run", "probe"], "results"), (["check", "probe", "--work", "mine"], "results"),
                                             (["check", "probe", "--submission", "mine", "--only-points"], "results"),
                                             (["check", "probe", "--submission", "empty"], "results"),
                                             (["verify", "probe"], "verify")])
def test_a_real_run(cli, tmp_path, arguments, kind):
    lab = make_lab(tmp_path, 'rec.student("probe", h1, ["python3", "p.py"])')
    (lab.solution / "p.py").write_text("print(1)\n")
    lab.starter.mkdir()
    (lab.starter / "p.py").write_text("raise SystemExit(2)\n")
    (lab.mutants).write_text(MUTANTS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine/p.py").write_text("raise SystemExit('broken')\n")
    cli.labs = tmp_path
    done = cli(*arguments, "--json")
    assert "Traceback" not in done.stderr and done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}).validate(told)
    if kind == "results":
        [check] = told["labs"][0]["checks"]
        assert bool(check["seen"]) == (arguments[0] == "check") == (check["status"] == "failed")
    else:
        assert told["labs"][0]["mutants"] == {"other": ["check_probe"]}
