"""Every number opens what it comes from: by its address, by a click, by touch, from the search and from a curve."""

from urllib.parse import quote

import pandas as pd
import pytest

from tests.browser.conftest import BUILT, PHONE, SHOWN, find_barriers, watched

NUMBER = "table_3_2/employment_exit/long_wait/estimate"
BELOW = "table_3_2/employment_exit/long_wait/se"
POINT = "figure_3_3/all/sickness_benefit/45"
FIGURE = "#figure_3_3"
AXES = f"{FIGURE} .axes"
EVERY = 7  # the numbers of which one is told to the page: fits no count of columns, and all of them take long

# Each address in turn: the page hears of it, and what the panel says is kept. By the anchor it is set as a reader sets
# it, which asks the browser each time; without, the page is only told another address than that of its anchor.
OPEN = """([addresses, isByAnchor]) => {
  const read = decodeURIComponent;
  const told = addresses.map(address => {
    if (isByAnchor) history.replaceState(null, "", "#" + encodeURI(address));
    else window.decodeURIComponent = () => address;
    window.dispatchEvent(new HashChangeEvent("hashchange"));
    const panel = document.getElementById("panel");
    const title = document.getElementById("panel-title"), sentence = document.getElementById("panel-sentence");
    return panel.open ? [panel.dataset.address, panel.querySelector(".copyable code").textContent,
      title.firstChild.textContent, sentence.textContent.length,
      panel.querySelectorAll("dl .shown").length] : null;
  });
  window.decodeURIComponent = read;
  return told;
}"""


STOPS = """[...document.querySelectorAll("table")].map(
  table => table.querySelectorAll("td a:not([tabindex='-1'])").length)"""


def link(address):
    return f"td a[href='#{address}']"


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('href')")


def panel(page):
    """The address and the number of the panel that is open; None if none is."""
    return page.evaluate(
        "panel.open ? [panel.dataset.address, document.getElementById('panel-title').firstChild.textContent] : null"
    )


@pytest.fixture(scope="module")
def opened(browser):
    """The page once, for tests that leave it as any of them may find it."""
    with watched(browser, BUILT) as open_page:
        yield open_page()


@pytest.fixture
def page(opened):
    """The page with no panel open."""
    opened.evaluate("panel.close(); history.replaceState(null, '', location.pathname)")
    return opened


@pytest.fixture(scope="module")
def texts():
    shown = pd.read_parquet(SHOWN, columns=["cell_id", "text"])
    return dict(zip(shown["cell_id"], shown["text"], strict=True))


@pytest.fixture(scope="module")
def missing():
    """The addresses at which no number stands, so that a panel has none to set off."""
    shown = pd.read_parquet(SHOWN, columns=["cell_id", "value"])
    return set(shown.loc[shown["value"].isna(), "cell_id"])


def one_of_each_kind():
    """Of each exhibit and statistic an address, and every address that an anchor writes otherwise than it is."""
    shown = pd.read_parquet(SHOWN, columns=["cell_id", "exhibit", "statistic"])
    kinds = shown.drop_duplicates(["exhibit", "statistic"])["cell_id"]
    return list({*kinds, *(address for address in shown["cell_id"] if quote(address) != address)})


@pytest.mark.parametrize("is_by_anchor", [True, False], ids=["by its anchor", "told"])
def test_every_address_opens_a_panel_with_its_number(page, texts, missing, is_by_anchor):
    asked = one_of_each_kind() if is_by_anchor else list(texts)[::EVERY]
    told = page.evaluate(OPEN, [asked, is_by_anchor])
    assert [row[:3] for row in told] == [[address, address, texts[address]] for address in asked]
    assert min(row[3] for row in told) > 20
    assert {row[4] for row in told if row[0] not in missing} == {1}
    assert len(asked) > 100
    assert len(missing) < len(texts) / 100


def test_a_page_opened_at_an_address_shows_its_panel(visit, texts):
    page = visit(f"index.html#{POINT}")
    assert panel(page) == [POINT, texts[POINT]]
    page.keyboard.press("Escape")
    assert panel(page) is None
    assert page.evaluate("location.hash") == ""


def test_a_click_opens_and_escape_gives_the_focus_back(page, texts):
    page.click(link(NUMBER))
    page.wait_for_function("panel.open")
    assert panel(page) == [NUMBER, texts[NUMBER]]
    assert page.evaluate("document.activeElement.id") == "panel-title"
    page.keyboard.press("Escape")
    page.wait_for_function(f"document.activeElement.getAttribute('href') === '#{NUMBER}'")
    assert panel(page) is None
    assert page.evaluate("location.hash") == ""
    page.keyboard.press("Enter")
    page.wait_for_function("panel.open")
    page.go_back()
    page.wait_for_function("!panel.open")


