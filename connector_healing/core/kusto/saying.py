"""What a person says of a job, read by concepts: loose words, in any order, with typing errors.

Every concept is a small table of words; none knows a whole sentence. Repeats are bounded, so that
the reading stays linear in the length of what is said.
"""

import re
from collections.abc import Mapping
from enum import StrEnum


class Saying(StrEnum):
    """Something that a person may say."""

    MISSING = "rows are not there"
    TWICE = "rows are there more than once"
    SHIFTED = "values stand in another column"
    TROUBLE = "something went wrong loudly or slowly"
    STUCK = "the job does not end"
    DATA = "data are spoken of"
    SUCCESS = "the job ended well"
    JUST = "the job ended some minutes ago"
    TIME = "times are spoken of"
    ZONE = "a time zone is spoken of"
    HOURS = "a number of hours is spoken of"
    OFF = "something differs"
    SLOW = "something takes long"
    START = "the start is spoken of"
    TEMP_TABLE = "a temporary table is spoken of"
    LEFT = "something was left"
    REQUEST_ID = "a request id is spoken of"
    LATE = "data come late"
    SHARED = "several share something"
    OPERATION = "an operation's row is spoken of"
    NOT_FOUND = "something is not found"
    AGO = "it was hours ago"
    DIED = "the driver or its cluster was ended"
    ON_PURPOSE = "somebody stopped it on purpose"
    HOUR = "it was an hour after the start"
    SMALL_WORKS = "small reads work"
    LARGE_FAILS = "large reads fail"


_NUMBER = r"\d[\d.,]{0,12} ?[km%]?\b"
_SEVERAL = r"(?:two|three|four|2|3|4|several|multiple|many|some|a couple of)"
_SOURCE = (
    r"(?:expected|sent|source|lake|delta|df|data ?frames?|spark|input|original|should|upstream|files?"
    r"|parquet|before|we have|was written|were written|we wrote)\b"
)
_COLUMN = r"(?:columns?|cols?|fields?)\b"

