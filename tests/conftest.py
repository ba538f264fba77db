"""What all Python tests share: the same examples at each run (house rule 31)."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
