// Running a page: Python is started, every code cell can be run, changed and set back, and exercises are checked.
// This is a script of its own, which page.js fetches when the reader first asks for any of this.
import { button, el, page } from "./dom.js";
import { Field } from "./field.js";
import { importsOnly, needed } from "./needs.js";
import { again, Output } from "./output.js";
import { cellKey, read, remove, write } from "./record.js";

const live = window.scratchnetLive;
const GONE = "What was computed is gone; what a cell needs runs again before it.";

// --- the bar at the foot of the window: what Python is doing, how far it is, and a button to stop it

const bar = {
  said: el("span", { role: "status" }),
  amount: el("span", { class: "live-amount" }),
  progress: el("progress", { hidden: true, "aria-label": "Downloaded" }),
  stop: button("Stop", () => session.stop(), "first"),
  extra: el("span"),
  make() {
    this.stop.hidden = true;
    this.box = el("div", { class: "live-bar d-print-none", role: "region", "aria-label": "Python" },
      this.said, " ", this.amount, this.progress, this.extra, this.stop);
    document.body.append(this.box);
  },
  say(words, { stop = false } = {}) {
    this.said.textContent = words;
    this.amount.textContent = "";
    this.extra.replaceChildren();
    this.progress.hidden = true;
    this.stop.hidden = !stop;
  },
  download(done, all, what) {
    const words = `Downloading ${what}`;
    if (done >= all) return void (this.said.textContent !== "Starting Python …" && this.say(`${what === "Python" ? "Starting Python" : "Reading them in"} …`));
    if (this.said.textContent !== words) this.say(words);
    this.progress.hidden = false;
    Object.assign(this.progress, { max: all, value: done });
    this.amount.textContent = `${(done / 1e6).toFixed(1)} of ${(all / 1e6).toFixed(1)} MB`;
  },
};

// --- one Python for the page, and what has run in it

const session = {
  python: null,
  ran: new Map(), // by the index of a cell, the text with which it last ran to its end
  era: 0, // a new one begins with each stop: what was waiting then gives up
  line: Promise.resolve(), // settled when everything that has been asked for is done: cells run one after the other

  async start() {
    if (!this.python) this.python = new live.Runtime({ base: live.base, digits: live.few ? 5000 : 42000 });
    const fresh = !this.ready;
    if (fresh) await this.python.start({ onProgress: (...told) => bar.download(...told) });
    this.ready = true;
    if (fresh) bar.say("Python is ready.");
  },

  // Do work when everything that was asked for before it is done, or not at all if Stop has been pressed until then.
  // work is given a function that says whether Stop has still not been pressed.
  inLine(work) {
    const { era } = this;
    const turn = this.line.then(() => (era === this.era ? work(() => era === this.era) : null));
    this.line = turn.catch(() => {});
    return turn;
  },

  async stop() {
    this.era += 1;
    this.ran.clear();
    bar.say("Stopping …");
    await this.python.stop().then(() => bar.say(`Stopped. ${GONE}`), error => bar.say(error.message));
  },

  // Python has ended by itself, most likely because there was too little memory.
  crashed() {
    this.era += 1;
    this.ran.clear();
    bar.say(`Python ended: most likely this device has too little memory for the cell. ${GONE}`);
    if (!live.few) {
      bar.extra.replaceChildren(button("Start again with 5,000 images", () => {
        live.few = true;
        this.python.stop(); // so that the old Python, which holds all digits, gives its memory back
        this.python = null;
        this.ready = false;
        this.start().catch(error => bar.say(error.message));
      }, "first"));
    }
  },

  async run(cell, output, text = cell.text) {
    const ended = await this.python.run(text, { name: `<cell ${cell.index + 1}>`, onOutput: one => output.add(one) });
    if (ended.status === "ok") this.ran.set(cell.index, text);
    else this.ran.delete(cell.index);
    if (ended.status === "crashed") this.crashed();
    return ended;
  },
};

// --- cells

class Cell {
  #field = null;

  constructor(dom, data) {
    Object.assign(this, data, { dom });
    this.listing = dom?.querySelector(".cell_input > div") ?? null;
    this.stored = [...(dom?.querySelectorAll(":scope > .cell_output") ?? [])].find(node => !node.matches(".live-outputs")) ?? null;
  }

  get text() {
    return this.exerciseField?.text ?? this.#field?.text ?? this.changed?.text ?? this.source;
  }

