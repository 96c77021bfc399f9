"""Captures of other programs (pcap, pcapng): read, reassembled and converted into a journal."""
