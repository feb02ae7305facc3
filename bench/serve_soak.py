#!/usr/bin/env python3
"""Good and hostile requests at once, for as long as is asked: does the server stay well?

    bench/serve_soak.py build/release/bin/bloodcell [--seconds 3600] [--requests 36000] [--rate 15]

Ends after that many seconds or requests, whichever comes first: 36,000 are an hour's worth at ten a
second. Four clients send what people send and compare each answer with the one it must be: a class
with what `bloodcell predict` says of the picture. Four send what breaks servers (`HOSTILE` below),
with bytes drawn from `--seed`; `--slow` connections send their headers a letter at a time and come
back when they are cut off. Every ten seconds the server's memory is read. Where the whole machine
stood still for more than five seconds (SIGSTOP to the group, a suspended laptop), limits of time run
out on both sides: requests under way then are counted apart. Exit status 0 when every good request was answered right, no hostile one with a 5xx
but 503, the memory of the last quarter is at most a tenth above that of the second, and the server
ends cleanly when told to.
"""
import argparse
import collections
import http.client
import json
import pathlib
import random
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import zlib

from serve_load import SAMPLES, Server, cells

counts = collections.Counter()
wrong = []
stop = threading.Event()
lock = threading.Lock()


class Clock(threading.Thread):
    """Paces the requests, and notices when the machine stood still."""

    def __init__(self):
        super().__init__(daemon=True)
        self.next, self.rate, self.pauses, self.tick = 0.0, 0.0, [], time.monotonic()

    def run(self):
        self.tick = time.monotonic()
        while not stop.wait(0.5):
            now = time.monotonic()
            if now - self.tick > 5:
                self.pauses.append((self.tick, now))
            self.tick = now

    def stood_still_since(self, then):
        return time.monotonic() - self.tick > 5 or any(end > then for _, end in self.pauses)

    def wait_for_turn(self):
        if not self.rate:
            return
        with lock:
            self.next = max(self.next, time.monotonic()) + 1 / self.rate
            pause = self.next - time.monotonic()
        time.sleep(max(0, pause))


clock = Clock()


def note(what, status, allowed=None):
    with lock:
        counts[(what, status)] += 1
        if allowed is not None and status not in allowed and len(wrong) < 20:
            wrong.append(f'{what}: {status}')


# --- what people send ---------------------------------------------------------------------------

class Good(threading.Thread):
    def __init__(self, port, seed, expected):
        super().__init__(daemon=True)
        self.port, self.random, self.expected = port, random.Random(seed), expected

    def ask(self, method, path, body=None, type_='application/json'):
        while True:
            clock.wait_for_turn()
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=150)
            try:
                connection.request(method, path, body, {'Content-Type': type_} if body else {})
                answer = connection.getresponse()
                text = answer.read()
            finally:
                connection.close()
            if answer.status != 503:
                return answer.status, text
            note('good, told to wait', 503)
            time.sleep(1)

    def told(self, what, status, is_right):
        if status not in (200, 201) and clock.stood_still_since(self.begun):
            raise TimeoutError(f'{what}: {status}')
        note(f'good {what}', status if is_right else f'{status}, WRONG', {200, 201})

    def predict(self):
        path = self.random.choice(cells())
        status, text = self.ask('POST', f'/api/v1/predict?name={path.name}', path.read_bytes(), 'image/jpeg')
        self.told('predict', status, text.decode() == self.expected[path.name])

    def explain(self):
        path = self.random.choice(cells())
        status, text = self.ask('POST', '/api/v1/explain?cell=0', path.read_bytes(), 'image/jpeg')
        self.told('explain', status, text == self.expected.setdefault(f'explain {path.name}', text))

    def look(self):
        path = self.random.choice(['/', '/app.js', '/openapi.json', '/health/ready', '/api/v1/models',
                                   '/api/v1/runs', '/api/v1/studies', '/api/v1/datasets', '/api/v1/cases'])
        status, text = self.ask('GET', path)
        self.told('look', status, len(text) > 0)

    def review(self):
        status, text = self.ask('POST', '/api/v1/cases', json.dumps({'name': 'soak', 'by': 'Ada'}))
        case = f'/api/v1/cases/{json.loads(text)["case"]}'
        self.told('create', status, True)
        picture = self.random.choice(cells()).read_bytes()
        status, _ = self.ask('POST', f'{case}/pictures?by=Ada', picture, 'image/jpeg')
        self.told('add', status, True)
        whole = json.loads(self.ask('GET', case)[1])
        for cell in whole['cells'][:2]:
            name = self.random.choice(whole['case']['labels'])
            status, text = self.ask('POST', f'{case}/decisions',
                                    json.dumps({'cell': cell['cell'], 'class': name, 'by': 'Ada'}))
            self.told('decide', status, json.loads(text).get('cell', {}).get('class') == name)
        status, text = self.ask('GET', f'{case}/trail')
        self.told('trail', status, json.loads(text)['is_whole'])
        status, _ = self.ask('DELETE', f'{case}/pictures?by=Ada')
        self.told('remove', status, True)

    def run(self):
        while not stop.is_set():
            deed = self.random.choices([self.predict, self.explain, self.look, self.review],
                                       [60, 5, 30, 5])[0]
            self.begun = time.monotonic()
            try:
                deed()
            except Exception as error:  # a good request that gets no answer is what we look for
                if clock.stood_still_since(self.begun):
                    note('deed under way', 'when the machine stood still')
                    continue
                note('good', f'{type(error).__name__}: {error}', set())


