"""Make the screenshots of docs/ from a running Tandem with its demo data.

    make run                                                     # in one terminal
    .venv/bin/python docs/screenshots/make.py [--base http://127.0.0.1:8000] [--lead 2608] [--chromium PATH]

Each page is taken wide (1440x900) and narrow (390x844) as the person it is for; those that decide how the product
feels also in the dark. ``--only leads board`` takes some of them.
The file checked for the import page is forgotten again; nothing else is written.
"""

import argparse
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PASSWORD = "tandem-demo"  # noqa: S105 - the demo people's, printed in the README
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
FAIR = """\
First name,Last name,E-mail,Company,Country,Visited on,Asked for
Ada,Brunner,ada.brunner@brunner-guss.example,Brunner Guss AG,CH,17/11/2026,Demo
Jonas,Keller,jonas.keller@keller-foods.example,Keller Foods GmbH,DE,17/11/2026,Price list
Marit,Solberg,marit.solberg,Solberg Plast AS,NO,18/11/2026,Demo
Luc,Perrin,luc.perrin@perrin-usinage.example,Perrin Usinage SAS,FR,31/02/2026,Call
Ines,Costa,ines.costa@costa-moldes.example,Costa Moldes Lda,PT,18/11/2026,Demo
"""


def home(page: Page, lead: str) -> None:
    page.goto("/")


def inbox(page: Page, lead: str) -> None:
    page.goto("/inbox/")


def a_lead(page: Page, lead: str) -> None:
    """The given one, or the newest that the rep accepted."""
    if lead:
        page.goto(f"/leads/{lead}/")
        return
    page.goto("/leads/?tab=all&owner=me&stage=accepted")
    open_first_row(page)


def open_first_row(page: Page) -> None:
    page.locator("tbody a.row-link").first.click()


def leads(page: Page, lead: str) -> None:
    page.goto("/leads/")


def campaign(page: Page, lead: str) -> None:
    page.goto("/campaigns/?tab=all")
    page.get_by_role("link", name="prize draw").click()


def funnel(page: Page, lead: str) -> None:
    page.goto("/dashboards/funnel/?dimension=campaign")


def report(path: str) -> Callable[[Page, str], None]:
    """A page of the reports, once its charts stand."""

    def open_report(page: Page, lead: str) -> None:
        page.goto(f"/dashboards/{path}")
        page.wait_for_load_state("networkidle")

    return open_report


def import_preview(page: Page, lead: str) -> None:
    """What would happen to a small list from a trade fair; two of its rows are refused."""
    page.goto("/imports/new/")
    page.set_input_files(
        "input[type=file]", {"name": "fair-visitors.csv", "mimeType": "text/csv", "buffer": FAIR.encode()}
    )
    page.get_by_role("button", name="Upload and go on").click()
    page.get_by_label("Visited on").select_option("captured_at")
    page.get_by_label("Where is the file from?").fill("fair")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("Would be created").wait_for()


def board(page: Page, lead: str) -> None:
    page.goto("/board/")


def opportunity(page: Page, lead: str) -> None:
    """The rep's opportunity that moved last."""
    page.goto("/opportunities/?tab=all&owner=me&state=open")
    open_first_row(page)


