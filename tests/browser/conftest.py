"""A real Chromium in front of pytest-django's live server."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# Playwright's synchronous interface runs an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
# What is expected of a page comes in time on a quiet machine; a busy one may take longer.
expect.set_options(timeout=15_000)
CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where other work shares the machine, one more try tells a browser that was late from a page that is wrong."""
    if os.environ.get("CI"):
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.flaky(retries=1))


class UnderWay:
    """The requests that the live server is at, each in a thread of its own."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        request_started.connect(self.began)
        request_finished.connect(self.ended)

    def began(self, **_: Any) -> None:
        # The test itself asks in the main thread, with Django's client.
        if threading.current_thread() is not threading.main_thread():
            self.threads.add(threading.get_ident())

    def ended(self, **_: Any) -> None:
        self.threads.discard(threading.get_ident())

    def wait(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while self.threads & {thread.ident for thread in threading.enumerate()} and time.monotonic() < until:
            time.sleep(0.01)


@pytest.fixture
def worker(database_url: str, services: Any, tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A Celery worker with its beat on the test database."""
    command = [sys.executable, "-m", "celery", "-A", "crm", "worker", "--beat", "--pool", "solo", "--loglevel", "error"]
    environment = os.environ | {"DATABASE_URL": database_url, "REDIS_URL": services.valkey.url}
    process = subprocess.Popen([*command, "--schedule", str(tmp_path / "beat")], cwd=CHECKOUT, env=environment)
    yield process
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def browser(chromium_path: str | None) -> Iterator[Browser]:
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium_path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def under_way() -> UnderWay:
    return UnderWay()


@pytest.fixture
def new_page(browser: Browser, live_server: Any, under_way: UnderWay) -> Iterator[Callable[[], Page]]:
    """Open a page of 1440 x 900 in a browser context of its own; ``goto("/inbox/")`` leads to the live server.

    A script that failed or was refused by the content security policy fails the test.
    """
    contexts, broken = [], []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            broken.append(message.text)

    def open_page() -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        context.set_default_timeout(10_000)
        # The first page of a cold browser takes its time where other tests keep the machine busy.
        context.set_default_navigation_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", note)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # Parts of a page that load by themselves may still be read; emptying the tables meanwhile is a deadlock.
    under_way.wait()
    assert broken == []


@pytest.fixture
def page_for(new_page: Callable[[], Page], client_for: Callable[[Any], Any], live_server: Any) -> Callable[[Any], Page]:
    """Open a page in which this user is logged in."""

    def open_page(user: Any) -> Page:
        page = new_page()
        cookie = client_for(user).cookies["sessionid"]
        page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return page

    return open_page
