"""Sends each message of the list of files with Python's smtplib: one connection, many messages.

usage: smtplib_send.py PORT FILE...
"""
import smtplib
import sys

port, files = int(sys.argv[1]), sys.argv[2:]
with smtplib.SMTP("127.0.0.1", port, local_hostname="smtplib.example.net") as client:
    client.ehlo_or_helo_if_needed()
    options = ["body=8bitmime"] if client.has_extn("8bitmime") else []
    for name in files:
        with open(name, "rb") as file:
            client.sendmail("me@example.net", ["you@example.org"], file.read(), options)