def palette(page: Page, lead: str) -> None:
    """A name with a slip of the finger."""
    page.goto("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("ashwroth")
    page.get_by_role("option").first.wait_for()


def tasks(page: Page, lead: str) -> None:
    page.goto("/tasks/")


def capture_log(page: Page, lead: str) -> None:
    page.goto("/capture-forms/")
    page.get_by_role("link", name="Book a demo").first.click()


def settings(page: Page, lead: str) -> None:
    page.goto("/settings/pipeline/")


def feedback(page: Page, lead: str) -> None:
    page.goto("/feedback/")


def requests(page: Page, lead: str) -> None:
    page.goto("/requests/")


def agreement(page: Page, lead: str) -> None:
    page.goto("/agreement/")


def alignment(page: Page, lead: str) -> None:
    page.goto("/dashboards/alignment/")


def routing(page: Page, lead: str) -> None:
    page.goto("/settings/routing/")


def score(page: Page, lead: str) -> None:
    page.goto("/scoring/")


def rule_editor(page: Page, lead: str) -> None:
    """The draft that the demo's marketing manager is at."""
    page.goto("/scoring/")
    page.get_by_role("link", name="Go on with version").click()


def backtest(page: Page, lead: str) -> None:
    """What the draft would have done with the last quarter."""
    rule_editor(page, lead)
    page.locator("#back-test .card-note a").click()
    page.wait_for_url("**/backtests/**")


def model(page: Page, lead: str) -> None:
    page.goto("/scoring/model/acceptance/")


def forget_import(page: Page) -> None:
    page.get_by_role("button", name="Forget this file").click()
    page.wait_for_load_state("networkidle")


@dataclass(frozen=True)
class Shot:
    """A page as one person sees it. ``decides``: taken in the dark, too."""

    name: str
    person: str
    open: Callable[[Page, str], None]
    decides: bool = False


SHOTS = (
    Shot("home", "rep@demo.test", home, decides=True),
    Shot("inbox", "rep@demo.test", inbox, decides=True),
    Shot("lead", "rep@demo.test", a_lead, decides=True),
    Shot("leads", "rep@demo.test", leads, decides=True),
    Shot("opportunity", "rep@demo.test", opportunity),
    Shot("board", "rep@demo.test", board),
    Shot("tasks", "rep@demo.test", tasks),
    Shot("search", "rep@demo.test", palette),
    Shot("requests", "rep@demo.test", requests),
    Shot("feedback", "marketer@demo.test", feedback),
    Shot("campaign", "marketer@demo.test", campaign, decides=True),
    Shot("capture", "marketer@demo.test", capture_log),
    Shot("import", "marketer@demo.test", import_preview),
    Shot("reports", "sales.manager@demo.test", report(""), decides=True),
    Shot("funnel", "sales.manager@demo.test", funnel, decides=True),
    Shot("forecast", "sales.manager@demo.test", report("forecast/"), decides=True),
    Shot("cohorts", "sales.manager@demo.test", report("cohorts/")),
    Shot("waves", "sales.manager@demo.test", report("waves/")),
    Shot("sla", "sales.manager@demo.test", report("sla/")),
    Shot("campaigns", "marketing.manager@demo.test", report("campaigns/"), decides=True),
    Shot("attribution", "marketing.manager@demo.test", report("attribution/")),
    Shot("plan", "marketing.manager@demo.test", report("plan/")),
    Shot("agreement", "sales.manager@demo.test", agreement),
    Shot("score", "marketing.manager@demo.test", score, decides=True),
    Shot("rules", "marketing.manager@demo.test", rule_editor, decides=True),
    Shot("backtest", "marketing.manager@demo.test", backtest, decides=True),
    Shot("model", "marketing.manager@demo.test", model, decides=True),
    Shot("me", "rep@demo.test", report("me/")),
    Shot("alignment", "sales.manager@demo.test", alignment),
    Shot("routing", "sales.manager@demo.test", routing),
    Shot("settings", "sales.manager@demo.test", settings),
)


def main() -> None:
    options = arguments()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=QUIET)
        wanted = [shot for shot in SHOTS if shot.name in options.only]
        for person in dict.fromkeys(shot.person for shot in wanted):
            take(browser, person, [shot for shot in wanted if shot.person == person], options)
        browser.close()


def take(browser: Browser, person: str, shots: list[Shot], options: argparse.Namespace) -> None:
    """Logs in once for each look, as a person would on another device."""
    for size, (width, height) in SIZES.items():
        context = browser.new_context(base_url=options.base, viewport={"width": width, "height": height})
        page = context.new_page()
        log_in(page, person)
        for shot in shots:
            shot.open(page, options.lead)
            for scheme in SCHEMES if shot.decides else SCHEMES[:1]:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.mouse.move(0, 0)
                page.wait_for_timeout(800)
                page.locator("html:not([data-busy])").wait_for()
                save(page, HERE / f"{shot.name}-{size}-{scheme}.png")
            if shot.open is import_preview:
                forget_import(page)
        context.close()


def log_in(page: Page, person: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", person)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")


def save(page: Page, path: Path) -> None:
    path.write_bytes(squeezed(page.screenshot(animations="disabled")))
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def squeezed(png: bytes) -> bytes:
    """The same picture with its pixels deflated again, harder than a browser in a hurry does."""
    parts = list(chunks(png))
    pixels = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    kept = [(kind, body) for kind, body in parts if kind in (b"IHDR", b"PLTE", b"tRNS")]
    kept += [(b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(chunk(kind, body) for kind, body in kept)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each part of a PNG file."""
    at = 8
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="where Tandem runs")
    parser.add_argument("--only", nargs="+", default=[shot.name for shot in SHOTS], metavar="NAME", help="which pages")
    parser.add_argument("--lead", default="", help="number of the lead to show")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser to use")
    return parser.parse_args()


if __name__ == "__main__":
    main()
