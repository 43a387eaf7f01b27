"""The frame of the console: what every page is made of, and nothing of any one page.

To add a page, write a function `view(asked: Asked) -> Shown` and a template that extends
`frame.html`, and put a `Page` into a catalogue (`pages.PAGES`, `desk.PAGES`); `pages/groups.py` is
the shortest example, and docs/console.md, "Writing a page", has the whole of it.

- The address is the page's whole state: `asked.text("q")`, `asked.whole(…)`, `asked.link(q=…)`.
- A `Sheet` is a table: sorted, searched, paged and exported (CSV, JSON) by its address alone;
  `{{ ui.sheet(sheets.NAME) }}` draws it.
- `asked.result()` and `asked.ledger()` give what is behind, or refuse with a page of their own.
- What changes something is `Page(act=…)`: it gets `asked.form`, is refused without the token that
  `{{ ui.token() }}` puts into its form, and answers with `Moved` or with `Shown` again.
- Views are plain functions, run in a thread; `asked.now` is the clock, `asked.principal` who asks.
- No style or script in a template: `static/console.css`, and a script that finds `data-…`.
- Text needs no care: it is escaped, control and direction characters are spelt out (`texts.py`).
"""
