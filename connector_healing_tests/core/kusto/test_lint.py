"""The option map against the connector's reference."""

import pytest

from connector_healing.core.kusto.lint import Finding, lint
from connector_healing.core.kusto.option_reference import OPTIONS

_GOOD = {
    "kustoCluster": "https://c.kusto.windows.net",
    "kustoDatabase": "d",
    "kustoTable": "T",
    "writeMode": "Queued",
    "timeoutLimit": "600",
    "clientBatchingLimit": "2047",
    "writeResultLimit": "none",
    "sparkIngestionPropertiesJson": '{"flushImmediately": true}',
    "kustoAadAppId": "***",
    "requestId": None,
}


def test_a_good_map_has_no_finding() -> None:
    assert lint(_GOOD) == ()


def test_the_case_of_a_key_does_not_matter() -> None:
    assert lint({name.upper(): value for name, value in _GOOD.items()}) == ()


@pytest.mark.parametrize(
    ("name", "value", "finding", "meant"),
    [
        ("isAsync", "true", Finding.UNKNOWN, "writeEnableAsync"),
        ("wirteMode", "Queued", Finding.UNKNOWN, "writeMode"),
        ("readmodes", "x", Finding.UNKNOWN, "readMode"),
        ("somethingElse", "x", Finding.UNKNOWN, ""),
        ("KustoSourceOptions.KUSTO_READ_MODE", "x", Finding.CONSTANT, "readMode"),
        ("KUSTO_WRITE_MODE", "Queued", Finding.CONSTANT, "writeMode"),
        ("writeMode", "queued", Finding.VALUE, "writeMode"),
        ("adjustSchema", "Auto", Finding.VALUE, "adjustSchema"),
        ("storageProtocol", "https", Finding.VALUE, "storageProtocol"),
        ("timeoutLimit", "1h", Finding.TYPE, "timeoutLimit"),
        ("pollingOnDriver", "yes", Finding.TYPE, "pollingOnDriver"),
        ("sparkIngestionPropertiesJson", "{", Finding.TYPE, "sparkIngestionPropertiesJson"),
        ("writeResultLimit", "all", Finding.TYPE, "writeResultLimit"),
        ("clientBatchingLimit", "2048", Finding.OVERFLOW, "clientBatchingLimit"),
        ("clientBatchingLimit", "99999999999", Finding.TYPE, "clientBatchingLimit"),
        ("clientBatchingLimit", "-1", Finding.RISK, "clientBatchingLimit"),
        ("clientBatchingLimit", "0", Finding.RISK, "clientBatchingLimit"),
        ("streamingIngestSizeInMB", "4096", Finding.OVERFLOW, "streamingIngestSizeInMB"),
        ("streamingIngestSizeInMB", "0", Finding.RISK, "streamingIngestSizeInMB"),
        ("timeoutLimit", "99999999999", Finding.TYPE, "timeoutLimit"),
        ("timeoutLimit", "2147483648", Finding.TYPE, "timeoutLimit"),
        ("writeResultLimit", "-2147483649", Finding.TYPE, "writeResultLimit"),
        (
            "stagingResourcesAutoCleanupTimeout",
            "99999999999",
            Finding.TYPE,
            "stagingResourcesAutoCleanupTimeout",
        ),
        ("maxRetriesOnMoveExtents", "9999999999", Finding.TYPE, "maxRetriesOnMoveExtents"),
        ("transientStorage", "{", Finding.TYPE, "transientStorage"),
        ("timeoutLimit", "20", Finding.RISK, "timeoutLimit"),
        ("kustoTable", "my-table", Finding.RISK, "kustoTable"),
        ("tempTableName", "t1", Finding.COMBINATION, "tempTableName"),
        ("accessToken", "***", Finding.COMBINATION, "kustoAadAppId"),
    ],
)
def test_one_wrong_option_is_found(name: str, value: str, finding: Finding, meant: str) -> None:
    (found,) = lint({**_GOOD, name: value})
    assert (found.finding, found.meant) == (finding, meant)
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    "extra",
    [
        {"writeMode": "KustoStreaming", "adjustSchema": "GenerateDynamicCsvMapping"},
        {
            "writeMode": "KustoStreaming",
            "sparkIngestionPropertiesJson": '{"ingestByTags": ["a"]}',
        },
        {
            "adjustSchema": "GenerateDynamicCsvMapping",
            "sparkIngestionPropertiesJson": '{"csvMappingNameReference": "m"}',
        },
    ],
)
def test_options_that_exclude_one_another(extra: dict[str, str]) -> None:
    assert [f.finding for f in lint({**_GOOD, **extra})] == [Finding.COMBINATION]


def test_the_greatest_number_is_one() -> None:
    assert lint({"timeoutLimit": "2147483647", "maxRetriesOnMoveExtents": " 2147483647 "}) == ()


def test_what_does_not_parse_is_not_said_to_overflow() -> None:
    (found,) = lint({"clientBatchingLimit": "99999999999"})
    assert "NumberFormatException" in found.message
    assert "one blob" not in found.message


def test_every_default_is_a_value_of_its_option() -> None:
    for option in OPTIONS.values():
        if option.default and option.name != "readMode":
            assert not lint({option.name: option.default}), option.name
