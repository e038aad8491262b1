"""Which fields a file may fill, for each kind of import: the one list that mapping, cleaning and writing read."""

from dataclasses import dataclass
from enum import Enum, auto

from django.db.models import TextChoices

from campaigns.models import Channel
from crm.models import Role
from leads.custom_fields import known_fields
from leads.custom_values import LONGEST_TEXT
from leads.models import (
    ActivityKind,
    ActivityOutcome,
    CustomField,
    CustomKind,
    CustomRecord,
    DealKind,
    Direction,
    ForecastCategory,
    TouchBy,
    TouchKind,
)
from leads.models.imports import ImportKind
from leads.models.lead import SourcedBy
from leads.models.opportunity import DealStage


class Type(Enum):
    """What a cell must hold."""

    TEXT = auto()
    EMAIL = auto()
    CHOICE = auto()
    MOMENT = auto()
    DAY = auto()
    MONEY = auto()
    NUMBER = auto()
    YES_NO = auto()
    # A whole number.
    COUNT = auto()
    # The domain of a website, or its whole address.
    DOMAIN = auto()
    # A field of one's own whose kind nobody has said yet.
    UNKNOWN = auto()
    PERCENT = auto()
    # Names another record.
    CAMPAIGN = auto()
    TEAM = auto()
    PERSON = auto()
    LOSS_REASON = auto()


@dataclass(frozen=True)
class Field:
    """``aliases``: headers, in small letters without signs, that mean this field in files from elsewhere."""

    name: str
    label: str
    holds: Type = Type.TEXT
    limit: int = 0
    choices: type[TextChoices] | None = None
    # The field of one's own that it is; not saved yet where the import is to make it.
    own: CustomField | None = None
    required: bool = False
    # Whether a later import may change it on a record that is already there.
    plain: bool = True
    aliases: tuple[str, ...] = ()
    # What people become whom nobody knows yet, where a mapping has them made.
    made_as: Role = Role.REP

    @property
    def has_mark(self) -> bool:
        """Whether a decimal mark stands in its values."""
        return self.holds in (Type.MONEY, Type.NUMBER)

    @property
    def is_date(self) -> bool:
        return self.holds in (Type.MOMENT, Type.DAY)


IDENTITY = Field("external_id", "External id", limit=200, plain=False, aliases=("id", "leadid", "mqlid", "recordid"))

LEAD_FIELDS = (
    IDENTITY,
    Field("captured_at", "Captured at", Type.MOMENT, plain=False,
          aliases=("createdat", "createddate", "created", "date", "firstcontactdate", "firstcontact", "entrydate")),
    Field("first_name", "First name", limit=120, aliases=("givenname", "forename", "vorname")),
    Field("last_name", "Last name", limit=120, aliases=("surname", "familyname", "name", "fullname", "nachname")),
    Field("email", "E-mail", Type.EMAIL, limit=254, aliases=("mail", "emailaddress")),
    Field("phone", "Phone", limit=60, aliases=("telephone", "mobile", "phonenumber", "mobilephone")),
    Field("title", "Title", limit=160, aliases=("jobtitle", "position", "role")),
    Field("company_name", "Company", limit=200,
          aliases=("companyname", "organisation", "organization", "account", "employer")),
    Field("source", "Source", limit=120, aliases=("origin", "leadsource", "utmsource")),
    Field("channel", "Channel", Type.CHOICE, choices=Channel, aliases=("medium", "utmmedium")),
    Field("campaign", "Campaign", Type.CAMPAIGN, aliases=("campaignname", "utmcampaign")),
    Field("asset", "Content (external id)", limit=200, plain=False,
          aliases=("landingpageid", "landingpage", "content")),
    Field("segment", "Segment", limit=120, aliases=("businesssegment", "industry", "sector")),
    Field("country", "Country", limit=80, aliases=("countrycode", "land")),
    Field("product_interest", "Product interest", limit=120, aliases=("product", "interest", "productinterest")),
    Field("owner", "Owner", Type.PERSON, aliases=("leadowner", "ownerid", "assignedto", "salesrep")),
    Field("team", "Team", Type.TEAM, aliases=("salesteam",)),
    Field("sourced_by", "Found by", Type.CHOICE, choices=SourcedBy),
    Field("need", "Need", limit=4000),
    Field("authority", "Authority", limit=200),
    Field("timing", "Timing", limit=200),
)  # fmt: skip

