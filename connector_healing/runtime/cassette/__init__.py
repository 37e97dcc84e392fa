"""Cassettes: recorded HTTP exchanges, written without secrets, read back and played."""

from connector_healing.runtime.cassette.exchange import NO_ANSWER as NO_ANSWER
from connector_healing.runtime.cassette.exchange import Exchange as Exchange
from connector_healing.runtime.cassette.exchange import Redacts as Redacts
from connector_healing.runtime.cassette.exchange import endpoint_template as endpoint_template
from connector_healing.runtime.cassette.observing import observe as observe
from connector_healing.runtime.cassette.player import CassettePlayer as CassettePlayer
from connector_healing.runtime.cassette.player import ReplayedResponse as ReplayedResponse
from connector_healing.runtime.cassette.reader import CassetteHeader as CassetteHeader
from connector_healing.runtime.cassette.reader import cassette_header as cassette_header
from connector_healing.runtime.cassette.reader import read_cassette as read_cassette
from connector_healing.runtime.cassette.retention import KEEP_CASSETTES as KEEP_CASSETTES
from connector_healing.runtime.cassette.retention import MAX_CASSETTE_AGE as MAX_CASSETTE_AGE
from connector_healing.runtime.cassette.retention import cassette_path as cassette_path
from connector_healing.runtime.cassette.retention import prune_cassettes as prune_cassettes
from connector_healing.runtime.cassette.writer import CASSETTE_SUFFIX as CASSETTE_SUFFIX
from connector_healing.runtime.cassette.writer import MAX_CASSETTE_BYTES as MAX_CASSETTE_BYTES
from connector_healing.runtime.cassette.writer import CassetteWriter as CassetteWriter
