"""Exceptions of other systems that a Spark job reads or writes."""

import re

_THROWN = re.compile(r"(?<![\w.$])((?:[a-z_][\w$]{0,60}\.){1,12}[\w$]{0,80}(?:exception|error))\b")
#: Libraries of other systems that a Spark job reads or writes, by the exceptions' packages.
_SYSTEMS = (
    *(
        "net.snowflake",
        "snowflake.",
        "com.mongodb",
        "pymongo",
        "org.elasticsearch",
        "com.amazonaws",
    ),
    *(
        "software.amazon",
        "botocore",
        "org.apache.hadoop.hive",
        "org.apache.hive",
        "org.apache.iceberg",
    ),
    *(
        "org.apache.hudi",
        "com.google.cloud",
        "google.",
        "com.datastax",
        "redis.",
        "org.apache.kafka",
    ),
    *("org.apache.hadoop.security", "org.apache.hadoop.mapred", "org.apache.thrift", "io.delta"),
    *("java.sql.", "org.postgresql", "com.mysql", "oracle.", "com.microsoft.sqlserver", "psycopg2"),
    *(
        "org.apache.hbase",
        "org.apache.hadoop.hbase",
        "org.neo4j",
        "io.confluent",
        "pyodbc",
        "paramiko",
    ),
    *("java.io.filenotfoundexception", "org.apache.hadoop.fs.", "org.apache.hadoop.ipc"),
    *("org.apache.parquet", "org.apache.orc", "org.apache.avro", "java.nio.file."),
    *("com.clickhouse", "com.vertica", "com.ibm.db2", "org.mariadb", "sqlalchemy", "com.teradata"),
)


def thrown(text: str, *packages: str) -> bool:
    """Whether an exception of one of these packages was thrown; a frame alone does not count.

    Args:
        text: In lower case.
        packages: Beginnings of qualified names, in lower case.
    """
    return any(name.startswith(packages) for name in _THROWN.findall(text))


#: Through these Spark reads what a distributed read exported.
_AZURE_FILES = "org.apache.hadoop.fs.azure"


def of_other_system(text: str, *, reads_export: bool = False) -> bool:
    """Whether another system's exception was thrown.

    Args:
        text: In lower case.
        reads_export: Whether the job may read blobs that the connector exported.
    """
    names = _THROWN.findall(text)
    if reads_export:
        names = [name for name in names if not name.startswith(_AZURE_FILES)]
    return any(name.startswith(_SYSTEMS) for name in names)
