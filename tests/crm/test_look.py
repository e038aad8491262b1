"""What must hold of every template and of the palette, whoever adds a page."""

import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
CSS = settings.BASE_DIR / "static" / "css"
INLINE_CODE = re.compile(
    r"<style|<script(?![^>]*(?:\bsrc=|application/json))|<[^>]*\s(?:style|on[a-z]+)=", re.IGNORECASE
)
STAGES = "inquiry nurture mql offered accepted qualified opportunity customer lost disqualified".split()


def palette() -> dict[str, tuple[str, str]]:
    """Colour names of tokens.css with their light and dark value."""
    pairs = re.findall(r"(--[\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (CSS / "tokens.css").read_text())
    return {name: (light, dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_template_compiles_and_holds_no_inline_code(template: Path):
    get_template(str(template.relative_to(settings.BASE_DIR / "templates")))

    assert not INLINE_CODE.search(template.read_text())


@pytest.mark.parametrize(("theme", "scheme"), [(0, "light"), (1, "dark")])
def test_palette_is_readable(theme, scheme):
    colours = palette()
    texts = ["--t-ink", "--t-ink-2", "--t-brand", "--t-good", "--t-warn", "--t-bad"]
    readable = list(product(texts, ["--t-canvas", "--t-surface", "--t-sunken"], [4.5]))
    readable += [("--t-on-brand", "--t-brand", 4.5), ("--t-brand", "--t-brand-soft", 4.5)]
    readable += [(f"--t-{tone}", f"--t-{tone}-soft", 4.5) for tone in ("good", "warn", "bad")]
    graphics = [f"--stage-{stage}" for stage in STAGES] + [
        f"--side-{side}" for side in "marketing waiting sales closed".split()
    ]
    readable += list(product(graphics, ["--t-surface"], [3.0]))

    too_faint = {
        (front, back): round(contrast(colours[front][theme], colours[back][theme]), 2)
        for front, back, least in readable
        if contrast(colours[front][theme], colours[back][theme]) < least
    }

    assert too_faint == {}


def test_every_module_is_loaded_by_a_page_or_another_module():
    modules = {path.name: path.read_text() for path in (settings.BASE_DIR / "static" / "js").glob("*.js")}
    pages = "".join(path.read_text() for path in TEMPLATES)

    def is_loaded(name: str) -> bool:
        return f"js/{name}" in pages or any(f'"./{name}"' in text for other, text in modules.items() if other != name)

    assert [name for name in modules if not is_loaded(name)] == []


def test_every_icon_is_in_the_font():
    """A name that the font does not know draws nothing, and nobody is told."""
    sheet = Path(finders.find("vendor/icons/dist/tabler-icons.min.css")).read_text()
    known = set(re.findall(r"\.ti-([a-z0-9-]+):+before", sheet))
    pages = "".join(page.read_text() for page in TEMPLATES)

    named = set(re.findall(r'\{% icon "([a-z0-9-]+)"', pages)) | set(re.findall(r'\bicon="([a-z0-9-]+)"', pages))

    assert named - known == set()
