"""Words that APIs use for one another. General English of data, no vendor's own names."""

#: Words of one meaning: near enough that one may replace the other when an API is reworked.
_SYNONYMS = """
title name label caption heading subject
description desc summary details note notes comment remark memo explanation
text content body message msg payload
id identifier uid uuid guid oid
key code slug
number num no nr count cnt total quantity qty
kind type category class genre sort
state status phase condition stage
url uri link href location address
website homepage site
picture image img photo avatar thumbnail icon logo
phone telephone tel mobile cell
mail email
zip zipcode postal postcode postalcode
region state province county
city town locality municipality
street line road
country nation
latitude lat
longitude lon lng long
create add insert register make open
modify update change edit revise alter
delete remove destroy trash drop erase
begin start from since onset
end finish stop complete until to done close
expire expiry expiration
date time timestamp datetime at on instant day when
limit max maximum ceiling cap quota
min minimum floor lowest
average avg mean
price cost amount fee charge
amount value sum
size length bytes
user account member person profile
owner author creator deployer
customer client buyer contact
company organization organisation org business enterprise
seller vendor merchant supplier
employee staff worker
manager supervisor
first given forename
last family surname
birthday dob birth
gender sex
active enable enabled on
inactive disable disabled off
show visible visibility display
hide hidden invisible
public open
private secret
order purchase
cart basket checkout
product item article sku goods
tax vat
discount rebate coupon promotion
currency ccy
invoice bill
payment pay
shipping delivery shipment
tracking trace
tag label keyword
like favorite favourite star heart
follower subscriber watcher
reply response answer
question query
comment review feedback
rating score rank grade
parent container
child sub
group team
role permission scope right
language lang locale
timezone tz
environment env
repository repo
config configuration settings setting options option preferences prefs
parameter param argument arg
property attribute field prop attr
metadata meta annotations
source src origin from sender
destination dest dst target to recipient receiver
previous prev prior former old
next following
current present now
token secret credential
password pwd passwd pass
version revision rev
hash checksum digest md5 sha
error fault problem failure err
reason cause
level tier severity grade
priority importance
duration elapsed interval period
frequency rate
percent percentage pct ratio
width w
height h
format fmt mime
file document doc attachment
folder directory dir
path route
host hostname server
ip ipaddress
method verb action
event activity
job task
run execution
log trace
carrier airline operator
flight trip
vehicle car
hotel property
room unit
space room area
view visit
read seen viewed
sent deliver send
used consumed usage
free available remaining left
internal private
external foreign
primary main default
secondary alternate alternative backup
root top
final end
approve accept confirm
reject decline deny refuse
cancel abort void
pin pinned keep
lock locked
sync synchronize synchronise
login logon signin sign
fax facsimile
device machine terminal
os operating
app application
category group
job position
salary pay wage compensation
school education
degree education
skill ability
benefit perk
""".strip()

#: Words that say little about which field it is: what is left when they differ is the same field.
_FILLERS = """
is has have was are the of a an and or by in for with as get set do does can
flag value field info information data detail details object obj item items list array entry
attr attribute property element record resource result current
"""

#: Words that only say of what form the value is.
_FORMS = """
id ids uid uuid key code number num no name date time timestamp datetime at on url uri link href
ms millis milliseconds sec secs second seconds count total string str text type iso utc
"""

_FILLER_WEIGHT = 0.25
_FORM_WEIGHT = 0.55

_GROUPS: dict[str, set[int]] = {}
for _at, _line in enumerate(_SYNONYMS.splitlines()):
    for _word in _line.split():
        _GROUPS.setdefault(_word, set()).add(_at)

_WEIGHTS = dict.fromkeys(_FORMS.split(), _FORM_WEIGHT) | dict.fromkeys(
    _FILLERS.split(), _FILLER_WEIGHT
)


def are_synonyms(one: str, other: str) -> bool:
    """Whether two word stems share a group of the table."""
    mine, theirs = _GROUPS.get(one), _GROUPS.get(other)
    return bool(mine and theirs and mine & theirs)


def word_weight(word: str) -> float:
    """How much a word says about which field it is, at most 1."""
    return _WEIGHTS.get(word, 1.0)


def is_known(word: str) -> bool:
    """Whether the table holds the word."""
    return word in _GROUPS or word in _WEIGHTS
