"""The demo's forms, and what strangers sent through them in the last weeks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from desk.demo.life import Life
from desk.demo.marketing import Plan
from leads.models import CaptureForm, Submission, SubmissionStatus, Touch, TouchKind

LOG_DAYS = 30
CONSENT = "We use what you send only to answer you. You can have it deleted at any time."
BOTS = [("Buy followers cheap", 3), ("hello dear friend", 9), ("SEO for your site", 21)]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"


def publish(plans: dict[str, Plan]) -> dict[int, CaptureForm]:
    """The two forms, by the id of their campaign."""
    texts = {
        "search": ("demo-request", "Book a demo", "Thank you. Somebody calls you within a working day."),
        "paper": ("late-orders", "White paper: What late orders cost", "Thank you. The white paper is on its way."),
    }
    made = {}
    for key, (slug, name, thanks) in texts.items():
        plan = plans[key]
        made[plan.campaign.pk] = CaptureForm.objects.create(
            key=slug, name=name, campaign=plan.campaign, asset=plan.assets[-1], source=plan.sources[-1],
            owner=plan.campaign.owner, thanks=thanks, consent=CONSENT, is_sample=True,
        )  # fmt: skip
    return made


def submissions(lives: list[Life], forms: dict[int, CaptureForm], rng: Random) -> Iterator[Submission]:
    """One for every form touch of the last weeks, oldest first, and what bots sent."""
    ends_at = lives[0].frame.ends_at
    since = ends_at - timedelta(days=LOG_DAYS)
    sent = [
        (touch, life)
        for life in lives
        for touch in life.touches
        if touch.kind in (TouchKind.FORM, TouchKind.DOWNLOAD) and touch.at >= since and touch.campaign_id in forms
    ]
    rows = [answer(forms[touch.campaign_id or 0], touch, life) for touch, life in sent]
    rows += [spam(rng.choice(list(forms.values())), text, ends_at - timedelta(days=days)) for text, days in BOTS]
    yield from sorted(rows, key=lambda row: row.received_at)


def answer(form: CaptureForm, touch: Touch, life: Life) -> Submission:
    lead, is_first = life.lead, touch is life.touches[0]
    names = ("first_name", "last_name", "email", "phone", "title", "company_name", "country")
    return Submission(
        form=form, received_at=touch.at, processed_at=touch.at + timedelta(seconds=1), attempts=1,
        payload={name: getattr(lead, name) for name in names if getattr(lead, name)}, lead=lead, user_agent=BROWSER,
        status=SubmissionStatus.PROCESSED if is_first else SubmissionStatus.DUPLICATE,
    )  # fmt: skip


def spam(form: CaptureForm, text: str, at: datetime) -> Submission:
    return Submission(
        form=form, received_at=at, processed_at=at, attempts=1, status=SubmissionStatus.REFUSED, user_agent="curl/8.5",
        payload={"first_name": text, "email": "win@bot.example"},
        reason="A field that people do not see was filled in.",
    )  # fmt: skip
