"""Texts as people paste them: reduced to the lines that may say why, and read as a failure."""
