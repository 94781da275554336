"""A webhook's receiver that knows Python's own libraries and nothing else. Says its port, then a line of JSON for each request."""
import email.parser
import email.policy
import hashlib
import hmac
import http.server
import json
import sys
import urllib.parse

SECRET, MAILGUN_KEY = (argument.encode() for argument in sys.argv[1:3])


def digest(octets):
    return hashlib.sha256(octets).hexdigest()


def form(content_type, body):
    """The fields and files of multipart/form-data, as Python's MIME parser sees them."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body).get_payload()
    fields, files = {}, {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        octets = part.get_payload(decode=True)
        filename = part.get_filename()
        if filename is None:
            fields[name] = octets.decode("utf-8", "surrogateescape")
        else:
            files[name] = {"filename": filename, "type": part.get_content_type(), "sha256": digest(octets)}
    return fields, files


def signed(headers, body):
    timestamp = headers["x-mailverb-timestamp"]
    expected = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(one, f"v1={expected}") for one in headers["x-mailverb-signature"].split(","))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        said = {
            "query": urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "signed": signed(self.headers, body),
            "sha256": digest(body),
        }
        content_type = self.headers["content-type"]
        if content_type == "application/json":
            said["json"] = json.loads(body)
        elif content_type.startswith("multipart/form-data"):
            said["fields"], said["files"] = form(content_type, body)
            if "token" in said["fields"]:
                what = (said["fields"]["timestamp"] + said["fields"]["token"]).encode()
                expected = hmac.new(MAILGUN_KEY, what, hashlib.sha256).hexdigest()
                said["mailgun"] = hmac.compare_digest(expected, said["fields"]["signature"])
        print(json.dumps(said), flush=True)
        answer = json.dumps({"recipients": [{"address": "full@example.org", "reply": "552 5.2.2 full"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
