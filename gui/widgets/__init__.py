"""Controls that know nothing of Tincan but its theme."""