OPPORTUNITY_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, required=True,
          aliases=("id", "opportunityid", "dealid", "recordid")),
    Field("lead", "Lead (external id)", limit=200, plain=False, aliases=("leadid", "mqlid", "convertedleadid")),
    Field("lead_email", "Lead (e-mail)", Type.EMAIL, limit=254, plain=False, aliases=("email", "contactemail")),
    Field("company", "Company (external id or name)", limit=200,
          aliases=("account", "accountid", "accountname", "companyname", "companyid")),
    Field("name", "Name", limit=200, aliases=("opportunityname", "dealname", "opportunity", "deal")),
    Field("outcome", "Outcome or stage", Type.CHOICE, choices=DealStage, plain=False,
          aliases=("stage", "dealstage", "status")),
    Field("amount", "Amount", Type.MONEY,
          aliases=("value", "closevalue", "dealvalue", "declaredmonthlyrevenue", "revenue")),
    Field("currency", "Currency", limit=3, aliases=("currencycode", "currencyisocode")),
    Field("opened_at", "Opened at", Type.MOMENT, aliases=("createddate", "created", "engagedate", "openeddate")),
    Field("closed_at", "Closed at", Type.MOMENT, plain=False, aliases=("wondate", "closedate", "closeddate")),
    Field("expected_close", "Expected close", Type.DAY, aliases=("expectedclosedate",)),
    Field("owner", "Owner", Type.PERSON, aliases=("srid", "salesagent", "ownerid", "opportunityowner")),
    Field("team", "Team", Type.TEAM, aliases=("salesteam",)),
    Field("kind", "Kind", Type.CHOICE, choices=DealKind, aliases=("type",)),
    Field("product", "Product", limit=120),
    Field("competitor", "Competitor", limit=120),
    Field("probability", "Probability (percent)", Type.PERCENT),
    Field("forecast_category", "Forecast", Type.CHOICE, choices=ForecastCategory, aliases=("forecastcategory",)),
    Field("reason", "Loss reason", Type.LOSS_REASON, plain=False,
          aliases=("lossreason", "lostreason", "closedlostreason")),
    Field("note", "Note", limit=4000, aliases=("description",)),
    # What the deal tells about its lead: fills only what the lead does not know yet.
    Field("lead.segment", "Lead’s segment", limit=120, plain=False, aliases=("businesssegment", "industry", "sector")),
    Field("lead.owner", "Lead’s owner", Type.PERSON, plain=False, aliases=("sdrid",)),
)  # fmt: skip

COMPANY_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "companyid", "accountid", "recordid")),
    Field("name", "Name", limit=200, required=True, aliases=("companyname", "company", "account", "accountname")),
    Field("domain", "Website", Type.DOMAIN, limit=200, aliases=("domain", "companydomainname", "url", "homepage")),
    Field("industry", "Industry", limit=120, aliases=("sector", "branch", "businesssegment")),
    Field("country", "Country", limit=80, aliases=("countrycode", "billingcountry", "officelocation", "land")),
    Field("region", "Region", limit=120, aliases=("state", "territory")),
    Field("employees", "Employees", Type.COUNT, aliases=("numberofemployees", "size", "headcount")),
    Field("is_target", "Target account", Type.YES_NO, aliases=("target", "abm")),
)  # fmt: skip

