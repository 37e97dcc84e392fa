"""How APIs say that a request or its place is not served any more, and how paging breaks.

Sources: error bodies of Meta, Salesforce, Google, Stripe, Shopify, Jira, GitHub, HubSpot,
LinkedIn, Zendesk, GraphQL servers; FastAPI's, Django REST framework's and Spring's validation
errors; dlt's REST client.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_code = partial(sign, weight=Weight.CODE)
_library = partial(sign, weight=Weight.LIBRARY)
_words = partial(sign, weight=Weight.WORDS)

PAGES = (
    _code(
        "page.expired",
        Sub.CURSOR_EXPIRED,
        r"invalid_query_locator|invalid query locator|query locator.{0,40}(?:expired|invalid)",
        r"expired_page_token|page token has expired|(?:page|next|continuation|pagination|sync|scroll|resume)[ _]?token (?:is |has |was )?(?:been )?(?:expired|no longer valid|too old)",
        r"(?:cursor|scroll|snapshot|bookmark|iterator|result set|search context) (?:id )?(?:has |is |was )?(?:been )?(?:expired|timed out|no longer (?:valid|available)|not found)",
        r"cursornotfound|cursor id \d+ not found|search_context_missing_exception|no search context found",
        r"list_records_iterator_not_available|please (?:restart|start over|start again) from the (?:first page|beginning)|cursor_expired|expired_cursor|expiredcursor\w*|fullsyncrequired|sync token is no longer valid|updatedmintoolongago",
        r"expirednexttoken\w*|expiredtokenexception: .{0,40}(?:page|next|shard)|expirediteratorexception",
        cause="The place from which to go on has expired: {line}",
        also=(Sub.PAGINATION_BROKEN,),
    ),
    _code(
        "page.broken",
        Sub.PAGINATION_BROKEN,
        r"parameters differ from previous paginated request",
        r"(?:invalid|malformed|bad|unknown|unrecognized|wrong) (?:\w+ ){0,2}(?:cursor|page ?token|next ?token|continuation ?token|page number|offset|start cursor|pagination token)",
        r"(?:cursor|page token|next_?page_?token|nexttoken|next_token|pagetoken|page_token|continuation token|offset|page number|start_cursor|starting_after)[\"'\]]? (?:parameter |value |provided |supplied )?(?:is |was |must |does |cannot |should |could )?(?:not )?(?:be )?(?:invalid|valid|malformed|a valid|exist|less|greater|positive|decoded|parsed|out of range|beyond|match)",
        r"invalid_cursor_arguments|(?:appear|seem)s? to be a valid cursor|invalid_?(?:cursor|page_?token|next_?token|pagination\w*|start_cursor|continuation_?token|page|offset)\b",
        r"(?:only the first|more than|beyond|past|exceeds) \S+ (?:results|records|items|rows|documents|search results|entries)",
        r"result window is too large|max_result_window|(?:deep )?pagination (?:limit|is not supported|window)|pagination (?:error|failed|loop)",
        r"(?:offset|skip|page|startat) .{0,40}(?:exceeds|too large|too high|maximum|cannot exceed|must not exceed|out of range)",
        r"total .{0,40}not found in the response in .{0,60}paginator",
        r"no suitable paginator found|no paginator |pagenumberpaginator|offsetpaginator|jsonlinkpaginator|headerlinkpaginator",
        r"(?:page|page number|offset|cursor|pagenumber|page_number) (?:must be|must not|should be|cannot be|has to be) (?:between|at least|at most|less|greater|a positive|an integer|positive|smaller|larger|>=?|<=?)",
        r"(?:same|duplicate|repeated|identical) (?:next |page )?(?:page|cursor|nextpage|page token|token|offset|records|results)|(?:cursor|next_?cursor|page ?token|next link) (?:did not|does not|didn't) (?:change|advance|move)|infinite (?:pagination )?loop",
        r"starting_after|ending_before|that page contains no results|invalid page\.?\b|emptypage|page (?:is )?out of range",
        r"(?:next page|next_url|next link|nextlink) .{0,40}(?:404|invalid|missing|broken|not found)|skiptoken",
        cause="Paging does not go on as the connector asks for it: {line}",
        also=(Sub.CURSOR_EXPIRED,),
        unless=r"kafka|rdkafka|offset commit|\bconsumer\b|pageerror",
    ),
    _code(
        "page.too_large",
        Sub.RESULT_TOO_LARGE,
        r"reduce the amount of data|please reduce the amount",
        r"(?:page size|page_size|per_page|perpage|pagesize|maxresults|max_results|limit must|limit parameter|limit should)[\"'`\]]? .{0,40}(?:maximum|exceed\w*|between|at most|less than(?: or equal)?|too (?:big|large|high)|must be|cannot be|greater than)",
        r"(?:maximum|max) (?:allowed )?(?:page ?size|per_page|limit|results)",
        r"(?:response|result|page) size (?:was|is) (?:greater|larger|more) than",
        r"(?:response|result|payload|result set|query result|report) (?:is |was |size )?(?:too (?:large|big)|exceed\w*)|responsetoolarge\w*|response_too_large|result_set_too_large|querytoocomplicated|query_too_complicated\w*",
        r"(?:batch|window|chunk|result|scroll) size is too large|size must be less than or equal to|too many (?:results|rows|records|ids|items|fields|columns|metrics|dimensions) |toomanyresults\w*|request entity too large|request-uri too (?:large|long)|413 client error|414 client error",
        r"(?:date|time) range .{0,60}(?:too (?:large|long|big|wide)|exceed\w*|maximum|cannot be (?:longer|more))|(?:narrow|shorten|reduce) (?:the |your )?(?:date|time|query|search|page)",
        cause="More is asked for than the API gives at once: {line}",
        also=(Sub.REQUEST_REJECTED, Sub.PAGINATION_BROKEN),
        unless=r"kafka|spark\.|message_?size|field larger than field limit|varying|character|kusto|smallint|rate limit|429|configvaluecannotbecoerced",
        confidence=0.82,
    ),
)

CHANGES = (
    _code(
        "contract.version",
        Sub.VERSION_RETIRED,
        r"unsupported_api_version|invalid_?api_?version|unsupported_version_?\w*|api_version_(?:deprecated|not_supported|retired)|unsupportedapiversion\w*|deprecated_api_version|version_?deprecated|nonexistent_version|ads_?api_version\w*",
        r"invalid api ?version|api version .{0,60}(?:not supported|no longer|retired|deprecated|sunset|not available|unsupported|discontinued|is invalid|has been)",
        r"(?:calling|using) a deprecated version",
        r"version[ :'\"]+\S+ (?:of the \S+ )?(?:api )?(?:is |has been |was )(?:no longer|deprecated|retired|sunset|not supported|unsupported|discontinued|removed|not available|disabled|decommissioned)",
        r"\bv\d[\w.]* (?:of \S+ \S* ?)?(?:api )?(?:is |has been |was |has )(?:no longer|deprecated|retired|sunset|not supported|unsupported|discontinued|removed|reached end|been removed|been retired|ended|turned off|shut ?down|switched off)",
        r"(?:update|upgrade|migrate|switch|move) to (?:the )?(?:latest|newer|new|v\d\S*|version \S+|api version)|supported versions: .{1,80}",
        r"requires? (?:api )?version \S+ or (?:later|higher|newer)|x-api-version|(?:linkedin|notion|shopify|stripe|github|anthropic)-version",
        cause="This version of the API is not served any more: {line}",
        also=(Sub.ENDPOINT_GONE,),
        unless=r"kafka|java runtime|tls|ssl|python_version|psycopg",
    ),
    _code(
        "contract.gone",
        Sub.ENDPOINT_GONE,
        r"(?:requested |this |the )?(?:api|endpoint|method|operation|resource|service|route|feature|stream|report|connector|function) .{0,60}(?:has been|was|is|have been) (?:removed|deprecated|retired|discontinued|decommissioned|shut ?down|sunset(?:ted)?|no longer (?:available|supported|exists|active|served)|turned off|disabled permanently)",
        r"no longer (?:available|supported|exists?|served|accessible|offered)",
        r"410 client error|410 gone|http error 410|\bgone for url",
        r"(?:please )?(?:use|migrate to|see|call) (?:the )?(?:\S+ )?(?:/\S+|\S+ endpoint|\S+ api) instead|please migrate to",
        r"deprecat\w+ (?:endpoint|api|method|resource|and removed|call)|method_deprecated|deprecated_endpoint|endpoint_deprecated|method_not_supported_for_channel_type",
        r"endpoint_not_found|no such endpoint|unknown endpoint|unrecognized request url|unknown path components|no route matches|cannot (?:get|post) /\S+|unknown_method|unknown method|no handler found for|no static resource|method doesn't exist|sunset on ",
        r"moved permanently|permanent redirect|301 (?:moved|client error|redirect)|308 .{0,10}redirect|toomanyredirects|exceeded 30 redirects|redirect(?:ed)? to ",
        cause="The endpoint is not served any more: {line}",
        also=(Sub.VERSION_RETIRED, Sub.ENDPOINT_MOVED),
        unless=r"token|credential|no longer valid|python|pandas|numpy|deprecationwarning|futurewarning|kafka|spark|offset",
    ),
    _code(
        "contract.field",
        Sub.REQUEST_REJECTED,
        r"no such column '?\S+'? on entity|invalid_field\b|invalid_type\b: ?.{0,60}sobject|sobject type '?\S+'? is not supported|invalidfield\w*|invalid_metrics?|invalid_dimension\w*|property_doesnt_exist|property_not_found|unknown_field\w*|invalid_property\w*|unknown_property\w*|unrecognized_field\w*|field_not_found|undefinedfield|invalid_parameter\b|parameter_unknown|unknown_parameter\w*",
        r"(?:unknown|unrecognized|unrecognised|undefined|unexpected|unsupported|invalid|no such|nonexistent|illegal) (?:\w+ ){0,2}(?:field|fields|column|property|properties|attribute|metric|metrics|dimension|dimensions|metric\(s\)|dimension\(s\)|query parameter|parameter|parameters|argument|select|enum value|filter|sort key|expand|segment|object type)\b(?! ids?\b)",
        r"(?:field|property|column|metric|dimension|parameter|attribute|argument|relationship)s? [\"'`\[(]?\S+?[\"'`\])]?,? (?:does not exist|doesn't exist|is not (?:a )?(?:valid|recognized|supported|defined|known|available|allowed|found)|was (?:not found|removed|renamed)|not found|has been (?:removed|renamed|deprecated)|is deprecated|is no longer|unknown|is unknown|is not a member)",
        r"not (?:a |an )?(?:recogni[sz]ed|valid|known|supported|allowed) (?:\w+ )?(?:field|property|column|metric|dimension|parameter|attribute|filter|value for)\b",
        r"field is deprecated|field is deprecated for versions|tried accessing nonexisting field|cannot query field|is not defined by type|unknown argument .{1,60}on field|unknown type .{1,60}|received unknown parameter|(?:doesn't|does not) (?:exist|have a field).{0,10}on type",
        r"did not recognize the value of http header soapaction|operation .{1,60}is not defined in the wsdl|no matching operation|service has no operation|unexpected wrapper element|could not find property with name|could not find a property named|resource not found for the segment|expression of type .{0,40}not (?:supported|allowed)|extra (?:inputs|fields) (?:are )?not permitted|additional properties (?:are )?not allowed|additionalproperties",
        r"\"type\": ?\"missing\"|field required|this field is required|missing (?:a )?(?:required|mandatory) (?:query )?(?:param\w*|field|argument|property|header|key)|required (?:query )?(?:request )?(?:param\w*|field|argument|header|property) .{0,60}(?:missing|not present|not (?:provided|specified|supplied)|is required)|missing_required_\w+|parameter_missing|missing_parameter|required parameter|is a required (?:field|parameter|property|argument)|must (?:provide|specify|supply|include) (?:a |an |the |at least one |one of )?(?:\S+ ){0,2}(?:param\w*|fields?|arguments?|header|filter|property|properties|version)\b",
        r"method[ _]not[ _]allowed|405 client error|methodnotallowed\w*|does not support (?:the )?(?:http )?(?:method|get|post|put)|request method '?\S+'? (?:is )?not supported|unsupported media type|415 client error|406 client error",
        r"invalid value (?:at|for) '?\S+'?|invalid_?request_?(?:format|body|parameter)\w*|malformed_query|malformed request",
        cause="The API does not know what the request names, or asks for more: {line}",
        also=(Sub.FIELD_RENAMED, Sub.VERSION_RETIRED, Sub.CONFIGURATION_INVALID),
        unless=r"got an unexpected keyword argument|kafka|noregion|specify a region|psycopg|sqlstate|\[unresolved|analysisexception|configfieldmissing|pydantic|validationerror|record\[|dagsterinvalid|missingschema|duckdb|snowflake|\bcsv\b|kusto|sasl|spark|table .{1,40}column",
    ),
)

TARGETS = (
    _library(
        "contract.target",
        Sub.TARGET_UNKNOWN,
        r"(?:account|project|dataset|table|database|repository|workspace|bucket|user|organi[sz]ation|sheet|spreadsheet|report|board|site|property|tenant|customer|group|channel|index|stream|profile|portal|base|view|list|campaign|collection|catalog|schema|environment|zone|queue|key|folder)[ :]+[\"'`]?[\w@.:/$-]+[\"'`]? (?:does not exist|doesn't exist|was not found|not found|could not be found|is unknown|cannot be found|is not a valid)",
        r"(?:account|project|dataset|table|database|repo|repository|workspace|bucket|user|organization|sheet|spreadsheet|report|board|site|property|tenant|customer|channel|team|base|profile)_?not_?found\b",
        r"not found: (?:dataset|table|project|database|view|model|bucket|job|routine|topic|subscription) \S+",
        r"(?:no such|unknown|invalid) (?:account|project|dataset|table|database|repository|user|bucket|workspace|group|channel|customer|property|profile|organization|site|index|tenant|host|report suite)\b",
        r"no (?:project|account|dataset|table|database|repository|workspace|bucket|user|organi[sz]ation|sheet|report|board|site|property|tenant|customer|group|channel|index|list|campaign|base|view|team|company|store|shop) (?:with|named|called|matching|for|found|exists?|by) .{1,60}",
        r"(?:could not|couldn't|cannot|can't|unable to) (?:find|locate|resolve) (?:the |a |an |any )?(?:project|account|dataset|table|database|repository|workspace|bucket|organi[sz]ation|sheet|report|board|site|property|tenant|customer|channel|index|list|campaign|base|view|team|company|store|shop)\b",
        r"nosuchbucket|nosuchkey\b|the specified (?:bucket|key|container|blob|resource) does not exist|blobnotfound|containernotfound|resourcenotfoundexception|indexnotfoundexception|index_not_found_exception|repositorynotfound\w*|channel_not_found|team_not_found|model_not_found|invalid_account\w*|tenant '?\S+'? not found|aadsts(?:90002|700016)\b|requested entity was not found|unable to parse range",
        unless=r"no such host|analysisexception|kafka|spark|\[table_or_view|psycopg|sqlstate|sqlalchemy|duckdb|schema ?registry|page|starting_after|permission|kusto|hive|user does not have|sqlite|cursor|password",
        cause="Something that the connector names does not exist: {line}",
        also=(Sub.PERMISSION_MISSING, Sub.ENDPOINT_GONE),
        confidence=0.75,
    ),
)

RULES = (*PAGES, *CHANGES, *TARGETS)
