"""The browsers of the lab: w3m, and Chromium where the machine has it."""

import shutil

W3M = ("w3m", "-F", "-dump", "-cols", "100")  # load a page's frames; print it, as wide as it likes
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: Headless, as root, in a folder of its own, and without the calls home that would disturb the picture.
CHROMIUM_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-default-apps", "--disable-sync", "--disable-extensions",
                    "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--dump-dom")
PAGE_SECONDS = 60  # for one page, in real time


def w3m(rec, name, folder, url) -> None:
    """w3m loads a page with its frames and prints it."""
    rec.run(name, rec.net["client"], ["env", f"HOME={folder}", *W3M, url], check=False, timeout=PAGE_SECONDS)
    rec.wait(0.5)  # the last connection closes


def chromium(rec, name, folder, url) -> None:
    """Where there is a Chromium, it loads a page with all that belongs to it, and prints the document."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program:
        rec.progress("Chromium")
        rec.run(name, rec.net["client"], ["env", f"HOME={folder}", program, *CHROMIUM_OPTIONS,
                                          f"--user-data-dir={folder}/chromium", url], check=False, timeout=PAGE_SECONDS)
        rec.wait(0.5)
