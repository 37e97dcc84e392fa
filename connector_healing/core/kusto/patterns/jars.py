"""Jars that do not fit: versions, shading, missing classes."""

import re

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    of_connector,
)
from connector_healing.core.kusto.vocabulary import Ask, Surface

_MISSING_CLASS = re.compile(
    r"(?:noclassdeffounderror|classnotfoundexception)(?:: | )(?:class )?([\w./$]{1,200})"
)
_NEEDED = (
    *("msal4j", "com.azure.", "twitter.util", "resilience4j", "vavr", "adal4j", "univocity"),
    *(
        "azure.storage",
        "com.microsoft.kusto",
        "com.microsoft.azure.kusto",
        "kusto.datasource",
        "httpclient",
        "http.client",
    ),
    *("jackson", "reactor.", "io.netty", "datatables"),
)


def _needed_class(facts: Facts) -> bool:
    """The missing class is one that the connector brings or needs."""
    missing = [name.replace("/", ".") for name in _MISSING_CLASS.findall(facts.failing)]
    needed = any(part in name for name in missing for part in _NEEDED)
    return needed and (facts.kusto or "msal4j" in facts.failing)


JARS = (
    Pattern(
        id="jar.shading_bug_commons_io",
        cause="The connector's jar names a class of commons-io that it does not hold.",
        fix=("Upgrade to 7.0.7 or later: the jar was shaded wrongly (commons-io IOUtils).",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                "kusto_connector_shaded",
                "commons",
                "io",
                some=("noclassdeffounderror", "classnotfoundexception"),
                when=lambda f: "commons/io" in f.lower or "commons.io" in f.lower,
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
        versions="7.0.3 to 7.0.6",
    ),
    Pattern(
        id="jar.scala_version",
        cause="The connector's jar was built for another Scala version than Spark's.",
        fix=(
            (
                "Use the artifact of Spark's Scala: kusto-spark_4.0_2.13 on Spark 4 (Scala 2.13),"
                " kusto-spark_3.0_2.12 on Spark 3."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "refarrayops",
                "scala.predef$.",
                "scala/serializable",
                "scala.serializable",
                "scala/product$class",
                "scala.collection.mutable.arrayops",
                "scala/collection/gentraversableonce",
                "scala.collection.immutable.seq",
                when=lambda f: any(
                    e in f.lower
                    for e in (
                        "nosuchmethod",
                        "noclassdef",
                        "classnotfound",
                        "abstractmethod",
                        "incompatibleclasschange",
                    )
                ),
            ),
        ),
        ask_when=((Ask.SPARK_VERSION, lambda f: not f.case.platform),),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
    ),
    Pattern(
        id="jar.conflict_kusto_sdk",
        cause="Another version of the Kusto SDK stands in front of the connector's on the class "
        "path.",
        fix=(
            (
                "Remove kusto-data and kusto-ingest from the cluster's libraries: use the uber jar of"
                " the connector alone."
            ),
            "If the platform ships them itself, use its own connector or another runtime.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                some=(
                    "com.microsoft.azure.kusto",
                    "com/microsoft/azure/kusto",
                    "kusto_connector_shaded",
                ),
                when=lambda f: any(
                    e in f.lower
                    for e in (
                        "nosuchmethoderror",
                        "nosuchfielderror",
                        "abstractmethoderror",
                        "incompatibleclasschange",
                        "illegalaccesserror",
                        "verifyerror",
                    )
                ),
            ),
            # Driver and executors hold two builds of the connector.
            sig("invalidclassexception", "kusto.spark"),
            sig(
                "nosuchmethoderror",
                some=("io.netty", "reactor.", "com.azure.core"),
                when=of_connector,
            ),
        ),
        ask=(Ask.INSTALLED_LIBRARIES,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="jar.missing_dependency",
        cause="A class that the connector needs is not on the class path: its jar is not the one "
        "with its dependencies inside, or the platform's build misses one.",
        fix=(
            (
                "Use the uber jar 5.2 or later, which holds its dependencies; with an older one add"
                " azure-identity and msal4j."
            ),
            "On Synapse use its own build (synapse datasource).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(some=("noclassdeffounderror", "classnotfoundexception"), when=_needed_class),
            sig("failed to find data source: com.microsoft.kusto"),
            sig("failed to find data source: kusto"),
        ),
        ask_when=((Ask.PLATFORM, lambda f: not f.case.platform),),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
        versions="before 5.2",
    ),
)
