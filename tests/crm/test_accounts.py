"""Coming in and going out: login by e-mail, logout, throttle, change and reset of the password."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


@pytest.fixture
def visitor():
    return Client()


def log_in(visitor, password="tandem-demo", email="rob@demo.test"):
    return visitor.post(LOGIN, {"login": email, "password": password})


def is_in(visitor):
    return "_auth_user_id" in visitor.session


def test_a_stranger_is_sent_to_the_login_and_back_again(visitor, rob):
    page = visitor.get("/agreement/")
    assert (page.status_code, page["Location"]) == (302, f"{LOGIN}?next=/agreement/")
    page = visitor.post(page["Location"], {"login": "rob@demo.test", "password": "tandem-demo"})
    assert page["Location"] == "/agreement/"


@pytest.mark.parametrize("email", ["rob@demo.test", "Rob@Demo.TEST "])
def test_login_takes_the_email_in_any_case(visitor, rob, email):
    assert log_in(visitor, email=email)["Location"] == "/"
    assert is_in(visitor)


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(visitor, rob):
    wrong, unknown = log_in(visitor, "wrong"), log_in(visitor, "wrong", "nobody@demo.test")
    assert [page.status_code for page in (wrong, unknown)] == [200, 200]
    errors = [list(page.context["form"].non_field_errors()) for page in (wrong, unknown)]
    assert errors[0] == errors[1] != []


def test_ten_failures_lock_the_account_for_this_address_in_any_spelling(visitor, rob):
    for attempt in range(10):
        log_in(visitor, "wrong", "rob@demo.test" if attempt % 2 else " ROB@demo.test")
    page = log_in(visitor)
    assert page.status_code == 429
    assert not is_in(visitor)
    assert "Too many attempts" in page.content.decode()


def test_a_reset_password_ends_the_lock(visitor, rob, mailoutbox):
    for _ in range(11):
        log_in(visitor, "wrong")
    reset_password(visitor, mailoutbox)
    assert log_in(Client(), "better-than-before").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_login_and_throttle_work_while_redis_is_away(visitor, stop_redis):
    make_user("rob")
    stop_redis()
    assert log_in(visitor).status_code == 302
    stranger = Client()
    for _ in range(10):
        log_in(stranger, "wrong")
    assert log_in(stranger).status_code == 429


def test_inactive_people_and_imported_ones_without_email_stay_out(visitor, rob):
    rob.is_active = False
    rob.save()
    log_in(visitor)
    assert not is_in(visitor)
    imported = make_user("sr", email=None, external_id="4ef15", source_system="olist")
    assert not imported.has_usable_password()


def test_nobody_signs_up_alone(visitor):
    page = visitor.post(reverse("account_signup"), {"email": "new@demo.test", "password1": "a-long-password"})
    assert b"a-long-password" not in page.content
    assert not is_in(visitor)


def test_logout_needs_a_click(visitor, rob):
    log_in(visitor)
    visitor.get(reverse("account_logout"))
    assert is_in(visitor)
    visitor.post(reverse("account_logout"))
    assert not is_in(visitor)


def test_change_of_password(visitor, rob):
    log_in(visitor)
    new = {"oldpassword": "tandem-demo", "password1": "better-than-before", "password2": "better-than-before"}
    visitor.post(reverse("account_change_password"), new)
    assert is_in(visitor)
    assert log_in(Client(), "better-than-before").status_code == 302


def reset_password(visitor, mailoutbox):
    """As Rob does it: ask, follow the link of the mail, choose a new one."""
    visitor.post(reverse("account_reset_password"), {"email": "rob@demo.test"})
    [mail] = mailoutbox
    link = re.search(r"http://testserver(\S+)", mail.body)[1]
    form_page = visitor.get(link, follow=True)
    form_address = form_page.redirect_chain[-1][0]
    visitor.post(form_address, {"password1": "better-than-before", "password2": "better-than-before"})


def test_reset_by_mail(visitor, rob, mailoutbox):
    reset_password(visitor, mailoutbox)
    assert log_in(Client(), "better-than-before").status_code == 302
    assert log_in(Client()).status_code == 200


def test_reset_for_an_unknown_address_says_the_same(visitor, rob, mailoutbox):
    answers = [
        visitor.post(reverse("account_reset_password"), {"email": email})
        for email in ("rob@demo.test", "nobody@demo.test")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1


def test_the_api_tells_a_stranger_401(visitor):
    assert visitor.get("/api/v1/leads/").status_code == 401


def test_nobody_gives_himself_another_address(rob, client_for):
    browser = client_for(rob)

    for deed in ("action_add", "action_primary"):
        assert browser.post("/accounts/email/", {"email": "admin@demo.test", deed: ""}).status_code == 404

    assert browser.get("/accounts/email/").status_code == 404
    rob.refresh_from_db()
    assert rob.email == "rob@demo.test"


def test_pages_behind_the_login_are_kept_by_no_cache_between(client_for, rob):
    assert client_for(rob).get("/leads/")["Cache-Control"] == "private, no-cache"
