"""What platforms are told: in their formats, within their limits, and nothing that would cost a point that work did not
lose."""

import http.server
import json
import shutil
import subprocess
import tarfile
import threading
import zipfile
from dataclasses import replace

import jsonschema
import pytest
import yaml

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, LabResult
from mnlab.cli.options import reports
from mnlab.course import course as courses
from mnlab.lab import portable
from mnlab.lab.lab import ROOT, all_labs, find
from mnlab.report.platforms import boxes
from mnlab.report.platforms.formats import FORMATS, LIMIT, Report

#: What "Autograder Specifications" of Gradescope and "External Grading" of PrairieLearn say, as schemas.
VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}
GRADESCOPE = {
    "type": "object", "required": ["tests"], "additionalProperties": False,
    "properties": {
        "score": {"type": "number"}, "execution_time": {"type": "number"}, "output": {"type": "string"},
        "visibility": VISIBILITY, "stdout_visibility": VISIBILITY, "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": {
            "type": "object", "required": ["score", "name"], "additionalProperties": False,
            "properties": {"score": {"type": "number"}, "max_score": {"type": "number"}, "name": {"type": "string"},
                           "status": {"enum": ["passed", "failed"]}, "number": {"type": "string"}, "output": {"type": "string"},
                           "tags": {"type": "array"}, "visibility": VISIBILITY, "extra_data": {"type": "object"}}}}}}
PRAIRIELEARN = {
    "type": "object", "required": ["gradable"], "additionalProperties": False,
    "properties": {
        "gradable": {"type": "boolean"}, "score": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"},
        "output": {"type": "string"}, "format_errors": {"type": "array", "items": {"type": "string"}},
        "tests": {"type": "array", "items": {
            "type": "object", "additionalProperties": False,
            "properties": {"name": {"type": "string"}, "description": {"type": "string"}, "points": {"type": "number"},
                           "max_points": {"type": "number"}, "message": {"type": "string"}, "output": {"type": "string"}}}}},
    "if": {"properties": {"gradable": {"const": True}}}, "then": {"required": ["score"]}}


@pytest.fixture
def graded(check):
    """A lab with a check that passed, one that failed, one that is not applicable, and an observation."""
    failed = replace(check("check_b", FAILED, most=3, title="Two\nlines of \x1b[31mred\x1b[0m.",
                           message="seen:     \x1b[2J</pre>''\n{\"scores\": {\"arp\": 99}}\nEOF\n\x00 ::"), hint="Look again.")
    seen = replace(check("check_s", FAILED, most=0, message="nobody answered"), observation=True)
    return LabResult("arp", 7, (check("check_a"), failed, check("check_n", NOT_APPLICABLE, most=0, message="RACK"), seen),
                     work="student", seconds=1.6, evidence_sha256="ab")


@pytest.fixture
def unclear(check):
    return LabResult("dns", 1, (check("check_a"), check("check_c", INCONCLUSIVE, message="BIND died")), reason="BIND died")


def harmless(text: str) -> bool:
    return not set(text) & {chr(number) for number in (*range(9), *range(11, 32), 127)}


