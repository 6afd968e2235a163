"""How the heading of a fold for depth begins: one word for the pages and for the tools that read a chapter's text."""

DEEPER = "Deeper: "
