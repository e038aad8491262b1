"""The kinds of records whose fields are edited where they stand, each with its fields in order."""

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.db import models
from django.urls import reverse

from campaigns.access import may_write_asset, may_write_campaign
from campaigns.content import NOT_YOURS as NOT_YOUR_CONTENT
from campaigns.content import edit_asset
from campaigns.editing import NOT_YOURS as NOT_YOUR_CAMPAIGN
from campaigns.editing import edit_campaign
from campaigns.models import Asset, Campaign
from campaigns.picking import CAMPAIGN_OWNERS, CAMPAIGNS
from crm.models import User
from crm.picking import PEOPLE
from desk.fields.definition import Editing, Field, Kind, Row
from leads.access import may_edit_lead, may_edit_people, may_work_opportunity
from leads.editing import NOT_YOUR_COMPANY, NOT_YOUR_CONTACT, NOT_YOURS, edit_company, edit_contact, edit_lead
from leads.models import Company, Contact, CustomRecord, Lead, Opportunity, PickList
from leads.opportunities import NOT_YOURS as NOT_YOUR_OPPORTUNITY
from leads.opportunities import edit_opportunity
from leads.picking import COMPANIES, CONTACTS


def timeless(edit: Editing) -> Editing:
    """An edit of a record whose own history keeps the time."""
    return lambda record, *, by, at, **fields: edit(record, by=by, **fields)


NEED, REACH, ORIGIN = "What they need", "How to reach them", "Where from"
FIRST_NAME, LAST_NAME = Field("first_name", "First name"), Field("last_name", "Last name")
TITLE = Field("title", "Job title")
EMAIL, PHONE = Field("email", "E-mail", stays=True), Field("phone", "Phone", stays=True)
DO_NOT_CALL, DO_NOT_MAIL = Field("do_not_call", "Do not call", REACH), Field("do_not_mail", "Do not mail", REACH)
OWNER = Field("owner", "Owner", source=PEOPLE, stays=True)
COMPANY = Field("company", "Company", source=COMPANIES, page="company")
CONTACT = Field("contact", "Contact", source=CONTACTS, page="contact")

LEAD = Kind(
    "lead",
    Lead,
    (
        FIRST_NAME, LAST_NAME, TITLE, EMAIL, PHONE,
        Field("company_name", "Company as given"), COMPANY, CONTACT,
        Field("country", "Country"), OWNER, Field("tags", "Tags"),
        Field("need", "Need", NEED, help="In the buyer's words."),
        Field("authority", "Authority", NEED, help="Who decides?"),
        Field("timing", "Timing", NEED, help="By when, and why then?"),
        Field("budget", "Budget", NEED),
        Field("product_interest", "Interested in", NEED, values=PickList.PRODUCT),
        Field("segment", "Segment", NEED, values=PickList.SEGMENT),
        Field("preferred_channel", "Prefers", REACH),
        Field("preferred_hours", "Best hours", REACH, help="As the buyer said it."),
        Field("time_zone", "Time zone", REACH), DO_NOT_CALL, DO_NOT_MAIL,
        Field("revisit_on", "Look again on", REACH),
        Field("campaign", "Campaign", ORIGIN, source=CAMPAIGNS, page="campaign"),
        Field("channel", "Channel", ORIGIN), Field("source", "Source", ORIGIN, values=PickList.SOURCE),
    ),
    may_edit_lead, NOT_YOURS, edit_lead, CustomRecord.LEAD,
)  # fmt: skip
CONTACT_KIND = Kind(
    "contact",
    Contact,
    (FIRST_NAME, LAST_NAME, TITLE, COMPANY, EMAIL, PHONE, DO_NOT_CALL, DO_NOT_MAIL),
    may_edit_people, NOT_YOUR_CONTACT, timeless(edit_contact),
)  # fmt: skip
COMPANY_KIND = Kind(
    "company",
    Company,
    (
        Field("name", "Name"), Field("domain", "Domain", stays=True), Field("industry", "Industry", stays=True),
        Field("country", "Country", stays=True), Field("region", "Region"), Field("employees", "Employees", stays=True),
        Field("is_target", "Target account", help="Marketing and sales agreed to go for it."),
    ),
    may_edit_people, NOT_YOUR_COMPANY, timeless(edit_company), CustomRecord.COMPANY,
)  # fmt: skip
OPPORTUNITY = Kind(
    "opportunity",
    Opportunity,
    (
        Field("name", "Name"), Field("amount", "Amount", stays=True), Field("currency", "Currency"),
        Field("expected_close", "Expected close", stays=True), Field("probability", "Probability"),
        Field("forecast_category", "Forecast"), Field("kind", "Kind"), OWNER, COMPANY, CONTACT,
        Field("product", "Product", values=PickList.PRODUCT, stays=True), Field("competitor", "Competitor"),
    ),
    may_work_opportunity, NOT_YOUR_OPPORTUNITY, edit_opportunity, CustomRecord.OPPORTUNITY,
)  # fmt: skip
CAMPAIGN = Kind(
    "campaign",
    Campaign,
    (
        Field("name", "Name"), Field("channel", "Channel"),
        Field("kind", "Kind", help="Strategic: builds the market over quarters. Tactical: brings leads now."),
        Field("status", "Status"), Field("starts_on", "Starts", stays=True), Field("ends_on", "Ends", stays=True),
        Field("budget", "Budget", stays=True), Field("currency", "Currency"),
        Field("parent", "Part of", source=CAMPAIGNS, page="campaign", stays=True,
              help="The larger campaign it belongs to."),
        replace(OWNER, source=CAMPAIGN_OWNERS),
    ),
    may_write_campaign, NOT_YOUR_CAMPAIGN, timeless(edit_campaign),
)  # fmt: skip
ASSET = Kind(
    "asset",
    Asset,
    (
        Field("name", "Name"), Field("kind", "Kind"),
        Field("buyer_stage", "Helps a buyer who", stays=True), Field("url", "Link", stays=True),
        replace(OWNER, source=CAMPAIGN_OWNERS),
    ),
    may_write_asset, NOT_YOUR_CONTENT, timeless(edit_asset),
)  # fmt: skip
KINDS = {kind.key: kind for kind in (LEAD, CONTACT_KIND, COMPANY_KIND, OPPORTUNITY, CAMPAIGN, ASSET)}


@dataclass(frozen=True)
class Sheet:
    """The fields of one record. ``groups``: (heading, rows); ``empty``: rows that are folded away."""

    groups: list[tuple[str, list[Row]]]
    empty: list[Row]
    may_edit: bool
    edit_url: str


def kind_of(record: models.Model) -> Kind:
    return next(kind for kind in KINDS.values() if isinstance(record, kind.model))


def rows_for(record: Any, user: User) -> Sheet:
    """What templates/desk/fields.html shows of a record to ``user``."""
    kind = kind_of(record)
    rows = [field.row(record) for field in kind.fields_for(record)]
    shown = [row for row in rows if not row.folds]
    return Sheet(
        groups=[(group, list(found)) for group, found in groupby(shown, key=lambda row: row.field.group)],
        empty=[row for row in rows if row.folds],
        may_edit=kind.may_edit(user, record),
        edit_url=reverse(f"desk:{kind.key}-edit", args=[record.pk]),
    )
