"""The tests of the sockets, over loopback, with peers that do not behave."""
