"""What can be done from the search: one list, each action with who may do it and the other words it is known by."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from campaigns.access import may_create_assets, may_create_campaigns
from crm.access import manages
from crm.models import User
from crm.search import words_of
from leads.access import (
    may_create_leads,
    may_create_opportunities,
    may_import,
    may_make_capture_forms,
    may_set_up_pipeline,
)
from leads.models.imports import ImportKind

MAKE = "create add write"
GO = "go to open show"


def everybody(user: User) -> bool:
    return True


def may_import_leads(user: User) -> bool:
    return may_import(user, ImportKind.LEADS)


def admins(user: User) -> bool:
    return user.is_admin


@dataclass(frozen=True)
class Action:
    """``also``: words that find it beside those of its label."""

    label: str
    icon: str
    page: str
    also: str = ""
    may: Callable[[User], bool] = everybody

    @property
    def url(self) -> str:
        return reverse(self.page)

    def answers(self, words: list[str]) -> bool:
        """Whether each of ``words`` begins a word of the label or of the others."""
        own = words_of(f"{self.label} {self.also}")
        return all(any(known.startswith(word) for known in own) for word in words)


ACTIONS = (
    Action("New lead", "user-plus", "leads:lead-new", f"{MAKE} person", may_create_leads),
    Action("New contact", "address-book", "leads:contact-new", f"{MAKE} person people"),
    Action("New company", "building", "leads:company-new", f"{MAKE} account organisation"),
    Action("New opportunity", "briefcase", "desk:opportunity-new", f"{MAKE} deal", may_create_opportunities),
    Action("New campaign", "speakerphone", "campaigns:campaign-new", MAKE, may_create_campaigns),
    Action("New content", "files", "campaigns:content-new", f"{MAKE} asset data sheet case study", may_create_assets),
    Action("New task", "checkbox", "desk:task-new", f"{MAKE} to do reminder next step plan"),
    Action("New form", "forms", "leads:capture-form-new", f"{MAKE} capture landing page", may_make_capture_forms),
    Action("Import", "file-import", "leads:import-new", "upload csv excel file list leads load", may_import_leads),
    Action("Go to Today", "home", "desk:home", f"{GO} home start"),
    Action("Go to Inbox", "inbox", "desk:inbox", f"{GO} hand-offs waiting accept reject"),
    Action("Go to Feedback", "message-reply", "desk:feedback", f"{GO} verdicts reasons comments answers sales said"),
    Action("Go to Requests", "message-question", "desk:requests", f"{GO} ask marketing promised list"),
    Action("Go to Leads", "users", "desk:leads", f"{GO} list"),
    Action("Go to Tasks", "checkbox", "desk:tasks", f"{GO} to do due reminders list"),
    Action("Go to Contacts", "address-book", "desk:contacts", f"{GO} people list"),
    Action("Go to Companies", "building", "desk:companies", f"{GO} accounts list"),
    Action("Go to Opportunities", "briefcase", "desk:opportunities", f"{GO} deals pipeline list"),
    Action("Go to the board", "layout-kanban", "desk:board", f"{GO} opportunities deals pipeline kanban stages"),
    Action("Go to Campaigns", "speakerphone", "desk:campaigns", f"{GO} list"),
    Action("Go to Content", "files", "desk:content", f"{GO} assets data sheets list"),
    Action("Go to Forms", "forms", "leads:capture-forms", f"{GO} capture submissions", may_make_capture_forms),
    Action("Go to Imports", "file-import", "leads:imports", f"{GO} files"),
    Action("Go to Reports", "chart-bar", "funnel:funnel", f"{GO} funnel dashboard figures"),
    Action("Go to Alignment", "heart-handshake", "funnel:alignment", f"{GO} reports both sides goals quarter"),
    Action("Go to Agreement", "heart-handshake", "desk:agreement", f"{GO} service level definition signature"),
    Action("Your settings", "user-cog", "crm:me", "profile me working hours time zone away keys api preferences"),
    Action("Change password", "lock", "account_change_password", "security login"),
    Action("Settings", "settings", "crm:settings", "people users admin preferences", admins),
    Action("Add a person", "user-plus", "crm:person-new", f"{MAKE} invite user colleague rep new", admins),
    Action("Teams", "users-group", "crm:teams", f"settings {GO}", admins),
    Action("Organisation", "building-community", "crm:organisation", "settings time zone currency name", admins),
    Action("Routing", "arrows-split", "feedback:routing", f"settings rules {GO} who gets a lead reps turns", manages),
    Action("Pipeline stages", "layout-columns", "leads:pipeline", "settings probability forecast", may_set_up_pipeline),
)


def actions_for(user: User, text: str = "") -> list[Action]:
    """What ``user`` may do and ``text`` names, in the order of the list; all of it for no text."""
    words = words_of(text)
    return [action for action in ACTIONS if action.may(user) and action.answers(words)]