# --- what breaks servers ------------------------------------------------------------------------

def png(width, height, rows=b''):
    def chunk(name, body):
        return struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', rows) + chunk(b'IEND', b''))


def bomb(side):
    """A few kilobytes that unfold into side × side pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    return png(side, side, b''.join(packer.compress(row) for _ in range(side)) + packer.flush())


BOMB = bomb(2500)
HOST = b'Host: localhost\r\n'


def post(path, type_, body, length=None):
    return (f'POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type_}\r\n'
            f'Content-Length: {len(body) if length is None else length}\r\n\r\n').encode() + body


def form(picture):
    return (b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
            b'Content-Type: image/jpeg\r\n\r\n' + picture + b'\r\n--cut--\r\n')


def truncated_form(draw):
    body = form(draw.choice(cells()).read_bytes())
    return post('/api/v1/predict', 'multipart/form-data; boundary=cut', body[:draw.randrange(len(body))])


def wrong_length(draw):
    body = draw.choice(cells()).read_bytes()
    length = draw.choice([0, 1, len(body) - 1, len(body) + 1, 10 ** 9, 10 ** 30, -1, 'x', '1, 2'])
    return post('/api/v1/predict', 'image/jpeg', body, length)


def header_flood(draw):
    return b'GET / HTTP/1.1\r\n' + HOST + b''.join(
        b'X-%d: %s\r\n' % (i, b'a' * draw.randrange(200)) for i in range(draw.choice([120, 5000]))) + b'\r\n'


def decompression_bomb(draw):
    picture = draw.choice([BOMB, png(30000, 30000), png(2 ** 31 - 1, 2 ** 31 - 1), png(0, 0), png(1, 10 ** 9)])
    return post(draw.choice(['/api/v1/predict', '/api/v1/explain', '/api/v1/render']), 'image/png', picture)


def path_trick(draw):
    path = draw.choice([b'/../../etc/passwd', b'/%2e%2e/%2e%2e/etc/passwd', b'/..%2f..%2fetc/passwd', b'//etc/passwd',
                        b'/api/v1/models/..%2F..%2Fx', b'/api/v1/datasets/..%2Fcells/report', b'/%00', b'/%ff', b'/\xff',
                        b'/api/v1/cases/%27%3B%20DROP%20TABLE%20cases/trail', b'/api/v1/runs/..%2F..%2F/audit',
                        b'/' + b'a' * 15000, b'/?' + b'a&' * 5000, b'*', b'http://evil.example/'])
    return draw.choice([b'GET ', b'DELETE ', b'BREW ']) + path + b' HTTP/1.1\r\n' + HOST + b'\r\n'


def absurd_json(draw):
    body = draw.choice([b'[' * 50000, b'{"a":' * 40000, b'{"counts":{"a":1e308,"b":1e308}}', b'{"counts":{"a":-1}}',
                        b'{"counts":' + b'{"a":1,' * 300, b'{"name":"a","name":"b"}', b'{"name":"\\ud800"}', b'nul',
                        b'{"counts":{"' + b'x' * 4000 + b'":1}}', b'{"name":' + b'9' * 5000 + b'}', b'\xff\xfe{}', b''])
    return post(draw.choice(['/api/v1/differential', '/api/v1/cases', '/v2/models/wbc/infer']), 'application/json', body)


def noise(draw):
    return draw.randbytes(draw.randrange(1, 3000)) + b'\r\n\r\n'


def flipped_picture(draw):
    body = bytearray(draw.choice(cells()).read_bytes())
    for _ in range(draw.randrange(1, 50)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    return post('/api/v1/predict', 'image/jpeg', bytes(body[:draw.randrange(1, len(body))]))


def smuggled(draw):
    return draw.choice([
        b'POST /api/v1/predict HTTP/1.1\r\n' + HOST + b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        b'POST /api/v1/predict HTTP/1.1\r\n' + HOST + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx',
        b'GET / HTTP/1.1\r\n' + HOST + HOST + b'\r\n', b'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
        b'GET / HTTP/9.9\r\n' + HOST + b'\r\n', b'GET / HTTP/1.1\r\n' + HOST + b' folded: x\r\n\r\n'])


HOSTILE = [truncated_form, wrong_length, header_flood, decompression_bomb, path_trick, absurd_json, noise,
           flipped_picture, smuggled]
WEIGHTS = [4, 4, 2, 1, 4, 4, 4, 4, 3]


class Hostile(threading.Thread):
    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.port, self.random = port, random.Random(seed)

    def run(self):
        while not stop.is_set():
            clock.wait_for_turn()
            kind = self.random.choices(HOSTILE, WEIGHTS)[0]
            status = 'cut off'
            try:
                with socket.create_connection(('127.0.0.1', self.port), timeout=150) as connection:
                    connection.sendall(kind(self.random))
                    if self.random.random() < 0.7:
                        connection.shutdown(socket.SHUT_WR)
                    if self.random.random() < 0.9:  # the others do not even listen
                        head = connection.recv(4096)
                        status = int(head[9:12]) if head.startswith(b'HTTP/1.1 ') else 'cut off'
            except (ConnectionError, TimeoutError, BrokenPipeError):
                pass
            note(f'hostile {kind.__name__}', status, {'cut off', 503, *range(200, 500)})


class Slow(threading.Thread):
    """Connections that send a letter every few seconds."""

    def __init__(self, port, most):
        super().__init__(daemon=True)
        self.port, self.most, self.open = port, most, []

    def run(self):
        while not stop.wait(2):
            left = []
            for connection in self.open:
                try:
                    connection.send(b'a')
                    left.append(connection)
                except OSError:
                    connection.close()
                    note('hostile slow loris', 'cut off')
            while len(left) < self.most:
                try:
                    connection = socket.create_connection(('127.0.0.1', self.port), timeout=5)
                except OSError:
                    break
                connection.setblocking(False)
                connection.send(b'POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nX-')
                left.append(connection)
            self.open = left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('program')
    parser.add_argument('--seconds', type=float, default=3600)
    parser.add_argument('--requests', type=int, default=36_000)
    parser.add_argument('--rate', type=float, default=0, help='requests a second at most, 0: as fast as answered')
    parser.add_argument('--slow', type=int, default=500)
    parser.add_argument('--seed', type=int, default=42)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / 'runs').mkdir()
        expected = {path.name: subprocess.run(
            [pathlib.Path(options.program).absolute(), 'predict', path.name, '--format', 'json', '--quiet'], cwd=SAMPLES, check=True,
            capture_output=True, text=True).stdout for path in cells()}
        server = Server(options.program, 2, '--review', str(folder / 'reviews'), '--runs', str(folder / 'runs'),
                        '--data', f'cells={SAMPLES}')
        begun = time.monotonic()
        clock.rate = options.rate
        clients = [Good(server.port, options.seed + i, expected) for i in range(4)]
        clients += [Hostile(server.port, options.seed + 100 + i) for i in range(4)]
        clients += [Slow(server.port, options.slow), clock]
        for client in clients:
            client.start()
        memory = []
        while time.monotonic() - begun < options.seconds and server.process.poll() is None:
            time.sleep(min(10, options.seconds / 12))
            memory.append(server.memory() if server.process.poll() is None else float('nan'))
            with lock:
                done = sum(n for (what, _), n in counts.items() if 'slow' not in what)
            print(f'{time.monotonic() - begun:.0f} s: {done} requests, {memory[-1]:.0f} MB', flush=True)
            if done >= options.requests:
                break
        took = time.monotonic() - begun
        stop.set()
        for client in clients:
            client.join(160)
        status = server.stop()
    for (what, how), n in sorted(counts.items(), key=str):
        print(f'{n:7} {what}: {how}')
    quarter = max(1, len(memory) // 4)
    second, last = statistics.median(memory[quarter:2 * quarter] or memory), statistics.median(memory[-quarter:])
    good = sum(n for (what, _), n in counts.items() if what.startswith('good') and 'wait' not in what)
    hostile = sum(n for (what, _), n in counts.items() if what.startswith('hostile') and 'slow' not in what)
    print(f'{took:.0f} s, {good} good and {hostile} hostile requests, {options.slow} slow connections; memory: '
          f'second quarter {second:.0f} MB, last {last:.0f} MB, most {max(memory):.0f} MB; exit status {status}')
    still = sum(end - start for start, end in clock.pauses)
    if still:
        print(f'the machine stood still {len(clock.pauses)} times, {still:.0f} s together')
    is_well = not wrong and status == 0 and last <= 1.1 * second
    print('well' if is_well else f'NOT WELL: {wrong}')
    raise SystemExit(0 if is_well else 1)


if __name__ == '__main__':
    main()
