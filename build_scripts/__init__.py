"""Development of Tincan: one script for everything, and what it is made of. Imports neither core nor gui."""
