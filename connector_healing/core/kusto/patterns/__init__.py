"""The patterns in the order in which they are tried: what names a cause before what follows it."""

from connector_healing.core.kusto.pattern import Pattern
from connector_healing.core.kusto.patterns.authentication import AUTHENTICATION
from connector_healing.core.kusto.patterns.benign import BENIGN
from connector_healing.core.kusto.patterns.configuration import CONFIGURATION
from connector_healing.core.kusto.patterns.hidden import HIDDEN
from connector_healing.core.kusto.patterns.ingestion import INGESTION
from connector_healing.core.kusto.patterns.jars import JARS
from connector_healing.core.kusto.patterns.leftovers import LEFTOVERS
from connector_healing.core.kusto.patterns.lookalikes import LOOKALIKES
from connector_healing.core.kusto.patterns.moves import CLEANUP, MOVES
from connector_healing.core.kusto.patterns.network import NETWORK
from connector_healing.core.kusto.patterns.operations import OPERATIONS
from connector_healing.core.kusto.patterns.products import PRODUCTS
from connector_healing.core.kusto.patterns.reads import READS
from connector_healing.core.kusto.patterns.service import SERVICE
from connector_healing.core.kusto.patterns.silent import SILENT
from connector_healing.core.kusto.patterns.storage import STORAGE
from connector_healing.core.kusto.patterns.streaming import STREAMING
from connector_healing.core.kusto.patterns.tables import TABLES
from connector_healing.core.kusto.patterns.unknown import UNKNOWN

#: Other software first, since its exceptions pass through the connector's frames; then what the
#: connector itself says last in a run (moves, operations); the clean-up's failure after every
#: cause that it may mask; warnings and silence at the end.
PATTERNS: tuple[Pattern, ...] = (
    *PRODUCTS,
    *LOOKALIKES,
    *MOVES,
    *HIDDEN,
    *OPERATIONS,
    *INGESTION,
    *STREAMING,
    *STORAGE,
    *CLEANUP,
    *CONFIGURATION,
    *TABLES,
    *JARS,
    *AUTHENTICATION,
    *SERVICE,
    *NETWORK,
    *READS,
    *LEFTOVERS,
    *SILENT,
    *BENIGN,
    *UNKNOWN,
)