CONTACT_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "contactid", "recordid")),
    Field("first_name", "First name", limit=120, aliases=("givenname", "forename", "vorname")),
    Field("last_name", "Last name", limit=120, aliases=("surname", "familyname", "nachname")),
    Field("email", "E-mail", Type.EMAIL, limit=254, aliases=("mail", "emailaddress")),
    Field("phone", "Phone", limit=60, aliases=("telephone", "mobile", "phonenumber", "mobilephone")),
    Field("title", "Title", limit=160, aliases=("jobtitle", "position")),
    Field("company", "Company (external id or name)", limit=200,
          aliases=("account", "accountid", "accountname", "companyname", "companyid")),
    Field("do_not_call", "Do not call", Type.YES_NO, aliases=("donotcall",)),
    Field("do_not_mail", "Do not mail", Type.YES_NO, aliases=("hasoptedoutofemail", "optout", "unsubscribed")),
)  # fmt: skip

LEAD_NAMED = (
    Field("lead", "Lead (external id)", limit=200, plain=False, aliases=("leadid", "mqlid", "whoid")),
    Field("lead_email", "Lead (e-mail)", Type.EMAIL, limit=254, plain=False, aliases=("email", "contactemail")),
)  # fmt: skip

TOUCH_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "touchid", "recordid")),
    *LEAD_NAMED,
    Field("at", "When", Type.MOMENT, required=True, plain=False, aliases=("date", "created", "timestamp", "at")),
    Field("kind", "Kind", Type.CHOICE, choices=TouchKind, plain=False, aliases=("type", "event")),
    Field("by", "By", Type.CHOICE, choices=TouchBy, plain=False),
    Field("channel", "Channel", Type.CHOICE, choices=Channel, plain=False, aliases=("medium", "utmmedium")),
    Field("campaign", "Campaign", Type.CAMPAIGN, plain=False, aliases=("campaignname", "campaignid", "utmcampaign")),
    Field("asset", "Content (external id)", limit=200, plain=False, aliases=("content", "landingpageid")),
    Field("raised_hand", "Asked to be contacted", Type.YES_NO, plain=False, aliases=("handraise",)),
)  # fmt: skip

SPEND_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "invoice", "recordid")),
    Field("campaign", "Campaign", Type.CAMPAIGN, required=True, aliases=("campaignname", "campaignid")),
    Field("on", "Day", Type.DAY, required=True, aliases=("date", "day", "spenton")),
    Field("amount", "Amount", Type.MONEY, required=True, aliases=("cost", "spend", "spent", "value")),
    Field("currency", "Currency", limit=3, aliases=("currencycode", "currencyisocode")),
    Field("note", "Note", limit=200, aliases=("description",)),
)  # fmt: skip

ACTIVITY_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "activityid", "taskid", "recordid")),
    *LEAD_NAMED,
    Field("opportunity", "Opportunity (external id)", limit=200, plain=False,
          aliases=("opportunityid", "dealid", "whatid")),
    Field("contact", "Contact (external id)", limit=200, plain=False, aliases=("contactid",)),
    Field("kind", "Kind", Type.CHOICE, choices=ActivityKind, required=True, plain=False,
          aliases=("type", "tasksubtype")),
    Field("at", "When", Type.MOMENT, required=True, plain=False,
          aliases=("date", "activitydate", "created", "timestamp")),
    Field("direction", "From whom", Type.CHOICE, choices=Direction, aliases=("calltype",)),
    Field("outcome", "Outcome", Type.CHOICE, choices=ActivityOutcome, aliases=("result", "calldisposition")),
    Field("minutes", "Minutes", Type.COUNT, aliases=("duration", "durationminutes")),
    Field("by", "By", Type.PERSON, aliases=("ownerid", "owner", "user", "assignedto")),
    Field("note", "Note", limit=20_000, aliases=("description", "comment", "subject", "text")),
)  # fmt: skip

