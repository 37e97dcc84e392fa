"""The demo's connectors, as a data engineer would write them: they know nothing of healing.

Each takes the API's address; the token comes from dlt's secrets (``sources.flights.token``,
``sources.weather.token`` and ``sources.airports.token``, or ``sources.token`` for all three).
"""
