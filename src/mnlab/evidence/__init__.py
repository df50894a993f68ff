"""The record of one run: written inside the lab machine (recorder), read outside (record)."""