def test_a_table_is_one_stop_of_the_tab_key_and_arrows_go_through_it(page):
    page.focus(f"{link(NUMBER)}")
    page.keyboard.press("ArrowDown")
    assert focused(page) == f"#{BELOW}"
    page.keyboard.press("ArrowLeft")
    assert focused(page) == f"#{BELOW}".replace("long", "short")
    stops = page.evaluate(STOPS)
    assert set(stops) <= {0, 1}
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('#table_3_2 td a')")


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        (POINT, POINT),
        (f"index.html#{POINT}", POINT),
        ("sickness benefit 45 long wait", "figure_3_6/long_wait/sickness_benefit/45"),
    ],
)
def test_the_search_takes_an_address_or_words(page, asked, first):
    page.fill("#find", asked)
    assert page.get_attribute("#found a", "href") == f"#{first}"
    page.press("#find", "ArrowDown")
    assert focused(page) == f"#{first}"
    page.press("#found a", "ArrowUp")
    page.press("#find", "Enter")
    page.wait_for_function("panel.open")
    assert panel(page)[0] == first


def test_a_search_that_finds_nothing_says_so(page):
    page.fill("#find", "no such number anywhere")
    assert page.text_content("#found-count") == "Nothing found"


def test_arrow_keys_tell_the_points_of_a_curve_and_enter_opens_one(page, texts):
    page.focus(AXES)
    page.keyboard.press("Home")
    for _ in range(44):
        page.keyboard.press("ArrowRight")
    said = page.get_attribute(AXES, "aria-valuetext")
    low, high = (texts[f"{POINT}/{end}"] for end in ("ci_low", "ci_high"))
    assert said.startswith(f"week 45: {texts[POINT]} ({low} to {high}), n = ")
    page.keyboard.press("Enter")
    page.wait_for_function("panel.open")
    assert panel(page) == [POINT, texts[POINT]]


def test_up_and_down_go_from_curve_to_curve(page, texts):
    axes = "#figure_3_1 .axes >> nth=0"
    page.focus(axes)
    before = page.get_attribute(axes, "aria-valuetext")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute(axes, "aria-valuetext") != before
    assert texts["figure_3_1/all/employment_exit/81/control"] in page.get_attribute(axes, "aria-valuetext")


def scrolled_to(page, place):
    """Where a part is on the page that was scrolled to it, once what came near on the way has been laid out."""
    found = None
    while found != (found := page.locator(place).bounding_box()):
        page.locator(place).scroll_into_view_if_needed()
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return found


def test_the_pointer_tells_the_nearest_point_and_lies_on_the_curve(page, texts):
    box = scrolled_to(page, AXES)
    page.mouse.move(box["x"] + box["width"] * 45 / 81, box["y"] + box["height"] / 2)
    page.locator(f"{FIGURE} .point").wait_for(timeout=3000)
    assert texts[POINT] in page.text_content(f"{FIGURE} .readout")
    mark = page.locator(f"{FIGURE} .point").bounding_box()
    assert abs(mark["x"] + mark["width"] / 2 - box["x"] - box["width"] * 45 / 81) < 2
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("panel.open")
    assert panel(page)[0] == POINT


def test_a_finger_reads_a_curve_and_opens_its_point(visit):
    page = visit(width=PHONE)
    page.locator(AXES).scroll_into_view_if_needed()
    page.locator(AXES).tap()
    assert panel(page) is None
    page.locator(f"{FIGURE} .readout a").tap()
    page.wait_for_function("panel.open")
    assert panel(page)[0].startswith("figure_3_3/all/sickness_benefit/")


def test_a_number_written_in_a_picture_opens(page, texts):
    page.locator("[id='figure_2_2-figure_2_2/treated/no_baseline']").click()
    page.wait_for_function("panel.open")
    assert panel(page) == ["figure_2_2/treated/no_baseline", texts["figure_2_2/treated/no_baseline"]]


def test_a_panel_can_be_read_aloud(visit):
    page = visit(f"index.html#{POINT}")
    page.evaluate("document.querySelectorAll('#panel details').forEach(part => { part.open = true; })")
    page.evaluate(
        "document.querySelector('main').remove()"
    )  # the rules look through all of the page, whatever they tell
    assert find_barriers(page, within="'#panel'") == []


def test_without_scripts_a_number_still_has_its_address(visit, texts):
    page = visit(java_script_enabled=False)
    assert page.locator(f"data[title='{NUMBER}']").first.text_content() == texts[NUMBER]
    assert not page.locator("#find").is_visible()


def test_a_number_of_the_page_of_claims_opens_its_panel_on_the_report(visit):
    page = visit("robust.html")
    page.locator("#robust data a[href*='/ri_p']").first.click()
    page.wait_for_selector("#panel[open]")
    assert "/index.html#table_7_1/" in page.url
    assert page.locator("#panel dl.resampled .shown").count() == 1
