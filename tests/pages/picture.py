"""The README's picture: a run's network and ladder, with a frame taken apart. python tests/pages/picture.py RUN PNG"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from mnlab.cli.report import CHROMIUM


def take(run: Path, picture: Path) -> None:
    with sync_playwright() as driver:
        program = next(filter(None, map(shutil.which, CHROMIUM)))
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 860})
        page.goto((run / "report.html").resolve().as_uri())
        page.locator(".ladder a[href]").nth(1).click()
        page.locator("#frame tr", has_text="sender MAC").hover()
        page.locator('nav a[href="#topology"]').evaluate("link => link.click()")
        page.wait_for_function("Math.abs(document.getElementById('topology').getBoundingClientRect().top) < 80")
        page.screenshot(path=str(picture))
        browser.close()


if __name__ == "__main__":
    take(*map(Path, sys.argv[1:3]))
