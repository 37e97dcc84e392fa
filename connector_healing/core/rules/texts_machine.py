"""What operating systems, containers and settings say: machines and configurations.

Sources: errno(3), Kubernetes' and Docker's container states, cgroups, Python's import system,
dlt's and Dagster's configuration errors, requests' URL checks, botocore, TOML and YAML parsers.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_library = partial(sign, weight=Weight.LIBRARY)
_code = partial(sign, weight=Weight.CODE)
_builtin = partial(sign, weight=Weight.BUILTIN)

MACHINE = (
    _code(
        "machine.memory",
        Sub.OUT_OF_MEMORY,
        r"memoryerror|_arraymemoryerror|negsignal\.sigkill|return code -9\b|(?:^|[-|>:] )killed$|line \d+: +\d+ killed",
        r"oomkilled|oom-killed|oom killed|out of memory: killed process|oom-kill(?:er)?\b|memory cgroup out of memory|killed process \d+|invoked oom-killer",
        r"(?:exit code|exit status|exited with code|exited with status|returncode|exitcode|exited with|exit code is)[ :=]{1,3}-?(?:137|9)\b",
        r"non-zero exit (?:code|status) 137\b|exitcode: ?137\b|code=137\b",
        r"cannot allocate memory|errno 12\b|unable to allocate .{1,40}(?:mib|gib|kib|bytes)|std::bad_alloc|out of memory|outofmemoryerror|outofmemory|heap out of memory|java\.lang\.outofmemoryerror|malloc of size \d+ failed|memory allocation (?:of \d+ bytes )?failed",
        r"(?:signal|sigkill|by signal|received signal) ?(?:9|sigkill|kill)\b|\(sigkill\)|died with <signals\.sigkill|worker (?:process )?was terminated.{0,40}(?:9|sigkill)|chlid process was terminated by signal 9|terminated by signal 9|evicted.{0,40}memory|the node was low on resource: memory|exceeded (?:its )?memory (?:limit|request)",
        unless=r"spark|\bexecutor \d|exec-\d|executorlost|yarn|py4j|kusto|kafkaconnect|permission denied|databricks",
        cause="The process ran out of memory: {line}",
    ),
    _code(
        "machine.disk",
        Sub.DISK_FULL,
        r"no space left on device",
        r"errno 28\b|errno 122\b|enospc|disk quota exceeded|disk (?:is )?full|not enough (?:disk )?space|insufficient disk space|the node was low on resource: ephemeral-storage|ephemeral local storage usage exceeds|diskpressure|there is not enough space on the disk",
        unless=r"sqlite|java\.io\.ioexception|hdfs|shuffle|blockmgr|psycopg",
        cause="The disk is full: {line}",
    ),
    _code(
        "machine.limit",
        Sub.PROCESS_LIMIT,
        r"can't start new thread|cannot start new thread|unable to create (?:new )?native thread|too many open files|errno 24\b|errno 23\b|emfile|enfile|resource temporarily unavailable|errno 11\b|blockingioerror|filedescriptor out of range|cannot assign requested address|errno 99\b|fork: .{0,20}(?:retry|resource|cannot)|pids? limit|pthread_create failed|no buffer space available|too many processes",
        unless=r"database is locked|psycopg",
        cause="The machine gives the process no more threads, files or ports: {line}",
    ),
    _library(
        "machine.file_access",
        Sub.FILE_ACCESS,
        r"permissionerror: \[errno 13\]|permissionerror: \[errno 1\]|errno 13\]? permission denied|errno 30\b|read-only file system|eacces|erofs|oserror: \[errno 5\]|errno 5\b input/output error|errno 116\b|stale file handle|transport endpoint is not connected|open \S+: permission denied|mkdir \S+: permission denied|cannot (?:create|open|write|access) .{1,80}: permission denied|operation not permitted: '.{1,100}",
        unless=r"spark|hdfs|accesscontrolexception|psycopg",
        cause="The process may not use a file or folder: {line}",
        also=(Sub.CONFIGURATION_INVALID,),
    ),
    sign(
        "machine.exit_137",
        Sub.EXECUTOR_LOST,
        r"exit(?:ed with)?(?: exit)? (?:code|status):? 137\b",
        weight=Weight.CODE,
        besides=r"spark|executor",
        also=(Sub.CONTAINER_MEMORY,),
        confidence=0.75,
    ),
)

SETTINGS = (
    _library(
        "settings.ca_bundle",
        Sub.CONFIGURATION_INVALID,
        r"could not find a suitable tls ca certificate bundle",
        r"could not find the tls (?:certificate|key) file",
        r"(?:ca|cert|key)[ _-]?(?:bundle|file|path|location).{0,80}(?:no such file|not found|does not exist|invalid path)",
        r"could not load (?:the )?(?:client )?(?:pem|certificate|key|keystore|truststore)",
        r"(?:keystore|truststore) (?:was tampered with|password was incorrect|not found|does not exist)",
        cause="A certificate file is not where the settings say: {line}",
    ),
    _library(
        "settings.url",
        Sub.CONFIGURATION_INVALID,
        r"missingschema|invalid ?schema.{0,40}no connection adapters|no connection adapters were found|invalidurl|invalid url |no scheme supplied|no host supplied|unsupportedprotocol|locationparseerror|failed to parse: .{1,80}|malformedurlexception|urisyntaxexception|unknown url type|request url is missing an .{0,60}protocol|nonnumeric port|invalid port|invalidendpoint\w*|invalid endpoint: |label empty or too long",
        r"invalid jdbc url\b|(?:invalid|malformed|unparsable) (?:connection|database|server|endpoint|base|jdbc) ?(?:string|url|uri)\b",
        r"invalidheader|invalid (?:leading whitespace|header value|return character)|illegal header value|header part .{0,60}must be|headers? .{0,40}(?:newline|control character)",
        cause="The connector's URL or a header cannot be used: {line}",
    ),
    _library(
        "settings.missing",
        Sub.CONFIGURATION_MISSING,
        r"env var required but not provided|env(?:ironment)? var(?:iable)?s? \S+ (?:required|not provided|missing)|configfieldmissingexception|following fields are missing|missing \d+ fields? in configuration|fetch the environment variable |environment variable .{1,60}(?:not set|is not set|not found|missing|undefined|is required|must be set)|(?:missing|required|undefined|unset) (?:environment|env|config\w*|setting)(?: ?variable)?s?\b|missing required (?:config|setting|environment|option)\w*|missing required config entry|improperlyconfigured|noregionerror|you must specify a region|(?:config|configuration|setting) (?:key |value |option |field )?.{1,60}(?:is )?(?:missing|not set|required|not found|not provided|undefined)|keyerror: '[a-z0-9_]+'.{0,40}environ|configvaluecannotbecoerced\w*",
        unless=r"kafka|configexception|unknown configuration|post processing at path",
        cause="A setting is missing: {line}",
        also=(Sub.CREDENTIALS_MISSING,),
    ),
    _code(
        "settings.environment",
        Sub.CONFIGURATION_MISSING,
        r"keyerror: '[a-z0-9_]+'",
        besides=r"frames: .{0,2000}os\.environ|os\.environ\[",
        cause="An environment variable is missing: {line}",
        also=(Sub.CREDENTIALS_MISSING,),
    ),
    _library(
        "settings.dagster",
        Sub.CONFIGURATION_INVALID,
        r"validation errors? for \w*(?:settings|config|configuration)\b",
        r"settingserror|error parsing value for field .{1,60}from source|pydantic_settings\.\w+|dynaconf\.\w+|omegaconf\.\w+|hydra\.errors\.\w+|decouple\.undefinedvalueerror",
        r"dagsterinvalidconfigerror|dagsterunknown(?:partition|resource|executor|step\w*)error|dagsterinvaliddefinitionerror|dagsterinvariantviolationerror|error in config for (?:job|op|resource|asset)|received unexpected config entr\w+|nativevalueerror|configfiletoolarge\w*|post processing at path|postprocessingerror|invalidstepfunctionargument\w*|unknowndestinationmodule|unknown destination|valuenotsecretexception|lookuptrace",
        r"could not (?:parse|load|read) (?:the )?config\w*|invalid (?:configuration|config|setting|option)\b|unknown (?:configuration|config|setting|option)\b|bad configuration|misconfigured|invalid value for '?--?\S+|error: unrecognized arguments|zoneinfonotfounderror|unknown ?timezone(?:error)?|no time zone found with key|invalidconnectionstring\w*|connection string .{0,60}(?:invalid|malformed|missing)|could not parse (?:sqlalchemy|rfc1738) url|argumenterror: |could not deserialize key data|no key could be detected|could not parse the provided (?:public|private) key|invalidkeyerror|unable to load pem file|invalid private key|not a valid (?:pem|private key|service account)|service account info was not in the expected format|malformederror|aadsts(?:90002|900023|900144|50011|700016)\b",
        unless=r"kafka|bootstrap|spark\.sql|psycopg",
        cause="A setting is wrong: {line}",
    ),
    _code(
        "settings.endpoint",
        Sub.CONFIGURATION_INVALID,
        r"permanentredirect\b|must be addressed using the specified endpoint|authorizationheadermalformed|illegallocationconstraint\w*",
        r"redirect_uri_mismatch|unsupported_grant_type|unsupported_response_type|invalid_redirect_uri|invalid_target|invalid_resource\b",
        r"the redirect_uri .{0,40}(?:must|does not|doesn't) match",
        cause="The request goes to a place, or comes from one, that is set up otherwise: {line}",
        also=(Sub.CREDENTIALS_REJECTED,),
    ),
    _code(
        "settings.not_enabled",
        Sub.CONFIGURATION_INVALID,
        r"api has not been used in project|accessnotconfigured|service_disabled|enable it by visiting",
        cause="The API is not enabled for the project: {line}",
        also=(Sub.PERMISSION_MISSING,),
    ),
    _library(
        "settings.declared",
        Sub.DECLARATION_INVALID,
        r"resourcesnotfounderror|the following (?:dlt )?resources.{0,60}(?:not found|could not be found)",
        r"dictvalidationexception|unexpected keys? .{0,60}(?:config|path)",
        r"tomldecodeerror|tomllib\.\w+|toml\.decoder\.\w+|yaml\.(?:\w+\.)?(?:scannererror|parsererror|composererror|readererror|yamlerror|constructor\w+)|scannererror: .{1,80}|configparser\.\w+",
        cause="A file or a name in the connector's own project is wrong: {line}",
        also=(Sub.CONFIGURATION_INVALID,),
    ),
    _library(
        "settings.driver",
        Sub.DRIVER_MISSING,
        r"nosuchmoduleerror|can't load plugin: |can't open lib |data source name not found and no default driver|im002|no module named '?(?:psycopg2?|pymysql|mysqlclient|mysqldb|pyodbc|snowflake|duckdb|cx_oracle|oracledb|google|boto3|azure|pyarrow|sqlalchemy|redshift_connector|databricks|pymssql|clickhouse_connect|openpyxl|xlrd|lxml|paramiko|s3fs|gcsfs|adlfs|dlt|pandas|confluent_kafka|fastavro|deltalake|pyiceberg|connectorx|brotli|zstandard|grpc|socks|trino|ibm_db|hdbcli|teradatasql|firebird|pymongo|motor|redis|elasticsearch|opensearchpy|stripe|simple_salesforce|hubspot|facebook_business|jira|github|slack_sdk|googleapiclient|tableauserverclient|graphql|zeep)\b|missingdependencyexception|you must install additional dependencies|missing optional dependency|install .{1,40}to use .{1,60}|libodbc\.so|libpq\.so|image not found.{0,40}\.so|cannot open shared object file|is not installed.{0,60}pip install|dependency .{1,40}(?:is )?(?:not installed|missing)",
        unless=r"pyspark|spark|executor",
        cause="A driver or package is not installed: {line}",
        also=(Sub.CONNECTOR_BUG,),
    ),
    _code(
        "settings.clock",
        Sub.CLOCK_SKEW,
        r"requesttimetooskewed|clock skew|clock (?:is )?(?:too far |out of )(?:skewed|sync)|the difference between the request time and the (?:current|server)|token used too early|iat .{0,40}(?:future|not yet)|issued in the future|timestamp for this request (?:is outside|was \d+)|request timestamp .{0,60}(?:too old|skew|expired|outside)|not yet valid.{0,20}nbf|immaturesignatureerror|check your (?:machine|system|server)'?s? (?:clock|time)|signature not yet current|signature expired: \d{8}t\d+z is now earlier than|invalid jwt: token must be a short-lived token|oauth_timestamp",
        cause="The machine's clock is wrong: {line}",
        also=(Sub.CREDENTIALS_REJECTED,),
    ),
    _builtin(
        "settings.file",
        Sub.CONFIGURATION_INVALID,
        r"filenotfounderror|no such file or directory|isadirectoryerror|notadirectoryerror|fileexistserror",
        unless=r"spark|hdfs|normalize/|_temporary|job aborted",
        cause="A file that is needed is not there: {line}",
        also=(Sub.FILE_ACCESS, Sub.CONNECTOR_BUG),
        confidence=0.6,
    ),
)

RULES = (*MACHINE, *SETTINGS)
