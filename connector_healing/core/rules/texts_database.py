"""What databases and warehouses answer to what a pipeline loads.

Sources: PostgreSQL's SQLSTATE table (appendix A) and psycopg's classes, MySQL's and SQL Server's
error numbers, SQLite's result codes, DuckDB's exception types, Snowflake's error codes, BigQuery's
reasons, Redshift, Databricks SQL, ClickHouse, Oracle, dlt's destination exceptions.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_db = partial(sign, weight=Weight.COMPONENT)
_IS_DB = (
    r"msg \d+, level|tns:|database error|deadlock|lock resources|transaction|constraint|psycopg|asyncpg|provided schema|java\.sql|jdbc|postgres|pg_|duckdb|sqlite|snowflake|bigquery|redshift|mysql|mariadb|pyodbc|odbc|mssql|sql server"
    r"|sqlalchemy|oracle|ora-\d|clickhouse|databricks\.sql|sqlstate|insert into|relation|dlt\.destinations|copy into"
    r"|loadclientjob|destination|synapse|athena|trino|motherduck|mongo|redis\.|clickhouse|oracledb|trino\.|adbc|lancedb|qdrant|warehouse|fatal: |dwh|db\."
)
_NOT_DB = r"spark\.|analysisexception|kafka(?!\.connect)|kusto|sparkexception"

TROUBLE = (
    _db(
        "db.busy",
        Sub.DESTINATION_BUSY,
        r"database is locked|database table is locked|database schema is locked",
        r"could not set lock on file|conflicting lock is held|file handle conflict",
        r"deadlock(?:detected| detected| found)|was deadlocked on lock|lock wait timeout exceeded|locknotavailable|canceling statement due to lock timeout",
        r"serializ(?:ationfailure|able isolation violation)|could not serialize access due to |transactionconflict\w*|transactioncontext error: conflict|transaction conflict|conflict on (?:tuple|update|table)|catalog write-write conflict",
        r"too many (?:clients|connections)(?: already)?|remaining connection slots are reserved|toomanyconnections|max_user_connections|queuepool limit of size|connection pool (?:exhausted|timed out|timeout)|resource id : \d+\. the request limit|no more connections allowed",
        r"adminshutdown|terminating connection due to (?:administrator command|conflict with recovery|idle)|crashshutdown|cannotconnectnow|the database system is (?:starting up|shutting down|in recovery mode|not yet accepting)",
        r"server closed the connection unexpectedly|connection already closed|consuming input failed|ssl connection has been closed unexpectedly|ssl syscall error|lost connection to (?:mysql|database) server|mysql server has gone away|the connection is broken and recovery|communication link failure|tcp provider: |08s01|connection (?:is|was) (?:lost|closed)|connection failure|ora-(?:03113|03114|12541|12170|12537|12514|00018|00020|00060|30006)",
        r"statement(?:_| )?timeout|querycanceled|canceling statement due to (?:statement timeout|user request|conflict)|statement reached its statement or warehouse timeout|query execution was interrupted|hyt00|query timeout expired|login timeout expired",
        r"database '?\S+'? on server '?\S+'? is not currently available|serverless.{0,40}resuming|(?:cluster|warehouse|database) is (?:being )?(?:resumed|resuming|paused|starting|restarting|in maintenance)|the service has encountered an error processing your request|40613|40197",
        r"(?:number of waiters for this table exceeds|has locked table|your statement .{0,40}was aborted because the number of waiters)|could not obtain lock on relation|code: 252|too many parts|databricks\.sql\.exc\.\w+: .{0,200}(?:temporarily_unavailable|timed out|http response code: 50)|is loading the dataset in memory|1020: |operation timed out",
        besides=_IS_DB,
        unless=_NOT_DB + r"|kerberos",
        cause="The destination is busy, restarting or was cut off: {line}",
        also=(Sub.DESTINATION_UNREACHABLE,),
    ),
    _db(
        "db.unreachable",
        Sub.DESTINATION_UNREACHABLE,
        r"connection (?:to server at .{1,80})?failed: .{0,100}(?:connection refused|could not translate|timeout expired|no route|timed out)",
        r"could not connect to server|is the server running on (?:that )?host|can't connect to (?:mysql )?server|(?:a )?network-related or instance-specific error|250001.{0,40}could not connect|could not connect to (?:snowflake|the warehouse|database|redshift)|dpy-(?:6005|4011|6001|6000)|(?:cannot|could not|unable to|failed to) (?:connect|open (?:a )?connection) to (?:the )?(?:database|db)\b|unable to connect to (?:data source|database|the destination)|destinationconnectionerror|08001|failed to connect to the (?:database|server|destination)|(?:redis|pymongo|clickhouse_connect|oracledb|trino)\.\S*(?:connectionerror|operationalerror|serverselectiontimeouterror|autoreconnect|connectionfailure)\b.{0,2000}(?:refused|unreachable|timed out|no route)|timeout expired|unable to open (?:database )?connection",
        besides=_IS_DB,
        unless=_NOT_DB
        + r"|incorrect username|jwt token is invalid|failed to authenticate|is not allowed to access|password authentication|unable to open database file|authentication failed|permission denied",
        cause="The destination cannot be reached: {line}",
        also=(Sub.CONNECTION_REFUSED, Sub.DESTINATION_BUSY),
    ),
    _db(
        "db.throttled",
        Sub.RATE_LIMITED,
        r"job exceeded rate limits|exceeded rate limits: too many (?:table update|dml|queries)|too many table update operations|too many dml statements|request rate is large|rateLimitExceeded",
        besides=_IS_DB,
        unless=_NOT_DB,
        cause="The destination throttles what is loaded: {line}",
        also=(Sub.DESTINATION_BUSY,),
    ),
    _db(
        "db.credentials",
        Sub.CREDENTIALS_REJECTED,
        r"password authentication failed for user|access denied for user |login failed for user|incorrect username or password was specified|jwt token is invalid|390100|390144|390195|390318|ora-0(?:1017|1005|28000|28001)|no password supplied|role \"\S+\" does not exist|the server requested .{0,30}authentication|28p01|28000|invalidpassword|authentication failed: password is incorrect|code: 516|mfa authentication is required|failed to authenticate: ",
        besides=_IS_DB + r"|fatal|for user",
        unless=_NOT_DB,
        cause="The database does not accept the credential: {line}",
        also=(Sub.DESTINATION_REFUSED,),
    ),
    _db(
        "db.refused",
        Sub.DESTINATION_REFUSED,
        r"insufficientprivilege|permission denied for (?:schema|table|relation|database|sequence|view|function|language|type|materialized)|must be owner of |(?:select|insert|update|delete|create|alter|execute|usage) (?:command )?(?:permission )?(?:was )?denied (?:on|to|in|for)|(?:create table|alter table) permission denied|insufficient privileges to operate on|sql access control error|ora-01031|42501|attempt to write a readonly database|cannot execute .{1,60}in (?:a )?read-only (?:transaction|mode)|read-only (?:database|mode|connection)|attached in read-only mode",
        r"unable to open database file|file is not a database|database disk image is malformed|is not a valid duckdb database file|not a valid duckdb database|trying to read a database file with version number|disk i/o error|io error: (?:cannot open file|could not (?:read|write)|failed to)|sqlite_(?:cantopen|corrupt|notadb|readonly|ioerr)|indexcorrupted|could not read block |serialization error: ",
        r"no pg_hba\.conf entry for host|no active warehouse selected|cannot perform (?:create|select|insert|operation)\S* .{0,40}this session does not have a current (?:database|schema)|schema does not exist or not authorized|(?:object|database|schema|warehouse|table|stage) '?\S+'? does not exist or (?:is )?not authorized|object does not exist, or operation cannot be performed|(?:database|schema|catalog) [\"']?\S+[\"']? does not exist|invalidcatalogname|invalidschemaname|unknown database|3d000|3f000|notfound: 404 .{0,60}dataset|dataset \S+ was not found|no (?:database|share|schema|catalog)\S* named .{1,60}found|destinationterminalexception|destinationundefinedentity",
        besides=_IS_DB,
        unless=_NOT_DB + r"|insert into .{0,20}column|duckdb.{0,60}lock|no space left",
        cause="The destination's rights, settings or file do not let the pipeline write: {line}",
        also=(Sub.PERMISSION_MISSING,),
    ),
    _db(
        "db.full",
        Sub.DISK_FULL,
        r"database or disk is full|could not extend file|could not write (?:to file|block).{0,60}no space left on device|diskfull|disk full|the transaction log for database .{0,60}is full|could not allocate (?:space|a new page)|ora-0165[0-9]|ora-01536|tablespace .{0,40}full|the table '?\S+'? is full|53100",
        besides=_IS_DB,
        unless=_NOT_DB,
        cause="The disk under the database is full: {line}",
        also=(Sub.DESTINATION_REFUSED,),
    ),
    _db(
        "db.memory",
        Sub.OUT_OF_MEMORY,
        r"outofmemoryexception: out of memory error|out of memory error: |duckdb\.\S*outofmemory\w*|could not allocate block of size|failed to allocate data of size|failed to pin block of size|memory limit \(total\) exceeded|memory limit \(for query\) exceeded|53200|out of shared memory|there is insufficient system memory",
        besides=_IS_DB + r"|\.tmp|memory_limit",
        unless=_NOT_DB,
        cause="The database ran out of memory: {line}",
        also=(Sub.DESTINATION_BUSY,),
    ),
)

DATA = (
    _db(
        "db.constraint",
        Sub.CONSTRAINT_VIOLATED,
        r"(?:unique|notnull|foreignkey|check|exclusion)violation|integrityerror|integrityconstraintviolation",
        r"duplicate key value violates unique constraint|violates (?:not-null|foreign key|check|unique|exclusion) constraint|(?:unique|not null|check|foreign key|primary key) constraint failed|constraint error: |e11000 duplicate key|constraintexception|violation of (?:primary key|unique key|unique) constraint|cannot insert duplicate key|cannot insert the value null into column|duplicate entry .{0,60}for key|cannot add or update a child row|null result in a non-nullable column|the (?:insert|update|merge) statement conflicted with|ora-0(?:0001|1400|2291|2292)|duplicate row detected during dml|merge must match at most one source row|on conflict do update command cannot affect row a second time|cardinalityviolation|23502|23503|23505|23514|required field \S+ cannot be null|column '?\S+'? cannot be null|field '?\S+'? doesn't have a default value",
        besides=_IS_DB + r"|constraint|key|null",
        unless=_NOT_DB,
        cause="Rows break a constraint of the destination: {line}",
    ),
    _db(
        "db.value",
        Sub.VALUE_REFUSED,
        r"(?:numericvalueoutofrange|invalidtextrepresentation|invaliddatetimeformat|datetimefieldoverflow|stringdatarighttruncation|invalidparametervalue|characternotinrepertoire|untranslatablecharacter|divisionbyzero|badcopyfileformat|datatypemismatch|nullvaluenotallowed|programlimitexceeded|invalidbinaryrepresentation)|dataerror\b",
        r"(?:smallint|integer|bigint|numeric|date|timestamp|value) out of range|out of range (?:value )?for (?:column|type|integer)|numeric (?:field overflow|value .{1,60}is not recognized)|arithmetic overflow error|invalid input syntax for |value too long for (?:type|column)|string or binary data would be truncated|data too long for column|data truncat\w+|incorrect \w+ value: |conversion failed when converting|error converting data type|conversion error: |conversionexception|could not (?:convert|cast) .{0,80}to |invalid byte sequence for encoding|date/time field value out of range|(?:timestamp|date|boolean|time|number|variant) '.{0,60}' is not recognized|failed to cast variant value|string '.{0,80}' is too long and would be truncated|bad (?:int64|double|bool|numeric|date|timestamp|datetime) value|could not parse '.{0,60}' as \w+|error while reading data, error message|error binding parameter|row (?:size|is) (?:is )?too (?:large|big)|string length exceeds ddl length|stl_load_errors|load into table '\S+' failed|invalid (?:digit|timestamp format|date format)|code: (?:27|53|6|70|41|117|349)|22001|22003|22007|22008|22p02|22p04|ora-0(?:1722|1438|1861|1830|1858|12899|1841|1843)|ora-12899|cannot parse .{0,60}for column",
        besides=_IS_DB,
        unless=_NOT_DB + r"|pydantic|stage: extract",
        cause="The destination does not take a value: {line}",
        also=(Sub.TYPE_CHANGED, Sub.TABLE_MISMATCH),
    ),
    _db(
        "db.table",
        Sub.TABLE_MISMATCH,
        r"(?:undefinedcolumn|undefinedtable|duplicatecolumn|duplicatetable|undefinedfunction|ambiguouscolumn|wrongobjecttype|dependentobjectsstillexist|invalidcolumnreference|toomanycolumns|namemismatch)|sqlsyntaxerror|psycopg\S*\.errors\.syntaxerror",
        r"column [\"'`]?\S+[\"'`]? (?:of relation .{1,60}does not exist|does not exist|cannot be cast|is of type|specified more than once|not found in table)|relation [\"']?\S+[\"']? (?:does not exist|already exists)|no such (?:table|column)|table \S+ has no column named|table \S+ has \d+ columns but|has \d+ columns but \d+ values were supplied|unknown column|invalid column name|invalid object name|invalid identifier|table '?\S+'? (?:doesn't|does not) exist|table with name \S+ (?:does not exist|already exists)|(?:binder|catalog|parser) error: |(?:binder|catalog|parser)exception|insert value list does not match column list|column count doesn't match value count|column name or number of supplied values does not match|number of columns in file .{0,60}does not match|provided schema does not match table|no such field: |field \S+ has changed (?:type|mode) from|ora-0(?:0904|0942|0955|0947|0913)|42(?:703|p01|701|804|601|s02|s22)|sql compilation error|database table not found|object '?\S+'? already exists|there is already an object named|cannot drop .{1,60}because other objects depend on it|code: (?:16|47|60|10|57)\b|extra columns? |a table can have at most .{0,40}columns",
        besides=_IS_DB,
        unless=_NOT_DB + r"|graphql|on entity|salesforce",
        cause="The destination's table has another form than what is loaded: {line}",
        also=(Sub.VALUE_REFUSED, Sub.FIELD_CHANGED),
    ),
    sign(
        "db.transient",
        Sub.DESTINATION_BUSY,
        r"(?:database|destination)transientexception",
        weight=Weight.ANSWER,
        unless=_NOT_DB,
        cause="The destination refused for a time: {line}",
        also=(Sub.DESTINATION_UNREACHABLE,),
    ),
    sign(
        "db.load_job",
        Sub.LOAD_JOB_FAILED,
        r"loadclientjob(?:failed|retry|terminalretry|exception)",
        r"job for \S+ failed terminally|load job .{0,80}failed|failed jobs? in (?:load )?package",
        r"(?:psycopg2?|asyncpg|duckdb|pymysql|mysql\.connector|pyodbc|snowflake\.connector|sqlalchemy\.exc|redshift_connector|oracledb|google\.cloud\.bigquery|databricks\.sql|sqlite3|clickhouse_connect)\.[\w.]*(?:error|exception)s?\b",
        r"(?:net\.snowflake\S*|org\.postgresql\.util\.psqlexception|com\.microsoft\.sqlserver\S*|java\.sql\.(?:sqlexception|batchupdateexception|sql\w+exception)|com\.mysql\S*|snowflakesqlexception)",
        weight=Weight.STATUS,
        unless=_NOT_DB + r"|normalizejobfailed",
        cause="The destination refused what was loaded: {line}",
        also=(Sub.VALUE_REFUSED, Sub.DESTINATION_UNREACHABLE),
    ),
)

RULES = (*TROUBLE, *DATA)
