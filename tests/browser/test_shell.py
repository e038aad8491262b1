"""What every page can do in a browser: keys, toasts, themes, rows, forms sent once, parts that stay fresh."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.django_db(transaction=True)
ANY_PAGE = "/accounts/password/change/"
SWAP_IN = "html => htmx.swap(document.querySelector('.page-content'), html, {swapStyle: 'innerHTML'})"


@pytest.fixture
def show(page_for: Callable[[Any], Page], rob: Any) -> Callable[[str], Page]:
    """Rob looks at a page whose content is this HTML.

    The page is loaded with interception on: Chromium turns it on for a page that is there already only some time after
    ``page.route`` came back, and what a key sends until then would reach the server.
    """

    def with_content(html: str) -> Page:
        page = page_for(rob)
        page.route("**/nothing-asks-for-this/", lambda route: route.abort())
        page.goto(ANY_PAGE)
        page.evaluate(SWAP_IN, html)
        return page

    return with_content


def answers(**answer: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(**answer)


def test_key_presses_its_button_but_never_inside_a_field(show):
    page = show(
        """<button id="accept" data-key="a">Accept</button><label>Comment<input name="comment" data-key="c"></label>"""
    )
    page.evaluate("() => { document.querySelector('#accept').onclick = event => { event.target.textContent += '!' } }")

    page.keyboard.press("a")
    page.keyboard.press("c")
    page.keyboard.type("aca?")

    expect(page.locator("#accept")).to_have_text("Accept!")
    expect(page.locator("[name=comment]")).to_have_value("aca?")


def test_question_mark_lists_the_keys_and_they_can_be_switched_off_for_good(show):
    page = show("""<button data-key="a">Accept <kbd>A</kbd></button>""")

    page.keyboard.press("?")
    expect(page.locator("#key-sheet dd").first).to_have_text("Accept")
    page.keyboard.press("Escape")
    page.locator(".shell-user > summary").click()
    page.locator(".shell-user [data-shortcuts-toggle]").click()
    page.goto(ANY_PAGE)
    page.keyboard.press("?")

    expect(page.locator("#key-sheet")).to_be_hidden()


def test_theme_is_chosen_once(show):
    page = show("")

    page.locator(".shell-user > summary").click()
    page.locator(".shell-user [data-theme-set=dark]").click()
    page.goto(ANY_PAGE)

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_toast_is_undone_with_z(show):
    page = show("""<button data-key="a" hx-post="/verdict/" hx-swap="none">Accept</button>""")
    said = '{"toast": {"text": "Accepted.", "level": "success", "undo_url": "/verdict/undo/"}}'
    page.route("**/verdict/", answers(status=204, headers={"HX-Trigger": said}))
    undone: list[str | None] = []
    page.route(
        "**/verdict/undo/",
        lambda route: (undone.append(route.request.header_value("X-CSRFToken")), route.fulfill(status=204)),
    )

    page.keyboard.press("a")
    expect(page.locator(".notice-text")).to_have_text("Accepted.")
    with page.expect_request("**/verdict/undo/"):
        page.keyboard.press("z")

    expect(page.locator(".notice")).to_have_count(0)
    assert len(undone) == 1
    assert undone[0]


def test_only_the_newest_toast_offers_the_key_and_what_was_merely_said_gives_way(show):
    page = show("""<button data-key="1" hx-post="/call/" hx-swap="none">Log</button>
        <button data-key="2" hx-post="/stage/" hx-swap="none">Qualify</button>
        <button data-key="3" hx-post="/deal/" hx-swap="none">Convert</button>""")
    for address, text, undo in (("call", "Logged.", "/1/"), ("stage", "Qualified.", ""), ("deal", "Converted.", "/3/")):
        said = f'{{"toast": {{"text": "{text}", "undo_url": "{undo}"}}}}'
        page.route(f"**/{address}/", answers(status=204, headers={"HX-Trigger": said}))

    for key, text in (("1", "Logged."), ("2", "Qualified."), ("3", "Converted.")):
        page.keyboard.press(key)
        expect(page.locator(".notice-text").last).to_have_text(text)

    expect(page.locator(".notice-text")).to_have_text(["Logged.", "Converted."])
    expect(page.locator(".notice [data-undo]")).to_have_text(["Undo", "UndoZ"])


def test_what_a_panel_said_is_undone_as_soon_as_it_closed(show):
    page = show("")
    page.route("**/undo/", answers(status=204))

    with page.expect_request("**/undo/"):
        page.evaluate(
            """() => {
                 document.getElementById("panel").showModal();
                 htmx.trigger(document.body, "toast", { text: "Converted.", undo_url: "/undo/" });
                 htmx.trigger(document.body, "panel:close");
                 document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "z", bubbles: true }));
               }"""
        )

    expect(page.locator(".notice")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "You may not do that"), (404, "no longer there"), (500, "Something broke on our side")],
)
def test_failed_request_says_what_to_do(show, status, said):
    page = show("""<button hx-post="/verdict/" hx-target="this">Accept</button>""")
    page.route("**/verdict/", answers(status=status, body="a page nobody should see here"))

    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()


def test_lost_connection_is_told(show):
    page = show("""<button hx-post="/verdict/">Accept</button>""")
    page.route("**/verdict/", lambda route: route.abort())

    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_role("alert")).to_contain_text("No answer from the server")


def test_broken_rule_answers_in_place(show):
    page = show("""<div id="row"><button hx-post="/verdict/" hx-target="#row">Accept</button></div>""")
    page.route("**/verdict/", answers(status=409, body="Rob took this at 10:42."))

    page.get_by_role("button", name="Accept").click()

    expect(page.locator("#row")).to_have_text("Rob took this at 10:42.")


def test_ended_session_leads_to_the_login_page(show):
    page = show("""<button hx-get="/leads/">More</button>""")
    page.context.clear_cookies()

    page.get_by_role("button", name="More").click()

    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_rows_are_walked_selected_and_opened_by_keys(show):
    rows = "".join(
        f"""<li data-row><input type="checkbox"><a class="row-link" href="#lead-{n}">Lead {n}</a></li>"""
        for n in (1, 2, 3)
    )
    page = show(f"""<ul data-rows>{rows}</ul>""")

    for key in ("j", "j", "j", "k", "x", "Enter"):
        page.keyboard.press(key)

    expect(page.locator("[data-row].is-current")).to_have_text("Lead 2")
    expect(page.locator("input:checked")).to_have_count(1)
    expect(page).to_have_url(re.compile("#lead-2$"))


def test_form_is_sent_once_with_a_key(show):
    page = show("""<form method="post" data-once hx-post="/convert/" hx-swap="none"><button>Convert</button></form>""")
    sent: list[str | None] = []
    held: list[Route] = []
    page.route("**/convert/", lambda route: (sent.append(route.request.post_data), held.append(route)))

    page.get_by_role("button", name="Convert").dblclick(force=True)
    expect(page.get_by_role("button", name="Convert")).to_be_disabled()
    held[0].fulfill(status=204)

    expect(page.get_by_role("button", name="Convert")).to_be_enabled()
    assert len(sent) == 1
    assert re.search(r"idempotency_key=[\w-]{30,}", sent[0] or "")


def test_live_part_shows_what_changed_and_says_when_it_is_stale(show):
    page = show("")
    figure = """<section id="figures" data-live="/figures/" data-live-seconds="0.2">
                  <b data-pulse-key="mql">%s</b>
                </section>"""
    page.route("**/figures/", answers(body=figure % 641, content_type="text/html"))
    page.evaluate(SWAP_IN, figure % 640)

    expect(page.locator("#figures b")).to_have_text("641")
    expect(page.locator("#figures")).not_to_have_class(re.compile("is-stale"))
    page.unroute("**/figures/")
    page.route("**/figures/", answers(status=500))
    expect(page.locator("#figures")).to_have_class(re.compile("is-stale"))
    expect(page.locator("#figures b")).to_have_text("641")


def test_panel_opens_a_page_beside_this_one_and_closes_when_told(show):
    page = show("""<a href="/leads/7/convert/" data-panel="Convert to opportunity">Convert</a>""")
    form = """<form hx-post="/leads/7/convert/" hx-swap="none"><button>Save</button></form>"""

    def convert(route: Route) -> None:
        done = route.request.method == "POST"
        route.fulfill(status=200, body="" if done else form, headers={"HX-Trigger": "panel:close"} if done else {})

    page.route("**/leads/7/convert/", convert)

    page.get_by_role("link", name="Convert").click()
    expect(page.locator("#panel-title")).to_have_text("Convert to opportunity")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#panel")).to_be_hidden()


def test_chart_is_drawn_under_the_content_security_policy(show):
    page = show("")
    option = """{"xAxis": {"type": "category", "data": ["W1", "W2"]}, "yAxis": {"type": "value"},
                 "series": [{"type": "bar", "data": [1, 2], "itemStyle": {"color": "var(--stage-mql)"}}]}"""
    html = f"""<div class="chart" data-chart="weeks" role="img" aria-label="Leads a week"></div>
               <script type="application/json" id="weeks">{option}</script>"""
    page.evaluate(SWAP_IN, html)

    expect(page.locator("[data-chart] canvas")).to_be_visible()


def test_phone_has_a_bar_at_the_bottom_and_scrolls_one_way_only(show):
    page = show("")

    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".nav-more > summary").click()

    expect(page.locator(".nav-more").get_by_role("link", name="Agreement")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
