// An exercise that can be answered on the page, with an editor that holds the given start, a button to check the answer,
// and a place for the verdict.
import { button, el, page, sentence } from "./dom.js";
import { Field } from "./field.js";
import { answerKey, joined, read, remove, write } from "./record.js";

const PAUSE = 400; // an answer is kept so many milliseconds after the last key
const SIGNS = { correct: "✓", "not yet": "✗", "not answered yet": "○" };

export class Exercise {
  #seen = null; // the text that this tab has last written to the record or read from it
  #timer = null;

  // Return the exercise in this box, or null where no place for an answer follows, which is a cell that calls check.
  static in(box, live) {
    for (let node = box.nextElementSibling; node && !node.matches("div.exercise, .solution, section"); node = node.nextElementSibling) {
      const listing = node.matches("div.cell") && node.querySelector(":scope > .cell_input pre");
      const marker = listing && /\bcheck\(\s*["']([\w.]+)["']/.exec(listing.textContent);
      if (marker) return new Exercise(box, node, listing.textContent.trimEnd(), marker[1], live);
    }
    return null;
  }

  constructor(box, cell, start, marker, live) {
    Object.assign(this, { label: box.id, box, cell, start, marker, live, key: answerKey(box.id) });
    this.title = box.querySelector(".admonition-title");
    this.name = this.title.querySelector(".caption-number")?.textContent.trim() ?? this.title.textContent;
    const entry = read(this.key);
    this.#seen = entry?.text ?? start;
    this.field = new Field({
      text: this.#seen, label: `Your answer to ${this.name}`, load: live.load,
      onInput: () => this.#typed(), onRun: () => this.check(),
    });
    this.verdict = el("p", { class: "live-verdict", role: "status" });
    this.note = el("p", { class: "live-note", role: "status" });
    this.outputs = el("div", { class: "live-outputs cell_output" });
    this.back = button("Set back", () => this.#setBack());
    this.other = button("Another version", () => this.#turn());
    this.checking = live.Runtime.whyNot() ? null : button("Check", () => this.check(), "first");
    const buttons = el("p", { class: "live-buttons" }, this.checking, this.back, this.other);
    this.cell.querySelector(".cell_input").hidden = true;
    this.cell.prepend(el("div", { class: "live-exercise d-print-none" }, this.field.element, buttons, this.verdict, this.outputs, this.note));
    this.cell.classList.add("live-answered");
    addEventListener("storage", event => event.key === this.key && this.#elsewhere());
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.keep() : this.#elsewhere()));
    this.show();
  }

  get solved() {
    return Boolean(read(this.key)?.solved);
  }

  // Show what the record says: a tick if the exercise is solved, and those buttons that have something to do.
  show() {
    const entry = read(this.key);
    this.back.hidden = this.field.text === this.start;
    this.other.hidden = !entry?.others?.length;
    this.title.querySelector(".live-tick")?.remove();
    if (entry?.solved) this.title.append(el("span", { class: "live-tick" }, " ✓ solved"));
  }

  // Show the answer in the record, after a file was added to the record or all was deleted.
  refresh() {
    clearTimeout(this.#timer);
    this.#seen = read(this.key)?.text ?? this.start;
    this.field.text = this.#seen;
    this.show();
  }

  #typed() {
    this.back.hidden = this.field.text === this.start;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keep(), PAUSE);
  }

  // Show the given start again. What the reader wrote is kept as another version.
  #setBack() {
    this.keep();
    write(this.key, joined({ ...read(this.key), text: this.start, at: Date.now() }, { ...read(this.key), at: 0 }));
    this.refresh();
    this.field.focus();
  }

  // Write the answer to the record. If another tab has written one that this tab has not seen, ask the reader instead.
  // change: further parts of the entry.
  keep(change = {}) {
    clearTimeout(this.#timer);
    const entry = read(this.key), text = this.field.text;
    if (text === this.#seen && !Object.keys(change).length) return;
    if (entry && entry.text !== this.#seen && entry.text !== text) return this.#ask(entry);
    const kept = write(this.key, { solved: null, others: [], ...entry, ...change, text, at: Date.now(), page });
    this.#seen = text;
    this.note.textContent = kept ? "" : "This browser keeps nothing more: your answer lasts as long as this page is open.";
    this.show();
  }

  // Another tab may have written to the record: show its answer, or ask the reader if this tab has changed its own.
  #elsewhere() {
    const entry = read(this.key);
    const text = entry?.text ?? this.start;
    if (text !== this.#seen) {
      if (this.field.text !== this.#seen && this.field.text !== text) return this.#ask(entry ?? { text, at: 0 });
      this.#seen = text;
      if (this.field.text !== text) {
        this.field.text = text;
        this.note.textContent = "This is what you wrote in another tab.";
      }
    }
    this.show();
    this.live.summary?.show();
  }

  // Two tabs have different answers. The reader chooses one, and the other is kept as another version.
  #ask(entry) {
    clearTimeout(this.#timer);
    const mine = { ...entry, text: this.field.text, at: Date.now(), page };
    const choose = (first, second) => () => {
      write(this.key, joined({ ...first, at: Date.now() }, { ...second, at: 0 }));
      this.note.textContent = "";
      this.refresh();
      this.field.focus();
    };
    this.note.replaceChildren("Another tab has a different answer. ",
      button("Keep this one", choose(mine, entry)), " ", button("Take the other", choose(entry, mine)));
  }

  // Show the next of the other versions, and put this one behind the last.
  #turn() {
    this.keep();
    const entry = read(this.key), [text, ...rest] = entry.others;
    write(this.key, { ...entry, text, others: [...rest, entry.text], at: Date.now() });
    this.refresh();
    this.field.focus();
  }

  async check() {
    if (!this.checking) return;
    this.keep();
    this.field.mark(null);
    this.checking.disabled = true;
    this.verdict.className = "live-verdict";
    this.verdict.textContent = "Checking …";
    try {
      await (await this.live.load("cells")).check(this);
    } catch (error) {
      this.verdict.textContent = error.message;
    }
    this.checking.disabled = false;
  }

  // Show a verdict. said: "correct", "not yet" or "not answered yet", as the marker says, or why there was no verdict.
  say(said, words) {
    this.verdict.className = `live-verdict ${said.replaceAll(" ", "-")}`;
    const first = said[0].toUpperCase() + said.slice(1);
    this.verdict.replaceChildren(
      el("span", { class: "live-sign", "aria-hidden": "true" }, SIGNS[said] ?? "!"), el("strong", {}, ` ${first}. `), ...sentence(words));
    if (said !== "correct") return;
    this.keep({ solved: read(this.key)?.solved || Date.now() });
    this.live.summary.show();
  }
}
