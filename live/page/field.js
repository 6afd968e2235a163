// A field for code. At first it is a plain text area, and as soon as the editor has been fetched, the editor takes its
// place.
//
// The editor is fetched when the reader first enters a field. On a touch screen it takes the place only when the reader
// leaves the field, because otherwise the keyboard would disappear while the reader types.
import { el } from "./dom.js";

const touched = matchMedia("(pointer: coarse)");

export class Field {
  #area;
  #view = null; // the editor

  constructor({ text, label, onInput, onRun, load }) {
    this.onInput = onInput;
    this.onRun = onRun;
    this.#area = el("textarea", {
      "aria-label": label, autocapitalize: "off", autocomplete: "off", autocorrect: "off", spellcheck: "false",
      oninput: () => this.#changed(),
    });
    this.element = el("div", { class: "live-field" }, this.#area);
    this.label = label;
    this.text = text;
    this.element.addEventListener("keydown", event => this.#key(event), true);
    this.element.addEventListener("focusin", () => this.#fetch(load), { once: true });
  }

  get text() {
    return this.#view ? this.#view.text : this.#area.value;
  }

  set text(text) {
    if (this.#view) return void (this.#view.text = text);
    this.#area.value = text;
    this.#fit();
  }

  focus() {
    (this.#view ?? this.#area).focus();
  }

  // Point at a line, counted from 1. With null, point at none.
  mark(line) {
    if (this.#view) return this.#view.mark(line);
    if (line === null) return;
    const before = this.#area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1);
    this.#area.setSelectionRange(before, before + this.#area.value.split("\n")[line - 1]?.length);
  }

  #fit() {
    this.#area.rows = this.#area.value.split("\n").length + 1;
  }

  #changed() {
    this.#fit();
    this.onInput(this.text);
  }

  #key(event) {
    if (event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    this.onRun();
  }

  async #fetch(load) {
    const editor = await load("editor").catch(() => null); // without the editor, the text area stays
    if (!editor) return;
    const here = document.activeElement === this.#area;
    if (here && touched.matches) this.#area.addEventListener("blur", () => this.#later(editor), { once: true });
    else this.#exchange(editor, here);
  }

  // The reader may have left by a tap on Check. Nothing may move under the finger until the button has received the tap.
  #later(editor) {
    setTimeout(() => {
      if (document.activeElement === this.#area) this.#area.addEventListener("blur", () => this.#later(editor), { once: true });
      else this.#exchange(editor, false);
    }, 500);
  }

  #exchange(editor, focus) {
    const { value, selectionStart, selectionEnd } = this.#area;
    this.#view = editor.open({ text: value, label: this.label, onChange: () => this.onInput(this.text) });
    this.#area.replaceWith(this.#view.element);
    if (focus) this.#view.focus(selectionStart, selectionEnd);
  }
}
