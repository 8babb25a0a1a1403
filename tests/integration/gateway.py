"""Gateways as small as can be: what a test says to the doors byte for byte, and what comes back."""

import base64
import http.client
import json
import select
import socket
import struct

V4, V5 = 4, 5
CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 5, 8, 9, 12, 13, 14)
RECEIVE_WINDOW = 32  # messages under way, fewer than the server offers


def basic(name, token):
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()


class RawHttp:
    """A connection on which any bytes can be sent; answers are read one after the other."""

    def __init__(self, port, timeout=15):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def answer(self):
        """(status, fields in lower case, body); None when the connection is closed."""
        line = self.file.readline().decode()
        if not line:
            return None
        fields = {}
        while True:
            field = self.file.readline().decode().strip()
            if not field:
                break
            name, value = field.split(":", 1)
            fields[name.lower()] = value.strip()
        body = self.file.read(int(fields.get("content-length", 0))).decode()
        return int(line.split(" ")[1]), fields, body

    def is_closed(self):
        """True when the server has closed; waits a while for it."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False


def request(token, body, method="POST", path="/v1/readings", fields=()):
    """The bytes of a request; fields: further lines, or () for the usual ones."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: meterd"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += fields or ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class HttpGateway:
    """Posts on one connection, again on a new one when it broke."""

    def __init__(self, port, token, timeout=30):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(self, readings):
        """True: acknowledged. False: may have been stored, or not."""
        try:
            self.connection.request("POST", "/v1/readings", json.dumps({"readings": readings}),
                                    self.head)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False
        if answer.status == 503:
            return False
        body = json.loads(text)
        assert answer.status == 200 and body["accepted"] == len(readings), text
        return True

    def send_all(self, batches):
        """Which of the batches are acknowledged."""
        return [self.send(batch) for batch in batches]

    def close(self):
        self.connection.close()


def number(value):
    """A variable byte integer (MQTT 5, 1.5.5)."""
    out = b""
    while True:
        value, digit = value >> 7, value & 127
        out += bytes([digit | (128 if value else 0)])
        if not value:
            return out


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


class Closed(Exception):
    """The server has closed the connection."""


class Mqtt:
    """MQTT 3.1.1 or 5, with nothing between the test and the bytes."""

    def __init__(self, port, version=V4, timeout=15):
        self.version = version
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inbox = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def packet(self, kind, body, flags=0):
        self.socket.sendall(bytes([kind << 4 | flags]) + number(len(body)) + body)

    def fill(self, size):
        while len(self.inbox) < size:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed()
            self.inbox += data

    def read(self):
        """(kind, flags, body) of the next packet; raises Closed."""
        self.fill(2)
        at, size, shift = 1, 0, 0
        while True:
            self.fill(at + 1)
            size |= (self.inbox[at] & 127) << shift
            shift += 7
            at += 1
            if self.inbox[at - 1] < 128:
                break
        self.fill(at + size)
        kind, flags = self.inbox[0] >> 4, self.inbox[0] & 15
        body, self.inbox = self.inbox[at:at + size], self.inbox[at + size:]
        return kind, flags, body

    def has_answer(self):
        return bool(self.inbox) or bool(select.select([self.socket], [], [], 0)[0])

    def connect(self, user, password=None, client="test", keep_alive=60):
        """The reason of the CONNACK (3.1.1: its return code)."""
        flags = 2 | (128 if user is not None else 0) | (64 if password is not None else 0)
        body = text("MQTT") + bytes([self.version, flags]) + struct.pack(">H", keep_alive)
        body += (b"\0" if self.version == V5 else b"") + text(client)
        body += text(user) if user is not None else b""
        body += text(password) if password is not None else b""
        self.packet(CONNECT, body)
        kind, _, answer = self.read()
        assert kind == CONNACK, kind
        assert answer[0] == 0, "session present"
        return answer[1]

    def publish(self, payload, topic="meterd/v1/readings", qos=1, packet_id=1, dup=False,
                retain=False):
        payload = payload if isinstance(payload, bytes) else payload.encode()
        body = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
        body += b"\0" if self.version == V5 else b""
        self.packet(PUBLISH, body + payload, (8 if dup else 0) | qos << 1 | (1 if retain else 0))

    def puback(self):
        """(packet id, reason, reason string, user properties)."""
        kind, _, body = self.read()
        assert kind == PUBACK, (kind, body)
        return read_reply(body, self.version)

    def subscribe(self, *filters, packet_id=9):
        """The return codes of the SUBACK."""
        body = struct.pack(">H", packet_id) + (b"\0" if self.version == V5 else b"")
        self.packet(SUBSCRIBE, body + b"".join(text(f) + b"\1" for f in filters), 2)
        kind, _, answer = self.read()
        assert kind == SUBACK and answer[:2] == struct.pack(">H", packet_id)
        return list(answer[3 if self.version == V5 else 2:])

    def ping(self):
        self.packet(PINGREQ, b"")
        return self.read()[0] == PINGRESP

    def end(self):
        """How the server ends the connection: the reason of its DISCONNECT, None without one."""
        reason = None
        while True:
            try:
                kind, _, body = self.read()
            except Closed:
                return reason
            if kind == DISCONNECT:
                reason = body[0] if body else 0


def read_reply(body, version):
    """A PUBACK: (packet id, reason, reason string, user properties)."""
    packet_id, reason, words, properties = struct.unpack(">H", body[:2])[0], 0, "", {}
    if version == V5 and len(body) > 2:
        reason = body[2]
        rest = body[4:] if len(body) > 3 else b""  # after the length, which is below 128 here
        while rest:
            assert rest[0] in (0x1F, 0x26), rest
            fields = []
            kind, rest = rest[0], rest[1:]
            for _ in range(1 if kind == 0x1F else 2):
                size = struct.unpack(">H", rest[:2])[0]
                fields.append(rest[2:2 + size].decode())
                rest = rest[2 + size:]
            if kind == 0x1F:
                words = fields[0]
            else:
                properties[fields[0]] = fields[1]
    return packet_id, reason, words, properties


class MqttGateway:
    """Publishes batches with QoS 1, many under way; connects again when the connection broke."""

    def __init__(self, port, token, client="feeder", timeout=30):
        self.port, self.token, self.client, self.timeout = port, token, client, timeout
        self.connection = None
        self.next_id = 1

    def open(self):
        if self.connection is None:
            connection = Mqtt(self.port, V4, self.timeout)
            if connection.connect(self.token, client=self.client) != 0:
                connection.socket.close()
                raise Closed()
            self.connection = connection

    def send_all(self, batches):
        """Which of the batches are acknowledged."""
        acknowledged, waiting, at = [False] * len(batches), {}, 0
        try:
            self.open()
            while at < len(batches) or waiting:
                while at < len(batches) and len(waiting) < RECEIVE_WINDOW:
                    waiting[self.next_id] = at
                    self.connection.publish(json.dumps({"readings": batches[at]}),
                                            packet_id=self.next_id)
                    self.next_id = self.next_id % 65535 + 1
                    at += 1
                acknowledged[waiting.pop(self.connection.puback()[0])] = True
        except (OSError, Closed):
            self.close()
        return acknowledged

    def close(self):
        if self.connection is not None:
            self.connection.socket.close()
            self.connection = None
