// How many exercises are solved, shown at the head of the chapter and in the contents of the book. Above the exercises
// there are buttons to save the record as a file, to add a file to it, and to delete it.
import { button, el, page } from "./dom.js";
import { add, everything, forget, solvedPages } from "./record.js";

export class Summary {
  constructor(head, live) {
    this.live = live;
    this.line = el("p", { class: "live-solved" });
    head.append(this.line);
    const heading = document.querySelector("article section#exercises > h2");
    if (heading && live.exercises.length) heading.after(this.#record());
    addEventListener("storage", () => this.show());
    this.show();
  }

  show() {
    const counts = solvedPages(), { exercises } = this.live;
    const done = exercises.filter(exercise => exercise.solved).length;
    this.line.hidden = !done;
    this.line.replaceChildren("Exercises: ", el("strong", {}, `✓ ${done} of ${exercises.length} solved`), ". ",
      el("a", { href: "#exercises" }, done < exercises.length ? "Go on with them" : "See them again"));
    for (const link of document.querySelectorAll("nav.bd-docs-nav li a")) {
      const name = link.pathname.split("/").pop().replace(/\.html$/, "");
      link.querySelector(".live-count")?.remove();
      const number = name === page ? done : counts[name];
      if (number) link.append(el("span", { class: "live-count" }, ` ✓ ${number}/${this.live.site.exercises[name]}`));
    }
  }

  #record() {
    const said = el("p", { class: "live-note", role: "status" });
    const file = el("input", { type: "file", accept: ".json,application/json", id: "live-file", class: "live-file" });
    file.addEventListener("change", async () => {
      try {
        const count = add(await file.files[0].text());
        said.textContent = `Added: ${count === 1 ? "one entry" : `${count} entries`}. Nothing that was here is lost.`;
        this.#refresh();
      } catch (error) {
        said.textContent = error.message;
      }
      file.value = "";
    });
    const sure = el("span", { hidden: true }, " Every answer, change and bet of this book, on this machine? ",
      button("Delete", () => {
        forget();
        sure.hidden = true;
        this.#refresh();
        said.textContent = "Deleted.";
      }), " ", button("Keep", () => {
        sure.hidden = true;
      }));
    return el("details", { class: "live-record d-print-none" },
      el("summary", {}, "Your answers stay in this browser. Take them along, or delete them"),
      el("p", { class: "live-buttons" },
        button("Save as a file", () => save()),
        el("label", { class: "live-button quiet", for: "live-file" }, file, "Add a file"),
        button("Delete all", () => {
          sure.hidden = false;
        }), sure), said);
  }

  #refresh() {
    this.live.exercises.forEach(exercise => exercise.refresh());
    this.live.cells?.refresh();
    this.show();
  }
}

function save() {
  const content = new Blob([JSON.stringify(everything(), null, 1)], { type: "application/json" });
  const link = el("a", { href: URL.createObjectURL(content), download: "scratchnet-record.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
