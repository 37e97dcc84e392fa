"""PostgreSQL's error classes by the names that its drivers give them.

Source: PostgreSQL's Appendix A (error codes), whose condition names psycopg and asyncpg turn into
classes; only those that pass by themselves or that a person must put right, and no other table
knows by their words.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_class = partial(sign, weight=Weight.LIBRARY, besides=r"psycopg|asyncpg|postgres|sqlstate")

RULES = (
    _class(
        "db.class_passes",
        Sub.DESTINATION_BUSY,
        r"connectionexception|connectiondoesnotexist\w*|connectionfailure\w*|transactionresolutionunknown\w*",
        r"sqlclientunabletoestablishsqlconnection|sqlserverrejectedestablishmentofsqlconnection",
        r"statementcompletionunknown\w*|transactionrollback|objectinuse\w*",
        r"idlesessiontimeout\w*|idleintransactionsessiontimeout\w*|transactiontimeout\w*",
        r"operatorintervention",
        cause="The destination was busy, or cut the connection: {line}",
        also=(Sub.DESTINATION_UNREACHABLE,),
    ),
    _class(
        "db.class_person",
        Sub.DESTINATION_REFUSED,
        r"readonlysqltransaction\w*|databasedropped\w*|configurationlimitexceeded\w*",
        r"invalidauthorizationspecification\w*|invalidgrantor|invalidgrantoperation\w*|invalidrolespecification\w*",
        r"datacorrupted\w*|configfileerror\w*|undefinedfile\w*|lockfileexists\w*|ioerror: ",
        cause="The destination's rights, settings or disks do not allow it: {line}",
    ),
)