@pytest.fixture
def obeyed(tmp_path):
    """obeyed(script): the commands that INGInious' container would be given: [(name, arguments, standard input)]."""
    def run(script: str):
        for name in ("feedback-result", "feedback-grade", "feedback-msg"):
            (tmp_path / name).write_text(f'#!/bin/sh\nprintf "%s|%s|" {name} "$*" >>{tmp_path}/told\n'
                                         f"{'cat' if name == 'feedback-msg' else ':'} >>{tmp_path}/told; printf '\\0' >>{tmp_path}/told\n")
            (tmp_path / name).chmod(0o755)
        subprocess.run(["sh", "-c", script], check=True, cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        return [tuple(part.split("|", 2)) for part in (tmp_path / "told").read_text().split("\0")[:-1]]
    return run


def test_gradescope(graded):
    told = json.loads(FORMATS["gradescope"]([graded], "after_due_date"))
    jsonschema.validate(told, GRADESCOPE)
    assert [(test["name"], test["score"], test["max_score"], test.get("status")) for test in told["tests"]] == [
        ("What check_a says.", 2, 2, "passed"), ("Two lines of red.", 0, 3, "failed"), ("What check_n says.", 0, 0, None)]
    assert told["visibility"] == "after_due_date" and told["stdout_visibility"] == "hidden"
    assert told["extra_data"]["labs"][0]["seed"] == 7 and told["execution_time"] == 2
    assert all(harmless(test["name"] + test["output"]) for test in told["tests"])


def test_autolab_reads_the_last_line_and_a_student_cannot_write_it(graded):
    lines = FORMATS["autolab"]([graded, replace(graded, lab="dns")], "visible").splitlines()
    assert json.loads(lines[-1]) == {"scores": {"arp": 2, "dns": 2}}
    assert harmless("".join(lines)) and "    {\"scores\": {\"arp\": 99}}" in lines


def test_prairielearn(graded):
    told = json.loads(FORMATS["prairielearn"]([graded], "visible"))
    jsonschema.validate(told, PRAIRIELEARN)
    assert told["score"] == 2 / 5 and told["tests"][1]["message"] == "Look again." and harmless(told["tests"][1]["output"])


def test_inginious(graded, obeyed):
    result, grade, message = obeyed(FORMATS["inginious"]([graded], "visible"))
    assert result == ("feedback-result", "failed", "") and grade == ("feedback-grade", "40.00", "")
    assert message[0] == "feedback-msg" and message[2].startswith("::\n\n    [2/2] passed: What check_a says.\n")
    assert "</pre>''" in message[2] and harmless(message[2]) and all(
        line.startswith("    ") for line in message[2].splitlines()[2:])


def test_inginious_of_what_passed(check, obeyed):
    result, grade, _ = obeyed(FORMATS["inginious"]([LabResult("arp", 1, (check("check_a"),))], "visible"))
    assert (result[1], grade[1]) == ("success", "100.00")


def test_inconclusive_work_has_no_score_anywhere(graded, unclear, obeyed, tmp_path):
    both = [graded, unclear]
    (tmp_path / "results.json").write_text("of before")
    assert not Report("gradescope", tmp_path / "results.json").write(both) and not (tmp_path / "results.json").exists()
    lines = FORMATS["autolab"](both, "visible").splitlines()
    assert "scores" not in lines[-1] and "dns: BIND died" in lines
    told = json.loads(FORMATS["prairielearn"](both, "visible"))
    jsonschema.validate(told, PRAIRIELEARN)
    assert told["gradable"] is False and "score" not in told and "BIND died" in "".join(told["format_errors"])
    commands = obeyed(FORMATS["inginious"](both, "visible"))
    assert [command[:2] for command in commands] == [("feedback-result", "crash"), ("feedback-msg", "")]


def test_nothing_that_is_asked_for_is_full_marks(check, obeyed):
    beyond = [LabResult("arp", 1, (check("check_n", NOT_APPLICABLE, most=0),))]
    assert json.loads(FORMATS["prairielearn"](beyond, "visible"))["score"] == 1
    assert obeyed(FORMATS["inginious"](beyond, "visible"))[1][1] == "100.00"


@pytest.mark.parametrize("platform", FORMATS)
def test_however_much_was_printed_the_limit_holds(platform, check):
    loud = [LabResult("arp", 1, tuple(check(f"check_{number}", FAILED, message="\U0001f600" * 5000) for number in range(300)))]
    assert len(FORMATS[platform](loud, "visible").encode()) <= LIMIT


def test_markdown_shows_markup_as_text(graded):
    text = FORMATS["markdown"]([replace(graded, checks=(replace(graded.checks[1], title="<b>|x|`"),))], "visible")
    assert r"\<b\>\|x\|\`" in text and harmless(text)


# --- boxes ---

BUNDLE = b"a bundle"


@pytest.fixture
def box(tmp_path):
    (tmp_path / "mnlab.tar.gz").write_bytes(BUNDLE)
    return boxes.Box([find("arp"), find("dns")], tmp_path / "mnlab.tar.gz")


def whole(text: str) -> bool:
    """Nothing is left to fill in, GitHub's own ${{ secrets... }} apart."""
    return "{{" not in text.replace("${{ ", "")


def test_gradescopes_zip_has_its_files_at_the_root(box, tmp_path):
    [out] = boxes.gradescope(replace(box, visibility="hidden"), tmp_path / "autograder.zip")
    with zipfile.ZipFile(out) as archive:
        assert sorted(archive.namelist()) == ["mnlab.sh", "mnlab.tar.gz", "run_autograder", "setup.sh"]
        assert archive.getinfo("run_autograder").external_attr >> 16 == 0o100755 and archive.read("mnlab.tar.gz") == BUNDLE
        script = archive.read("mnlab.sh").decode()
    assert 'labs="arp dns"' in script and 'visibility="hidden"' in script and whole(script)


def test_with_a_url_the_bundle_is_not_packed(box, tmp_path):
    away = replace(box, url="https://example.org/mnlab.tar.gz")
    boxes.gradescope(away, tmp_path / "autograder.zip")
    assert "mnlab.tar.gz" not in zipfile.ZipFile(tmp_path / "autograder.zip").namelist()
    made = [*boxes.prairielearn(away, tmp_path / "p"), *boxes.inginious(away, tmp_path / "i")]
    assert not [path for path in made if path.name == "mnlab.tar.gz"]
    assert json.loads((tmp_path / "p/questions/mnlab_arp/info.json").read_text())["externalGradingOptions"]["enableNetworking"]


def test_autolab_has_its_two_files(box, tmp_path):
    boxes.autolab(box, tmp_path / "lab")
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == ["autograde-Makefile", "autograde.tar"]
    with tarfile.open(tmp_path / "lab/autograde.tar") as archive:
        assert sorted(archive.getnames()) == ["mnlab.sh", "mnlab.tar.gz"]
    assert whole((tmp_path / "lab/autograde-Makefile").read_text())


def test_a_question_and_a_task_for_each_lab(box, tmp_path):
    every = replace(box, labs=all_labs(), url="https://example.org/x")
    for path in [*boxes.prairielearn(every, tmp_path / "p"), *boxes.inginious(every, tmp_path / "i")]:
        assert whole(path.read_text()), path
    for lab in every.labs:
        info = json.loads((tmp_path / f"p/questions/mnlab_{lab.name}/info.json").read_text())
        server = info["externalGradingOptions"]["serverFilesCourse"][0]
        assert info["title"] == lab.title and (tmp_path / "p/serverFilesCourse" / server / "mnlab.sh").is_file()
        task = yaml.safe_load((tmp_path / f"i/mnlab_{lab.name}/task.yaml").read_text())
        assert task["name"] == lab.title and task["problems"]["work"]["type"] == "file"
        assert f'labs="{lab.name}"' in (tmp_path / f"i/mnlab_{lab.name}/mnlab.sh").read_text()
    assert "resolver.py" in (tmp_path / "p/questions/mnlab_arp/question.html").read_text()


@pytest.mark.parametrize("write, name, jobs", [(boxes.github, ".github/workflows/mnlab.yml", "jobs"),
                                               (boxes.gitlab, ".gitlab-ci.yml", "mnlab")])
def test_workflows_are_yaml_and_whole(box, tmp_path, write, name, jobs):
    [path] = write(replace(box, url="https://example.org/mnlab.tar.gz"), tmp_path)
    assert path == tmp_path / name and whole(path.read_text())
    said = yaml.safe_load(path.read_text())
    assert jobs in said and "check arp dns" in str(said[jobs]) and "junit.xml" in str(said[jobs])
    assert "markdown:" in str(said[jobs]) and "https://example.org/mnlab.tar.gz" in str(said[jobs])


def test_the_script_refuses_a_bundle_that_is_another(box, tmp_path):
    boxes.inginious(box, tmp_path / "i")
    task = tmp_path / "i/mnlab_arp"
    (task / "mnlab.tar.gz").write_bytes(b"another")
    done = subprocess.run(["sh", task / "mnlab.sh", "unpack"], env={"MNLAB_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
                          capture_output=True, text=True)
    assert done.returncode != 0 and "FAILED" in done.stdout + done.stderr and not (tmp_path / "home/mnlab").exists()


def a_bundle(folder, script):
    """mnlab.tar.gz with nothing but a command, which is this script."""
    (folder / "mnlab/bin").mkdir(parents=True)
    (folder / "mnlab/bin/mnlab").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mnlab/bin/mnlab").chmod(0o755)
    with tarfile.open(folder / "mnlab.tar.gz", "w:gz") as archive:
        archive.add(folder / "mnlab", "mnlab")
    return folder / "mnlab.tar.gz"


def called(script, tmp_path, *arguments, **environment):
    return subprocess.run(["sh", script, *arguments], capture_output=True, text=True,
                          env={"MNLAB_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), **environment})


def test_what_takes_too_long_is_stopped_before_the_platform_does_and_has_no_result(box, tmp_path):
    made = replace(box, bundle=a_bundle(tmp_path / "made", 'echo "[]" >"$TMPDIR/begun"; exec sleep 600'))
    boxes.inginious(made, tmp_path / "i")
    script, result = tmp_path / "i/mnlab_arp/mnlab.sh", tmp_path / "results.json"
    done = called(script, tmp_path, "grade", str(tmp_path), "gradescope", str(result), MNLAB_TIME="0.5")
    assert done.returncode == 3 and not result.exists() and (tmp_path / "begun").exists()
    assert "stopped after 0.5 s" in done.stderr and "there is no result (status 124)" in done.stderr


@pytest.mark.skipif(not (shutil.which("curl") or shutil.which("wget")), reason="there is no curl and no wget")
def test_a_bundle_elsewhere_is_fetched_once_and_compared(box, tmp_path):
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bundle.read_bytes())

        def log_message(self, *words):
            pass

    bundle = a_bundle(tmp_path / "made", "exit 0")
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        boxes.inginious(replace(box, bundle=bundle, url=f"http://127.0.0.1:{server.server_port}/b.tgz"), tmp_path / "i")
        script = tmp_path / "i/mnlab_arp/mnlab.sh"
        for _ in range(2):
            assert called(script, tmp_path, "unpack").returncode == 0
        assert asked == ["/b.tgz"] and (tmp_path / "home/mnlab/bin/mnlab").is_file()
        shutil.rmtree(tmp_path / "home")
        bundle.write_bytes(bundle.read_bytes() + b"x")
        assert called(script, tmp_path, "unpack").returncode != 0 and not (tmp_path / "home/mnlab").exists()
    finally:
        server.shutdown()
        server.server_close()


def test_the_current_folder_may_be_a_submission_and_has_no_say(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text('[gradescope]\nvisibility = "after_published"\n')
    monkeypatch.chdir(tmp_path)
    assert [report.visibility for report in reports(None, tmp_path / "x", None)] == ["visible"]
    assert [report.visibility for report in reports(None, tmp_path / "x", "hidden")] == ["hidden"]


def test_a_bundle_depends_on_what_the_project_does():
    wanted = portable.requirements()
    assert [line for line in wanted if line.startswith("scapy")] and not [line for line in wanted if line.startswith("ruff")]


def test_a_bundle_has_the_labs_and_no_solutions(tmp_path):
    portable._project(tmp_path / "mnlab", [find("arp")])
    names = {str(path.relative_to(tmp_path / "mnlab/data")) for path in (tmp_path / "mnlab/data").rglob("*") if path.is_file()}
    assert {"labs/link/arp/checks.py", "labs/link/arp/starter/answers.toml", "topologies/lan.py"} <= names
    assert not [name for name in names if "solution" in name or name.endswith("mutants.py") or "labs/" in name and "/arp/" not in name]
    done = subprocess.run([shutil.which("python3"), "-P", "-c", "import mnlab.report.platforms.boxes as b; print(b.TEMPLATES.is_dir())"],
                          env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
    assert ROOT != tmp_path


def test_a_course_says_when_checks_are_shown(tmp_path):
    courses.begin(tmp_path, "Networks", ["arp"])
    assert courses.read(tmp_path).visibility == "visible"
    with open(tmp_path / courses.ABOUT, "a") as file:
        file.write('\n[gradescope]\nvisibility = "after_due_date"\n')
    assert courses.read(tmp_path).visibility == "after_due_date"
    (tmp_path / courses.ABOUT).write_text('[gradescope]\nvisibility = "never"\n')
    with pytest.raises(courses.BadCourse, match="after_published"):
        courses.read(tmp_path)
