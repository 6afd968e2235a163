// The worker in which the reader's Python runs. There is one instance of Python, and it is kept from cell to cell.
//
// While Python runs, the worker receives no messages. So no message can stop a cell: to do that, the page ends the worker
// and starts another. tools/live.py bundles this file with the system that Python runs on, which lives in memory.
import { WASI, File, Directory, PreopenDirectory, ConsoleStdout, OpenFile, OpenDirectory } from "@bjorn3/browser_wasi_shim";

const LIMIT = 1_000_000; // a cell may print so many letters; a page with more could be neither read nor scrolled
const SETTINGS = ["TMPDIR=/tmp", "HOME=/tmp", "MPLCONFIGDIR=/tmp/matplotlib", "PYTHONTZPATH=", "NO_COLOR=1", "TQDM_DISABLE=1"];
const encoder = new TextEncoder(), decoder = new TextDecoder();
const root = new Directory(new Map());
let python = null; // the instance of Python
let cell = null; // {id, source, name} of the cell that runs

// --- repairs of two faults in the system, browser_wasi_shim

// The system reports that nobody has any rights to a folder, and Python then says that it is not writable.
for (const kind of [OpenDirectory, OpenFile]) {
  const reported = kind.prototype.fd_fdstat_get;
  kind.prototype.fd_fdstat_get = function () {
    const found = reported.call(this);
    if (found.fdstat) found.fdstat.fs_rights_base = found.fdstat.fs_rights_inherited = (1n << 30n) - 1n;
    return found;
  };
}

// Wait until one of the subscriptions is ready. The system's own version takes the length of a sleep for a point in time,
// and sleeps for minutes. A worker has no other way to wait than to ask the clock again and again. Whatever is not a
// clock, such as a file, is always ready. The numbers are the offsets that WASI gives to the fields of its structures.
function poll(subscriptions, events, count, counted) {
  const view = new DataView(python.exports.memory.buffer);
  const asked = Array.from({ length: count }, (_, n) => {
    const at = subscriptions + 48 * n, tag = view.getUint8(at + 8);
    const time = view.getBigUint64(at + 24, true), absolute = view.getUint16(at + 40, true) & 1;
    const now = view.getUint32(at + 16, true) === 0 ? Date.now() : performance.now();
    const wait = tag !== 0 ? 0 : Math.max(0, Number(time) / 1e6 - (absolute ? now : 0));
    return { user: view.getBigUint64(at, true), tag, wait };
  });
  const wait = Math.min(...asked.map(one => one.wait)), end = performance.now() + wait;
  while (performance.now() < end);
  const ready = asked.filter(one => one.wait <= wait);
  ready.forEach(({ user, tag }, n) => {
    const at = events + 32 * n;
    new Uint8Array(python.exports.memory.buffer, at, 32).fill(0);
    view.setBigUint64(at, user, true);
    view.setUint8(at + 10, tag);
    view.setBigUint64(at + 16, tag === 0 ? 0n : 1n, true);
  });
  view.setUint32(counted, ready.length, true);
  return 0;
}

// --- files

// Return the folder at this path, and make it where it does not exist.
function folder(parts) {
  return parts.reduce((here, name) => {
    if (!here.contents.has(name)) {
      const made = new Directory(new Map());
      made.parent = here;
      here.contents.set(name, made);
    }
    return here.contents.get(name);
  }, root);
}

const parts = path => path.split("/").filter(part => part);

function write(path, bytes) {
  const names = parts(path), last = names.pop();
  folder(names).contents.set(last, new File(bytes));
}

function found(path) {
  const here = parts(path).reduce((at, name) => at?.contents?.get(name), root);
  if (!here) throw new Error(`there is no ${path}`);
  return here;
}

const read = path => found(path).data.slice();
const list = path => [...found(path).contents.keys()].sort();

// Write the files that the book brings, as in_one_piece in tools/live.py has packed them: the length of a list, the list
// {path: [begin, size]}, and the files, from whose start begin is counted.
function unpack(packed) {
  const length = new DataView(packed).getUint32(0, true), start = 4 + length;
  const index = JSON.parse(decoder.decode(new Uint8Array(packed, 4, length)));
  for (const [path, [at, size]] of Object.entries(index)) write(path, new Uint8Array(packed.slice(start + at, start + at + size)));
}

// --- what Python shows

