"""Delivers one message by LMTP to several recipients, and prints who was refused. A path is a unix socket, a number a port."""
import json
import smtplib
import sys

where, *to = sys.argv[1:]
client = smtplib.LMTP(where) if "/" in where else smtplib.LMTP("127.0.0.1", int(where))
client.ehlo_or_helo_if_needed()
client.mail("me@example.net")
refused = {}
taken = []
for one in to:
    code, text = client.rcpt(one)
    if code >= 400:
        refused[one] = (code, text.decode())
    else:
        taken.append(one)
client.putcmd("data")
client.getreply()
client.send(b"Subject: hello\r\n\r\nHello\r\n.\r\n")
for one in taken:
    code, text = client.getreply()
    if code >= 400:
        refused[one] = (code, text.decode())
client.quit()
print(json.dumps(refused))
