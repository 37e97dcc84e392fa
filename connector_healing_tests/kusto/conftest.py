"""A fake cluster, and commands to ask it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector_healing.core.kusto.commands import Endpoint, FollowUpCommand
from connector_healing.kusto.credentials import AccessToken
from connector_healing.kusto.hosts import Cluster, cluster_at
from connector_healing.kusto.limits import CollectionLimits
from connector_healing_tests.kusto.fake_cluster import FakeCluster

ID = "b152f9da-616a-40a7-8cde-f2390cfc8064"
TOKEN = AccessToken(token="good-token-0123456789")
#: Two tries, and time enough on any machine.
PATIENT = CollectionLimits(attempts=2, longest_wait=timedelta(seconds=1))
#: For answers that never come.
QUICK = CollectionLimits(
    command_time=timedelta(milliseconds=400), answer_margin=timedelta(milliseconds=200), attempts=2
)


def asking(text: str, endpoint: Endpoint = Endpoint.ENGINE) -> FollowUpCommand:
    return FollowUpCommand(endpoint=endpoint, template=text, parameters={}, text=text)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeCluster().running() as running:
        yield running


@pytest.fixture
def here(fake: FakeCluster) -> Cluster:
    return cluster_at(fake.url, ingest=fake.url, allowed_hosts=["127.0.0.1"])
