// What a cell shows, drawn into the page as the outputs of the book are.
import { button, el } from "./dom.js";

const MEDIA = ["text/html", "image/png", "image/svg+xml", "text/markdown", "text/plain"];

// Printed text as a terminal shows it: after a carriage return the line begins anew.
const asTerminal = text => text.split("\n").map(line => line.split("\r").filter(Boolean).at(-1) ?? "").join("\n");

export class Output {
  #last = null; // the text that is being printed

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
    const text = medium === "text/markdown" ? data[medium].replace(/^```\w*\n|\n?```\s*$/g, "") : data[medium];
    this.box.append(el("div", { class: "output text_plain" }, el("pre", {}, text)));
  }

  // A script set this way does not run, and the policy of the page allows none but the site's own: those of the
  // interactive figures come as one of its files.
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
