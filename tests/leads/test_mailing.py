"""E-mail from a record: gaps, address, the activity it is, taking it back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Asset
from crm.errors import BusinessError, NotAllowed, StaleState
from crm.mailing import send_due
from crm.models import Mail, MailState
from leads.activities import edit_activity, remove_activity
from leads.attempts import attempts_of
from leads.lifecycle import Stage
from leads.mail_templates import create_template, edit_template, move_template, templates_for
from leads.mailing import UNDO_SECONDS, fill, send_email, why_not_written_to
from leads.models import Activity, MailTemplate
from leads.subjects import Subject
from leads.transitions import move_lead
from tests.factories import make_handoff, make_lead
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND = "crm.smtp.TandemEmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", running.port, False
        yield running


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, first_name="Ada", last_name="Lovelace", company_name="Acme", email="ada@acme.test")


def write(lead, by, **facts):
    usual = {"subject": "Hello {first_name}", "text": "Best regards\n{my_name}"}
    return send_email(Subject(lead=lead), by=by, at=NOW, **usual | facts)


def later(seconds=UNDO_SECONDS):
    return NOW + timezone.timedelta(seconds=seconds)


def test_an_e_mail_goes_out_filled_signed_and_logged(lead, rob, server):
    rob.last_name, rob.signature = "Rust", "Rob Rust\n+49 30 123"
    rob.save()
    activity = write(lead, rob)

    assert send_due(at=NOW) == 0
    assert send_due(at=later()) == 1
    [taken] = server.taken
    assert (taken["Subject"], str(taken["To"]), str(taken["Reply-To"])) == (
        "Hello Ada", "Ada Lovelace <ada@acme.test>", "Rob Rust <rob@demo.test>",
    )  # fmt: skip
    text = "Best regards\nRob Rust\n\n-- \nRob Rust\n+49 30 123\n"
    assert taken.get_content().replace("\r\n", "\n") == text
    assert (activity.kind, activity.direction, activity.note) == ("email", "outbound", "Best regards\nRob Rust")


def test_it_counts_as_an_attempt(rob):
    handoff = make_handoff(to=rob)
    lead = handoff.lead
    move_lead(lead, Stage.ACCEPTED, by=rob, at=lead.stage_since, handoff=handoff.pk, owner=rob)
    write(lead, rob)

    assert attempts_of([lead.pk])[lead.pk].count == 1
    lead.refresh_from_db()
    assert lead.last_activity_at == NOW


def test_a_link_to_content_stands_below_once(lead, rob):
    asset = Asset.objects.create(name="Price list", url="https://acme.test/prices")

    assert write(lead, rob, asset=asset, text="Look.").note == "Look.\n\nPrice list: https://acme.test/prices"
    assert write(lead, rob, asset=asset, text="https://acme.test/prices").note == "https://acme.test/prices"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"text": "{frist_name}"}, "unknown_gap"),
        ({"subject": "{need}"}, "gap_empty"),
        ({"text": "  "}, "empty_email"),
        ({"asset": "no link"}, "asset_without_link"),
    ],
)
def test_what_cannot_be_sent_says_why(lead, rob, facts, code):
    if "asset" in facts:
        facts = {"asset": Asset.objects.create(name="Drawing")}
    with pytest.raises(BusinessError) as refused:
        write(lead, rob, **facts)

    assert refused.value.code == code
    assert (Mail.objects.count(), Activity.objects.count()) == (0, 0)


def test_an_unknown_gap_is_told_with_those_there_are():
    with pytest.raises(BusinessError, match=r"There is no gap \{firstname\}\. There are \{first_name\}, "):
        fill("Hello {firstname}", {})


@pytest.mark.parametrize(
    ("lead_facts", "code"),
    [({"email": ""}, "no_email"), ({"email": "ada at acme"}, "bad_email"), ({"do_not_mail": True}, "do_not_mail")],
)
def test_who_cannot_or_will_not_be_written_to(lead, rob, lead_facts, code):
    for name, value in lead_facts.items():
        setattr(lead, name, value)
    lead.save()

    assert why_not_written_to(Subject(lead=lead))[1] == code
    with pytest.raises(BusinessError):
        write(lead, rob)


def test_without_a_mail_server_nothing_is_promised(lead, rob, settings):
    settings.EMAIL_HOST = ""
    with pytest.raises(BusinessError, match="No mail server"):
        write(lead, rob)


def test_only_who_may_log_there_writes(lead, rosa):
    with pytest.raises(NotAllowed):
        write(lead, rosa)


def test_it_is_taken_back_while_it_waits(lead, rob, server):
    remove_activity(write(lead, rob), by=rob)

    assert send_due(at=later()) == 0
    assert (Mail.objects.count(), Activity.objects.count()) == (0, 0)


def test_what_was_sent_stays_as_it_was_sent(lead, rob, server):
    activity = write(lead, rob)
    send_due(at=later())

    with pytest.raises(StaleState):
        remove_activity(activity, by=rob)
    with pytest.raises(BusinessError, match="as it was sent"):
        edit_activity(activity, by=rob, at=later(), note="I never wrote this")
    assert edit_activity(activity, by=rob, at=later(), outcome="replied").outcome == "replied"
    assert Mail.objects.get().state == MailState.SENT


def test_three_templates_are_there_from_the_start(rob):
    assert [row.name for row in templates_for(rob)] == ["First contact", "After no answer", "Material you asked for"]


def test_own_templates_come_last_and_are_nobody_elses(rob, rosa, max_):
    create_template(by=rob, name="Mine", subject="Hi", text="Hello {first_name}")

    assert [row.name for row in templates_for(rob)][-1] == "Mine"
    assert "Mine" not in [row.name for row in templates_for(rosa)]
    with pytest.raises(NotAllowed):
        edit_template(MailTemplate.objects.get(name="Mine"), by=max_, name="Ours")


def test_everybodys_templates_are_the_managers(rob, max_):
    first = MailTemplate.objects.get(name="First contact")
    with pytest.raises(NotAllowed):
        edit_template(first, by=rob, subject="Mine")
    with pytest.raises(NotAllowed):
        create_template(by=rob, for_all=True, name="All", subject="Hi", text="Hi")

    edit_template(first, by=max_, retired=True)
    move_template(MailTemplate.objects.get(name="Material you asked for"), by=max_, step=-1)
    assert [row.name for row in templates_for(rob)] == ["Material you asked for", "After no answer"]


def test_a_template_with_an_unknown_gap_is_refused(rob):
    with pytest.raises(BusinessError, match="no gap"):
        create_template(by=rob, name="Mine", subject="Hi", text="Hello {vorname}")


def test_writing_costs_the_same_however_much_was_written(lead, rob):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            write(lead, rob)
        return len(seen)

    first = queries()
    for _ in range(20):
        write(lead, rob)
    assert queries() == first
