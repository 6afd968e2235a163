"""`make test` has a browser, brings one, or stops before any test with the one command to type."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import browser  # noqa: E402


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A machine of Debian's without a browser, whose user is root and where every command fails; what was tried."""
    tried: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        tried.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "starts", lambda: False)
    monkeypatch.setattr(browser, "is_debian", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", run)
    return tried


def test_a_browser_that_starts_is_taken_and_nothing_is_said_or_installed(
    machine: list[list[str]], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser, "starts", lambda: True)
    assert browser.main() == 0
    assert machine == []
    assert capfd.readouterr() == ("", "")


def test_where_none_can_be_had_the_one_command_to_type_is_said(
    machine: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for debian, command in ((True, "sudo apt-get install chromium fonts-liberation"),
                            (False, "sudo .venv/bin/python -m playwright install --with-deps chromium")):  # fmt: skip
        monkeypatch.setattr(browser, "is_debian", lambda answer=debian: answer)
        assert browser.main() == 1
        said = capsys.readouterr().err
        assert [line.strip() for line in said.splitlines() if line.startswith(" ")] == [command]
        assert "No test has run" in said
    assert {command[0] for command in machine} == {sys.executable}, "without root only Playwright's is tried"
    assert not any("--with-deps" in command for command in machine), "it would ask for a password"


def test_root_on_debian_gets_the_package_and_else_what_playwright_brings_with_its_libraries(
    machine: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser.main() == 1
    assert [command[0] for command in machine] == ["apt-get", sys.executable], "a list that cannot be read ends a way"
    assert machine[-1][-3:] == ["install", "chromium", "--with-deps"]

    machine.clear()
    answers = iter([False, True])
    monkeypatch.setattr(browser, "starts", lambda: next(answers))
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: machine.append(command) or subprocess.CompletedProcess(command, 0)
    )
    assert browser.main() == 0
    assert [command[:2] for command in machine] == [["apt-get", "update"], ["apt-get", "install"]]


def test_a_browser_that_was_named_and_does_not_start_is_the_users_to_correct(
    machine: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser.main() == 1
    assert machine == []
    assert "CHROMIUM names /nowhere/chromium" in capsys.readouterr().err


def test_a_program_that_is_no_browser_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert browser.find_chromium() == sys.executable
    assert not browser.starts()


def test_the_tests_begin_after_the_browser_and_continuous_integration_types_nothing_but_make_test() -> None:
    planned = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 0 < planned.index("tools/browser.py") < planned.index("tools/build.py") < planned.index("pytest")
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test"]
