"""The API's human page draws itself without asking another host, and lets a person try an operation."""

import pytest
from playwright.sync_api import expect

from crm.models import Team


@pytest.mark.django_db(transaction=True)
def test_the_api_is_read_and_tried_in_the_browser(page_for, live_server, ada):
    page, hosts = page_for(ada), set()
    page.on("request", lambda request: hosts.add(request.url.split("/", 3)[2]))
    page.goto("/api/v1/docs/")
    page.locator("#operations-tag-teams").click()
    page.locator("#operations-teams-teams_create .opblock-summary").click()
    operation = page.locator("#operations-teams-teams_create")
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill('{"name": "East", "kind": "sales"}')
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table .response .response-col_status").first).to_contain_text("201")
    assert Team.objects.get().name == "East"
    assert hosts == {live_server.url.removeprefix("http://")}
