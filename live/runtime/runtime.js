// Python in the reader's browser, behind one small interface. A page uses this and nothing behind it.
//
//     Runtime.whyNot()                       null, or one sentence that says why this browser cannot run Python
//     const python = new Runtime({base, digits})
//         base: the address of the folder live/; digits: how many images train.csv.gz is to hold: 42000, 5000, or 0 if
//         there is to be no such file
//     await python.start({onProgress(done, all, what), digits})
//         downloads Python and starts it; with digits: true, also downloads the digits before a cell asks for them
//     await python.run(source, {name, onOutput})   {status: "ok" | "error" | "stopped" | "crashed", seconds}
//     await python.stop()                    ends whatever runs; all names are gone, and files that were written stay
//     await python.files.write(path, bytes); .read(path); .list(folder)
//     python.memory()                        the number of bytes that Python holds
//
// What a cell shows is handed to onOutput as it comes: {kind: "stream", name, text}, {kind: "display" or "result", data},
// where data is an object with a value for each type of medium, and {kind: "error", name, message, traceback, line}.
//
// The digits are downloaded when a cell has the name of their file, train.csv or test.csv, in its source, and not before,
// unless start is told to. The browser keeps what was downloaded under names that change with the content, so that old
// and new parts are never used together.

const PROTOCOL = 1; // what runtime.js, worker.js and sizes.json agree upon
const CRASHED = "Python ended: most likely the cell asked for more memory than a page can have, or called itself too " +
  "often. It has been started again; run the cells above first.";
const NO_WORKER = "Python could not be started, since the site does not answer. Try again when there is a network.";

// A function with the newest form of exceptions, which Python was compiled to: a browser that knows it can run it.
const PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11];

class Part {
  // A file of live/, as sizes.json describes it: {file, bytes, unpacked}.
  constructor(said, base, store) {
    Object.assign(this, said, { url: new URL(said.file, base).href, store });
  }

  // Return the part as the browser has kept it, or null where it is not there or not complete.
  async kept() {
    const answer = await this.store?.match(this.url);
    const blob = await answer?.blob();
    return blob?.size === this.bytes ? blob : null;
  }

  async download(note) {
    const answer = await fetch(this.url);
    if (!answer.ok) throw new Error(`The site has no ${this.file} any more. Load the page again.`);
    const pieces = [], reader = answer.body.getReader();
    for (let piece; !(piece = await reader.read()).done;) {
      pieces.push(piece.value);
      note(piece.value.length);
    }
    const blob = new Blob(pieces);
    if (blob.size !== this.bytes) throw new Error(`Not all of ${this.file} arrived. Try again.`);
    // A browser may refuse to keep so much, for instance in a private window. Then it is downloaded again the next time.
    await this.store?.put(this.url, new Response(blob)).catch(() => {});
    return blob;
  }

  // The part itself, unpacked as it streams in.
  async open(note) {
    const kept = await this.kept();
    if (kept) note(this.bytes);
    const blob = kept ?? (await this.download(note));
    const stream = blob.stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream, { headers: { "Content-Type": "application/wasm" } });
  }
}

// A file whose address says which version it is: those of live/, and those that Sphinx numbers.
const VERSIONED = /-[0-9a-f]{12}\.\w+$|\?v=\w+$|\/_images\/[0-9a-f]{32,}[^/]*$/;
const SPEAKING = /(\/|\.html|\.css|\.js|\.json)(\?.*)?$/; // what may name other files

// Of what is kept of the site's pages, delete the versions that no kept page needs any more, neither itself nor by a file
// that it names: a book published anew leaves nothing behind, and a page from before still opens whole.
async function sweep(store) {
  const left = new Map((await store.keys()).map(({ url }) => [url, url.split("/").pop()]));
  let fresh = [...left.keys()].filter(url => !VERSIONED.test(url));
  while (fresh.length) {
    fresh.forEach(url => left.delete(url));
    const texts = await Promise.all(fresh.filter(url => SPEAKING.test(url)).map(async url => (await store.match(url)).text()));
    fresh = [...left].filter(([, name]) => texts.some(text => text.includes(name))).map(([url]) => url);
  }
  await Promise.all([...left.keys()].map(url => store.delete(url)));
}

