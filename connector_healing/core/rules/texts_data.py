"""What Python and its libraries say of data that do not have the expected form.

Sources: Python's builtins and standard library, pandas, pyarrow, pydantic, jsonschema, marshmallow,
dlt's schema contracts, coercions and incremental cursors, GraphQL clients.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_library = partial(sign, weight=Weight.LIBRARY)
_builtin = partial(sign, weight=Weight.BUILTIN)
_NOT_LOAD = r"psycopg|sqlstate|snowflake|bigquery|redshift|duckdb\.|sqlalchemy|mysql|pyodbc|spark|kafka|avro"

DLT = (
    _library(
        "data.contract",
        Sub.SCHEMA_CONTRACT,
        r"contract on (?:tables|columns|new tables|new columns) with (?:contract )?mode.{0,5} ?freeze",
        r"but (?:new )?(?:tables|columns) are frozen|trying to add (?:table|column) \S+|contract on (?:table|column)s?\b.{0,60}(?:violated|frozen)",
        r"(?:trying to|can't|cannot) (?:create|add) (?:table|column) .{0,80}(?:frozen|contract|freeze)",
        r"datavalidationerror.{0,160}(?:schema_entity|on) ?=? ?['\"]?(?:tables?|columns?)\b",
        besides=r"contract|freeze|dlt",
        unless=r"contract on .?data_?type",
        cause="The data have a table or column that the schema contract does not allow: {line}",
    ),
    _library(
        "data.contract_type",
        Sub.TYPE_CHANGED,
        r"data_types are frozen",
        r"trying to create new variant column \S+",
        r"contract on .?data_?type",
        r"(?:cannot|can't|could not|failed to) coerce ",
        r"cannotcoercecolumnexception",
        r"incrementalcursorinvalidcoercion",
        r"could not coerce ",
        cause="Values came with another type: {line}",
        also=(Sub.SCHEMA_CONTRACT,),
        unless=r"kafka",
    ),
    _library(
        "data.cursor",
        Sub.CURSOR_MISSING,
        r"incrementalcursorpathmissing",
        r"cursor element with jsonpath ",
        r"incremental(?:cursorpath)?\w*hasvaluenone|cursor element .{0,60}has value none",
        r"unboundcolumnexception|the column .{1,80}marked as (?:non-nullable|primary key)",
        cause="The records do not have the field that the load follows or is keyed by: {line}",
        also=(Sub.KEY_MISSING, Sub.FIELD_RENAMED),
    ),
)

PARSING = (
    _library(
        "data.validation",
        Sub.TYPE_CHANGED,
        r"\d+ validation errors? for \w+",
        r"pydantic\w*\.(?:\w+\.)*validationerror",
        r"input should be (?:a )?(?:valid )?",
        r"jsonschema\.(?:\w+\.)*validationerror",
        r"marshmallow\.exceptions\.validationerror",
        r"value is not a valid \w+",
        r"is not of type '\w+'",
        r"contract on data_type with mode freeze",
        unless=r"dagsterinvalidconfig|settings\b|environment variable|configuration|http 4\d\d|422 client|\bloc\b|helm",
        cause="The data do not have the declared form: {line}",
        also=(Sub.KEY_MISSING, Sub.FIELD_RENAMED),
    ),
    _library(
        "data.value",
        Sub.TYPE_CHANGED,
        r"could not convert string to float",
        r"invalid literal for (?:int|float|decimal)\(?",
        r"time data .{1,80}does(?:n't| not) match format",
        r"unconverted data remains",
        r"invalid isoformat string",
        r"(?:unknown|unparseable) (?:datetime )?string format|unknown datetime string format|dateutil\.parser\.\w*parsererror|string does not contain a date",
        r"decimal\.(?:invalidoperation|conversionsyntax)|conversionsyntax",
        r"year -?\d+ is out of range|month must be in 1\.\.12|day is out of range for month|hour must be in 0\.\.23|minute must be in |second must be in ",
        r"outofboundsdatetime|out of bounds nanosecond timestamp|cannot convert .{0,60}to (?:integer|datetime|timestamp|float)",
        r"(?:too many|not enough) values to unpack",
        r"must be str(?:ing)?, not \w+|expected str(?:ing)? (?:or bytes-like object|instance)|argument must be .{0,60}not '?\w+'?",
        r"could not parse .{1,60} as (?:dtype|type|`?[a-z]+\d*`?\b)|unable to parse string |unable to parse .{1,60}as (?:int|float|date|timestamp|number|boolean)",
        r"datetimeparseexception|text '.{1,60}' could not be parsed at index|java\.text\.parseexception|numberformatexception|unparse?able date",
        r"arrow(?:invalid|typeerror|notimplementederror)|pyarrow\.lib\.\w+|could not convert .{1,60}with type \w+",
        r"badly formed hexadecimal uuid string|is not a valid (?:uuid|date|time|datetime|number|integer|float|decimal|boolean|enum|member|timezone|currency)|is not a valid \w+$",
        r"mixed (?:types|timezones)|cannot (?:compare|mix) .{0,40}(?:naive|tz|offset)|can't compare offset-naive and offset-aware|integer out of range|fromtimestamp|timestamp out of range",
        unless=_NOT_LOAD + r"|--\w+ must|airflow\.cfg|config value",
        cause="A value has not the form that it is read as: {line}",
        also=(Sub.FIELD_RENAMED,),
    ),
    sign(
        "data.json",
        Sub.NOT_JSON,
        r"jsondecodeerror",
        r"incompletejsonerror|premature eof|lexical error: invalid char in json|parse error: (?:trailing|premature|unallowed)",
        r"expecting value: line \d+ column \d+",
        r"expecting (?:',' delimiter|property name enclosed|':' delimiter)",
        r"(?:unterminated string|extra data|invalid control character|invalid \\escape).{0,20}line \d+",
        r"unexpected token .{0,40}(?:in|at|is not valid) .{0,20}json|unexpected end of json input|not valid json|invalid json|malformed json|malformedjsonexception|jsonexception\b",
        r"jsonparseexception|com\.fasterxml\.jackson\S+|mismatchedinputexception|unrecognizedpropertyexception|com\.google\.gson\.\w+|json\.loads.{0,20}fail\w*",
        r"invalid type: .{1,40}, expected .{1,60}line\W{1,3}\d+|unknown variant `.{1,60}`, expected|missing field `\w+` at line",
        r"contenttypeerror|attempt to decode json with unexpected mimetype|expected json.{0,60}got|non-json response",
        unless=_NOT_LOAD,
        cause="What came is not JSON: {line}",
        also=(Sub.EMPTY_BODY, Sub.SERVER_UNAVAILABLE),
        weight=Weight.STATUS,
        confidence=0.8,
    ),
    _library(
        "data.document",
        Sub.DOCUMENT_UNREADABLE,
        r"unicodedecodeerror|unicodeencodeerror|codec can't (?:de|en)code|invalid start byte|invalid continuation byte|malformedinputexception|unicodeerror|surrogates not allowed",
        r"_csv\.error|field larger than field limit|line contains nul|new-line character seen in unquoted field|error tokenizing data|pandas\.errors\.\w+|parsererror: |no columns to parse from file|unexpected end of data",
        r"badzipfile|file is not a zip file|badgzipfile|not a gzipped file|zlib\.error|incorrect header check|lzmaerror|zstderror|readerror: .{0,40}(?:tar|gzip|not a)|invaliddata\w*|eoferror: compressed file ended",
        r"xml\.etree\.elementtree\.parseerror|parseerror: .{0,80}(?:line|token|syntax|entity|element)|not well-formed \(invalid token\)|expaterror|xmlsyntaxerror|saxparseexception|mismatched tag|lxml\.etree\.\w+|document is empty|start tag expected",
        r"invalidfileexception|openpyxl|xlrd\.\w+|unsupported format, or corrupt file|excel file format cannot be determined|worksheet named |compoundfile\w*error",
        r"can ?not decode content-encoding|too small to be a parquet file|no magic bytes found at end of file|parquet magic bytes not found|not a parquet file|could not open parquet|invalid parquet file|fastavro\S* |cannot read header - is it an avro file|contentdecodingerror|failed to decode it",
        unless=r"psycopg|sqlstate|spark|snowflake|encoding .?utf8.? has|postgres|tomldecode|yaml\.\w",
        cause="A document is of another form than it is read as: {line}",
        also=(Sub.BODY_CUT_SHORT, Sub.TYPE_CHANGED),
    ),
)

KEYS = (
    _builtin(
        "data.key",
        Sub.KEY_MISSING,
        r"keyerror: (?!<).{1,100}",
        r"missing (?:key|field|column)s? .{1,80}",
        r"(?:key|column|field) .{1,60}not (?:found|present|in index|in (?:record|response|payload|row|data))",
        r"not in index|none of \[.{1,100}are in the \[(?:columns|index)\]",
        r"columns? (?:overlap|expected|do not match|mismatch)|usecols do not match columns",
        r"nosuchelementexception: key not found",
        unless=r"os\.environ|in __getitem__\n.{0,60}environ",
        cause="The code reads a key that the data do not have: {line}",
        also=(Sub.FIELD_RENAMED, Sub.ENVELOPE_CHANGED),
    ),
    _builtin(
        "data.shape",
        Sub.TYPE_CHANGED,
        r"(?:list|tuple|string|byte) indices must be",
        r"'(?:list|tuple|str|int|float|bool)' object has no attribute '\w+'",
        r"'(?:nonetype|int|float|bool|str|list)' object is not (?:subscriptable|iterable)",
        r"'dict' object has no attribute '(?:append|extend|sort)'",
        r"unhashable type: '(?:dict|list)'",
        r"(?:can only concatenate|unsupported operand type)|not supported between instances of ",
        r"expected (?:a )?(?:list|dict|object|array|mapping) .{0,40}(?:got|but|found|received)|dictionary update sequence element|cannot unpack non-iterable|mixing dicts with non-series|all arrays must be of the same length|if using all scalar values|cannot deserialize (?:value|instance) of type",
        unless=r"'nonetype' object has no attribute '(?:sc|_jsc|_jvm)'",
        cause="The data came in another shape: {line}",
        also=(Sub.ENVELOPE_CHANGED, Sub.CONNECTOR_BUG),
        confidence=0.6,
    ),
)

RULES = (*DLT, *PARSING, *KEYS)