  get key() {
    return cellKey(page, this.source);
  }

  get changed() {
    return this.listing && !this.exerciseField ? read(this.key) : null;
  }

  // Add the buttons below the listing of a cell, and the place for its outputs.
  furnish() {
    const mine = el("p", { class: "live-buttons d-print-none" },
      button("Run", () => this.run(), "first"),
      (this.change = button("Change", () => this.open(true))),
      (this.back = button("Set back", () => this.setBack())),
      (this.above = this.index ? button("Run all above", () => runAbove(this)) : null),
      this.seconds ? el("span", { class: "live-note" }, `Takes about ${this.seconds} s in a page.`) : null);
    this.dom.querySelector(".cell_input").append(mine);
    this.outputs = el("div", { class: "live-outputs cell_output docutils container", hidden: true });
    if (this.stored) this.stored.after(this.outputs);
    else this.dom.append(this.outputs);
    this.dom.classList.add("live-cell");
    this.refresh();
  }

  refresh() {
    const { changed } = this;
    if (changed) {
      this.open(false);
      this.#field.text = changed.text;
      const fold = this.dom.querySelector("details.code");
      if (fold) fold.open = true;
    } else if (this.#field) this.close();
    this.back.hidden = !changed;
  }

  open(focus) {
    if (!this.#field) {
      this.#field = new Field({
        text: this.text, label: `Code of cell ${this.index + 1}`, load: live.load,
        onInput: () => this.keep(), onRun: () => this.run(),
      });
      this.listing.before(this.#field.element);
    }
    this.listing.hidden = true;
    this.#field.element.hidden = false;
    this.change.hidden = true;
    if (focus) this.#field.focus();
  }

  close() {
    this.#field.text = this.source;
    this.#field.element.hidden = true;
    this.listing.hidden = false;
    this.change.hidden = false;
  }

  keep() {
    const { text } = this.#field;
    if (text === this.source) remove(this.key);
    else if (!write(this.key, { text, at: Date.now(), page })) bar.say("This browser keeps nothing more: your change lasts as long as this page is open.");
    this.back.hidden = text === this.source;
  }

  // Show the code and the outputs of the book again.
  setBack() {
    remove(this.key);
    this.close();
    this.back.hidden = true;
    this.outputs.hidden = true;
    if (this.stored) this.stored.hidden = false;
    this.mark(null);
    this.change.focus();
  }

