"""What schema registries and their serializers say, and Kafka's own settings.

Sources: Confluent Schema Registry's REST error codes (404xx, 409, 422xx, 500xx), its Java and
Python serializers, Avro's and Protobuf's resolution errors, Connect's converters.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_kafka = partial(sign, weight=Weight.COMPONENT)
_REGISTRY = r"schema ?_?-?registry|schemaregistry|io\.confluent|subject|avro|protobuf|json_?schema|kafka|sr code|glue"

#: The address of a registry, or of one of its resources.
_REGISTRY_URL = (
    r"https?://\S{0,200}(?:schema-?registry|/subjects/\S{1,200}/versions|/schemas/ids/\d)"
)

SCHEMA = (
    _kafka(
        "registry.access",
        Sub.REGISTRY_ACCESS,
        r"sr code 4010[01]",
        r"sr code 4030[01]",
        r"(?:unauthorized|forbidden|user is denied operation).{0,80}error code: ?40[13]\w*",
        r"http status code 40[13],? ",
        r"user is denied operation \S+ on (?:this server|subject)",
        r"schema registry.{0,120}(?:unauthorized|forbidden)",
        besides=_REGISTRY,
        cause="The schema registry refuses the client: {line}",
        also=(Sub.KAFKA_CREDENTIALS,),
    ),
    _kafka(
        "registry.url_access",
        Sub.REGISTRY_ACCESS,
        r"40[13] client error: \w+",
        r"http(?: error)? 40[13]\b",
        besides=_REGISTRY_URL,
        cause="The schema registry refuses the client: {line}",
        also=(Sub.KAFKA_CREDENTIALS,),
    ),
    _kafka(
        "registry.url_missing",
        Sub.SCHEMA_MISSING,
        r"404 client error: \w+",
        r"http(?: error)? 404\b",
        besides=_REGISTRY_URL,
        cause="The schema registry does not have what is asked for: {line}",
    ),
    _kafka(
        "registry.url_down",
        Sub.REGISTRY_UNAVAILABLE,
        r"50\d server error: \w+",
        r"http(?: error)? 50[0-4]\b",
        besides=_REGISTRY_URL,
        cause="The schema registry does not answer: {line}",
    ),
    _kafka(
        "registry.plain_answer",
        Sub.REGISTRY_ACCESS,
        r"unrecognized token '(?:unauthorized|forbidden|access)'",
        r"(?:unauthorized|forbidden); error code:? ?\d+",
        r"error code:? ?40[13]\d{0,2}\b",
        besides=_REGISTRY,
        unless=r"kusto|azure\.|hubspot|salesforce",
        cause="The schema registry refuses the client: {line}",
        also=(Sub.KAFKA_CREDENTIALS,),
    ),
    _kafka(
        "registry.missing",
        Sub.SCHEMA_MISSING,
        r"sr code 4040[0-9]",
        r"error_code\"? ?: ?4040[0-9]",
        r"error code: 4040[0-9]",
        r"subject '?\S+'? not found",
        r"schema \d* ?not found",
        r"schema not found",
        r"subject not found",
        r"error retrieving (?:avro|json|protobuf) (?:unknown )?schema for id \d+",
        r"error retrieving (?:avro|json|protobuf) schema",
        r"schemanotfound(?:exception)?|entitynotfoundexception.{0,60}schema",
        besides=_REGISTRY,
        cause="The schema registry does not have the schema: {line}",
    ),
    _kafka(
        "registry.incompatible",
        Sub.SCHEMA_INCOMPATIBLE,
        r"schema being registered is incompatible with an earlier schema",
        r"incompatible with (?:an )?earlier schema",
        r"sr code 409",
        r"error code:? ?409\w*",
        r"error code:? ?422\d*\b",
        r"(?:un)?processable entity.{0,20}(?:subject|schema)",
        r"reader_field_missing_default_value",
        r"(?:type_mismatch|name_mismatch|missing_union_branch|missing_enum_symbols)",
        r"sr code 422\d\d",
        r"error_code\"? ?: ?422\d\d",
        r"input schema is an invalid (?:avro|json|protobuf) schema",
        r"invalid (?:avro|schema|protobuf) .{0,60}schema",
        r"incompatibleschema\w*|schema is incompatible",
        r"operation not permitted.{0,40}subject \S+ is in read-?only mode",
        besides=_REGISTRY + r"|compatib",
        cause="The registry does not take the schema: {line}",
    ),
    _kafka(
        "registry.misread",
        Sub.SCHEMA_MISREAD,
        r"unknown magic byte",
        r"expecting data framing of length \d+ bytes",
        r"message too small\. this message was not produced with",
        r"this message was not produced with a confluent schema registry serializer",
        r"unexpected magic byte \S*",
        r"invalid magic byte",
        r"schemaresolutionexception: .{1,160}",
        r"found \S+, expecting (?:union|\S+)",
        r"avrotypeexception: .{1,160}",
        r"org\.apache\.avro\.(?:avrotypeexception|avroruntimeexception|avromissingfieldexception|schemaparseexception)",
        r"error (?:de)?serializing (?:avro|json|protobuf|key/value|key|value)",
        r"error serializing avro message",
        r"error deserializing avro message for id -?\d+",
        r"org\.apache\.kafka\.common\.errors\.(?:de)?serializationexception",
        r"org\.apache\.kafka\.common\.errors\.serializationexception",
        r"record_?deserialization_?exception",
        r"error deserializing key/value for partition \S+",
        r"(?:key|value)(?:de)?serializationerror",
        r"_(?:key|value)_(?:de)?serialization",
        r"converting byte\[\] to kafka connect data failed",
        r"failed to deserialize data (?:for|to) topic \S+",
        r"jsonconverter with schemas\.enable requires",
        r"schemaprojectorexception|schemabuilderexception|org\.apache\.kafka\.connect\.errors\.dataexception",
        r"recordname not found|no value specified for \S*avro",
        r"avro\.errors\.\w+|fastavro\S*\.schemaresolutionerror|fastavro\._\w+\.validationerror",
        r"the datum .{1,160}is not an example of the schema",
        r"(?:protobuf )?invalidprotocolbufferexception: ",
        r"google\.protobuf\.message\.decodeerror",
        r"\[malformed_avro_message\]|\[malformed_protobuf_message\]",
        besides=_REGISTRY,
        unless=r"not an avro data file|\.avro\b.{0,40}is not|sr code|error code: (?:40|50)|rest ?client ?exception|connection refused|unknownhost",
        cause="A record does not have the schema by which it is read or written: {line}",
    ),
    _kafka(
        "registry.unavailable",
        Sub.REGISTRY_UNAVAILABLE,
        r"sr code 500\d\d",
        r"error_code\"? ?: ?500\d\d",
        r"error code:? ?50[0-4]\d{0,2}\b",
        r"error in the backend data ?store",
        r"error while forwarding (?:register )?(?:schema )?request to the (?:master|leader)",
        r"(?:master|leader) not known",
        r"register operation timed out",
        r"(?:connection refused|connect timed out|read timed out|unknownhostexception)",
        r"failed to (?:connect|send .{0,30}) to (?:the )?schema registry",
        besides=r"schema ?_?-?registry|schemaregistry|io\.confluent\.kafka\.schemaregistry|confluent_kafka\.avro|register schema",
        unless=r"unrecognized token '(?:unauthorized|forbidden)",
        cause="The schema registry does not answer: {line}",
    ),
)

SETTINGS = (
    _kafka(
        "kafka.property",
        Sub.CONFIGURATION_INVALID,
        r"no such configuration property: \"?\S+",
        r"_invalid_arg",
        r"local: invalid argument or configuration",
        r"(?:kafka)?configexception: (?!no resolvable).{1,200}",
        r"sasl\.(?:username|password|mechanism\w*).{0,60}must be (?:set|configured)",
        r"ssl\.(?:ca|key|certificate)\.location.{0,80}(?:failed|no such file|error|not found|missing|could not)",
        r"missing required configuration \"?\S+",
        r"invalid value \S+ for configuration \S+",
        r"java\.lang\.illegalargumentexception: could not find (?:a )?'?kafkaclient",
        r"unrecognized configs: \S+",
        r"invalid url in bootstrap\.servers: \S+",
        r"no bootstrap servers? (?:provided|configured)",
        r"failed to set (?:configuration )?property",
        r"\"?\S+\"? (?:is not|isn't) a valid (?:kafka )?(?:client )?configuration",
        besides=r"kafka|bootstrap|librdkafka|group\.id|serializer",
        cause="A setting of the Kafka client is missing or wrong: {line}",
        confidence=0.9,
    ),
)

RULES = (*SCHEMA, *SETTINGS)
