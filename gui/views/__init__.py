"""One widget class a file. Panes know values and callbacks, never the workbench."""
