"""The pane of rules: a table of what a server answers, its rules one by one, and a place to try them."""