export class Runtime {
  static whyNot() {
    if (location.protocol === "file:") {
      return "This page was opened as a file, and a browser starts Python only for a page that comes from a server. " +
        "Where the book was built, make serve is one.";
    }
    const old = "This browser is too old to run Python in a page: that takes Chrome or Edge 137, Firefox 131 or Safari 18.4.";
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") return old;
    if (typeof DecompressionStream !== "function" || !WebAssembly.validate(new Uint8Array(PROBE))) return old;
    return null;
  }

  #base;
  #images; // how many images the reader has chosen
  #worker = null;
  #waiting = new Map(); // what the worker was asked and has not answered, by number
  #number = 0;
  #memory = 0;
  #parts = null;
  #brought = null; // {module, library, files}: what a worker needs to start
  #keeping = null; // done when a worker can start without a network
  #written = new Map(); // files that a new worker is given again
  #starting = null;
  #stopping = null;
  #onProgress = () => {};

  constructor({ base, digits = 42000 }) {
    this.#base = new URL(base, location.href);
    this.#images = digits;
    this.files = {
      write: async (path, bytes) => {
        this.#written.set(path, bytes.slice());
        return this.#ask("write", { path, bytes });
      },
      read: path => this.#ask("read", { path }),
      list: path => this.#ask("list", { path }),
    };
  }

