"""The tutorial's server, as a beginner writes it: ``python plain_server.py PORT``."""

import random
import socket
import string
import sys

with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", int(sys.argv[1])))
    server.listen()
    print("listening on", server.getsockname()[1], flush=True)
    client, _address = server.accept()
    with client:
        print("SERVER CONNECTED TO CLIENT")
        client.send(b"type the message")
        while True:
            message = client.recv(1024).decode()
            print("CLIENT MESSAGE:", message)
            if message == "stop":
                break
            client.send(random.choice(string.ascii_letters).encode())
