"""The only place with sockets, and with the threads that touch them."""
