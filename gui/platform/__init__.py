"""What the window stands on: the bridge to the Tk thread, the desktop, and how systems differ."""
