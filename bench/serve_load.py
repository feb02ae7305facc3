#!/usr/bin/env python3
"""How much of the pipeline's own speed is left over HTTP, and how long a request takes.

    bench/serve_load.py build/release/bin/bloodcell [--seconds 10] [--rounds 5] [--threads 2]

Each round, one after the other: `bloodcell predict` over a folder of the samples that show one cell
(its start, taken from a run over one picture, is subtracted); then the same pictures, each a request
of its own, over `--connections` connections that always wait for an answer; then again at half of
that rate, sent by the clock whether or not answers have come, so that a queue would show. Prints
medians over the rounds and what share of the pipeline's pictures a second the server reaches.

    bench/serve_load.py build/release/bin/bloodcell --large 4

Sends four fields of 36 million pixels at once, and one cell after another until they are answered:
how long do the small ones wait?
"""
import argparse
import collections
import os
import pathlib
import selectors
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import zlib

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'samples'


def cells():
    return sorted(path for path in SAMPLES.glob('*.jpg') if not path.name.startswith('field'))


class Server:
    def __init__(self, program, threads, *options):
        self.process = subprocess.Popen(
            [program, 'serve', '--port', '0', '--quiet', '--threads', str(threads), *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(':', 1)[1].strip().rstrip('/'))

    def memory(self):
        text = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(text.split('VmRSS:')[1].split()[0]) / 1024

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def request(content, type_='image/jpeg'):
    head = (f'POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type_}\r\n'
            f'Content-Length: {len(content)}\r\n\r\n')
    return head.encode() + content


class Connection:
    def __init__(self, port, selector):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.text = b''
        selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self, bytes_, due):
        self.due = due
        self.socket.sendall(bytes_)

    def answered(self):
        """The status once the answer is whole, else 0."""
        self.text += self.socket.recv(1 << 16)
        end = self.text.find(b'\r\n\r\n')
        if end < 0:
            return 0
        at = self.text.lower().index(b'content-length:')
        length = int(self.text[at + 15:self.text.index(b'\r\n', at)])
        if len(self.text) < end + 4 + length:
            return 0
        status = int(self.text[9:12])
        self.text = b''
        return status


def ask(port, requests, connections, seconds, rate=None):
    """Latencies in seconds of what was answered with 200, and answers a second. rate None: always
    ask again at once; else so many a second, by the clock."""
    selector = selectors.DefaultSelector()
    idle = collections.deque(Connection(port, selector) for _ in range(connections))
    latencies, sent, others = [], 0, 0
    begun = time.perf_counter()
    busy = 0
    while True:
        now = time.perf_counter()
        is_over = now - begun > seconds
        if is_over and not busy:
            break
        while idle and not is_over:
            due = begun + sent / rate if rate else now
            if due > now:
                break
            connection = idle.popleft()
            connection.send(requests[sent % len(requests)], due)
            sent += 1
            busy += 1
        wait = 0.05 if not rate else max(0, min(0.05, begun + sent / rate - time.perf_counter()))
        for key, _ in selector.select(wait if not is_over else 0.05):
            status = key.data.answered()
            if not status:
                continue
            busy -= 1
            idle.append(key.data)
            if status == 200:
                latencies.append(time.perf_counter() - key.data.due)
            else:
                others += 1
    took = time.perf_counter() - begun
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return sorted(latencies), len(latencies) / took, others


def batch(program, folder, threads):
    begun = time.perf_counter()
    subprocess.run([program, 'predict', folder, '--format', 'csv', '--quiet', '--threads',
                    str(threads)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def large_field(side=6000, apart=300):
    """A PNG of violet discs on pink, as far apart as cells."""
    def chunk(name, body):
        return struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))
    rows = b''
    for y in range(apart):
        half = int(max(0, 60**2 - (y - apart / 2)**2) ** 0.5)
        around = bytes((235, 205, 215)) * (apart // 2 - half)
        rows += b'\0' + (around + bytes((110, 60, 150)) * (2 * half) + around) * (side // apart)
    packer = zlib.compressobj(6)
    packed = b''.join(packer.compress(rows) for _ in range(side // apart)) + packer.flush()
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', packed) + chunk(b'IEND', b''))


def among_large(port, requests, many):
    field = request(large_field(), 'image/png')
    took = []
    begun = time.perf_counter()

    def send_field():
        latencies, _, _ = ask(port, [field], 1, 0.01)
        took.extend(latencies)

    clients = [threading.Thread(target=send_field) for _ in range(many)]
    for client in clients:
        client.start()
    small = []
    while any(client.is_alive() for client in clients):
        small += ask(port, requests, 1, 0.01)[0]
    whole = time.perf_counter() - begun
    small.sort()
    print(f'{many} fields of 36 million pixels: {len(took)} answered in {whole:.1f} s; meanwhile {len(small)} single '
          f'cells, one after another: median {statistics.median(small) * 1e3:.0f} ms, '
          f'p99 {small[int(0.99 * (len(small) - 1))] * 1e3:.0f} ms, longest {small[-1] * 1e3:.0f} ms')


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('--seconds', type=float, default=10, help='of each load')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--connections', type=int, default=32)
    parser.add_argument('--pictures', type=int, default=2000, help='of the batch')
    parser.add_argument('--large', type=int, default=0, help='large fields beside single cells, nothing else')
    options = parser.parse_args()
    requests = [request(path.read_bytes()) for path in cells()]
    server = Server(options.program, options.threads)
    if options.large:
        ask(server.port, requests, 4, 1)
        among_large(server.port, requests, options.large)
        raise SystemExit(server.stop())
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        many, one = pathlib.Path(folder, 'many'), pathlib.Path(folder, 'one')
        many.mkdir()
        one.mkdir()
        for i in range(options.pictures):
            source = cells()[i % len(cells())]
            (many / f'{i:05}.jpg').write_bytes(source.read_bytes())
        (one / 'a.jpg').write_bytes(cells()[0].read_bytes())
        ask(server.port, requests, 4, 1)
        for number in range(options.rounds):
            start = min(batch(options.program, one, options.threads) for _ in range(3))
            own = (options.pictures - 1) / (batch(options.program, many, options.threads) - start)
            latencies, rate, refused = ask(server.port, requests, options.connections,
                                           options.seconds)
            half, half_rate, half_refused = ask(server.port, requests, options.connections,
                                                options.seconds, rate / 2)
            p99 = half[int(0.99 * (len(half) - 1))] * 1e3
            rounds.append((rate / own, own, rate, statistics.median(half) * 1e3, p99))
            print(f'round {number + 1}: pipeline {own:.0f}/s, server {rate:.0f}/s '
                  f'({100 * rate / own:.0f} %), at {half_rate:.0f}/s median {rounds[-1][3]:.1f} ms, '
                  f'p99 {p99:.1f} ms; refused {refused + half_refused}', flush=True)
    share, own, rate, median, p99 = (statistics.median(column) for column in zip(*rounds))
    print(f'medians: pipeline {own:.0f}/s, server {rate:.0f}/s ({100 * share:.0f} %), at half of it '
          f'median {median:.1f} ms, p99 {p99:.1f} ms; load average {os.getloadavg()[0]:.1f}; '
          f'memory {server.memory():.0f} MB; exit status {server.stop()}')


if __name__ == '__main__':
    main()
