// The record: what the reader has written and solved. It is kept in this browser and nowhere else, and has an entry for
// each exercise that was answered and for each cell that was changed.
//
//     {text, at, solved, others}   at: when the text was written; solved: when a check first called an answer correct, or
//                                  null; others: earlier texts and those of other tabs, so that nothing is ever lost
//
// Every entry has a key of its own, so that two tabs with different exercises do not overwrite each other. Where the
// browser forbids a page to keep anything, or is full, entries last as long as the page is open.

const ANSWER = "scratchnet-answer ", CELL = "scratchnet-cell ", BETS = "scratchnet-bets";
const FORMAT = "scratchnet record";
const unkept = new Map();

export const answerKey = label => ANSWER + label;

// Return the key of a changed cell. It contains a hash of the book's own text, so that a change is never put in the place
// of a text for which it was not written.
export function cellKey(page, source) {
  let hash = 0x811c9dc5;
  for (const letter of source) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return `${CELL}${page} ${hash.toString(16)}`;
}

export function read(key) {
  if (unkept.has(key)) return unkept.get(key);
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null; // the browser forbids it, or something else has written to this key
  }
}

// Write an entry, and return whether the browser keeps it.
export function write(key, entry) {
  try {
    localStorage.setItem(key, JSON.stringify(entry));
    unkept.delete(key);
    return true;
  } catch {
    unkept.set(key, entry);
    return false;
  }
}

export function remove(key) {
  unkept.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // a browser that forbids this has kept nothing
  }
}

function keys() {
  let kept = [];
  try {
    kept = Object.keys(localStorage);
  } catch {
    // a browser that forbids this has kept nothing
  }
  return [...new Set([...kept, ...unkept.keys()])].filter(key => key.startsWith(ANSWER) || key.startsWith(CELL));
}

export const changedCells = page => keys().filter(key => key.startsWith(`${CELL}${page} `));

// Return one entry in place of two for the same thing. It has the newer text, and the older one among the others. If one
// of them was solved, it is solved.
export function joined(one, two) {
  if (!one || !two) return one || two;
  const [newer, older] = one.at >= two.at ? [one, two] : [two, one];
  const others = [...(newer.others ?? []), older.text, ...(older.others ?? [])];
  const solved = [one.solved, two.solved].filter(Boolean);
  return {
    ...newer,
    solved: solved.length ? Math.min(...solved) : null,
    others: [...new Set(others)].filter(text => text !== newer.text && typeof text === "string"),
  };
}

// Return how many exercises of each page are solved. Keys do not contain the page of an exercise, but entries do.
export function solvedPages() {
  const counts = {};
  for (const key of keys()) {
    const entry = key.startsWith(ANSWER) && read(key);
    if (entry?.solved) counts[entry.page] = (counts[entry.page] ?? 0) + 1;
  }
  return counts;
}

export function everything() {
  return { format: FORMAT, entries: Object.fromEntries(keys().map(key => [key, read(key)])), bets: read(BETS) ?? {} };
}

// Add the record in a file to the record here, so that nothing in either is lost. Return how many entries it had. Throws
// an error whose message is a sentence for the reader if the file is no record.
export function add(text) {
  let brought;
  try {
    brought = JSON.parse(text);
  } catch {
    brought = null;
  }
  if (brought?.format !== FORMAT) throw new Error("This file is not a record of this book.");
  const entries = Object.entries(brought.entries ?? {}).filter(([key, entry]) =>
    (key.startsWith(ANSWER) || key.startsWith(CELL)) && typeof entry?.text === "string");
  for (const [key, entry] of entries) write(key, joined(entry, read(key)));
  addBets(brought.bets ?? {});
  return entries.length;
}

// Bets are written by bets.js, in an entry of their own. Of two bets on one question the newer one is kept.
function addBets(brought) {
  const here = read(BETS) ?? {};
  for (const [page, bets] of Object.entries(brought)) {
    if (typeof bets !== "object") continue;
    here[page] = { ...bets, ...here[page] };
    for (const [number, bet] of Object.entries(bets)) if (bet.at > here[page][number].at) here[page][number] = bet;
  }
  if (Object.keys(here).length) write(BETS, here);
}

export function forget() {
  [...keys(), BETS].forEach(remove);
}
