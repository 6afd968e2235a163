// Which cells have to run before a cell. For the text of the book, tools/live.py has found them out. A text that the
// reader has changed may use other names, so here the cells above that bind these names are added.

// A comment; or a string, with the letters before it and its quotes, which may be of either kind, single or triple.
const ASIDE = /#.*|((?<!\w)[a-zA-Z]{1,2}|)("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/g;
// A name, but neither an attribute nor the name of an argument.
const NAME = /(?<![\w.])[A-Za-z_]\w*(?!\w|\s*=(?!=))/g;
// A statement that binds names: the head of a loop, or an assignment. The last group is the rest, where names are used.
const BINDS = /^\s*(?:for\s+([\w\s,()*]+?)\s+in\b|([A-Za-z_][\w\s,]*?)\s*=(?!=))(.*)/;
const IMPORT = /^\s*(?:from\s+\S+\s+)?import\s+(.*)/;
const PARAMETERS = /^\s*def\s+\w+\s*\((.*)\)/;
const LOOPED = /\bfor\s+([\w\s,()*]+?)\s+in\b/g; // in a comprehension as well

const words = text => text.match(/[A-Za-z_]\w*/g) ?? [];

// Return the statements of a text, each on one line, however many brackets it spans.
function statements(text) {
  // Of a string with names in braces, what stands in the braces; of other strings and of comments, nothing.
  const code = (_, letters = "", string) => (/f/i.test(letters) ? ` ${string.match(/(?<=\{)[^{}]*/g)?.join(" ") ?? ""} ` : " ");
  const found = [];
  let open = 0;
  for (const line of text.replace(ASIDE, code).split("\n")) {
    if (open > 0) found.push(`${found.pop()} ${line.trim()}`);
    else if (line.trim()) found.push(line);
    open += (line.match(/[([{]/g) ?? []).length - (line.match(/[)\]}]/g) ?? []).length;
  }
  return found;
}

// Return a statement without the parameters of its lambdas, each left out of its own body, the innermost first.
function withoutLambdas(line) {
  const at = line.search(/\blambda\b(?!.*\blambda\b)/), colon = line.indexOf(":", at);
  if (at < 0 || colon < 0) return line;
  const parameters = line.slice(at + 6, colon).split(",");
  const own = parameters.flatMap(one => words(one).slice(0, 1)), defaults = parameters.map(one => one.split("=")[1] ?? "");
  let end = colon + 1;
  for (let open = 0; end < line.length && !(open === 0 && /[,)\]}]/.test(line[end])); end++) {
    open += "([{".includes(line[end]) - ")]}".includes(line[end]);
  }
  const body = line.slice(colon + 1, end).replace(NAME, name => (own.includes(name) ? " " : name));
  return withoutLambdas(`${line.slice(0, at)} ${defaults.join(" ")} ${body} ${line.slice(end)}`);
}

// Return the names that a comprehension or a loop goes through.
const looped = line => [...line.matchAll(LOOPED)].flatMap(([, names]) => words(names));

// Return the names that an import binds, or null for any other statement.
const imported = line => IMPORT.exec(line)?.[1].split(",").map(part => words(part.replace(/.*\bas\b/, ""))[0]) ?? null;

// Return the names that belong to the function or class that begins here: its parameters, and what is bound in its body.
function ownNames(lines, at) {
  const end = lines.findIndex((line, n) => n > at && /^\S/.test(line));
  const body = lines.slice(at, end < 0 ? lines.length : end);
  return body.flatMap(line => [
    ...(PARAMETERS.exec(line)?.[1] ?? "").split(",").flatMap(one => words(one).slice(0, 1)),
    ...looped(line), ...words((BINDS.exec(line) ?? []).slice(1, 3).join(" ")), ...(imported(line) ?? []),
  ]);
}

// Return the names that a text may take from cells above it: those that it uses, but for parameters of its functions, what
// is assigned within its functions, and what it has bound itself before. There may be a few too many, but none too few.
export function taken(text) {
  const bound = new Set(), used = new Set(), lines = statements(text);
  let own = null; // of the function or class in which a line stands, or null outside of any
  lines.forEach((line, at) => {
    const [, defined] = /^(?:def|class)\s+(\w+)/.exec(line) ?? [];
    if (/^\S/.test(line)) own = defined ? ownNames(lines, at) : null;
    const [, each = "", several = "", rest = line] = BINDS.exec(line) ?? [];
    const known = new Set([...bound, ...(own ?? []), ...looped(line), defined]);
    const names = imported(line);
    if (!names) for (const [name] of withoutLambdas(rest).matchAll(NAME)) if (!known.has(name)) used.add(name);
    if (defined) bound.add(defined);
    else if (!own) (names ?? words(`${each} ${several}`)).forEach(name => bound.add(name));
  });
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
