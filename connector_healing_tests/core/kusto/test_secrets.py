"""Secrets that the connector and its users log never come back."""

import json
from dataclasses import replace

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.case import case_from
from connector_healing.core.kusto.report import render_triage
from connector_healing_tests.benchmarks.kusto import DATA, load

_SECRET = "Zq8vLkT0pWmR5xYb2NcD7eHsUfJ4gA"

PLANTS = (
    f'.export async to parquet (h@"https://a.blob.core.windows.net/c?sv=2020&sig={_SECRET}") <| T',
    f"https://a.blob.core.windows.net/c1/x.csv.gz?sv=2020-02-10&se=2026&sig={_SECRET}",
    f"https%3A%2F%2Fa.blob.core.windows.net%2Fc%3Fsig%3D{_SECRET}",
    f"Data Source=https://c.kusto.windows.net;Application Key={_SECRET};Authority Id=t",
    f"AppKey={_SECRET};AppClientId=1",
    f"Authorization: Bearer {_SECRET}",
    f'options: {{"kustoAadAppSecret": "{_SECRET}", "accessToken": "{_SECRET}"}}',
    f"option accessToken -> {_SECRET}",
    f"accessToken={_SECRET}",
    f"AccountKey={_SECRET}==;EndpointSuffix=core.windows.net",
    "To sign in, open https://microsoft.com/devicelogin and enter the code QZ8VLKT0P to sign in.",
    f'"transientStorage": "{{\\"storageAccountKey\\": \\"{_SECRET}\\"}}"',
)
_FAILURES = (
    (
        "Py4JJavaError: An error occurred while calling o1.save.\n: com.microsoft.azure.kusto.data."
        "exceptions.DataServiceException: Principal is not authorized to {plant}, ActivityId='1'"
    ),
    (
        "26/11/21 11:57:50 ERROR KustoConnector: ExtendedKustoClient: Some extents were not processed"
        " and we got an empty move result {plant}"
    ),
    "org.apache.spark.api.python.PythonException: x\nValueError: {plant}",
    "SchemaMatchException: Source schema has columns that are not present in the target: {plant}",
    "Failed to resolve scalar expression named '{plant}' Semantic error kustoconnector: x",
    'UnrecognizedPropertyException: Unrecognized field "x" (known properties: {plant}) kusto.spark',
)


def _everything(case: KustoCase) -> str:
    found = triage(case)
    return json.dumps(found.to_json()) + render_triage(found) + repr(found)


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("failure", _FAILURES)
def test_a_planted_secret_does_not_come_back(plant: str, failure: str) -> None:
    told = _everything(KustoCase(evidence=failure.replace("{plant}", plant), user_text=plant))
    assert _SECRET not in told
    assert "QZ8VLKT0P" not in told


@pytest.mark.parametrize("name", ["transientStorage", "ingestionStorageParameters"])
def test_broken_json_is_told_without_its_secret(name: str) -> None:
    value = f'{{"storageCredentials": [{{"sasUrl": "https://a.blob/c?sig={_SECRET}"'
    case = KustoCase(options={"kustoQuery": "T", name: value})
    assert triage(case).pattern == "config.bad_json"
    assert any(f"{name}=*** does not parse" in warning for warning in triage(case).warnings)
    assert _SECRET not in _everything(case)


def test_a_secret_in_a_faulty_option_is_not_told() -> None:
    long = f"{'x' * 70}{_SECRET}"
    options = {
        "accessToken": long,
        "writeMode": f"Bearer {_SECRET}",
        "timeoutLimit": long,
        f"sig={_SECRET}": "x",
        "sparkIngestionPropertiesJson": f'{{"a": "https://b/c?sv=1&sig={_SECRET}',
    }
    told = _everything(KustoCase(options=options))
    assert "does not parse" in told
    assert "Zq8vLkT0" not in told


@pytest.mark.parametrize(
    "name", ["kustoAadAppSecret", "accessToken", "kutoAadAppCertPassword", "transientStorage"]
)
def test_a_secret_option_is_masked_wherever_it_stands(name: str) -> None:
    case = KustoCase(
        options={"kustoTable": "T", "kustoDatabase": "d", name: _SECRET, "writeMode": "Queued"},
        evidence=f"ValueError: {_SECRET}\norg.apache.spark.api.python.PythonException: {_SECRET}",
        user_text=f"we use {_SECRET}",
    )
    assert _SECRET not in _everything(case)


def test_a_secret_in_an_options_name_or_value_does_not_reach_a_warning() -> None:
    case = KustoCase(
        options={"kustoTable": "T", f"x?sig={_SECRET}": "1", "timeoutLimit": f"sig={_SECRET}"}
    )
    assert _SECRET not in _everything(case)


def test_every_known_case_stays_free_of_a_planted_sas() -> None:
    line = f'\n26/11/21 11:57:50 DEBUG KustoConnector: x: h@"?sv=1&sig={_SECRET}" <| T'
    for case in load(DATA / "recorded_cases.jsonl")[::7]:
        read = case_from(case)
        assert _SECRET not in _everything(replace(read, evidence=read.evidence + line))
