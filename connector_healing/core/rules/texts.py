"""All tables of texts, in the order that decides between equals on one line."""

from connector_healing.core.rules import (
    texts_access,
    texts_contract,
    texts_data,
    texts_database,
    texts_database_codes,
    texts_framework,
    texts_general,
    texts_kafka,
    texts_kafka_codes,
    texts_kusto,
    texts_limits,
    texts_machine,
    texts_network,
    texts_schema_registry,
    texts_spark,
    texts_spark_code,
    texts_storage,
)
from connector_healing.core.rules.signature import Signature, Weight, sign

RULES: tuple[Signature, ...] = (
    *texts_kusto.RULES,
    *texts_schema_registry.RULES,
    *texts_kafka.RULES,
    *texts_kafka_codes.RULES,
    *texts_spark.RULES,
    *texts_storage.RULES,
    *texts_spark_code.RULES,
    *texts_database.RULES,
    *texts_database_codes.RULES,
    *texts_machine.RULES,
    *texts_limits.LIMITS,
    *texts_contract.PAGES,
    *texts_access.RULES,
    *texts_contract.CHANGES,
    *texts_limits.SERVER,
    *texts_contract.TARGETS,
    *texts_network.RULES,
    *texts_data.RULES,
    *texts_framework.RULES,
    *texts_general.RULES,
)

#: Signatures of other languages, with the words themselves: their scripts have no word borders.
FOREIGN: tuple[tuple[Signature, tuple[str, ...]], ...] = tuple(
    (
        sign(
            name, subcategory, weight=Weight.CODE, cause="The answer says: {line}", confidence=0.8
        ),
        words,
    )
    for name, subcategory, words in texts_limits.FOREIGN
)
