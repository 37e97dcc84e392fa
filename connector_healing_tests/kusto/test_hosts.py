"""A token goes to Kusto's hosts, and elsewhere only by the user's word."""

import pytest
from azure.kusto.data.kusto_trusted_endpoints import well_known_kusto_endpoints
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto.commands import Endpoint
from connector_healing.errors import UsageError
from connector_healing.kusto.hosts import CLOUDS, cluster_at


@pytest.mark.parametrize(
    ("given_", "engine"),
    [
        ("https://adx1.kusto.windows.net", "adx1.kusto.windows.net"),
        ("https://adx1.kusto.windows.net/", "adx1.kusto.windows.net"),
        ("https://adx1.kusto.windows.net:443", "adx1.kusto.windows.net"),
        ("HTTPS://ADX1.westEurope.Kusto.Windows.Net", "adx1.westeurope.kusto.windows.net"),
        ("adx1.westeurope.kusto.windows.net", "adx1.westeurope.kusto.windows.net"),
        ("https://ingest-adx1.westeurope.kusto.windows.net", "adx1.westeurope.kusto.windows.net"),
        ("adx1", "adx1.kusto.windows.net"),
        ("https://adx1.kustomfa.windows.net", "adx1.kustomfa.windows.net"),
        ("https://trd-abc.z0.kusto.fabric.microsoft.com", "trd-abc.z0.kusto.fabric.microsoft.com"),
        ("https://p.ws.kusto.azuresynapse.net", "p.ws.kusto.azuresynapse.net"),
        ("https://a.kusto.chinacloudapi.cn", "a.kusto.chinacloudapi.cn"),
        ("https://a.kusto.usgovcloudapi.net", "a.kusto.usgovcloudapi.net"),
    ],
)
def test_both_addresses_come_from_either(given_: str, engine: str) -> None:
    cluster = cluster_at(given_)

    assert cluster.url(Endpoint.ENGINE) == f"https://{engine}"
    assert cluster.url(Endpoint.INGEST) == f"https://ingest-{engine}"


@pytest.mark.parametrize(
    "address",
    [
        "http://adx1.kusto.windows.net",
        "https://evil.example.com",
        "https://kusto.windows.net.evil.example.com",
        "https://adx1.kusto.windows.net.evil.example.com",
        "https://evilkusto.windows.net",
        "https://evil.example.com/adx1.kusto.windows.net",
        "https://evil.example.com?x=.kusto.windows.net",
        "https://evil.example.com#.kusto.windows.net",
        "https://adx1.kusto.windows.net@evil.example.com",
        "https://user:secret-value@adx1.kusto.windows.net",
        "https://evil.example.com\\.kusto.windows.net",
        "https://adx1.kusto.windows.net;Fed=true",
        "https://adx1.kusto.windows.net/db",
        "https://adx1.kusto.windows.net:8443",
        "https://adx1.kusto.windows.net:99999",
        "https://-adx.kusto.windows.net",
        "https://.kusto.windows.net",
        "https://a..kusto.windows.net",
        "https://adx1.kusto.windows.net.",
        "https://\u0430dx1.kusto.windows.net",
        "ftp://adx1.kusto.windows.net",
        "https://127.0.0.1",
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "https://[::1]",
        "https://[bad",
        "",
        "adx1.westeurope",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        cluster_at(address)

    assert "secret-value" not in str(refused.value)


def test_a_host_is_allowed_by_the_users_word() -> None:
    cluster = cluster_at("https://kusto.corp.example", allowed_hosts=["Kusto.corp.example"])

    assert cluster.engine == "https://kusto.corp.example"
    assert cluster.ingest == "https://ingest-kusto.corp.example"
    assert cluster.allowed == {"kusto.corp.example", "ingest-kusto.corp.example"}


def test_http_and_ports_are_for_loopback_alone() -> None:
    loopback = cluster_at("http://127.0.0.1:8080", allowed_hosts=["127.0.0.1"])

    assert (loopback.engine, loopback.ingest) == ("http://127.0.0.1:8080", None)
    assert cluster_at("http://[::1]:81", allowed_hosts=["::1"]).engine == "http://[::1]:81"
    for address in ("http://kusto.corp.example", "https://kusto.corp.example:8443"):
        with pytest.raises(UsageError):
            cluster_at(address, allowed_hosts=["kusto.corp.example"])


def test_the_ingest_address_is_checked_too() -> None:
    named = cluster_at("adx1", ingest="https://ingest-other.kusto.windows.net")

    assert named.ingest == "https://ingest-other.kusto.windows.net"
    with pytest.raises(UsageError, match=r"^ingest: 'https://evil.example'"):
        cluster_at("adx1", ingest="https://evil.example")


@pytest.mark.parametrize(
    "host", ["https://a.example", "a.example/x", "a b", "", "*.example", "a:1"]
)
def test_an_allowed_host_is_a_host_alone(host: str) -> None:
    with pytest.raises(UsageError, match="allowed host"):
        cluster_at("adx1", allowed_hosts=[host])


def test_each_known_suffix_is_one_of_the_sdk() -> None:
    for login, suffixes in CLOUDS.items():
        for suffix in suffixes:
            well_known_kusto_endpoints.validate_hostname_is_trusted(f"adx1{suffix}", login)


@given(st.text(max_size=60))
def test_no_address_but_a_known_host_passes(text: str) -> None:
    try:
        cluster = cluster_at(text)
    except UsageError:
        return
    host = cluster.engine.removeprefix("https://")
    assert host.endswith(tuple(s for suffixes in CLOUDS.values() for s in suffixes))
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
