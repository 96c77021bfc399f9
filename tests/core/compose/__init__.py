"""What goes out, exactly."""
