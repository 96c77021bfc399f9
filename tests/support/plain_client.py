"""The tutorial's client, as a beginner writes it: ``python plain_client.py PORT``."""

import socket
import sys

with socket.socket() as client:
    client.connect(("127.0.0.1", int(sys.argv[1])))
    print("CLIENT CONNECTED TO SERVER")
    print("SERVER:", client.recv(1024).decode())
    for line in sys.stdin:
        message = line.rstrip("\n")
        client.send(message.encode())
        if message == "stop":
            break
        print("SERVER:", client.recv(1024).decode())
