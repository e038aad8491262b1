"""docs/reports.md tells of every report, under the name that its page has."""

import re
from pathlib import Path

from django.conf import settings

from funnel.reports.registry import REPORTS

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "reports.md"


def test_every_report_has_a_section_under_its_title():
    headings = set(re.findall(r"^## (.+)$", DOCUMENT.read_text(), re.MULTILINE))
    assert {report.title for report in REPORTS.values()} <= headings


def test_every_dimension_of_leads_is_named():
    named = set(re.findall(r"[a-z_]+", DOCUMENT.read_text()))
    assert set(REPORTS["funnel"].dimensions) <= named
