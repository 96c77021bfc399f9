"""The tests of Tincan; each folder mirrors one of the code."""
