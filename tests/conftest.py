"""Settings of the property tests: no deadline (machines differ), the same examples on every run."""
from hypothesis import settings

settings.register_profile("default", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("default")
