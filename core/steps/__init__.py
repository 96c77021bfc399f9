"""Lists of steps over a connection: what is sent, what has to come, and what is done when it does not come.

Values and pure logic: no socket, no thread, no clock. A repeat list of the window, ``connect --steps``, ``test``,
``replay`` and ``load`` all play such lists.
"""
