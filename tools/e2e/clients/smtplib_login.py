"""Logs in by one mechanism and submits a file, with Python's smtplib."""
import smtplib
import ssl
import sys

kind, port, ca, mechanism, user, password, to, path = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if kind == "implicit":
    client = smtplib.SMTP_SSL("localhost", int(port), context=context)
else:
    client = smtplib.SMTP("localhost", int(port))
    client.starttls(context=context)
client.ehlo()
client.user, client.password = user, password
client.auth(mechanism, getattr(client, "auth_" + mechanism.lower()))
with open(path, "rb") as file:
    client.sendmail(user, [to], file.read())
client.quit()
