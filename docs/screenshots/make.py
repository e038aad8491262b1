"""Make the screenshots of docs/ from a running Tandem with its demo data.

    make run                                                     # in one terminal
    .venv/bin/python docs/screenshots/make.py [--base http://127.0.0.1:8000] [--lead 416] [--chromium PATH]

Each page is taken wide (1440x900) and narrow (390x844), light and dark, as the person it is for.
The file checked for the import page is forgotten again; nothing else is written.
"""

import argparse
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
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
    """The given one, or the rep's opportunity that moved last."""
    if lead:
        page.goto(f"/leads/{lead}/")
        return
    page.goto("/leads/?tab=all&owner=me&stage=opportunity")
    page.locator("tbody a.row-link").first.click()


def campaign(page: Page, lead: str) -> None:
    page.goto("/campaigns/?tab=all")
    page.get_by_role("link", name="prize draw").click()


def funnel(page: Page, lead: str) -> None:
    page.goto("/dashboards/funnel/?dimension=campaign")


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


def forget_import(page: Page) -> None:
    page.get_by_role("button", name="Forget this file").click()
    page.wait_for_load_state("networkidle")


# name, who sees it, how to get there
PAGES: tuple[tuple[str, str, Callable[[Page, str], None]], ...] = (
    ("home", "rep@demo.test", home),
    ("inbox", "rep@demo.test", inbox),
    ("lead", "rep@demo.test", a_lead),
    ("campaign", "marketer@demo.test", campaign),
    ("import", "marketer@demo.test", import_preview),
    ("funnel", "sales.manager@demo.test", funnel),
)


def main() -> None:
    options = arguments()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=QUIET)
        for person in dict.fromkeys(person for _, person, _ in PAGES):
            take_pages_of(browser, person, options)
        browser.close()


def take_pages_of(browser: Browser, person: str, options: argparse.Namespace) -> None:
    """Logs in once for each look, as a person would on another device."""
    for size, (width, height) in SIZES.items():
        context = browser.new_context(base_url=options.base, viewport={"width": width, "height": height})
        page = context.new_page()
        log_in(page, person)
        for name, seen_by, open_page in PAGES:
            if seen_by != person:
                continue
            open_page(page, options.lead)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.mouse.move(0, 0)
                page.wait_for_timeout(800)
                save(page, HERE / f"{name}-{size}-{scheme}.png")
            if open_page is import_preview:
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
    parser.add_argument("--lead", default="", help="number of the lead to show")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser to use")
    return parser.parse_args()


if __name__ == "__main__":
    main()
