"""The rarer codes of Kafka's protocol and of its clients.

Sources: rdkafka.h of librdkafka 2.x; org.apache.kafka.common.protocol.Errors, whose
`RetriableException`s are those that pass; kafka-python's and aiokafka's errors.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_kafka = partial(sign, weight=Weight.COMPONENT)
_IS_KAFKA = r"kafka"

RULES = (
    _kafka(
        "kafka.codes_transient",
        Sub.BROKER_BUSY,
        r"offset_not_available|offsetnotavailable\w*",
        r"fetch_session_id_not_found|fetchsessionidnotfound\w*",
        r"invalid_fetch_session_epoch|invalidfetchsessionepoch\w*",
        r"replica_not_available|replicanotavailable\w*",
        r"listener_not_found|listenernotfound\w*",
        r"transaction_?coordinator_?fenced\w*|operation_not_attempted",
        r"stale_ctrl_epoch|controllermoved\w*",
        r"corrupt_message|corruptrecordexception|corruptmessage\w*|message failed crc|failed its crc checksum",
        r"code=invalid_msg\b",
        besides=_IS_KAFKA,
        cause="The brokers are busy, electing or restarting: {line}",
    ),
    _kafka(
        "kafka.codes_lost",
        Sub.BROKER_UNREACHABLE,
        r"network_exception|the server disconnected before a response was received",
        r"code=_(?:transport|timed_out|timed_out_queue|node_update|wait_coord|isr_insuff)\b",
        besides=_IS_KAFKA,
        cause="No broker can be reached: {line}",
    ),
    _kafka(
        "kafka.codes_setup",
        Sub.BROKER_SETUP,
        r"unsupported_?compression_?type\w*",
        r"invalid_?required_?acks\w*",
        r"invalid_?transaction_?timeout\w*|invalidtxntimeout\w*",
        r"code=invalid_request\b|common\.errors\.invalidrequestexception",
        r"code=_(?:unsupported_feature|not_configured|unknown_protocol|not_implemented)\b",
        besides=_IS_KAFKA,
        confidence=0.85,
        cause="What the client asks for is not how the brokers are set up: {line}",
        also=(Sub.CONSUMER_MISUSED,),
    ),
    _kafka(
        "kafka.codes_record",
        Sub.TOPIC_INVALID,
        r"invalid_?timestamp(?:exception)?",
        besides=_IS_KAFKA,
        confidence=0.85,
        cause="The topic does not take such a record: {line}",
    ),
    _kafka(
        "kafka.codes_consumer",
        Sub.CONSUMER_MISUSED,
        r"offset_?metadata_?too_?large\w*",
        r"offset metadata string too large|metadata field of the offset request was too large",
        r"invalid_?session_?timeout\w*",
        r"the session timeout is not within (?:the|an acceptable) range",
        r"invalid_?commit_?offset_?size\w*|committing offset data size is not valid",
        r"unsupported_?assignor\w*",
        r"code=_(?:existing_subscription|unknown_group|conflict)\b",
        r"cannot mix subscription modes|you must choose only one way to configure your consumer",
        r"consumerstoppederror|consumer has no assigned group_id",
        besides=_IS_KAFKA + r"|consumer|group",
        cause="The consumer is not used as Kafka asks: {line}",
    ),
    _kafka(
        "kafka.codes_subscription",
        Sub.CONSUMER_MISUSED,
        r"subscription to topics, partitions and pattern are mutually exclusive",
        cause="The consumer is not used as Kafka asks: {line}",
    ),
)
