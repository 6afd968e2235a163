// Which cells have to run before a cell. For the text of the book, tools/live.py has found them out. A text that the
// reader has changed may use other names, so here the cells above that bind these names are added.

const IGNORED = /("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#.*/g;
// A string with names in braces; its quotes may be of either kind, single or triple.
const FORMATTED = /\b(?:[fF][rR]?|[rR][fF])("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g;
const NAME = /(?<![\w.])[A-Za-z_]\w*/g;

// Return the names that a text may take from cells above it. Parameters of its functions are none of them, and neither are
// names that are assigned within its functions.
export function taken(text) {
  const inBraces = (_, string) => ` ${(string.match(/\{[^{}]*/g) ?? []).join(" ")} `;
  const lines = text.replace(FORMATTED, inBraces).replace(IGNORED, " ").split("\n");
  const own = new Set(), used = new Set();
  for (const line of lines) {
    for (const [, parameters] of line.matchAll(/(?:\bdef\s+\w+\s*\(|\blambda\b)([^:]*)/g)) for (const [name] of parameters.matchAll(NAME)) own.add(name);
    if (/^\s/.test(line)) for (const [, targets] of line.matchAll(/^\s+([\w\s,]+?)\s*=[^=]/g)) for (const [name] of targets.matchAll(NAME)) own.add(name);
  }
  for (const line of lines) {
    const inside = /^\s|\bdef\b|\blambda\b/.test(line);
    for (const [name] of line.matchAll(NAME)) if (!inside || !own.has(name)) used.add(name);
  }
  return used;
}

// Return the indices of the cells that this cell needs when it has this text, in order.
export function needed(cells, index, text) {
  const cell = cells[index], found = new Set(cell.needs);
  if (text !== cell.source) {
    const names = taken(text);
    for (const above of cells.slice(0, index)) {
      const within = above.part === "chapter" || (above.exercise === cell.exercise && above.part === cell.part);
      if (!within || !above.binds.some(name => names.has(name))) continue;
      found.add(above.index);
      above.needs.forEach(one => found.add(one));
    }
  }
  return [...found].sort((one, two) => one - two);
}

// Of a cell above, a text may want nothing but imports, as an exercise on paper does of the set-up of its chapter. Then
// return only the lines that import what is wanted, so that no digits are read for nothing. Otherwise return null.
// takers: the texts that use the cell.
export function importsOnly(above, takers) {
  const lines = above.source.match(/^(?:import|from) [^(\n]+$/gm) ?? [], wanted = takers.map(taken);
  const binds = line => line.replace(/^(from .* )?import /, "").replace(/\w[\w.]* as /g, "").match(NAME);
  const isWanted = name => wanted.some(names => names.has(name)), imported = new Set(lines.flatMap(binds));
  if (above.binds.some(name => !imported.has(name) && isWanted(name))) return null;
  return lines.filter(line => binds(line).some(isWanted)).join("\n") || null;
}
