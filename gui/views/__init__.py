"""What stands in the window. Views know values and callbacks, never the workbench."""
