"""What there is to show and to choose from, worked out from values alone: no widget, no socket, no tkinter."""
