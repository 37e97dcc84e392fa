"""What the frames of a trace and the order of a log's lines tell."""

import re

from connector_healing.core.kusto.facts import Facts

#: Packages whose frames are no job's own code.
_FOREIGN_FRAMES = (
    *("com.microsoft.", "com.azure.", "kusto_connector_shaded", "org.apache.", "java.", "javax."),
    *("java.base/", "scala.", "io.netty.", "reactor.", "sun.", "jdk.", "py4j.", "com.fasterxml."),
    *("io.github.resilience4j", "io.vavr.", "shaded.", "hadoop_azure_shaded", "com.databricks."),
    *("net.razorvine", "io.delta.", "okhttp3.", "com.google.", "org.codehaus.", "io.grpc."),
    *("com.nimbusds", "com.univocity", "org.slf4j", "com.esotericsoftware", "org.json4s"),
)
_FRAME = re.compile(r"\n\s{0,8}at ([\w.$/]{3,300})\(")
_SDK = ("com.microsoft.azure.kusto.data", "com.microsoft.azure.kusto.ingest")
_OF_SPARK = (
    *("org.apache.spark", "kusto.spark", "kustoconnector", "py4j", "pyspark", "shaded"),
    *("executor: ", "tasksetmanager", "stage failure", "databricks"),
)

QUEUED = "queued blob for ingestion"
_LOST = ("lost task", "exception in task")
_ABORTED = ("aborting job", "job aborted", "py4j")


def _own(frame: str) -> bool:
    return "." in frame and not frame.startswith(_FOREIGN_FRAMES)


def own_cause(facts: Facts) -> bool:
    """The innermost cause was thrown by code of no known library, under Spark or the connector."""
    cause = facts.thrown.rpartition("caused by:")[2]
    frame = _FRAME.search(cause)
    if frame is None or not any(p in facts.failing for p in ("org.apache.spark", "kusto.spark")):
        return False
    return _own(frame.group(1))


def own_program(facts: Facts) -> bool:
    """A program of its own called the SDK: its frames stand there, and none of Spark's."""
    if facts.options or not any(mark in facts.lower for mark in _SDK):
        return False
    if any(mark in facts.lower for mark in _OF_SPARK):
        return False
    return any(_own(match.group(1)) for match in _FRAME.finditer(facts.failing))


def went_on(facts: Facts) -> bool:
    """A task had queued blobs, was lost, and its retry queued on: the job did not fail."""
    lost = max(facts.failing.rfind(mark) for mark in _LOST)
    first = facts.failing.find(QUEUED)
    aborted = any(mark in facts.failing for mark in _ABORTED)
    return not aborted and 0 <= first < lost < facts.failing.rfind(QUEUED)
