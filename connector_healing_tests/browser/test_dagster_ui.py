"""A failed run, its heal, the report and the Launchpad, in the real Dagster UI.

The tests follow one another: the daemon heals by itself what broke, then a person heals by hand.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector_healing_tests.browser.conftest import DagsterUi

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = ("reproduce", "classify", "candidates", "trial", "validate", "report", "submit")


def shown(page: "Page", text: str | re.Pattern[str]) -> None:
    page.get_by_text(text).first.wait_for()


def test_a_failed_run_shows_what_went_wrong(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    run = next(r for r in dagster_ui.runs("run_flights") if r["status"] == "FAILURE")
    page.goto(f"{dagster_ui.url}/runs/{run['runId']}")
    shown(page, "STEP_FAILURE")
    shown(page, re.compile("KeyError"))
    page.screenshot(path=screenshots / "failed-run.png")


def test_the_daemon_heals_it_and_the_run_shows_the_steps(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    run = dagster_ui.ended("heal_connector", "flights")
    assert run["status"] == "SUCCESS"
    page.goto(f"{dagster_ui.url}/runs/{run['runId']}")
    for step in STEPS:
        shown(page, re.compile(rf"^{step}"))
    page.screenshot(path=screenshots / "heal-run.png")
    page.goto(f"{dagster_ui.url}/locations/flight_operations/jobs/heal_connector")
    for step in STEPS:
        shown(page, re.compile(rf"^{step}"))
    page.screenshot(path=screenshots / "heal-graph.png")


def test_the_report_is_rendered_on_the_heals_own_asset(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    dagster_ui.ended("heal_connector", "flights")
    page.goto(f"{dagster_ui.url}/assets/connector_healing/heals/flights?view=events")
    shown(page, "candidates_tried")
    page.get_by_text("Show Markdown").or_(page.get_by_text("[Show Markdown]")).first.click()
    page.get_by_role("heading", name="Connector Debug Report: flights").wait_for()
    page.get_by_role("heading", name="Fix Applied").wait_for()
    # A highlighted diff, not its source.
    assert page.locator(".hljs-addition").count() > 0
    page.get_by_role("heading", name="Error Summary").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "report.png")


def test_the_numbers_of_heals_are_plotted(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    dagster_ui.ended("heal_connector", "flights")
    page.goto(f"{dagster_ui.url}/assets/connector_healing/heals/flights?view=overview")
    page.get_by_role("button", name="Plots").or_(
        page.get_by_text("Plots", exact=True)
    ).first.click()
    for number in ("live_requests", "seconds_from_failure", "candidates_tried"):
        shown(page, number)
    page.locator("canvas").first.wait_for()
    page.screenshot(path=screenshots / "plots.png")


def test_a_connectors_asset_has_row_counts_and_a_check(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    page.goto(f"{dagster_ui.url}/assets/dlt_airports_airports?view=checks")
    shown(page, "loaded_as_expected")
    page.screenshot(path=screenshots / "checks.png")
    page.goto(f"{dagster_ui.url}/assets/dlt_airports_airports?view=overview")
    shown(page, "1,458")
    page.screenshot(path=screenshots / "asset.png")


def test_a_person_heals_by_hand_from_the_launchpad(
    dagster_ui: DagsterUi, page: "Page", screenshots: Path
) -> None:
    before = dagster_ui.ended("heal_connector", "airports")
    assert before["status"] == "SUCCESS"
    page.goto(f"{dagster_ui.url}/locations/flight_operations/jobs/heal_connector/playground")
    editor = page.locator(".CodeMirror").first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("connector_id: airports\nmode: propose\nsample_size: 500\n")
    page.get_by_role("button", name="Launch Run").click(trial=True)
    page.screenshot(path=screenshots / "launchpad.png")
    page.get_by_role("button", name="Launch Run").click()
    run = dagster_ui.ended("heal_connector", "airports", others=1)
    assert (run["status"], run["runId"] != before["runId"]) == ("SUCCESS", True)
    page.goto(f"{dagster_ui.url}/runs/{run['runId']}")
    shown(page, re.compile("Not healed"))
    page.screenshot(path=screenshots / "launched.png")
