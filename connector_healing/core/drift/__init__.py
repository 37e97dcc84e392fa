"""Field mapping: which new field of an API's records holds what an old one held."""
