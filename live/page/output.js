// The outputs of a cell, written into the page in the form of the book's own outputs.
import { button, el } from "./dom.js";

const MEDIA = ["text/html", "image/png", "image/svg+xml", "text/markdown", "text/plain"];

// Return printed text as a terminal shows it, where a carriage return begins the line again and progress bars use this.
const asTerminal = text => text.split("\n").map(line => line.split("\r").filter(Boolean).at(-1) ?? "").join("\n");

export class Output {
  #last = null; // the printed text to which more may be added

  constructor(box, { alt = "", load, onError = () => {} }) {
    Object.assign(this, { box, alt, load, onError });
    box.replaceChildren();
  }

  add(output) {
    if (output.kind === "stream") return this.#print(output);
    this.#last = null;
    if (output.kind === "error") return this.#fail(output);
    this.#show(output.data);
  }

  #print({ name, text }) {
    if (this.#last?.name !== name) {
      this.#last = { name, text: "", pre: el("pre") };
      this.box.append(el("div", { class: `output ${name === "stderr" ? "stderr" : "stream"}` }, this.#last.pre));
    }
    this.#last.text += text;
    this.#last.pre.textContent = asTerminal(this.#last.text);
  }

  #show(data) {
    const medium = MEDIA.find(one => one in data);
    if (medium === "text/html") return this.#html(data[medium]);
    if (medium.startsWith("image/")) {
      const source = medium === "image/png" ? `data:image/png;base64,${data[medium]}` : `data:${medium},${encodeURIComponent(data[medium])}`;
      return this.box.append(el("img", { src: source, alt: this.alt || "A picture that the cell drew." }));
    }
    const text = medium === "text/markdown" ? data[medium].replace(/^(<samp>\n\n)?```\w*\n|\n?```\s*(<\/samp>)?$/g, "") : data[medium];
    this.box.append(el("div", { class: "output text_plain" }, el("pre", {}, text)));
  }

  // Scripts in HTML that is inserted like this do not run, and the policy of the page would forbid them. So the scripts of
  // all interactive figures are one of the site's own files.
  #html(text) {
    const box = el("div", { class: "output text_html" });
    box.innerHTML = text;
    this.box.append(box);
    if (box.querySelector(".sn-figure")) this.load("figures").catch(error => box.append(el("p", {}, error.message)));
  }

  #fail({ name, message, traceback, line }) {
    const where = line ? `Line ${line}: ` : "", what = name === "Crashed" ? message : `${name}: ${message}`.replace(/: $/, "");
    const box = el("div", { class: "output live-error" }, el("p", {}, el("strong", {}, where), what));
    if (traceback && traceback !== message) box.append(el("pre", { tabindex: "0" }, traceback.trimEnd()));
    this.box.append(box);
    this.onError({ name, line, box });
  }
}

export const again = (words, press) => el("p", { class: "live-buttons" }, button(words, press));