  start({ onProgress = () => {}, digits = false } = {}) {
    this.#onProgress = onProgress;
    this.#starting ??= this.#begin(digits).catch(error => {
      this.#starting = null; // so that it can be tried again
      throw error;
    });
    return this.#starting;
  }

  async run(source, { name = "<cell>", onOutput = () => {} } = {}) {
    await this.start({ onProgress: this.#onProgress });
    await this.#bringDigits(source);
    try {
      const { memory, ...ended } = await this.#ask("run", { source, name, onOutput });
      this.#memory = memory;
      return ended;
    } catch (error) {
      if (error.stopped) return { status: "stopped", seconds: error.seconds };
      const message = await this.stop().then(() => CRASHED, failed => `${CRASHED.split(". ")[0]}. ${failed.message}`);
      onOutput({ kind: "error", name: "Crashed", message, traceback: message, line: null });
      return { status: "crashed", seconds: error.seconds };
    }
  }

  // If Stop is pressed again before Python is ready, that is the same stop and not another one.
  async stop() {
    this.#stopping ??= this.#startAgain().finally(() => (this.#stopping = null));
    await this.#stopping;
  }

  async #startAgain() {
    if (!this.#starting) return;
    await this.#starting;
    this.#end();
    this.#starting = null;
    await this.start({ onProgress: this.#onProgress });
  }

  memory() {
    return this.#memory;
  }

  async #begin(digits) {
    const train = this.#brought ? null : await this.#bring(digits);
    await Promise.all([this.#startWorker(), this.#keeping]);
    if (train) await this.#putDigits("train.csv", train);
  }

  // Bring what every worker needs to start, and return the digits where they are wanted at once.
  async #bring(digits) {
    const why = Runtime.whyNot();
    if (why) throw new Error(why);
    await this.#readSizes();
    const wanted = ["python", "library", "files", ...(digits && this.#images ? [this.#train] : [])];
    const note = this.#counter(wanted, "Python");
    const [module, library, files, train] = await Promise.all([
      this.#parts.python.open(note).then(WebAssembly.compileStreaming),
      ...wanted.slice(1).map(name => this.#parts[name].open(note).then(answer => answer.arrayBuffer())),
    ]);
    this.#brought = { module, library, files };
    const keeping = this.#keepWorker().catch(() => {}); // a comfort: Python runs without it
    // Where offline.js answers for this page already, it keeps the worker's script as it hands it out.
    if (!navigator.serviceWorker?.controller) this.#keeping = keeping;
    return train;
  }

  get #train() {
    return this.#images < 42000 ? `train-${this.#images}` : "train";
  }

  async #readSizes() {
    const store = await globalThis.caches?.open(`scratchnet ${this.#base.pathname}`).catch(() => null);
    const url = new URL("sizes.json", this.#base).href;
    let answer = await fetch(url, { cache: "no-cache" }).catch(() => null);
    if (answer?.ok) await store?.put(url, answer.clone()).catch(() => {});
    else answer = await store?.match(url);
    if (!answer) throw new Error("The site does not answer, and nothing was kept from an earlier visit.");
    const { protocol, parts } = await answer.json();
    if (protocol !== PROTOCOL) throw new Error("The book was published anew. Load the page again.");
    this.#parts = Object.fromEntries(Object.entries(parts).map(([name, said]) => [name, new Part(said, this.#base, store)]));
    const current = new Set([url, ...Object.values(this.#parts).map(part => part.url)]);
    for (const old of (await store?.keys()) ?? []) if (!current.has(old.url)) await store.delete(old);
  }

  // Let a worker start without a network, as each Stop has it do: offline.js then answers for its script. Python is
  // called ready only after that.
  async #keepWorker() {
    const { scope } = await navigator.serviceWorker.register(new URL("../offline.js", this.#base));
    const store = await caches.open(`scratchnet pages ${new URL(scope).pathname}`);
    await Promise.all([store.add(this.#parts.worker.url), navigator.serviceWorker.ready]);
    this.#keepPage(scope, store).then(() => sweep(store)).catch(() => {});
  }

  // Let this page, as it was loaded, open without a network next time.
  async #keepPage(scope, store) {
    const loaded = performance.getEntriesByType("resource").map(entry => entry.name);
    const ours = [location.href.replace(/#.*/, ""), ...loaded].filter(url => url.startsWith(scope) && !url.endsWith(".bin"));
    await Promise.all([...new Set(ours)].map(url => store.add(url).catch(() => {})));
  }

  // Return a function that is told of every number of bytes that has come of these parts, and reports their sum.
  #counter(names, what) {
    const all = names.reduce((sum, name) => sum + this.#parts[name].bytes, 0);
    let done = 0;
    this.#onProgress(0, all, what);
    return bytes => this.#onProgress((done += bytes), all, what);
  }

  async #bringDigits(source) {
    for (const [file, name] of [["train.csv", this.#train], ["test.csv", "test"]]) {
      if (!this.#images || !source.includes(file) || this.#written.has(`/data/${file}.gz`)) continue;
      const note = this.#counter([name], "the digits");
      await this.#putDigits(file, await (await this.#parts[name].open(note)).arrayBuffer());
    }
  }

  // The part holds the file as it is on disk, which is a .gz, and was packed once more like all parts.
  #putDigits(file, packed) {
    return this.files.write(`/data/${file}.gz`, new Uint8Array(packed));
  }

  async #startWorker() {
    this.#worker = new Worker(this.#parts.worker.url);
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = event => this.#end(new Error(event.message || NO_WORKER));
    const { memory } = await this.#ask("boot", this.#brought);
    this.#memory = memory;
    for (const [path, bytes] of this.#written) await this.#ask("write", { path, bytes });
  }

  #ask(op, { onOutput, ...told }) {
    const id = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onOutput, since: performance.now() });
      this.#worker.postMessage({ op, id, ...told });
    });
  }

  #hear({ op, id, output, value, text }) {
    const asked = this.#waiting.get(id);
    if (!asked) return;
    if (op === "output") return asked.onOutput?.(output);
    this.#waiting.delete(id);
    if (op === "answer") asked.resolve(value);
    else asked.reject(Object.assign(new Error(text), { seconds: (performance.now() - asked.since) / 1000 }));
  }

  // End the worker, and reject the promises of everyone who waits for an answer.
  #end(reason = Object.assign(new Error("stopped"), { stopped: true })) {
    this.#worker?.terminate();
    for (const { reject, since } of this.#waiting.values()) {
      reject(Object.assign(reason, { seconds: (performance.now() - since) / 1000 }));
    }
    this.#waiting.clear();
  }
}