  mark(line) {
    if (this.#field && !this.#field.element.hidden) return this.#field.mark(line);
    this.listing?.querySelectorAll(".live-at").forEach(node => node.classList.remove("live-at"));
    if (line) this.listing?.querySelectorAll("pre > .line")[line - 1]?.classList.add("live-at");
  }

  // Return a place for new outputs. Only now, when there will be some, those of the book give way.
  output() {
    if (this.stored) this.stored.hidden = true;
    this.outputs.hidden = false;
    const alt = this.text === this.source ? this.stored?.querySelector("img")?.alt : "";
    return new Output(this.outputs, {
      alt, load: live.load,
      onError: ({ name, line, box }) => {
        this.mark(line);
        if (name === "NameError" && this.index) box.append(again("Run all above", () => runAbove(this)));
      },
    });
  }

  run() {
    return perform(this, () => {
      this.mark(null);
      return this.output();
    });
  }
}

// Return the cells that have to run before this one, in order, each with the text to run. A cell that has run need not
// run again, unless its text has changed since, or a cell that it needs itself has to run again.
function missing(cell) {
  const stale = new Set(), above = needed(cells, cell.index, cell.text).map(index => cells[index]);
  return above.map(one => {
    const takers = [cell, ...above.filter(other => other.index > one.index)].map(other => other.text);
    const few = cell.exerciseField && one.text === one.source ? importsOnly(one, takers) : null;
    return { cell: one, text: few ?? one.text };
  }).filter(({ cell: one, text }) => {
    const ran = session.ran.get(one.index);
    const old = (ran !== text && ran !== one.text) || one.needs.some(other => stale.has(other));
    if (old) stale.add(one.index);
    return old;
  });
}

// Run what a cell needs, and then the cell. opened is called when the turn of the cell has come, and returns where its
// output goes.
async function perform(cell, opened) {
  try {
    await session.start();
  } catch (error) {
    bar.say(error.message);
    throw error;
  }
  return session.inLine(async current => {
    const first = missing(cell);
    for (const [n, above] of first.entries()) {
      bar.say(`Running what this needs: ${n + 1} of ${first.length} …`, { stop: true });
      const ended = await quietly(above.cell, above.text);
      if (!current()) return { status: "stopped" };
      if (ended.status !== "ok") {
        bar.say("A cell that this one needs did not run to its end.");
        return ended;
      }
    }
    bar.say("Running …", { stop: true });
    const ended = await session.run(cell, opened());
    if (ended.status === "ok") bar.say(`Done, in ${ended.seconds.toFixed(1)} s.`);
    if (ended.status === "error") bar.say("It stopped with an error.");
    return ended;
  });
}

// Run a cell because another one needs it. It keeps the book's outputs, unless the reader has changed it or it fails.
async function quietly(cell, text) {
  const kept = [];
  const ended = await session.run(cell, { add: one => kept.push(one) }, text);
  if (cell.outputs && (cell.text !== cell.source || ended.status === "error")) {
    const output = cell.output();
    kept.forEach(one => output.add(one));
    if (ended.status === "error") cell.dom.scrollIntoView({ block: "center" });
  }
  return ended;
}

async function runAbove(cell) {
  const above = cells.slice(0, cell.index).filter(one => one.part === "chapter" && !one.exerciseField);
  for (const one of above) {
    if (session.ran.get(one.index) === one.text) continue;
    const ended = one.outputs ? await one.run() : await perform(one, () => ({ add() {} }));
    if (ended?.status !== "ok") return;
  }
}

// --- exercises

async function check(exercise) {
  await ready;
  const cell = cells.find(one => one.exerciseField === exercise.field);
  const said = [];
  const output = new Output(exercise.outputs, { load: live.load, onError: ({ line }) => exercise.field.mark(line) });
  const verdict = new RegExp(`^${exercise.marker.replace(".", "\\.")}: (correct|not yet|not answered yet)\\.\\s*([\\s\\S]*)`, "m");
  let found = null;
  const ended = await perform(cell, () => ({
    add(one) {
      const text = one.kind === "stream" ? one.text : one.data?.["text/plain"] ?? "";
      const match = verdict.exec(text);
      if (match) found = match;
      if (!match || one.kind === "stream") output.add(one);
      said.push(one);
    },
  }));
  exercise.cell.querySelectorAll(":scope > .cell_output").forEach(node => (node.hidden = true)); // the book's output is the verdict on an empty answer
  if (found) return exercise.say(found[1], found[2].trim());
  if (!ended || ended.status === "stopped") return exercise.say("stopped", GONE);
  if (ended.status === "ok") return exercise.say("not yet", `The last line must stay as it was: \`check("${exercise.marker}", …)\`.`);
  const error = said.find(one => one.kind === "error");
  exercise.say("error", error ? `${error.line ? `Line ${error.line}: ` : ""}${error.name === "Crashed" ? "" : `${error.name}: `}${error.message}` : "A cell above did not run to its end.");
}

// --- the page

let cells = [];

async function fetchCells() {
  const answer = await fetch(`${live.base}cells/${page}.json`).catch(() => null);
  if (!answer?.ok) throw new Error("The site does not answer. Try again when there is a network.");
  return answer.json();
}

// Join the cells that tools/live.py describes with the listings on the page. Both are in the same order, but not every
// cell has a listing.
function join(found) {
  const shown = [...document.querySelectorAll("article div.cell:has(.cell_input)")];
  const textOf = dom => dom.querySelector(".cell_input pre").textContent.trimEnd();
  return found.map(data => {
    const dom = shown[0] && textOf(shown[0]) === data.source.trimEnd() ? shown.shift() : null;
    const cell = new Cell(dom, data);
    cell.exerciseField = live.exercises.find(exercise => exercise.cell === dom && dom)?.field ?? null;
    return cell;
  });
}

async function begin() {
  cells = join(await fetchCells());
  bar.make();
  for (const cell of cells) if (cell.listing && !cell.exerciseField) cell.furnish();
  live.cells = { refresh: () => cells.forEach(cell => cell.back && cell.refresh()), list: cells, session };
}

const ready = begin();

live.provide("cells", {
  async start() {
    await ready;
    try {
      await session.start();
    } catch (error) {
      bar.say(error.message);
      throw error;
    }
  },
  check,
});
