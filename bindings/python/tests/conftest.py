"""The package's own plugin, as an adopter would load it."""

pytest_plugins = ["counterseal.testing"]
