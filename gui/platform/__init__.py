"""The window's ground: the bridge to the Tk thread, the fault log, the desktop, the differences between systems."""