// Printed text is sent to the page at once, but not more often than the page can follow. It may be sent 100 times without
// a pause, and then once every 25 milliseconds. What is printed in between is gathered, up to 10,000 letters.
const printed = {
  name: "", text: "", left: LIMIT, allowance: 100, last: 0,
  add(name, text) {
    if (this.left <= 0) return;
    if (text.length > this.left) text = text.slice(0, this.left) + "\n… and more: the page shows no more than this.\n";
    this.left -= text.length;
    if (name !== this.name) this.flush();
    this.name = name;
    this.text += text;
    const now = performance.now();
    this.allowance = Math.min(100, this.allowance + (now - this.last) / 25);
    this.last = now;
    if (cell && (this.allowance >= 1 || this.text.length > 10_000)) this.flush();
  },
  flush() {
    if (!this.text) return;
    this.allowance -= 1;
    postMessage({ op: "output", id: cell.id, output: { kind: "stream", name: this.name, text: this.text } });
    this.text = "";
  },
};

function console_(name) {
  const letters = new TextDecoder();
  return new ConsoleStdout(bytes => printed.add(name, letters.decode(bytes, { stream: true })));
}

function intoPython(text) {
  const bytes = encoder.encode(text), at = python.exports.host_alloc(bytes.length) >>> 0;
  if (!at) throw new Error("Python has no memory left");
  new Uint8Array(python.exports.memory.buffer, at, bytes.length).set(bytes);
  return [at, bytes.length];
}

// Python calls this, by way of guest.py, to ask for its cell, to hand out what it shows, and to say that it is done. Text
// and answer are JSON.
function door(at, length, answerAt, answerLength) {
  const said = JSON.parse(decoder.decode(new Uint8Array(python.exports.memory.buffer, at >>> 0, length)));
  if (said.kind === "done") cell.ended = said;
  else if (said.kind !== "cell") {
    printed.flush();
    postMessage({ op: "output", id: cell.id, output: said });
  }
  const [answer, size] = intoPython(said.kind === "cell" ? JSON.stringify({ source: cell.source, name: cell.name }) : "{}");
  const view = new DataView(python.exports.memory.buffer);
  view.setUint32(answerAt >>> 0, answer, true);
  view.setUint32(answerLength >>> 0, size, true);
  return 0;
}

const memory = () => python.exports.memory.buffer.byteLength;

// Run code in the instance, and return 0 where that succeeded.
const turn = code => python.exports.turn(...intoPython(code));

// --- what the page asks for

async function boot({ module, library, files }) {
  unpack(files);
  ["tmp/matplotlib", "data"].forEach(path => folder(parts(path)));
  const fonts = folder(["mpl-data"]);
  root.contents.delete("mpl-data");
  const opened = [
    new OpenFile(new File(new Uint8Array())),
    console_("stdout"),
    console_("stderr"),
    new PreopenDirectory("/usr/local/lib", new Map([["python315.zip", new File(new Uint8Array(library))]])),
    new PreopenDirectory("/usr/local/lib/python315.zip/matplotlib/mpl-data", fonts.contents),
    new PreopenDirectory("/", root.contents),
  ];
  const system = new WASI(["/usr/local/bin/python.wasm", "/lib"], SETTINGS, opened, { debug: false });
  system.wasiImport.poll_oneoff = poll;
  python = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: system.wasiImport, host: { call: door } });
  system.inst = python;
  python.exports._initialize?.();
  if (turn("import guest") !== 0) throw new Error(`Python did not start. ${printed.text}`);
  return { memory: memory() };
}

function run({ id, source, name }) {
  cell = { id, source, name };
  printed.left = LIMIT;
  try {
    turn("__import__('guest').run()");
  } finally {
    printed.flush();
  }
  if (!cell.ended) throw new Error("Python ended without a word");
  return { status: cell.ended.status, seconds: cell.ended.seconds, memory: memory() };
}

const asked = {
  boot,
  run,
  write: ({ path, bytes }) => write(path, bytes),
  read: ({ path }) => read(path),
  list: ({ path }) => list(path),
};

onmessage = async ({ data }) => {
  try {
    postMessage({ op: "answer", id: data.id, value: await asked[data.op](data) });
  } catch (error) {
    postMessage({ op: "failed", id: data.id, text: String(error?.stack || error) });
  }
};
