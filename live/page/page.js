// What a chapter's page does before anything is downloaded: it offers to run in the browser, lets the reader answer
// exercises, and keeps the answers. The rest is fetched when the reader asks for it: editor.js, and cells.js, which has the
// buttons of the cells, starts Python, and shows in the bar at the foot of the window how far the download has come.
import { Runtime } from "../runtime/runtime.js";
import { button, el, page } from "./dom.js";
import { Exercise } from "./exercises.js";
import * as record from "./record.js";
import { Summary } from "./summary.js";

/* global SITE: tools/live.py puts in its place the names of the other scripts, and how many exercises a chapter has */
const base = new URL(".", document.currentScript.src).href;
const provided = {}, loading = {};

const live = {
  base, site: SITE, record, Runtime, exercises: [],
  provide(name, thing) {
    provided[name] = thing;
  },
  // Fetch one of the scripts, if that has not been done, and return what the script has passed to provide.
  load(name) {
    return (loading[name] ??= new Promise((resolve, reject) => {
      const failed = () => {
        delete loading[name];
        reject(new Error("The site does not answer. Try again when there is a network."));
      };
      const script = el("script", { src: base + SITE.scripts[name], onload: () => resolve(provided[name]), onerror: failed });
      document.head.append(script);
    }));
  },
};
window.scratchnetLive = live;

function offer(head) {
  // tools/live.py has put the words there, which keep the place until what they announce can be pressed.
  const [label, weight] = [".live-button", ".live-note"].map(one => head.querySelector(one).textContent);
  head.replaceChildren();
  const why = Runtime.whyNot();
  if (why) return head.append(el("p", { class: "live-none" }, why));
  const few = el("input", { type: "checkbox", id: "live-few" });
  const start = button(label, async () => {
    start.disabled = true;
    live.few = few.checked;
    try {
      await (await live.load("cells")).start();
      start.remove();
    } catch (error) {
      start.disabled = false;
      note.textContent = error.message;
    }
  }, "first");
  const note = el("span", { class: "live-note", role: "status" }, weight);
  head.append(el("p", { class: "live-start" }, start, " ", note));
  if (navigator.deviceMemory < 4) {
    head.append(el("p", { class: "live-note" }, "This device has little memory for 42,000 images. ",
      el("label", { for: "live-few" }, few, " Take 5,000 of them"), "; some numbers will then be others."));
  }
}

function begin() {
  const head = document.querySelector(".live-head");
  offer(head);
  for (const box of document.querySelectorAll("article div.exercise[id]")) {
    const exercise = Exercise.in(box, live);
    if (exercise) live.exercises.push(exercise);
  }
  live.summary = new Summary(head, live);
  // Cells that the reader has changed are shown changed, and for that the cells' script is needed at once.
  if (record.changedCells(page).length && !Runtime.whyNot()) live.load("cells").catch(() => {});
}

begin();
