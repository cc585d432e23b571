"""What becomes of the tests in a browser where there is none, and that the harness sees what it promises to see."""

import pytest

from tests.browser.conftest import NEEDED, find_barriers, find_chromium, watched
from tests.needs import require


@pytest.mark.parametrize(("demanded", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_browser_is_a_named_skip_and_a_failure_where_it_is_demanded(demanded, outcome, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("NOTHING_SKIPPED", demanded)
    with pytest.raises(outcome, match=NEEDED):
        require(find_chromium(), NEEDED)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('<img src="https://example.org/a.png" alt="">', "asked for https://example.org/a.png"),
        ('<img src="absent.png" alt="">', "not found: file://"),
        ("<script>console.warn('odd')</script>", "warning on the console: odd"),
        ("<script>nothing()</script>", "error of a script: nothing is not defined"),
    ],
)
def test_a_page_that_asks_or_fails_fails_the_test_that_visits_it(body, told, browser, tmp_path):
    (tmp_path / "index.html").write_text(f"<!DOCTYPE html><title>A page</title>{body}", encoding="utf-8")
    with pytest.raises(AssertionError, match=told), watched(browser, tmp_path) as visit:
        visit().wait_for_load_state("networkidle")


def test_axe_tells_a_barrier_by_its_rule_and_place(browser, tmp_path):
    pale = '<p style="color: #bbb; background: #fff">hardly seen</p><svg role="img"></svg>'
    page = f'<!DOCTYPE html><html lang="en"><title>A page</title>{pale}'
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    with watched(browser, tmp_path) as visit:
        rules = {barrier.partition(" ")[0]: barrier for barrier in find_barriers(visit())}
    assert set(rules) == {"color-contrast", "svg-img-alt"}
    assert "1.9" in rules["color-contrast"]
