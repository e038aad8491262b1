"""The two commands and what they rest on, as far as it can be told without installing anything."""

import os
import re
import subprocess

import pytest

from crm.embedded.folders import CHECKOUT


def run(*command: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ, **changes}, capture_output=True, text=True, check=False
    )


def test_make_lists_its_targets():
    assert (
        re.findall(r"^  make (\w+)", run("make").stdout, re.MULTILINE) == "help run demo test lint bench lock".split()
    )


@pytest.mark.parametrize("script", ["bin/setup", ".ci/run"])
def test_script_is_executable_and_parses(script):
    assert os.access(CHECKOUT / script, os.X_OK)
    assert run("sh" if script.startswith("bin") else "bash", "-n", script).returncode == 0


def test_setup_refuses_what_it_does_not_know():
    done = run("bin/setup", "everything")

    assert (done.returncode, done.stderr) == (1, "Tandem: usage: bin/setup python|tools|frontend|browser\n")


def test_every_package_is_pinned_and_no_place_to_get_it_is_named():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [
            line for line in (CHECKOUT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")
        ]
        assert [line for line in lines if not re.fullmatch(r"[a-zA-Z0-9._\[\]-]+==[\w.]+", line)] == []
    assert '"resolved"' not in (CHECKOUT / "package-lock.json").read_text()
