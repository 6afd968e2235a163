// What all scripts of the page share: how to make elements, and the name of the page.

// Return an element. Attributes that begin with "on" are listeners; those that are null or false are left out, and so are
// children that are null.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null));
  return node;
}

export const button = (words, press, kind = "quiet") =>
  el("button", { type: "button", class: `live-button ${kind}`, onclick: press }, words);

// Return the pieces of a sentence, with elements for what stands between backquotes, where the markers write code.
export function sentence(text) {
  return text.split("`").map((part, n) => (n % 2 ? el("code", {}, part) : part));
}

export const page = location.pathname.split("/").pop().replace(/\.html$/, "");