_WORDS: Mapping[Saying, str] = {
    Saying.MISSING: (
        r"missing|\bmiss(?:es|ed)? (?:\w{1,12} ){0,2}(?:rows|records|data|events)|fewer|\bless rows|\bless in\b|\blost\b|\blo+s(?:es|ing|t)\b|disappear|vanish"
        r"|incomplete|\babsent|\bgone\b|\black(?:s|ing)?\b|not (?:complete|all|every)\b"
        r"|\bno (?:new )?(?:rows|data|records|events|entries)\b|\b(?:0|zero) (?:rows|records|events)"
        r"|\bempty\b|\bnothing\b|nowhere|rows short|too few|less than|\bpartial|\bpartly|half of"
        r"|% of|\bnot in\b|n't in\b|\b(?:is|are|was|gives|shows|returns|stays?) (?:still )?(?:0|zero)\b"
        r"|\b(?:only|just) (?:have|has|got|get|see|half|some|part|a part|\d[\w.,]{0,12})"
        rf"|{_NUMBER} (?:\w{{1,10}} )?(?:out )?of {_NUMBER}|instead of {_NUMBER}"
        r"|where (?:is|are|did) (?:\w{1,10} ){0,3}(?:data|rows?|records?|events?|rest)"
        r"|\bholes?\b|\bgaps?\b|\bthe rest\b"
        r"|(?:count|number|amount|total)s? (?:\w{1,12} ){0,5}"
        r"(?:lower|smaller|mismatch|differ|n't match|not match|not equal|short)"
        r"|(?:\bnot|n't|never|cannot|\bno) (?:\w{1,12} ){0,3}(?:there|visible|arriv|show|appear|see\b"
        r"|seen|find|found|come\b|came|reach|land|all\b|contain|hold|includ|receiv|present|get\b|got\b|made|make it|exist|loaded)"
        r"|\bfehl(?:en|t)|\bfaltan?\b|manqu(?:e|ent|ant)"
    ),
    Saying.TWICE: (
        r"\btwice|duplic|\bdup(?:e|es|ed|s)?\b|\bdoubl|two copies|copies of|second time|\b2x\b"
        r"|(?<!no )(?:more|too many|extra|additional|surplus) (?:rows|records|events|entries)"
        r"|more than (?:once|one\b|1\b)|(?:more|higher|larger|bigger|greater) (?:\w{1,12} ){0,4}than"
        rf" (?:\w{{1,12}} ){{0,3}}{_SOURCE}|exceeds|too (?:high|big)\b|\brepeated (?:rows|rec|ev)"
        r"|identical (?:rows|records|events|entries)|not unique|n't unique|(?:is|are|was|were) unique"
        rf"|same (?:\w{{1,12}} ){{1,5}}(?:again|{_SEVERAL} (?:or {_SEVERAL} )?times)"
        rf"|(?:rows?|records?|events?|ids?|keys?|data) (?:\w{{1,12}} ){{0,4}}{_SEVERAL} times"
        r"|(?:adds?|added|writes?|wrote|written|loaded|ingested|sent) (?:\w{1,12} ){0,3}again"
        r"|\bdoppelt|duplicad|en double"
    ),
    Saying.SHIFTED: (
        r"(?:swap|shift|\bmix|exchang|interchang|wrong|scrambl|misplac|misalign|displac|crossed)"
        rf".{{1,60}}?{_COLUMN}|wrong (?:\w{{1,12}} )?head|under (?:the |an? )?(?:wrong|other|different)"
        rf"|(?:other|another|neighbou?r\w{{0,3}}|next|different) {_COLUMN}"
        rf"|{_COLUMN} (?:\S{{1,12}} ){{0,6}}(?:swap|shift|mixed|exchang|interchang|scrambl|mess"
        r"|misplac|misalign|displac|crossed|revers|off by|moved)"
        r"|(?:ended? up|land(?:s|ed|ing)?|show(?:s|n|ed|ing)? up|appear(?:s|ed|ing)?|goe?s?|went|stor"
        r"ed|written|is|are|was|were|comes?|came|stands?|sits?|got) (?:now )?(?:in|into|under|inside)"
        rf" (?:the |a |an |column |col )?[\w'`\"]{{1,40}} {_COLUMN}"
        r"|\b(?:data|values?|rows?|records?|content|everything)\b (?:\S{1,12} ){0,6}shift|shifted (?:data|values)"
        rf"|{_COLUMN} (?:\S{{1,14}} ){{0,7}}(?:not|n't) (?:\w{{1,8}} )?(?:correspond|match|line up|align|fit|agree)"
        rf"|{_COLUMN} \w{{1,40}}'s (?:data|values?|content)|(?:data|values?|content)s? of (?:the )?(?:column|col"
        r"|field)"
        rf"|in (?:the )?wrong|wrong (?:place|position|order)|(?:swapp|interchang|exchang|scrambl)ed\b|mixed up"
        rf"|(?:column|field) order|(?:other|another|different|wrong) order|{_COLUMN}.{{0,80}}vice ?versa"
        rf"|{_COLUMN} \w{{1,40}} (?:has|holds|contains|shows|gets?|got|is) .{{0,40}}?\b{_COLUMN}"
        rf"|{_COLUMN} (?:further |more )?(?:to the )?(?:right|left)|by (?:one|1|two|2) {_COLUMN}"
    ),
    Saying.TROUBLE: (
        r"(?<!no )(?<!zero )(?<!0 )(?<!without )(?<!without an )(?<!any )(?<!not )(?:\berrors?|exceptions?)\b"
        r"(?! ?(?:free|less))|(?<!n't )(?<!not )(?<!never )(?<!no )(?<!without )(?<!any )\bfail|crash|\bhang|slow|stuck|\bworks?\b"
        r"|time ?out|forever|for hours|\btakes?\b|\btook\b|never ends|block|async|\bdies?\b|\bdead\b|abort"
        r"|throws|stopp|not done|performance|broken|\brun(?:s|ning) (?:\w{1,8} )?(?:\d|for|since|long)"
    ),
    Saying.STUCK: (
        r"\bhang|\bhung\b|stuck|fr[eo]ez|never (?:ends?|finish|return|com(?:es?|pletes?))"
        r"|(?:not|n't) (?:\w{1,8} )?(?:end|finish|return)|endless|runs? (?:for|since)|running since"
    ),
    Saying.DATA: (
        r"\b(?:rows?|records?|datas?|count\w{0,3}|events?|entries|tables?|loads?|extents?|batch|content|files?|numbers?)\b"
        r"|arriv|appear|\bsee\b|seeing|visible|contain"
    ),
    Saying.SUCCESS: (
        r"\bgreen\b|succe|no (?:\w{1,12} )?(?:error|exception|failure)|without (?:\w{1,5} )?(?:error"
        r"|exception)|\bfine\b|\bok\b|finished|completed|not fail|n't fail|(?:error|exception).free"
    ),
    Saying.JUST: (
        r"just (?:finished|ended|ran|completed|now|wrote|written|done)|moments? ago|right after"
        r"|a (?:minute|moment|few minutes|couple of minutes|few sec\w{0,5}) ago"
        r"|\b(?:[1-5]|one|two|three|four|five) ?m(?:in(?:ute)?s?)? (?:ago|back)"
        r"|\b(?:\d{1,3}|some|few) ?s(?:ec(?:ond)?s?)? (?:ago|back)|straight after|seconds ago"
        r"|immediately after|directly after|(?:finished|ended|done) \w{0,10} ?\d ?min|this minute"
        r"|less than (?:\d|a|one|two|five) min\w{0,4} ago|(?:finished|ended|done|wrote|written|ran"
        r"|completed) (?:just |right )?now|\bnow (?:finished|ended|done|completed)"
    ),
    Saying.TIME: (
        r"time ?stamps?|date ?times?|\bdates?\b|\btimes\b(?! ?out)|\btime (?:values?|col|fields?|part|is\b"
        r"|comes|shift|diff|off)|_time\b|clock|\b(?:shows?|gives?|returns?|displays?|prints?|says|is"
        r"|was) (?:\S{1,12} ){0,2}\d{1,2}:\d\d"
        r"|\bhour of|\bvalues?\b|\bcolumns?\b|\bcols?\b|\bts\b"
    ),
    Saying.ZONE: (
        r"time ?zone|\b\d{1,2} ?(?:h|hrs?|hours?) (?:behind|ahead|off|too)\b|(?:off|shifted|moved) by (?:one|1|a) day"
        r"|(?:one|1|a) day (?:off|earlier|later|less|more|before|ahead|behind)|[+-] ?\d{1,2} ?h\b|\butc\b|\bgmt\b|local time|daylight|\bdst\b"
        r"|(?:previous|next|wrong|other) day\b|day before"
        r"|(?<!\d)\d{1,2}:\d\d(?!\d).{1,80}?(?<!\d)\d{1,2}:\d\d(?!\d)"
    ),
    Saying.HOURS: r"\b(?:\d{1,2}|one|two|three|five|some|few) ?(?:h|hrs?|hours?)\b|\bhours?\b",
    Saying.OFF: (
        r"\boff\b|earlier|later|ahead|behind|\btoo (?:low|high|early|late)|\bless\b|\bmore\b|shift"
        r"|differ|wrong|minus|plus|\badded\b|subtract|mov(?:ed|e)|adjust|not (?:the same|equal|match)"
        r"|n't (?:match|agree)|[+-]\d"
    ),
    Saying.SLOW: (
        r"slow|takes? (?:\w{1,8} )?(?:long|ages|minutes|forever|\d{1,3} ?m)|forever|\blong\b|\bages\b"
        r"|\bminutes?\b|\bmins?\b|wait|hang|stuck|delay|idle|pause"
    ),
    Saying.START: (
        r"\bstart|\bbeg[iau]n|\bbefore\b|\bfirst (?:job|task|stage|row)|initial|plan(?:ning|s)?\b"
        r"|kick|launch|\buntil\b|any (?:job|task|stage|executor)|no (?:job|task|stage)s?\b"
        r"|nothing happen|\bthen (?:it )?(?:reads|runs|goes|is|works)"
        r"|\bthen (?:\w{1,12} ){0,3}(?:fast|quick)|(?:load|read|schema)\(\) (?:takes|hangs|waits|sits|is)"
        r"|(?:fast|quick)\w{0,3} after|up ?front"
    ),
    Saying.TEMP_TABLE: r"temp\w{0,6} tables?|sparktemptable|ghost tables?|hidden tables?|staging tables?",
    Saying.LEFT: (
        r"\bleft|leftover|remain|\bclean|delet|\bdrop|remov|orphan|hang(?:s|ing)? around|accumulat"
        r"|pil(?:e|ing) up|\bfound\b|\bfind\b|\bfull of|\bghost|\bsafe\b|\bstay|still (?:there|exist|in)"
        r"|never (?:gone|go)|plenty|\blots\b|hundreds|dozens|thousands|\bmany\b|grow|\bwhat (?:is|are)\b"
        r"|where (?:do|are|is|does)|who (?:makes|creat)|after (?:the )?(?:driver|crash|kill)"
    ),
    Saying.REQUEST_ID: r"request[ _-]?id",
    Saying.SHARED: (
        r"\bsame\b|\bboth\b|parallel|concurren|at once|simultan|fixed|constant|hard.?cod|re-?us(?:e|ing)"
        r"|\bone request|\balways\b|(?:every|each|all|two|several) (?:\w{1,12} )?(?:runs?|jobs?|writes?"
        r"|appends?|tasks?|pipelines?|notebooks?|loads?)\b"
        r"|\bshare|\bidentical|static"
    ),
    Saying.LATE: (
        r"\blate\b|later|delay|latency|\blag|after (?:\w{1,8} )?(?:\d{1,3}|some|several|few|five|ten) ?m"
        r"|minutes (?:old|late)|not (?:immediate|instant|at once|real)|n't (?:immediate|instant)"
    ),
    Saying.OPERATION: r"show operations?\b|\boperations?\b",
    Saying.NOT_FOUND: (
        r"\b(?:0|zero|no) (?:rows?|records?|results?|entr\w{1,4})|\bempty|\bnothing|\bno longer"
        r"|(?:returns?|returned|gives?|got) (?:no|none)\b|(?:\bnot?|cannot|n't) (?:\w{1,8} )?(?:found|there|exist"
        r"|more|visible)|(?:n't|cannot|not) (?:\w{1,8} )?(?:find|exist|show|see|return)|\bblank\b|\bgone\b|\bno such|finds? no|unknown operation|does ?n't know"
    ),
    Saying.AGO: r"\b(?:hours?|days?|h|d) ago|any ?(?:longer|more)\b|no longer|look-?up|[0-9a-f]{8}-[0-9a-f]{4}-|yesterday|last (?:night|evening|week)|this night|\bold\b",
    Saying.DIED: (
        r"\b(?:driver|cluster|job|cell|session|kernel|notebook|application|app|pod|vm|run|process)s?"
        r" (?:\w{1,12} ){0,3}(?:kill|terminat|died|dies|dead|crash|restart|detach|cancel|preempt"
        r"|evict|abort|shut|lost)"
        r"|(?:kill|terminat|restart|cancel|detach|abort|interrupt)\w{0,4} (?:\w{1,12} ){0,3}"
        r"(?:driver|cluster|job|cell|session|kernel|notebook|application|app|pod|vm|run|process)\b"
    ),
    Saying.ON_PURPOSE: (
        r"\b(?:i|we|he|she|they|somebody|someone|user|admin|operator) (?:\w{1,12} ){0,2}"
        r"(?:stopped|cancell?ed|killed|interrupted|aborted)\b"
        r"|(?:stopped|cancell?ed|killed|interrupted|aborted) (?:\w{1,12} ){0,3}"
        r"(?:on purpose|by hand|manually|myself|ourselves|intentionally|deliberately)"
        r"|(?:manually|intentionally|deliberately) (?:stopped|cancell?ed|killed|interrupted|aborted)"
    ),
    Saying.HOUR: (
        r"after (?:\w{1,13} ){0,3}(?:an|one|1|60) ?(?:hour|h\b|hr|min)|(?:an|one|1) hour (?:in|after)"
        r"|60 ?min|every hour|hour mark|more than an hour|over an hour|long(?:er)? (?:runs|jobs|writes)"
    ),
    Saying.SMALL_WORKS: (
        r"(?:small|few|\btake \d|\blimit \d|\btop \d|\bhead|first \d|under \d|up to \d|below \d)"
        r".{0,60}?(?:\bworks?\b|worked|\bok\b|\bfine\b|succe|no (?:problem|issue|error))"
        r"|\d[\d.,k]{0,9} ?(?:rows? |records? |lines? )?(?:is |are |it |goe?s )?(?:works?\b|ok\b|fine\b)"
        r"|works? (?:\w{1,8} ){0,4}(?:small|few|\d|under|up to|below)"
    ),
    Saying.LARGE_FAILS: (
        r"(?:large|big|bigger|larger|more|whole|full|above|over|entire|all|\d).{0,60}?(?:fail|error"
        r"|\bnot\b|n't|403|401|break|dies|crash|exception|refus|forbid)"
        r"|fails? (?:\w{1,8} ){0,4}(?:large|big|more|whole|full|above|over|\d)"
    ),
}
_READ: Mapping[Saying, re.Pattern[str]] = {
    saying: re.compile(words, re.ASCII) for saying, words in _WORDS.items()
}
_SHORTENED = re.compile(
    r"\b(do|does|did|is|are|was|were|have|has|had|ca|could|wo|would|should)nt\b", re.ASCII
)
_SPACE = re.compile(r"\s{1,}")


def normalised(said: str) -> str:
    """What a person says in lower case, with single blanks and whole short forms (don't)."""
    plain = said.lower().replace("\u2019", "'").replace("\u00b4", "'").replace("`", "'")
    return _SHORTENED.sub(r"\1n't", _SPACE.sub(" ", plain))


def says(said: str, *sayings: Saying) -> bool:
    """Whether a person says all of these.

    Args:
        said: As `normalised` gives it.
        sayings: What to look for.
    """
    return all(_READ[saying].search(said) is not None for saying in sayings)
