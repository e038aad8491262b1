import re

import pytest
import yaml
from django.core.management import call_command
from django.test import Client


def test_the_schema_is_valid_and_raises_no_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


@pytest.fixture(scope="module")
def schema():
    return yaml.safe_load(Client().get("/api/v1/schema/").content)


def test_every_write_names_its_key_and_its_problems(schema):
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert "401" in operation["responses"], path
            if method in {"post", "patch", "delete"}:
                assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}, path
                assert "application/problem+json" in operation["responses"]["403"]["content"], path


def test_the_actions_of_the_design_are_there(schema):
    actions = {
        path.removeprefix("/api/v1/")
        for path, operations in schema["paths"].items()
        if "post" in operations and "{id}" in path
    }
    assert actions >= {
        "leads/{id}/transition/",
        "leads/{id}/offer/",
        "leads/{id}/convert/",
        "handoffs/{id}/accept/",
        "handoffs/{id}/reject/",
        "handoffs/{id}/undo/",
        "handoffs/{id}/withdraw/",
        "opportunities/{id}/close/",
        "opportunities/{id}/reopen/",
        "tasks/{id}/complete/",
        "tasks/{id}/reopen/",
        "notifications/{id}/read/",
    }


def test_the_human_page_asks_nothing_of_other_hosts(db):
    page = Client().get("/api/v1/docs/")
    text = page.content.decode()
    asked = re.findall(r'(?:src|href)="([^"]+)"', text)

    assert asked
    assert all(address.startswith("/") for address in asked)
    assert "<script>" not in text, "no script in the page: the policy refuses it"
    for address in asked:
        answer = Client().get(address)
        answer.close()
        assert answer.status_code == 200, address
    assert "'unsafe-inline'" not in re.search(r"default-src[^;]*", page["Content-Security-Policy"])[0]
    assert "script-src" not in page["Content-Security-Policy"]
    assert "'unsafe-inline'" not in Client().get("/accounts/login/")["Content-Security-Policy"]
