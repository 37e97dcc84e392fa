"""Makes a project whose connectors just failed: run in the project's folder, with the API's address.

``python -m connector_healing_tests.browser.broken_project URL TOKEN``
"""

import sys
from datetime import date, timedelta

from connector_healing.orchestration.quiet import be_quiet

FIRST_DAY = date(2013, 1, 25)
GOOD_DAYS = 6
CONNECTORS = ("flights", "airports")


def main(url: str) -> None:
    """Six good days, then the API breaks for both connectors; nothing is healed here."""
    be_quiet()
    from connector_healing.demo.api.client import connect
    from connector_healing.demo.project import demo_definitions
    from connector_healing.demo.settings import demo_settings
    from connector_healing.orchestration.in_process import LocalProject
    from connector_healing.orchestration.instance import open_instance

    api = connect(url)
    settings = demo_settings()
    settings.remember_api(url)
    with open_instance() as instance:
        project = LocalProject(demo_definitions(settings), instance)
        for number in range(GOOD_DAYS + 1):
            api.set_day(FIRST_DAY + timedelta(days=number))
            if number == GOOD_DAYS:
                api.set_faults(["field_renamed_and_moved", "rows_lost"])
            for connector in CONNECTORS:
                succeeded = project.run_connector(connector)
                if succeeded is not (number < GOOD_DAYS):
                    sys.exit(f"{connector} on day {number}: succeeded is {succeeded}")


if __name__ == "__main__":
    main(sys.argv[1])
