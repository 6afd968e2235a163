// What the reader wrote and solved, kept in this browser alone: an entry for each exercise and for each changed cell.
//
//     {text, at, solved, others}   at: when it was written; solved: when its check first said so, or null;
//                                  others: texts that gave way to this one, so that nothing is ever lost
//
// An entry has a key of its own, so that two tabs with different exercises never meet. Where nothing can be kept, because
// the browser forbids it or is full, what was typed lives as long as the page.

const ANSWER = "scratchnet-answer ", CELL = "scratchnet-cell ", BETS = "scratchnet-bets";
const FORMAT = "scratchnet record";
const unkept = new Map();

export const answerKey = label => ANSWER + label;

// A changed cell is known by what the book had in its place: when the book changes it, the change is not put there.
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
    return null; // forbidden, or not written by this page
  }
}

// Say whether the browser keeps it.
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
    // there was nothing
  }
}

function keys() {
  let kept = [];
  try {
    kept = Object.keys(localStorage);
  } catch {
    // none
  }
  return [...new Set([...kept, ...unkept.keys()])].filter(key => key.startsWith(ANSWER) || key.startsWith(CELL));
}

export const changedCells = page => keys().filter(key => key.startsWith(`${CELL}${page} `));

// Of two entries for one thing: the newer text, and the older one beside it. What was solved stays solved.
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

// How many exercises of each page are solved. A label does not say its page, so the entry does.
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

// Add a record from another machine to what is here. Returns how many entries it brought, or says what is wrong with it.
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
