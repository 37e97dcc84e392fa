"""What the names of dlt's and Dagster's own exceptions say, where their words are not known.

Sources: the exception modules of dlt 1.x and dagster 1.x. Names that only wrap another exception
are left out: what they wrap decides.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_dlt = partial(sign, weight=Weight.WORDS, besides=r"dlt\.")

RULES = (
    _dlt(
        "framework.dlt_configuration",
        Sub.CONFIGURATION_INVALID,
        r"invalidnativevalue|configurationwrongtypeexception|oauth2scopesrequired",
        r"invalidgooglenativecredentialstype|invalidgoogleservicesjson|invalidgoogleoauth2json",
        r"invalidboto3session|invalidazurecredential|objectstorerscredentialsexception",
        r"invaliddestinationreference|destinationcapabilitiesrequired|destinationnostagingmode",
        r"destinationloading(?:via|without)stagingnotsupported",
        r"destinationincompatibleloaderfileformatexception|loadclientunsupported\w+",
        r"(?:sqlclient|fsclient|opentableclient)notavailable",
        r"invalidpipelinename|invalidfilesystemlayout|pipelineneverran",
        r"(?:unknown|invalid)sourcereference|dependencyversionexception",
        cause="dlt does not accept how the pipeline is configured: {line}",
        also=(Sub.DECLARATION_INVALID,),
    ),
    _dlt(
        "framework.dlt_declaration",
        Sub.DECLARATION_INVALID,
        r"parametrizedresourceunbound|invalidresourcedatatype\w*|invalidparallelresourcedatatype",
        r"resourcenamemissing|resourcefunctionexpected|resourcenotatransformer|invalidresourcereturnsresource",
        r"sourcedataisnone|sourceexhausted|sourcenotafunction|sourceisaclasstypeerror",
        r"inconsistenttabletemplate|dataitemrequiredfordynamictablehints|mergedispositionexception",
        r"invalidparentresource\w+|invalidtransformer\w+|pipegeninvalid|pipenotboundtodata",
        r"(?:writedisposition|tableformat|opentableformat)notsupported",
        cause="The resource is not declared as dlt asks: {line}",
        also=(Sub.CONFIGURATION_INVALID,),
    ),
    _dlt(
        "framework.dlt_table",
        Sub.TABLE_MISMATCH,
        r"databaseundefinedrelation|destinationschematampered|destinationschemawillnotupdate",
        r"schemaupdate(?:terminal)?error",
        cause="The destination's tables are not what dlt expects: {line}",
        also=(Sub.LOAD_JOB_FAILED,),
    ),
    _dlt(
        "framework.dlt_load",
        Sub.LOAD_JOB_FAILED,
        r"databaseterminalexception|loadjobterminalexception|loadjobfiletoobig|destinationhasfailedjobs",
        r"identifiertoolongexception",
        cause="The destination refused what was loaded: {line}",
        also=(Sub.TABLE_MISMATCH, Sub.VALUE_REFUSED),
    ),
    _dlt(
        "framework.dlt_value",
        Sub.TYPE_CHANGED,
        r"incompatiblearrowschema|cannotcoercenullexception|unsupporteddatatype",
        cause="What came does not fit the columns' types: {line}",
    ),
    sign(
        "framework.dagster_configuration",
        Sub.CONFIGURATION_INVALID,
        r"dagsterhomenotseterror|dagsterunmetexecutorrequirementserror|dagstercodelocationnotfounderror",
        r"dagsterinvalidsubseterror|dagsterinvalid(?:pythonic)?configdefinitionerror",
        r"dagsterconfigmappingfunctionerror|dagsterinvaliddagstertypeinpythonicconfigdefinitionerror",
        weight=Weight.WORDS,
        cause="Dagster does not accept how the job is configured: {line}",
        also=(Sub.DECLARATION_INVALID,),
    ),
    sign(
        "framework.url",
        Sub.CONFIGURATION_INVALID,
        r"urlrequired|invalidproxyurl|urlschemeunknown|proxyscheme(?:unknown|unsupported)",
        weight=Weight.WORDS,
        besides=r"requests|urllib3",
        cause="The address is not one that can be called: {line}",
    ),
)
