"""Runs learners' code: jail, run log, judge. Knows no users and no chapters."""
