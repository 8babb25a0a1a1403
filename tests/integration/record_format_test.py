#!/usr/bin/python3
"""The record format against Google's own implementation: what meterd writes, Python's protobuf
reads the same, and the other way round; and meterd.proto is what both speak.

usage: record_format_test.py RECORD_TOOL SOURCE_FOLDER
"""
import random
import subprocess
import sys
import tempfile
import unittest

RECORDS = 60
NAMES = ["E1", "总表/电", "a b", "x" * 128, "µ-Ω"]


def run_tool(mode, data):
    return subprocess.run([TOOL, mode], input=data, stdout=subprocess.PIPE, check=False)


def random_block(pb, rng):
    """A block in Python's form; single fields never 0, so that every encoder writes them."""
    block = pb.Block(
        enterprise=rng.randrange(1, 2**32),
        gateway=rng.randrange(1, 2**32),
        received_at_ms=rng.randrange(1, 2**42),
        base_time_ms=rng.choice([-1, 1]) * rng.randrange(1, 2**42),
    )
    count = rng.choice([0, 1, 2, 7, 100])
    same_point, same_time = rng.random() < 0.5, rng.random() < 0.5
    for i in range(count):
        if i == 0 or not same_point:
            block.point.append(rng.choice([i, 2**32 - 1 - i]))
        if i == 0 or not same_time:
            block.offset_ms.append(rng.choice([i, -i - 1, 2**31 - 1 - i, i - 2**31]))
        block.value.append(rng.choice([0, 1, -1, 2**63 - 1, -2**63, rng.randrange(-2**60, 2**60)]))
    if count > 0 and rng.random() < 0.5:
        block.quality.extend(rng.randrange(0, 64) for _ in range(count))
        block.quality[0] = 9
    for i in range(rng.choice([0, 0, 1, 5])):
        block.named.add(name=rng.choice(NAMES), t_ms=rng.randrange(1, 2**42),
                        value=-rng.randrange(1, 2**60), quality=rng.choice([0, 1, 33]),
                        index=rng.choice([0, 1, 127, 128, 2**32 - 1]))
    for i in range(rng.choice([0, 0, 1, 5])):
        block.refused.add(point=rng.choice(NAMES), t_text=rng.choice(["", "gestern"]),
                          value_text=rng.choice(["", "1e999"]), code="bad_value",
                          detail=rng.choice(["", "zu groß", "d" * 1024]), index=rng.randrange(300))
    return block


def lines_of(record):
    """The lines record_tool prints, made from Python's form alone."""
    lines = []
    for b in record.block:
        lines.append(("block", b.enterprise, b.gateway, b.received_at_ms, b.base_time_ms))
        for i, value in enumerate(b.value):
            lines.append(("reading", b.point[i if len(b.point) > 1 else 0],
                          b.offset_ms[i if len(b.offset_ms) > 1 else 0], value,
                          b.quality[i] if b.quality else 0))
        for n in b.named:
            lines.append(("named", n.index, n.t_ms, n.value, n.quality, n.name))
        for r in b.refused:
            lines.append(("refused", r.index, r.point, r.t_text, r.value_text, r.code, r.detail))
    return "".join("\t".join(str(f) for f in line) + "\n" for line in lines).encode()


class RecordFormat(unittest.TestCase):
    def records(self):
        rng = random.Random(7)
        for _ in range(RECORDS):
            record = PB.Record()
            for _ in range(rng.choice([0, 1, 1, 3, 8])):
                record.block.append(random_block(PB, rng))
            yield record

    def test_we_read_what_python_writes(self):
        for record in self.records():
            done = run_tool("decode", record.SerializeToString())
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stdout.decode(), lines_of(record).decode())

    def test_python_reads_what_we_write_and_writes_the_same_bytes(self):
        for record in self.records():
            done = run_tool("encode", lines_of(record))
            self.assertEqual(done.returncode, 0)
            read = PB.Record.FromString(done.stdout)
            self.assertEqual(lines_of(read), lines_of(record))
            self.assertEqual(read.SerializeToString(deterministic=True), done.stdout)

    def test_fields_of_a_later_version_are_skipped(self):
        record = PB.Record()
        record.block.append(random_block(PB, random.Random(1)))
        data = record.SerializeToString() + bytes([0x7A, 3]) + b"new"
        done = run_tool("decode", data)
        self.assertEqual((done.returncode, done.stdout), (0, lines_of(record)))

    def test_columns_that_disagree_are_refused(self):
        for spoil in (lambda b: b.point.extend([1, 2]), lambda b: b.offset_ms.extend([1, 2]),
                      lambda b: b.value.append(1), lambda b: b.quality.append(1),
                      lambda b: b.ClearField("enterprise"),
                      lambda b: b.ClearField("received_at_ms"),
                      lambda b: b.named.add(t_ms=1), lambda b: b.refused.add(code="a\nb"),
                      lambda b: b.named.add(name="n" * 129)):
            block = PB.Block(enterprise=1, gateway=1, received_at_ms=1, base_time_ms=1,
                             point=[1, 2, 3], offset_ms=[1, 2, 3], value=[1, 2, 3])
            self.assertEqual(run_tool("decode", PB.Record(block=[block]).SerializeToString())
                             .returncode, 0)
            spoil(block)
            self.assertEqual(run_tool("decode", PB.Record(block=[block]).SerializeToString())
                             .returncode, 1)


if __name__ == "__main__":
    TOOL, SOURCE = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", "--python_out=" + folder, "-I", SOURCE + "/proto",
                        "meterd.proto"], check=True)
        sys.path.insert(0, folder)
        import meterd_pb2 as PB
    unittest.main(argv=sys.argv[:1])
