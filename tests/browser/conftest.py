"""The built pages in a real browser: Debian's Chromium, which nothing downloads, driven by Playwright.

`visit` opens a page that make all built and hands over Playwright's page. What goes wrong on the way, a message on the
console, an error of a script or a request for anything but a file of the project, fails the test that visited.
Where there is no Chromium the tests are skipped by name; in .ci/run its absence is a failure.
"""

import re
import shutil
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from tests.needs import require

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
NEEDED = "needs Chromium: apt-get install chromium"
BUILT = Path("reports/twin").resolve()  # like other tests of built files: make test builds it before
SHOWN = Path("data_derived/twin/shown.parquet").resolve()  # every number of the page
ELSEWHERE = re.compile(r"^(?!file:|data:)")
WIDE, MIDDLE, PHONE = 1440, 1024, 390
SERIOUS = ("serious", "critical")


def find_chromium():
    """The path of an installed Chromium; None if there is none."""
    return next(filter(None, map(shutil.which, EXECUTABLES)), None)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests of a process."""
    chromium = find_chromium()
    require(chromium, NEEDED)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser):
    """`watched` over what make all built."""
    with watched(browser, BUILT) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def kept(browser):
    """`watched` over what make all built, with each page opened once for all tests of a file."""
    with watched(browser, BUILT) as open_page:
        yield cache(open_page)


@contextmanager
def watched(browser, folder):
    """A function that opens a page; at the end nothing may have been logged, have failed or have been asked for.

    name: the page in `folder`, with an anchor or not. width: of the window, in CSS pixels. scheme: light or dark.
    media: screen or print. whole: laid out to its end, as by a reader who has been there. The rest goes to Playwright's
    new_context, as java_script_enabled.
    """
    contexts, wrong = [], []

    def open_page(name="index.html", width=WIDE, scheme="light", media="screen", whole=False, **given):
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, has_touch=width == PHONE, **given)
        contexts.append(context)
        context.route(ELSEWHERE, lambda route: (wrong.append(f"asked for {route.request.url}"), route.abort()))
        page = context.new_page()
        page.on("console", lambda said: wrong.append(f"{said.type} on the console: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error of a script: {error}"))
        page.on("requestfailed", lambda request: wrong.append(f"not found: {request.url}"))
        page.emulate_media(media=media)
        path, _, anchor = name.partition("#")
        page.goto((folder / path).as_uri() + (f"#{anchor}" if anchor else ""))
        if whole:
            page.add_style_tag(content=".exhibit { content-visibility: visible !important; }")
            page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert wrong == []


@cache
def _axe():
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def find_barriers(page, impacts=SERIOUS, within="document"):
    """What axe-core finds that is serious or critical: rule, first element, how many, and what it says of the first.

    within: what it looks at, as JavaScript.

    The rows of a table are alike and a picture is one thing to read: all but two rows of each part and what is in the
    pictures is taken off the page first, for axe-core walks everything and would take ten times as long.
    """
    page.evaluate(
        "document.querySelectorAll('tbody tr:nth-child(n+3), svg[role=img] > *').forEach(part => part.remove())"
    )
    page.evaluate(_axe())
    found = page.evaluate(f"axe.run({within}, {{resultTypes: ['violations']}}).then(results => results.violations)")
    return [
        f"{rule['id']} at {rule['nodes'][0]['target']} ({len(rule['nodes'])}): {rule['nodes'][0]['failureSummary']}"
        for rule in found
        if rule["impact"] in impacts
    ]
