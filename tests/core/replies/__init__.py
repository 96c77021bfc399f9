"""What a server answers by itself."""
