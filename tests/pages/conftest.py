"""Pages of runs in a real browser: Debian's Chromium, driven by Playwright. `mnlab test pages`."""

import shutil
import subprocess
import tarfile

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.session import reference_answers
from mnlab.cli.report import CHROMIUM
from mnlab.evidence.run import Run
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.machine.remembered import Remembering
from mnlab.machine.vm import VirtualMachine
from mnlab.report.page.page import write

AXE = "axe-core@4.11.0"
WIDTHS = (360, 1024, 1920)
#: What a page notes of its own loading: tasks that kept it from answering, in ms (W3C Long Tasks: over 50).
LONG_TASKS = """window.tasks = []; new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(
one => one.duration))).observe({ type: "longtask", buffered: true });"""


@pytest.fixture(scope="session")
def browser():
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no Chromium here to show pages: sudo apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """opened(path, width, scheme): a page of this file, that must ask nobody anything and complain of nothing."""
    complaints, contexts = [], []

    def open_page(path, width=1024, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url.split("#")[0] == path.as_uri() or complaints.append(request.url))
        page.add_init_script(LONG_TASKS)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """page_of(lab, answered): the path of report.html of the solution's run with seed 1, made once; without answers its
    answers fail."""
    made, machine = {}, Remembering(VirtualMachine())

    def run_of(name):
        if name not in made:
            lab, folder = labs.find(name), tmp_path_factory.mktemp(name)
            work = folder / "work"
            work.mkdir()
            workfolder.copy(lab.solution, work, lab.params(1))
            made[name] = labrun.run(lab, machine, work, 1, folder / "run")
        return made[name]

    def page(name, answered=True):
        run, lab = run_of(name), labs.find(name)
        if answered:
            return write(lab, run, grade(lab, run, reference_answers(lab, run)))
        copy = Run(shutil.copytree(run.folder, tmp_path_factory.mktemp(name) / "run"))
        return write(lab, copy, grade(lab, copy, Answers({})))

    return page


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The text of axe-core, which finds what people cannot use, from its npm package."""
    if shutil.which("npm") is None:
        pytest.skip("axe-core is an npm package: sudo apt install npm")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"npm cannot fetch {AXE}: {done.stderr.strip()[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()
