"""Settings that hold for all tests."""

from hypothesis import settings

# Two busy cores: a slow moment is no failure. Speed is measured by bench/, not by a deadline on each example.
settings.register_profile("tonghu", deadline=None)
settings.load_profile("tonghu")
