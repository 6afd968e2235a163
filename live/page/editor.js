// CodeMirror 6 as this book uses it. This is a script of its own, which is fetched when a cell is first opened.
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { python } from "@codemirror/lang-python";
import { tags } from "@lezer/highlight";

// The colours are those of the listings; style.css gives them their values in light and in dark.
const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.operatorKeyword], class: "live-keyword" },
  { tag: [tags.string, tags.special(tags.string)], class: "live-string" },
  { tag: tags.number, class: "live-number" },
  { tag: tags.comment, class: "live-comment" },
]);

// The line that an error points at is marked until the text changes.
const point = StateEffect.define();
const pointed = StateField.define({
  create: () => Decoration.none,
  update(marks, change) {
    for (const effect of change.effects) if (effect.is(point)) return effect.value;
    return change.docChanged ? Decoration.none : marks;
  },
  provide: field => EditorView.decorations.from(field),
});

// The key Tab does not indent, because readers use it to move through the page. Ctrl and ] indents lines, and Ctrl and [
// does the opposite.
function extensions(label, onChange) {
  return [
    lineNumbers(), history(), indentOnInput(), bracketMatching(), indentUnit.of("    "), EditorState.tabSize.of(4),
    EditorView.lineWrapping, python(), syntaxHighlighting(colors), pointed, keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
    EditorView.updateListener.of(change => change.docChanged && onChange()),
  ];
}

function open({ text, label, onChange }) {
  const view = new EditorView({ doc: text, extensions: extensions(label, onChange) });
  return {
    element: view.dom,
    get text() {
      return view.state.doc.toString();
    },
    set text(fresh) {
      if (fresh !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: fresh } });
    },
    focus(anchor = null, head = anchor) {
      if (anchor !== null) view.dispatch({ selection: { anchor, head } });
      view.focus();
    },
    mark(line) {
      const marks = line && line <= view.state.doc.lines
        ? Decoration.set([Decoration.line({ class: "live-at" }).range(view.state.doc.line(line).from)])
        : Decoration.none;
      view.dispatch({ effects: point.of(marks) });
    },
  };
}

window.scratchnetLive.provide("editor", { open });