USER_FIELDS = (
    Field("external_id", "External id", limit=200, plain=False, aliases=("id", "userid", "agentid")),
    Field("email", "E-mail", Type.EMAIL, limit=254, aliases=("mail", "emailaddress")),
    Field("first_name", "First name", limit=80, aliases=("givenname", "forename")),
    Field("last_name", "Last name", limit=80, aliases=("surname", "familyname")),
    # Told apart into first and last name.
    Field("name", "Full name", limit=160, aliases=("fullname", "salesagent", "agent")),
    Field("role", "Role", Type.CHOICE, choices=Role),
    Field("team", "Team", Type.TEAM, aliases=("salesteam", "department")),
    # What the row tells about its team: without a team of its own, it is the team of that manager.
    Field("team.manager", "Team’s manager", Type.PERSON, plain=False, aliases=("manager", "salesmanager", "boss"),
          made_as=Role.MANAGER),
    Field("team.region", "Team’s region", limit=120, plain=False, aliases=("region", "regionaloffice", "territory")),
)  # fmt: skip

FIELDS: dict[str, dict[str, Field]] = {
    kind: {field.name: field for field in fields}
    for kind, fields in (
        (ImportKind.LEADS, LEAD_FIELDS),
        (ImportKind.OPPORTUNITIES, OPPORTUNITY_FIELDS),
        (ImportKind.COMPANIES, COMPANY_FIELDS),
        (ImportKind.CONTACTS, CONTACT_FIELDS),
        (ImportKind.TOUCHES, TOUCH_FIELDS),
        (ImportKind.SPENDS, SPEND_FIELDS),
        (ImportKind.ACTIVITIES, ACTIVITY_FIELDS),
        (ImportKind.USERS, USER_FIELDS),
    )
}

# Fields of one's own: `custom.NAME`, and of the lead of an opportunity `lead.custom.NAME`.
OWN_RECORDS: dict[str, dict[str, CustomRecord]] = {
    ImportKind.LEADS: {"custom.": CustomRecord.LEAD},
    ImportKind.OPPORTUNITIES: {"custom.": CustomRecord.OPPORTUNITY, "lead.custom.": CustomRecord.LEAD},
    ImportKind.COMPANIES: {"custom.": CustomRecord.COMPANY},
    ImportKind.CONTACTS: {},
    ImportKind.TOUCHES: {},
    ImportKind.SPENDS: {},
    ImportKind.ACTIVITIES: {},
    ImportKind.USERS: {},
}
LONGEST_OWN_NAME = 120
HOLDS = {
    CustomKind.TEXT: Type.TEXT,
    CustomKind.CHOICE: Type.TEXT,
    CustomKind.NUMBER: Type.NUMBER,
    CustomKind.MONEY: Type.MONEY,
    CustomKind.DATE: Type.DAY,
    CustomKind.YES_NO: Type.YES_NO,
}


def own_name(kind: str, name: str) -> tuple[str, CustomRecord, str] | None:
    """Prefix, record and key of a field of one's own: "lead.custom.size" is ("lead.custom.", lead, "size")."""
    for prefix, record in OWN_RECORDS[kind].items():
        if name.startswith(prefix) and len(prefix) < len(name) <= len(prefix) + LONGEST_OWN_NAME:
            return prefix, record, name.removeprefix(prefix)
    return None


def is_custom(kind: str, name: str) -> bool:
    return own_name(kind, name) is not None


def field_named(kind: str, name: str, *, new: CustomField | None = None) -> Field | None:
    """The field of that name. One of one's own is as it is kept, else as ``new`` describes it."""
    found = own_name(kind, name)
    if found is None:
        return FIELDS[kind].get(name)
    _prefix, record, key = found
    own = known_fields(record).get(key) or new
    if own is None:
        return Field(name, key, Type.UNKNOWN, limit=LONGEST_TEXT)
    return Field(name, own.label, HOLDS[CustomKind(own.kind)], limit=LONGEST_TEXT, own=own)
