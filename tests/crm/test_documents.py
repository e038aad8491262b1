"""The documents lead nowhere that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r'\]\(([^)\s]+)\)|<img src="([^"]+)"')
ELSEWHERE = ("http://", "https://", "/", "{%", "…")


def links(document: Path) -> Iterator[str]:
    for written in LINK.finditer(document.read_text()):
        link = written[1] or written[2]
        if not link.startswith(ELSEWHERE):
            yield link


def anchors(document: Path) -> set[str]:
    """Headings as their addresses."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document):
    dead = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            dead.append(link)
    assert not dead


def test_every_picture_of_the_documents_is_shown():
    shown = {(document.parent / link).resolve() for document in DOCUMENTS for link in links(document)}
    assert set((ROOT / "docs" / "screenshots").glob("*.png")) <= shown
