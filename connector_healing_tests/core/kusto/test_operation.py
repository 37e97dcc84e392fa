"""Whether a case is a read or a write, where its options name both."""

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation

BOTH = {
    "kustoCluster": "https://c.kusto.windows.net",
    "kustoDatabase": "d",
    "kustoTable": "T",
    "kustoQuery": "T | take 5",
    "writeMode": "Queued",
    "readMode": "ForceSingleMode",
}


def test_options_of_a_read_and_a_write_state_neither() -> None:
    found = triage(KustoCase(options=BOTH, options_complete=True, user_text="It failed again"))
    assert (found.operation, found.mode) == (Operation.UNKNOWN, Mode.UNKNOWN)
    assert Ask.OPERATION in found.must_ask


@pytest.mark.parametrize(
    ("said", "operation", "mode"),
    [
        ("Rows are missing after my job wrote to Kusto", Operation.WRITE, Mode.QUEUED),
        ("Rows are missing when I read them back", Operation.READ, Mode.SINGLE),
    ],
)
def test_what_the_user_says_decides_between_them(
    said: str, operation: Operation, mode: Mode
) -> None:
    found = triage(KustoCase(options=BOTH, options_complete=True, user_text=said))
    assert (found.operation, found.mode) == (operation, mode)


def test_options_of_one_side_state_it() -> None:
    read = {name: value for name, value in BOTH.items() if name != "writeMode"}
    assert triage(KustoCase(options=read)).operation is Operation.READ
    write = {name: BOTH[name] for name in ("kustoTable", "writeMode")}
    assert triage(KustoCase(options=write)).operation is Operation.WRITE
